"""What a refused request is answered: a status and a JSON body, with the wordings of Django REST framework."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self


class Problem(Exception):
    """A request that is not carried out. *status* is the HTTP status, *body* the JSON body of the answer."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(str(body))
        self.status = status
        self.body = body


class Refusal(Problem):
    """A request that the API refuses before it comes to the objects. *headers* go with the answer."""

    def __init__(self, status: int, body: object, headers: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(status, body)
        self.headers = tuple(headers)


class Refused(Problem):
    """400: a body or a filter that validation refuses; *errors* maps a field to its messages, or to what nests them."""

    def __init__(self, errors: Mapping[str, object]) -> None:
        super().__init__(400, dict(errors))
        self.errors = dict(errors)

    @classmethod
    def of(cls, field: str, message: str) -> Self:
        """One message about one field."""
        return cls({field: [message]})

    @classmethod
    def whole(cls, message: str) -> Self:
        """One message about the object as a whole."""
        return cls({"non_field_errors": [message]})


class Missing(Problem):
    """404: no object of that id. *model* is the name of the type as messages say it, such as "Vali"."""

    def __init__(self, model: str) -> None:
        super().__init__(404, {"detail": f"No {model} matches the given query."})


def missing_object(text: object) -> str:
    """The message about a reference to what does not exist, or is not for this user's eyes."""
    return f'Invalid pk "{text}" - object does not exist.'


def not_found(text: str = "Not found.") -> Refusal:
    """404: there is no such object, or its id is not a number."""
    return Refusal(404, {"detail": text})


def wrong_method(method: str) -> Refusal:
    """405: the path exists but does not take *method*."""
    return Refusal(405, {"detail": f'Method "{method}" not allowed.'})


def wrong_media_type(media_type: str) -> Refusal:
    """415: no parser takes a body of this type."""
    return Refusal(415, {"detail": f'Unsupported media type "{media_type}" in request.'})


def forbidden() -> Refusal:
    """403: the user is known and may not do this."""
    return Refusal(403, {"detail": "You do not have permission to perform this action."})


def throttled(seconds: int) -> Refusal:
    """429: too many requests, *seconds* until the next is taken."""
    text = f"Request was throttled. Expected available in {seconds} second{'' if seconds == 1 else 's'}."
    return Refusal(429, {"detail": text}, (("Retry-After", str(seconds)),))
