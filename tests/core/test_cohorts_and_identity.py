"""Assets load together with those they came with, whatever becomes of the rest; one identity has one state."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from assetmeta.core.inspect import inspect
from assetmeta.model.errors import NotFound
from assetmeta.model.values import Oid
from core.fake import Bench


@pytest.fixture
def bench() -> Bench:
    return filled(Bench())


def filled(bench: Bench) -> Bench:
    bench.stories(20)
    for number in range(30, 36):
        bench.add(f"Member:{number}", Name=f"M{number}")
    for number in range(1, 21):
        bench.backend.assets[Oid("Story", number)]["Owners"] = (Oid("Member", 30 + number % 6),)
    for number in (900, 901, 902):
        stories = [Oid("Story", 1 + index) for index in range(20) if 900 + index // 9 == number]
        bench.backend.assets[Oid("Scope", number)]["Stories"] = tuple(stories)
    return bench


def test_targets_load_together_though_their_sources_were_dropped() -> None:
    bench = filled(Bench(keep=1))
    epics = {story.Super for story in bench.query("Story").select("Super")}
    gc.collect()
    assert len(bench.context.identity) <= len(epics) + 1
    before = bench.requests
    assert {f"Epic {number}" for number in range(500, 507)} == {epic.Name for epic in epics}
    assert bench.requests == before + 1
    assert {"Scope 900", "Scope 901", "Scope 902"} == {epic.Scope.Name for epic in epics}
    assert bench.requests == before + 2


def test_children_load_together_though_their_parents_were_dropped() -> None:
    bench = filled(Bench(keep=1))
    stories = [story for scope in bench.query("Scope").select("Stories") for story in scope.Stories]
    gc.collect()
    before = bench.requests
    assert [f"Story {number}" for number in range(1, 21)] == [story.Name for story in stories]
    assert bench.requests == before + 2


def test_targets_load_together_though_the_result_was_paged_and_dropped() -> None:
    bench = filled(Bench(keep=1, page_size=5))
    owners = [story.Owners[0] for story in bench.query("Story").select("Owners")]
    gc.collect()
    before = bench.requests
    assert [f"M{30 + number % 6}" for number in range(1, 21)] == [owner.Name for owner in owners]
    # One for what each page led to first, at most.
    assert bench.requests - before <= 4


@pytest.mark.parametrize("verb", ["list", "first", "one", "index"])
def test_fetching_members_singly_leaves_them_in_the_larger_cohort(bench: Bench, verb: str) -> None:
    stories = list(bench.query("Story").select("Name"))
    for index, story in enumerate(stories):
        window = bench.query("Story").select("Name")[index : index + 1]
        again = {
            "list": lambda window=window: list(window)[0],
            "first": lambda window=window: window.first(),
            "one": lambda window=window: window.one(),
            "index": lambda index=index: bench.query("Story").select("Name")[index],
        }[verb]()
        assert again is story
    before = bench.requests
    assert list(range(20)) == [int(story.Estimate) for story in stories]
    assert bench.requests == before + 2


def test_a_smaller_result_takes_over_when_nobody_holds_the_larger(bench: Bench) -> None:
    kept = list(bench.query("Story").select("Name"))[3:6]
    gc.collect()
    stories = list(bench.query("Story").select("Name")[3:6])
    assert kept == stories
    before = bench.requests
    assert [3, 4, 5] == [int(story.Estimate) for story in stories]
    assert bench.requests == before + 1


def test_coming_back_to_parents_singly_leaves_them_together(bench: Bench) -> None:
    epics = list(bench.query("Epic").select("Name"))
    for index in range(20):
        story = list(bench.query("Story").select("Super")[index : index + 1])[0]
        assert story.Super in epics
    before = bench.requests
    assert ["Scope 900"] * 3 == [epic.Scope.Name for epic in epics[:3]]
    assert bench.requests == before + 2


def test_walking_a_pending_relation_loads_for_all(bench: Bench) -> None:
    stories = list(bench.query("Story").select("Name"))[:7]
    for index, story in enumerate(stories):
        story.Super = bench.Epic(506 - index)
        story.Owners.add(bench.Member(30))
    before = bench.requests
    assert [f"Epic {506 - index}" for index in range(7)] == [story.Super.Name for story in stories]
    assert bench.requests == before + 1


def test_walking_pending_members_loads_for_all(bench: Bench) -> None:
    stories = [bench.Story.new(Name=f"new {index}") for index in range(6)]
    for index, story in enumerate(stories):
        story.Owners.add(bench.Member(30 + index))
    assert len(bench.query("Story").select("Name").all()) == 20
    bench.loader.populate(stories, ["Owners.Name"])
    before = bench.requests
    assert [[f"M{30 + index}"] for index in range(6)] == [[owner.Name for owner in story.Owners] for story in stories]
    assert bench.requests == before


@pytest.mark.parametrize("path", ["Super.Scope.Name", "Owners.Name", "Super.Scope.Stories.Name"])
def test_populate_keeps_what_it_loaded_however_little_is_kept_otherwise(path: str) -> None:
    bench = filled(Bench(keep=1))
    stories = [bench.Story(number) for number in range(1, 21)]
    bench.loader.populate(stories, [path])
    gc.collect()
    before = bench.requests
    assert len([story[path] for story in stories]) == 20
    assert bench.requests == before


def test_populate_sends_a_request_per_step_and_chunk_for_pending_relations(bench: Bench) -> None:
    stories = bench.query("Story").select("Super").all()
    for story in stories:
        story.Super = bench.Epic(506)
    before = bench.requests
    bench.loader.populate(stories, ["Super.Name"])
    assert bench.requests == before + 1
    assert ["Epic 506"] * 20 == [story.Super.Name for story in stories]
    assert bench.requests == before + 1


def created_and_read_early(bench: Bench, **early: object) -> tuple[Any, Any]:
    """A new asset, and the object by which somebody else read it before its creator knew its id."""
    found = []

    def meanwhile() -> None:
        found.append(bench.Story(1001))
        assert found[0].Name == "new"
        found[0].set(**early)

    story = bench.Story.new(Name="new")
    bench.backend.meanwhile += [meanwhile]
    assert not bench.writer.commit()
    return story, found[0]


def test_a_new_asset_that_was_read_early_has_one_state(bench: Bench) -> None:
    story, early = created_and_read_early(bench)
    assert ("Story:1001", "Story:1001") == (story.idref, early.idref)
    assert bench.Story(1001) is story
    story.Estimate = 5
    assert early.Estimate == 5
    assert inspect(early).pending
    assert inspect(story).changes == inspect(early).changes
    assert not bench.writer.commit()
    assert bench.backend.assets[Oid("Story", 1001)]["Estimate"] == "5"
    assert len(bench.unit) == 0


def test_an_edit_of_a_new_asset_that_was_read_early_is_sent(bench: Bench) -> None:
    story, early = created_and_read_early(bench, Estimate=7)
    assert 7 == story.Estimate == early.Estimate
    assert len(bench.unit) == 1
    assert not bench.writer.commit()
    assert bench.backend.assets[Oid("Story", 1001)] == {"Number": "N-1001", "Name": "new", "Estimate": "7"}
    assert len(bench.unit) == 0


def test_an_edit_by_the_object_that_was_read_early_is_sent_later_too(bench: Bench) -> None:
    story, early = created_and_read_early(bench)
    early.Estimate = 8
    assert 8 == story.Estimate
    assert not bench.writer.commit()
    assert bench.backend.assets[Oid("Story", 1001)]["Estimate"] == "8"
    assert inspect(early).changes == ()


def test_identities_of_assets_that_nobody_holds_do_not_pile_up() -> None:
    bench = Bench(keep=1)
    held = [bench.context.asset(Oid("Story", number)) for number in range(10)]
    for number in range(20_000):
        bench.context.asset(Oid("Story", number))
    gc.collect()
    assert len(bench.context.identity) == len(held)
    assert len(bench.context.identity._assets) < 2_000
    assert [bench.context.asset(Oid("Story", number)) for number in range(10)] == held


def test_populate_asks_for_nothing_of_new_assets(bench: Bench) -> None:
    new, old = bench.Story.new(Name="new"), bench.Story(1)
    before = bench.requests
    bench.loader.populate([new], ["Estimate", "Super.Name"])
    assert bench.requests == before
    bench.loader.populate([new, old], ["Description"])
    assert bench.requests == before + 1
    assert (Oid("Story", 1),) == bench.backend.fetched[-1].oids


def test_named_assets_load_together_and_what_is_named_after_a_load_loads_by_itself() -> None:
    bench = filled(Bench())
    named = [bench.Story(number) for number in (1, 2, 999, 3)]
    before = bench.requests
    assert ["Story 1", "Story 2", "Story 3"] == [named[index].Name for index in (0, 1, 3)]
    with pytest.raises(NotFound):
        named[2].Name
    assert bench.requests == before + 1
    assert bench.Story(4).Name == "Story 4"
    assert bench.backend.fetched[-1].oids == (Oid("Story", 4),)


def test_a_result_comes_before_what_was_named() -> None:
    bench = filled(Bench())
    named = [bench.Story(number) for number in range(1, 13)]
    page = list(bench.query("Story").select("Number")[3:6])
    before = bench.requests
    assert {None} == {story.Description for story in page}
    assert bench.requests == before + 1
    assert tuple(story._state.oid for story in page) == bench.backend.fetched[-1].oids
    assert named[4] is page[1]


def test_no_more_named_assets_load_together_than_one_read_takes() -> None:
    bench = filled(Bench())
    assert 10 == bench.backend.can.max_keys
    stories = [bench.Story(number) for number in range(1, 21)]
    before = bench.requests
    for story in stories:
        assert story.Name
    assert bench.requests == before + 2
