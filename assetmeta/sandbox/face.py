"""What a system of the sandbox is: a face that answers requests, made from a setup."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from assetmeta.sandbox.messages import Request, Response


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


class Face(Answering, Protocol):
    """One system. `answer` is called from several threads at once."""

    name: str
    root: str
    user: str
    secret: str
    token: str

    def credentials(self, url: str) -> dict[str, object]:
        """Keyword arguments of the client for the system at *url*, by user and password."""

    def token_credentials(self, url: str) -> dict[str, object]:
        """Keyword arguments of the client for the system at *url*, by access token."""

    def oauth_login(self, url: str) -> dict[str, str]:
        """Keyword arguments of the client's OAuth2 login for the system at *url*: client, token endpoint, and what is
        turned into the first token. The administrator is who logs in. Raises LookupError where the system has no
        OAuth2.
        """

    def close(self) -> None:
        """Let go of the data."""


Factory = Callable[[Setup], Face]
