"""Rows from mappings, frames and files come out the same, and what is no table is refused with its place."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy
import openpyxl
import pandas
import polars
import pyarrow
import pyarrow.parquet
import pytest

from assetmeta.features.row_sources import is_empty, plain_cell, read_rows
from assetmeta.model.errors import BadValue, Unsupported

COLUMNS = ["Name", "Points", "Due"]
ROWS = [["first", 3, date(2026, 3, 1)], ["second", None, None], ["third; with, marks\nand lines", 5, date(2026, 4, 1)]]


def mappings(folder: Path) -> Any:
    return [dict(zip(COLUMNS, row, strict=True)) for row in ROWS]


def in_pandas(folder: Path) -> Any:
    frame = pandas.DataFrame(ROWS, columns=COLUMNS)
    frame["Due"] = pandas.to_datetime(frame["Due"])
    return frame


def in_polars(folder: Path) -> Any:
    return polars.DataFrame(ROWS, schema=COLUMNS, orient="row")


def in_arrow(folder: Path) -> Any:
    return pyarrow.Table.from_pylist(mappings(folder))


def in_parquet(folder: Path) -> Any:
    pyarrow.parquet.write_table(in_arrow(folder), folder / "rows.parquet")
    return folder / "rows.parquet"


def in_excel(folder: Path) -> Any:
    book = openpyxl.Workbook()
    for row in [COLUMNS, *ROWS]:
        book.active.append(row)
    book.save(folder / "rows.xlsx")
    return folder / "rows.xlsx"


SOURCES: list[Callable[[Path], Any]] = [mappings, in_pandas, in_polars, in_arrow, in_parquet, in_excel]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.__name__)
def test_typed_sources_hold_the_same_rows(source: Callable[[Path], Any], tmp_path: Path) -> None:
    found = read_rows(source(tmp_path))
    assert tuple(COLUMNS) == found.columns
    assert [1, 2, 3] == [row.number for row in found.rows]
    cells = [[None if is_empty(cell) else plain_cell(cell) for cell in row.cells.values()] for row in found.rows]
    assert ROWS == cells


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "with a byte order mark"])
def test_csv_holds_texts_whatever_separates_them(tmp_path: Path, delimiter: str, mark: str) -> None:
    file = tmp_path / "rows.csv"
    lines = [["Name", "Points"], ["first", "3"], ["", ""], ['"second\nline"', ""], ["third"]]
    file.write_text(mark + "\r\n".join(delimiter.join(line) for line in lines), encoding="utf-8", newline="")
    found = read_rows(str(file))
    assert ("Name", "Points") == found.columns
    assert [(1, "first"), (3, "second\nline"), (4, "third")] == [(row.number, row.cells["Name"]) for row in found.rows]
    assert "Points" not in found.rows[2].cells


def test_a_row_that_is_longer_than_the_header_has_a_problem(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("Name,Points\nDoe, John,5\nfine,1,\n")
    assert ["it has 3 cells, and the header has 2", ""] == [row.problem for row in read_rows(file).rows]


def test_json_lines_and_documents_keep_numbers_exact(tmp_path: Path) -> None:
    rows = '{"Name": "a", "Estimate": 0.10}'
    for name, text in (("rows.jsonl", f"{rows}\n\n{rows}\n"), ("rows.json", f"[{rows}, {rows}]")):
        (tmp_path / name).write_text(text)
        assert [Decimal("0.10")] * 2 == [row.cells["Estimate"] for row in read_rows(tmp_path / name).rows]


def test_columns_of_mappings_are_those_of_all_rows() -> None:
    found = read_rows(iter([{"a": 1}, {"b": 2, "a": None}, {"a": None}]))
    assert (("a", "b"), [1, 2]) == (found.columns, [row.number for row in found.rows])


WRONG_FILES = {
    "rows.csv": (b"", "is empty"),
    "latin.csv": ("Name\nZoë".encode("latin-1"), "is not UTF-8 text"),
    "twice.csv": (b"Name,Points,Name\n1,2,3", "several columns are called 'Name'"),
    "nameless.csv": (b"Name,,Points\n1,2,3", "column without a name"),
    "rows.jsonl": (b'{"a": 1}\n{"a": ', "line 2: this is not JSON"),
    "list.jsonl": (b"[1]", "Row 1 is not a mapping"),
    "rows.json": (b'{"a": 1}', "is not a list of objects"),
    "rows.parquet": (b"PAR1", "cannot be read as Parquet"),
    "rows.xlsx": (b"PK", "cannot be read as an Excel workbook"),
    "rows.doc": (b"", r"files that end in \.csv"),
}


@pytest.mark.parametrize("name", WRONG_FILES)
def test_a_file_that_is_no_table_is_refused_by_its_name(tmp_path: Path, name: str) -> None:
    content, why = WRONG_FILES[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadValue, match=why) as refused:
        read_rows(tmp_path / name)
    assert name in str(refused.value) or "Row 1" in str(refused.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadValue, match=r"none\.csv cannot be read: No such file"):
        read_rows(tmp_path / "none.csv")


def test_an_error_without_a_number_keeps_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: object, **named: object) -> None:
        raise OSError("odd")

    monkeypatch.setattr(Path, "open", fail)
    with pytest.raises(BadValue, match=r"rows\.csv cannot be read: odd\."):
        read_rows(tmp_path / "rows.csv")


NO_SOURCES = {
    "number": 5,
    "mapping": {"Name": "x"},
    "texts": ["x"],
    "keys": [{1: "x"}],
    "lazy": polars.DataFrame({"a": [1]}).lazy(),
}


@pytest.mark.parametrize("source", NO_SOURCES.values(), ids=NO_SOURCES)
def test_what_is_no_source_of_rows_is_refused(source: Any) -> None:
    with pytest.raises(BadValue):
        read_rows(source)


EMPTY = [
    None,
    "",
    " \t",
    math.nan,
    Decimal("nan"),
    pandas.NA,
    pandas.NaT,
    numpy.float64("nan"),
    numpy.datetime64("NaT"),
    [],
]


@pytest.mark.parametrize("cell", EMPTY, ids=repr)
def test_an_empty_cell(cell: object) -> None:
    assert is_empty(cell)


@pytest.mark.parametrize("cell", [0, False, "0", 0.0, "nan", [None]], ids=repr)
def test_a_cell_that_is_not_empty(cell: object) -> None:
    assert not is_empty(cell)


CELLS = [
    (3.0, 3),
    (numpy.float64(2.5), 2.5),
    (numpy.int64(7), 7),
    (pandas.Timestamp("2026-03-01"), date(2026, 3, 1)),
    (datetime(2026, 3, 1, 12), datetime(2026, 3, 1, 12)),
    (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)),
    ("3.0", "3.0"),
    (True, True),
]


@pytest.mark.parametrize(("cell", "value"), CELLS, ids=repr)
def test_a_cell_becomes_what_python_has(cell: object, value: object) -> None:
    found = plain_cell(cell)
    assert (value, type(value)) == (found, type(found))


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for module, extra, source in (
        ("narwhals", "frames", in_polars(tmp_path)),
        ("pyarrow", "arrow", in_parquet(tmp_path)),
        ("openpyxl", "excel", in_excel(tmp_path)),
    ):
        with monkeypatch.context() as patch:
            patch.setitem(__import__("sys").modules, module, None)
            with pytest.raises(Unsupported, match=rf'pip install "assetmeta\[{extra}\]"'):
                read_rows(source)


def test_json_reads_what_json_writes(tmp_path: Path) -> None:
    (tmp_path / "rows.ndjson").write_text("\n".join(json.dumps({"Name": name}) for name in ("a", "ß")))
    assert ["a", "ß"] == [row.cells["Name"] for row in read_rows(tmp_path / "rows.ndjson").rows]
