"""Overlap: a loop over many pages of a server that takes its time for each, beside that time alone."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import requests

from assetmeta import V1Meta
from benchmarks.bench import Bench
from benchmarks.clock import medians
from benchmarks.table import Line, at_most

SECONDS = 0.15
"""What a page takes: 50 ms of latency, and 100 ms of the server's work."""

PAGE = 2_000

LIMITS = {0: None, 1: at_most(1.1), 4: at_most(1 / 3)}
"""By how many pages are read ahead: the time as a part of the server's own, one page after the other."""


def measure(bench: Bench) -> list[Line]:
    """The server is a process of its own, and does nothing but wait; the loop reads each value that was sent."""
    count = bench.size.overlapped
    own = (count / PAGE) * SECONDS
    with _served(bench, count) as url:
        jobs = {str(ahead): partial(_loop, url, count, ahead) for ahead in LIMITS}
        found = medians(max(bench.size.rounds // 2, 1), jobs)
    return [
        Line(
            "overlap",
            f"{count:,} assets, {SECONDS * 1000:.0f} ms a page of {PAGE:,}, prefetch={ahead}, beside the server alone",
            f"{found[str(ahead)]:.2f} s",
            f"{own:.2f} s",
            found[str(ahead)] / own,
            limit,
        )
        for ahead, limit in LIMITS.items()
    ]


def _loop(url: str, count: int, ahead: int) -> float:
    with V1Meta(url, token="t", page_size=PAGE, prefetch=ahead, schema_cache=None) as v1:
        query = v1.Story.select("Name", "Number", "CreateDate", "Scope")
        start = time.perf_counter()
        found = sum(1 for story in query if story.Name and story.Number and story.CreateDate and story.Scope.idref)
        seconds = time.perf_counter() - start
    assert found == count
    return seconds


@contextmanager
def _served(bench: Bench, count: int) -> Iterator[str]:
    sandbox = bench.near
    meta = requests.get(f"{sandbox.url}/meta.v1/", auth=(sandbox.user, sandbox.secret), timeout=120).content
    with TemporaryDirectory() as folder:
        file = Path(folder) / "meta.xml"
        file.write_bytes(meta)
        command = [sys.executable, "-m", "benchmarks.slow_server", str(file), str(count), str(SECONDS)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None and server.stdin is not None
            try:
                yield server.stdout.readline().strip()
            finally:
                server.stdin.close()
