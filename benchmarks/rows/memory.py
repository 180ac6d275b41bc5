"""Bytes per loaded asset, values included."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from operator import attrgetter
from typing import Any

from benchmarks.bench import Bench
from benchmarks.hydration import Hydration
from benchmarks.stories import NAMES, SCALARS, Stories
from benchmarks.table import Line, at_most


def measure(bench: Bench) -> list[Line]:
    """Ours beside SQLAlchemy's objects and bare tuples of the same values."""
    stories = bench.stories
    alchemy = Hydration(stories.rows())
    used = {
        "ours": _bytes(stories.read, stories.count),
        "SQLAlchemy": _bytes(alchemy.load, stories.count),
        "bare tuples": _bytes(lambda: _tuples(stories), stories.count),
    }
    touched = _bytes(lambda: _touched(stories), stories.count)
    lines = [
        Line(
            "memory",
            f"bytes per asset with {len(NAMES)} attributes, beside {peer}",
            f"{used['ours']:,.0f} B",
            f"{used[peer]:,.0f} B",
            used["ours"] / used[peer],
            limit,
        )
        for peer, limit in (("SQLAlchemy", at_most(1)), ("bare tuples", None))
    ]
    lines.append(
        Line("memory", "bytes per asset, aim", f"{used['ours']:,.0f} B", "", None, at_most(1200, "B"), used["ours"])
    )
    lines.append(Line("memory", f"bytes per asset after all {len(SCALARS)} scalars were read", f"{touched:,.0f} B"))
    return lines


def _bytes(make: Callable[[], object], count: int) -> float:
    warm = make()
    del warm
    gc.collect()
    tracemalloc.start()
    try:
        made = make()
        gc.collect()
        used, _ = tracemalloc.get_traced_memory()
        del made
    finally:
        tracemalloc.stop()
    return used / count


def _tuples(stories: Stories) -> list[tuple[Any, ...]]:
    tokens: dict[str, str] = {}
    return [tuple(_value(item[name], tokens) for name in NAMES) for item in stories.objects()]


def _value(value: Any, tokens: dict[str, str]) -> Any:
    return tokens.setdefault(value["_oid"], value["_oid"]) if isinstance(value, dict) else value


def _touched(stories: Stories) -> list[Any]:
    assets = stories.read()
    values = attrgetter(*SCALARS)
    for asset in assets:
        values(asset)
    return assets
