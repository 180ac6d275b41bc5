"""The Valispace face: log-in, the API, and what the web server says where neither has the path."""

from __future__ import annotations

import hashlib
from urllib.parse import unquote

from assetmeta.sandbox.credentials import OAuthLogin
from assetmeta.sandbox.database import MEMORY, Source
from assetmeta.sandbox.messages import Request, Response
from assetmeta.sandbox.rest.face import RestFace
from assetmeta.sandbox.rest.pages import moved, unknown_path

from .api import Api
from .applications import REST_CLIENT, Application, Applications
from .engine import Engine
from .media import ROOT as MEDIA
from .media import Media
from .oauth import SCOPES, OAuth
from .population import populate
from .settings import Settings
from .tokens import ALPHABET, LENGTH, Grant, Tokens, fresh_token

TOKEN_PATH = "/o/token/"
REVOKE_PATH = "/o/revoke_token/"
THREE_MONTHS = 91 * 24 * 3600.0


class Valispace(RestFace):
    """One deployment over one engine.

    *settings* may be turned while it runs (`server.face.settings` in a test). *application* is an own application with
    a secret, beside the built-in public ones; `applications.register` takes more.
    """

    name = "valispace"
    title = "Valispace"
    application = Application("sandbox-application", "sandbox-application-secret")

    def __init__(self, engine: Engine, settings: Settings) -> None:
        super().__init__(engine)
        self.engine = engine
        self.settings = settings
        self.tokens = Tokens()
        self.applications = Applications()
        self.applications.register(self.application)
        self.token = self._let_in(self._user_id(self.user), lasting_token(self.user))
        self._oauth = OAuth(engine.login, self.applications, self.tokens, settings)
        self._media = Media(engine, self.tokens)
        self._api = Api(engine, self.tokens, settings)

    @classmethod
    def filled(cls, assets: int, seed: int, db: Source | None) -> Valispace:
        """A deployment with the shipped objects and about *assets* generated ones, unless *db* has projects already."""
        settings = Settings()
        engine = Engine(db or MEMORY, switches=settings)
        if assets and not engine.find("project"):
            populate(engine, assets, seed)
        return cls(engine, settings)

    def user_token(self, username: str) -> str:
        """A new token of a user, good for three months, as the settings page makes them.

        Raises ValueError for nobody.
        """
        return self._let_in(self._user_id(username), fresh_token())

    def carried_out(self, request: Request) -> Response:
        """The answer to *request*, refusals included."""
        path = unquote(request.path)
        if path == TOKEN_PATH:
            return self._oauth.token(request)
        if path == REVOKE_PATH:
            return self._oauth.revoke(request)
        if path.startswith(MEDIA):
            return self._media.answer(request, path)
        match = self._api.match(path)
        if match is not None:
            return self._api.answer(request, match)
        if not path.endswith("/") and self._exists(f"{path}/"):
            return moved(f"{request.path}/{'?' if request.query else ''}{request.query}")
        return unknown_path()

    def _exists(self, path: str) -> bool:
        return path in (TOKEN_PATH, REVOKE_PATH) or self._api.match(path) is not None

    def _user_id(self, username: str) -> int:
        for user in self.engine.find("user"):
            if user["username"] == username:
                return int(user["id"])
        raise ValueError(f"there is no user {username!r}")

    def _let_in(self, user: int, token: str) -> str:
        self.tokens.add(token, Grant(user, REST_CLIENT, SCOPES, self.tokens.clock() + THREE_MONTHS))
        return token

    def oauth_login(self, url: str) -> OAuthLogin:
        """Arguments for an OAuth2 login of the built-in client, by the password grant."""
        return {
            "client_id": REST_CLIENT,
            "token_uri": f"{url}{TOKEN_PATH}",
            "username": self.user,
            "password": self.secret,
        }


def lasting_token(user: str) -> str:
    """The user token of a user, the same at every start."""
    digest = hashlib.sha256(f"assetmeta sandbox user token of {user}".encode()).digest()
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:LENGTH])
