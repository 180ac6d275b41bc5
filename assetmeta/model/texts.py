"""Texts with a property of their own: hidden, cleaned, JSON; and which texts a document can carry."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any


class JsonText(str):
    """A list or an object as JSON text: the raw value of a key that the schema does not know."""

    __slots__ = ()


# XML 1.0 forbids these, and a server that stored one could never send it back.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def writable_text(text: str) -> str:
    """Return *text*. Raises ValueError for characters that no document can carry."""
    found = _UNWRITABLE.search(text)
    if found is not None:
        raise ValueError(f"it contains U+{ord(found[0]):04X}, which no document can carry")
    return text


class Hidden(str):
    """A text that no repr shows, and so no plan, error or log."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


LOSES = "a cleaned text has lost formatting and references, and would erase them; write str(text) if that is meant"
COMPARES = (
    "conditions compare the text as the server keeps it, with markup that a cleaned text has lost; select it and "
    "compare its .plain, or write str(text) for texts without any"
)


class Cleaned(str):
    """A text that lost its markup or its references on the way here. It is not for writing back: `str(text)` is.

    What its methods make of it is such a text, too.
    """

    __slots__ = ()

    def __radd__(self, other: str) -> Cleaned:
        return Cleaned(other + str(self))


def _cleaned(found: Any) -> Any:
    """A text as a cleaned one, and so the texts in a list or a tuple."""
    if isinstance(found, list | tuple):
        return type(found)(map(Cleaned, found))
    return Cleaned(found) if isinstance(found, str) else found


def _cleaned_method(name: str) -> Callable[..., Any]:
    plain_method = getattr(str, name)

    @wraps(plain_method)
    def method(self: str, *given: object, **named: object) -> Any:
        return _cleaned(plain_method(self, *given, **named))

    return method


for _name in (
    "__add__",
    "__getitem__",
    "__mod__",
    "__mul__",
    "__rmul__",
    "capitalize",
    "casefold",
    "center",
    "expandtabs",
    "format",
    "format_map",
    "join",
    "ljust",
    "lower",
    "lstrip",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "strip",
    "swapcase",
    "title",
    "translate",
    "upper",
    "zfill",
):
    setattr(Cleaned, _name, _cleaned_method(_name))
