"""Queries as files: CSV, JSON lines, Parquet and Excel, written page by page, whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

from assetmeta.core.context import FrameOptions
from assetmeta.core.query import Query
from assetmeta.core.whole_file import write_whole
from assetmeta.features.frames import history_frame, reader, to_pandas, to_polars
from assetmeta.features.frames import read_arrow as to_arrow
from assetmeta.model import optional
from assetmeta.model.errors import BadValue
from assetmeta.model.json_value import json_value
from assetmeta.model.printable import without_formula
from assetmeta.model.scalars import shown

__all__ = [
    "history_frame",
    "reader",
    "to_arrow",
    "to_csv",
    "to_excel",
    "to_jsonl",
    "to_pandas",
    "to_parquet",
    "to_polars",
]
"""What queries call (core.context.FramesProtocol)."""

_MOST_ROWS = 1_048_575
"""Rows of an Excel sheet beside its head."""

_LONGEST_CELL = 32_767
"""Characters of a cell of Excel; what is longer would be cut."""


def to_csv(query: Query, path: str | Path, options: FrameOptions, neutralise: bool = True) -> Path:
    """Write a query as CSV in UTF-8; several values of one cell stand with "; " between them. Nothing is an empty cell.

    With *neutralise* a text that a spreadsheet would take for a formula gets an apostrophe before it.
    """

    def fill(file: BinaryIO) -> None:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
        writer = csv.writer(text)
        for row in _rows(query, options):
            writer.writerow([_cell(value, neutralise) for value in row])
        text.detach()

    return _written(path, fill)


def to_jsonl(query: Query, path: str | Path, options: FrameOptions) -> Path:
    """Write a query as JSON lines: one object per asset, as json_value() has values."""

    def fill(file: BinaryIO) -> None:
        rows = _rows(query, options)
        names = next(rows)
        for row in rows:
            record = {name: json_value(value) for name, value in zip(names, row, strict=True)}
            file.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")

    return _written(path, fill)


def to_parquet(query: Query, path: str | Path, options: FrameOptions) -> Path:
    """Write a query as a Parquet file, a row group per page."""
    parquet = optional.load("pyarrow.parquet", extra="arrow")

    def fill(file: BinaryIO) -> None:
        source = reader(query, options)
        with parquet.ParquetWriter(file, source.schema) as writer:
            for batch in source:
                writer.write_batch(batch)

    return _written(path, fill)


def to_excel(query: Query, path: str | Path, options: FrameOptions, neutralise: bool = True) -> Path:
    """Write a query as one sheet of an Excel workbook. Times lose their zone and are in UTC, which Excel cannot hold.

    Raises BadValue for more rows than a sheet, and more characters than a cell has.
    """
    openpyxl = optional.load("openpyxl", extra="excel")

    def fill(file: BinaryIO) -> None:
        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet(query.type_name[:31])
        # A sheet that is left open complains when it is collected.
        with closing(sheet):
            for number, row in enumerate(_rows(query, options)):
                if number > _MOST_ROWS:
                    raise BadValue(f"A sheet of Excel has {_MOST_ROWS} rows, and there are more; write CSV or Parquet.")
                sheet.append([_sheet_cell(value, neutralise) for value in row])
        book.save(file)

    return _written(path, fill)


def _written(path: str | Path, fill: Callable[[BinaryIO], object]) -> Path:
    if not isinstance(path, str | os.PathLike):
        raise BadValue(
            f"A query is written to the path of a file, not to {shown(path)}: files appear whole or not at all. For a "
            "buffer write what to_arrow() or to_pandas() returns."
        )
    place = Path(path).expanduser()
    return write_whole(place.parent, place.name, fill, replace=True)


def _rows(query: Query, options: FrameOptions) -> Iterator[list[Any]]:
    """The names of the columns, and then the rows, page by page."""
    source = reader(query, options)
    yield list(source.schema.names)
    for batch in source:
        columns = [column.to_pylist() for column in batch.columns]
        yield from (list(row) for row in zip(*columns, strict=True))


def _cell(value: Any, neutralise: bool) -> Any:
    if isinstance(value, list):
        value = "; ".join(str(_cell(one, neutralise=False)) for one in value)
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    return without_formula(value) if isinstance(value, str) and neutralise else value


def _sheet_cell(value: Any, neutralise: bool) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, Decimal | date | timedelta) or value is None:
        return value
    text = _cell(value, neutralise)
    illegal = optional.load("openpyxl.cell.cell", extra="excel").ILLEGAL_CHARACTERS_RE
    if not isinstance(text, str):
        return text
    if len(text) > _LONGEST_CELL:
        raise BadValue(
            f"A cell of Excel has {_LONGEST_CELL} characters, and {text[:40]!r}... more; write CSV or Parquet."
        )
    return illegal.sub("", text)
