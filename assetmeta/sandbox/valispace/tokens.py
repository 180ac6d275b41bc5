"""Access and refresh tokens: issued, checked, exchanged and revoked. They live in memory only."""

from __future__ import annotations

import secrets
import string
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from assetmeta.sandbox.rest.refusals import Refusal

ALPHABET = string.ascii_letters + string.digits
LENGTH = 30
REALM = 'Bearer realm="api"'
UNKNOWN = {"detail": "Authentication credentials were not provided."}


@dataclass(frozen=True)
class Grant:
    """What a token stands for. *expires* is a moment of the clock, None for never."""

    user: int
    client_id: str
    scopes: tuple[str, ...]
    expires: float | None = None


@dataclass(frozen=True)
class Issued:
    """A pair of tokens as the token endpoint hands it out."""

    access: str
    refresh: str
    scopes: tuple[str, ...]


@dataclass(frozen=True)
class Refresh:
    """What a refresh token can be exchanged for, and the access token that ends with it."""

    user: int
    client_id: str
    scopes: tuple[str, ...]
    access: str


class BadToken(Exception):
    """An access token that does not let in; the text is that of the WWW-Authenticate header."""


class Tokens:
    """All tokens of one deployment. Safe to use from several threads. *clock* gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._lock = threading.Lock()
        self._grants: dict[str, Grant] = {}
        self._refreshes: dict[str, Refresh] = {}

    def add(self, token: str, grant: Grant) -> None:
        """Let *token* log in as *grant* says."""
        with self._lock:
            self._grants[token] = grant

    def check(self, token: str) -> Grant:
        """The grant of an access token. Raises BadToken where it is unknown, revoked or expired."""
        with self._lock:
            grant = self._grants.get(token)
        if grant is None:
            raise BadToken("The access token is invalid.")
        if grant.expires is not None and grant.expires <= self.clock():
            raise BadToken("The access token has expired.")
        return grant

    def issue(self, user: int, client_id: str, scopes: tuple[str, ...], lifetime: float) -> Issued:
        """A new pair; pairs issued before stay valid."""
        issued = Issued(fresh_token(), fresh_token(), scopes)
        with self._lock:
            self._grants[issued.access] = Grant(user, client_id, scopes, self.clock() + lifetime)
            self._refreshes[issued.refresh] = Refresh(user, client_id, scopes, issued.access)
        return issued

    def refresh(self, token: str, client_id: str) -> Refresh | None:
        """What *token* stands for, or None where it is unknown, used, or another application's."""
        with self._lock:
            found = self._refreshes.get(token)
        return found if found is not None and found.client_id == client_id else None

    def use(self, token: str) -> bool:
        """Use up a refresh token together with its access token. False where somebody else was faster."""
        with self._lock:
            found = self._refreshes.pop(token, None)
            if found is not None:
                self._grants.pop(found.access, None)
        return found is not None

    def revoke(self, token: str, client_id: str) -> None:
        """End an access token, or a refresh token with its access token. Other applications' tokens are left alone."""
        if self.refresh(token, client_id) is not None:
            self.use(token)
            return
        with self._lock:
            grant = self._grants.get(token)
            if grant is not None and grant.client_id == client_id:
                del self._grants[token]


def fresh_token() -> str:
    """Thirty letters and digits that nobody can guess."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def authenticate(authorization: str | None, tokens: Tokens) -> Grant:
    """The grant that a request's token stands for.

    Raises Refusal: 401 with the same body for every reason; only WWW-Authenticate tells a missing token from an
    unknown and an expired one.
    """
    words = (authorization or "").split()
    if len(words) != 2 or words[0].lower() != "bearer":
        raise challenge(REALM)
    try:
        return tokens.check(words[1])
    except BadToken as error:
        raise challenge(f'{REALM},error="invalid_token",error_description="{error}"') from None


def challenge(text: str) -> Refusal:
    """401 with *text* as the challenge."""
    return Refusal(401, UNKNOWN, (("WWW-Authenticate", text),))
