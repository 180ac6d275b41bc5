"""Rounds: contestants take turns, so that a busy moment of the machine hits all of them; medians count."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterable, Mapping

Contestant = Callable[[], float]
"""Does its work once and returns the seconds of the part that counts."""


class Median(float):
    """The median of several measurements. *spread* is how far apart they were: the distance from the lower quartile to
    the upper one, as a part of the median.
    """

    spread: float


def median(found: Iterable[float]) -> Median:
    """The median of at least one measurement."""
    values = sorted(found)
    middle = Median(statistics.median(values))
    quartiles = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else [middle, middle, middle]
    middle.spread = (quartiles[2] - quartiles[0]) / middle if middle else 0.0
    return middle


def medians(rounds: int, contestants: Mapping[str, Contestant]) -> dict[str, Median]:
    """Let every contestant run once per round, after one round that does not count, and return the medians."""
    taken: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(rounds + 1):
        for name, run in contestants.items():
            gc.collect()
            seconds = run()
            if turn:
                taken[name].append(seconds)
    return {name: median(found) for name, found in taken.items()}


def timed(work: Callable[[], object]) -> Contestant:
    """A contestant of which everything counts. What it makes is alive until the clock has stopped."""

    def run() -> float:
        start = time.perf_counter()
        made = work()
        seconds = time.perf_counter() - start
        del made
        return seconds

    return run
