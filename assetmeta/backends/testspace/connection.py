"""Addresses and tokens as people give them (reference 1 and 2)."""

from __future__ import annotations

import re

from assetmeta.backends.rest import urls
from assetmeta.model.errors import BadValue

EXAMPLE = "https://name.testspace.com"
_ORGANIZATION = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")


def base_url(given: str, *, allow_http: bool = False) -> str:
    """Return the base URL of an organization: its name alone means `https://name.testspace.com`, no scheme means https.

    `/api` at the end is taken off. Raises BadValue for plain http to another computer, unless *allow_http*.
    """
    text = given.strip()
    if _ORGANIZATION.fullmatch(text) and text.lower() != "localhost":
        text = f"{text.lower()}.testspace.com"
    return urls.base_url(text, server="Testspace server", example=EXAMPLE, below="/api", allow_http=allow_http)


def bare_token(given: str) -> str:
    """Return a token without the colon that some tools want behind it.

    Raises BadValue for a user name with a password, without showing it.
    """
    token, colon, rest = given.partition(":")
    if colon and rest:
        raise BadValue("The token has a colon in it. Pass a user name and password as username= and password=.")
    return token
