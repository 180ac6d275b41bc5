"""Hostile texts keep their meaning through every operator and every write, checked by reading back from the sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from assetmeta import V1Meta
from assetmeta import sandbox as sandboxes

QUIET = settings(deadline=None, max_examples=15, suppress_health_check=list(HealthCheck))
PIECES = [
    "'",
    '"',
    "''",
    '""',
    ",",
    ";",
    "&",
    "|",
    "\n",
    "\r\n",
    "\t",
    "$v1",
    "$",
    "%",
    "+",
    "#",
    "<b>",
    "]]>",
    "&amp;",
]
PIECES += [
    "\\",
    "😀",
    "𝔘",
    "ß",
    "İ",
    " ",
    "  ",
    "[",
    "]",
    "(",
    ")",
    "=",
    "!=",
    "@Sum",
    ".",
    ":",
    "Name='x'",
    "--",
    "a",
    "Z",
    "0",
]
HOSTILE = st.one_of(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map("".join),
    st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn")), min_size=1, max_size=40),
)
NAMES = HOSTILE.filter(lambda text: text.strip() != "")


@pytest.fixture(scope="module")
def v1() -> Iterator[V1Meta]:
    with sandboxes.running("versionone") as server:
        yield V1Meta(**server.credentials)


def fresh(v1: V1Meta, story) -> object:
    """The story as a session of its own reads it."""
    return v1.Story.where(ID=story).select("Name", "Description", "TaggedWith", "RequestedBy").one()


@QUIET
@example('it\'s "so", a;b&c|d\nnext 😀')
@example(" leading and trailing ")
@example("carriage\rreturn and tab\t.")
@given(NAMES)
def test_a_text_survives_create_and_is_found_by_equality(v1: V1Meta, text: str) -> None:
    story = v1.Story.create(Name=text, Scope="Scope:0")
    assert v1.Story.where(ID=story).select("Name").one().Name == text
    found = list(v1.Story.where(Name=text).select("Name"))
    assert story in found
    assert {text.casefold()} == {other.Name.casefold() for other in found}
    story.Delete()


@QUIET
@given(NAMES, HOSTILE, HOSTILE)
def test_a_text_survives_an_update_of_every_text_attribute(v1: V1Meta, name: str, long: str, tag: str) -> None:
    story = v1.Story.create(Name="before", Scope="Scope:0")
    story.Name, story.Description, story.RequestedBy = name, long, long
    story.TaggedWith.add(tag)
    assert not v1.commit()
    again = fresh(v1, story)
    assert (name, long, long, [tag]) == (again.Name, again.Description, again.RequestedBy, list(again.TaggedWith))
    story.TaggedWith.remove(tag)
    assert not v1.commit()
    assert list(fresh(v1, story).TaggedWith) == []
    story.Delete()


@QUIET
@given(NAMES, NAMES)
def test_operators_agree_with_python(v1: V1Meta, one: str, two: str) -> None:
    first, second = (v1.Story.create(Name=text, Scope="Scope:0") for text in (one, two))
    both = v1.Story.ID.in_([first, second])
    named = v1.Story.Name
    same = one.casefold() == two.casefold()
    expected = {first, second} if same else {first}
    assert expected == set(v1.Story.where(both, named == one))
    assert {first, second} - expected == set(v1.Story.where(both, named != one))
    assert {first, second} - expected == set(v1.Story.where(both, ~(named == one)))
    assert {first, second} == set(v1.Story.where(both, named.in_([one, two])))
    assert {first, second} == set(v1.Story.where(both, (named == one) | (named == two)))
    assert first in set(v1.Story.where(both, named.contains(one)))
    assert set(v1.Story.where(both, named.not_in([one, two]))) == set()
    first.Delete()
    second.Delete()


@QUIET
@given(NAMES)
def test_a_text_keeps_its_meaning_through_relations_and_brackets(v1: V1Meta, text: str) -> None:
    story = v1.Story.create(Name=text, Scope="Scope:0")
    task = v1.Task.create(Name=text, Parent=story)
    assert [task] == list(v1.Task.where({"Parent.Name": text}, ID=task))
    assert [story] == list(v1.Story.where(v1.Story.Children.Name == text, ID=story))
    assert [] == list(v1.Story.where(~(v1.Story.Children.Name == text), ID=story))
    number = v1.Story.Children[v1.Workitem.Name == text].count()
    [found] = v1.Story.where(ID=story).select(number)
    assert found[str(number)] == 1
    story.Delete()
