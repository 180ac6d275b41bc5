"""Which redirects are followed."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urljoin

from assetmeta.model.errors import BadValue, Rejected
from assetmeta.model.http import Request
from assetmeta.wire.redact import redacted_line, split_query
from assetmeta.wire.transport_base import Answer
from assetmeta.wire.urls import Origin, prepared_url

MOST = 5
_STATUSES = frozenset({301, 302, 303, 307, 308})
_METHOD_KEPT = frozenset({307, 308})
_READS = frozenset({"GET", "HEAD"})


def redirected(request: Request, answer: Answer) -> Request | None:
    """Return the request that a redirect asks for, or None when the answer is none.

    Reads (GET, HEAD) marked idempotent are followed anywhere; the credentials stay behind by themselves. Other
    idempotent requests are followed only within their origin, when the redirect keeps the method and the body is no
    file. Raises Rejected for all others, above all for writes: a write must not end up where nobody meant it to go.
    """
    location = answer.response.headers.get("location")
    if answer.response.status not in _STATUSES or location is None:
        return None
    target = _target(request, answer, location)
    same = answer.response.status in _METHOD_KEPT and Origin.of(target) == Origin.of(answer.url)
    repeatable = request.body is None or isinstance(request.body, bytes)
    if request.idempotent and (request.method in _READS or (same and repeatable)):
        return replace(request, path=target, query=())
    raise Rejected(
        f"The server redirects {redacted_line(request)} to {split_query(target)[0]}, and such a request is not sent on."
        " Use the address it leads to as the URL of the session; if it is a sign-in page, check the credentials and the"
        " proxy.",
        status=answer.response.status,
        request=redacted_line(request),
    )


def _target(request: Request, answer: Answer, location: str) -> str:
    """Return the whole URL a redirect leads to. Header bytes arrive as Latin-1, though servers mean UTF-8."""
    try:
        return prepared_url(urljoin(answer.url, location.encode("latin-1", "replace").decode("utf-8", "replace")))
    except (BadValue, ValueError) as error:
        line = redacted_line(request)
        raise Rejected(f"The server redirects {line} to nowhere: {error}", status=answer.response.status) from None
