"""Addresses and credentials as people give them (reference 1.1 to 1.4, 1.9)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from assetmeta.model.errors import BadValue

CLIENT_ID = "ValispaceREST"
"""The public OAuth2 client that every deployment has."""

_LOOPBACK = re.compile(r"localhost|.+\.localhost|127(?:\.\d+){3}|::1", re.IGNORECASE)


def base_url(given: str, *, allow_http: bool = False) -> str:
    """Return the base URL of a deployment: https when no scheme was given, without a slash or `/rest` at the end.

    Raises BadValue for plain http to another computer, unless *allow_http*.
    """
    text = given.strip().rstrip("/")
    if not text or text.endswith(":"):
        raise BadValue("The URL of the deployment is empty; give one such as https://name.valispace.com.")
    if not re.match(r"https?://", text, re.IGNORECASE):
        if "://" in text:
            raise BadValue(f"{text.partition('://')[0]}:// is no way to a Valispace deployment; use https://.")
        text = f"https://{text}"
    text = text.removesuffix("/rest").rstrip("/")
    parts = urlsplit(text)
    if parts.scheme.lower() == "http" and not allow_http and not _LOOPBACK.fullmatch(parts.hostname or ""):
        raise BadValue(
            f"http://{parts.hostname} would carry the password unprotected. Use https://, or pass allow_http=True "
            "where the network itself is safe."
        )
    return text


def token_uri(base: str) -> str:
    """The token endpoint of a deployment; without its slash a POST would become a GET."""
    return f"{base}/o/token/"


def bare_token(given: str) -> str:
    """Return a token without the word `Bearer`, which temporary tokens of the scripting module come with."""
    word, blank, rest = given.strip().partition(" ")
    return rest.strip() if blank and word.casefold() == "bearer" else given
