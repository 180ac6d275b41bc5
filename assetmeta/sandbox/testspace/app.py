"""The Testspace face: an organization with its API, and the badges that need no log-in."""

from __future__ import annotations

from assetmeta.sandbox.database import MEMORY, Source
from assetmeta.sandbox.messages import Request, Response
from assetmeta.sandbox.rest.face import RestFace

from .api import Api, is_api
from .badges import Badges, is_badge
from .login import lasting_token
from .moments import Clock, now
from .population import populate
from .seed import plant
from .settings import Settings
from .store import Store

TEXT = "text/plain; charset=utf-8"


class Testspace(RestFace):
    """One organization over one store.

    *settings* may be turned while it runs (`server.face.settings` in a test). `store` and `publishing.publish` are how
    a test pushes results of its own.
    """

    name = "testspace"
    title = "Testspace"

    def __init__(self, store: Store, settings: Settings | None = None, clock: Clock = now) -> None:
        super().__init__(store)
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

    def carried_out(self, request: Request) -> Response:
        """The answer to *request*, refusals included."""
        if is_api(request):
            return self._api.answer(request)
        if is_badge(request):
            return self._badges.answer(request)
        return Response(404, b"Not Found", TEXT, (("Status", "404 Not Found"),))

    def fault(self) -> Response:
        """Status 500, without JSON."""
        return Response(500, b"Internal Server Error", TEXT, (("Status", "500 Internal Server Error"),))
