"""Walking from stories over two relations, with nothing selected, against a server that is some way off."""

from __future__ import annotations

import math
import time
from itertools import islice

from assetmeta.core.values import context_of
from benchmarks.bench import Bench
from benchmarks.chains import MARK
from benchmarks.clock import medians
from benchmarks.sandbox import Sandbox
from benchmarks.sdk import Sdk
from benchmarks.table import Line, at_least, at_most, number


def measure(bench: Bench) -> list[Line]:
    """Requests and seconds, ours beside v1pysdk's.

    Every story has an epic of its own and every epic a project of its own. v1pysdk walks all stories once without
    latency, for the number of its requests, and a sample with latency, for the seconds that a request takes.
    """
    count, latency = bench.size.walked, bench.size.latency
    seconds = medians(bench.size.rounds, {"ours": lambda: _ours(bench.far, count)[0]})["ours"]
    _, requests, chunk = _ours(bench.far, count)
    exchanges = _theirs(bench.twin, count)[1]
    sample, within = _theirs(bench.far, bench.size.samples)
    theirs = sample / within * exchanges
    most = 1 + 2 * math.ceil(count / chunk)
    what = f"{count:,} stories, .Super.Scope.Name, nothing selected"
    return [
        Line(
            "walk",
            f"{what}, requests",
            f"{requests}",
            f"{exchanges:,}",
            exchanges / requests,
            at_most(most, "requests"),
            requests,
        ),
        Line(
            "walk",
            f"{what}, {number(latency)} ms latency, beside v1pysdk",
            f"{seconds:.2f} s",
            f"{theirs:.1f} s",
            theirs / seconds,
            at_least(200),
            spread=seconds.spread,
            note=f"v1pysdk's requests in full, its seconds scaled from {within} of them",
        ),
    ]


def _ours(sandbox: Sandbox, count: int) -> tuple[float, int, int]:
    """Seconds, requests, and how many assets one request may name."""
    with sandbox.session() as v1:
        with v1.trace() as trace:
            start = time.perf_counter()
            found = [story.Super.Scope.Name for story in v1.Story.where(Reference=MARK)]
            seconds = time.perf_counter() - start
        assert len(found) == count
        assert all(found)
        return seconds, len(trace), context_of(v1.Story(1)).backend.can.max_keys


def _theirs(sandbox: Sandbox, count: int) -> tuple[float, int]:
    """Seconds and exchanges of the walk from *count* stories; reading the list of them is left out."""
    sdk = Sdk(sandbox)
    sdk.know("Story", "Epic", "Scope", "Theme")
    todo = list(islice(sdk.meta.Story.where(Reference=MARK), count))
    assert len(todo) == count
    sdk.exchanges = 0
    start = time.perf_counter()
    for story in todo:
        assert story.Super.Scope.Name is not False
    return time.perf_counter() - start, sdk.exchanges
