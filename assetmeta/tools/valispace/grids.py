"""The cells of a matrix as rows of valis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from assetmeta.core.asset import Asset
from assetmeta.model import optional
from assetmeta.model.errors import BadValue, InvalidResponse
from assetmeta.model.scalars import plain, shown
from assetmeta.model.values import chunks
from assetmeta.tools.valispace.dialect import require_context, warn_of_references

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A matrix and its cells: `grid[0][2]` is the vali in the first row and third column.

    The values of all cells are loaded together when the first one is looked at: one request where the server has a
    search over valis, else one list per project.
    """

    matrix: Asset
    rows: tuple[Row, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """How many rows and columns there are."""
        return len(self.rows), len(self.rows[0]) if self.rows else 0

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __getitem__(self, index: int) -> Row:
        return self.rows[index]

    def values(self, name: str = "value") -> list[list[Any]]:
        """Return one attribute of all cells, by rows: `grid.values("formula")`. Raises UnknownName."""
        return [[cell[name] for cell in row] for row in self.rows]

    def set(self, rows: Any, name: str = "formula") -> None:
        """Set one attribute of all cells, the formulas by default, pending until the commit.

        *rows* are a list of rows, an array or a DataFrame. Labels of a frame that are the positions of to_pandas()
        define which cells are meant, in any order. Arrays and frames have not-a-number where there is no value: a cell
        without a value is left as it is there. Numbers that take the place of formulas with references are set, with a
        warning (UserWarning). Sends nothing, except for formulas that are not loaded: one request for all.

        Raises BadValue, and sets nothing, when *rows* have another shape than the matrix, for not-a-number where there
        is a value, and for what the attribute does not take.
        """
        height, width = self.shape
        given = _table(_in_order(rows, height, width))
        if len(given) != height or any(len(row) != width for row in given):
            sizes = sorted({len(row) for row in given})
            raise BadValue(
                f"{self.matrix.idref} has {height} rows of {width}; {len(given)} rows of {sizes} were given.",
                oid=self.matrix.idref,
            )
        pairs = [pair for cells, row in zip(self.rows, given, strict=True) for pair in zip(cells, row, strict=True)]
        wanted = pairs if isinstance(rows, list | tuple) else [pair for pair in pairs if not _is_blank(*pair)]
        context = require_context(self.matrix, "Matrix")
        for _, value in wanted:
            context.unit.checked("Vali", {name: value})
        if name == "formula":
            wanted = [(cell, value) for cell, value in wanted if not _is_same(cell["formula"], value)]
            warn_of_references(wanted)
        for cell, value in wanted:
            cell[name] = value

    def to_pandas(self, name: str = "value") -> Any:
        """Return one attribute of all cells as a DataFrame of the same shape. Needs the extra `pandas`.

        Raises Unsupported when pandas is not installed.
        """
        pandas: Any = optional.load("pandas", extra="pandas")
        return pandas.DataFrame(self.values(name), index=range(self.shape[0]), columns=range(self.shape[1]))


def _in_order(rows: Any, height: int, width: int) -> Any:
    """A DataFrame whose labels are all positions of the matrix, sorted by them; anything else as it is."""
    if not hasattr(rows, "to_numpy") or not hasattr(rows, "columns"):
        return rows
    positions = range(height), range(width)
    if any({*labels} != {*each} or len(labels) != len(each) for labels, each in zip(rows.axes, positions, strict=True)):
        return rows
    return rows.reindex(index=positions[0], columns=positions[1])


def _table(rows: Any) -> list[Any]:
    """Rows as a list: those of a DataFrame, which yields its columns, of an array, or of any sequence."""
    if hasattr(rows, "to_numpy"):
        rows = rows.to_numpy()
    found = rows.tolist() if hasattr(rows, "tolist") else rows
    if isinstance(found, str) or not isinstance(found, Sequence) or any(not hasattr(row, "__len__") for row in found):
        raise BadValue(f"A matrix is set to a list of rows, an array or a DataFrame, not to {shown(rows)}.")
    return list(found)


def _is_blank(cell: Any, value: object) -> bool:
    """True for a missing value of an array or a frame, and a cell that has none either."""
    try:
        return plain(value) is None and cell["value"] is None
    except ValueError:
        # Not-a-number in the place of a value is refused like everywhere.
        return cell["value"] is None


def _is_same(formula: str | None, value: object) -> bool:
    """True when a formula is just the number that it is to be set to."""
    try:
        return not isinstance(value, str) and float(formula or "nan") == value
    except ValueError:
        return False


def matrix(asset: Any) -> Grid:
    """Return a Matrix as rows of valis. One request for the matrix unless it is loaded; the cells follow when read.

    Raises BadValue for another asset, InvalidResponse when the server's cells and its numbers of rows and columns
    differ.
    """
    require_context(asset, "Matrix")
    height, width, cells = asset.number_of_rows or 0, asset.number_of_columns or 0, list(asset.cells)
    if len(cells) != height * width:
        raise InvalidResponse(f"{asset.idref} has {height} rows of {width} and {len(cells)} cells.", oid=asset.idref)
    return Grid(asset, tuple(map(tuple, chunks(cells, width))))
