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
    source=True,
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
def test_flags_are_distinguished(name: str) -> None:
    flipped = replace(PLAIN, **{name: not getattr(PLAIN, name)})
    text = to_text(Schema({"Story": AssetType("Story", {"Name": flipped})}))
    assert from_text(text, codec).attribute("Story", "Name") == flipped


@pytest.mark.parametrize("place", range(6))
def test_an_attribute_that_is_broken_inside_is_found_at_once(place: int) -> None:
    document = json.loads(to_text(Schema({"Story": KIND})))
    attribute = document["types"]["Story"][2][1]
    for broken in ([*attribute[:place], [], *attribute[place + 1 :]], attribute[:place], [*attribute, 1]):
        document["types"]["Story"][2][1] = broken
        if place in (2, 3, 5) and len(broken) == 6:
            continue
        with pytest.raises(ValueError, match="not a schema that was kept: a type"):
            from_text(json.dumps(document), codec)


def test_an_operation_or_a_fact_that_is_broken_inside_is_found_at_once() -> None:
    for path, broken in (
        ((1, 0), ["a", "b", "c"]),
        ((1, 0), [5, None]),
        ((1, 0), "ab"),
        ((1,), "ab"),
        ((2,), "ab"),
        ((2, 0), "abcdef"),
        ((0, -1), "ab"),
        ((0, -2), "ab"),
        ((0,), [None] * 12 + [[], []]),
    ):
        document = json.loads(to_text(Schema({"Story": KIND})))
        *to, last = path
        place = document["types"]["Story"]
        for each in to:
            place = place[each]
        place[last] = broken
        with pytest.raises(ValueError, match="not a schema that was kept: a type"):
            from_text(json.dumps(document), codec)


def test_a_kept_schema_makes_each_type_once_when_it_is_needed() -> None:
    made: list[tuple[str, str, str | None]] = []

    def counted(kind: str, name: str, related: str | None = None) -> Codec:
        made.append((kind, name, related))
        return CODEC

    text = to_text(Schema({"Story": KIND, "Epic": AssetType("Epic", {"Name": PLAIN})}))
    assert ": " not in text
    kept = from_text(text, counted).types
    assert (len(kept), list(kept), "Epic" in kept, "Gone" in kept, made) == (2, ["Story", "Epic"], True, False, [])
    assert kept["Story"] is kept["Story"]
    assert made == [("Relation", "Owner", "Member"), ("Text", "Name", None)]
    with pytest.raises(KeyError):
        kept["Gone"]


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
