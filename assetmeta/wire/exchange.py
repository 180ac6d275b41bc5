"""Token exchange: a token that a server hands out for user name and password, got once before the first request."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from assetmeta.model.errors import AssetmetaError, BadValue, Busy, LoginRefused, ServerFailed, quoted
from assetmeta.model.flows import Request, Response
from assetmeta.wire.auth import Renewable, checked_text
from assetmeta.wire.line import Send
from assetmeta.wire.origin import Origin
from assetmeta.wire.redact import scrubbed, split_query

_FORM = (("Accept", "application/json"), ("Content-Type", "application/x-www-form-urlencoded"))
_USUAL = "Check user name and password."
_ELSEWHERE = "That is no refusal of a login: check the address of the server."
_REFUSALS = frozenset({400, 401, 403, 422})


class TokenExchange(Renewable):
    """A token for user name and password: one POST of both as a form to *uri*, which answers `{"token": ...}`.

    The token goes out with the word *scheme* in front. It is got before the first request, remembered, and got once
    more after a 401. A refused exchange is not tried again: a server may lock an account after a few wrong passwords.
    *advice* says by the server's code for a refusal what to do about it.
    """

    kind = "token got for user name and password"

    def __init__(
        self, *, uri: str, username: str, password: str, scheme: str = "Token", advice: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(scheme=scheme)
        Origin.of(uri)
        self._uri = uri
        self._username = checked_text(username, "user name")
        self._password = checked_text(password, "password")
        if not username or not password:
            raise BadValue("username= and password= must not be empty.")
        self._advice = dict(advice or {})
        self._refusal: str | None = None

    @property
    def identity(self) -> str:
        """The user name."""
        return f"user {self._username}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """The password, and the token if there is one by now."""
        return (*super().secrets, self._password)

    def obtain(self, send: Send) -> str:
        """Exchange user name and password for a token: one POST, never repeated.

        Raises LoginRefused when the server grants none, and again, without a request, ever after; ServerFailed when it
        breaks, Busy, Unreachable.
        """
        if self._refusal is not None:
            raise LoginRefused(self._refusal, request=self._line, sent=False)
        form = urlencode({"username": self._username, "password": self._password}).encode()
        response = send(Request("POST", self._uri, headers=_FORM, body=form))
        document = _document(response)
        token = document.get("token") if isinstance(document, dict) and response.ok else None
        if isinstance(token, str) and token:
            return token
        raise self._failure(response, document)

    @property
    def _line(self) -> str:
        return f"POST {split_query(self._uri)[0]}"

    def _failure(self, response: Response, document: Any) -> AssetmetaError:
        status, line = response.status, self._line
        if status == 429:
            told = f"The server asks to be left alone ({line}: HTTP 429). Log in later, or with a token."
            return Busy(told, status=status, request=line, sent=False, permanent=True)
        if status >= 500:
            return ServerFailed(
                f"The server failed at {line} ({status}). Try again later.", status=status, request=line
            )
        words = scrubbed(quoted(": ".join(_words(document)) or f"HTTP {status}"), self.secrets)
        code = next((code for code in _codes(document) if code in self._advice), next(_codes(document), None))
        advice = self._advice.get(code or "", _USUAL if status in _REFUSALS else _ELSEWHERE)
        self._refusal = f"{line} gave no token for the user name and password ({words}). {advice}"
        return LoginRefused(self._refusal, status=status, request=line, server_message=words, code=code)


def _document(response: Response) -> Any:
    try:
        return json.loads(response.body)
    except (ValueError, RecursionError):
        return None


def _words(document: Any) -> Iterator[str]:
    """The messages of an error document, without the codes beside them."""
    if isinstance(document, dict):
        for name, value in document.items():
            if name not in ("code", "token"):
                yield from _words(value)
    elif isinstance(document, list):
        for value in document:
            yield from _words(value)
    elif isinstance(document, str) and document:
        yield document


def _codes(document: Any) -> Iterator[str]:
    """The codes of an error document, the outermost first."""
    if isinstance(document, dict):
        if isinstance(document.get("code"), str):
            yield document["code"]
        for value in document.values():
            yield from _codes(value)
    elif isinstance(document, list):
        for value in document:
            yield from _codes(value)
