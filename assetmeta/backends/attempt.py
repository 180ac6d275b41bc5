"""One change carried out: whatever goes wrong on the way becomes its outcome."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from assetmeta.backends.concurrency import send_one
from assetmeta.backends.responses import check, failure
from assetmeta.backends.rest.http import naming, parse_error
from assetmeta.model.errors import (
    AssetmetaError,
    AuthenticationFailed,
    BrokenOff,
    BudgetExceeded,
    InvalidResponse,
    ServerError,
    SessionClosed,
)
from assetmeta.model.http import MAYBE_DONE, NO_WORD, Flow, Request, Response
from assetmeta.model.plans import Call, Change, Create, Failed, Outcome, Skipped, Unknown

_BROKE = 500
"""The server broke, before or after it did what it was asked to do."""


@dataclass(slots=True)
class Attempt:
    """How far a change has come: whether a request that writes was sent, and whether one was accepted. *secrets* are
    texts in it that no error shows, also where the server quotes them.
    """

    wrote: bool = False
    landed: bool = False
    secrets: tuple[str, ...] = ()


def attempt(change: Change, flow: Callable[[Attempt], Flow[Outcome]]) -> Flow[Outcome]:
    """Carry out one change; every failure is an outcome (`outcome_of`)."""
    step = Attempt()
    try:
        return (yield from flow(step))
    except AssetmetaError as error:
        if isinstance(error, ServerError) and not isinstance(error, InvalidResponse):
            error.oid = change.oid.token
        return outcome_of(change, error, step)


def outcome_of(change: Change, error: AssetmetaError, step: Attempt) -> Failed | Skipped | Unknown:
    """Return what *error* means for a change: Skipped where the write ended before its turn, Failed where surely
    nothing landed, Unknown where nobody knows. One rule for all dialects.
    """
    if step.wrote and _is_open(change, error, step):
        return Unknown(change, error)
    if isinstance(error, SessionClosed | BudgetExceeded | BrokenOff) or (
        isinstance(error, AuthenticationFailed) and not error.sent
    ):
        return Skipped(change, error=error)
    return Failed(change, error)


def _is_open(change: Change, error: AssetmetaError, step: Attempt) -> bool:
    """True when a change that was sent may have landed. An update or a deletion that the server broke at (500) is sent
    again without harm, where a second create would be a second asset.
    """
    if isinstance(error, AuthenticationFailed):
        return False
    if isinstance(error, InvalidResponse) or error.status in NO_WORD | MAYBE_DONE:
        # A page of a proxy in place of the answer says nothing of what the server did.
        return error.sent
    if isinstance(error, ServerError):
        return error.status == _BROKE and isinstance(change, Create | Call)
    return error.sent or (step.landed and isinstance(error, SessionClosed | BudgetExceeded | BrokenOff))


def send_write(request: Request, step: Attempt) -> Flow[Response]:
    """Send a write and return its 2xx answer. Raises the error that fits any other, with the field that it blames."""
    step.wrote = True
    response = yield from send_one(request)
    if not response.ok:
        told = _without(step.secrets, response)
        raise naming(failure(told, parse_error), told)
    checked = check(response, parse_error)
    step.landed = True
    return checked


def _without(secrets: tuple[str, ...], response: Response) -> Response:
    """The answer with stars for what was secret in the request, as JSON spells it, also in a text that is JSON."""
    body, forms = response.body, set(secrets)
    for _ in range(2):
        forms |= {json.dumps(form, ensure_ascii=only)[1:-1] for form in forms for only in (True, False)}
    for form in sorted(forms, key=len, reverse=True):
        body = body.replace(form.encode("utf-8", "replace"), b"***")
    return Response(response.status, response.headers, body, response.request, response.url)
