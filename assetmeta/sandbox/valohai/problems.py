"""What can go wrong with a request, in the words and shapes of section 5 of the protocol."""

from __future__ import annotations

from typing import Self

from assetmeta.sandbox.rest import refusals
from assetmeta.sandbox.rest.refusals import Problem

Leaf = dict[str, object]
"""One error: {"message", "code"}."""


class Refused(refusals.Refused):
    """400: a body or a filter that validation refuses; *errors* maps a field to leaves or to what nests them."""

    @classmethod
    def of(cls, field: str, message: str, code: str = "invalid") -> Self:
        """One message about one field."""
        return cls({field: [leaf(message, code)]})


def leaf(message: str, code: str = "invalid") -> Leaf:
    """One error."""
    return {"message": message, "code": code}


def missing_object(text: object) -> Leaf:
    """A reference to what does not exist, or is not for this user's eyes."""
    return leaf(refusals.missing_object(text), "does_not_exist")


def missing_slug(text: object) -> Leaf:
    """The same where a slug may stand for the key."""
    return leaf(f"Object with slug or primary key {text} does not exist.", "does_not_exist")


def refused_action(message: str, code: str | None = None) -> Problem:
    """400: an action that is refused as such."""
    return Problem(400, {"message": message, "code": code})
