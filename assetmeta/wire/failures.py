"""Errors of the HTTP library as our own: what happened, to which host, what to do; no query, no secret."""

from __future__ import annotations

import socket
import ssl

import requests
from msgspec import Struct
from urllib3.exceptions import ClosedPoolError, MaxRetryError, NewConnectionError, ReadTimeoutError

from assetmeta.model.errors import (
    AssetmetaError,
    BadValue,
    InvalidResponse,
    SessionClosed,
    TimedOut,
    Unreachable,
    Unsupported,
)
from assetmeta.model.http import Request
from assetmeta.model.optional import install_command
from assetmeta.wire.challenge import proxy_advice
from assetmeta.wire.connections import TunnelRefused
from assetmeta.wire.proxies import LOGIN
from assetmeta.wire.redact import redacted_line
from assetmeta.wire.urls import Origin

NO_TLS_SPOKEN = frozenset({"WRONG_VERSION_NUMBER", "UNSUPPORTED_PROTOCOL", "NO_PROTOCOLS_AVAILABLE", "HTTP_REQUEST"})
"""Reasons of TLS errors that can only come before the request."""

_CLIENT_REFUSED = frozenset(
    {
        "TLSV13_ALERT_CERTIFICATE_REQUIRED",
        "SSLV3_ALERT_BAD_CERTIFICATE",
        "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
        "SSLV3_ALERT_CERTIFICATE_REVOKED",
        "SSLV3_ALERT_CERTIFICATE_EXPIRED",
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
        "SSLV3_ALERT_HANDSHAKE_FAILURE",
        "TLSV1_ALERT_UNKNOWN_CA",
        "TLSV1_ALERT_ACCESS_DENIED",
    }
)
"""Reasons by which servers refuse the client's certificate, or a missing one. In TLS 1.3 they arrive after the first
bytes of the request, which the server does not read then.
"""

_EXPIRED, _NOT_YET = 10, 9
_WRONG_NAME = frozenset({62, 63, 64})
"""Codes of OpenSSL: X509_V_ERR_CERT_HAS_EXPIRED and so on."""

_NO_SUCH_NAME = frozenset(
    code for name in ("EAI_NONAME", "EAI_NODATA") if (code := getattr(socket, name, None)) is not None
)
"""Answers of resolvers for a name that does not exist; all others mean that it could not be looked up."""


class Limits(Struct, frozen=True):
    """The limits of an exchange in seconds: to connect, of silence, and in all; the last one where it is over."""

    connect: float
    read: float
    over: float | None = None


def cause_of(error: BaseException) -> BaseException:
    """Return the innermost reason of an error: the outer ones quote the whole URL, query included."""
    inner: BaseException | None = error.reason if isinstance(error, MaxRetryError) else None
    if inner is None:
        inner = next((part for part in error.args if isinstance(part, BaseException)), None)
    return error if inner is None else cause_of(inner)


def translated(
    error: requests.RequestException, request: Request, url: str, limits: Limits, *, sent: bool = True
) -> AssetmetaError:
    """Return our error for one of requests'. *sent* is False when no byte of the request has left."""
    line, origin = redacted_line(request), str(Origin.of(url))
    cause = cause_of(error)
    if isinstance(cause, ClosedPoolError):
        # No connection is taken from a pool that another thread closed with the session.
        return SessionClosed(f"The session was closed before {line} was sent.", request=line)
    late = _late(error, cause, line, origin, limits, sent)
    if late is not None:
        return late
    if isinstance(error, requests.exceptions.ProxyError):
        return _proxy(cause, line, origin)
    if isinstance(error, requests.exceptions.SSLError):
        return _tls(cause, line, origin, sent)
    if isinstance(error, requests.exceptions.ContentDecodingError):
        return InvalidResponse(f"The answer of {origin} to {line} is damaged: it cannot be decompressed.", request=line)
    if isinstance(error, ValueError):
        if "SOCKS" in str(error):
            return Unsupported(f"A SOCKS proxy needs the package PySocks. Install it: {install_command('socks')}")
        if sent:
            return InvalidResponse(f"The answer of {origin} to {line} is malformed: {_words(cause)}.", request=line)
        return BadValue(f"{line} cannot be sent: it has a malformed URL, header or proxy.", request=line)
    if "407" in _words(cause) and "unnel" in _words(cause):
        return _proxy(cause, line, origin)
    return _broken(cause, line, origin, sent)


def proxy_login(line: str, challenge: str = "") -> Unreachable:
    """The error for a proxy that wants a login (407), for a page or for a tunnel. *challenge* is
    its Proxy-Authenticate header.
    """
    return Unreachable(
        f"The proxy wants a login for {line}, or refused the one that it got (407). {proxy_advice(challenge) or LOGIN}",
        sent=False,
        permanent=True,
        status=407,
        request=line,
    )


def _late(
    error: requests.RequestException, cause: BaseException, line: str, origin: str, limits: Limits, sent: bool
) -> TimedOut | None:
    """The error for what took too long, or None."""
    if limits.over is not None and sent:
        return TimedOut(
            f"{origin} had not finished its answer to {line} after {limits.over:g} s. It may still be at work: look"
            " before doing it again, request less, or raise deadline=.",
            request=line,
        )
    in_time = not isinstance(error, requests.Timeout) and not isinstance(cause, ReadTimeoutError | TimeoutError)
    if in_time or (isinstance(error, requests.exceptions.ProxyError) and sent is False):
        return None
    if isinstance(error, requests.ConnectTimeout) or not sent:
        return TimedOut(
            f"{origin} took no connection within {limits.connect:g} s. Check the address and the proxy, or raise"
            " timeout=.",
            sent=False,
            request=line,
        )
    return TimedOut(
        f"{origin} sent nothing for {limits.read:g} s after {line}. It may still be at work: look before doing it"
        " again, request less, or raise timeout=.",
        request=line,
    )


def _proxy(cause: BaseException, line: str, origin: str) -> Unreachable:
    words = _words(cause)
    if "407" in words:
        return proxy_login(line, cause.challenge if isinstance(cause, TunnelRefused) else "")
    resolver = _resolver(cause)
    if resolver is not None:
        return _unknown_name("the proxy", resolver, line, "Check proxies= and HTTPS_PROXY, HTTP_PROXY, NO_PROXY.")
    return Unreachable(
        f"The proxy could not reach {origin}: {words}. Check proxies= and HTTPS_PROXY, HTTP_PROXY, NO_PROXY.",
        sent=False,
        request=line,
    )


def _broken(cause: BaseException, line: str, origin: str, sent: bool) -> Unreachable:
    resolver = _resolver(cause)
    if resolver is not None:
        return _unknown_name(origin, resolver, line, "Check its spelling, the network and the proxy.")
    if isinstance(cause, NewConnectionError):
        text = f"{origin} takes no connection: {_words(cause)}. Check host and port, and whether the server runs."
        return Unreachable(text, sent=False, request=line)
    if not sent:
        return Unreachable(
            f"The connection to {origin} broke before {line} was sent: {_words(cause)}.", sent=False, request=line
        )
    return Unreachable(
        f"The connection to {origin} broke during {line}: {_words(cause)}. Whether the server did it is unknown.",
        request=line,
    )


def _resolver(cause: BaseException) -> socket.gaierror | None:
    """The resolver's answer when a name was not found."""
    return next((each for each in (cause, cause.__cause__) if isinstance(each, socket.gaierror)), None)


def _unknown_name(what: str, resolver: socket.gaierror, line: str, advice: str) -> Unreachable:
    if resolver.errno in _NO_SUCH_NAME:
        text, permanent = f"The host of {what} is unknown here: no such name. {advice}", True
    else:
        text = (
            f"The host of {what} could not be looked up: the resolver (DNS) fails ({resolver.strerror}). Whether the"
            " name exists is open; check the network."
        )
        permanent = False
    return Unreachable(text, sent=False, permanent=permanent, request=line)


def _tls(cause: BaseException, line: str, origin: str, sent: bool) -> Unreachable:
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Unreachable(_mistrust(cause, origin), sent=False, permanent=True, request=line)
    reason = getattr(cause, "reason", None) or ""
    if reason in _CLIENT_REFUSED:
        text = (
            f"{origin} refused the client certificate, or wants one ({reason}). Pass one that it accepts as cert=, with"
            " its key: cert=('client.pem', 'key.pem')."
        )
        return Unreachable(text, sent=False, permanent=True, request=line)
    text = (
        f"No secure connection to {origin}: {reason or _words(cause)}. Check that the port serves https, and verify=."
    )
    never = reason in NO_TLS_SPOKEN
    return Unreachable(text, sent=sent and not never, permanent=never, request=line)


def _mistrust(cause: ssl.SSLCertVerificationError, origin: str) -> str:
    """Why a server's certificate is not accepted, and what to do about it."""
    code, words = getattr(cause, "verify_code", 0), getattr(cause, "verify_message", "") or "verification failed"
    if code in _WRONG_NAME:
        return (
            f"The certificate of {origin} is for another name: {words.rstrip('.')}. Use the name that it is for as the"
            " address of the session; if that is right, another server answers there."
        )
    if code == _EXPIRED:
        return (
            f"The certificate of {origin}, or one that signed it, has expired: whoever runs the server must renew it."
            " Check this computer's clock, too."
        )
    if code == _NOT_YET:
        return f"The certificate of {origin} is not valid yet. Check this computer's clock."
    return (
        f"The certificate of {origin} is not trusted: {words}."
        " If a company's own authority signed it, pass verify='ca-bundle.pem', or truststore=True to trust what the"
        f" operating system trusts ({install_command('truststore')})."
    )


def _words(cause: BaseException) -> str:
    origin = cause.__cause__ if isinstance(cause.__cause__, OSError) else cause
    said = origin.strerror if isinstance(origin, OSError) else None
    return said or str(origin) or type(origin).__name__
