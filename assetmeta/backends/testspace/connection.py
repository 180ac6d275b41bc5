"""Addresses, tokens and options as people give them (reference 1 and 2)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from assetmeta.backends.rest import spec, urls
from assetmeta.backends.rest.options import Options
from assetmeta.backends.rest.spec import Resource
from assetmeta.model.errors import BadValue

SURVEYS = ("none", "root")
"""What reading the schema requests: nothing, or the link map, which shows that it is a Testspace server."""

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


@dataclass(frozen=True, slots=True)
class Settings(Options):
    """The options of all REST dialects. Links to the next page of a list have to be at the origin of *base*. *width*
    lists are read concurrently.
    """

    root: str = "api"
    survey: str = "none"
    few: int = 2
    width: int = 8

    def endpoint_path(self, *parts: object) -> str:
        """Return the path of what is at *parts* below the API; they are in their escaped form."""
        return "/".join((self.root, *map(str, parts)))


def bundled() -> spec.Api:
    """The description of the API, which is part of the package."""
    return spec.bundled(__package__)


def resource_of(type_name: str) -> Resource:
    """The description of a type."""
    return bundled().types[type_name]
