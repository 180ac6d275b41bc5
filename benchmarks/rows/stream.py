"""Streaming: the memory that a long result takes, beside that of a short one."""

from __future__ import annotations

from benchmarks.bench import Bench
from benchmarks.probes import probe
from benchmarks.table import Line, at_most


def measure(bench: Bench) -> list[Line]:
    """Both are read in processes of their own, page by page, from the same sandbox."""
    long, short = bench.size.streamed, bench.size.streamed // 10
    login = (bench.near.url, bench.near.user, bench.near.secret)
    found = {count: probe("stream", *login, count) for count in (short, long)}
    assert all(told["received"] == count for count, told in found.items()), "the sandbox has too few workitems"
    return [
        Line(
            "stream",
            f"{long:,} assets, peak memory (tracemalloc), beside {short:,}",
            f"{found[long]['peak'] / 1e6:.1f} MB",
            f"{found[short]['peak'] / 1e6:.1f} MB",
            found[long]["peak"] / found[short]["peak"],
            at_most(1.5),
        )
    ]
