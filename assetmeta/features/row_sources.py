"""Rows from where people have them: mappings, DataFrames, and files (CSV, JSON lines, Parquet, Excel)."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from assetmeta.model import optional
from assetmeta.model.errors import BadValue
from assetmeta.model.scalars import is_scalar, plain, shown

_DELIMITERS = ",;\t|"


class GivenRow(NamedTuple):
    """One row: its number, counted from 1 without the header, its cells by column, and what is wrong with it."""

    number: int
    cells: Mapping[str, object]
    problem: str = ""


class GivenRows(NamedTuple):
    """All rows of a source, and its columns in order. Rows without any value are left out."""

    columns: tuple[str, ...]
    rows: tuple[GivenRow, ...]


def read_rows(source: Any) -> GivenRows:
    """Read all rows of a source. Sends nothing.

    Raises BadValue for a file that cannot be read, for columns of the same name, and for what is no source of rows;
    Unsupported when an extra is missing.
    """
    if isinstance(source, str | Path):
        return _from_file(Path(source).expanduser())
    # A frame that is not computed yet would be by asking it for its columns.
    is_frame = any(hasattr(type(source), name) for name in ("columns", "column_names"))
    if isinstance(source, Mapping) or is_scalar(source) or not (isinstance(source, Iterable) or is_frame):
        raise BadValue(f"Rows are a list of mappings, a DataFrame or the path of a file, not {shown(source)}.")
    return _from_frame(source) if is_frame else _from_mappings(source)


def is_empty(cell: object) -> bool:
    """True for a cell without a value: None, a blank text, not-a-number, a missing value, an empty list."""
    if cell is None or (isinstance(cell, str) and not cell.strip()) or (isinstance(cell, list | tuple) and not cell):
        return True
    if isinstance(cell, Decimal):
        return cell.is_nan()
    return type(cell).__name__ in ("NAType", "NaTType") or (isinstance(cell, float) and cell != cell) or _is_nat(cell)


def _is_nat(cell: object) -> bool:
    return type(cell).__module__ == "numpy" and str(cell) in ("NaT", "nan")


def _from_mappings(source: Iterable[Any]) -> GivenRows:
    columns: dict[str, None] = {}
    rows = []
    for number, row in enumerate(source, 1):
        if not isinstance(row, Mapping) or not all(isinstance(name, str) for name in row):
            raise BadValue(f"Row {number} is not a mapping of column names to values: {shown(row)}.")
        columns.update(dict.fromkeys(row))
        rows.append(GivenRow(number, row))
    return _without_blank_rows(tuple(columns), rows)


def _from_frame(source: Any) -> GivenRows:
    narwhals = optional.load("narwhals", extra="frames")
    try:
        frame = narwhals.from_native(source, eager_only=True)
        columns = [str(name) for name in frame.columns]
        found = list(frame.iter_rows(named=False))
    except TypeError as error:
        raise BadValue(f"Rows cannot be read from a {type(source).__name__}: {error}") from error
    return _from_lists(columns, found, type(source).__name__)


def _from_file(path: Path) -> GivenRows:
    read = _READERS.get(path.suffix.lower())
    if read is None:
        raise BadValue(f"{path}: rows are read from files that end in {', '.join(_READERS)}.")
    try:
        return read(path)
    except OSError as error:
        raise BadValue(f"{path} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise BadValue(f"{path} is not UTF-8 text (byte {error.start}); save it with that encoding.") from error


def _from_csv(path: Path) -> GivenRows:
    with path.open(encoding="utf-8-sig", newline="") as opened:
        header = opened.readline()
        opened.seek(0)
        reader = csv.reader(opened, delimiter=_delimiter(header))
        try:
            lines = list(reader)
        except csv.Error as error:
            raise BadValue(f"{path}, line {reader.line_num}: {error}.") from error
    if not lines:
        raise BadValue(f"{path} is empty; its first line has to name the columns.")
    return _from_lists(lines[0], lines[1:], str(path))


def _delimiter(header: str) -> str:
    """The character that separates the names of the first line: a comma where there is one, else what else there is."""
    return next((each for each in _DELIMITERS if each in header), ",")


def _from_json_lines(path: Path) -> GivenRows:
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1):
        if line.strip():
            rows.append(_from_json(line, f"{path}, line {number}"))
    return _from_mappings(rows)


def _from_json_document(path: Path) -> GivenRows:
    found = _from_json(path.read_text(encoding="utf-8-sig"), str(path))
    if not isinstance(found, list):
        raise BadValue(f"{path} is not a list of objects.")
    return _from_mappings(found)


def _from_json(text: str, place: str) -> Any:
    try:
        return json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise BadValue(f"{place}: this is not JSON ({error}).") from error


def _from_parquet(path: Path) -> GivenRows:
    arrow = optional.load("pyarrow", extra="arrow")
    parquet = optional.load("pyarrow.parquet", extra="arrow")
    try:
        table = parquet.read_table(path)
    except arrow.ArrowException as error:
        raise BadValue(f"{path} cannot be read as Parquet: {error}") from error
    columns = [column.to_pylist() for column in table.columns]
    return _from_lists(table.column_names, list(zip(*columns, strict=True)), str(path))


def _from_excel(path: Path) -> GivenRows:
    openpyxl = optional.load("openpyxl", extra="excel")
    with path.open("rb") as opened:
        try:
            book = openpyxl.load_workbook(opened, read_only=True, data_only=True)
            lines = [list(line) for line in book.active.iter_rows(values_only=True)]
            book.close()
        except OSError:
            raise
        except Exception as error:
            # Damaged archives and documents raise whatever the reader stumbles over.
            raise BadValue(f"{path} cannot be read as an Excel workbook: {error}") from error
    if not lines:
        raise BadValue(f"{path} is empty; the first line of its first sheet has to name the columns.")
    return _from_lists(lines[0], lines[1:], str(path))


_READERS: dict[str, Callable[[Path], GivenRows]] = {
    ".csv": _from_csv,
    ".tsv": _from_csv,
    ".jsonl": _from_json_lines,
    ".ndjson": _from_json_lines,
    ".json": _from_json_document,
    ".parquet": _from_parquet,
    ".xlsx": _from_excel,
}


def _from_lists(header: Sequence[object], lines: Sequence[Sequence[object]], place: str) -> GivenRows:
    """Rows out of lists of cells, which may be shorter than the header. Raises BadValue for a header of no use."""
    names = ["" if name is None else str(name).strip() for name in header]
    while names and not names[-1]:
        names.pop()
    if not names or not all(names):
        raise BadValue(f"{place}: the header has a column without a name.")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadValue(f"{place}: several columns are called {', '.join(map(repr, twice))}.")
    return _without_blank_rows(tuple(names), _rows_of(names, lines))


def _rows_of(names: Sequence[str], lines: Sequence[Sequence[object]]) -> Iterator[GivenRow]:
    for number, line in enumerate(lines, 1):
        rest = [cell for cell in line[len(names) :] if not is_empty(cell)]
        problem = f"it has {len(line)} cells, and the header has {len(names)}" if rest else ""
        yield GivenRow(number, dict(zip(names, line, strict=False)), problem)


def _without_blank_rows(columns: tuple[str, ...], rows: Iterable[GivenRow]) -> GivenRows:
    return GivenRows(columns, tuple(row for row in rows if not all(map(is_empty, row.cells.values()))))


def plain_cell(cell: object) -> object:
    """Return a cell as Python's own types have it. Numbers that are whole are integers, also where the source keeps
    them as floats beside missing values; a time at midnight that has no zone is a date. Raises ValueError.
    """
    found = plain(cell)
    if isinstance(found, float) and found.is_integer():
        return int(found)
    if isinstance(found, datetime) and found.tzinfo is None and found.time() == time():
        return found.date()
    return found
