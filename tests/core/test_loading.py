"""Reading what is not loaded: how many requests it takes, and for whom."""

from __future__ import annotations

from decimal import Decimal

import pytest

from assetmeta.core.inspect import inspect
from assetmeta.model.errors import NotFound, NotLoaded, UnknownName
from assetmeta.model.values import Oid
from core.fake import Bench


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.stories(20)
    return bench


def test_naming_an_asset_sends_nothing(bench: Bench) -> None:
    story = bench.Story(1)
    assert repr(story) == "Story(1)"
    assert bench.requests == 0


def test_one_identity_is_one_object(bench: Bench) -> None:
    assert bench.Story(1) is bench.Story("1") is bench.Story("Story:1")


def test_the_first_miss_loads_the_basic_attributes(bench: Bench) -> None:
    story = bench.Story(3)
    assert ("Story 3", Decimal(2)) == (story.Name, story.Estimate)
    assert bench.requests == 1


def test_an_attribute_beyond_the_basics_is_loaded_on_demand(bench: Bench) -> None:
    bench.backend.assets[Oid("Story", 3)]["Description"] = "long"
    story = bench.Story(3)
    assert story.Name == "Story 3"
    assert story.Description == "long"
    assert bench.requests == 2


def test_an_absent_attribute_is_requested_once(bench: Bench) -> None:
    story = bench.Story(3)
    assert [story.Description, story.Description] == [None, None]
    assert bench.requests == 1


def test_a_loaded_scalar_is_answered_by_the_instance_dictionary(bench: Bench) -> None:
    story = bench.Story(3)
    assert Decimal(2) == story.Estimate
    assert Decimal(2) == vars(story)["Estimate"]


def test_a_walk_over_two_relations_takes_three_requests_in_chunks(bench: Bench) -> None:
    names = [story.Super.Scope.Name for story in bench.Story]
    assert [f"Scope {900 + index // 9}" for index in range(20)] == names
    assert bench.requests == 3


def test_peers_are_loaded_in_chunks_of_what_the_server_takes(bench: Bench) -> None:
    stories = list(bench.query("Story").select("Name"))
    assert bench.requests == 1
    assert [Decimal(index) for index in range(20)] == [story.Estimate for story in stories]
    assert bench.requests == 1 + 2


def test_mode_one_loads_each_asset_alone(bench: Bench) -> None:
    stories = list(bench.query("Story").select("Name"))
    with bench.loader.using("one"):
        assert Decimal(0) == stories[0].Estimate
        assert Decimal(1) == stories[1].Estimate
    assert bench.requests == 1 + 2


def test_mode_raise_names_the_select_that_is_missing(bench: Bench) -> None:
    story = next(iter(bench.query("Story").select("Name")))
    with bench.loader.using("raise"), pytest.raises(NotLoaded, match=r"Story:1\.Estimate .*\.select\('Estimate'\)"):
        story.Estimate
    assert bench.requests == 1
    assert Decimal(0) == story.Estimate


def test_members_of_a_multi_relation_load_together_though_their_owner_came_alone(bench: Bench) -> None:
    members = tuple(bench.add(f"Member:{number}", Name=f"M{number}") for number in range(30, 36))
    bench.backend.assets[Oid("Story", 1)]["Owners"] = members
    story = bench.Story(1)
    assert [f"M{number}" for number in range(30, 36)] == [member.Name for member in story.Owners]
    assert bench.requests == 2


def test_a_vanished_asset_raises_not_found_and_spares_its_peers(bench: Bench) -> None:
    stories = list(bench.query("Story").select("Name"))
    del bench.backend.assets[Oid("Story", 2)]
    assert Decimal(0) == stories[0].Estimate
    with pytest.raises(NotFound, match="Story:2"):
        stories[1].Estimate
    assert Decimal(2) == stories[2].Estimate


def test_a_misspelt_attribute_is_explained_and_sends_nothing(bench: Bench) -> None:
    with pytest.raises(UnknownName, match="Did you mean Estimate"):
        bench.Story(1).Estimat
    with pytest.raises(UnknownName, match="Did you mean Estimate"):
        bench.Story.Estimat
    with pytest.raises(UnknownName, match="Did you mean Estimate"):
        bench.Story(1).Estimat = 3
    assert bench.requests == 0


def test_an_unset_relation_goes_on_dereferencing_and_refuses_typos(bench: Bench) -> None:
    bench.add("Story:99", Name="Lone")
    story = bench.Story(99)
    assert not story.Super
    assert story.Super == None  # noqa: E711
    assert str(story.Super) == "None"
    assert story.Super.Scope.Name is None
    assert story.Super.Scope.Stories == []
    with pytest.raises(UnknownName, match="Scope has no attribute 'Nmae'"):
        story.Super.Scope.Nmae


def test_a_server_attribute_wins_over_a_helper_of_the_same_name(bench: Bench) -> None:
    bench.add("Epic:98", Name="X", data="from the server")
    epic = bench.Epic(98)
    assert "from the server" == epic.data == epic["data"]
    assert inspect(epic).loaded["Name"] == "X"


def test_would_fetch_tells_without_fetching(bench: Bench) -> None:
    story = bench.Story(1)
    assert inspect(story).would_fetch("Name")
    assert story.Name == "Story 1"
    assert not inspect(story).would_fetch("Name")
    assert inspect(story).would_fetch("Super.Name")
    assert bench.requests == 1


def test_assets_nobody_holds_are_forgotten_beyond_the_last_touched() -> None:
    bench = Bench(keep=2)
    bench.stories(10)
    for number in range(1, 11):
        bench.Story(number)
    assert len(bench.context.identity) == 2


def test_populate_loads_a_path_in_one_request_per_step(bench: Bench) -> None:
    stories = [bench.Story(number) for number in range(1, 10)]
    bench.loader.populate(stories, ["Super.Scope.Name"])
    assert bench.requests == 3
    assert [story.Super.Scope.Name for story in stories] == ["Scope 900"] * 9
    assert bench.requests == 3


def test_would_fetch_knows_paths_edits_and_what_was_computed(bench: Bench) -> None:
    story = bench.Story(1)
    fetches = inspect(story).would_fetch
    assert fetches("Name")
    assert fetches("Super.Scope.Name")
    assert fetches("Owners.@Count")
    story.Name = "mine"
    assert not fetches("Name")
    story.Owners.add("Member:20")
    assert fetches("Owners")
    assert story.Super.Name
    assert not fetches("Super.Name")
    assert fetches("Super.Scope.Name")
    assert story.Super.Scope.Name
    assert not fetches("Super.Scope.Name")
    story.Super = None
    assert not fetches("Super.Scope.Name")
    [counted] = bench.query("Story").page(size=1).select("Owners.@Count")
    assert counted is story
    assert not fetches("Owners.@Count")


def test_a_row_with_other_columns_brings_them_all(bench: Bench) -> None:
    [*_] = bench.query("Story").select("Name")
    story = next(iter(bench.query("Story").select("Estimate", "Super", "Name")))
    asked = bench.requests
    assert {"Name", "Estimate", "Super"} <= set(story._state.names())
    assert all(not inspect(story).would_fetch(name) for name in ("Name", "Estimate", "Super"))
    assert (story.Name, story.Estimate) == (story["Name"], story["Estimate"])
    assert asked == bench.requests
