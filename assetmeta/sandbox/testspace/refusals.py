"""What a refused request is answered: a status and one message.

The protocol says "4xx" for a refused value and names no status. Here 400 is a body that cannot be read as a JSON
object, 422 one whose values are refused.
"""

from __future__ import annotations

from assetmeta.sandbox.rest import refusals


class Refusal(refusals.Refusal):
    """A request that is not carried out. *headers* go with the answer."""

    def __init__(self, status: int, message: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(status, {"message": message}, headers)


def not_found() -> Refusal:
    """404: there is nothing of that id, name or path, or the user may not see it."""
    return Refusal(404, "Not Found")


def bad_credentials() -> Refusal:
    """403: name and password, or token, are not known."""
    return Refusal(403, "Bad credentials")


def forbidden() -> Refusal:
    """403: the user is known, or nobody, and may not do this."""
    return Refusal(403, "Forbidden")


def unreadable(what: str) -> Refusal:
    """400: the body is no JSON object."""
    return Refusal(400, what)


def invalid(what: str) -> Refusal:
    """422: a value is refused."""
    return Refusal(422, what)


def wrong_media_type() -> Refusal:
    """415: there is a body and it is not called JSON."""
    return Refusal(415, "Unsupported Media Type: send application/json")


def wrong_method(allowed: tuple[str, ...]) -> Refusal:
    """405: the path exists and does not take this method."""
    return Refusal(405, "Method Not Allowed", (("Allow", ", ".join(allowed)),))
