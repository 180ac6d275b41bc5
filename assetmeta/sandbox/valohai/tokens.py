"""Personal tokens, one per user, the same at every start; and passwords as rows of the store keep them."""

from __future__ import annotations

import hashlib
import hmac

from assetmeta.sandbox.rest.refusals import Refusal

from .store import Store

LENGTH = 40
ROUNDS = 2000
CHALLENGE = (("WWW-Authenticate", "Token"),)


class Tokens:
    """Who each token stands for."""

    def __init__(self, store: Store) -> None:
        self._users: dict[str, int] = {}
        self._tokens: dict[int, str] = {}
        for id, row in store.rows("user").items():
            self._users[lasting(row["username"])] = int(id)
            self._tokens[int(id)] = lasting(row["username"])

    def of(self, user: int) -> str:
        """The token of a user. Raises KeyError for nobody."""
        return self._tokens[user]

    def check(self, authorization: str | None) -> int:
        """The user that an Authorization header stands for; the scheme may be in any case. Raises Refusal (401)."""
        words = (authorization or "").split()
        if not words or words[0].lower() != "token":
            raise refused("Authentication credentials were not provided.")
        if len(words) != 2:
            raise refused("Invalid token header.")
        user = self._users.get(words[1])
        if user is None:
            raise refused("Invalid token.")
        return user


def refused(text: str) -> Refusal:
    """401 with the reason, never with what was sent."""
    return Refusal(401, {"detail": text}, CHALLENGE)


def lasting(username: str) -> str:
    """A user's token."""
    return hashlib.sha256(f"assetmeta sandbox valohai token of {username}".encode()).hexdigest()[:LENGTH]


def hashed(username: str, password: str) -> str:
    """The hash of a password; the user's name is its salt."""
    return hashlib.pbkdf2_hmac("sha256", password.encode("utf-8", "replace"), username.encode(), ROUNDS).hex()


def fits(kept: str | None, username: str, password: str) -> bool:
    """Whether *password* is the one that was kept; nobody logs in where none was."""
    return kept is not None and hmac.compare_digest(kept, hashed(username, password))
