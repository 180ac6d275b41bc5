"""Tables: what sessions, types, assets, queries, plans and reports show of themselves, as data.

One table renders as plain text, as HTML for notebooks, and for rich. Rendering sends nothing: whoever makes a table
puts into it what is loaded. What the server sent is escaped, and what would act on a terminal is spelled out.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assetmeta.model.optional import load
from assetmeta.model.printable import OwnRepr, printable

SHOWN = 50
"""Rows of a table that are rendered by default; makers of tables prepare no more than these."""

_WIDEST = 60
"""Characters of a cell that plain text shows."""


@dataclass(frozen=True, repr=False)
class Table:
    """A title, column names, and rows of texts. *total* is the number of rows that there are, when *rows* holds the
    first of them only; *shown* of them are rendered. *note* is a line below.
    """

    title: str
    columns: tuple[str, ...] = ()
    rows: Sequence[Sequence[str]] = ()
    total: int | None = None
    note: str = ""
    shown: int = SHOWN

    def __len__(self) -> int:
        """The number of rows that there are."""
        return len(self.rows) if self.total is None else self.total

    def __getitem__(self, index: int) -> Sequence[str]:
        return self.rows[index]

    @property
    def _visible(self) -> list[list[str]]:
        return [[printable(cell) for cell in row] for row in self.rows[: self.shown]]

    @property
    def notes(self) -> list[str]:
        """The lines below the rows: how many there are beside those that are rendered, and the note."""
        more = len(self) - min(len(self.rows), self.shown)
        return [printable(line) for line in (f"… and {more} more" if more > 0 else "", self.note) if line]

    def __str__(self) -> str:
        lines = [printable(self.title)]
        if self.rows:
            rows = [[_shortened(cell) for cell in row] for row in [list(self.columns), *self._visible] if any(row)]
            widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
            lines += [
                "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
                for row in rows
            ]
        return "\n".join([*lines, *(f"  {line}" for line in self.notes)])

    __repr__ = __str__

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        escaped = html.escape
        head = "".join(f"<th>{escaped(name)}</th>" for name in self.columns)
        body = "".join(f"<tr>{''.join(f'<td>{escaped(cell)}</td>' for cell in row)}</tr>" for row in self._visible)
        notes = "".join(f"<div>{escaped(line)}</div>" for line in self.notes)
        caption = f"<div><b>{escaped(printable(self.title))}</b></div>"
        if not self.rows:
            return f"<div>{caption}{notes}</div>"
        return f"<div>{caption}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{notes}</div>"

    def __rich__(self) -> Any:
        text = load("rich.text", extra="cli").Text
        parts = [text(printable(self.title), "bold")]
        if self.rows:
            table = load("rich.table", extra="cli").Table(show_header=any(self.columns))
            for name in self.columns:
                table.add_column(text(name), overflow="fold")
            for row in self._visible:
                table.add_row(*map(text, row))
            parts.append(table)
        return load("rich.console", extra="cli").Group(*parts, *map(text, self.notes))


class Displayed(OwnRepr):
    """What notebooks and rich show as a table. A class gives its table; without one it is its repr alone."""

    __slots__ = ()

    def _table(self) -> Table:
        return Table(repr(self))

    def _repr_html_(self) -> str:
        return self._table()._repr_html_()

    def __rich__(self) -> Any:
        return self._table().__rich__()


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _WIDEST else line[: _WIDEST - 1] + "…"
