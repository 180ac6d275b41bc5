"""Links that log a browser in: `users/login_link/` makes one, the web server beside the API takes it, once.

Source: `jupyhai/handlers/execution_url.py` of jupyhai 1.7.0, which joins host, link and `&next=<page>`.
"""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from assetmeta.sandbox.messages import Request, Response
from assetmeta.sandbox.rest.pages import HTML, page

PARTS = ["auth", "login-link"]


class LoginLinks:
    """The links that nobody has followed yet."""

    def __init__(self) -> None:
        self._users: dict[str, int] = {}

    def new(self, user: int) -> str:
        """A link for a user: the path with a query, to which `&next=` can be added."""
        token = secrets.token_urlsafe(24)
        self._users[token] = user
        return f"/{'/'.join(PARTS)}/?token={token}"

    def follow(self, request: Request) -> Response:
        """What a browser gets: the page named by `next` where that is on this host, 403 for a link that is used up."""
        parameters = dict(request.parameters())
        if self._users.pop(parameters.get("token", ""), None) is None:
            return Response(403, page("Forbidden", "<h1>Forbidden</h1><p>The link is not valid.</p>"), HTML)
        return Response(302, b"", HTML, (("Location", place(parameters.get("next", ""), request.origin)),))


def place(wanted: str, origin: str) -> str:
    """Where a login leads: *wanted* where it is on the host itself, the root otherwise."""
    found = urlsplit(wanted)
    if found.scheme or found.netloc:
        here = f"{found.scheme}://{found.netloc}" == origin
    else:
        here = wanted[:1] == "/" and wanted[1:2] != "\\"
    return wanted if here else "/"
