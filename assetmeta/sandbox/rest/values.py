"""Values of bodies, as the fields of Django REST framework read them, and the messages that refuse them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from .refusals import Refused

REQUIRED = "This field is required."
NULL = "This field may not be null."
BLANK = "This field may not be blank."
TRUE = frozenset({"true", "1", "t", "yes", "y", "on"})
FALSE = frozenset({"false", "0", "f", "no", "n", "off"})
LONGEST_NUMBER = 400
LARGEST = 2**63
N = TypeVar("N", int, float)


class Invalid(ValueError):
    """A value that a field refuses, with the message and its code."""

    def __init__(self, message: str, code: str = "invalid") -> None:
        super().__init__(message)
        self.message = message
        self.code = code


def as_object(body: object) -> Mapping[str, Any]:
    """A body that is an object. Raises Refused for any other."""
    if not isinstance(body, Mapping):
        raise Refused.whole(f"Invalid data. Expected a dictionary, but got {type(body).__name__}.")
    return body


def text(given: Any, *, strip: bool, blank: bool, max_length: int | None) -> str:
    """A text; numbers become texts. It loses the blanks at its ends where *strip* says so. Raises Invalid."""
    if isinstance(given, bool) or not isinstance(given, (str, int, float)):
        raise Invalid("Not a valid string.")
    found = str(given)
    if "\x00" in found:
        raise Invalid("Null characters are not allowed.", "null_characters_not_allowed")
    if strip:
        found = found.strip()
    if not blank and not found.strip():
        raise Invalid(BLANK, "blank")
    if max_length is not None and len(found) > max_length:
        raise Invalid(f"Ensure this field has no more than {max_length} characters.", "max_length")
    return found


def integer(given: Any) -> int:
    """An integer, also as a text, also as a float without a fraction. Raises Invalid."""
    refused = Invalid("A valid integer is required.")
    found = _read(given, lambda number: int(re.sub(r"\.0*\s*$", "", str(number))), refused)
    if abs(found) >= LARGEST:
        raise refused
    return found


def number(given: Any) -> float:
    """A float, also as a text. Raises Invalid."""
    refused = Invalid("A valid number is required.")
    found = _read(given, float, refused)
    if not math.isfinite(found):
        raise refused
    return found


def _read(given: Any, read: Callable[[Any], N], refused: Invalid) -> N:
    if not isinstance(given, (int, float, str)) or len(str(given)) > LONGEST_NUMBER:
        raise refused
    try:
        return read(given)
    except (ValueError, OverflowError):
        raise refused from None


def flag(name: str) -> bool:
    """A bool by one of its many names, in lower case. Raises Invalid."""
    if name in TRUE or name in FALSE:
        return name in TRUE
    raise Invalid("Must be a valid boolean.")
