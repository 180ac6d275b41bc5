"""Who is asking: Basic login, access tokens, and the short-lived tokens that oauth.v1 hands out."""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from assetmeta.sandbox.messages import basic_pair

API_SCOPE = "apiv1"
QUERY_SCOPE = "query-api-1.0"


class Members(Protocol):
    """What login needs of the engine."""

    def login(self, username: str, password: str) -> str | None:
        """The member's OID token, or None."""


@dataclass(frozen=True)
class Grant:
    """What a token stands for. *scopes* None allows everything, *expires* None never ends."""

    member: str
    scopes: frozenset[str] | None = None
    expires: float | None = None


class Logins:
    """Checks the Authorization header. *clock* gives seconds; tokens are kept in memory only."""

    def __init__(self, members: Members, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._members = members
        self._lock = threading.Lock()
        self._grants: dict[str, Grant] = {}

    def add(self, token: str, grant: Grant) -> None:
        """Let *token* log in as *grant* says."""
        with self._lock:
            self._grants[token] = grant

    def member(self, authorization: str, scope: str, *, basic: bool = True) -> str | None:
        """The member an Authorization header stands for, or None. *basic* False takes tokens only."""
        scheme, _, credentials = authorization.strip().partition(" ")
        if scheme.lower() == "bearer":
            return self._bearer(credentials.strip(), scope)
        if scheme.lower() == "basic" and basic:
            pair = basic_pair(authorization)
            return self._members.login(*pair) if pair else None
        return None

    def _bearer(self, token: str, scope: str) -> str | None:
        with self._lock:
            grant = self._grants.get(token)
            if grant is None or (grant.scopes is not None and scope not in grant.scopes):
                return None
            if grant.expires is not None and grant.expires <= self.clock():
                del self._grants[token]
                return None
            return grant.member


def access_token(user: str) -> str:
    """The lasting access token of a user, the same at every start: `1.` and 28 base64 characters."""
    digest = hashlib.sha256(f"assetmeta sandbox access token of {user}".encode()).digest()
    return "1." + base64.b64encode(digest[:20]).decode("ascii")


def fresh_token() -> str:
    """A token nobody can guess."""
    return secrets.token_urlsafe(24)
