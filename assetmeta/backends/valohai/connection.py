"""Addresses, credentials and options as users give them (reference 1 and 2)."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from assetmeta.backends.rest import spec, urls
from assetmeta.backends.rest.options import Options

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
    """Return a token without the word `Token`, which examples have in front of it."""
    return urls.without_scheme(given, SCHEME)


@dataclass(frozen=True, slots=True)
class Settings(Options):
    """The options of all REST dialects. *page_size* rows are requested at a time where nothing else is wanted, *sweep*
    where a list is needed whole; *worth* rows more are received to save one request. At most *max_counters* numbers are
    part of one request.
    """

    root: str = API
    page_size: int = 1000
    sweep: int = 5000
    worth: int = 100
    max_counters: int = 100


def bundled() -> spec.Api:
    """The description of the API, which is part of the package."""
    return spec.bundled(__package__)
