"""What an error says (reference 5): one message, no codes and no fields; nothing readable from a server that failed."""

from __future__ import annotations

from assetmeta.backends import jsonrest
from assetmeta.backends.base import Complaint, check
from assetmeta.backends.carrying import Step
from assetmeta.backends.jsonrest import get
from assetmeta.backends.testspace.settings import Settings
from assetmeta.backends.together import single
from assetmeta.model.errors import LoginRefused
from assetmeta.model.flows import Flow, Request, Response

_ADVICE = {
    403: "Testspace answers so to a wrong token or password, too: check the login, then what its user may do",
    405: "This server does not do that with such an object",
    415: "Something on the way took the content type off the request: Testspace wants application/json",
}


def explain(response: Response) -> Complaint:
    """Read the message of an error document, and add what the status means here."""
    return jsonrest.explain(response)._replace(advice=_ADVICE.get(response.status))


def answered_write(request: Request, step: Step, settings: Settings) -> Flow[Response]:
    """Send a write and return its 2xx answer. Raises the error that fits any other.

    403 means a wrong login as well as a missing right. While the login was never taken, one more request tells which:
    LoginRefused, after which nothing more is worth sending.
    """
    step.wrote = True
    response = yield from single(request)
    if response.status == 403 and not settings.learned.is_accepted:
        root = yield from single(get(settings.place()))
        if root.status == 403:
            raise LoginRefused(
                f"Testspace does not accept the login: it refuses {request.line} (403), and its very root. Check the "
                "token, or user name and password.",
                status=403,
                request=request.line,
                server_message=explain(response).summary,
            )
    checked = check(response, explain)
    settings.learned.is_accepted = True
    return checked
