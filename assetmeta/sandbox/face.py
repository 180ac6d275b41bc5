"""What a system of the sandbox is: a face that answers requests, made from a setup."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from assetmeta.sandbox.credentials import OAuthLogin
from assetmeta.sandbox.messages import Request, Response

C_co = TypeVar("C_co", bound=Mapping[str, object], covariant=True)
T_co = TypeVar("T_co", bound=Mapping[str, object], covariant=True)
"""The keyword arguments that the system's client takes: by user and password, and by token."""


@dataclass(frozen=True)
class Setup:
    """How a face is filled: about *assets* generated assets by *seed*, in the file *db* or in memory."""

    assets: int = 0
    seed: int = 1
    db: str | None = None


class Answering(Protocol):
    """What can be put behind a port."""

    def answer(self, request: Request) -> Response:
        """Carry out *request*. Never raises: a failure of its own is an answer too."""


class Beside(Answering, Protocol):
    """What a face serves at a second port, an origin of its own. A face that has any lists them as `beside`."""

    def opened(self, port: int) -> None:
        """Learn the port before the first request."""


class Face(Answering, Protocol[C_co, T_co]):
    """One system. `answer` is called from several threads at once."""

    name: str
    root: str
    user: str
    secret: str
    token: str

    def credentials(self, url: str) -> C_co:
        """Keyword arguments of the client for the system at *url*, by user and password."""

    def token_credentials(self, url: str) -> T_co:
        """Keyword arguments of the client for the system at *url*, by access token."""

    def oauth_login(self, url: str) -> OAuthLogin:
        """Keyword arguments of the client's OAuth2 login for the system at *url*: client, token endpoint, and what is
        turned into the first token. The administrator is who logs in. Raises LookupError where the system has no
        OAuth2.
        """

    def snapshot(self) -> bytes:
        """A copy of all data."""

    def close(self) -> None:
        """Let go of the data."""


Factory = Callable[[Setup], Face[Any, Any]]
