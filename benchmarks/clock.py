"""Rounds: contestants take turns, so that a busy moment of the machine hits all of them; medians count."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping

Contestant = Callable[[], float]
"""Does its work once and returns the seconds of the part that counts."""


def medians(rounds: int, contestants: Mapping[str, Contestant]) -> dict[str, float]:
    """Let every contestant run once per round, after one round that does not count, and return the medians."""
    taken: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(rounds + 1):
        for name, run in contestants.items():
            gc.collect()
            seconds = run()
            if turn:
                taken[name].append(seconds)
    return {name: statistics.median(found) for name, found in taken.items()}


def timed(work: Callable[[], object]) -> Contestant:
    """A contestant of which everything counts. What it makes is alive until the clock has stopped."""

    def run() -> float:
        start = time.perf_counter()
        made = work()
        seconds = time.perf_counter() - start
        del made
        return seconds

    return run
