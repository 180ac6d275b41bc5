"""Questions to a schema, also to one that a server has bent, and what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from assetmeta.model.codecs import Codec, Integer, Secret, Text
from assetmeta.model.errors import UnknownName
from assetmeta.model.schema import AssetType, Attribute, Operation, Schema, SchemaChange, SchemaDiff

NAME = Attribute("Name", "Text", Text(), basic=True)
EMAIL = Attribute("Email", "Text", Text())


class Listed(Text, frozen=True):
    """A codec of a kind whose values the server lists."""

    listed: tuple[str, ...] = ()


def attribute(name: str, codec: Codec | None = None, **flags: Any) -> Attribute:
    return Attribute(name, flags.pop("kind", "Text"), codec or Text(), **flags)


def kind(name: str, *attributes: Attribute, operations: tuple[str, ...] = (), **about: Any) -> AssetType:
    found = {each.name: each for each in attributes}
    return AssetType(name, found, {each: Operation(each) for each in operations}, **about)


def schema(*kinds: AssetType, **about: Any) -> Schema:
    return Schema({each.name: each for each in kinds}, **about)


def diff(before: AssetType, after: AssetType) -> list[tuple[str, ...]]:
    return [tuple(change) for change in schema(before).diff(schema(after))]


def test_bases_that_go_round_in_a_circle_end() -> None:
    known = Schema({"A": AssetType("A", {}, base="B"), "B": AssetType("B", {}, base="A")})
    assert list(known.lineage("A")) == ["A", "B"]
    assert known.is_a("A", "B")
    assert not known.is_a("A", "C")


def test_what_assets_of_a_type_are() -> None:
    known = schema(kind("Base"), kind("Story", base="Base"), kind("Any", members=("Story",), abstract=True))
    assert list(known.lineage("Story")) == ["Story", "Base"]
    assert [known.is_a("Story", base) for base in ("Story", "Base", "Any", "Other")] == [True, True, True, False]
    assert [known.is_a("Base", base) for base in ("Story", "Any")] == [False, False]
    assert list(known.lineage("Gone")) == ["Gone"]


def test_what_an_attribute_is_in_words() -> None:
    owners = attribute("Owners", kind="Relation", related="Member", multi=True, reciprocal="Member.Owned", custom=True)
    cases = {
        NAME: ("<attribute Name: Text>", "Name: Text. Takes text."),
        owners: (
            "<attribute Owners: several Member, custom>",
            "Owners: several Member (custom). The way back is Member.Owned.",
        ),
        replace(owners, multi=False, reciprocal=None, required=True, custom=False): (
            "<attribute Owners: one Member, required>",
            "Owners: one Member (required).",
        ),
        attribute("Tags", multi=True, writable=False, custom=True): (
            "<attribute Tags: Text, read-only, custom>",
            "Tags: several values, Text (read-only, custom).",
        ),
    }
    assert {each: (repr(each), each.description) for each in cases} == cases
    assert [each.is_relation for each in cases] == [False, True, True, False]
    assert [attribute("a", codec).is_secret for codec in (Secret(), Text())] == [True, False]


def test_a_name_that_a_type_has_not_is_refused_with_the_nearest() -> None:
    story = kind("Story", NAME, EMAIL, operations=("Close",))
    assert (story.attribute("Name"), story.operation("Close")) == (NAME, Operation("Close"))
    assert story.basic == ("Name",)
    for call, name, words in (
        (story.attribute, "Close", "Story.Close is an operation, not an attribute."),
        (story.attribute, "name", "Story has no attribute 'name'. Did you mean Name?"),
        (story.attribute, "Clos", "Story has no attribute 'Clos'. Did you mean Close?"),
        (story.attribute, "pk", "Story has no attribute 'pk'. asset.idref is its identity"),
        (story.operation, "Closed", "Story has no operation 'Closed'. Did you mean Close?"),
        (story.operation, "Name", "Story has no operation 'Name'."),
    ):
        with pytest.raises(UnknownName) as caught:
            call(name)
        assert str(caught.value).startswith(words)
        assert (caught.value.type_name, caught.value.attribute) == ("Story", name)
    with pytest.raises(UnknownName) as refused:
        schema(story).type("story")
    assert str(refused.value) == "The server has no asset type 'story'. Did you mean Story?"
    assert refused.value.type_name == "story"


def test_a_name_that_is_missing_is_looked_for_in_the_schema_of_today() -> None:
    asked: list[str] = []

    def newer() -> Schema | None:
        asked.append("newer")
        return today

    today: Schema | None = schema(kind("Story", NAME, EMAIL), kind("Epic", NAME))
    kept = schema(kind("Story", NAME, operations=("Close",)), newer=newer)
    assert kept.type("Story").basic == ("Name",)
    assert kept.attribute("Story", "Name") == NAME
    with pytest.raises(UnknownName, match="is an operation"):
        kept.attribute("Story", "Close")
    assert asked == []
    assert (kept.type("Epic").name, kept.attribute("Story", "Email")) == ("Epic", EMAIL)
    assert asked == ["newer"] * 2
    today = None
    for call in (lambda: kept.type("Epic"), lambda: kept.attribute("Story", "Email")):
        with pytest.raises(UnknownName):
            call()


def test_the_ways_to_a_name_that_related_types_have() -> None:
    ways = [attribute(name, kind="Relation", related="Member") for name in ("D", "C", "B")]
    other = [
        attribute("A", kind="Relation", related="Member", writable=False),
        attribute("Z", kind="Relation", related="Member", basic=True),
        *(attribute(f"To{number}", kind="Relation", related=f"Other{number}") for number in range(3)),
        attribute("Lost", kind="Relation", related="Unknown"),
    ]
    others = [kind(f"Other{number}", EMAIL) for number in range(3)]
    known = schema(kind("Story", NAME, *ways, *other, operations=("Close",)), kind("Member", NAME, EMAIL), *others)
    with pytest.raises(UnknownName) as caught:
        known.attribute("Story", "Email")
    assert str(caught.value) == (
        "Story has no attribute 'Email'. Member has Email: Z.Email, B.Email, C.Email."
        " Other0 has Email: To0.Email. Other1 has Email: To1.Email."
    )
    assert (caught.value.type_name, caught.value.attribute) == ("Story", "Email")
    assert known.beyond(known.type("Story"), "Close") == known.beyond(known.type("Story"), "Nowhere") == ""


def test_schemas_are_compared_without_how_newer_ones_are_read() -> None:
    assert schema(kind("Story")) == schema(kind("Story"), newer=lambda: None)
    assert hash(Attribute("a", "Text", Text())) == hash(Attribute("a", "Text", Text()))
    assert repr(schema(kind("Story", NAME, operations=("Close",)), version="1.2")) == "<schema 1.2: 1 types>"
    assert repr(kind("Story", NAME, operations=("Close",))) == "<type Story: 1 attributes, 1 operations>"


def test_what_becomes_of_types() -> None:
    before = schema(kind("A", label="One"), kind("B", endpoint="b"), kind("C", base="A"), kind("Gone"))
    after = schema(kind("A2", label="One"), kind("B2", endpoint="b"), kind("C", base="A2"), kind("New"))
    assert [tuple(change) for change in before.diff(after)] == [
        ("renamed", "type", "A2", "A", "A2"),
        ("renamed", "type", "B2", "B", "B2"),
        ("removed", "type", "Gone", "", ""),
        ("added", "type", "New", "", ""),
    ]
    assert diff(kind("A", base="X"), kind("A", base="Y", abstract=True)) == [
        ("changed", "base", "A", "X", "Y"),
        ("changed", "abstract", "A", "False", "True"),
    ]
    assert diff(kind("A"), kind("A", base="Y")) == [("changed", "base", "A", "", "Y")]


@pytest.mark.parametrize(
    ("gone", "come"),
    [
        ([kind("A", label="One", endpoint="e")], [kind("B", label="Two", endpoint="e")]),
        ([kind("A")], [kind("B")]),
        ([kind("A", endpoint="a")], [kind("B", endpoint="b")]),
        ([kind("A", label="One")], [kind("B", label="One"), kind("C", label="One")]),
        ([kind("A", label="One"), kind("D", label="One")], [kind("B", label="One")]),
    ],
    ids=["other label", "nothing known", "other endpoint", "two new", "two gone"],
)
def test_types_that_are_not_surely_the_same_are_not_renamed(gone: list[AssetType], come: list[AssetType]) -> None:
    found = schema(*gone).diff(schema(*come))
    assert {change.kind for change in found} == {"removed", "added"}
    assert len(found) == len(gone) + len(come)


def test_what_becomes_of_attributes() -> None:
    was = attribute("Was", label="Same")
    assert diff(kind("A", NAME, was), kind("A", NAME, EMAIL)) == [
        ("removed", "attribute", "A.Was", "Text", ""),
        ("added", "attribute", "A.Email", "", "Text"),
    ]
    assert diff(kind("A", was), kind("A", replace(was, name="Now", required=True))) == [
        ("renamed", "attribute", "A.Now", "Was", "Now"),
        ("changed", "required", "A.Now", "False", "True"),
    ]
    for other in (replace(was, name="Now", multi=True), replace(was, name="Now", kind="Number"), EMAIL):
        assert [change[0] for change in diff(kind("A", was), kind("A", other))] == ["removed", "added"]
    to_one = attribute("To", kind="Relation to", related="B")
    assert diff(kind("A", to_one), kind("A", replace(to_one, related="C", multi=True, writable=False))) == [
        ("changed", "leads to", "A.To", "B", "C"),
        ("changed", "several values", "A.To", "False", "True"),
        ("changed", "read-only", "A.To", "False", "True"),
    ]
    assert diff(kind("A", to_one), kind("A")) == [("removed", "attribute", "A.To", "B", "")]
    assert diff(kind("A"), kind("A", replace(to_one, multi=True))) == [("added", "attribute", "A.To", "", "several B")]
    assert diff(kind("A", NAME), kind("A", replace(NAME, kind="Number x"))) == [
        ("changed", "kind", "A.Name", "Text", "Number")
    ]
    assert diff(kind("A", NAME), kind("A", replace(NAME, kind="Text y", codec=Integer(), label="New"))) == []


def test_a_relation_to_a_type_that_is_renamed_leads_where_it_did() -> None:
    to = attribute("To", kind="Relation", related="B")
    before = schema(kind("A", to), kind("B", label="One"))
    after = schema(kind("A", replace(to, related="B2")), kind("B2", label="One"))
    assert [change.kind for change in before.diff(after)] == ["renamed"]


def test_what_becomes_of_choices() -> None:
    old, new, unknown = (attribute("A", Listed(listed=words)) for words in (("a", "b", "c"), ("a", "d", "e"), ()))
    assert diff(kind("T", old), kind("T", new)) == [("changed", "choices", "T.A", "b | c", "d | e")]
    fewer, more = (attribute("A", Listed(listed=words)) for words in (("a", "b"), ("a", "b", "c", "d")))
    assert diff(kind("T", old), kind("T", fewer)) == [("changed", "choices", "T.A", "c", "")]
    assert diff(kind("T", old), kind("T", more)) == [("changed", "choices", "T.A", "", "d")]
    assert diff(kind("T", old), kind("T", unknown)) == diff(kind("T", unknown), kind("T", old)) == []


def test_what_is_inherited_is_reported_where_it_is_declared() -> None:
    def of(names: tuple[str, ...], operations: tuple[str, ...], **flags: Any) -> Schema:
        attributes = [attribute(name, **flags) for name in names]
        base = kind("Base", *attributes, operations=operations)
        return schema(base, kind("Story", *attributes, NAME, operations=(*operations, "Own"), base="Base"))

    assert list(of(("a",), ("Do",)).diff(of(("a", "b"), ("Do", "Act")))) == [
        SchemaChange("added", "attribute", "Base.b", "", "Text"),
        SchemaChange("added", "operation", "Base.Act()"),
    ]
    assert list(of(("a", "b"), ("Do", "Act")).diff(of(("a",), ("Do",)))) == [
        SchemaChange("removed", "attribute", "Base.b", "Text"),
        SchemaChange("removed", "operation", "Base.Act()"),
    ]
    assert [change.name for change in of(("a",), ()).diff(of(("a",), (), required=True))] == ["Base.a"]
    # An attribute that moved into the base is still there, and was not added to the type that had it.
    moved = schema(kind("Base", NAME), kind("Story", NAME, base="Base"))
    found = schema(kind("Base"), kind("Story", NAME, base="Base")).diff(moved)
    assert [tuple(change)[:3] for change in found] == [("added", "attribute", "Base.Name")]
    assert [tuple(change)[:3] for change in moved.diff(schema(kind("Base"), kind("Story", NAME, base="Base")))] == [
        ("removed", "attribute", "Base.Name")
    ]


def test_a_diff_in_words() -> None:
    none = schema(kind("A")).diff(schema(kind("A")))
    one = schema(kind("A")).diff(schema(kind("A", NAME)))
    many = SchemaDiff([SchemaChange("added", "type", f"T{number}") for number in range(60)])
    assert [repr(each) for each in (none, one, many)] == [
        f"<SchemaDiff: {words}>" for words in ("0 changes", "1 change", "60 changes")
    ]
    assert (str(none), str(one)) == ("No change.", "added attribute A.Name nothing → Text")
    assert [bool(each) for each in (none, one)] == [False, True]
    assert str(SchemaChange("changed", "choices", "A.B", "x", "")) == "changed choices A.B x → nothing"
    assert str(SchemaChange("added", "type", "T")) == "added type T"
    assert many._repr_html_().count("<tr>") == 61
    assert "more" not in many._repr_html_()
