"""What does not belong: assets of other sessions, things that are no assets, values and conditions that mean nothing.

All of it is refused before anything is sent or changed.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from assetmeta.core.inspect import inspect
from assetmeta.model.conditions import And, Exists, Or
from assetmeta.model.errors import BadValue, InvalidResponse, ReadOnly, UnknownName
from assetmeta.model.plans import AttributeChange
from assetmeta.model.values import UNREAD, Oid
from core.fake import Bench


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.stories(6)
    for number in (20, 21):
        bench.add(f"Member:{number}", Name=f"M{number}")
    return bench


@pytest.fixture
def other() -> Bench:
    other = Bench()
    other.stories(6)
    return other


def untouched(bench: Bench) -> bool:
    return bench.requests == 0 and len(bench.unit) == 0 and not bench.unit.plan()


TAKE_AN_ASSET: dict[str, Callable[[Bench, Any], object]] = {
    "delete": lambda bench, thing: bench.unit.delete(thing),
    "revert": lambda bench, thing: bench.unit.revert([bench.Story(1), thing]),
    "populate": lambda bench, thing: bench.loader.populate([bench.Story(1), thing], ["Name"]),
    "new with a context": lambda bench, thing: bench.Story.new(thing, Name="x"),
    "create with a context": lambda bench, thing: bench.Story.create(thing, Name="x"),
    "the class called": lambda bench, thing: bench.Story(thing),
    "an assignment": lambda bench, thing: setattr(bench.Story(1), "Twin", thing),
    "several assignments": lambda bench, thing: bench.Story(1).set(Name="x", Twin=thing),
}


@pytest.mark.parametrize("use", TAKE_AN_ASSET.values(), ids=TAKE_AN_ASSET)
def test_an_asset_of_another_session_is_refused_everywhere(
    bench: Bench, other: Bench, use: Callable[[Bench, Any], object]
) -> None:
    with pytest.raises(BadValue, match=r"Story:1 .*belongs to another session"):
        use(bench, other.Story(1))
    assert untouched(bench)
    assert untouched(other)


THINGS = {"object": object(), "text": "no token", "float": 1.5, "list": ["Story:1"]}
# The id of an asset may be any text, and relations take names.
ANY_TEXT = ("the class called", "an assignment", "several assignments")
REFUSED = [(name, thing) for name in TAKE_AN_ASSET for thing in THINGS if not (name in ANY_TEXT and thing == "text")]


@pytest.mark.parametrize(("name", "thing"), REFUSED)
def test_a_thing_that_is_no_asset_is_refused_everywhere(bench: Bench, name: str, thing: str) -> None:
    with pytest.raises(BadValue):
        TAKE_AN_ASSET[name](bench, THINGS[thing])
    assert untouched(bench)


def test_what_is_pending_survives_a_revert_that_is_refused(bench: Bench, other: Bench) -> None:
    story = bench.Story(1)
    story.Estimate = 5
    with pytest.raises(BadValue, match="another session"):
        bench.unit.revert([story, other.Story(1)])
    assert Decimal(5) == story.Estimate
    assert len(bench.unit) == 1


def test_conditions_refuse_an_asset_of_another_session(bench: Bench, other: Bench) -> None:
    for build in (
        lambda: bench.Story.where(Super=other.Epic(500)),
        lambda: bench.Story.where({"Twin": other.Story(1)}),
        lambda: bench.Story.Twin == other.Story(1),
        lambda: bench.Story.Super.in_([bench.Epic(500), other.Epic(501)]),
    ):
        with pytest.raises(BadValue, match="another session"):
            build()
    assert untouched(bench)


@pytest.mark.parametrize("value", [False, True, "", [], {}, 1.5], ids=repr)
def test_a_relation_is_not_cleared_by_values_that_are_only_falsy(bench: Bench, value: object) -> None:
    story = bench.Story(1)
    with pytest.raises(BadValue, match=r"Story\.Super takes assets of type Epic"):
        story.Super = value
    assert untouched(bench)


def test_a_relation_is_cleared_by_none_the_empty_tuple_and_the_stand_in(bench: Bench) -> None:
    bench.add("Story:99", Name="Lone")
    unset = bench.Story(99).Super
    for value in (None, (), unset):
        story = bench.Story(1)
        story.Super = value
        assert (AttributeChange("Super", UNREAD, None),) == inspect(story).changes
        inspect(story).revert()


def test_setting_several_values_is_all_or_nothing(bench: Bench, other: Bench) -> None:
    story = bench.Story(1)
    assert (story.Name, story.Owners) == ("Story 1", [])
    story.Name = "mine"
    story.Owners.add(bench.Member(20))
    before = inspect(story).changes
    for wrong in ({"Estimate": "many"}, {"Number": "S-1"}, {"Nope": 1}, {"Twin": other.Story(2)}, {"Tags": "one"}):
        with pytest.raises((BadValue, ReadOnly, UnknownName)):
            story.set(Name="theirs", Description="d", Owners=(), **wrong)
        assert before == inspect(story).changes
        assert story.Name == "mine"
    with pytest.raises(BadValue):
        bench.Story(2).set(Name="x", Estimate="many")
    assert not inspect(bench.Story(2)).pending
    assert len(bench.unit) == 1


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"Nam": "x"}, UnknownName),
        ({"Close": 1}, UnknownName),
        ({"Number": "S-1"}, ReadOnly),
        ({"Estimate": "many"}, BadValue),
        ({"Super": "Member:20"}, BadValue),
        ({"Super": False}, BadValue),
        ({"Owners": "Member:20"}, BadValue),
        ({"Owners": ["Epic:500"]}, BadValue),
    ],
    ids=str,
)
def test_setting_through_a_query_checks_before_any_request(
    bench: Bench, values: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        bench.query("Story").where(Name="nobody").set(**values)
    assert untouched(bench)


def test_a_condition_from_another_types_column_is_refused(bench: Bench) -> None:
    for term in (
        bench.Epic.Name == "x",
        bench.Member.Name.contains("x"),
        bench.Scope.Name.exists(),
        (bench.Story.Name == "x") & ~(bench.Epic.Name == "y"),
        (bench.Story.Name == "x") | bench.Epic.Name.missing(),
    ):
        with pytest.raises(BadValue, match=r"is a condition on (Epic|Member|Scope), and this is a query of Story"):
            bench.Story.where(term)
        with pytest.raises(BadValue, match="this is a query of Story"):
            bench.Story.filter(term)
    assert untouched(bench)


def test_a_condition_from_a_query_of_the_same_type_is_taken(bench: Bench) -> None:
    assert 1 == len(bench.Story.where(bench.query("Story").Name == "x").terms)


def test_what_cannot_work_is_refused_where_it_is_written(bench: Bench) -> None:
    query = bench.query("Story")
    for build in (
        lambda: query.sort("Owners.Name"),
        lambda: query.sort("-Tags"),
        lambda: query.sort(bench.Story.Owners.Name),
        lambda: query.sort(bench.Story.Tags.desc()),
        lambda: bench.Story.Name.sum(),
        lambda: bench.Scope.Stories.Name.sum(),
        lambda: bench.Story.Super.sum(),
        lambda: bench.Scope.Stories.of_type("Member"),
        lambda: bench.Scope.Stories.of_type(bench.Epic),
        lambda: bench.Story.Name.in_("abc"),
        lambda: bench.Story.Name.not_in(b"abc"),
        lambda: bench.Story.Estimate.in_(5),
        lambda: query.select(["Name"]),
        lambda: query.select(None),
        lambda: list(query.pages(0)),
        lambda: list(query.pages("5")),
        lambda: query[None],
        lambda: query[1.5],
        lambda: query[1.5:3],
        lambda: query["Name":],
        lambda: query[-3:],
    ):
        with pytest.raises(BadValue):
            build()
    assert untouched(bench)


def test_no_value_admits_nothing_and_no_refusal_admits_everything(bench: Bench) -> None:
    path = bench.Story.Name._path
    both = (Exists(path), Exists(path, present=False))
    assert And(both) == bench.Story.Name.in_([])
    assert Or(both) == bench.Story.Name.not_in(())
    assert (And(both),) == bench.Story.where(Name=[]).terms


def test_a_new_asset_that_was_dropped_is_not_revived_by_an_assignment(bench: Bench) -> None:
    reverted, deleted = bench.Story.new(Name="a"), bench.Story.new(Name="b")
    inspect(reverted).revert()
    bench.unit.delete(deleted)
    for story in (reverted, deleted):
        for edit in (
            lambda story=story: setattr(story, "Name", "again"),
            lambda story=story: story.Owners.add(bench.Member(20)),
            lambda story=story: delattr(story, "Name"),
        ):
            with pytest.raises(ReadOnly, match="was dropped and will not be created"):
                edit()
    assert untouched(bench)
    assert not bench.writer.commit()
    assert bench.backend.written == []


def test_a_read_that_fails_like_a_missing_name_shows_the_real_error(bench: Bench) -> None:
    bench.backend.assets[Oid("Story", 1)]["Super"] = Oid("Phantom", 7)
    story = bench.Story(1)
    with pytest.raises(InvalidResponse, match=r"Story:1\.Super: .*no asset type 'Phantom'"):
        hasattr(story, "Super")
    with pytest.raises(InvalidResponse, match=r"Story:1\.Super"):
        getattr(story, "Super", "a default")
    assert bench.requests == 1
    assert not hasattr(story, "Nope")
    assert getattr(story, "Nope", "a default") == "a default"
    assert bench.requests == 1


def test_a_copy_of_a_query_is_the_query(bench: Bench) -> None:
    query = bench.query("Story").select("Name").page(size=3)
    assert query is copy.copy(query) is copy.deepcopy(query)
    assert copy.deepcopy({"wanted": [query]})["wanted"][0] is query
    assert bench.requests == 0


def test_help_that_asks_for_a_length_loads_nothing(bench: Bench) -> None:
    help_of_ipython: dict[str, Any] = {"__name__": "IPython.core.oinspect"}
    exec("def length(thing): return len(thing)", help_of_ipython)
    query, story = bench.query("Story").select("Name"), bench.Story(1)
    for thing in (query, story.Owners):
        with pytest.raises(TypeError, match="loads nothing"):
            help_of_ipython["length"](thing)
    assert bench.requests == 0
    assert 6 == len(query) == help_of_ipython["length"](query)


def test_names_in_a_list_are_refused_with_what_to_do(bench: Bench) -> None:
    with pytest.raises(BadValue, match=r"not \['Name'\]\. Several are given one by one, without the list\."):
        bench.query("Story").select(["Name"])  # type: ignore[arg-type]
