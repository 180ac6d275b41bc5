"""What a server sends under names that the schema lacks is kept, and can be read."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from assetmeta.core.asset import Asset
from assetmeta.core.inspect import inspect
from assetmeta.model.errors import UnknownName
from assetmeta.model.plans import Row
from assetmeta.model.schema import Schema
from assetmeta.model.texts import JsonText
from assetmeta.model.values import Oid
from core.fake import ALL_ROUND, SCHEMA, Bench, FakeBackend, asset_type, attribute

ODD_KEYS = ("my key", "a.b", "Name.x", "x[y", "9lives", "", "@", "data", "set", "AsOf")
"""Keys that are no attribute names, or that assets have helpers of."""

HELPERS = sorted({name for name in vars(Asset) if not name.startswith("_")} | {"file_data"})


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    columns = ("Name", "shiny", "nested", "empty")
    bench.context.identity.touch(bench.Story(5))
    bench.context.merge_rows([Row(Oid("Story", 5), columns, ("A", "yes", JsonText('{"a": [1.5, "x"]}'), None))])
    return bench


def test_it_is_read_like_any_other_value(bench: Bench) -> None:
    story = bench.Story(5)
    assert (story.shiny, story["shiny"], story.empty) == ("yes", "yes", None)
    assert story.nested == {"a": [Decimal("1.5"), "x"]}
    assert bench.requests == 0


def test_it_stands_among_what_is_loaded_and_completed(bench: Bench) -> None:
    story = bench.Story(5)
    assert dict(inspect(story).loaded) == {"Name": "A", "shiny": "yes", "nested": story.nested, "empty": None}
    assert {"shiny", "nested"} <= set(dir(story))


def test_it_cannot_be_set(bench: Bench) -> None:
    with pytest.raises(UnknownName):
        bench.Story(5).shiny = "no"


def test_a_name_that_nobody_sent_is_a_slip(bench: Bench) -> None:
    with pytest.raises(UnknownName):
        _ = bench.Story(5).shinny
    with pytest.raises(UnknownName):
        _ = bench.Story(6).shiny


def _sent(bench: Bench, **values: str) -> Asset:
    story: Asset = bench.Story(5)
    bench.context.merge_rows([Row(Oid("Story", 5), tuple(values), tuple(values.values()))])
    return story


@pytest.mark.parametrize("key", ODD_KEYS)
def test_any_key_that_a_server_sends_can_be_read_and_shown(key: str) -> None:
    bench = Bench()
    story = _sent(bench, **{key: "yes"})
    loaded = inspect(story).loaded
    assert ("yes", "yes", f"{{{key!r}: 'yes'}}") == (story[key], loaded[key], repr(loaded))
    assert bench.requests == 0


def test_a_value_that_cannot_be_read_is_named_in_the_repr_of_what_is_loaded() -> None:
    story = _sent(Bench(), Name="A", Estimate="many")
    assert "{'Name': 'A', 'Estimate': <InvalidResponse>}" == repr(story.data)


def test_an_undeclared_key_leaves_helpers_alone(bench: Bench) -> None:
    story = _sent(bench, data="theirs")
    assert "theirs" == story["data"] == story.data["data"]


@pytest.mark.parametrize("name", HELPERS)
def test_a_server_attribute_takes_the_place_of_every_helper(name: str) -> None:
    schema = Schema({**SCHEMA.types, "Story": asset_type("Story", attribute("Name"), attribute(name))})
    bench = Bench(FakeBackend(can=replace(ALL_ROUND, file_types=frozenset({"Story"}))), schema=schema)
    bench.add("Story:5", Name="A", **{name: "theirs"})
    story = bench.Story(5)
    assert "theirs" == getattr(story, name) == story[name]
    assert {"Name": "A", name: "theirs"} == dict(inspect(story).loaded)
    setattr(story, name, "mine")
    assert ("mine", (name,)) == (getattr(story, name), tuple(delta.name for delta in inspect(story).changes))
    assert "Story(5" in repr(story)
    assert f"Story.{name}" == repr(getattr(bench.Story, name))
