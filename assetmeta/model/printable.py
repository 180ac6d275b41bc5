"""Texts of servers as they may be shown: nothing in them acts on a terminal or turns the direction of reading."""

from __future__ import annotations

import re
from typing import Any

_ACTING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
"""Control characters but for tab and line feed, C1, directions, separators of lines, blanks without a width,
unpaired surrogates, and tags. What joins letters and emoji (U+200C, U+200D, U+FE0F) is part of the language and stays.
"""


_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection)."""


def without_formula(text: str) -> str:
    """Return *text* as a spreadsheet keeps it: what it would take for a formula has an apostrophe before it."""
    return f"'{text}" if text.startswith(_FORMULAS) else text


def printable(text: str) -> str:
    r"""Return *text* with what would act spelt out, as Python spells it: `\x1b`, `\u202e`."""
    return _ACTING.sub(_spelt, text)


def _spelt(found: re.Match[str]) -> str:
    number = ord(found[0])
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


class OwnRepr:
    """A value that is shown by its own repr, which may leave out what is secret or long.

    Of other structs, tools such as rich show every field.
    """

    __slots__ = ()

    def __rich_repr__(self) -> Any:
        return None
