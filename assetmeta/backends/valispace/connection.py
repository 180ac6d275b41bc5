"""Addresses, credentials and options as users give them (reference 1.1 to 1.4, 1.9)."""

from __future__ import annotations

from dataclasses import dataclass

from assetmeta.backends.rest import spec, urls
from assetmeta.backends.rest.options import Options

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
    """Return a token without the word `Bearer`, which temporary tokens of the scripting module have in front."""
    return urls.without_scheme(given, "Bearer")


@dataclass(frozen=True, slots=True)
class Settings(Options):
    """The options of all REST dialects; *media* is the path of files below the URL of the session. *fresh_lists* reads
    a list relation again before it is written, since a write replaces the whole list.
    """

    root: str = "rest"
    survey: str = "full"
    media: str = "media"
    fresh_lists: bool = False

    def is_own(self, path: str) -> bool:
        """True for a path of the deployment: below its API, or one of its files."""
        return path.startswith((f"{self.root}/", f"{self.media}/"))


def bundled() -> spec.Api:
    """The description of the API, which is part of the package."""
    return spec.bundled(__package__)
