"""What the faces of REST servers share: one administrator, log-in by address, and an answer to what fails inside."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from typing import Protocol

from assetmeta.sandbox.credentials import OAuthLogin, UrlCredentials, UrlToken
from assetmeta.sandbox.messages import Request, Response

from .pages import server_fault


class Kept(Protocol):
    """Where the data of a face are."""

    def snapshot(self) -> bytes:
        """A copy of the whole database."""

    def close(self) -> None:
        """Close the database."""


class RestFace(ABC):
    """One deployment over *kept*. A face has a name, the token of its administrator, and `carried_out`."""

    name: str
    title: str
    token: str
    root = ""
    user = "admin"
    secret = "admin"

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    @abstractmethod
    def carried_out(self, request: Request) -> Response:
        """The answer to *request*, refusals included."""

    def answer(self, request: Request) -> Response:
        """Carry out *request*. Never raises: what goes wrong inside is a page with status 500."""
        try:
            return self.carried_out(request)
        except Exception:
            logging.getLogger(type(self).__module__).exception("%s %s failed", request.method, request.target)
            return self.fault()

    def fault(self) -> Response:
        """What the web server says of a failure inside."""
        return server_fault()

    def credentials(self, url: str) -> UrlCredentials:
        """Arguments for the client, by user and password."""
        return {"url": url, "username": self.user, "password": self.secret}

    def token_credentials(self, url: str) -> UrlToken:
        """Arguments for the client, by the administrator's token."""
        return {"url": url, "token": self.token}

    def oauth_login(self, url: str) -> OAuthLogin:
        """Arguments for an OAuth2 login. Raises LookupError: most systems have none."""
        raise LookupError(f"{self.title} has no OAuth2 login; use credentials or token_credentials")

    def snapshot(self) -> bytes:
        """A copy of the whole database; `filled` takes it in place of a file."""
        return self._kept.snapshot()

    def close(self) -> None:
        """Close the database."""
        self._kept.close()
