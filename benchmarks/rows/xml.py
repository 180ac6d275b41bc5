"""Decoding XML: rest-1.v1 lists only histories for us, so the document is one of a history."""

from __future__ import annotations

from lxml import etree

from benchmarks.bench import Bench
from benchmarks.clock import medians, timed
from benchmarks.stories import NAMES
from benchmarks.table import Line, at_most, rate


def measure(bench: Bench) -> list[Line]:
    """Ours beside the bare parse of the same bytes by lxml."""
    stories = bench.stories
    megabytes = sum(map(len, stories.xml)) / 1e6
    taken = medians(
        bench.size.rounds,
        {"ours": timed(stories.read_xml), "lxml": timed(lambda: [etree.fromstring(body) for body in stories.xml])},
    )
    return [
        Line(
            "xml",
            f"{stories.count:,} records x {len(NAMES)} attributes, {megabytes:.1f} MB, beside lxml's bare parse",
            rate(stories.count, taken["ours"]),
            rate(stories.count, taken["lxml"]),
            taken["ours"] / taken["lxml"],
            at_most(3),
            spread=taken["ours"].spread,
        )
    ]
