"""Importing a session class, over importing requests and lxml, which it needs."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.clock import median
from benchmarks.interpreter import told_by
from benchmarks.table import Line, at_most

CODE = """
import time
start = time.process_time()
import requests, lxml.etree
between = time.process_time()
from assetmeta import V1Meta
print(between - start, time.process_time() - between)
"""


def measure(bench: Bench) -> list[Line]:
    """Medians of fresh interpreters, in processor time. The first one compiles and does not count."""
    found = [_once() for _ in range(2 * bench.size.rounds + 2)][1:]
    needed = median(first * 1000 for first, _ in found)
    own = median(second * 1000 for _, second in found)
    return [
        Line(
            "import",
            "assetmeta, once requests and lxml.etree are there, beside those two",
            f"{own:.0f} ms",
            f"{needed:.0f} ms",
            own / needed,
            at_most(40, "ms"),
            own,
            spread=own.spread,
        )
    ]


def _once() -> tuple[float, float]:
    first, second = map(float, told_by("-c", CODE).split())
    return first, second
