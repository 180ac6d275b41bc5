"""Importing assetmeta, over importing requests and lxml, which it needs."""

from __future__ import annotations

import statistics
import subprocess
import sys

from benchmarks.bench import Bench
from benchmarks.table import Line, at_most

CODE = """
import time
start = time.perf_counter()
import requests, lxml.etree
between = time.perf_counter()
import assetmeta
print(between - start, time.perf_counter() - between)
"""


def measure(bench: Bench) -> list[Line]:
    """Medians of fresh interpreters; the first one, which may compile, does not count."""
    found = [_once() for _ in range(2 * bench.size.rounds + 2)][1:]
    needed = statistics.median(first for first, _ in found) * 1000
    own = statistics.median(second for _, second in found) * 1000
    return [
        Line(
            "import",
            "assetmeta, once requests and lxml.etree are there, beside those two",
            f"{own:.0f} ms",
            f"{needed:.0f} ms",
            own / needed,
            at_most(40, "ms"),
            own,
        )
    ]


def _once() -> tuple[float, float]:
    done = subprocess.run([sys.executable, "-c", CODE], stdout=subprocess.PIPE, text=True, check=True)
    first, second = map(float, done.stdout.split())
    return first, second
