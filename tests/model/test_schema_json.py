"""A schema as text and back: nothing is forgotten, and nothing broken is believed."""

from __future__ import annotations

import json

import pytest
from msgspec import NODEFAULT
from msgspec.structs import fields, replace

from assetmeta.model.codecs import Codec, Text
from assetmeta.model.schema import AssetType, Attribute, Operation, Schema
from assetmeta.model.schema_json import FORMAT, from_text, to_text

CODEC = Text()
PLAIN = Attribute("Name", "Text", CODEC)
FULL = Attribute(
    name="Owner",
    kind="Relation",
    codec=CODEC,
    related="Member",
    reciprocal="Member.Owned",
    required=True,
    readonly=True,
    writable=False,
    multi=True,
    custom=True,
    computed=True,
    basic=True,
    label="Who",
    affects_related=True,
    cascades=True,
)
KIND = AssetType(
    name="Story",
    attributes={"Owner": FULL, "Name": PLAIN},
    operations={"Close": Operation("Close", "IsClosable")},
    base="Workitem",
    abstract=True,
    display="Name",
    short="Number",
    order="Order",
    label="A story",
    endpoint="stories",
    number=7,
    deleted="IsGone",
    members=("Epic", "Defect"),
    part_of=("Scope",),
    choices=True,
    derived=True,
)


def codec(kind: str, name: str, related: str | None = None) -> Codec:
    return CODEC


@pytest.mark.parametrize("given", [FULL, KIND, KIND.operations["Close"]])
def test_the_examples_have_every_field_of_their_class(given: AssetType | Attribute | Operation) -> None:
    unset = [
        each.name
        for each in fields(given)
        if each.default is not NODEFAULT and getattr(given, each.name) == each.default
    ]
    assert unset == []


def test_no_field_is_forgotten() -> None:
    found = from_text(to_text(Schema({"Story": KIND}, "1.2")), codec)
    assert (found.type("Story"), found.version) == (KIND, "1.2")


@pytest.mark.parametrize("name", [each.name for each in fields(Attribute) if each.type is bool])
def test_flags_are_told_apart(name: str) -> None:
    flipped = replace(PLAIN, **{name: not getattr(PLAIN, name)})
    text = to_text(Schema({"Story": AssetType("Story", {"Name": flipped})}))
    assert from_text(text, codec).attribute("Story", "Name") == flipped


@pytest.mark.parametrize(
    "broken",
    [5, [], None, "abc", {}, [[], [], []], [[None] * 9, 5, []], [[None] * 9, [], [5]], [[None] * 9, [["a"]], []]],
)
def test_a_type_that_is_broken_inside_is_found_at_once(broken: object) -> None:
    document = json.loads(to_text(Schema({"Story": KIND})))
    document["types"]["Other"] = broken
    with pytest.raises(ValueError, match="not a schema that was kept"):
        from_text(json.dumps(document), codec)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        f'{{"format":{FORMAT},"version":"x","types":[]}}',
        f'{{"format":{FORMAT},"types":{{}}}}',
        '{"format":1,"version":"x","types":{}}',
        "[]",
    ],
)
def test_what_was_not_kept_by_this_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        from_text(text, codec)
