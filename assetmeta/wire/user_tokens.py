"""Access tokens that are sent as the user name of a Basic login, with no password."""

from __future__ import annotations

import base64
from collections.abc import Callable

from assetmeta.wire.auth import Bearer, LoginFlow, TokenCallable, checked_token

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


class TokenFunction(TokenCallable):
    """A token from a function, for servers that answer 403 to a wrong login. It is sent as a user name, or after
    another *scheme* word as it is. The function is called before the first request, and after each 401 and 403.
    """

    outdated = frozenset({401, 403})

    def __init__(self, source: Callable[[], str], scheme: str = _SCHEME) -> None:
        super().__init__(source, scheme)
        self._bare: tuple[str, ...] = ()

    @property
    def secrets(self) -> tuple[str, ...]:
        """The token, if there is one by now, and as it is sent."""
        return (*self._bare, *super().secrets)

    def fetch(self) -> LoginFlow[str | None]:
        """Call the function; sends nothing. Raises BadValue when it returns no usable token."""
        token = checked_token((yield from super().fetch()))
        self._bare = (token,)
        return packed(token) if self._scheme.casefold() == _SCHEME.casefold() else token


def packed(token: str) -> str:
    """The token and a colon in base64. Raises BadValue, without showing it, for a text that is no token."""
    return base64.b64encode(f"{checked_token(token)}:".encode()).decode("ascii")
