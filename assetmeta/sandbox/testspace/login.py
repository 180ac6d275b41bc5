"""Who sends a request: Basic with a user's name and password or with a token as name, or `Token` with a token."""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache

from assetmeta.sandbox.messages import basic_pair

from .refusals import bad_credentials
from .store import Row, Store

ROUNDS = 1000


def logged_in(store: Store, authorization: str | None) -> Row | None:
    """The user whose credentials the header has; None for a request without credentials.

    The scheme's word may be in any case. Raises Refusal (403) for credentials that are not known.
    """
    if authorization is None or not authorization.strip():
        return None
    scheme, _, rest = authorization.strip().partition(" ")
    if scheme.lower() == "basic":
        user = by_basic(store, authorization)
    elif scheme.lower() == "token":
        user = by_token(store, rest.strip())
    else:
        user = None
    if user is None:
        raise bad_credentials()
    return user


def by_basic(store: Store, authorization: str) -> Row | None:
    """The user of `base64("name:password")` or `base64("token:")`."""
    name, password = basic_pair(authorization) or ("", "")
    if not password:
        return by_token(store, name)
    user = store.one("SELECT * FROM user WHERE username = ?", name)
    return user if user is not None and matches(password, user["password"]) else None


def by_token(store: Store, token: str) -> Row | None:
    """The user of an access token."""
    if not token.isascii():
        return None
    return store.one("SELECT * FROM user WHERE token = ?", token)


@lru_cache(maxsize=256)
def hashed(password: str, salt: str) -> str:
    """A password as it is kept."""
    digest = hashlib.pbkdf2_hmac("sha256", password.encode("utf-8", "surrogatepass"), salt.encode(), ROUNDS)
    return f"{salt}:{digest.hex()}"


def matches(password: str, kept: str) -> bool:
    """Whether *password* is the one that is kept as *kept*."""
    return hmac.compare_digest(hashed(password, kept.partition(":")[0]), kept)


def lasting_token(username: str) -> str:
    """The access token of a user, the same at every start."""
    return hashlib.sha256(f"assetmeta sandbox access token of {username}".encode()).hexdigest()[:40]
