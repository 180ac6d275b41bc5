"""What WWW-Authenticate and Proxy-Authenticate hold: schemes (RFC 9110, 11; RFC 4559), errors of tokens (RFC 6750)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from assetmeta.model.errors import quoted
from assetmeta.model.optional import install_command
from assetmeta.wire.redact import scrubbed

_PART = re.compile(r'\b(error|error_description)\s*=\s*(?:"((?:[^"\\]|\\.)*+)"|([^\s,"]+))', re.IGNORECASE)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*+"?')
_SCHEME = re.compile(r"(?:\A|,)\s*([A-Za-z][\w.+-]*)(?=\s+[^\s=,]|\s*(?:,|\Z))")
_KERBEROS_SCHEMES = frozenset({"negotiate", "kerberos"})
_WINDOWS = _KERBEROS_SCHEMES | {"ntlm"}

_USUAL = "Check that it is right, has not expired, and is of a kind that this server accepts."
_EXPIRED = "It has expired: get a new one, or log in by OAuth2 with a refresh token, which renews it."
_INVALID = "The server does not know it: check that it is whole, belongs to this server and was not revoked."
_SCOPE = "It is not allowed to do this: get one with the scope that the server wants."
_MISSING = (
    "The server saw no token: check that it wants a token with this scheme word, and that no proxy takes it away."
)
_USE_NTLM = rf"auth=Ntlm('DOMAIN\user', 'password') ({install_command('ntlm')})"
_USE_KERBEROS = (
    "as auth= an auth object for Kerberos, such as HTTPKerberosAuth() of the package requests-kerberos, with a ticket"
    " at hand (kinit)"
)
_NTLM = f"The server logs in by NTLM only: pass {_USE_NTLM}."
_KERBEROS = f"The server logs in by Negotiate only, which is Kerberos: pass {_USE_KERBEROS}."
_EITHER = f"The server logs in by NTLM or Kerberos only: pass {_USE_NTLM}, or {_USE_KERBEROS}."
_BY_PROXY = (
    "The proxy logs in by {} only, which cannot be part of its address. Run a proxy of your own that logs in there,"
    " such as Px or Cntlm, and pass its address as proxies=."
)


class Challenge(NamedTuple):
    """The server's *words*, empty when it has none, and *advice*."""

    words: str = ""
    advice: str = _USUAL


def read_challenge(header: str, secrets: Iterable[str] = (), *, token: bool = True, ntlm: bool = False) -> Challenge:
    """Read the header, *secrets* hidden. *token* is set for a login by a token and not by a password, *ntlm* when
    it was a Windows login.
    """
    parts = {found[1].lower(): found[2] or found[3] or "" for found in _PART.finditer(header)}
    error = parts.get("error", "")
    words = scrubbed(quoted(parts.get("error_description") or error), secrets)
    if "expired" in words.lower():
        return Challenge(words, _EXPIRED)
    if error == "insufficient_scope":
        return Challenge(words, _SCOPE)
    if error == "invalid_token":
        return Challenge(words, _INVALID)
    windows = windows_advice(header, ntlm=ntlm)
    if windows is not None:
        return Challenge(words, windows)
    return Challenge(words, _MISSING if token and not error and "bearer" in offered(header) else _USUAL)


def windows_advice(header: str, *, ntlm: bool = False) -> str | None:
    """How to log in where nothing but NTLM and Kerberos is offered; None otherwise, and for an *ntlm* login where NTLM
    is offered.
    """
    schemes = offered(header)
    if not schemes or not schemes <= _WINDOWS or (ntlm and "ntlm" in schemes):
        return None
    if "ntlm" not in schemes:
        return _KERBEROS
    return _EITHER if schemes & _KERBEROS_SCHEMES else _NTLM


def proxy_advice(header: str) -> str | None:
    """What to do about a proxy that offers nothing but NTLM and Kerberos; None otherwise."""
    schemes = offered(header)
    if not schemes or not schemes <= _WINDOWS:
        return None
    return _BY_PROXY.format(" or ".join(name for name in ("NTLM", "Kerberos", "Negotiate") if name.lower() in schemes))


def offered(header: str) -> frozenset[str]:
    """The schemes of a header, or of several joined by commas, in lower case."""
    return frozenset(found[1].lower() for found in _SCHEME.finditer(_QUOTED.sub('""', header)))
