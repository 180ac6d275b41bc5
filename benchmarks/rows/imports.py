"""Importing assetmeta, over importing requests and lxml, which it needs."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile

from benchmarks.bench import Bench
from benchmarks.table import Line, at_most

CODE = """
import time
start = time.process_time()
import requests, lxml.etree
between = time.process_time()
import assetmeta
print(between - start, time.process_time() - between)
"""


def measure(bench: Bench) -> list[Line]:
    """Medians of fresh interpreters, in processor time. The first one compiles for all and does not count, also where
    the environment forbids Python to keep what it compiled.
    """
    with tempfile.TemporaryDirectory() as folder:
        environment = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = folder
        found = [_once(environment) for _ in range(2 * bench.size.rounds + 2)][1:]
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


def _once(environment: dict[str, str]) -> tuple[float, float]:
    command = [sys.executable, "-c", CODE]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    first, second = map(float, done.stdout.split())
    return first, second
