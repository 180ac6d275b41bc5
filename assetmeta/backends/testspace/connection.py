"""Addresses, tokens and options as users give them, and errors (reference 1, 2 and 5)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from assetmeta.backends import error_documents
from assetmeta.backends.responses import ErrorDetail
from assetmeta.backends.rest import spec, urls
from assetmeta.backends.rest.options import Options
from assetmeta.backends.rest.spec import Resource
from assetmeta.model.errors import BadValue
from assetmeta.model.http import Response

EXAMPLE = "https://name.testspace.com"
_ORGANIZATION = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")
_ADVICE = {
    403: "Testspace also answers 403 to a wrong token or password: check the login, then the rights of its user",
    405: "This server does not support that for such an object",
    415: "A proxy removed the content type of the request: Testspace needs application/json",
}
_ABOUT_LOGINS = re.compile(r"\bcredentials\b|\bauthenticat|\blog ?in\b|\bpassword\b", re.IGNORECASE)


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


def parse_error(response: Response) -> ErrorDetail:
    """Read an error document, which has one message (reference 5), and add what the status means here."""
    return error_documents.parse_error(response)._replace(advice=_ADVICE.get(response.status))


def refuses_login(response: Response) -> bool | None:
    """Whether a 403 refuses the login: True where its message is about logins, else None, since a missing right is a
    403, too (reference 2).
    """
    if response.status != 403:
        return False
    return True if _ABOUT_LOGINS.search(error_documents.parse_error(response).summary or "") else None
