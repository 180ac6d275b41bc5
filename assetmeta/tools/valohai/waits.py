"""Waiting for what runs: executions, tasks and pipelines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from assetmeta.features.wait import INTERVAL
from assetmeta.features.wait import as_completed as completed
from assetmeta.tools.valohai.dialect import shared

_RUNS = ("Execution", "Task", "Pipeline")

_ENDED = frozenset({"complete", "error", "crashed", "stopped"})
"""The states in which a run stays."""


def wait(runs: Any, *, interval: float = INTERVAL, timeout: float | None = None) -> list[Any]:
    """Wait until executions, tasks or pipelines have ended, whatever came of them, and return them in their order.

    *runs* is one of them, or several of one session. They are looked at together every *interval* seconds: one list
    for all, however many. Raises StillWaiting after *timeout* seconds, which names what is left, and BadValue. Ctrl-C
    ends the waiting, not the runs.
    """
    wanted = _several(runs)
    for _ in as_completed(wanted, interval=interval, timeout=timeout):
        pass
    return wanted


def as_completed(runs: Any, *, interval: float = INTERVAL, timeout: float | None = None) -> Iterator[Any]:
    """Yield each run as soon as it has ended. All else is as for wait()."""
    wanted = _several(runs)
    if wanted:
        yield from completed(shared(wanted, *_RUNS), wanted, lambda run: run.status in _ENDED, interval, timeout)


def _several(runs: Any) -> list[Any]:
    return list(runs) if isinstance(runs, Iterable) else [runs]
