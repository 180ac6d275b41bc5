"""The Testspace face: an organization with its API, and the badges that need no log-in."""

from __future__ import annotations

import logging

from assetmeta.sandbox.credentials import OAuthLogin, UrlCredentials, UrlToken
from assetmeta.sandbox.database import MEMORY, Source
from assetmeta.sandbox.messages import Request, Response

from .api import Api, is_api
from .badges import Badges, is_badge
from .login import lasting_token
from .moments import Clock, now
from .population import populate
from .seed import plant
from .settings import Settings
from .store import Store

logger = logging.getLogger(__name__)

TEXT = "text/plain; charset=utf-8"


class Testspace:
    """One organization over one store.

    *settings* may be turned while it runs (`server.face.settings` in a test). `store` and `publishing.publish` are how
    a test pushes results of its own.
    """

    name = "testspace"
    root = ""
    user = "admin"
    secret = "admin"

    def __init__(self, store: Store, settings: Settings | None = None, clock: Clock = now) -> None:
        self.store = store
        self.settings = settings or Settings()
        self.token = lasting_token(self.user)
        self._api = Api(store, self.settings, clock)
        self._badges = Badges(store)

    @classmethod
    def filled(cls, assets: int, seed: int, db: Source | None) -> Testspace:
        """An organization with the seed and, together with it, about *assets* objects, unless *db* has some already."""
        store = Store(db or MEMORY)
        if store.fresh:
            with store.transaction():
                plant(store)
                populate(store, assets, seed)
        return cls(store)

    def user_token(self, username: str) -> str:
        """The access token of a user. Raises ValueError for nobody."""
        with self.store.lock:
            found = self.store.one("SELECT token FROM user WHERE username = ?", username)
        if found is None:
            raise ValueError(f"there is no user {username!r}")
        return str(found["token"])

    def answer(self, request: Request) -> Response:
        """Carry out *request*. Never raises: what goes wrong inside is status 500, without JSON."""
        try:
            if is_api(request):
                return self._api.answer(request)
            if is_badge(request):
                return self._badges.answer(request)
            return Response(404, b"Not Found", TEXT, (("Status", "404 Not Found"),))
        except Exception:
            logger.exception("%s %s failed", request.method, request.path)
            return Response(500, b"Internal Server Error", TEXT, (("Status", "500 Internal Server Error"),))

    def credentials(self, url: str) -> UrlCredentials:
        """Arguments for the client, by user and password."""
        return {"url": url, "username": self.user, "password": self.secret}

    def token_credentials(self, url: str) -> UrlToken:
        """Arguments for the client, by access token."""
        return {"url": url, "token": self.token}

    def oauth_login(self, url: str) -> OAuthLogin:
        """Testspace has no OAuth2: always raises LookupError."""
        raise LookupError("Testspace has no OAuth2 login; use credentials or token_credentials")

    def snapshot(self) -> bytes:
        """A copy of the whole database; `filled` takes it in place of a file."""
        return self.store.snapshot()

    def close(self) -> None:
        """Close the database."""
        self.store.close()
