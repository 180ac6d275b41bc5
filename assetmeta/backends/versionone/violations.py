"""What validation says in its tags, such as Violation'Required'Story.Scope: about which attribute, and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

_TAG = re.compile(r"\bViolation'(?P<rule>\w+)'(?P<type>\w+)(?:\.(?P<name>\w+))?")
_UNKNOWN = re.compile(r"\bUnknown (?:AttributeDefinition:|Operation) '?(?P<type>\w+)\.(?P<name>\w+)")

_ADVICE = {
    "Required": "{} is required: give it a value.",
    "Invalid": "{} takes no such value, or points to an asset that is missing, closed or of another type.",
    "ReadOnly": "{} cannot be written: leave it out.",
    "NotAllowed": "{} is not allowed now.",
}


class Violation(NamedTuple):
    """The attribute or operation that the server blames, and advice in words where the rule is a known one."""

    type_name: str
    attribute: str | None
    advice: str | None = None


def find_violation(texts: Iterable[str | None]) -> Violation | None:
    """Return what the first of the server's *texts* that names something says; None when none does."""
    for text in texts:
        found = _TAG.search(text or "")
        if found is not None:
            advice = _ADVICE.get(found["rule"])
            about = ".".join(filter(None, (found["type"], found["name"])))
            return Violation(found["type"], found["name"], advice and advice.format(about))
        found = _UNKNOWN.search(text or "")
        if found is not None:
            return Violation(found["type"], found["name"])
    return None
