"""Errors of the HTTP library, said in our words: what happened, to which host, what to do; no query, no secret."""

from __future__ import annotations

import ssl

import requests
from urllib3.exceptions import MaxRetryError, NameResolutionError, NewConnectionError, ReadTimeoutError

from assetmeta.model.errors import AssetmetaError, BadValue, TimedOut, Unreachable, Unreadable
from assetmeta.model.flows import Request
from assetmeta.wire.origin import Origin
from assetmeta.wire.redact import redacted_line

NO_TLS_SPOKEN = frozenset({"WRONG_VERSION_NUMBER", "UNSUPPORTED_PROTOCOL", "NO_PROTOCOLS_AVAILABLE", "HTTP_REQUEST"})
"""Reasons of TLS errors that can only come before the request."""


def cause_of(error: BaseException) -> BaseException:
    """Return the innermost reason of an error: the outer ones quote the whole URL, query included."""
    inner: BaseException | None = error.reason if isinstance(error, MaxRetryError) else None
    if inner is None:
        inner = next((part for part in error.args if isinstance(part, BaseException)), None)
    return error if inner is None else cause_of(inner)


def translated(
    error: requests.RequestException, request: Request, url: str, timeout: tuple[float, float]
) -> AssetmetaError:
    """Return our error for one of requests'. *timeout* is (connect, read) in seconds."""
    line, origin = redacted_line(request), str(Origin.of(url))
    cause = cause_of(error)
    if isinstance(error, requests.ConnectTimeout):
        text = (
            f"{origin} took no connection within {timeout[0]:g} s. Check the address and the proxy, or raise timeout=."
        )
        return TimedOut(text, sent=False, request=line)
    if isinstance(error, requests.Timeout) or isinstance(cause, ReadTimeoutError):
        return TimedOut(
            f"{origin} sent nothing for {timeout[1]:g} s after {line}. It may still be at work: look before doing it"
            " again, ask for less, or raise timeout=.",
            request=line,
        )
    if isinstance(error, requests.exceptions.ProxyError):
        text = (
            f"The proxy gave no way to {origin}: {_words(cause)}. Check proxies= and HTTPS_PROXY, HTTP_PROXY, NO_PROXY."
        )
        return Unreachable(text, sent=False, permanent="407" in _words(cause), request=line)
    if isinstance(error, requests.exceptions.SSLError):
        return _tls(cause, line, origin)
    if isinstance(error, requests.exceptions.ContentDecodingError):
        return Unreadable(f"The answer of {origin} to {line} is damaged: it cannot be decompressed.", request=line)
    if isinstance(error, ValueError):
        return BadValue(f"{line} cannot be sent: it has a malformed URL, header or proxy.", request=line)
    return _broken(cause, line, origin)


def _broken(cause: BaseException, line: str, origin: str) -> Unreachable:
    if isinstance(cause, NameResolutionError):
        return Unreachable(
            f"The host of {origin} is unknown here. Check its spelling, the network and the proxy.",
            sent=False,
            request=line,
        )
    if isinstance(cause, NewConnectionError):
        text = f"{origin} takes no connection: {_words(cause)}. Check host and port, and whether the server runs."
        return Unreachable(text, sent=False, request=line)
    return Unreachable(
        f"The connection to {origin} broke during {line}: {_words(cause)}. Whether the server did it is unknown.",
        request=line,
    )


def _tls(cause: BaseException, line: str, origin: str) -> Unreachable:
    if isinstance(cause, ssl.SSLCertVerificationError):
        text = (
            f"The certificate of {origin} is not trusted: {getattr(cause, 'verify_message', 'verification failed')}."
            " If a company's own authority signed it, pass verify='ca-bundle.pem', or truststore=True to trust what the"
            " operating system trusts (pip install assetmeta[truststore])."
        )
        return Unreachable(text, sent=False, permanent=True, request=line)
    reason = getattr(cause, "reason", None) or ""
    text = (
        f"No secure connection to {origin}: {reason or _words(cause)}. Check that the port speaks https, and verify=."
    )
    return Unreachable(text, sent=reason not in NO_TLS_SPOKEN, permanent=reason in NO_TLS_SPOKEN, request=line)


def _words(cause: BaseException) -> str:
    origin = cause.__cause__ if isinstance(cause.__cause__, OSError) else cause
    said = origin.strerror if isinstance(origin, OSError) else None
    return said or str(origin) or type(origin).__name__
