"""Which redirects are followed, and what one that is not followed means for its request."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urljoin, urlsplit

from msgspec.structs import replace

from assetmeta.model.errors import AuthenticationFailed, BadValue, Rejected, ServerError
from assetmeta.model.http import MAYBE_DONE, Request
from assetmeta.wire.redact import redacted_line, split_query
from assetmeta.wire.transport_base import Answer
from assetmeta.wire.urls import Origin, prepared_url

MOST = 5
_STATUSES = frozenset({301, 302, 303, 307, 308})
_METHOD_KEPT = frozenset({307, 308})
_READS = frozenset({"GET", "HEAD"})

_SIGN_IN = re.compile(
    r"(log|sign)[-_]?(in|on)|sso|saml2?|adfs|oauth2?|openid(-connect)?|authori[sz]e|wsfed", re.IGNORECASE
)
"""A part of a path, or of the name of another host, that belongs to a login."""

_SIGN_IN_QUERY = frozenset({"samlrequest", "wa", "response_type", "openid.mode"})
"""Parameters of requests for a login: SAML, WS-Federation, OAuth2 and OpenID."""


def redirected(request: Request, answer: Answer) -> Request | None:
    """Return the request that a redirect leads to, or None when the answer is none.

    Reads (GET, HEAD) marked idempotent are followed anywhere; the credentials stay behind by themselves. Other
    idempotent requests are followed only within their origin, when the redirect keeps the method and the body is no
    file. All others are not followed, above all writes: a write must not end up at an unintended place.

    Raises AuthenticationFailed when such a redirect leads to a sign-in page. Otherwise raises Rejected: with 301, 307
    and 308 the server did nothing (*sent* is False), with 302 and 303 the redirect may be the answer to what is done
    (RFC 9110, section 15.4).
    """
    location = answer.response.headers.get("location")
    if answer.response.status not in _STATUSES or location is None:
        return None
    target = _target(request, answer, location)
    same = answer.response.status in _METHOD_KEPT and Origin.of(target) == Origin.of(answer.url)
    repeatable = request.body is None or isinstance(request.body, bytes)
    if request.idempotent and (request.method in _READS or (same and repeatable)):
        return replace(request, path=target, query=())
    raise _not_followed(request, answer, target)


def _not_followed(request: Request, answer: Answer, target: str) -> ServerError:
    status, line = answer.response.status, redacted_line(request)
    there = split_query(target)[0]
    if _is_sign_in(target, answer.url):
        return AuthenticationFailed(
            f"The server redirects {line} to the sign-in page {there}; nothing was done. Check the credentials, and "
            "whether a proxy wants a login of its own.",
            status=status,
            request=line,
        )
    maybe = status in MAYBE_DONE and request.writes
    return Rejected(
        f"The server redirects {line} to {there}, and such a request is not sent on. "
        + ("It may have been performed. " if maybe else "")
        + "Use the address it leads to as the URL of the session; if it is a sign-in page, check the credentials and "
        "the proxy.",
        status=status,
        request=line,
        sent=maybe,
    )


def _is_sign_in(target: str, source: str) -> bool:
    """True when *target* is an address of a login by its path or query, or by its host where that is another one. Parts
    of the path that *source* has as well do not count.
    """
    there, here = urlsplit(target), urlsplit(source)
    parts = set(there.path.split("/")) - set(here.path.split("/"))
    if there.hostname != here.hostname:
        parts |= set((there.hostname or "").split(".")[:-1])
    names = {name.lower() for name, _ in parse_qsl(there.query, keep_blank_values=True)}
    return any(_SIGN_IN.fullmatch(part.partition(".")[0]) for part in parts) or not names.isdisjoint(_SIGN_IN_QUERY)


def _target(request: Request, answer: Answer, location: str) -> str:
    """Return the whole URL a redirect leads to. Header bytes arrive as Latin-1, though servers mean UTF-8."""
    try:
        return prepared_url(urljoin(answer.url, location.encode("latin-1", "replace").decode("utf-8", "replace")))
    except (BadValue, ValueError) as error:
        line = redacted_line(request)
        raise Rejected(f"The server redirects {line} to nowhere: {error}", status=answer.response.status) from None
