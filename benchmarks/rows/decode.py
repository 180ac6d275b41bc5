"""Decoding: the bytes of a query.v1 answer to assets ready for use. A value is converted when it is first read."""

from __future__ import annotations

import json

from benchmarks.bench import Bench
from benchmarks.clock import medians, timed
from benchmarks.hydration import Hydration
from benchmarks.sdk import Reader
from benchmarks.stories import NAMES
from benchmarks.table import Line, at_least, rate


def measure(bench: Bench) -> list[Line]:
    """Ours beside SQLAlchemy's hydration, v1pysdk and the bare parse."""
    stories = bench.stories
    alchemy, reader = Hydration(stories.rows()), Reader(stories)
    taken = medians(
        bench.size.rounds,
        {
            "ours": timed(stories.read),
            "SQLAlchemy": timed(alchemy.load),
            "v1pysdk": timed(reader.read),
            "json.loads": timed(lambda: [json.loads(body) for body in stories.json]),
        },
    )
    what = f"{stories.count:,} assets x {len(NAMES)} attributes, JSON"
    ours = taken["ours"]
    limits = {"SQLAlchemy": at_least(1), "v1pysdk": at_least(10), "json.loads": None}
    return [
        Line(
            "decode",
            f"{what}, beside {peer}",
            rate(stories.count, ours),
            rate(stories.count, taken[peer]),
            taken[peer] / ours,
            limit,
            spread=ours.spread,
        )
        for peer, limit in limits.items()
    ]
