"""Values that an answer to a write shows to be gone are noted with the outcome."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
from msgspec.structs import replace

from assetmeta.model.changes_json import Withheld
from assetmeta.model.codecs import Secret
from assetmeta.model.errors import Unreachable
from assetmeta.model.plans import AttributeChange, Create, Done, Outcome, Row, Update
from assetmeta.model.schema import Attribute, Schema
from assetmeta.model.values import Oid
from core.fake import SCHEMA, Bench, FakeBackend, asset_type, attribute

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


SUMS = Schema(
    {
        "Sum": asset_type(
            "Sum",
            attribute("Name"),
            attribute("Total", computed=True),
            attribute("Worst", computed=True),
            attribute("Of", "Relation", related="Sum", multi=True, source=True, reciprocal="Sum.In"),
            attribute("In", "Relation", related="Sum", multi=True, reciprocal="Sum.Of"),
        )
    }
)


class Computing(FakeBackend):
    """Totals are gone once anything was deleted."""

    def _store(self, change: Any, real: dict[Oid, Oid]) -> Oid:
        for values in self.assets.values():
            values.update(Total=None, Worst=None)
        return super()._store(change, real)


def sums(number: int, *names: str) -> tuple[Bench, list[Any]]:
    """Sums 2, 3 ... of which each is over the one before; only *names* are loaded."""
    bench = Bench(Computing(), schema=SUMS)
    bench.add("Sum:1", Name="first", Total="1")
    for key in range(2, number + 2):
        bench.add(f"Sum:{key}", Name=f"s{key}", Total=str(key), Worst="9", Of=(Oid("Sum", key - 1),))
    return bench, bench.query("Sum").select(*(names or ("Name", "Total", "Of"))).all()


def test_what_is_computed_from_a_deleted_asset_is_read_and_noted_however_far_away() -> None:
    bench, assets = sums(3)
    bench.loader.load([Oid("Sum", 3)], ("Worst",))
    bench.unit.delete(assets[0])
    before = bench.requests
    [outcome] = bench.writer.commit().outcomes
    gone = "there was a value before this change, and there is none now"
    assert isinstance(outcome, Done)
    assert outcome.notes == (
        f"Sum:2 's2': Total (was '2'): {gone}",
        f"Sum:3 's3': Total (was '3'), Worst (was '9'): {gone}",
        f"Sum:4 's4': Total (was '4'): {gone}",
    )
    assert bench.requests - before == 2
    assert bench.backend.fetched[-1].oids == tuple(Oid("Sum", key) for key in (2, 3, 4))
    assert {str(path) for path in bench.backend.fetched[-1].select} == {"Total", "Worst"}


def test_relations_back_show_what_is_computed_too() -> None:
    bench, _ = sums(0)
    bench.add("Sum:1", Name="first", In=(Oid("Sum", 2),))
    bench.add("Sum:2", Name="second", Total="2")
    first, second = bench.query("Sum").select("Name", "Total").all()
    assert len(first.In) == 1
    bench.unit.delete(first)
    [outcome] = bench.writer.commit().outcomes
    assert [note.partition(":")[2].split()[0] for note in outcome.notes] == ["2"]
    assert second.Total is None


@pytest.mark.parametrize(("number", "more"), [(10, []), (11, ["and 1 more assets that are computed from it"])])
def test_ten_others_are_named(number: int, more: list[str]) -> None:
    bench, assets = sums(number)
    bench.unit.delete(assets[0])
    [outcome] = bench.writer.commit().outcomes
    assert len(outcome.notes) == 10 + len(more)
    assert list(outcome.notes[10:]) == more


def test_what_cannot_be_read_again_may_have_no_value() -> None:
    bench, assets = sums(1)
    bench.unit.delete(assets[0])

    def failing(*given: Any) -> Any:
        raise Unreachable("down")
        yield

    bench.backend.fetch = failing  # type: ignore[method-assign]
    [outcome] = bench.writer.commit().outcomes
    assert outcome.notes == ("Sum:2 's2' was computed from it, and may have no value now",)


def test_nothing_is_read_for_what_is_not_affected() -> None:
    for names, deletes in ((("Name", "Total"), True), (("Name", "Total", "Of"), False)):
        bench, assets = sums(2, *names)
        before = bench.requests
        if deletes:
            bench.unit.delete(assets[0])
        else:
            assets[0].Name = "renamed"
        [outcome] = bench.writer.commit().outcomes
        assert (outcome.notes, bench.requests - before) == ((), 1)
    bench, assets = sums(2, "Name", "Of")
    bench.unit.delete(assets[0])
    before = bench.requests
    [outcome] = bench.writer.commit().outcomes
    unread = "was computed from it, and may have no value now"
    assert (outcome.notes, bench.requests - before) == ((f"Sum:2 's2' {unread}", f"Sum:3 's3' {unread}"), 1)
    bench, assets = sums(2)
    bench.unit.delete(*assets)
    assert [outcome.notes for outcome in bench.writer.commit().outcomes] == [()] * 3


def test_an_outcome_of_elsewhere_settles_what_is_pending_however_it_is_written() -> None:
    bench = Bench()
    bench.add("Story:1", Name="one")
    story = bench.Story(1)
    story.Name = "secret"
    story.Estimate = 5
    kept = Update(Oid("Story", 1), (AttributeChange("Name", None, Withheld("digest")),))
    bench.writer.take_over([Done(kept, Oid("Story", 1))])
    assert [delta.name for change in bench.unit.plan() for delta in change.deltas] == ["Estimate"]
