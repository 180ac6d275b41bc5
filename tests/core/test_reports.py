"""Reports of commits and of rows: what they count, and how much of it they print."""

from __future__ import annotations

import pytest
from IPython.lib.pretty import pretty

from assetmeta.core.report import RETRY, Report, error_of
from assetmeta.core.row_report import OUTCOMES, RowResult, UpsertReport
from assetmeta.core.snapshot import Snapshot
from assetmeta.core.state import RowShape, State
from assetmeta.model.errors import BadValue, CommitError, Rejected, Unreachable
from assetmeta.model.plans import Create, Delete, Done, Failed, Outcome, Skipped, Unknown, Update
from assetmeta.model.values import ABSENT, UNREAD, Oid

STORY, NEW = Oid("Story", 1), Oid.new("Story", 2)
DONE = Done(Update(STORY, ()), STORY)
FAILED = Failed(Delete(STORY), Rejected("no"))
NEEDING, ENDED = Skipped(Create(NEW, ()), STORY), Skipped(Update(STORY, ()), None, BadValue("closed"))
LOST, LOST_CREATE = (Unknown(change, Unreachable("lost")) for change in (Delete(STORY), Create(NEW, ())))


def test_outcomes_by_their_kind() -> None:
    report = Report((DONE, FAILED, NEEDING, ENDED, LOST, LOST_CREATE, DONE))
    assert (report.done, report.failed) == ([DONE, DONE], [FAILED])
    assert (report.skipped, report.unknown) == ([NEEDING, ENDED], [LOST, LOST_CREATE])
    assert report.counts == "2 done, 1 failed, 2 skipped, 2 unknown"
    assert (len(report), len(report.errors), bool(report)) == (5, 5, True)
    words = ["no", "Story:new-2 was not sent, because it needs Story:1, which was not saved.", "closed", "lost", "lost"]
    assert [str(error) for error in report] == words
    needing = error_of(Skipped(Create(NEW, ())))
    assert (str(needing), needing.oid) == (
        "Story:new-2 was not sent, because it needs another asset, which was not saved.",
        "Story:new-2",
    )
    for one in (FAILED, NEEDING, LOST):
        assert bool(Report((DONE, one)))


def test_a_report_of_what_was_saved_is_falsy_and_raises_nothing() -> None:
    for report in (Report((DONE,)), Report()):
        assert (bool(report), len(report), report.errors) == (False, 0, [])
        report.raise_if_failed()
    assert (Report().counts, repr(Report((DONE,)))) == ("0 done", "<Report 1 done>")
    report = Report((DONE, FAILED))
    with pytest.raises(CommitError, match="1 done, 1 failed\n  Story:1: no") as caught:
        report.raise_if_failed()
    assert caught.value.report is report


@pytest.mark.parametrize("number", [10, 11])
def test_ten_errors_and_ten_notes_are_printed(number: int) -> None:
    noted = Done(Update(STORY, ()), STORY, notes=("not taken", "either"))
    failed: tuple[Outcome, ...] = (FAILED,) * number
    lines = str(Report((*failed, *(noted,) * 6), notes=("whole", "commit"))).splitlines()
    more = ["  … and 1 more"] if number > 10 else []
    assert lines[:11] == [f"6 done, {number} failed", *["  Story:1: no"] * 10]
    assert lines[11:] == [*more, *["  Story:1: not taken", "  Story:1: either"] * 5, "  whole", "  commit"]


def test_a_prompt_shows_what_was_not_saved() -> None:
    assert "  Story:1: no" in pretty(Report((FAILED,)))


def test_what_to_do_about_a_create_that_may_have_been_saved() -> None:
    shown = str(Report((LOST, LOST_CREATE, NEEDING)))
    assert shown.count(RETRY) == 1
    assert f"  Story:new-2: lost{RETRY}\n" in shown
    assert str(Report((LOST_CREATE,), advice=" Ask.")).endswith("lost Ask.")


def test_fifty_outcomes_are_a_table() -> None:
    table = Report((DONE, *(FAILED,) * 51, LOST_CREATE), notes=("a", "b"))._table()
    assert (table.title, table.columns, table.note) == (
        "1 done, 51 failed, 1 unknown",
        ("outcome", "asset", "what happened"),
        "a; b",
    )
    assert (len(table), len(table.rows), table.rows[0]) == (52, 50, ("failed", "Story:1", "no"))


def test_results_of_rows() -> None:
    assert OUTCOMES == ("created", "changed", "unchanged", "missing", "refused")
    rows = tuple(RowResult(number, f"k{number}", outcome) for number, outcome in enumerate(OUTCOMES, 1))
    report = UpsertReport("Story", "Number", rows)
    found = [report.created, report.changed, report.unchanged, report.missing, report.refused]
    assert found == [[row] for row in rows]
    assert (len(report), bool(report), bool(UpsertReport("Story", "Number"))) == (5, True, False)
    counts = "1 created, 1 changed, 1 unchanged, 1 missing, 1 refused"
    assert repr(report) == f"<Upsert of Story by Number: {counts}>"
    assert str(report) == f"Story by Number: {counts}\n  row 5 (k5): refused\n  row 4 (k4): missing"
    assert str(UpsertReport("Story", "Number")) == "Story by Number: no rows"
    assert str(RowResult(1, "k", "refused", None, ("A", "B"), "why")) == "row 1 (k): refused: why"
    assert str(RowResult(1, "k", "changed", None, ("A", "B"))) == "row 1 (k): changed: A, B"


@pytest.mark.parametrize("number", [10, 11, 51])
def test_ten_rows_are_printed_and_fifty_are_a_table(number: int) -> None:
    rows = tuple(RowResult(place, place, "refused", reason="why") for place in range(number))
    report = UpsertReport("Story", "Number", (RowResult(0, 0, "created"), *rows))
    lines = str(report).splitlines()
    assert len(lines) == 11 + (number > 10)
    assert lines[11:] == ([f"  … and {number - 10} more"] if number > 10 else [])
    table = report._table()
    assert (len(table), len(table.rows)) == (number, min(number, 50))
    assert (table.rows[0], table.columns) == (("0", "0", "refused", "why"), ("row", "key", "outcome", "reason"))
    assert table.title == f"Story by Number: 1 created, {number} refused"


def test_snapshots_are_equal_by_identity_and_values() -> None:
    one = Snapshot(STORY, {"Name": "a"})
    assert one == Snapshot(STORY, {"Name": "a"})
    assert one != Snapshot(STORY, {"Name": "b"})
    assert one != Snapshot(NEW, {"Name": "a"})
    assert one != (STORY, {"Name": "a"})
    assert hash(one) == hash(Snapshot(STORY, {}))
    assert repr(one) == "<snapshot of Story:1: 1 values>"


def test_states_are_distinguished_by_what_they_are_not_by_what_they_hold() -> None:
    assert State(STORY) != State(STORY)
    state = State(STORY, RowShape(("A", "B", "C")), (1, UNREAD, ABSENT))
    assert list(state.names()) == ["A"]
    assert [state.cell(name) for name in ("A", "B", "C", "D")] == [1, UNREAD, ABSENT, UNREAD]
