"""Waiting for what runs or is built: executions, tasks, pipelines and deployment versions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from assetmeta.core.asset import Asset
from assetmeta.core.context import ProgressOption
from assetmeta.features import INTERVAL
from assetmeta.features.wait import as_completed as completed
from assetmeta.tools.valohai.dialect import shared

_RUNS = ("Execution", "Task", "Pipeline", "DeploymentVersion")

_ENDED = frozenset({"complete", "error", "crashed", "stopped"})
"""The states in which a run stays."""


def wait(
    runs: Any, *, interval: float = INTERVAL, timeout: float | None = None, progress: ProgressOption = None
) -> list[Any]:
    """Wait until executions, tasks or pipelines have ended, whatever came of them, and until deployment versions are
    ready, and return them in their order.

    *runs* is one of them, or several of one session. They are looked at together every *interval* seconds: one list
    for all, however many; one request for each deployment version, which is ready when all its endpoints are
    (`is_ready_to_deploy`). *progress* shows how many have ended, as for commit(). Raises StillWaiting after *timeout*
    seconds, which names what is left, and BadValue. Ctrl-C ends the waiting, not the runs.
    """
    wanted = _several(runs)
    for _ in as_completed(wanted, interval=interval, timeout=timeout, progress=progress):
        pass
    return wanted


def as_completed(
    runs: Any, *, interval: float = INTERVAL, timeout: float | None = None, progress: ProgressOption = None
) -> Iterator[Any]:
    """Yield each run as soon as it has ended. All else is as for wait()."""
    wanted = _several(runs)
    if wanted:
        yield from completed(shared(wanted, *_RUNS), wanted, _has_ended, interval, timeout, progress)


def _has_ended(run: Any) -> bool:
    if run._type.name == "DeploymentVersion":
        return all(endpoint.is_ready_to_deploy for endpoint in run.endpoints)
    return run.status in _ENDED


def _several(runs: Any) -> list[Any]:
    return [runs] if isinstance(runs, Asset) or not isinstance(runs, Iterable) else list(runs)
