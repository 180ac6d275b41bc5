"""Paths: what they count, and what they may end with."""

from __future__ import annotations

import pytest

from assetmeta.model.errors import BadValue
from assetmeta.model.paths import Path, counts

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
def test_what_is_no_name_is_told_once_with_what_to_do(text: str, message: str) -> None:
    with pytest.raises(BadValue) as caught:
        Path.parse(text)
    assert str(caught.value) == message
