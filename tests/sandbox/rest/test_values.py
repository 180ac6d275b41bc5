"""Values of bodies at their limits, and the messages with their codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from assetmeta.sandbox.rest import values
from assetmeta.sandbox.rest.refusals import Refused
from assetmeta.sandbox.rest.values import Invalid, as_object


def refusal(read: Callable[[], object]) -> tuple[str, str]:
    """Message and code of a refused value."""
    with pytest.raises(Invalid) as refused:
        read()
    return refused.value.message, refused.value.code


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (7, 7),
        ("7", 7),
        (" 7 ", 7),
        (7.0, 7),
        ("7.00", 7),
        ("-7.", -7),
        (2**63 - 1, 2**63 - 1),
        (-(2**63) + 1, -(2**63) + 1),
        ("0" * 399 + "1", 1),
    ],
)
def test_integers(given: object, found: int) -> None:
    assert values.integer(given) == found


@pytest.mark.parametrize(
    "given",
    [True, False, None, [], {}, "", "x", "7.5", 7.5, 2**63, -(2**63), "0" * 400 + "1", float("inf"), float("nan")],
)
def test_no_integers(given: object) -> None:
    assert refusal(lambda: values.integer(given)) == ("A valid integer is required.", "invalid")


@pytest.mark.parametrize(("given", "found"), [(7, 7.0), ("7.5", 7.5), ("1e3", 1000.0), ("0" * 399 + "1", 1.0)])
def test_numbers(given: object, found: float) -> None:
    assert values.number(given) == found


@pytest.mark.parametrize("given", [None, [], "x", "", "inf", "nan", "1e999", "0" * 400 + "1", 10**399])
def test_no_numbers(given: object) -> None:
    assert refusal(lambda: values.number(given)) == ("A valid number is required.", "invalid")


def read_text(given: Any, *, strip: bool = False, blank: bool = True, max_length: int | None = None) -> str:
    return values.text(given, strip=strip, blank=blank, max_length=max_length)


def test_texts_keep_their_blanks_unless_they_are_stripped() -> None:
    assert [read_text(" a "), read_text(" a ", strip=True), read_text(5), read_text(0.5)] == [" a ", "a", "5", "0.5"]
    assert read_text(" ", strip=True) == ""
    assert read_text(" a ", blank=False) == " a "


def test_a_text_may_be_as_long_as_the_limit() -> None:
    assert read_text("abc", max_length=3) == "abc"
    assert read_text("abc ", strip=True, max_length=3) == "abc"
    message = "Ensure this field has no more than 3 characters."
    assert refusal(lambda: read_text("abcd", max_length=3)) == (message, "max_length")
    assert refusal(lambda: read_text("abc ", max_length=3)) == (message, "max_length")


@pytest.mark.parametrize("given", [True, None, [], {}])
def test_no_texts(given: object) -> None:
    assert refusal(lambda: read_text(given)) == ("Not a valid string.", "invalid")


def test_texts_that_are_refused() -> None:
    null = ("Null characters are not allowed.", "null_characters_not_allowed")
    assert refusal(lambda: read_text("a\x00")) == null
    assert refusal(lambda: read_text(" ", blank=False)) == ("This field may not be blank.", "blank")
    assert refusal(lambda: read_text(" ", strip=True, blank=False)) == ("This field may not be blank.", "blank")


def test_flags() -> None:
    assert [values.flag(name) for name in ("true", "t", "yes", "y", "on", "1")] == [True] * 6
    assert [values.flag(name) for name in ("false", "f", "no", "n", "off", "0")] == [False] * 6
    for name in ("", "2", "maybe"):
        assert refusal(lambda name=name: values.flag(name)) == ("Must be a valid boolean.", "invalid")


def test_an_object_is_a_mapping() -> None:
    body = {"a": 1}
    assert as_object(body) is body
    for given, name in (([], "list"), ("a", "str"), (None, "NoneType"), (1, "int")):
        with pytest.raises(Refused) as refused:
            as_object(given)
        message = f"Invalid data. Expected a dictionary, but got {name}."
        assert (refused.value.status, refused.value.body) == (400, {"non_field_errors": [message]})
