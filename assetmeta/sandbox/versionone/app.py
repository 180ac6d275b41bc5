"""The VersionOne face: finds the endpoint of a request, checks who asks, and spells what goes wrong."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl

from assetmeta.sandbox.credentials import InstanceCredentials, InstanceToken, OAuthLogin
from assetmeta.sandbox.database import MEMORY, Source
from assetmeta.sandbox.messages import Request, Response

from .activity import ActivityStream
from .api import Api
from .bulk.endpoint import BulkEndpoint
from .call import Call, no_such_path, parameters_of, wants_json, wrong_method
from .catalogue import catalogue
from .engine import Engine
from .files import LIMIT, Files
from .json_out import CONTENT_TYPE as JSON
from .json_out import json_error
from .localization import Localizer
from .login import API_SCOPE, QUERY_SCOPE, Grant, Logins, access_token
from .meta import MetaDocuments
from .misc import AssetDetail, Configuration, Localization, Meta
from .oauth import CLIENT_ID, CLIENT_SECRET, OAuth, client_secrets
from .population import populate
from .problems import Cause, Problem
from .query import QueryEndpoint
from .requests import Query
from .rest import Rest
from .roles import ProjectRoles
from .tags import Tags
from .webhooks import Webhooks
from .xml_out import CONTENT_TYPE as XML
from .xml_out import xml_error

logger = logging.getLogger(__name__)

ADMIN = "Member:20"
CHALLENGE = 'Basic realm="VersionOne"'
Endpoint = Callable[[Call], Response]


@dataclass(frozen=True)
class Route:
    """One endpoint under its name as links spell it.

    *basic* False takes tokens only, *open* asks for no login and looks at none, *raw* keeps the query unread.
    """

    name: str
    endpoint: Endpoint
    scope: str = API_SCOPE
    basic: bool = True
    open: bool = False
    raw: bool = False
    speaks_json: bool = False


class VersionOne:
    """One instance at the path *root*, over one engine. *limit* is the largest attachment taken, in bytes.

    The switches imitate other server versions: *extras* False leaves out the display attributes that rest-1.v1 adds
    to selected relations, *totals* False the total of lists unless `needTotal=true`, *flags* False `iscanned` and
    `iscustom` of meta.v1, *bulk* False api/asset, *failures* False the `commandFailures` in its answers. The last two
    can be turned while it runs: `bulk.enabled`, `bulk.failures`.
    """

    name = "versionone"
    user = "admin"
    secret = "admin"

    def __init__(
        self,
        engine: Engine,
        root: str = "/VersionOne",
        *,
        limit: int = LIMIT,
        extras: bool = True,
        totals: bool = True,
        flags: bool = True,
        bulk: bool = True,
        failures: bool = True,
    ) -> None:
        self.engine = engine
        self.root = "/" + root.strip("/") if root.strip("/") else ""
        self.token = access_token(self.user)
        self.logins = Logins(engine)
        self.logins.add(self.token, Grant(ADMIN))
        self.oauth = OAuth(self.logins)
        self.bulk = BulkEndpoint(engine, enabled=bulk, failures=failures)
        self.webhooks = Webhooks(engine)
        rest = Rest(engine, extras=extras, totals=totals)
        meta = Meta(MetaDocuments(engine.catalogue, self.root, flags=flags))
        self._prefix = [part.lower() for part in self.root.split("/") if part]
        self._routes = {route.name.lower(): route for route in self._all_routes(limit, rest, meta)}

    @classmethod
    def filled(cls, assets: int, seed: int, db: Source | None) -> VersionOne:
        """An instance with the shipped rows and about *assets* generated ones, unless *db* has work items already."""
        engine = Engine(catalogue(), db or MEMORY)
        if assets and not engine.select(Query("Workitem", (), size=0)).total:
            populate(engine, assets, seed)
        return cls(engine)

    def _all_routes(self, limit: int, rest: Rest, meta: Meta) -> list[Route]:
        attachments, images = Files(self.engine, "Attachment", limit), Files(self.engine, "EmbeddedImage", limit)
        localizer = Localizer(self.engine.catalogue)
        localization = Localization(localizer)
        roles = ProjectRoles(self.engine, localizer)
        version = self.engine.catalogue.version
        return [
            Route("meta.v1", meta, open=True),
            Route("rest-1.v1", rest),
            Route("rest-1.oauth.v1", rest, basic=False),
            Route("query.v1", QueryEndpoint(self.engine), QUERY_SCOPE, speaks_json=True),
            Route("api", self._api(roles), speaks_json=True),
            Route("attachment.img", attachments),
            Route("attachment.v1", attachments),
            Route("attachment.oauth.img", attachments, basic=False),
            Route("attachments.img", attachments.form),
            Route("embedded.img", images),
            Route("Image.mvc", Files(self.engine, "Image", limit).shown),
            Route("loc.v1", localization.one, open=True, raw=True),
            Route("loc-2.v1", localization.many, open=True, raw=True),
            Route("config.v1", Configuration(version, limit)),
            Route("assetdetail.v1", AssetDetail(self.engine)),
        ]

    def _api(self, roles: ProjectRoles) -> Api:
        return Api(self.bulk, roles, ActivityStream(self.engine), Tags(self.engine), self.webhooks)

    def answer(self, request: Request) -> Response:
        """Carry out *request*. Never raises: what goes wrong is an error document."""
        try:
            answer = self._answer(request)
            if request.method == "POST":
                self.webhooks.notice(request.origin + self.root)
            return answer
        except Problem as problem:
            return self._error(request, problem)
        except Exception as error:
            logger.exception("%s %s failed", request.method, request.target)
            cause = Cause(f"System.{type(error).__name__}", str(error) or type(error).__name__)
            return self._error(request, Problem(500, "Internal Server Error", (cause,)))

    def _answer(self, request: Request) -> Response:
        segments = request.decoded_segments()
        below = segments[len(self._prefix) :]
        if [part.lower() for part in segments[: len(self._prefix)]] != self._prefix:
            raise no_such_path(request.path)
        if below and below[0].lower() == "oauth.v1":
            return self._authorize(request, below[1:])
        route = self._routes.get(below[0].lower()) if below else None
        member = self._member(request, route)
        if member is None:
            return unauthorized()
        if route is None:
            raise no_such_path(request.path)
        if request.method not in ("GET", "POST"):
            raise wrong_method(request.method)
        parameters = {} if route.raw else parameters_of(request)
        return route.endpoint(Call(request, self.root, route.name, below[1:], member, parameters))

    def _member(self, request: Request, route: Route | None) -> str | None:
        """Who asks, as the endpoint wants it told; nobody, "", where it wants no login."""
        if route is not None and route.open:
            return ""
        scope, basic = (route.scope, route.basic) if route else (API_SCOPE, True)
        return self.logins.member(request.headers.get("authorization", ""), scope, basic=basic)

    def _authorize(self, request: Request, below: list[str]) -> Response:
        """oauth.v1: the token endpoint knows its client, the consent page needs a member's login."""
        name = "/".join(below).lower()
        if name not in ("auth", "token"):
            raise no_such_path(request.path)
        if name == "token":
            if request.method != "POST":
                raise wrong_method(request.method)
            return self.oauth.token(request)
        member = self.logins.member(request.headers.get("authorization", ""), API_SCOPE)
        if member is None:
            return unauthorized()
        parameters = parameters_of(request)
        if request.method == "POST":
            return self.oauth.allow(parameters | dict(parse_qsl(request.body.decode("utf-8", "replace"))), member)
        if request.method != "GET":
            raise wrong_method(request.method)
        return self.oauth.consent(request, parameters)

    def _error(self, request: Request, problem: Problem) -> Response:
        """The error document, in JSON where the client asked for it or the endpoint speaks nothing else.

        A path that is not there has no endpoint: as everywhere else that is XML.
        """
        asked = dict(request.parameters()).get("accept") or request.headers.get("accept", "")
        segments = [part.lower() for part in request.decoded_segments()[len(self._prefix) :]]
        route = self._routes.get(segments[0]) if segments else None
        headers = (("Allow", "GET, POST"),) if problem.status == 405 else ()
        speaks_json = route is not None and route.speaks_json and problem.status != 404
        if wants_json(asked) or (speaks_json and "xml" not in asked.lower()):
            return Response(problem.status, json_error(problem), JSON, headers)
        return Response(problem.status, xml_error(request.target, problem), XML, headers)

    def credentials(self, url: str) -> InstanceCredentials:
        """Arguments for the client, by user and password."""
        return {"instance_url": url, "username": self.user, "password": self.secret}

    def token_credentials(self, url: str) -> InstanceToken:
        """Arguments for the client, by access token."""
        return {"instance_url": url, "token": self.token}

    def oauth_login(self, url: str) -> OAuthLogin:
        """Arguments for an OAuth2 login of the registered client, with a new refresh token."""
        return {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "token_uri": f"{url}/oauth.v1/token",
            "refresh_token": self.oauth.allowed(ADMIN),
        }

    def client_secrets(self, url: str) -> dict[str, object]:
        """The client_secrets.json for OAuth2 clients of the instance at *url*."""
        return client_secrets(url)

    def snapshot(self) -> bytes:
        """A copy of the whole database; `filled` takes it in place of a file."""
        return self.engine.snapshot()

    def close(self) -> None:
        """Close the database; nothing more is delivered."""
        self.webhooks.close()
        self.engine.close()


def unauthorized() -> Response:
    """401 with a Basic challenge: clients that log in only when asked need it. No error document goes with it."""
    body = b"<html><body><h1>401 Unauthorized</h1></body></html>"
    return Response(401, body, "text/html; charset=utf-8", (("WWW-Authenticate", CHALLENGE),))
