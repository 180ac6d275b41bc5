"""Upsert against a VersionOne sandbox: values of every kind in texts, names, paths, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas
import pytest

from assetmeta import BadValue, NotExactlyOne, NotFound, ReadOnly, UnknownName, UpsertReport, V1Meta, inspect, sandbox
from assetmeta.core import names
from assetmeta.features import row_sources


@pytest.fixture(scope="module")
def server() -> Iterator[sandbox.Server]:
    with sandbox.running("versionone", assets=150) as running:
        yield running


@pytest.fixture
def v1(server: sandbox.Server) -> Iterator[V1Meta]:
    session = V1Meta(**server.credentials)
    assert session.types
    yield session
    session.close()


def new_stories(v1: V1Meta, number: int) -> list[Any]:
    made = [v1.Story.new(Name=f"Row {place}", Scope="Scope:0") for place in range(number)]
    v1.commit().raise_if_failed()
    return made


def write(folder: Path, text: str) -> Path:
    (folder / "rows.csv").write_text(text, encoding="utf-8")
    return folder / "rows.csv"


def test_texts_of_a_csv_become_values_of_each_kind(v1: V1Meta, server: sandbox.Server, tmp_path: Path) -> None:
    story = v1.Story.where(v1.Story.Timebox.exists()).first()
    iteration = story.Timebox
    role = v1.Member.first().DefaultRole
    ann, bob = (
        v1.Member.new(Name=name, Nickname=name, Username=name, DefaultRole=role) for name in ("Ann Row", "Bob Row")
    )
    v1.commit().raise_if_failed()
    file = write(
        tmp_path,
        "Number,Estimate,Status,Owners,Timebox.Name,IsEstimated,Description\n"
        f"{story.Number}, 0.10 ,In Progress,Ann Row; Bob Row,{iteration.Name},,  kept \n",
    )
    other = V1Meta(**server.credentials)
    assert other.types
    with other.trace() as trace:
        report = other.Story.upsert(file, "Number", columns={"IsEstimated": None})
    assert isinstance(report, UpsertReport)
    assert [] == report.refused
    assert 4 == len(trace) == len(["status", "members", "timebox", "stories"])
    other.commit().raise_if_failed()
    saved = V1Meta(**server.credentials).Story(story.intid)
    assert (Decimal("0.1"), "In Progress") == (saved.Estimate, saved.Status.Name)
    assert ({ann.idref, bob.idref}, iteration.Name) == ({one.idref for one in saved.Owners}, saved.Timebox.Name)
    assert "  kept " == saved.Description
    assert 0 == len(V1Meta(**server.credentials).Story.upsert(file, "Number", columns={"IsEstimated": None}).changed)


def test_a_second_run_in_the_same_session_reads_no_list_again(v1: V1Meta) -> None:
    stories = new_stories(v1, 3)
    rows = [{"Number": story.Number, "Status": "Done"} for story in stories]
    v1.Story.upsert(rows, "Number")
    v1.commit().raise_if_failed()
    with v1.trace() as trace:
        assert 3 == len(v1.Story.upsert(rows, "Number").unchanged)
    assert 1 == len(trace)


def test_keys_are_read_in_chunks_that_share_requests(v1: V1Meta, monkeypatch: pytest.MonkeyPatch) -> None:
    stories = new_stories(v1, 25)
    rows = [{"Number": story.Number, "Estimate": 5} for story in stories]
    monkeypatch.setattr("assetmeta.features.rows.chunk_size", lambda context: 2)
    with v1.trace() as trace:
        assert 25 == len(v1.Story.upsert(rows, "Number").changed)
    # Thirteen chunks; the server takes eight queries in one request.
    assert 2 == len(trace)
    assert 500 == names.chunk_size(v1._context)


def test_a_frame_with_missing_numbers_is_read_as_it_is_meant(v1: V1Meta) -> None:
    stories = new_stories(v1, 2)
    frame = pandas.DataFrame(
        {"Number": [story.Number for story in stories], "Estimate": [3.0, None], "Order": [None, None]}
    )
    report = v1.Story.upsert(frame, "Number", columns={"Order": None})
    assert ([1], [2]) == ([row.number for row in report.changed], [row.number for row in report.unchanged])
    assert Decimal(3) == stories[0].Estimate


def test_dates_of_tables_have_no_zone_and_times_need_one(v1: V1Meta) -> None:
    scope = v1.Scope.new(Name="Rows of dates", Parent="Scope:0", BeginDate=date(2026, 1, 1))
    v1.commit().raise_if_failed()
    fine = {"Name": scope.Name, "BeginDate": pandas.Timestamp("2026-02-01")}
    assert 1 == len(v1.Scope.upsert([fine], "Name").changed)
    v1.revert()
    [refused] = v1.Scope.upsert([{**fine, "BeginDate": "2026-02-01T10:00"}], "Name").refused
    assert "has no time zone" in refused.reason


def test_a_key_that_the_server_gives_is_looked_up_and_never_created(v1: V1Meta) -> None:
    report = v1.Story.upsert([{"Number": "S-9999999", "Name": "x"}, {"Number": "", "Name": "y"}], "Number")
    assert ["no Story has this Number, which the server alone gives", "it has no Number, which is the key"] == [
        row.reason for row in report.refused
    ]
    assert 0 == v1.pending


def test_names_that_are_wrong_refuse_their_rows_alone(v1: V1Meta) -> None:
    stories = new_stories(v1, 3)
    rows = [
        {"Number": stories[0].Number, "Status": "Dne"},
        {"Number": stories[1].Number, "Status": "Done"},
        {"Number": stories[2].Number, "Super": stories[0].idref},
    ]
    report = v1.Story.upsert(rows, "Number")
    assert "there is no StoryStatus 'Dne'" in report.refused[0].reason
    assert "Did you mean Done?" in report.refused[0].reason
    assert "takes assets of type Epic, not the Story" in report.refused[1].reason
    assert [2] == [row.number for row in report.changed]
    assert "row 1 (" in str(report)


def test_edits_that_are_pending_count_as_what_the_asset_has(v1: V1Meta) -> None:
    [story] = new_stories(v1, 1)
    story.Estimate = 8
    assert 1 == len(v1.Story.upsert([{"Number": story.Number, "Estimate": 8}], "Number").unchanged)
    assert 1 == len(v1.Story.upsert([{"Number": story.Number, "Estimate": 9}], "Number").changed)
    assert Decimal(9) == story.Estimate


def test_blanks_around_a_key_do_not_count(v1: V1Meta) -> None:
    [story] = new_stories(v1, 1)
    rows = [{"Number": f" {story.Number} ", "Estimate": 1}]
    assert [story] == [row.asset for row in v1.Story.upsert(rows, "Number").changed]
    with pytest.raises(BadValue, match="in rows 1, 2"):
        v1.Story.upsert([*rows, {"Number": story.Number}], "Number")


def test_the_key_may_be_the_identity(v1: V1Meta) -> None:
    [story] = new_stories(v1, 1)
    report = v1.Story.upsert([{"ID": story.idref, "Estimate": 2}], "ID", missing="skip")
    assert [story.idref] == [row.asset.idref for row in report.changed]


def test_what_breaks_in_the_middle_leaves_what_was_pending(v1: V1Meta, monkeypatch: pytest.MonkeyPatch) -> None:
    stories = new_stories(v1, 3)
    assign, calls = v1._unit.assign_all, []

    def breaking(*given: Any) -> None:
        calls.append(given)
        if len(calls) == 2:
            raise RuntimeError("broken")
        assign(*given)

    for story in stories:
        story.Name = f"{story.Name} of {story.idref}"
    v1.commit().raise_if_failed()
    stories[0].Estimate = 1
    before = [change.oid for change in v1.plan()]
    rows = [{"Name": story.Name, "Estimate": 7} for story in stories]
    fresh = {"Name": "never there", "Scope": "Scope:0", "Estimate": 1}
    monkeypatch.setattr(v1._unit, "assign_all", breaking)
    with pytest.raises(RuntimeError, match="broken"):
        v1.Story.upsert([fresh, *rows], "Name")
    assert before == [change.oid for change in v1.plan()] == [stories[0]._state.oid]
    assert (Decimal(1), 1) == (stories[0].Estimate, v1.pending)
    assert not inspect(stories[1]).pending


WRONG: list[tuple[list[dict[str, Any]], dict[str, Any], type[Exception], str]] = [
    ([{"Number": 1, "CreateDate": 2}], {}, ReadOnly, r"columns=\{'CreateDate': None\}"),
    ([{"Number": 1, "Super.Scope.Name": 2}], {}, BadValue, "cannot be written"),
    ([{"Number": 1, "Super.Scope": 2}], {}, BadValue, "cannot be written"),
    ([{"Number": 1, "Owners.@Count": 2}], {}, BadValue, "cannot be written"),
    ([{"Number": 1, "Super": 2, "Super.Number": 2}], {}, BadValue, "Several columns are Story.Super"),
    ([{"Number": 1, "Nam": 2}], {}, UnknownName, "'Nam'.*Did you mean Name"),
    ([{"Number": 1, "Owners[": 2}], {}, UnknownName, r"'Owners\['"),
    ([{"Name": 1}], {}, BadValue, "no column for the key Number, only Name"),
    ([{"Number": "S-1"}, {"Number": "S-1"}], {}, BadValue, "Story.Number is the key, .* S-1 in rows 1, 2"),
    ([{"Number": 1}], {"columns": {"Nmber": "Number"}}, BadValue, "names Nmber, .* Did you mean Number"),
    ([{"Number": 1}], {"missing": "update"}, BadValue, "missing= is one of 'create', 'skip', 'error'"),
    ([{"Number": 1}], {"empty": True}, BadValue, "empty= is one of"),
    ([{"Owners": 1}], {"key": "Owners"}, BadValue, "holds several values and cannot be the key"),
    ([{"Nmber": 1}], {"key": "Nmber"}, UnknownName, "Did you mean Number"),
]


@pytest.mark.parametrize(("rows", "options", "error", "why"), WRONG, ids=[one[3] for one in WRONG])
def test_what_cannot_work_is_refused_and_nothing_is_sent(
    v1: V1Meta, rows: list[dict[str, Any]], options: dict[str, Any], error: type[Exception], why: str
) -> None:
    with v1.trace() as trace, pytest.raises(error, match=why) as caught:
        v1.Story.upsert(rows, **{"key": "Number", **options})
    assert (0, 0) == (len(trace), v1.pending)
    assert (None if "= is one of" in why else "Story") == caught.value.type_name
    assert (caught.value.attribute is None) is ("columns" in options or "= is one of" in why)


def test_an_error_says_which_attribute_of_which_type_it_is_about(v1: V1Meta) -> None:
    double = [{"Name": f"n{number}"} for number in (*range(12), *range(12))]
    for rows, key in (([{"Name": 1}], "Number"), (double, "Name")):
        with pytest.raises(BadValue) as caught:
            v1.Story.upsert(rows, key)
        assert ("Story", key) == (caught.value.type_name, caught.value.attribute)
    # Ten of the twelve.
    assert "n9 in rows 10, 22" in str(caught.value) and "n10" not in str(caught.value)


def test_the_first_cell_that_is_wrong_is_the_reason(v1: V1Meta) -> None:
    [story] = new_stories(v1, 1)
    rows = [{"Number": story.Number, "Estimate": "many", "Order": "x", "Super": story.idref}]
    [refused] = v1.Story.upsert(rows, "Number").refused
    assert "Estimate" in refused.reason and "Super" not in refused.reason


def test_cells_that_cannot_be_keys_refuse_their_rows(v1: V1Meta) -> None:
    [story] = new_stories(v1, 1)
    rows = [{"ID": "Story"}, {"ID": story.idref}, {"ID": ["x"]}, {"ID": "Epic:1"}]
    with v1.trace() as trace:
        report = v1.Story.upsert(rows, "ID", missing="skip")
    assert ([1, 3, 4], [2]) == ([row.number for row in report.refused], [row.number for row in report.unchanged])
    assert all(row.reason for row in report.refused)
    assert 1 == len(trace)
    report = v1.Scope.upsert([{"Name": {"a": 1}, "Parent": "Scope:0"}, {"Name": [], "Parent": "Scope:0"}], "Name")
    assert 2 == len(report.refused)


def test_nothing_is_cleared_in_what_is_new(v1: V1Meta) -> None:
    [story] = new_stories(v1, 1)
    rows = [{"Name": "Cleared", "Scope": "Scope:0", "Estimate": "", "Owners": ""}]
    [created] = v1.Story.upsert(rows, "Name", empty="clear").created
    assert ("Name", "Scope") == tuple(name for name in created.attributes if name != "Owners")
    v1.revert()
    # Left out of what is there, unless it is to be cleared.
    rows = [{"Number": story.Number, "Estimate": "", "Owners": " "}]
    for empty in ("leave", "clear"):
        assert 1 == len(v1.Story.upsert(rows, "Number", empty=empty).unchanged)
    story.Estimate = 3
    [cleared] = v1.Story.upsert(rows, "Number", empty="clear").changed
    assert (("Estimate",), None) == (cleared.attributes, story.Estimate)


def test_keys_that_several_assets_have_are_named_with_them(v1: V1Meta) -> None:
    twins = [v1.Story.new(Name=f"Twin {name}", Scope="Scope:0") for name in "aabbc"]
    v1.commit().raise_if_failed()
    with pytest.raises(NotExactlyOne) as caught:
        v1.Story.upsert([{"Name": f"Twin {name}", "Estimate": 1} for name in "abcd"], "Name")
    a, b = (f"Twin {name} ({one.idref}, {two.idref})" for name, one, two in (("a", *twins[:2]), ("b", *twins[2:4])))
    assert f"{a}; {b}. Use a key" in str(caught.value)
    assert ("Story", "Name", 0) == (caught.value.type_name, caught.value.attribute, v1.pending)


def test_keys_that_no_asset_has_are_named_with_their_rows(v1: V1Meta) -> None:
    [story] = new_stories(v1, 1)
    rows = [{"Number": "S-999991"}, {"Number": story.Number, "Estimate": 3}, {"Number": "S-999992"}]
    with pytest.raises(NotFound, match=r"of 2 rows: S-999991 \(row 1\), S-999992 \(row 3\)\.") as caught:
        v1.Story.upsert(rows, "Number", missing="error")
    assert ("Story", "Number", 0) == (caught.value.type_name, caught.value.attribute, v1.pending)
    report = v1.Story.upsert(rows, "Number", missing="skip")
    assert ([1, 3], [2]) == ([row.number for row in report.missing], [row.number for row in report.changed])
    many = [{"Number": f"S-99{number:04}"} for number in range(12)]
    with pytest.raises(NotFound, match=r"S-990009 \(row 10\) and 2 more\.") as caught:
        v1.Story.upsert(many, "Number", missing="error")


def test_cells_with_several_values(v1: V1Meta) -> None:
    [story] = new_stories(v1, 1)
    members = [one.idref for one in v1.Member.select("Name").page(2)]
    for cell in (
        members,
        tuple(members),
        set(members),
        "; ".join(members),
        f" {members[0]};{members[1]} ;{members[0]}",
    ):
        [changed] = v1.Story.upsert([{"Number": story.Number, "Owners": cell}], "Number").changed
        assert set(members) == {one.idref for one in changed.asset.Owners}
        v1.revert()
    [changed] = v1.Story.upsert([{"Number": story.Number, "Owners": v1.Member(20)}], "Number").changed
    assert ["Member:20"] == [one.idref for one in changed.asset.Owners]
    # A value of one attribute is no list.
    [changed] = v1.Story.upsert([{"Number": story.Number, "Reference": "a;b"}], "Number").changed
    assert "a;b" == changed.asset.Reference


def test_an_abstract_type_is_changed_and_not_created(v1: V1Meta) -> None:
    [story] = new_stories(v1, 1)
    rows = [{"Number": story.Number, "Estimate": 5}]
    with pytest.raises(BadValue, match="abstract"):
        v1.PrimaryWorkitem.upsert(rows, "Number")
    report = v1.PrimaryWorkitem.upsert(rows, "Number", missing="skip")
    assert [story] == [row.asset for row in report.changed]


def test_no_rows_send_nothing(v1: V1Meta) -> None:
    with v1.trace() as trace:
        report = v1.Story.upsert([], "Number")
    assert (0, 0, "<Upsert of Story by Number: no rows>") == (len(trace), len(report), repr(report))


def test_a_list_type_takes_new_names(v1: V1Meta) -> None:
    report = v1.StoryStatus.upsert([{"Name": "Done"}, {"Name": "Brand new"}], "Name")
    assert ([1], [2]) == ([row.number for row in report.unchanged], [row.number for row in report.created])


def test_the_formats_that_are_read_are_named(v1: V1Meta) -> None:
    with pytest.raises(BadValue, match=r"\.csv, \.tsv, \.jsonl, \.ndjson, \.json, \.parquet, \.xlsx"):
        v1.Story.upsert("rows.txt", "Number")
    assert callable(row_sources.read_rows)
