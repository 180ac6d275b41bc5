"""Paths: what they count, and what they may end with."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from assetmeta.model.codecs import Codec, Text
from assetmeta.model.errors import BadValue, UnknownName
from assetmeta.model.paths import (
    CLEANED,
    LOCAL_AGGREGATES,
    Path,
    Step,
    counts,
    first_narrowed,
    in_parts,
    parts_of,
    resolve,
)
from assetmeta.model.schema import AssetType, Attribute, Schema

AGGREGATES = ("Count", "DistinctCount", "Sum", "Min", "Max", "MinDate", "MaxDate", "And", "Or", "MaxState")


@pytest.mark.parametrize("name", AGGREGATES)
def test_what_is_worked_out_over_members(name: str) -> None:
    path = Path.parse(f"Owners.@{name}")
    assert path.aggregate == name
    assert str(path) == f"Owners.@{name}"
    assert counts(path) is (name in ("Count", "DistinctCount"))
    assert not counts(Path.parse("Owners"))


@pytest.mark.parametrize("name", ["CleanText", "CleanHtml"])
def test_texts_are_cleaned_by_a_path(name: str) -> None:
    path = Path.parse(f"Description.@{name}")
    assert path.aggregate == name
    assert not counts(path)


def test_what_is_neither_is_refused_with_all_there_are() -> None:
    with pytest.raises(BadValue) as caught:
        Path.parse("Owners.@Average")
    assert str(caught.value).endswith(f"there are {', '.join(AGGREGATES)}.")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Number Name", "'Number Name' is not an attribute name."),
        ("Owners.Na me", "'Owners.Na me': 'Na me' is not an attribute name."),
        (
            "Name, Number",
            "'Name, Number' is not an attribute name. Several names are given one by one: 'Name', 'Number'.",
        ),
    ],
)
def test_what_is_no_name_is_reported_once_with_what_to_do(text: str, message: str) -> None:
    with pytest.raises(BadValue) as caught:
        Path.parse(text)
    assert str(caught.value) == message


class Counted(Text, frozen=True):
    """A codec of values with parts."""

    @property
    def parts(self) -> Mapping[str, Codec]:
        return {"failed": Text("whole"), "passed": Text()}


def relation(name: str, related: str, *, multi: bool = False) -> Attribute:
    return Attribute(name, "Relation", Text(), related=related, multi=multi)


NAME = Attribute("Name", "Text", Text())
COUNTS = Attribute("Counts", "Counts", Counted())
TAGS = Attribute("Tags", "Text", Text(), multi=True)
SCHEMA = Schema(
    {
        "Story": AssetType(
            "Story", {"Name": NAME, "Counts": COUNTS, "Scope": relation("Scope", "Scope"), "Tags": TAGS}
        ),
        "Scope": AssetType("Scope", {"Name": NAME, "Stories": relation("Stories", "Base", multi=True)}),
        "Base": AssetType("Base", {"Name": NAME}),
    }
)


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("A.B", (Step("A"), Step("B"))),
        ("A#.B:C", (Step("A", now=True), Step("B", "C"))),
        ("A[x.y='a]b.c'].B", (Step("A", where="x.y='a]b.c'"), Step("B"))),
        ("A[x[y.z].w].B", (Step("A", where="x[y.z].w"), Step("B"))),
        ("A[x='it\"s.a'].B", (Step("A", where="x='it\"s.a'"), Step("B"))),
        ('A[x=".\'].["].B', (Step("A", where='x=".\'].["'), Step("B"))),
        ("A[x='.'; y='].'].B", (Step("A", where="x='.'; y='].'"), Step("B"))),
        ("A#:B[\nc].D", (Step("A", "B", "\nc", now=True), Step("D"))),
    ],
)
def test_dots_in_brackets_and_quotes_divide_nothing(text: str, steps: tuple[Step, ...]) -> None:
    found = Path.parse(text)
    assert (found.steps, str(found), found.head) == (steps, text, "A")


def test_what_is_not_closed_or_empty_is_refused() -> None:
    for text, words in (
        ("A[x", "is not closed"),
        ("A[x='y]", "is not closed"),
        ("A[[x].B", "is not closed"),
        ("A]", "is not closed"),
        ("", "is not an attribute"),
        ("@Count", "is not an attribute"),
        ("A..B", "is not an attribute name"),
        ("A'x'.B", "is not an attribute name"),
    ):
        with pytest.raises(BadValue, match=words):
            Path.parse(text)


def test_how_plain_a_path_is() -> None:
    assert [Path.parse(text).is_plain for text in ("A", "A.B", "A#", "A:B", "A[c]", "A.B[c]", "A.@Sum")] == [
        *(True, True),
        *(False,) * 5,
    ]
    assert [Path.parse(text).is_name for text in ("A", "A.B", "A#", "A.@Sum")] == [True, False, False, False]
    part = Path((Step("A"),), part="b")
    assert (part.is_plain, part.is_name, str(part)) == (False, False, "A.b")
    assert str(Path((Step("A"),), "Sum", "b")) == "A.b.@Sum"
    plain, narrowed, other = map(Path.parse, ("A.B", "A.B[c]", "A#.B"))
    assert first_narrowed([plain, narrowed, other]) == narrowed
    assert first_narrowed([plain, other]) == other
    assert first_narrowed([plain]) is None
    assert set(AGGREGATES) - set(LOCAL_AGGREGATES) == {"And", "Or", "MaxState"}
    assert CLEANED == ("CleanText", "CleanHtml")


@pytest.mark.parametrize(
    ("text", "reached"),
    [
        ("Name", ("Name", "Story", False, False)),
        ("Tags", ("Tags", "Story", True, False)),
        ("Scope", ("Scope", "Story", False, True)),
        ("Scope.Name", ("Name", "Scope", False, False)),
        ("Scope.Stories", ("Stories", "Scope", True, True)),
        ("Scope.Stories.Name", ("Name", "Base", True, False)),
        ("Scope.Stories:Story.Scope", ("Scope", "Story", True, True)),
        ("Scope.Stories.@Count", ("Stories", "Scope", False, False)),
    ],
)
def test_what_a_path_reaches(text: str, reached: tuple[object, ...]) -> None:
    found = resolve(SCHEMA, "Story", Path.parse(text))
    assert (found.attribute.name, found.type_name, found.multi, found.is_relation) == reached


def test_a_part_is_reached_as_a_computed_value_of_its_own_kind() -> None:
    path = in_parts(SCHEMA, "Story", Path.parse("Counts.failed"))
    assert path == Path((Step("Counts"),), part="failed")
    found = resolve(SCHEMA, "Story", path).attribute
    assert (found.name, found.kind, found.codec, found.computed) == ("Counts.failed", "Part", Text("whole"), True)
    for text in ("Counts.other", "Scope.Name", "Name", "Counts.failed:X", "Scope.Stories.@Count"):
        assert in_parts(SCHEMA, "Story", Path.parse(text)) == Path.parse(text)
    assert in_parts(SCHEMA, "Story", path) is path
    assert in_parts(SCHEMA, "Story", Path((Step("Counts"), Step("failed")), "Sum")).part is None
    assert (list(parts_of(Counted())), parts_of(Text())) == (["failed", "passed"], {})


def test_the_first_step_that_does_not_exist_is_named() -> None:
    for text, words in (
        ("Nam", "Story has no attribute 'Nam'. Did you mean Name?"),
        ("Scope.Nam", "Scope has no attribute 'Nam'. Did you mean Name?"),
        ("Scope.Stories:Stori", "The server has no asset type 'Stori'. Did you mean Story?"),
        ("Name.x", "Story.Name.x: Name is a value (Text), no relation: a query reaches no x in it."),
        ("Counts.failed", "Story.Counts.failed: Counts is a value (Counts), no relation"),
        ("Counts.fail", "Story.Counts.fail: Counts has no part 'fail'; it has failed, passed. Did you mean failed?"),
    ):
        with pytest.raises(UnknownName) as caught:
            resolve(SCHEMA, "Story", Path.parse(text))
        assert str(caught.value).startswith(words)
        if text.count(".") and "Scope" not in text:
            assert (caught.value.type_name, caught.value.attribute) == ("Story", text)
