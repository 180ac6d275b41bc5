"""What came of rows that were made into changes: one result per row."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from assetmeta.model.printable import printable
from assetmeta.model.table import SHOWN, Displayed, Table

CREATED, CHANGED, UNCHANGED, MISSING, REFUSED = "created", "changed", "unchanged", "missing", "refused"
OUTCOMES = (CREATED, CHANGED, UNCHANGED, MISSING, REFUSED)

_SHOWN = 10
"""Rows that are shown in full."""


class RowResult(Struct, frozen=True):
    """What became of one row. *number* counts the rows of the source from 1, its header aside.

    *asset* is None for a row that was missing or refused; *attributes* are those that differ; *reason* is why a row
    was refused.
    """

    number: int
    key: object
    outcome: str
    asset: Any = None
    attributes: tuple[str, ...] = ()
    reason: str = ""

    def __str__(self) -> str:
        what = self.reason or ", ".join(self.attributes)
        return printable(f"row {self.number} ({self.key}): {self.outcome}{f': {what}' if what else ''}")


class UpsertReport(Displayed, Struct, frozen=True):
    """The results of all rows, in order. The changes are pending until the commit."""

    type_name: str
    key: str
    rows: tuple[RowResult, ...] = ()

    def _of(self, outcome: str) -> list[RowResult]:
        return [row for row in self.rows if row.outcome == outcome]

    @property
    def created(self) -> list[RowResult]:
        """The rows whose assets the commit creates."""
        return self._of(CREATED)

    @property
    def changed(self) -> list[RowResult]:
        """The rows whose assets the commit changes."""
        return self._of(CHANGED)

    @property
    def unchanged(self) -> list[RowResult]:
        """The rows whose assets have the values of the rows already."""
        return self._of(UNCHANGED)

    @property
    def missing(self) -> list[RowResult]:
        """The rows that were skipped because no asset has their key."""
        return self._of(MISSING)

    @property
    def refused(self) -> list[RowResult]:
        """The rows with a value that cannot be written, each with its reason. Nothing of them is pending."""
        return self._of(REFUSED)

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return printable(f"<Upsert of {self.type_name} by {self.key}: {self._counts()}>")

    def _table(self) -> Table:
        listed = [*self.refused, *self.missing]
        rows = [(str(row.number), str(row.key), row.outcome, row.reason) for row in listed[:SHOWN]]
        title = f"{self.type_name} by {self.key}: {self._counts()}"
        return Table(title, ("row", "key", "outcome", "reason"), rows, len(listed))

    def __str__(self) -> str:
        lines = [f"{self.type_name} by {self.key}: {self._counts()}"]
        listed = [*self.refused, *self.missing]
        lines += [f"  {row}" for row in listed[:_SHOWN]]
        more = len(listed) - _SHOWN
        return "\n".join([*lines, *([f"  … and {more} more"] if more > 0 else [])])

    def _counts(self) -> str:
        counts = ((len(self._of(outcome)), outcome) for outcome in OUTCOMES)
        return ", ".join(f"{number} {outcome}" for number, outcome in counts if number) or "no rows"
