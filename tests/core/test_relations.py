"""What relations return: stand-ins for what is not set, members, and what an answer told about related assets."""

from __future__ import annotations

import copy
import gc
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from assetmeta.model.errors import BadValue, ReadOnly, UnknownName
from assetmeta.model.plans import Fetch, Row, Rows
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid
from core.fake import SCHEMA, Bench, FakeBackend, asset_type, attribute


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.stories(3)
    return bench


def test_what_is_not_set_has_no_members_and_takes_none(bench: Bench) -> None:
    none = bench.Story(1).Twin.Owners
    assert (len(none), list(none), none[:1], repr(none)) == (0, [], [], "[]")
    assert none == []
    assert none == ()
    assert none != [bench.Member(20)]
    assert none != 0
    assert hash(none) == hash(())
    assert type(pickle.loads(pickle.dumps(none))) is list
    with pytest.raises(IndexError):
        none[0]
    for change in (none.add, none.remove, none.clear):
        with pytest.raises(ReadOnly, match="Story.Owners cannot be changed"):
            change()


def test_what_is_not_set_is_none_and_knows_its_type(bench: Bench) -> None:
    none = bench.Story(1).Twin
    assert none == None  # noqa: E711
    assert none == bench.Story(2).Twin
    assert none != none.Super
    assert none != bench.Story(2)
    assert (hash(none), str(none), repr(none), bool(none)) == (hash(None), "None", "<no Story>", False)
    assert (none.idref, none.intid, none.url, none.AsOf, none.Name) == (None,) * 5
    assert none["Super.Scope.Name"] is None
    assert none["Super"] == none.Super
    assert "Owners" in dir(none)
    assert pickle.loads(pickle.dumps(none)) is None
    with pytest.raises(ReadOnly, match="no Story here to set Name"):
        none.Name = "x"
    with pytest.raises(ReadOnly, match="no Story here to Close"):
        none.Close()
    with pytest.raises(UnknownName):
        none.Nmae
    assert not hasattr(none, "__len__")


def test_paths_from_what_is_not_set_are_read_by_the_schema(bench: Bench) -> None:
    story = bench.Story(1)
    none = story.Twin
    assert none["Super.Name"] is none[bench.Story.Super.Name] is none["Name"] is None
    assert (list(none["Owners.Name"]), story["Twin.Owners.Name"]) == ([], [])
    assert story["Twin.Super"].Name is none["Super.Scope"].Name is None
    for path in ("Name.Lenght", "Owners.Nmae", "Super.Nmae", "Nmae"):
        with pytest.raises(UnknownName):
            none[path]


def test_what_is_no_name_is_refused_in_words(bench: Bench) -> None:
    story = bench.Story(1)
    for asset in (story, story.Twin):
        for index in (0, None, [], 1.5):
            with pytest.raises(BadValue, match="indexed by names and paths"):
                asset[index]
    assert not hasattr(story.Twin, "__iter__")
    with pytest.raises(BadValue, match="there is no asset here"):
        list(story.Twin)


def test_members_are_compared_and_changed_like_a_set_in_order(bench: Bench) -> None:
    bench.add("Member:20", Name="M20")
    bench.add("Member:21", Name="M21")
    for number in (1, 2):
        bench.backend.assets[Oid("Story", number)]["Owners"] = (Oid("Member", 20), Oid("Member", 21))
    owners, others = bench.Story(1).Owners, bench.Story(2).Owners
    assert owners == others == [bench.Member(20), bench.Member(21)]
    assert owners != [bench.Member(21), bench.Member(20)]
    assert (owners[0], owners[-1], owners[1:]) == (bench.Member(20), bench.Member(21), [bench.Member(21)])
    assert bench.Member(20) in owners
    more = [bench.Member(22)]
    assert [20, 21, 22] == [member.intid for member in owners + more]
    assert [22, 20, 21, 20, 21] == [member.intid for member in more + owners + others]
    with pytest.raises(TypeError):
        _ = owners + "Member:22"
    assert bench.Member(22) not in owners
    owners += [bench.Member(22)]
    owners -= [bench.Member(20)]
    assert [21, 22] == [member.intid for member in bench.Story(1).Owners]
    with pytest.raises(ReadOnly, match="not changed in place"):
        owners.append(bench.Member(20))


class Telling(FakeBackend):
    """Sends the epic of a story along with it."""

    def _answer(self, schema: Schema, fetch: Fetch) -> Rows:
        rows = super()._answer(schema, fetch)
        told = (Row(Oid("Epic", 500), ("Name", "Scope"), ("told", None)),) if fetch.type_name == "Story" else ()
        return replace(rows, related=told)


@pytest.mark.parametrize(
    "read",
    [
        lambda bench: [bench.Story(1)] * bool(bench.Story(1).Name),
        lambda bench: [story for story in bench.query("Story").page(size=2) if story.Name],
        lambda bench: list(bench.query("Story").page(size=2).select("Super")),
    ],
    ids=["alone", "together", "selected"],
)
def test_what_an_answer_contained_of_a_related_asset_is_kept_with_the_asset(read: Callable[[Bench], list[Any]]) -> None:
    bench = Bench(Telling(), keep=1)
    bench.stories(3)
    stories = read(bench)
    before = bench.requests
    bench.context.identity.touch(bench.context.asset(Oid("Member", 1)))
    gc.collect()
    assert stories[0].Super.Name == "told"
    assert bench.requests == before


ABSTRACT = Schema(
    {
        **SCHEMA.types,
        "Base": replace(asset_type("Base", attribute("Name")), abstract=True),
        "Note": asset_type(
            "Note",
            attribute("Name"),
            attribute("Base", "Relation", related="Base"),
            attribute("On", "Relation", related="Epic"),
        ),
    }
)


def test_a_number_names_an_asset_of_one_type_only() -> None:
    bench = Bench(schema=ABSTRACT)
    note = bench.Note.new(Name="note", On=500)
    assert note.On is bench.Epic(500)
    for value in (500, True, 1.5):
        with pytest.raises(BadValue, match="takes assets of type Base"):
            note.Base = value
    with pytest.raises(BadValue, match="takes assets of type Epic"):
        note.On = True


@pytest.mark.parametrize(
    "read, wanted",
    [(lambda story: story[0].Name, "Story 1"), (lambda story: [one.intid for one in story[1:3]], [2, 3])],
)
def test_a_class_is_read_by_place(bench: Bench, read: Callable[[Any], object], wanted: object) -> None:
    assert wanted == read(bench.Story)
    assert list(bench.Story["Name"]) == ["Story 1", "Story 2", "Story 3"]


def test_members_travel_as_identities_and_a_copy_is_the_same_view(bench: Bench) -> None:
    bench.add("Story:7", Name="n", Owners=(Oid("Member", 20), Oid("Member", 21)), Tags=("red",))
    story = bench.Story(7)
    story.Tags.add("blue")
    assert pickle.loads(pickle.dumps(story.Owners)) == [Oid("Member", 20), Oid("Member", 21)]
    assert pickle.loads(pickle.dumps({"tags": story.Tags})) == {"tags": ["red", "blue"]}
    for copied in (copy.copy(story.Owners), copy.deepcopy([story.Owners])[0]):
        assert copied == story.Owners
        copied.remove(bench.Member(20))
        assert list(story.Owners) == [bench.Member(21)]
        story.Owners.add(bench.Member(20))


def test_a_name_read_of_a_list_says_how_its_members_are_read(bench: Bench) -> None:
    owners = bench.Story(1).Owners
    with pytest.raises(UnknownName, match=r'Story.Owners is a list of Member, and each has its Name: asset\["Owners.N'):
        bench.Story(1).Twin.Owners.Name
    for name, advice in (
        ("Name", r'asset\["Owners.Name"\], or \[one.Name for one in asset.Owners\]'),
        ("Nme", r"a list of Member, which has no attribute 'Nme'\. Did you mean Name\?"),
    ):
        with pytest.raises(UnknownName, match=advice):
            getattr(owners, name)
    assert not hasattr(owners, "__array__")
