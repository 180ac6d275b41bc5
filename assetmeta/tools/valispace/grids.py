"""The cells of a matrix as rows of valis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from assetmeta.core.asset import Asset
from assetmeta.model.errors import BadValue, Unreadable
from assetmeta.tools.valispace.dialect import workspace_of
from assetmeta.wire.extras import load_extra

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

    def set(self, rows: Sequence[Sequence[object]], name: str = "formula") -> None:
        """Set one attribute of all cells, the formulas by default, pending until the commit. Sends nothing.

        Raises BadValue, and sets nothing, when *rows* have another shape than the matrix.
        """
        height, width = self.shape
        if len(rows) != height or any(len(row) != width for row in rows):
            sizes = sorted({len(row) for row in rows})
            raise BadValue(f"{self.matrix.idref} has {height} rows of {width}; {len(rows)} rows of {sizes} were given.")
        for cells, given in zip(self.rows, rows, strict=True):
            for cell, value in zip(cells, given, strict=True):
                cell[name] = value

    def to_pandas(self, name: str = "value") -> Any:
        """Return one attribute of all cells as a DataFrame of the same shape. Needs the extra `pandas`.

        Raises Unsupported when pandas is not installed.
        """
        pandas: Any = load_extra("pandas", "pandas")
        return pandas.DataFrame(self.values(name), index=range(self.shape[0]), columns=range(self.shape[1]))


def matrix(asset: Any) -> Grid:
    """Return a Matrix as rows of valis. One request for the matrix unless it is loaded; the cells follow when read.

    Raises BadValue for another asset, Unreadable when the server's cells and its numbers of rows and columns differ.
    """
    workspace_of(asset, "Matrix")
    height, width, cells = asset.number_of_rows or 0, asset.number_of_columns or 0, list(asset.cells)
    if len(cells) != height * width:
        raise Unreadable(f"{asset.idref} has {height} rows of {width} and {len(cells)} cells.", oid=asset.idref)
    return Grid(asset, tuple(tuple(cells[start : start + width]) for start in range(0, len(cells), width or 1)))
