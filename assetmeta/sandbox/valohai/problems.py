"""What can go wrong with a request, in the words and shapes of section 5 of the protocol."""

from __future__ import annotations

from collections.abc import Mapping

from assetmeta.sandbox.rest.refusals import Problem

Leaf = dict[str, object]
"""One error: {"message", "code"}."""

REQUIRED = "This field is required."
NULL = "This field may not be null."
BLANK = "This field may not be blank."


class Refused(Problem):
    """400: a body or a filter that validation refuses.

    *errors* maps a field to a list of leaves or plain texts, or to what nests them.
    """

    def __init__(self, errors: Mapping[str, object]) -> None:
        super().__init__(400, dict(errors))
        self.errors = dict(errors)

    @classmethod
    def of(cls, field: str, message: str, code: str = "invalid") -> Refused:
        """One message about one field."""
        return cls({field: [leaf(message, code)]})

    @classmethod
    def whole(cls, message: str) -> Refused:
        """One message about the object as a whole, a plain text."""
        return cls({"non_field_errors": [message]})


def leaf(message: str, code: str = "invalid") -> Leaf:
    """One error."""
    return {"message": message, "code": code}


def missing_object(text: object) -> Leaf:
    """A reference to what does not exist, or is not for this user's eyes."""
    return leaf(f'Invalid pk "{text}" - object does not exist.', "does_not_exist")


def missing_slug(text: object) -> Leaf:
    """The same where a slug may stand for the key."""
    return leaf(f"Object with slug or primary key {text} does not exist.", "does_not_exist")


def refused_action(message: str, code: str | None = None) -> Problem:
    """400: an action that is refused as such."""
    return Problem(400, {"message": message, "code": code})
