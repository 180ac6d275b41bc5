"""Committing many updates against a server that is some way off: in bulk, and one request per asset."""

from __future__ import annotations

import inspect
import time
from dataclasses import dataclass

from assetmeta import V1Meta
from benchmarks.bench import Bench
from benchmarks.clock import medians
from benchmarks.sandbox import Sandbox
from benchmarks.sdk import Sdk
from benchmarks.table import Line, at_least, at_most, number

HAS_BULK = "bulk" in inspect.signature(V1Meta.__init__).parameters
BULK_PATH = "api/asset"


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit: how long it took, in how many requests, and whether the bulk end point took part."""

    seconds: float
    requests: int
    is_bulk: bool


def measure(bench: Bench) -> list[Line]:
    """Ours through bulk and through the pool, beside a sample of v1pysdk's one after the other."""
    count, latency, sample = bench.size.committed, bench.size.latency, bench.size.samples
    probe = _ours(bench.far, count, is_bulk=True)
    pooled = _ours(bench.far, count, is_bulk=False)
    ways = {
        "pool": lambda: _ours(bench.far, count, is_bulk=False).seconds,
        "v1pysdk": lambda: _theirs(bench.far, sample),
    }
    if probe.is_bulk:
        ways["bulk"] = lambda: _ours(bench.far, count, is_bulk=True).seconds
    taken = medians(max(bench.size.rounds // 2, 1), ways)
    theirs = taken["v1pysdk"] / sample * count
    what = f"{count:,} updates, {number(latency)} ms latency"
    scaled = f"v1pysdk: {sample} updates, scaled"
    pool = Line(
        "commit",
        f"{what}, one request each, beside v1pysdk",
        f"{taken['pool']:.2f} s in {pooled.requests:,} requests",
        f"{theirs:.1f} s",
        theirs / taken["pool"],
        at_least(8),
        note=scaled,
        spread=taken["pool"].spread,
    )
    if not probe.is_bulk:
        why = "no bulk commit yet: it went to one request each"
        return [Line("commit", f"{what}, in bulk", limit=at_least(40), note=why), pool]
    return [
        Line(
            "commit",
            f"{what}, in bulk, requests",
            f"{probe.requests}",
            "",
            None,
            at_most(10, "requests"),
            probe.requests,
        ),
        Line(
            "commit",
            f"{what}, in bulk, beside v1pysdk",
            f"{taken['bulk']:.2f} s",
            f"{theirs:.1f} s",
            theirs / taken["bulk"],
            at_least(40),
            note=scaled,
            spread=taken["bulk"].spread,
        ),
        pool,
    ]


def _ours(sandbox: Sandbox, count: int, *, is_bulk: bool) -> Commit:
    options = {"bulk": is_bulk} if HAS_BULK else {}
    with sandbox.session(page_size=count, **options) as v1:
        stories = list(v1.Story.where(AssetState="Active").select("Estimate").page(size=count))
        assert len(stories) == count
        for story in stories:
            story.Estimate = (story.Estimate or 0) + 1
        with v1.trace() as trace:
            start = time.perf_counter()
            report = v1.commit()
            seconds = time.perf_counter() - start
        report.raise_if_failed()
        return Commit(seconds, len(trace), any(BULK_PATH in entry.path for entry in trace))


def _theirs(sandbox: Sandbox, count: int) -> float:
    sdk = Sdk(sandbox)
    sdk.know("Story")
    stories = list(sdk.meta.Story.where(AssetState="Active").select("Estimate").page(size=count))
    assert len(stories) == count
    for story in stories:
        story.Estimate = float(story.Estimate or 0) + 1
    start = time.perf_counter()
    errors = sdk.meta.commit()
    seconds = time.perf_counter() - start
    assert not errors
    return seconds
