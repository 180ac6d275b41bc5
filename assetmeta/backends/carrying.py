"""One change carried out: whatever goes wrong on the way becomes its outcome."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from assetmeta.backends.base import check, failure
from assetmeta.backends.jsonrest import explain, naming
from assetmeta.backends.together import single
from assetmeta.model.errors import AssetmetaError, Misuse, ServerError, Unreadable
from assetmeta.model.flows import Flow, Request, Response
from assetmeta.model.plans import Call, Change, Create, Failed, Outcome, Unknown

_NO_WORD = frozenset({502, 504})
"""A gateway speaks here, which does not know what the server did."""

_BROKE = 500
"""The server broke, before or after it did what it was asked to do."""


@dataclass(slots=True)
class Step:
    """How far a change has come: whether anything was sent that writes. *secrets* are texts in it that no error shows,
    also where the server quotes them.
    """

    wrote: bool = False
    secrets: tuple[str, ...] = ()


def carried(change: Change, flow: Callable[[Step], Flow[Outcome]]) -> Flow[Outcome]:
    """Carry out one change; every failure is an outcome: Failed where nothing landed, Unknown where nobody knows."""
    step = Step()
    try:
        return (yield from flow(step))
    except (Misuse, Unreadable) as error:
        # An unreadable answer to a write: it was applied or it was not, a page of a proxy does not tell.
        return Unknown(change, error) if step.wrote and isinstance(error, Unreadable) else Failed(change, error)
    except ServerError as error:
        error.oid = change.oid.token
        return Unknown(change, error) if step.wrote and _is_open(change, error) else Failed(change, error)
    except AssetmetaError as error:
        return Unknown(change, error) if error.sent and step.wrote else Failed(change, error)


def _is_open(change: Change, error: ServerError) -> bool:
    """Whether a change may have landed all the same. An update or a deletion that is sent again does no harm, where a
    second create would be a second asset.
    """
    return error.status in _NO_WORD or (error.status == _BROKE and isinstance(change, Create | Call))


def answered_write(request: Request, step: Step) -> Flow[Response]:
    """Send a write and return its 2xx answer. Raises the error that fits any other, with the field that it blames."""
    step.wrote = True
    response = yield from single(request)
    if not response.ok:
        told = _without(step.secrets, response)
        raise naming(failure(told, explain), told)
    return check(response, explain)


def _without(secrets: tuple[str, ...], response: Response) -> Response:
    """The answer with stars for what was secret in the request, as JSON spells it, also in a text that is JSON."""
    body, forms = response.body, set(secrets)
    for _ in range(2):
        forms |= {json.dumps(form, ensure_ascii=only)[1:-1] for form in forms for only in (True, False)}
    for form in sorted(forms, key=len, reverse=True):
        body = body.replace(form.encode("utf-8", "replace"), b"***")
    return Response(response.status, response.headers, body, response.request, response.url)
