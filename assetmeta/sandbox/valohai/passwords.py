"""Passwords, as rows of the store keep them."""

from __future__ import annotations

import hashlib
import hmac

ROUNDS = 2000


def hashed(username: str, password: str) -> str:
    """The hash of a password; the user's name is its salt."""
    return hashlib.pbkdf2_hmac("sha256", password.encode("utf-8", "replace"), username.encode(), ROUNDS).hex()


def fits(kept: str | None, username: str, password: str) -> bool:
    """Whether *password* is the one that was kept; nobody logs in where none was."""
    return kept is not None and hmac.compare_digest(kept, hashed(username, password))
