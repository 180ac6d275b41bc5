"""Rules of matrices: one vali per cell, whose parent is the matrix (section 2.4 of the protocol)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assetmeta.sandbox.rest.refusals import Refused

from ..catalogue import KINDS
from ..deletion import delete
from ..model import Row
from ..renames import Renaming
from .rule import Rule

LARGEST = 100
Cells = list[list[int | None]]


class MatrixRule(Rule):
    """A matrix has as many cells as it says, and its unit is theirs."""

    _renaming: Renaming | None = None

    def before(self, row: Row, given: Mapping[str, Any]) -> None:
        for name in ("number_of_rows", "number_of_columns"):
            if row[name] < 1:
                raise Refused.of(name, "Ensure this value is greater than or equal to 1.")
            if row[name] > LARGEST:
                raise Refused.of(name, f"Ensure this value is less than or equal to {LARGEST}.")
        if self.id is not None and self.differs(row, "name", "parent"):
            self._renaming = Renaming(self.space, self.space.store, self.id)

    def after(self, id: int, row: Row, given: Mapping[str, Any]) -> None:
        changed = set() if self._renaming is None else self._renaming.apply()
        self.space.names.grown()
        if self.differs(row, "number_of_rows", "number_of_columns"):
            changed |= self._resize(id, row)
        if self.old is not None and self.old["unit"] != row["unit"]:
            changed |= self._convert(id, self.old["unit"], row["unit"])
        if changed or self._renaming is not None:
            self.space.recalculate(changed)

    def _resize(self, id: int, row: Row) -> set[int]:
        """Add and remove cells; the ids of the new ones."""
        store = self.space.store
        old: Cells = self.old["cells"] if self.old else []
        cells: Cells = []
        new = set()
        for number in range(row["number_of_rows"]):
            line = list(old[number]) if number < len(old) else []
            for column in range(len(line), row["number_of_columns"]):
                cell = store.insert("valis", cell_row(id, row["unit"], number, column))
                self.space.names.added(cell, store.rows("valis")[cell])
                line.append(cell)
                new.add(cell)
            cells.append(line[: row["number_of_columns"]])
        kept = {cell for line in cells for cell in line}
        gone = [cell for line in old for cell in line if cell is not None and cell not in kept]
        for cell in gone:
            delete(self.space, KINDS["valis"], cell)
        store.put("matrices", id, {"cells": cells})
        return new

    def _convert(self, id: int, before: str, unit: str) -> set[int]:
        valis = self.space.store.rows("valis")
        cells = [cell for cell in self.space.store.pointing("valis", "parent", id) if valis[cell]["unit"] == before]
        for cell in cells:
            self.space.store.put("valis", cell, {"unit": unit})
        return set(cells)


def cell_row(matrix: int, unit: str, row: int, column: int) -> Row:
    """The vali of a new cell, named by its row and column from 1 up."""
    return {**KINDS["valis"].blank(), "parent": matrix, "unit": unit, "shortname": f"{row + 1}_{column + 1}"}


RULES: dict[str, type[Rule]] = {"matrices": MatrixRule}
