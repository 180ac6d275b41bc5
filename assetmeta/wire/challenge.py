"""What a server that refuses a login says of it in its WWW-Authenticate header (RFC 6750)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from assetmeta.model.errors import quoted
from assetmeta.wire.redact import scrubbed

_PART = re.compile(r'\b(error|error_description)\s*=\s*(?:"((?:[^"\\]|\\.)*+)"|([^\s,"]+))', re.IGNORECASE)
_BEARER = re.compile(r"(?:\A|,)\s*bearer\b", re.IGNORECASE)

_USUAL = "Check that it is right, has not expired, and is of a kind that this server accepts."
_EXPIRED = "It has expired: get a new one, or log in by OAuth2 with a refresh token, which renews it."
_INVALID = "The server does not know it: check that it is whole, belongs to this server and was not revoked."
_SCOPE = "It is not allowed to do this: get one with the scope that the server wants."
_MISSING = (
    "The server saw no token: check that it wants a token with this scheme word, and that no proxy takes it away."
)


class Challenge(NamedTuple):
    """The server's *words*, empty when it has none, and *advice*."""

    words: str = ""
    advice: str = _USUAL


def read_challenge(header: str, secrets: Iterable[str] = (), *, token: bool = True) -> Challenge:
    """Read the header, *secrets* hidden. *token* says that the login was by a token and not by a password."""
    parts = {found[1].lower(): found[2] or found[3] or "" for found in _PART.finditer(header)}
    error = parts.get("error", "")
    words = scrubbed(quoted(parts.get("error_description") or error), secrets)
    if "expired" in words.lower():
        return Challenge(words, _EXPIRED)
    if error == "insufficient_scope":
        return Challenge(words, _SCOPE)
    if error == "invalid_token":
        return Challenge(words, _INVALID)
    return Challenge(words, _MISSING if token and not error and _BEARER.search(header) else _USUAL)
