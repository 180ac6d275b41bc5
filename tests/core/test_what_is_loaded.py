"""What is known of an asset without a request: by path, in its data, in what inspect() shows of it."""

from __future__ import annotations

import copy
import pickle
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from assetmeta.core.conflicts import Clash, _clashes
from assetmeta.core.identity_map import IdentityMap
from assetmeta.core.inspect import inspect
from assetmeta.core.snapshot import Snapshot
from assetmeta.model.errors import BadValue, NotExactlyOne, NotLoaded, Unsupported, UsageError
from assetmeta.model.paths import Path
from assetmeta.model.plans import AttributeChange, Fetch, Row, Rows, Update
from assetmeta.model.schema import Schema
from assetmeta.model.values import UNREAD, Oid
from core.fake import ALL_ROUND, Bench, FakeBackend

ANN, BOB = Oid("Member", 20), Oid("Member", 21)


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.stories(6)
    bench.add("Member:20", Name="Ann")
    bench.add("Member:21", Name="Bob")
    bench.add("Story:7", Name="seven", Estimate="7", Owners=(ANN, BOB), Tags=("a", "b"), Twin=Oid("Story", 1))
    return bench


def test_would_fetch_goes_along_every_step_and_member(bench: Bench) -> None:
    story = bench.Story(7)
    looked = inspect(story)
    for name in ("Name", "Owners", "Owners.Name", "Twin.Twin.Name", "Owners.@Count"):
        assert looked.would_fetch(name)
    assert story.Name == "seven"
    assert [looked.would_fetch(name) for name in ("Name", "Estimate", "Owners", "Twin", "Twin.Name")] == [
        *(False, False, True, False, True),
    ]
    first, second = story.Owners
    assert (looked.would_fetch("Owners"), looked.would_fetch("Owners.Name")) == (False, True)
    bench.loader.load([first._state.oid], ("Name",))
    assert looked.would_fetch("Owners.Name")
    bench.loader.load([second._state.oid], ("Name",))
    assert not looked.would_fetch("Owners.Name")
    assert story["Owners.@Count"] is None
    assert not looked.would_fetch("Owners.@Count")
    new = bench.Story.new(Name="x")
    assert not inspect(new).would_fetch("Twin")
    story.Twin = bench.Story(5)
    assert looked.would_fetch("Twin.Name")
    story.Twin = None
    assert not looked.would_fetch("Twin.Name")
    unread = bench.Story(3)
    unread.Owners.add(first)
    assert inspect(unread).would_fetch("Owners")
    unread.Name = "x"
    assert not inspect(unread).would_fetch("Name")
    before = bench.requests
    with pytest.raises(AttributeError):
        looked.would_fetch("Nam")
    assert bench.requests == before


def test_a_path_gives_one_value_or_a_list(bench: Bench) -> None:
    story = bench.Story(7)
    assert story["Owners.Name"] == ["Ann", "Bob"]
    assert story["Twin.Name"] == "Story 1"
    assert story["Twin.Super.Scope.Name"] == "Scope 900"
    assert bench.Story(1)["Twin.Name"] is None
    assert bench.Story(1)["Twin.Owners.Name"] == []
    assert list(story["Tags"]) == ["a", "b"]
    assert story["AsOf"] is None
    past = bench.context.asset(Oid("Story", 7, "2026-03-01"))
    assert (past["AsOf"], past.AsOf) == ("2026-03-01", "2026-03-01")


def test_data_holds_what_is_loaded_and_sends_nothing(bench: Bench) -> None:
    story = bench.Story(7)
    assert (dict(story.data), len(story.data)) == ({}, 0)
    assert story.Estimate == Decimal(7)
    before = bench.requests
    data = story.data
    assert set(data) == {"Name", "Estimate", "Super", "Twin"}
    assert len(data) == 4
    assert (data["Name"], data["Twin"]._state.oid) == ("seven", Oid("Story", 1))
    for missing in ("Owners", "Twin.Name"):
        with pytest.raises((KeyError, AttributeError)):
            data[missing]
    assert "Name" in data
    assert "Owners" not in data
    assert bench.requests == before
    assert "'Name': 'seven'" in repr(data)
    past = bench.context.asset(Oid("Story", 7, "2026-03-01"))
    assert past.Name == "seven"
    assert (list(past.data)[-1], past.data["AsOf"]) == ("AsOf", "2026-03-01")
    assert inspect(story).loaded == data


def test_values_that_are_taken_as_loaded(bench: Bench) -> None:
    story = bench.Story(9).with_data(
        {
            "Name": "nine",
            "Estimate": 2.5,
            "Owners": [bench.Member(20), "Member:21"],
            "Tags": "a",
            "AsOf": "x",
            "Twin": None,
        }
    )
    assert (story.Name, story.Estimate, list(story.Tags), story.Twin) == ("nine", Decimal("2.5"), ["a"], None)
    assert [owner._state.oid for owner in story.Owners] == [ANN, BOB]
    assert bench.requests == 0
    assert not inspect(story).pending
    for values in ({"Estimate": "x"}, {"Super": "Web"}, {"Owners": ["Ann"]}, {"Tags": ["a", b"b"]}):
        [name] = values
        with pytest.raises(BadValue, match=rf"^Story\.{name} ") as caught:
            story.with_data({"Name": "not taken", **values})
        assert caught.value.attribute in (name, None)
    assert (story.Name, story.Estimate) == ("nine", Decimal("2.5"))
    story.with_data({"Tags": None, "Owners": None, "Twin": story.Twin, "Super": Oid("Epic", 500, 5)})
    assert (list(story.Tags), list(story.Owners), story.Twin) == ([], [], None)
    assert story.Super._state.oid == Oid("Epic", 500, 5)


def test_a_copy_travels_and_comes_back(bench: Bench) -> None:
    story = bench.Story(7)
    assert (story.Name, len(story.Owners)) == ("seven", 2)
    assert copy.copy(story) is copy.deepcopy(story) is story
    found = pickle.loads(pickle.dumps(story))
    assert isinstance(found, Snapshot)
    assert found == Snapshot(
        Oid("Story", 7),
        {"Name": "seven", "Estimate": Decimal(7), "Super": None, "Twin": Oid("Story", 1), "Owners": [ANN, BOB]},
    )
    story.Name = "pending"
    assert pickle.loads(pickle.dumps(story)).values["Name"] == "seven"


def test_what_inspect_shows(bench: Bench) -> None:
    story = bench.Story(7)
    looked = inspect(story)
    assert (looked.oid, looked.pending, looked.changes, looked.error) == (Oid("Story", 7), False, (), None)
    assert (repr(looked), looked.url) == ("<Story:7: 0 values loaded>", "http://host/asset/7")
    story.Estimate = 3
    assert story.Name == "seven"
    assert repr(looked) == "<Story:7: 4 values loaded, pending: Estimate>"
    assert looked.pending
    assert looked.changes == (AttributeChange("Estimate", Decimal(7), Decimal(3)),)
    assert looked.refresh() is story
    assert repr(looked) == "<Story:7: 0 values loaded, pending: Estimate>"
    assert looked.changes == (AttributeChange("Estimate", UNREAD, Decimal(3)),)
    assert looked.revert() is story
    assert repr(looked) == "<Story:7: 0 values loaded>"
    for bad in (5, "Story:7", None, object):
        with pytest.raises(BadValue, match=r"inspect\(\) takes an asset or an asset type"):
            inspect(bad)


class Historian(FakeBackend):
    """Keeps two records of each asset."""

    def _answer(self, schema: Schema, fetch: Fetch) -> Rows:
        rows = super()._answer(schema, fetch)
        if not fetch.history:
            return rows
        return replace(rows, rows=tuple(Row(row.oid.at(at), *row[1:]) for row in rows.rows for at in (1, 2)))


def test_history_has_a_moment_each_and_takes_one_request() -> None:
    bench = Bench(Historian(can=replace(ALL_ROUND, history=True)))
    bench.add("Story:7", Name="seven", Estimate="7")
    found = inspect(bench.Story(7)).history("Name")
    assert [asset._state.oid for asset in found] == [Oid("Story", 7, 1), Oid("Story", 7, 2)]
    assert ([asset.Name for asset in found], bench.requests) == (["seven", "seven"], 1)
    [fetch] = bench.backend.fetched
    assert (fetch.history, fetch.oids, fetch.select) == (True, (Oid("Story", 7),), (Path.parse("Name"),))
    inspect(found[0]).history()
    fetch = bench.backend.fetched[-1]
    assert fetch.oids == (Oid("Story", 7),)
    assert [str(path) for path in fetch.select] == list(bench.context.schema.type("Story").basic)
    for call, error in (
        (lambda: inspect(bench.Story.new(Name="x")).history(), UsageError),
        (lambda: inspect(bench.Story(7)).history("Super.Name"), BadValue),
        (lambda: inspect(bench.Story(7)).history("Nam"), AttributeError),
        (lambda: inspect(Bench().Story(7)).history(), Unsupported),
    ):
        with pytest.raises(error):
            call()
    assert bench.requests == 2


def test_of_what_was_touched_last_so_many_are_kept() -> None:
    bench = Bench(keep=3)
    bench.stories(6)
    for number in range(1, 7):
        assert bench.Story(number).Name
    assert [oid.key for oid in bench.context.identity._kept] == [4, 5, 6]
    assert (IdentityMap(0).keep, IdentityMap(-5).keep, IdentityMap(2).keep) == (1, 1, 2)
    bench.context.identity.clear()
    assert (len(bench.context.identity), bench.context.identity.get(Oid("Story", 6))) == (0, None)


def test_what_both_sides_did_is_no_clash(bench: Bench) -> None:
    story = bench.Story(7)
    assert story.Owners

    def clashes(delta: AttributeChange, **present: Any) -> list[Clash]:
        return _clashes(bench.context, Update(Oid("Story", 7), (delta,)), present)

    adding = AttributeChange("Owners", (ANN,), None, (BOB,), (), is_multi=True)
    assert clashes(adding, Owners=(ANN,)) == clashes(adding, Owners=(BOB, ANN)) == clashes(adding) == []
    again = AttributeChange("Owners", (ANN, BOB), None, (BOB,), (), is_multi=True)
    assert clashes(again, Owners=()) == [Clash("Owners", (ANN, BOB), (ANN, BOB), ())]
    removing = AttributeChange("Owners", (ANN, BOB), None, (), (BOB,), is_multi=True)
    assert clashes(removing, Owners=(ANN,)) == []
    assert clashes(removing, Owners=(BOB,)) == [Clash("Owners", (ANN, BOB), (ANN,), (BOB,))]
    single = AttributeChange("Twin", Oid("Story", 1), Oid("Story", 2))
    assert clashes(single, Twin=Oid("Story", 2)) == clashes(single, Twin=Oid("Story", 1)) == []
    [clash] = clashes(single, Twin=None)
    assert str(clash) == "Twin was Story:1, you want Story:2, and now it is None"
    assert str(Clash("Owners", (ANN,), (ANN, BOB), ())) == (
        "Owners was [Member:20], you want [Member:20, Member:21], and now it is []"
    )
    assert clashes(AttributeChange("Twin", UNREAD, None), Twin=Oid("Story", 9)) == []


def test_one_is_exactly_one(bench: Bench) -> None:
    query = bench.query("Story")
    with pytest.raises(NotExactlyOne):
        query.one()
    with pytest.raises(NotExactlyOne):
        bench.query("Scope").page(size=0).one()
    assert bench.query("Scope").one()._state.oid == Oid("Scope", 900)
    with bench.loader.using("raise"), pytest.raises(NotLoaded, match=r"\.select\('Estimate'\)"):
        assert bench.Story(2).Estimate
