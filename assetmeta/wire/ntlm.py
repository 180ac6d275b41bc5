"""Windows login: NTLM, or Negotiate answered with NTLM, by the package requests-ntlm (extra `ntlm`)."""

from __future__ import annotations

from typing import Any

import requests

from assetmeta.model.errors import LoginRefused
from assetmeta.wire.auth import Credential, Prepared, checked_text
from assetmeta.wire.extras import load_extra


class Ntlm(Credential):
    r"""User (`DOMAIN\user`) and password; without them, on Windows, the user who is logged in.

    A login takes two more requests on each new connection; the ledger counts the three as one. Raises Unsupported
    when requests-ntlm is not installed.
    """

    kind = "Windows login"
    per_connection = True

    def __init__(self, user: str | None = None, password: str | None = None) -> None:
        self._user = None if user is None else checked_text(user, "user name")
        self._password = None if password is None else checked_text(password, "password")
        self._package = load_extra("requests_ntlm", "ntlm")
        self._errors = load_extra("spnego.exceptions", "ntlm")

    @property
    def secrets(self) -> tuple[str, ...]:
        """The password, if one was given."""
        return () if self._password is None else (self._password,)

    def __call__(self, r: Prepared) -> Prepared:
        """Prepare the request to answer a challenge. A login that is broken off raises LoginRefused."""
        login = self._package.HttpNtlmAuth(self._user, self._password)
        broken_off = (PermissionError, KeyError, self._errors.SpnegoError)

        def answer_challenge(answer: requests.Response, **options: Any) -> requests.Response:
            try:
                answered: requests.Response = login.response_hook(answer, **options)
            except broken_off as error:
                answer.close()
                raise LoginRefused(
                    "The Windows login was broken off. Check user and password, and that the server offers NTLM here;"
                    " an access token needs no Windows login.",
                    status=401,
                ) from error
            return answered

        r.headers["Connection"] = "Keep-Alive"
        r.register_hook("response", answer_challenge)  # type: ignore[no-untyped-call]
        return r
