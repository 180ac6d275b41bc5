"""Values that an answer to a write shows to be gone are noted with the outcome."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
from msgspec.structs import replace

from assetmeta.model.codecs import Secret
from assetmeta.model.plans import Create, Done, Outcome, Row
from assetmeta.model.schema import Attribute, Schema
from assetmeta.model.values import Oid
from core.fake import SCHEMA, Bench, FakeBackend

STORY = SCHEMA.types["Story"]
WITH_PIN = Schema(
    {
        **SCHEMA.types,
        "Story": replace(STORY, attributes={**STORY.attributes, "Pin": Attribute("Pin", "Text", Secret())}),
    }
)


class Answering(FakeBackend):
    """Answers each write with the *row* given."""

    row: dict[str, Any]

    def write(self, *given: Any, **named: Any) -> Generator[Any, Any, list[Outcome]]:
        outcomes = yield from super().write(*given, **named)
        return [
            replace(outcome, row=self._row(outcome)) if isinstance(outcome, Done) else outcome for outcome in outcomes
        ]

    def _row(self, outcome: Done) -> Row:
        return Row(outcome.oid, tuple(self.row), tuple(self.row.values()))


@pytest.fixture
def bench() -> Bench:
    bench = Bench(Answering(), schema=WITH_PIN)
    loaded = {"Name": "one", "Estimate": "3", "Description": "long", "Number": "", "Super": Oid("Epic", 5)}
    bench.add("Story:1", **loaded, Tags=("red",), Pin="1234")
    return bench


GONE = {"Estimate": None, "Description": "", "Number": None, "Super": None, "Tags": (), "Pin": None, "Name": None}


def test_what_was_there_and_is_gone_is_noted(bench: Bench) -> None:
    [story] = bench.query("Story").select("Name", "Estimate", "Description", "Number", "Super", "Tags", "Pin")
    story.Name = "two"
    bench.backend.row = GONE  # type: ignore[attr-defined]
    report = bench.writer.commit()
    [outcome] = report.outcomes
    assert isinstance(outcome, Done)
    noted = "Estimate (was 3), Description (was 'long'): there was a value before this change, and there is none now"
    assert (noted,) == outcome.notes
    assert noted in str(report)
    assert not report


@pytest.mark.parametrize("row", [{"Estimate": "0", "Description": "x"}, {"Estimate": "3"}, {}, {"Unheard": None}])
def test_what_is_still_there_is_not(bench: Bench, row: dict[str, Any]) -> None:
    [story] = bench.query("Story").select("Name", "Estimate", "Description")
    story.Name = "two"
    bench.backend.row = row  # type: ignore[attr-defined]
    [outcome] = bench.writer.commit().outcomes
    assert isinstance(outcome, Done)
    assert outcome.notes == ()


def test_nothing_is_known_to_be_gone_that_was_not_read_or_is_new(bench: Bench) -> None:
    bench.backend.row = GONE  # type: ignore[attr-defined]
    bench.Story(1).Name = "two"
    bench.Story.new(Name="new", Estimate=3)
    report = bench.writer.commit()
    assert {Create} < {type(outcome.change) for outcome in report.outcomes}
    assert [()] * 2 == [outcome.notes for outcome in report.done]
