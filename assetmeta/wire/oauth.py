"""Logins whose token comes from an endpoint: OAuth2 (RFC 6749), and a plain exchange of user name and password."""

from __future__ import annotations

import base64
import copy
import json
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote_plus, urlencode

from msgspec import Struct

from assetmeta.model.errors import AssetmetaError, AuthenticationFailed, BadValue, RateLimited, ServerFailed, quoted
from assetmeta.model.http import Request, Response
from assetmeta.wire.auth import LoginFlow, RefreshableToken, checked_text, checked_token
from assetmeta.wire.redact import scrubbed, split_query
from assetmeta.wire.urls import Origin

LEEWAY = 60.0
"""Seconds before its end at which a token is replaced, at most."""

_LEEWAY_PART = 0.1
"""The part of its life after which is its end: a token of a minute is used for 54 seconds."""

_LONGEST = 1e11
"""Seconds of life above which a token is taken to live for ever."""

_FORM = (("Accept", "application/json"), ("Content-Type", "application/x-www-form-urlencoded"))
_REFUSALS = frozenset({400, 401, 403, 422})
_CLIENT_AUTH = ("client_secret_post", "client_secret_basic", "none")
_PAIR = "user name and password"
_USUAL = "Check user name and password."
_ELSEWHERE = "That is no refusal of a login: check the address of the server."


class EndpointLogin(RefreshableToken):
    """A token that an endpoint grants in answer to one POST of a form, which is never repeated.

    What the endpoint refuses is not requested again: a server may lock an account after a few wrong passwords.
    """

    def __init__(self, uri: str, token: str | None = None, scheme: str = "Bearer") -> None:
        super().__init__(token, scheme)
        Origin.of(uri)
        self._uri = uri
        self._refusals: dict[str, AuthenticationFailed] = {}

    @property
    def _line(self) -> str:
        return f"POST {split_query(self._uri)[0]}"

    @property
    def is_exhausted(self) -> bool:
        """True when what is presented to the endpoint, or each of several such things, was refused."""
        presented = self._presented()
        return bool(presented) and self._refusals.keys() >= presented

    @abstractmethod
    def _presented(self) -> set[str]:
        """What can be presented for a token, in the words of refusals."""

    @abstractmethod
    def _refusal(self, what: str, status: int, words: str, code: str | None) -> str:
        """The text of a refused login: *what* was refused, in the server's *words*, which may be empty."""

    def _granted(
        self, what: str, form: Mapping[str, str], field: str, headers: tuple[tuple[str, str], ...] = ()
    ) -> LoginFlow[dict[str, Any]]:
        """Post a form and return the answer, whose *field* holds a token that can be sent. One request.

        Raises AuthenticationFailed when there is no token in the answer, and again, without a request, ever after for
        the same
        *what*; ServerFailed when the server breaks, RateLimited, Unreachable: nothing of these is remembered.
        """
        known = self._refusals.get(what)
        if known is not None:
            raise AuthenticationFailed(str(known), **{**vars(known), "sent": False})
        response = yield Request("POST", self._uri, headers=_FORM + headers, body=urlencode(form).encode())
        document = _document(response)
        if response.ok and _is_sendable(document.get(field)):
            self.is_granted = True
            return document
        raise self._failure(what, response, document)

    def _failure(self, what: str, response: Response, document: dict[str, Any]) -> AssetmetaError:
        status, line = response.status, self._line
        if status == 429:
            text = f"Rate limited by the server ({line}: HTTP 429). Log in later, or with a token."
            return RateLimited(text, status=status, request=line, sent=False, permanent=True)
        if status >= 500:
            text = f"The server failed at {line} (HTTP {status}). Try again later."
            return ServerFailed(text, status=status, request=line)
        words = scrubbed(quoted(": ".join(_words(document))), self.secrets)
        code = self._code(document)
        text = self._refusal(what, status, words, code)
        words = words or f"HTTP {status}"
        refusal = AuthenticationFailed(text, status=status, request=line, server_message=words, code=code)
        if status in _REFUSALS or not self.is_granted:
            # A page of a proxy in between must not end a login that worked before.
            self._refusals[what] = copy.copy(refusal)
        return refusal

    def _code(self, document: dict[str, Any]) -> str | None:
        return next(_codes(document), None)


class TokenExchange(EndpointLogin):
    """A token for user name and password: one POST of both as a form to *uri*, which answers `{"token": ...}`.

    The token is sent with the word *scheme* in front. It is fetched before the first request, kept, and fetched once
    more after a 401. A refused exchange is not tried again. *advice* maps the server's code for a refusal to what to do
    about it.
    """

    kind = "token got for user name and password"

    def __init__(
        self, *, uri: str, username: str, password: str, scheme: str = "Token", advice: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(uri, scheme=scheme)
        self._username = checked_text(username, "user name")
        self._password = checked_text(password, "password")
        if not username or not password:
            raise BadValue("username= and password= must not be empty.")
        self._advice = dict(advice or {})

    @property
    def identity(self) -> str:
        """The user name."""
        return f"user {self._username}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """The password, and the token if there is one by now."""
        return (*super().secrets, self._password)

    def fetch(self) -> LoginFlow[str | None]:
        """Exchange user name and password for a token: one POST.

        Raises AuthenticationFailed when the server grants none, and again, without a request, ever after;
        ServerFailed, RateLimited and Unreachable.
        """
        form = {"username": self._username, "password": self._password}
        document = yield from self._granted(_PAIR, form, "token")
        return str(document["token"])

    def _presented(self) -> set[str]:
        return {_PAIR}

    def _code(self, document: dict[str, Any]) -> str | None:
        return next((code for code in _codes(document) if code in self._advice), super()._code(document))

    def _refusal(self, what: str, status: int, words: str, code: str | None) -> str:
        advice = self._advice.get(code or "", _USUAL if status in _REFUSALS else _ELSEWHERE)
        return f"{self._line} gave no token for the {what} ({words or f'HTTP {status}'}). {advice}"


class Client(Struct, frozen=True):
    """An OAuth2 client and how it names itself at the token endpoint: *method* is one of RFC 7591's
    `token_endpoint_auth_method`: "client_secret_post", "client_secret_basic" or "none".
    """

    client_id: str
    secret: str | None = None
    method: str = "client_secret_post"

    def named(self, form: Mapping[str, str]) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
        """Return a form and headers in which the client is named."""
        if self.secret is None or self.method == "none":
            return {**form, "client_id": self.client_id}, ()
        if self.method == "client_secret_post":
            return {**form, "client_id": self.client_id, "client_secret": self.secret}, ()
        return dict(form), (("Authorization", f"Basic {self._pair}"),)

    @property
    def _pair(self) -> str:
        """RFC 6749, 2.3.1: both are form-encoded, since either may hold a colon."""
        return base64.b64encode(f"{quote_plus(self.client_id)}:{quote_plus(self.secret or '')}".encode()).decode()

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secret, and as it is sent."""
        return () if self.secret is None else (self.secret, self._pair)


class OAuth2(EndpointLogin):
    """An OAuth2 login that renews its access token: before it expires, and once after a 401.

    It needs a *refresh_token*, or *username* and *password* for the password grant (also used when the refresh token is
    refused), or a *client_secret* alone for the client-credentials grant, or an *access_token* that is used for as long
    as it lives. *expires_at* is in seconds since 1970. The client is named in the form unless *client_auth* is
    "client_secret_basic". *on_renewed* is called with each new token as a dict (`access_token`, `refresh_token`,
    `expires_at` ...), to keep it: many servers accept a refresh token only once. *clock* is for tests.

    A renewal is one POST to *token_uri*, never repeated, sent like all requests but without other credentials. It is
    due a minute before the token's end, or when a tenth of its life is left if that is later. A refresh token or
    password that was refused is not sent again.
    """

    kind = "OAuth2 token"

    def __init__(
        self,
        *,
        client_id: str,
        token_uri: str,
        client_secret: str | None = None,
        access_token: str | None = None,
        refresh_token: str | None = None,
        expires_at: float | None = None,
        username: str | None = None,
        password: str | None = None,
        scope: str | None = None,
        client_auth: str = "client_secret_post",
        on_renewed: Callable[[dict[str, Any]], None] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(token_uri, access_token)
        self._client = Client(checked_text(client_id, "client id"), client_secret or None, client_auth)
        if client_auth not in _CLIENT_AUTH:
            raise BadValue(f"client_auth= takes {', '.join(_CLIENT_AUTH)}, not {client_auth!r}.")
        self._user: tuple[str, str] | None = None
        if username is not None and password is not None:
            self._user = (checked_text(username, "user name"), checked_text(password, "password"))
        self._refresh_token = refresh_token or None
        # A client that was given a person's token acts for that person, never for itself.
        self._is_personal = bool(access_token or refresh_token)
        self._scope = scope
        self._on_renewed = on_renewed
        self._clock = clock
        self._known = [text for text in (*self._client.secrets, refresh_token, password) if text]
        self._renewed: dict[str, Any] | None = None
        self._expire_at(_checked_moment(expires_at))
        if access_token is None and not self._grants():
            raise BadValue(
                "OAuth2 needs a refresh_token=, an access_token=, username= and password=, or a client_secret= alone."
            )

    @classmethod
    def from_client_secrets(cls, secrets: Mapping[str, Any], **details: Any) -> OAuth2:
        """Make one from the contents of a `client_secrets.json` (the object below "installed" or "web").

        Such a client acts for a person: *details* are the other keyword arguments, above all `refresh_token`. Raises
        BadValue when a key is missing.
        """
        inner = secrets.get("installed") or secrets.get("web") or secrets
        missing = [name for name in ("client_id", "token_uri") if not inner.get(name)]
        if missing:
            raise BadValue(f"The client secrets have no {' and no '.join(missing)}.")
        if not any(details.get(name) for name in ("refresh_token", "access_token", "password")):
            raise BadValue("A login by client secrets needs a refresh_token=, an access_token=, or user and password.")
        known = {name: inner[name] for name in ("client_id", "client_secret", "token_uri") if inner.get(name)}
        return cls(**{**known, **details})

    @property
    def identity(self) -> str | None:
        """The user name, where it logs in by name."""
        return f"user {self._user[0]}" if self._user else None

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every token and password it has held."""
        return (*super().secrets, *self._known)

    @property
    def is_due(self) -> bool:
        """True when there is no token, or its end is near and there is a way to renew it.

        A token whose renewal was refused is used until its end.
        """
        if self._token is None:
            return True
        if self._expires_at is None or not self._grants():
            return False
        leeway = 0.0 if self.is_exhausted else self._leeway
        return self._expires_at - leeway <= self._clock()

    def after_fork(self) -> None:
        """Log in again where that takes nothing that the parent uses too: a refresh token may be good for one use."""
        if any(what != "refresh token" for what, _ in self._grants()):
            super().after_fork()
            self._refresh_token = None

    def login(self) -> LoginFlow[bool]:
        """Get a token; return whether it is another one than before. *on_renewed* is called once it is in use."""
        is_new = yield from super().login()
        self._hand_over()
        return is_new

    def _hand_over(self) -> None:
        granted, self._renewed = self._renewed, None
        if granted is not None and self._on_renewed is not None:
            self._on_renewed(granted)

    def fetch(self) -> LoginFlow[str | None]:
        """Get a new access token: one POST, or two when the refresh token is refused and a password is known.

        Raises AuthenticationFailed when the server grants none, ServerFailed when it breaks, RateLimited, Unreachable.
        """
        refused: AuthenticationFailed | None = None
        for what, grant in self._grants():
            form, headers = self._client.named({**grant, **({"scope": self._scope} if self._scope else {})})
            try:
                document = yield from self._granted(what, form, "access_token", headers)
            except AuthenticationFailed as error:
                refused = error
            else:
                return self._taken(document)
        if refused is not None:
            raise refused
        return None

    def _grants(self) -> list[tuple[str, dict[str, str]]]:
        """The ways to a token in the order in which they are tried: what is presented, and the form."""
        found = []
        if self._refresh_token is not None:
            form = {"grant_type": "refresh_token", "refresh_token": self._refresh_token}
            found.append(("refresh token", form))
        if self._user is not None:
            form = {"grant_type": "password", "username": self._user[0], "password": self._user[1]}
            found.append((_PAIR, form))
        elif not self._is_personal and self._client.secret is not None:
            found.append(("client id and secret", {"grant_type": "client_credentials"}))
        return found

    def _presented(self) -> set[str]:
        return {what for what, _ in self._grants()}

    def _taken(self, document: dict[str, Any]) -> str:
        """Take over what was granted. A server that sends no refresh token, or null, leaves the old one in use."""
        fresh = document.get("refresh_token")
        if isinstance(fresh, str) and fresh and fresh != self._refresh_token:
            self._refresh_token = fresh
            self._refusals.pop("refresh token", None)
        life = _seconds(document.get("expires_in"))
        self._expire_at(None if life is None else self._clock() + life)
        access = str(document["access_token"])
        self._known += [text for text in (access, self._refresh_token) if text and text not in self._known]
        known = {"refresh_token": self._refresh_token, "expires_in": life, "expires_at": self._expires_at}
        plain = {name: int(value) if isinstance(value, float) else value for name, value in known.items()}
        rest = {name: value for name, value in document.items() if name not in known}
        self._renewed = {**rest, **{name: value for name, value in plain.items() if value is not None}}
        return access

    def _expire_at(self, moment: float | None) -> None:
        self._expires_at = moment
        life = 0.0 if moment is None else max(0.0, moment - self._clock())
        self._leeway = min(LEEWAY, life * _LEEWAY_PART)

    def _refusal(self, what: str, status: int, words: str, code: str | None) -> str:
        usual = "Check it and the client id and secret; log in again for another one."
        # Some servers refuse with 200 and an error in words; a 200 without any is the page of something else.
        is_refusal = status in _REFUSALS or (status < 300 and words)
        says, advice = ("refused", usual) if is_refusal else ("gave no token for", _ELSEWHERE)
        answer = f"HTTP {status}: {words}" if words else f"HTTP {status}"
        return f"{split_query(self._uri)[0]} {says} the {what} ({answer}). {advice}"


def _checked_moment(moment: object) -> float | None:
    """The end of a token in seconds since 1970. Raises BadValue for what is no such number."""
    if moment is None:
        return None
    if isinstance(moment, bool) or not isinstance(moment, int | float) or not abs(moment) < _LONGEST:
        raise BadValue("expires_at= takes seconds since 1970, as time.time() returns them, or None.")
    return float(moment)


def _seconds(life: object) -> float | None:
    """The life of a token; None where the server gives none that makes sense, which leaves it in use until a 401."""
    if isinstance(life, bool) or not isinstance(life, int | float | str):
        return None
    try:
        seconds = float(life)
    except (ValueError, OverflowError):
        return None
    return seconds if 0 < seconds < _LONGEST else None


def _is_sendable(token: object) -> bool:
    try:
        return bool(checked_token(token))
    except BadValue:
        return False


def _document(response: Response) -> dict[str, Any]:
    """The object that an endpoint answered; an empty one for anything else."""
    try:
        document = json.loads(response.body, parse_int=_number)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _number(digits: str) -> float:
    """Python refuses to read whole numbers of thousands of digits."""
    return int(digits) if len(digits) < 20 else float(digits)


def _words(document: Any) -> Iterator[str]:
    """The messages of an error document, without the codes beside them."""
    if isinstance(document, dict):
        for name, value in document.items():
            if name != "code" and "token" not in name:
                yield from _words(value)
    elif isinstance(document, list):
        for value in document:
            yield from _words(value)
    elif isinstance(document, str) and document:
        yield document


def _codes(document: Any) -> Iterator[str]:
    """The codes of an error document, the outermost first."""
    if isinstance(document, dict):
        yield from (document[name] for name in ("code", "error") if isinstance(document.get(name), str))
        for value in document.values():
            yield from _codes(value)
    elif isinstance(document, list):
        for value in document:
            yield from _codes(value)
