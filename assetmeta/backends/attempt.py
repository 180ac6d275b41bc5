"""One change performed: every error becomes its outcome."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from assetmeta.backends.error_documents import add_field, parse_error
from assetmeta.backends.responses import ErrorParser, answered, check, failure
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

_FAILED = 500
"""The server failed, before or after it performed the request."""


@dataclass(slots=True)
class Attempt:
    """The progress of a change: whether a request that writes was sent, and whether one was accepted. *secrets* are
    texts in it that are hidden in errors, also where the server quotes them.
    """

    wrote: bool = False
    accepted: bool = False
    secrets: tuple[str, ...] = ()


def attempt(change: Change, flow: Callable[[Attempt], Flow[Outcome]]) -> Flow[Outcome]:
    """Perform one change; every error is an outcome (`outcome_of`)."""
    step = Attempt()
    try:
        return (yield from flow(step))
    except AssetmetaError as error:
        return outcome_of(change, with_asset(change, error), step)


def with_asset(change: Change, error: AssetmetaError) -> AssetmetaError:
    """Return *error*, with the asset of the *change* that the server refused."""
    if isinstance(error, ServerError) and not isinstance(error, InvalidResponse):
        error.oid = change.oid.token
    return error


def outcome_of(change: Change, error: AssetmetaError, step: Attempt) -> Failed | Skipped | Unknown:
    """Return what *error* means for a change: Skipped where the write ended before its turn, Failed where it is
    certain that nothing was saved, else Unknown. One rule for all dialects.
    """
    if step.wrote and _is_open(change, error, step):
        return Unknown(change, error)
    if isinstance(error, SessionClosed | BudgetExceeded | BrokenOff) or (
        isinstance(error, AuthenticationFailed) and not error.sent
    ):
        return Skipped(change, error=error)
    return Failed(change, error)


def _is_open(change: Change, error: AssetmetaError, step: Attempt) -> bool:
    """True when a change that was sent may have been saved. An update or a delete that the server failed at (500) can
    be repeated without harm; a second create would make a second asset.
    """
    if isinstance(error, AuthenticationFailed):
        return False
    if isinstance(error, InvalidResponse) or error.status in NO_WORD | MAYBE_DONE:
        # A page of a proxy in place of the answer does not show what the server did.
        return error.sent
    if isinstance(error, ServerError):
        return error.status == _FAILED and isinstance(change, Create | Call)
    return error.sent or (step.accepted and isinstance(error, SessionClosed | BudgetExceeded | BrokenOff))


def send_write(request: Request, step: Attempt, parser: ErrorParser = parse_error) -> Flow[Response]:
    """Send a write and return its 2xx answer. Raises the error that fits any other, with the field that it names.
    *parser* reads error documents.
    """
    step.wrote = True
    response = answered((yield request))
    if not response.ok:
        masked = _without(step.secrets, response)
        raise add_field(failure(masked, parser), masked)
    checked = check(response, parser)
    step.accepted = True
    return checked


def _without(secrets: tuple[str, ...], response: Response) -> Response:
    """The answer with stars for secrets of the request, in their JSON forms, also within a text that is JSON."""
    body, forms = response.body, set(secrets)
    for _ in range(2):
        forms |= {json.dumps(form, ensure_ascii=only)[1:-1] for form in forms for only in (True, False)}
    for form in sorted(forms, key=len, reverse=True):
        body = body.replace(form.encode("utf-8", "replace"), b"***")
    return Response(response.status, response.headers, body, response.request, response.url)
