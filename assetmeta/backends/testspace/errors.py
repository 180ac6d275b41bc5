"""What an error says (reference 5): one message, no codes and no fields; nothing readable from a server that failed."""

from __future__ import annotations

import re

from assetmeta.backends import error_documents
from assetmeta.backends.responses import ErrorDetail
from assetmeta.model.http import Response

_ADVICE = {
    403: "Testspace answers so to a wrong token or password, too: check the login, then what its user may do",
    405: "This server does not do that with such an object",
    415: "Something on the way took the content type off the request: Testspace wants application/json",
}
_ABOUT_LOGINS = re.compile(r"\bcredentials\b|\bauthenticat|\blog ?in\b|\bpassword\b", re.IGNORECASE)


def parse_error(response: Response) -> ErrorDetail:
    """Read the message of an error document, and add what the status means here."""
    return error_documents.parse_error(response)._replace(advice=_ADVICE.get(response.status))


def refuses_login(response: Response) -> bool | None:
    """Whether a 403 refuses the login: True where its message says so, else None, since a missing right is a 403 too
    (reference 2).
    """
    if response.status != 403:
        return False
    return True if _ABOUT_LOGINS.search(error_documents.parse_error(response).summary or "") else None
