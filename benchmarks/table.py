"""Lines of the table: what was measured, beside what, and whether the limit was kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HEAD = ("row", "ours", "spread", "peer", "ratio", "limit", "met?")


@dataclass(frozen=True, slots=True)
class Limit:
    """A figure that must be reached, or must not be exceeded; shown with *unit*."""

    value: float
    at_least: bool = False
    unit: str = "x"

    def holds(self, figure: float) -> bool:
        """True when *figure* keeps the limit."""
        return figure >= self.value if self.at_least else figure <= self.value

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {number(self.value)} {self.unit}"


def at_least(value: float, unit: str = "x") -> Limit:
    """A figure to be reached."""
    return Limit(value, True, unit)


def at_most(value: float, unit: str = "x") -> Limit:
    """A figure not to be exceeded."""
    return Limit(value, False, unit)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table. *figure* is what the limit judges; it is the ratio unless the limit has another unit.
    *spread* is that of our measurements; see `clock.Median`.

    A line without a limit informs; one with a *note* instead of figures says why there are none.
    """

    row: str
    what: str
    ours: str = ""
    peer: str = ""
    ratio: float | None = None
    limit: Limit | None = None
    figure: float | None = None
    note: str = ""
    spread: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the limit is kept; None where there is none, or nothing was measured."""
        figure = self.ratio if self.figure is None else self.figure
        return None if self.limit is None or figure is None else self.limit.holds(figure)

    def cells(self) -> tuple[str, ...]:
        """The line as texts, in the order of HEAD."""
        verdict = {True: "yes", False: "NO", None: "" if self.limit is None else "not measured"}[self.met]
        ratio = "" if self.ratio is None else f"{number(self.ratio)} x"
        what = f"{self.row}: {self.what}" + (f" ({self.note})" if self.note else "")
        spread = "" if self.spread is None else f"{self.spread:.0%}"
        return (what, self.ours, spread, self.peer, ratio, str(self.limit or ""), verdict)


def kept(line: Line) -> dict[str, object]:
    """What the history keeps of a line."""
    told = {"row": line.row, "what": line.what, "ours": line.ours, "spread": line.spread, "peer": line.peer}
    told |= {"ratio": line.ratio, "limit": str(line.limit or ""), "met": line.met, "note": line.note}
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in told.items() if value != ""}


def table(lines: Sequence[Line]) -> str:
    """The lines as a Markdown table whose columns line up."""
    rows = [HEAD, *(line.cells() for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]

    def shown(row: Sequence[str]) -> str:
        return "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"

    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([shown(rows[0]), rule, *map(shown, rows[1:])])


def number(value: float) -> str:
    """A figure with three significant digits and no more."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def rate(count: int, seconds: float) -> str:
    """So many assets per second."""
    return f"{number(count / seconds)}/s"
