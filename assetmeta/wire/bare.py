"""Access tokens that go out as the user name of a Basic login, with no password."""

from __future__ import annotations

import base64
from collections.abc import Callable

from assetmeta.wire.auth import Bearer, TokenCallable, checked_token

_SCHEME = "Basic"


class TokenAsUser(Bearer):
    """An access token as servers take it that know Basic alone: `Basic base64("<token>:")`."""

    def __init__(self, token: str) -> None:
        super().__init__(packed(token), _SCHEME)
        self._bare = token

    @property
    def secrets(self) -> tuple[str, ...]:
        """The token, and as it is sent."""
        return (self._bare, *super().secrets)


def from_function(source: Callable[[], str]) -> TokenCallable:
    """The same with a token from a function, called before the first request and after each 401."""
    return TokenCallable(lambda: packed(source()), _SCHEME)


def packed(token: str) -> str:
    """The token and a colon in base64. Raises BadValue, without showing it, for a text that is no token."""
    return base64.b64encode(f"{checked_token(token)}:".encode()).decode("ascii")
