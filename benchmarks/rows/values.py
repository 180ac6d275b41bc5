"""Decoding and then reading every value once: what a lazy conversion puts off is paid here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

from benchmarks.bench import Bench
from benchmarks.clock import Contestant, medians, timed
from benchmarks.hydration import Hydration
from benchmarks.sdk import Reader
from benchmarks.stories import NAMES, SCALARS
from benchmarks.table import Line, rate


def measure(bench: Bench) -> list[Line]:
    """Ours beside SQLAlchemy with typed columns, and v1pysdk, whose values stay text."""
    stories = bench.stories
    alchemy, reader = Hydration(stories.rows(), typed=True), Reader(stories)
    lines = []
    for what, names in ((f"{len(SCALARS)} scalars", SCALARS), (f"{len(NAMES)} attributes, related assets too", NAMES)):
        taken = medians(
            bench.size.rounds,
            {
                "ours": _all_read(stories.read, names),
                "SQLAlchemy": _all_read(lambda: alchemy.load()[1:], names),
                "v1pysdk": _all_read(reader.read, names),
            },
        )
        ours = rate(stories.count, taken["ours"])
        lines += [
            Line(
                "values",
                f"{stories.count:,} assets decoded, then {what} read once, beside {peer}",
                ours,
                rate(stories.count, taken[peer]),
                taken[peer] / taken["ours"],
                spread=taken["ours"].spread,
            )
            for peer in ("SQLAlchemy", "v1pysdk")
        ]
    return lines


def _all_read(load: Callable[[], Iterable[Any]], names: tuple[str, ...]) -> Contestant:
    values = attrgetter(*names)

    def work() -> object:
        assets = list(load())
        for asset in assets:
            values(asset)
        return assets

    return timed(work)
