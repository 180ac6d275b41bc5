"""Reading a loaded scalar again."""

from __future__ import annotations

import timeit
from typing import Any

from benchmarks.bench import Bench
from benchmarks.clock import medians
from benchmarks.hydration import Hydration
from benchmarks.table import Line, at_most

READS = 20
"""Reads in a row within one turn of the loop, so that the loop itself does not count."""


class Plain:
    """An object with an ordinary attribute."""

    def __init__(self, name: str) -> None:
        self.Name = name


class Propped:
    """An object whose property looks into a dictionary."""

    def __init__(self, name: str) -> None:
        self._values = {"Name": name}

    @property
    def Name(self) -> str:
        """The value."""
        return self._values["Name"]


def measure(bench: Bench) -> list[Line]:
    """Ours beside SQLAlchemy's instrumented attribute, a plain attribute and a property over a dictionary."""
    story = bench.stories.read()[0]
    loaded = Hydration(bench.stories.rows()[:1]).load()
    text = story.Name
    objects: dict[str, Any] = {
        "ours": story,
        "SQLAlchemy": loaded[1],
        "a plain attribute": Plain(text),
        "a property over a dict": Propped(text),
    }
    assert {found.Name for found in objects.values()} == {text}
    taken = medians(bench.size.rounds + 2, {name: _reading(found) for name, found in objects.items()})
    return [
        Line(
            "read",
            f"a loaded scalar again, beside {peer}",
            f"{taken['ours']:.0f} ns",
            f"{taken[peer]:.0f} ns",
            taken["ours"] / taken[peer],
            at_most(1 / 3) if peer == "SQLAlchemy" else None,
            spread=taken["ours"].spread,
        )
        for peer in list(objects)[1:]
    ]


def _reading(found: Any) -> Any:
    """Nanoseconds of one read. Every object gets code of its own: the interpreter adapts code to what it meets."""
    timer = timeit.Timer("; ".join(["found.Name"] * READS), globals={"found": found})
    turns = 20_000
    return lambda: timer.timeit(turns) / turns / READS * 1e9
