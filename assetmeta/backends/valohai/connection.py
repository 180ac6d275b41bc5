"""Addresses and credentials as people give them (reference 1 and 2)."""

from __future__ import annotations

import itertools
import re

from assetmeta.backends.rest import urls

HOST = "https://app.valohai.com"
"""Where the vendor runs Valohai for everybody."""

HOST_VARIABLES = ("VALOHAI_HOST",)
TOKEN_VARIABLES = ("VALOHAI_TOKEN", "VH_API_TOKEN", "VALOHAI_API_TOKEN")
"""Environment variables that the vendor's command line, manual and infrastructure modules read, first come first."""

SCHEME = "Token"
"""The word in front of a token."""

API = "api/v0"

_PAGES = frozenset({"api", "p", "auth", "accounts", "login", "projects", "admin"})
"""What the paths of the API and of pages begin with."""

_TOKENS = "Make a token in the web interface (below /auth/tokens/) and pass it as token=."
REFUSALS = {
    "has_2fa": f"The account has two-factor login, so user name and password alone give no token. {_TOKENS}",
    "has_external_identity": f"The account logs in through another identity provider. {_TOKENS}",
}
"""What to do, by the code of a refused token exchange."""


def base_url(given: str, *, allow_http: bool = False) -> str:
    """Return the base URL of an installation, https when no scheme was given: what the API is below.

    That is the root of the host, or the path that a reverse proxy has it under. The address of a page will do, too: its
    path ends where that of a page begins, and the vendor's own installation is at the root in any case. Raises BadValue
    for plain http to another computer, unless *allow_http*.
    """
    whole = urls.base_url(given, server="Valohai installation", example=HOST, allow_http=allow_http)
    match = re.match(r"https?://[^/?#]*", whole, re.IGNORECASE)
    if match is None or match[0].lower() == HOST:
        return match[0] if match else whole
    path = re.split(r"[?#]", whole[match.end() :])[0]
    kept = itertools.takewhile(lambda segment: segment not in _PAGES, path.split("/"))
    return (match[0] + "/".join(kept)).rstrip("/")


def token_uri(base: str) -> str:
    """Where user name and password are exchanged for a token."""
    return f"{base}/{API}/get-token/"


def bare_token(given: str) -> str:
    """Return a token without the word `Token`, with which it stands in examples."""
    word, blank, rest = given.strip().partition(" ")
    return rest.strip() if blank and word.casefold() == "token" else given
