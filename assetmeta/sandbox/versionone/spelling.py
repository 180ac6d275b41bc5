"""How one scalar is spelled: rest-1.v1 in XML, rest-1.v1 in JSON, and query.v1. One function per dialect and kind."""

from __future__ import annotations

import base64
from collections.abc import Callable
from decimal import Decimal
from json.encoder import encode_basestring_ascii

from .requests import Scalar

STATES = {
    0: "Future",
    64: "Active",
    128: "Closed",
    192: "Dead",
    200: "Template",
    208: "Broken Down",
    209: "Guest Collaborator",
    255: "Deleted",
}

Spell = Callable[[Scalar], str]

INTEGERS = frozenset({"State", "Rank", "Opaque", "LongInt"})


def number(value: Scalar) -> str:
    """An invariant decimal without exponent, grouping or trailing zeros: 5, 9.3, 0.01, -2."""
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        text = format(Decimal(repr(value)), "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value)


def plain(value: Scalar) -> str:
    """A text as it is; bytes as base64; null as the empty text."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return boolean(value) if isinstance(value, bool) else number(value)


def boolean(value: Scalar) -> str:
    """true or false; null as the empty text."""
    return "" if value is None else "true" if value else "false"


def numeric(value: Scalar) -> str:
    """A number; null as the empty text."""
    return "" if value is None else number(value)


def rest_text(kind: str) -> Spell:
    """The text of an attribute of this kind in rest-1.v1's XML, not yet escaped."""
    if kind == "Boolean":
        return boolean
    return numeric if kind == "Numeric" or kind in INTEGERS else plain


def json_text(value: Scalar) -> str:
    """A JSON string, or null."""
    return "null" if value is None else encode_basestring_ascii(plain(value))


def json_boolean(value: Scalar) -> str:
    """A JSON Boolean, or null."""
    return "null" if value is None else "true" if value else "false"


def json_number(value: Scalar) -> str:
    """A JSON number, or null. A text that is no number stays a string."""
    if value is None:
        return "null"
    return encode_basestring_ascii(value) if isinstance(value, str) else number(value)


def rest_json(kind: str) -> Spell:
    """The value of an attribute of this kind in rest-1.v1's JSON, ready to be written."""
    if kind == "Boolean":
        return json_boolean
    return json_number if kind == "Numeric" or kind in INTEGERS else json_text


def query_boolean(value: Scalar) -> str | None:
    """True or False, as words."""
    return None if value is None else "True" if value else "False"


def query_state(value: Scalar) -> str | None:
    """The name of a state; a state without a name keeps its number."""
    return None if value is None else STATES.get(int(value), number(value))


def query_number(value: Scalar) -> str | None:
    """A number, as text."""
    return None if value is None else number(value)


def query_text(value: Scalar) -> str | None:
    """A text; bytes as base64."""
    return None if value is None else plain(value)


def query_value(kind: str) -> Callable[[Scalar], str | None]:
    """The value of an attribute of this kind in query.v1: a text even for numbers, or null."""
    if kind == "State":
        return query_state
    if kind == "Boolean":
        return query_boolean
    return query_number if kind == "Numeric" or kind in INTEGERS else query_text
