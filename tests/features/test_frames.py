"""Queries as frames and files: typed columns from the schema, page by page, the same in every form and dialect."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import narwhals
import openpyxl
import pandas
import polars
import pyarrow
import pyarrow.parquet
import pytest

from assetmeta import BadValue, TestspaceMeta, Unsupported, V1Meta, ValispaceMeta, ValohaiMeta, to_arrow
from assetmeta.features import exports, frames
from assetmeta.model.texts import Hidden
from assetmeta.sandbox import Server

SYSTEMS: dict[str, Any] = {
    "versionone": V1Meta,
    "valispace": ValispaceMeta,
    "valohai": ValohaiMeta,
    "testspace": TestspaceMeta,
}
QUERIES = {
    "versionone": ("Story", ["Number", "Name", "Estimate", "CreateDate", "IsClosed", "Scope", "Scope.Name", "Owners"]),
    "valispace": ("Vali", ["id", "name", "value", "parent", "project.name"]),
    "valohai": ("Execution", ["id", "counter", "status", "ctime", "duration", "project", "project.name"]),
    "testspace": ("Result", ["id", "name", "created_at", "space.name", "case_counts"]),
}
ODD = ["plain", 'quo"te', "two\nlines", "comma, semicolon; tab\t", "=1+1", "@cmd", "émoji 🚀", "'apostrophe"]


@pytest.fixture
def v1(versionone_sandbox_shared: Server) -> Iterator[V1Meta]:
    with V1Meta(**versionone_sandbox_shared.credentials) as session:
        yield session


@pytest.fixture(params=sorted(SYSTEMS))
def query(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A query of some thirty assets of each dialect."""
    server: Server = request.getfixturevalue(f"{request.param}_sandbox_shared")
    type_name, names = QUERIES[request.param]
    with SYSTEMS[request.param](**server.credentials) as session:
        kind = session.schema.types[type_name]
        own = [name for name in names if name.split(".")[0] in kind.attributes]
        assert len(own) >= 4
        yield session.query(type_name).select(*own).page(30)


@pytest.fixture
def odd(versionone_sandbox: Server) -> Iterator[Any]:
    """Stories with names that break careless writers, none of them estimated but one."""
    with V1Meta(**versionone_sandbox.credentials) as session:
        for name in ODD:
            session.Story.create(Name=name, Scope=session.Scope(0))
        session.Story.create(Name="estimated", Scope=session.Scope(0), Estimate="2.5", Owners=[session.Member(20)])
        yield session.Story.select("Name", "Estimate", "Owners.Name").sort("Number")


def test_every_form_has_the_same_rows(query: Any, tmp_path: Path) -> None:
    table = query.to_arrow()
    rows = table.to_pylist()
    assert len(rows) == len(query.all()) > 3
    assert table.schema.names == [str(path) for path in query.selected]

    assert pyarrow.table(query).to_pylist() == rows
    assert query.to_polars().to_dicts() == polars.from_arrow(table).to_dicts()
    assert len(query.to_pandas()) == len(rows)
    assert list(query.to_pandas().columns) == table.schema.names
    assert narwhals.from_native(query.to_polars()).shape == (len(rows), len(table.schema.names))
    stories = query  # noqa: F841 - DuckDB finds it by its name
    assert duckdb.sql("select count(*) from stories").fetchall() == [(len(rows),)]
    assert pyarrow.parquet.read_table(query.to_parquet(tmp_path / "x.parquet")).to_pylist() == rows
    for write in (query.to_csv, query.to_jsonl, query.to_parquet, query.to_excel):
        with pytest.raises(BadValue, match=r"is written to the path of a file, not to <_io.StringIO .*to_pandas\(\)"):
            write(io.StringIO())  # type: ignore[arg-type]
    with query.to_csv(tmp_path / "x.csv").open(encoding="utf-8", newline="") as file:
        assert [len(row) for row in csv.reader(file)] == [len(table.schema.names)] * (len(rows) + 1)
    lines = query.to_jsonl(tmp_path / "x.jsonl").read_text(encoding="utf-8").splitlines()
    assert [list(json.loads(line)) for line in lines] == [table.schema.names] * len(rows)
    sheet = openpyxl.load_workbook(query.to_excel(tmp_path / "x.xlsx")).active
    assert sheet.max_row == len(rows) + 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.csv", "x.jsonl", "x.parquet", "x.xlsx"]
    assert to_arrow(query.all(), *table.schema.names).to_pylist() == rows


def test_types_come_from_the_schema_and_nothing_is_sent_for_them(v1: V1Meta) -> None:
    query = v1.Story.select(*QUERIES["versionone"][1], "Status.Name", "AssetState", "Subs.@Count")
    before = len(v1.ledger)
    reader = pyarrow.RecordBatchReader.from_stream(query)
    assert [str(field.type) for field in reader.schema] == [
        "string", "string", "decimal128(38, 9)", "timestamp[us, tz=UTC]", "bool", "int64", "string",
        "list<item: int64>", "string", "dictionary<values=string, indices=int32, ordered=0>", "int64",
    ]  # fmt: skip
    assert len(v1.ledger) == before
    batch = reader.read_next_batch()
    assert batch.num_rows > 10
    assert len(v1.ledger) == before + 1
    row = next(row for row in batch.to_pylist() if row["Estimate"] is not None)
    assert isinstance(row["Estimate"], Decimal)
    assert isinstance(row["CreateDate"], dt.datetime)
    assert row["AssetState"] in ("Active", "Closed", "Future")


def test_all_basic_attributes_when_nothing_is_selected(v1: V1Meta) -> None:
    table = v1.query("Story").page(2).to_arrow()
    assert tuple(table.schema.names) == v1.schema.types["Story"].basic


def test_pages_are_batches(versionone_sandbox_shared: Server) -> None:
    with V1Meta(**versionone_sandbox_shared.credentials, page_size=20) as session:
        reader = pyarrow.RecordBatchReader.from_stream(session.Story.select("Name"))
        assert reader.read_next_batch().num_rows == 20
        assert sum(batch.num_rows for batch in reader) + 20 == session.Story.count()


def test_an_empty_result_has_its_columns(v1: V1Meta, tmp_path: Path) -> None:
    nothing = v1.Story.where(Name="nobody is called so").select("Name", "Owners")
    assert nothing.to_arrow().num_rows == 0
    assert nothing.to_arrow().schema.names == ["Name", "Owners"]
    assert nothing.to_csv(tmp_path / "none.csv").read_text(encoding="utf-8").split() == ["Name,Owners"]
    assert list(nothing.to_pandas().columns) == ["Name", "Owners"]


def test_nulls_several_values_and_odd_texts(odd: Any, tmp_path: Path) -> None:
    rows = odd.to_arrow().to_pylist()
    assert [row["Name"] for row in rows] == [*ODD, "estimated"]
    assert [row["Estimate"] for row in rows] == [None] * len(ODD) + [Decimal("2.5")]
    assert [row["Owners.Name"] for row in rows] == [[]] * len(ODD) + [["Administrator"]]

    exploded = odd.to_arrow(explode="Owners.Name")
    assert [row["Owners.Name"] for row in exploded.to_pylist()] == [None] * len(ODD) + ["Administrator"]
    assert odd.to_arrow(decimals="float").to_pylist()[-1]["Estimate"] == 2.5

    with odd.to_csv(tmp_path / "odd.csv").open(encoding="utf-8", newline="") as file:
        names = [row[0] for row in csv.reader(file)][1:]
    assert names == [f"'{name}" if name[0] in "=@" else name for name in ODD] + ["estimated"]
    with odd.to_csv(tmp_path / "raw.csv", neutralise=False).open(encoding="utf-8", newline="") as file:
        assert [row[0] for row in csv.reader(file)][1:-1] == ODD
    lines = odd.to_jsonl(tmp_path / "odd.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["Name"] for line in lines] == [*ODD, "estimated"]
    assert json.loads(lines[-1])["Estimate"] == 2.5
    sheet = openpyxl.load_workbook(odd.to_excel(tmp_path / "odd.xlsx")).active
    assert [cell.value for cell in sheet["A"]][1:] == names
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_a_text_that_a_cell_of_excel_would_cut_is_refused(versionone_sandbox: Server, tmp_path: Path) -> None:
    with V1Meta(**versionone_sandbox.credentials) as session:
        session.Story.create(Name="long", Scope=session.Scope(0), Description="x" * 32_768)
        query = session.Story.where(Name="long").select("Description")
        with pytest.raises(BadValue, match="32767 characters"):
            query.to_excel(tmp_path / "long.xlsx")
        assert list(tmp_path.iterdir()) == []
        assert len(query.to_csv(tmp_path / "long.csv").read_text(encoding="utf-8").splitlines()[1]) == 32_768


def test_more_rows_than_a_sheet_has_are_refused(v1: V1Meta, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    query = v1.Story.select("Name").sort("ID")[:3]
    monkeypatch.setattr(exports, "_MOST_ROWS", 3)
    assert query.to_excel(tmp_path / "all.xlsx").exists()
    monkeypatch.setattr(exports, "_MOST_ROWS", 2)
    with pytest.raises(BadValue, match="A sheet of Excel has 2 rows"):
        query.to_excel(tmp_path / "more.xlsx")
    assert ["all.xlsx"] == [path.name for path in tmp_path.iterdir()]


def test_texts_without_markup(versionone_sandbox: Server) -> None:
    with V1Meta(**versionone_sandbox.credentials) as session:
        session.Story.create(Name="a", Scope=session.Scope(0), Description="<p>one <b>two</b></p>")
        query = session.Story.select("Description")
        assert query.to_arrow().to_pylist() == [{"Description": "<p>one <b>two</b></p>"}]
        assert query.to_arrow(plain=True).to_pylist() == [{"Description": "one two"}]


def test_only_values_of_its_own_kind_are_in_a_column() -> None:
    for value in (dt.datetime(2026, 1, 1), dt.date(2026, 1, 1), dt.timedelta(1)):
        kind = type(value)
        assert value == frames._same(kind)(value)
        with pytest.raises(TypeError, match=f"'x' is no {kind.__name__}"):
            frames._same(kind)("x")
    for number in (-(2**63), 2**63 - 1):
        assert number == frames._whole(number)
    for number in (-(2**63) - 1, 2**63):
        with pytest.raises(ValueError, match="larger than whole numbers"):
            frames._whole(number)
    for text in ("9" * 29, "-" + "9" * 29 + ".1", "0.000000001", "0", "1.0000000010"):
        assert Decimal(text) == frames._exact(text)
    for text in ("1" + "0" * 29, "0.0000000001", "nan", "inf"):
        with pytest.raises(ValueError, match="more than 29 digits before the point, or 9 after"):
            frames._exact(text)


def test_texts_of_cells() -> None:
    class Pair(NamedTuple):
        name: str
        number: Decimal

    found = [
        frames._text(each, plain=False)
        for each in (Hidden("x"), "ü", {"a": "ü"}, ["ü"], (1,), Pair("a", Decimal(1)), 5)
    ]
    assert [None, "ü", '{"a": "ü"}', '["ü"]', "[1]", '{"name": "a", "number": "1"}', "5"] == found


def test_a_value_that_does_not_fit_names_its_attribute(versionone_sandbox: Server) -> None:
    with V1Meta(**versionone_sandbox.credentials) as session:
        session.Story.create(Name="a", Scope=session.Scope(0), Estimate="1e31")
        query = session.Story.select("Estimate")
        with pytest.raises(BadValue, match=r'Story\.Estimate does not fit .* decimals="float"'):
            query.to_arrow()
        assert query.to_arrow(decimals="float").to_pylist()[0]["Estimate"] == 1e31


def test_a_file_appears_whole_or_not_at_all(versionone_sandbox: Server, tmp_path: Path) -> None:
    with V1Meta(**versionone_sandbox.credentials) as session:
        session.Story.create(Name="a", Scope=session.Scope(0), Estimate="1e31")
        (tmp_path / "x.csv").write_text("before", encoding="utf-8")
        with pytest.raises(BadValue):
            session.Story.select("Estimate").to_csv(tmp_path / "x.csv")
        assert [path.read_text(encoding="utf-8") for path in tmp_path.iterdir()] == ["before"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"decimals": "double"}, "decimal, float"),
        ({"explode": "Name"}, "several values"),
        ({"explode": "Nmae"}, "Nmae"),
        ({"explode": 3}, "names of columns, not 3"),
    ],
)
def test_options_that_cannot_work_are_refused_unsent(v1: V1Meta, options: dict[str, Any], words: str) -> None:
    query = v1.Story.select("Name", "Owners")
    before = len(v1.ledger)
    with pytest.raises(BadValue, match=words):
        query.to_arrow(**options)
    assert len(v1.ledger) == before


def test_lists_of_assets(v1: V1Meta) -> None:
    stories = [v1.Story(story.intid) for story in v1.Story.select().page(5)]
    assert to_arrow(stories, "Name", "Scope.Name").num_rows == 5
    with pytest.raises(BadValue, match="without any"):
        to_arrow([])
    with pytest.raises(BadValue, match="one type"):
        to_arrow([stories[0], v1.Member(20)])
    for wrong in (5, "Story", [stories[0], "Story:5"]):
        with pytest.raises(BadValue, match="takes assets, not"):
            to_arrow(wrong, "Name")  # type: ignore[arg-type]
    assert to_arrow(stories[0], "Name").num_rows == 1  # type: ignore[arg-type]
    described = v1.Story.where(v1.Story.Description.exists()).select("Description").page(5)
    table = to_arrow(list(described), "Description")
    assert table == described.to_arrow() and "<" in str(table.to_pylist())
    assert "<" not in str(to_arrow(list(described), "Description", plain=True).to_pylist())


def test_columns_that_are_exploded(v1: V1Meta) -> None:
    query = v1.Story.select("Name", "Owners", "Goals")
    once = query.to_arrow(explode=["Owners", "Goals"]).to_pylist()
    pairs = {
        (row["Name"], tuple(row["Owners"] or [None]), tuple(row["Goals"] or [None]))
        for row in query.to_arrow().to_pylist()
    }
    assert {(row["Name"], row["Owners"], row["Goals"]) for row in once} == {
        (name, owner, goal) for name, owners, goals in pairs for owner in owners for goal in goals
    }
    assert query.to_arrow(explode=["Owners", "Goals", "Owners"]).to_pylist() == once


def test_an_asset_as_plain_values(v1: V1Meta) -> None:
    story = v1.Story.select("Name", "Estimate", "CreateDate", "Owners", "Super", "AssetState").first()
    before = len(v1.ledger)
    values = json.loads(json.dumps(story.to_dict()))
    assert set(values) >= {"Name", "Estimate", "CreateDate", "Owners"}
    assert all(token.startswith("Member:") for token in values["Owners"])
    assert len(v1.ledger) == before


def test_a_round_trip_by_upsert_changes_nothing(v1: V1Meta) -> None:
    frame = v1.Story.select("Number", "Name", "Estimate").page(20).to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    report = v1.Story.upsert(frame, key="Number", missing="error")
    assert v1.pending == 0
    assert len(report.unchanged) == 20


def test_history_as_a_frame_takes_as_few_requests_as_the_moments(v1: V1Meta) -> None:
    v1.types
    before = len(v1.ledger)
    frame = v1.Story.query().history_frame(
        "Status.Name", "Estimate", start=dt.date(2025, 1, 6), end=dt.date(2025, 4, 7)
    )
    assert len(v1.ledger) - before == 2
    assert list(frame.columns) == ["AsOf", "Story", "Status.Name", "Estimate"]
    days = sorted({moment.date() for moment in frame["AsOf"]})
    assert len(days) > 5
    assert all((day - dt.date(2025, 1, 6)).days % 7 == 0 for day in days)
    for day in (days[0], days[-1]):
        expected = sorted((story.intid, story.Estimate) for story in v1.Story.select("Estimate").asof(day))
        rows = frame[frame["AsOf"].dt.date == day]
        assert sorted(rows["Story"]) == [key for key, _ in expected]


def test_months_end_where_they_are_shorter(v1: V1Meta) -> None:
    frame = v1.Story.query().history_frame("Name", start=dt.date(2025, 1, 31), end=dt.date(2025, 4, 30), every="month")
    assert {(moment.month, moment.day) for moment in frame["AsOf"]} <= {(1, 31), (2, 28), (3, 31), (4, 30)}
    assert len({moment.month for moment in frame["AsOf"]}) > 1


def test_moments_end_with_the_last_day_that_there_is(v1: V1Meta) -> None:
    frame = v1.Story.page(1).history_frame("Name", start=dt.date(9999, 11, 1), end=dt.date.max, every="month")
    assert [(moment.year, moment.month) for moment in frame["AsOf"]] == [(9999, 11), (9999, 12)]


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet", "excel"])
def test_files_say_how_far_they_are_and_count_once(v1: V1Meta, tmp_path: Path, form: str) -> None:
    query = v1.Story.select("Name").page(size=25)
    seen: list[tuple[int, int | None, str]] = []
    plain = len(v1.ledger)
    getattr(query, f"to_{form}")(tmp_path / "plain")
    before = len(v1.ledger)
    getattr(query, f"to_{form}")(tmp_path / "shown", progress=lambda *now: seen.append(now))
    assert seen[0] == (0, 25, "read Story")
    assert seen[-1] == (25, 25, "read Story")
    assert len(v1.ledger) - before == before - plain + 1
    with pytest.raises(BadValue, match="progress="):
        getattr(query, f"to_{form}")(tmp_path / "never", progress="yes")
    assert not (tmp_path / "never").exists()


def test_days_and_times_of_a_history_may_be_iso_text(v1: V1Meta) -> None:
    query = v1.Story.where(AssetState="Active")
    frame = query.history_frame("Estimate", start="2025-01-06", end="2025-01-20")
    assert frame.equals(query.history_frame("Estimate", start=dt.date(2025, 1, 6), end=dt.date(2025, 1, 20)))
    assert len(frame["AsOf"].unique()) == 3
    with pytest.raises(BadValue, match="from a day or time to another .*not 'January'"):
        query.history_frame("Estimate", start="January", end="2025-01-20")


def test_keys_and_booleans_in_pandas_stay_what_they_are_beside_empty_cells(v1: V1Meta) -> None:
    frame = v1.Story.select("Status", "IsDeleted").to_pandas()
    assert {"Status": "Int64", "IsDeleted": "boolean"} == frame.dtypes.astype(str).to_dict()
    assert frame["Status"].isna().any()
    found = [story.Status for story in v1.Story.select("Status")]
    keys = {None if status is None else status.intid for status in found}
    assert keys == {None if one is pandas.NA else one for one in frame["Status"]}
    assert "Int64" == str(v1.Story.where(Name="there is none").select("Status").to_pandas()["Status"].dtype)


@pytest.mark.parametrize(
    "times",
    [
        {"start": dt.date(2025, 2, 1), "end": dt.date(2025, 1, 1)},
        {"start": dt.date(2025, 1, 1), "end": dt.date(2025, 2, 1), "every": "fortnight"},
        {"start": dt.date(2025, 1, 1), "end": dt.date(2025, 2, 1), "every": dt.timedelta(0)},
        {"start": dt.date(2025, 1, 1), "end": dt.datetime(2025, 2, 1, tzinfo=dt.UTC)},
        {"start": "2025-01-01", "end": "2025-02-30"},
        {"start": "January", "end": "2025-02-01"},
        {"start": 20250101, "end": 20250201},
        {"start": dt.date(2025, 1, 1), "end": dt.date(2025, 2, 1), "every": ["day"]},
        {"start": dt.datetime(2025, 1, 1, tzinfo=dt.UTC), "end": dt.datetime(2025, 2, 1)},
    ],
)
def test_times_that_make_no_moments_are_refused_unsent(v1: V1Meta, times: dict[str, Any]) -> None:
    v1.types
    before = len(v1.ledger)
    with pytest.raises(BadValue):
        v1.Story.query().history_frame("Name", **times)
    assert len(v1.ledger) == before


def test_where_the_past_is_not_kept_there_is_no_history(valohai_sandbox_shared: Server) -> None:
    with ValohaiMeta(**valohai_sandbox_shared.credentials) as vh, pytest.raises(Unsupported):
        vh.Execution.query().history_frame("status", start=dt.date(2025, 1, 1), end=dt.date(2025, 2, 1))


def test_a_type_is_a_frame_of_all_its_assets(v1: V1Meta, tmp_path: Path) -> None:
    assert v1.Member.to_arrow().num_rows == v1.Member.count() > 3
    assert len(v1.Member.to_pandas()) == v1.Member.count()
    assert v1.Member.to_csv(tmp_path / "members.csv").exists()
    assert "DataFrame" in (v1.Member.to_pandas.__doc__ or "")


def test_parts_of_values_are_columns_of_their_own(testspace_sandbox_shared: Server) -> None:
    with TestspaceMeta(**testspace_sandbox_shared.credentials) as ts:
        space = ts.Space.first()
        query = ts.Result.where(space=space).select("case_counts.failed", "health.state", "case_counts", "name")
        table = query.to_arrow()
        assert [str(one) for one in table.schema.types] == ["int64", "string", "string", "string"]
        assert table.column("case_counts.failed").to_pylist() == [one.case_counts.failed for one in space.results]
        assert table.column("health.state").to_pylist() == [
            one.health.state if one.health else None for one in space.results
        ]
        assert table.num_rows
        spaces = ts.Space.where(project=space.project).select("name", "latest_result_set.case_counts.failed")
        latest = [one.latest_result_set.case_counts.failed for one in spaces if one.latest_result_set]
        column = spaces.to_arrow().column("latest_result_set.case_counts.failed").to_pylist()
        assert [one for one in column if one is not None] == latest
        assert latest
