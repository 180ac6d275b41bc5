"""The handle of a running system, given to whoever started it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, NamedTuple

from assetmeta.sandbox.credentials import InstanceCredentials, InstanceToken, OAuthLogin, UrlCredentials, UrlToken
from assetmeta.sandbox.face import C_co, Face, T_co
from assetmeta.sandbox.faults import Fault, Faults, parse_fault

ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - shown, not bound


class Logged(NamedTuple):
    """One request in the log. *status* is 0 where the connection was cut instead of an answer."""

    method: str
    path: str
    status: int


class Server(Generic[C_co, T_co]):
    """One running system: where it is, how to log in, what it was asked.

    *requests* holds method, path with query, and status of every request in the order of the answers; clear it at will.
    """

    def __init__(self, face: Face[C_co, T_co], address: tuple[Any, ...], log: list[Logged], faults: Faults) -> None:
        self.face = face
        self.requests = log
        self._faults = faults
        self._stop: Callable[[], None] | None = None
        host, port = address[:2]
        shown = ANY_ADDRESS.get(host, host)
        self.host: str = host
        self.port: int = port
        self.url = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}{face.root}"

    def __repr__(self) -> str:
        return f"<sandbox {self.name} at {self.url}>"

    @property
    def name(self) -> str:
        """The name the system is asked for by."""
        return self.face.name

    @property
    def user(self) -> str:
        """The user name of its administrator."""
        return self.face.user

    @property
    def secret(self) -> str:
        """The administrator's password."""
        return self.face.secret

    @property
    def token(self) -> str:
        """The administrator's access token."""
        return self.face.token

    @property
    def credentials(self) -> C_co:
        """Keyword arguments for the client, by user and password."""
        return self.face.credentials(self.url)

    @property
    def token_credentials(self) -> T_co:
        """Keyword arguments for the client, by access token."""
        return self.face.token_credentials(self.url)

    @property
    def oauth(self) -> OAuthLogin:
        """Keyword arguments for the client's OAuth2: client_id, token_uri, and what the system's grants take."""
        return self.face.oauth_login(self.url)

    def stopped_by(self, stop: Callable[[], None]) -> None:
        """Let `stop()` end the system by this function."""
        self._stop = stop

    def stop(self) -> None:
        """End a system that was started by `sandbox.start()`; a second time does nothing. Raises RuntimeError for one
        that ends with its block.
        """
        if self._stop is None:
            raise RuntimeError(f"{self!r} ends with its block; stop() is for what sandbox.start() began.")
        self._stop()

    def add_fault(
        self,
        kind: str | Fault,
        *,
        path: str = "",
        method: str | None = None,
        count: int | None = 1,
        value: float | None = None,
    ) -> None:
        """Let the next *count* requests (None: all) that match go wrong; *kind* may be a written fault ("429:2")."""
        if isinstance(kind, str):
            kind = parse_fault(kind) if ":" in kind or "=" in kind else Fault(kind, value, count, method, path)
        self._faults.add(kind)

    def clear_faults(self) -> None:
        """Forget the faults that have not struck yet."""
        self._faults.clear()


VersionOneServer = Server[InstanceCredentials, InstanceToken]
ValispaceServer = Server[UrlCredentials, UrlToken]
ValohaiServer = Server[UrlCredentials, UrlToken]
TestspaceServer = Server[UrlCredentials, UrlToken]
