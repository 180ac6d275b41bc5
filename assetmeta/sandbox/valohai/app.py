"""The Valohai face: the API at the root of its port, and what the web server says where it has no path."""

from __future__ import annotations

from urllib.parse import quote, unquote

from assetmeta.sandbox.database import MEMORY, Source
from assetmeta.sandbox.messages import Request, Response
from assetmeta.sandbox.rest.answers import refused
from assetmeta.sandbox.rest.face import RestFace
from assetmeta.sandbox.rest.pages import moved, unknown_path
from assetmeta.sandbox.rest.refusals import not_found

from .api import ROOT, Api, written
from .life import pipelines
from .life.clock import Clock
from .life.stepper import catch_up
from .login_links import PARTS
from .population import populate
from .resource import Route
from .seed import plant
from .settings import Settings
from .storage.objects import Storage
from .store import Store
from .tokens import Tokens
from .workspace import Workspace

NOWHERE = Route((), "Not Found", {})


class Valohai(RestFace):
    """One installation over one store. *settings* may be turned while it runs (`server.face.settings` in a test).

    *clock* may be held and moved on by hand, *remote* takes commits to be fetched, *triggers* what can be launched.
    *storage* is served beside, at a port of its own, and tells what it was asked.
    """

    name = "valohai"
    title = "Valohai"

    def __init__(self, space: Workspace) -> None:
        super().__init__(space.store)
        self.space = space
        self.settings = space.settings
        self.clock = Clock()
        space.clock = self.clock.now
        self.storage = space.storage = Storage(self._bytes, self.clock.now)
        self.beside = (self.storage,)
        self.remote = space.remote
        self.triggers = space.triggers
        plant(space)
        self.tokens = Tokens(space.store)
        self.token = self.user_token(self.user)
        self._api = Api(space, self.tokens)

    @classmethod
    def filled(cls, assets: int, seed: int, db: Source | None) -> Valohai:
        """An installation with what every one has and about *assets* generated objects, unless *db* has projects."""
        space = Workspace(Store(db or MEMORY), Settings())
        plant(space)
        if assets and not space.store.ids("project"):
            populate(space, assets, seed)
        return cls(space)

    def user_token(self, username: str) -> str:
        """The token of a user, as the page for tokens makes them. Raises ValueError for nobody."""
        for id, row in self.space.store.rows("user").items():
            if row["username"] == username:
                return self.tokens.of(int(id))
        raise ValueError(f"there is no user {username!r}")

    def approve(self, pipeline: str, node: str) -> None:
        """Let a node go on that waits for an approval, as the web page does it. Raises LookupError for any other."""
        with self.space.store.lock, self.space.store.transaction():
            catch_up(self.space)
            pipelines.approve(self.space, pipeline, node, self.clock.now())

    def carried_out(self, request: Request) -> Response:
        """The answer to *request*, refusals included."""
        parts = request.decoded_segments()
        if parts == PARTS and request.method == "GET":
            return self.space.login_links.follow(request)
        match = self._api.match(parts)
        if match is None:
            inside = tuple(parts[: len(ROOT)]) == ROOT
            return written(NOWHERE, refused(not_found())) if inside else unknown_path()
        if not unquote(request.path).endswith("/"):
            path = "/".join(quote(part, safe="~:") for part in parts)
            return moved(f"/{path}/{'?' if request.query else ''}{request.query}")
        return self._api.answer(request, match)

    def _bytes(self, key: str) -> bytes | None:
        """The bytes of a datum."""
        with self.space.store.lock:
            found = self.space.store.read_blob("datum", key)
        return None if found is None else found[2]
