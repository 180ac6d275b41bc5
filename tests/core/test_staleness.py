"""What a write makes of values that were read before it: nothing old is shown, nothing new is overwritten."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from assetmeta.core.identity_map import IdentityMap
from assetmeta.core.inspect import inspect
from assetmeta.model.errors import NotFound
from assetmeta.model.plans import Row
from assetmeta.model.values import Oid
from core.fake import Bench


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.stories(9)
    for number in (20, 21):
        bench.add(f"Member:{number}", Name=f"M{number}")
    for number in range(1, 10):
        bench.backend.assets[Oid("Story", number)].update(
            Number=f"S-{number}", Owners=(Oid("Member", 20), Oid("Member", 21))
        )
    return bench


def on_server(bench: Bench, token: str) -> dict[str, Any]:
    return bench.backend.assets[Oid.parse(token)]


def test_what_was_read_of_a_new_asset_is_read_from_the_server_after_the_commit(bench: Bench) -> None:
    story = bench.Story.new(Name="new")
    assert (story.Number, story.Estimate, story.Description) == (None, None, None)
    assert not story.Super
    assert bench.requests == 0
    bench.backend.meanwhile += [
        lambda: on_server(bench, "Story:1001").update(Estimate="3", Description="d", Super=Oid("Epic", 500))
    ]
    assert not bench.writer.commit()
    assert (story.Number, story.Estimate, story.Description) == ("N-1001", Decimal(3), "d")
    assert story.Super is bench.Epic(500)


def test_refresh_reads_all_of_a_created_asset_again(bench: Bench) -> None:
    story = bench.Story.new(Name="new")
    assert story.Number is None
    assert not bench.writer.commit()
    on_server(bench, "Story:1001").update(Name="theirs", Number="N-other")
    assert (story.Name, story.Number) == ("new", "N-other")
    inspect(story).refresh()
    assert (story.Name, story.Number) == ("theirs", "N-other")


def test_relations_no_longer_hold_what_was_deleted(bench: Bench) -> None:
    stories = list(bench.query("Story").select("Name", "Super", "Owners"))
    assert all(len(story.Owners) == 2 for story in stories)
    bench.unit.delete(bench.Member(20))
    bench.unit.delete(bench.Epic(500))
    assert not bench.writer.commit()
    assert [[21]] * 9 == [[owner.intid for owner in story.Owners] for story in stories]
    assert [None] * 3 + [501] * 3 + [502] * 3 == [story.Super.intid for story in stories]
    assert [None] * 3 == [story.Super.Name for story in stories[:3]]


def test_relations_are_read_again_after_an_operation_that_may_have_deleted(bench: Bench) -> None:
    story, member = bench.Story(1), bench.Member(20)
    assert len(story.Owners) == 2
    assert story.Twin is not None
    member.Close()
    assert inspect(story).would_fetch("Owners")
    assert not inspect(story).would_fetch("Name")


def test_computed_tokens_anywhere_are_read_again_after_any_commit(bench: Bench) -> None:
    token = "Stories.Estimate.@Sum"
    on_server(bench, "Scope:900")[token] = "36"
    scope, story = bench.Scope(900), bench.Story(1)
    assert (scope[token], scope.Name) == (Decimal(36), "Scope 900")
    on_server(bench, "Scope:900")[token] = "136"
    story.Estimate = 100
    assert not bench.writer.commit()
    before = bench.requests
    assert scope.Name == "Scope 900"
    assert bench.requests == before
    assert Decimal(136) == scope[token]
    assert bench.requests == before + 1


def test_computed_attributes_of_what_refers_to_a_written_asset_are_read_again(bench: Bench) -> None:
    stories = list(bench.query("Story").select("Name", "Number", "Super"))
    bench.Epic(500).Name = "renamed"
    assert not bench.writer.commit()
    assert [True] * 3 + [False] * 6 == [inspect(story).would_fetch("Number") for story in stories]
    assert not any(inspect(story).would_fetch("Name") for story in stories)
    on_server(bench, "Story:1")["Number"] = "S-renamed"
    assert stories[0].Number == "S-renamed"


def test_several_valued_relations_of_a_context_are_read_again_after_a_create(bench: Bench) -> None:
    on_server(bench, "Scope:900")["Stories"] = (Oid("Story", 1),)
    scope = bench.Scope(900)
    assert (scope.Name, len(scope.Stories)) == ("Scope 900", 1)
    on_server(bench, "Scope:900")["Stories"] = (Oid("Story", 1), Oid("Story", 1001))
    before = bench.requests
    story = bench.Story.create(scope, Name="below")
    assert scope.Name == "Scope 900"
    assert bench.requests == before + 1
    assert [bench.Story(1), story] == scope.Stories
    pending = bench.Story.new(scope, Name="below too")
    assert not bench.writer.commit()
    assert inspect(scope).would_fetch("Stories")
    assert pending.idref == "Story:1002"


def test_a_slow_read_does_not_bring_back_what_was_there_before_a_commit(bench: Bench) -> None:
    story = bench.Story(1)

    def meanwhile() -> None:
        story.Name = "written"
        story.Super = bench.Epic(501)
        assert not bench.writer.commit()

    bench.backend.meanwhile += [meanwhile]
    assert Decimal(0) == story.Estimate
    before = bench.requests
    assert (story.Name, story.Super.intid, story.Estimate) == ("written", 501, Decimal(0))
    assert bench.requests == before


@pytest.mark.parametrize("way", ["query", "peers", "populate"])
def test_slow_reads_of_many_leave_alone_what_was_written_meanwhile(bench: Bench, way: str) -> None:
    stories = [bench.Story(number) for number in range(1, 10)]
    if way == "peers":
        stories = list(bench.query("Story").select("Estimate"))

    def meanwhile() -> None:
        stories[4].Name = "written"
        assert not bench.writer.commit()

    bench.backend.meanwhile += [meanwhile]
    if way == "query":
        assert len(list(bench.query("Story").select("Name"))) == 9
    elif way == "peers":
        assert stories[0].Name == "Story 1"
    else:
        bench.loader.populate(stories, ["Name"])
    assert bench.backend.meanwhile == []
    before = bench.requests
    expected = [f"Story {number}" for number in range(1, 10)]
    expected[4] = "written"
    assert expected == [story.Name for story in stories]
    assert bench.requests == before


def test_a_read_after_the_commit_sees_what_the_server_has(bench: Bench) -> None:
    story = bench.Story(1)
    story.Name = "written"
    assert not bench.writer.commit()
    on_server(bench, "Story:1")["Name"] = "theirs"
    assert len(list(bench.query("Story").select("Name"))) == 9
    assert story.Name == "theirs"


@pytest.mark.parametrize("number", [1, 9])
def test_a_commit_looks_through_the_assets_in_memory_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    stories = list(bench.query("Story").select("Name", "Owners"))[:number]
    passes: list[int] = []
    every = IdentityMap.__iter__

    def counting(identity: IdentityMap) -> Iterator[Any]:
        passes.append(1)
        return every(identity)

    for story in stories:
        story.Owners.remove(bench.Member(20))
        story.Super = bench.Epic(502)
    monkeypatch.setattr(IdentityMap, "__iter__", counting)
    assert not bench.writer.commit()
    assert len(bench.backend.written) == number
    assert len(passes) == 1


def test_not_found_for_a_read_of_several_is_raised_and_marks_none_of_them(bench: Bench) -> None:
    stories = list(bench.query("Story").select("Name"))
    deploying = NotFound("the site is being deployed", status=404)

    def broken() -> None:
        raise deploying

    bench.backend.meanwhile += [broken]
    with pytest.raises(NotFound) as caught:
        stories[3].Estimate
    assert caught.value is deploying
    assert [Decimal(index) for index in range(9)] == [story.Estimate for story in stories]


def test_not_found_for_a_read_of_one_is_remembered(bench: Bench) -> None:
    def broken() -> None:
        raise NotFound("no such asset", status=404)

    bench.backend.meanwhile += [broken]
    for _ in range(2):
        with pytest.raises(NotFound, match="no such asset"):
            bench.Story(1).Name
    assert bench.requests == 1
    assert inspect(bench.Story(1)).refresh().Name == "Story 1"


@pytest.mark.parametrize("number", [1, 2])
def test_deleted_assets_that_were_requested_can_be_read_further(bench: Bench, number: int) -> None:
    for index in range(number):
        oid = Oid("Story", 50 + index)
        bench.backend.deleted[oid] = {"Name": "gone", "Estimate": "5", "Super": Oid("Epic", 500)}
    found = list(bench.query("Story").deleted().select("Name").page(start=9))
    assert ["gone"] * number == [story.Name for story in found]
    assert [(Decimal(5), "Epic 500")] * number == [(story.Estimate, story.Super.Name) for story in found]
    assert [True] * 3 == [fetch.deleted for fetch in bench.backend.fetched if fetch.type_name == "Story"]
    assert bench.requests == 4


def test_assets_that_came_without_deleted_ones_are_read_without(bench: Bench) -> None:
    stories = list(bench.query("Story").select("Name"))
    assert Decimal(0) == stories[0].Estimate
    assert not any(fetch.deleted for fetch in bench.backend.fetched)


def test_a_moment_that_the_server_names_is_kept(bench: Bench) -> None:
    # As the server answers for what leads to an earlier state of an asset.
    on_server(bench, "Story:1")["Twin"] = Oid("Story", 1, 1389)
    story = bench.Story(1)
    assert (story.Twin.AsOf, story.Twin.idref) == (1389, "Story:1:1389")
    assert story.Twin is not story
    assert story.Super.AsOf is None
    past = bench.context.asset(Oid("Story", 1, "2026-01-01"))
    assert (past.Twin.AsOf, past.Super.AsOf) == (1389, "2026-01-01")


def test_earlier_states_in_a_history_carry_their_own_moments(bench: Bench) -> None:
    bench.backend.can = replace(bench.backend.can, history=True)
    answer = bench.backend._answer

    def history(schema: Any, fetch: Any) -> Any:
        assert fetch.history
        rows = tuple(
            Row(Oid("Story", 1, 70 + index), ("Name", "Twin"), (f"then {index}", Oid("Story", 1, 69 + index)))
            for index in range(3)
        )
        return replace(answer(schema, fetch), rows=rows)

    bench.backend._answer = history  # type: ignore[method-assign]
    found = inspect(bench.Story(1)).history("Name", "Twin")
    assert [(70 + index, f"then {index}", 69 + index) for index in range(3)] == [
        (past.AsOf, past.Name, past.Twin.AsOf) for past in found
    ]
    assert found[1].Twin is found[0]
    assert bench.requests == 1


def test_an_edit_made_while_a_value_is_being_loaded_is_what_is_read_afterwards(bench: Bench) -> None:
    story = bench.Story(1)

    def meanwhile() -> None:
        story.Name = "mine"
        story.Super = bench.Epic(502)
        story.Owners.remove(bench.Member(20))

    bench.backend.meanwhile += [meanwhile]
    assert story.Name == "mine"
    assert (story.Name, story.Super.intid) == ("mine", 502)
    assert [bench.Member(21)] == story.Owners
    assert {"Name", "Super", "Owners"} == {delta.name for delta in inspect(story).changes}
    inspect(story).revert()
    assert (story.Name, story.Super.intid, len(story.Owners)) == ("Story 1", 500, 2)


def test_a_revert_while_a_value_is_being_loaded_shows_the_server_again(bench: Bench) -> None:
    story = bench.Story(1)
    story.Name = "mine"
    bench.backend.meanwhile += [lambda: inspect(story).revert()]
    assert Decimal(0) == story.Estimate
    assert story.Name == "Story 1"
