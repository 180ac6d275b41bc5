"""Windows login: NTLM, or Negotiate answered with NTLM, by the package requests-ntlm (extra `ntlm`)."""

from __future__ import annotations

from typing import Any

import requests

from assetmeta.model import optional
from assetmeta.model.errors import AuthenticationFailed
from assetmeta.model.http import Request
from assetmeta.wire.auth import Credential, Prepared, checked_text
from assetmeta.wire.challenge import windows_advice
from assetmeta.wire.redact import split_query

_LARGEST_REPEATED = 64 * 1024
_UNAUTHORIZED = 401
_USUAL = "Check user and password, and that the server offers NTLM here; an access token needs no Windows login."


class Ntlm(Credential):
    r"""User (`DOMAIN\user`) and password; without them, on Windows, the user who is logged in.

    A login takes two more requests on each new connection; the ledger counts the three as one. They carry the body of
    the request that they are for, unless that is a file or larger than 64 KiB: then a GET of the same path goes first,
    and logs the connection in. Proxies are not logged in to. Raises Unsupported when requests-ntlm is not installed.
    """

    kind = "Windows login"
    per_connection = True

    def __init__(self, user: str | None = None, password: str | None = None) -> None:
        self._user = None if user is None else checked_text(user, "user name")
        self._password = None if password is None else checked_text(password, "password")
        self._package = optional.load("requests_ntlm", extra="ntlm")
        self._errors = optional.load("spnego.exceptions", extra="ntlm")

    @property
    def secrets(self) -> tuple[str, ...]:
        """The password, if one was given."""
        return () if self._password is None else (self._password,)

    def first_request(self, request: Request) -> Request | None:
        """A GET of the path of a request whose body is not to be sent in vain, of one byte where it leads to a file."""
        body = request.body
        if body is None or (isinstance(body, bytes) and len(body) <= _LARGEST_REPEATED):
            return None
        path, _ = split_query(request.path)
        return Request("GET", path, headers=(("Range", "bytes=0-0"),), idempotent=True, public=True)

    def __call__(self, r: Prepared) -> Prepared:
        """Prepare the request to answer a challenge. A login that is broken off raises AuthenticationFailed."""
        login = self._package.HttpNtlmAuth(self._user, self._password)
        broken_off = (PermissionError, KeyError, self._errors.SpnegoError)

        def answer_challenge(answer: requests.Response, **options: Any) -> requests.Response:
            if answer.status_code != _UNAUTHORIZED:
                # The package would answer a proxy (407) as well, and the credentials are not that one's.
                return answer
            header = answer.headers.get("www-authenticate", "")
            try:
                answered: requests.Response = login.response_hook(answer, **options)
            except broken_off as error:
                answer.close()
                raise AuthenticationFailed(
                    f"The Windows login was broken off. {windows_advice(header, ntlm=True) or _USUAL}",
                    status=_UNAUTHORIZED,
                ) from error
            return answered

        r.headers["Connection"] = "Keep-Alive"
        r.register_hook("response", answer_challenge)  # type: ignore[no-untyped-call]
        return r
