"""Addresses and credentials as people give them (reference 1.1 to 1.4, 1.9)."""

from __future__ import annotations

from assetmeta.backends.rest import urls

CLIENT_ID = "ValispaceREST"
"""The public OAuth2 client that every deployment has."""


def base_url(given: str, *, allow_http: bool = False) -> str:
    """Return the base URL of a deployment: https when no scheme was given, without a slash or `/rest` at the end.

    Raises BadValue for plain http to another computer, unless *allow_http*.
    """
    example = "https://name.valispace.com"
    return urls.base_url(given, server="Valispace deployment", example=example, below="/rest", allow_http=allow_http)


def token_uri(base: str) -> str:
    """The token endpoint of a deployment; without its slash a POST would become a GET."""
    return f"{base}/o/token/"


def bare_token(given: str) -> str:
    """Return a token without the word `Bearer`, which temporary tokens of the scripting module come with."""
    word, blank, rest = given.strip().partition(" ")
    return rest.strip() if blank and word.casefold() == "bearer" else given
