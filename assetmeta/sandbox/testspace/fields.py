"""What bodies may set, declared as data, and the check of a body against it.

Keys that are not declared are left alone: read-only and unknown ones do no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .refusals import invalid
from .store import LARGEST

LONGEST = 65_535
LONGEST_NAME = 255

Check = Callable[[str, object], object]
"""Takes a field's name and a value, returns what is stored, and raises Refusal (422) where the value is refused."""


@dataclass(frozen=True)
class Field:
    """One key of a body. A *required* one must be there on creation; *nullable* ones take null."""

    name: str
    check: Check
    required: bool = False
    nullable: bool = False
    default: object = None


def values_of(fields: tuple[Field, ...], body: Mapping[str, object], *, partial: bool) -> dict[str, object]:
    """The values to store: those given, and unless *partial* the defaults of the others.

    Raises Refusal (422) for a value that is refused or a required one that lacks.
    """
    found: dict[str, object] = {}
    for field in fields:
        if field.name in body:
            value = body[field.name]
            found[field.name] = None if value is None and field.nullable else field.check(field.name, value)
        elif not partial and field.required:
            raise invalid(f"{field.name} is required")
        elif not partial:
            found[field.name] = field.default
    return found


def text(name: str, value: object) -> str:
    """Any text that can be stored."""
    if not isinstance(value, str):
        raise invalid(f"{name} must be a text")
    if len(value) > LONGEST:
        raise invalid(f"{name} is too long: {LONGEST} characters at most")
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise invalid(f"{name} has a character that is not text")
    return value


def name_text(name: str, value: object) -> str:
    """A text that is not blank, nor too long for a name."""
    found = text(name, value)
    if not found.strip():
        raise invalid(f"{name} cannot be blank")
    if len(found) > LONGEST_NAME:
        raise invalid(f"{name} is too long: {LONGEST_NAME} characters at most")
    return found


def flag(name: str, value: object) -> int:
    """True or false."""
    if not isinstance(value, bool):
        raise invalid(f"{name} must be true or false")
    return int(value)


def count(name: str, value: object) -> int:
    """A whole number that is not negative."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST:
        raise invalid(f"{name} must be a whole number, 0 or more")
    return value


def texts(name: str, value: object) -> list[str]:
    """A list of texts."""
    if not isinstance(value, list):
        raise invalid(f"{name} must be a list of texts")
    return [text(name, each) for each in value]


def choice(*known: str) -> Check:
    """One of the *known* texts."""

    def check(name: str, value: object) -> str:
        if not isinstance(value, str) or value not in known:
            raise invalid(f"{name} must be one of {', '.join(known)}")
        return value

    return check
