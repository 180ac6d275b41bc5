"""Types as classes: what they are called with, what they pass on to queries, and what is in them."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from assetmeta.core.asset import Asset
from assetmeta.core.class_builder import ClassRegistry
from assetmeta.core.schema_source import OpenTypes, SchemaSource, TypesOnDemand
from assetmeta.model.codecs import Text
from assetmeta.model.errors import BadValue, InvalidResponse, NotFound, ReadOnly, UnknownName, Unsupported, UsageError
from assetmeta.model.http import Request
from assetmeta.model.paths import split_selection
from assetmeta.model.schema import AssetType, Schema
from assetmeta.model.schema_json import to_text
from assetmeta.model.values import Oid
from core.fake import ALL_ROUND, SCHEMA, Bench, FakeBackend, asset_type, attribute

TYPES = Schema(
    {
        **SCHEMA.types,
        "Base": asset_type("Base", attribute("Name"), abstract=True),
        "Bug": asset_type("Bug", attribute("Name"), attribute("__init__"), attribute("a\x1b"), base="Base"),
    }
)


@pytest.fixture
def bench() -> Bench:
    return Bench(schema=TYPES)


def test_a_type_is_called_with_an_identity(bench: Bench) -> None:
    story = bench.Story(5)
    for key in ("5", "Story:5", Oid("Story", 5), story):
        assert bench.Story(key) is story
    for key, why in (
        ("Epic:5", "Epic:5 is no Story"),
        (bench.Epic(5), "is no Story"),
        (True, "the id of an asset is a number or a text"),
        (2.5, "the id of an asset is a number or a text"),
        (float("nan"), r"Story\(...\): not-a-number"),
        ("x" * 1001, "1000 characters at most"),
        (Bench().Story(5), "belongs to another session"),
    ):
        with pytest.raises(BadValue, match=why):
            bench.Story(key)
    assert bench.Story("what:5")._state.oid == Oid("Story", "what:5")
    with pytest.raises(BadValue, match="Base is abstract, so 5 does not identify an asset") as caught:
        bench.Base(5)
    assert caught.value.type_name == "Base"
    assert bench.requests == 0


def test_the_verbs_of_a_type_are_those_of_a_query_of_all(bench: Bench) -> None:
    query, story = bench.query("Story"), bench.Story
    for mine, same in (
        (story.select("Name"), query.select("Name")),
        (story.where(story.Name == "x", Estimate=1), query.where(story.Name == "x", Estimate=1)),
        (story.filter("x"), query.filter("x")),
        (story.sort("-Name", "Estimate"), query.sort("-Name", "Estimate")),
        (story.find("x", "Name"), query.find("x", "Name")),
        (story.page(3, 1), query.page(3, 1)),
        (story.page(start=1), query.page(start=1)),
        (story.asof("2026-03-01", "2026-03-02"), query.asof("2026-03-01", "2026-03-02")),
        (story.deleted(), query.deleted()),
        (story.deleted(False), query),
        (story[1:3], query[1:3]),
        (story.query(), query),
        (story.query("x"), query.filter("x")),
        (story.query(None, "Name,Owners[a,b].Name"), query.select("Name", "Owners[a,b].Name")),
        (story.query(sel=""), query),
    ):
        assert mine == same
    assert split_selection("a,b[c,d[e,f],g],h") == ["a", "b[c,d[e,f],g]", "h"]
    assert story.explain() == query.explain()
    assert str(story["Name"]) == str(story.Name) == "Name"
    assert bench.requests == 0
    bench.stories(3)
    assert [len(story.all()), len(list(story)), story.count(), story.exists(), story.first().intid] == [
        3,
        3,
        3,
        True,
        1,
    ]
    assert ([len(page) for page in story.pages(2)], len(story.progress()), story[2].intid) == ([2, 1], 3, 3)
    assert bench.Scope.one()._state.oid == Oid("Scope", 900)
    assert (story(1) in story, bench.Epic(500) in story, 5 in story) == (True, False, False)


def test_what_is_in_a_class(bench: Bench) -> None:
    bug = bench.Bug
    assert issubclass(bug, bench.Base)
    assert issubclass(bench.Base, Asset)
    assert repr(bench.Story) == "<asset type Story: 9 attributes, 1 operations>"
    assert {"Name", "Close", "where", "new", "count"} <= set(dir(bench.Story))
    assert "a\x1b" not in vars(bug)
    assert callable(bug.__init__)
    assert bug.__doc__.splitlines() == [
        "Bug, a kind of Base, as the server describes it.",
        "",
        "Operations: Close",
        "",
        "Attributes:",
        "    Name: Text. Takes text.",
        "    __init__: Text. Takes text.",
        "    a\\x1b: Text. Takes text.",
    ]
    assert bench.Base.__doc__.splitlines()[0] == "Base, as the server describes it. Abstract: query it."
    with pytest.raises(ReadOnly, match=r"Story.Name: set attributes on an asset, or query.set"):
        bench.Story.Name = "x"
    with pytest.raises(UnknownName, match=r"Did you mean Name\?"):
        bench.Story.Nam
    with pytest.raises(AttributeError):
        bench.Story._private
    with pytest.raises(LookupError, match="bound to no session"):
        ClassRegistry().of("Story")
    with pytest.raises(UnknownName, match="no asset type 'Stori'"):
        bench.Stori
    assert bench.Story is bench.Story


def test_a_class_is_brought_up_to_date_and_stays_the_same(bench: Bench) -> None:
    story, epic = bench.Story, bench.Epic
    known = story.__doc__
    kind = TYPES.types["Story"]
    attributes = {name: one for name, one in kind.attributes.items() if name != "Tags"}
    newer = replace(kind, attributes={**attributes, "Fresh": attribute("Fresh")}, operations={})
    bench.context._schema.current = Schema({**TYPES.types, "Story": newer})  # type: ignore[attr-defined]
    del bench.context._schema.current.types["Epic"]  # type: ignore[attr-defined]
    ClassRegistry().renew()
    bench.classes.renew()
    assert bench.Story is story
    assert bench.Epic is epic
    assert {"Fresh"} <= vars(story).keys()
    assert {"Tags", "Close"}.isdisjoint(vars(story))
    assert story.__doc__ != known
    assert str(story.Fresh) == "Fresh"


def test_new_assets_are_made_in_the_context_of_another(bench: Bench) -> None:
    scope = bench.add("Scope:1", Name="x")
    for given in (bench.Scope(1), "Scope:1", scope):
        new = bench.Story.new(given, Name="n", Estimate=None)
        change = bench.unit.change_of(new)
        assert (change.context, [delta.name for delta in change.deltas]) == (scope, ["Name"])  # type: ignore[union-attr]
    with pytest.raises(BadValue, match="The context of a new Story takes an asset"):
        bench.Story.new(5)
    with pytest.raises(BadValue):
        bench.Story.new(Name="x", Estimate="y")
    assert len(bench.unit) == 3
    bare = Bench(FakeBackend(can=replace(ALL_ROUND, context=False)))
    with pytest.raises(Unsupported, match="fake fills in nothing from another asset"):
        bare.Story.new("Scope:1")
    pending = bench.Story.new(Name="x")
    with pytest.raises(UsageError, match="Story.create: Story:new-.* does not exist yet; commit first, or use new"):
        bench.Story.create(Name="x", Twin=pending)
    assert bench.requests == 0


class Described(FakeBackend):
    """Describes its types one by one; those *refused* are not there."""

    refused: set[str]
    reflected: list[Any]

    def codec(self, kind: str, name: str, related: str | None = None) -> Any:
        return Text()

    def reflect(self, names: Sequence[str] | None = None) -> Generator[Any, Any, Schema]:
        yield Request("GET", "schema")
        self.reflected.append(names)
        if names and self.refused & set(names):
            raise NotFound("no such type", status=404)
        if "broken" in self.refused:
            raise InvalidResponse("broken")
        return Schema({name: TYPES.types[name] for name in names or ("Story", "Scope")}, "2")


class Kept:
    """Keeps a text in memory."""

    def __init__(self, text: str | None = None) -> None:
        self.text = text

    def load(self) -> str | None:
        return self.text

    def save(self, text: str) -> None:
        self.text = text


def source(way: str = "all", keep: Kept | None = None) -> tuple[SchemaSource, Described, list[int]]:
    backend, renewed = Described(), list[int]()
    backend.refused, backend.reflected = set(), []
    return SchemaSource(backend, Bench(backend).run, way, keep, lambda: renewed.append(1)), backend, renewed


def test_a_schema_is_read_once_and_kept_for_the_next_session() -> None:
    keep = Kept()
    found, backend, renewed = source(keep=keep)
    assert (found.known, backend.reflected) == ([], [])
    assert found() is found()
    assert (found.known, backend.reflected, renewed) == (["Scope", "Story"], [None], [])
    again, second, _ = source(keep=keep)
    assert (again.known, again().version, second.reflected) == (["Scope", "Story"], "2", [])
    for text in ("{", "", None):
        broken, third, _ = source(keep=Kept(text))
        assert (broken.known, sorted(broken().types), third.reflected) == ([], ["Scope", "Story"], [None])


def test_a_kept_schema_is_read_again_once_for_a_name_that_it_has_not() -> None:
    old = to_text(Schema({"Scope": TYPES.types["Scope"]}, "1"))
    keep = Kept(old)
    found, backend, renewed = source(keep=keep)
    assert found().type("Story").name == "Story"
    assert (backend.reflected, renewed, found().version, keep.text != old) == ([None], [1], "2", True)
    with pytest.raises(UnknownName):
        found().type("Gone")
    assert backend.reflected == [None]
    failing, broken, told = source(keep=Kept(old))
    broken.refused.add("broken")
    with pytest.raises(UnknownName):
        failing().type("Story")
    assert (broken.reflected, told) == ([None], [])


def test_what_an_answer_names_is_looked_for_once_and_then_taken_as_it_comes() -> None:
    found, backend, renewed = source()
    assert not found.renew([("Fresh", "")])
    found()
    assert not found.renew([("Story", "Name"), ("Story", "Close"), ("Scope", "")])
    assert found.renew([("Fresh", ""), ("Story", "Odd")])
    assert (backend.reflected, renewed) == ([None, None], [1])
    assert not found.renew([("Fresh", ""), ("Story", "Odd")])
    schema = found()
    assert isinstance(schema.types, OpenTypes)
    assert schema.type("Fresh") == AssetType("Fresh", {})
    assert (list(schema.types), len(schema.types), schema.version) == (["Story", "Scope"], 2, "2")
    backend.refused.add("broken")
    assert found.renew([("Later", "")])
    assert {schema.type(name).name for schema in [found()] for name in ("Fresh", "Later", "Story")} == {
        *("Fresh", "Later", "Story"),
    }


def test_types_are_read_one_by_one_as_they_are_named() -> None:
    found, backend, renewed = source("types")
    types = found().types
    assert isinstance(types, TypesOnDemand)
    assert (list(types), len(types), backend.reflected) == ([], 0, [])
    assert types["Story"] is types["Story"]
    assert (list(types), backend.reflected) == (["Story"], [["Story"]])
    backend.refused.add("Gone")
    assert [types.get("Gone"), types.get("Gone")] == [None, None]
    assert backend.reflected == [["Story"], ["Gone"]]
    backend.refused.add("Fresh")
    assert found.renew([("Fresh", ""), ("Story", "Odd")])
    # Each of them is read once: the one for the first time, the other again.
    assert sorted(backend.reflected[2:]) == [["Fresh"], ["Story"]]
    assert (types["Fresh"], renewed) == (AssetType("Fresh", {}), [1])
    assert not found.renew([("Fresh", ""), ("Story", "Odd")])
    assert found.renew([("Gone", "")])
    assert backend.reflected[4:] == [["Gone"]]
