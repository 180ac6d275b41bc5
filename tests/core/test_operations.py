"""Operations: on one asset and on all of a query, what they take, and what comes of each."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from assetmeta.core.inspect import inspect
from assetmeta.model.errors import BadValue, ReadOnly, Rejected, UnknownName, Unsupported, UsageError
from assetmeta.model.plans import Call, Done, Failed
from assetmeta.model.values import Oid
from core.fake import ALL_ROUND, Bench, FakeBackend


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.stories(4)
    return bench


def test_an_operation_on_all_of_a_query_has_an_outcome_for_each(bench: Bench) -> None:
    stories = list(bench.query("Story").select("Name"))
    bench.backend.refuse.add("Story:2")
    report = bench.query("Story").execute("Close", note="x", on=bench.Epic(500))
    assert [Done, Failed, Done, Done] == [type(outcome) for outcome in report.outcomes]
    assert [1, 2, 3, 4] == [outcome.change.oid.key for outcome in report.outcomes]
    assert bench.writer.last_report is report
    given = (("note", "x"), ("on", Oid("Epic", 500)))
    assert [Call(Oid("Story", number), "Close", given) for number in range(1, 5)] == bench.backend.written
    assert [True, False, True, True] == [inspect(story).would_fetch("Name") for story in stories]


def test_an_operation_on_nothing_sends_no_write(bench: Bench) -> None:
    report = bench.query("Member").execute("Close")
    assert list(report.outcomes) == []
    assert not report
    assert bench.backend.written == []


@pytest.mark.parametrize(
    "value", ["\ud800", {"a": ["\ud800"]}, ["\ud800"], [float("nan")]], ids=["text", "dict", "list", "number"]
)
def test_what_no_document_can_carry_is_refused_by_its_name(bench: Bench, value: Any) -> None:
    story = bench.Story(1)
    for call in (story.Close, lambda **given: bench.query("Story").execute("Close", **given)):
        with pytest.raises(BadValue, match="note= cannot be sent"):
            call(note=value)
    assert bench.backend.written == []


def test_where_and_when_there_is_no_operation(bench: Bench) -> None:
    with pytest.raises(UsageError, match="commit the new asset first"):
        bench.Story.new(Name="new").Close()
    with pytest.raises(ReadOnly, match="as of 77"):
        bench.context.asset(Oid("Story", 1, 77)).Close()
    with pytest.raises(UnknownName):
        bench.query("Story").execute("Clsoe")
    bench.backend.refuse.add("Story:1")
    with pytest.raises(Rejected):
        bench.Story(1).Close()
    none = Bench(FakeBackend(can=replace(ALL_ROUND, operations=False)))
    with pytest.raises(Unsupported, match="has no operations"):
        none.query("Story").execute("Close")
    with pytest.raises(Unsupported, match="has no operations"):
        none.Story(1).Close()
    assert none.requests == 0
