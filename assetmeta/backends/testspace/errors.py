"""What an error says (reference 5): one message, no codes and no fields; nothing readable from a server that failed."""

from __future__ import annotations

import re

from assetmeta.backends.attempt import Attempt
from assetmeta.backends.concurrency import send_one
from assetmeta.backends.responses import ErrorDetail, check
from assetmeta.backends.rest import http
from assetmeta.model.http import Flow, Request, Response

_ADVICE = {
    403: "Testspace answers so to a wrong token or password, too: check the login, then what its user may do",
    405: "This server does not do that with such an object",
    415: "Something on the way took the content type off the request: Testspace wants application/json",
}
_ABOUT_LOGINS = re.compile(r"\bcredentials\b|\bauthenticat|\blog ?in\b|\bpassword\b", re.IGNORECASE)


def parse_error(response: Response) -> ErrorDetail:
    """Read the message of an error document, and add what the status means here."""
    return http.parse_error(response)._replace(advice=_ADVICE.get(response.status))


def refuses_login(response: Response) -> bool | None:
    """Whether a 403 refuses the login: True where its message says so, else None, since a missing right is a 403 too
    (reference 2).
    """
    if response.status != 403:
        return False
    return True if _ABOUT_LOGINS.search(http.parse_error(response).summary or "") else None


def send_write(request: Request, step: Attempt) -> Flow[Response]:
    """Send a write and return its 2xx answer. Raises the error that fits any other."""
    step.wrote = True
    response = check((yield from send_one(request)), parse_error)
    step.landed = True
    return response
