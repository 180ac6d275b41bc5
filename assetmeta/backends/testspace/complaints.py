"""What an error says (reference 5): one message, no codes and no fields; nothing readable from a server that failed."""

from __future__ import annotations

from assetmeta.backends import jsonrest
from assetmeta.backends.base import Complaint, check
from assetmeta.backends.carrying import Step
from assetmeta.backends.together import single
from assetmeta.model.flows import Flow, Request, Response

_ADVICE = {
    403: "Testspace answers so to a wrong token or password, too: check the login, then what its user may do",
    405: "This server does not do that with such an object",
    415: "Something on the way took the content type off the request: Testspace wants application/json",
}


def explain(response: Response) -> Complaint:
    """Read the message of an error document, and add what the status means here."""
    return jsonrest.explain(response)._replace(advice=_ADVICE.get(response.status))


def answered_write(request: Request, step: Step) -> Flow[Response]:
    """Send a write and return its 2xx answer. Raises the error that fits any other."""
    step.wrote = True
    return check((yield from single(request)), explain)
