"""Everything under `/rest/`: format, bearer token, rights, throttle, then the handler, then the answer's spelling."""

from __future__ import annotations

import json
from collections.abc import Iterator

from assetmeta.sandbox.messages import Request, Response
from assetmeta.sandbox.rest.answers import NO_CONTENT, Answer, compact, refused
from assetmeta.sandbox.rest.negotiation import FORMATS, JSON, Format, negotiate
from assetmeta.sandbox.rest.refusals import Problem, Refusal, forbidden, throttled, wrong_method
from assetmeta.sandbox.rest.routing import Match
from assetmeta.sandbox.rest.schema import about
from assetmeta.sandbox.rest.throttle import Throttle

from . import catalogue
from .assistant import Assistant
from .call import Call, parameters
from .collection import Collection, Lists
from .engine import Engine
from .general_paths import GeneralPaths
from .metadata import actions
from .page import written_page
from .requirement_paths import RequirementPaths
from .router import Resource, Router
from .settings import Settings
from .tokens import Tokens, authenticate
from .vali_paths import ValiPaths

ROOT = "/rest/"
READS = frozenset({"GET", "HEAD", "OPTIONS"})
ROOT_DESCRIPTION = "The default basic root view for DefaultRouter"


class Api:
    """The API of one deployment."""

    def __init__(self, engine: Engine, tokens: Tokens, settings: Settings) -> None:
        self.engine = engine
        self.tokens = tokens
        self.settings = settings
        self._throttle = Throttle(tokens.clock)
        self._names = (*catalogue.KINDS, *catalogue.SHOWN_ALIASES)
        self._router = Router(self._resources())

    def match(self, path: str) -> Match[Resource] | None:
        """The resource of a decoded path, or None where the API has no such path."""
        return self._router.find(path.removeprefix(ROOT)) if path.startswith(ROOT) else None

    def answer(self, request: Request, match: Match[Resource]) -> Response:
        """Carry out *request*. What is refused is an answer too."""
        resource = match.route
        try:
            wanted = match.suffix or parameters(request.query).get("format")
            format_ = negotiate(request.headers.get("accept"), wanted)
        except Refusal as refusal:
            return written(request, resource, JSON, refused(refusal))
        try:
            answer = self._carried_out(request, match)
        except Problem as problem:
            answer = refused(problem)
        return written(request, resource, format_, answer)

    def _carried_out(self, request: Request, match: Match[Resource]) -> Answer:
        grant = authenticate(request.headers.get("authorization"), self.tokens)
        if ("read" if request.method in READS else "write") not in grant.scopes:
            raise forbidden()
        wait = self._throttle.wait(grant.user, self.settings.throttle)
        if wait is not None:
            raise throttled(wait)
        call = Call(request, grant.user, match.arguments, match.suffix)
        if request.method == "OPTIONS":
            return Answer(self._metadata(call, match.route, writable="write" in grant.scopes))
        handler = match.route.handler(request.method)
        if handler is None:
            raise wrong_method(request.method)
        return handler(call)

    def _metadata(self, call: Call, resource: Resource, *, writable: bool) -> dict[str, object]:
        """OPTIONS of any path; the fields only where there is an object and the user may write it."""
        found = about(resource.name, FORMATS, resource.description)
        if not writable or not resource.fields:
            return found
        for method in ("PUT", "POST"):
            if method in resource.handlers and (method == "POST" or self._exists(call, resource)):
                found["actions"] = actions(method, resource.fields)
        return found

    def _exists(self, call: Call, resource: Resource) -> bool:
        try:
            resource.handlers["GET"](call)
        except Problem:
            return False
        return True

    def _resources(self) -> Iterator[Resource]:
        """Every path of the API. Ordinary objects come last, since any text fits their ids."""
        yield Resource((), "Api Root", {"GET": self._root}, description=ROOT_DESCRIPTION)
        lists = Lists(self.settings)
        yield from RequirementPaths(self.engine, lists).resources()
        yield from ValiPaths(self.engine).resources()
        yield from GeneralPaths(self.engine, self.settings).resources()
        yield from Assistant(self.engine).resources()
        for endpoint in (*catalogue.KINDS, *catalogue.ALIASES):
            kind = self.engine.kind(endpoint)
            if kind is not None:
                yield from Collection(self.engine, kind, endpoint, lists).resources()

    def _root(self, call: Call) -> Answer:
        """GET /rest/: the lists by name; as `.json`, with `.json` addresses."""
        ending = f".{call.suffix}" if call.suffix else "/"
        return Answer({name: f"{call.request.origin}{ROOT}{name}{ending}" for name in self._names})


def written(request: Request, resource: Resource, format_: Format, answer: Answer) -> Response:
    """The answer on the wire, with what every answer of the API says about its path."""
    vary = "Accept, Cookie" if answer.status == 401 else "Accept"
    headers = (("Allow", resource.allow), ("Vary", vary), *answer.headers)
    if answer.status == NO_CONTENT:
        return Response(answer.status, headers=headers)
    if format_ is JSON:
        return Response(answer.status, as_script(answer.data), format_.content_type, headers)
    text = json.dumps(answer.data, indent=4, ensure_ascii=False)
    body = written_page(request, resource, answer.status, [*headers, ("Content-Type", JSON.content_type)], text)
    return Response(answer.status, body, format_.content_type, headers)


def as_script(data: object) -> bytes:
    """JSON whose line separators are escaped, so that it is JavaScript as well."""
    text = compact(data)
    return text if text.isascii() else text.replace(b"\xe2\x80\xa8", b"\\u2028").replace(b"\xe2\x80\xa9", b"\\u2029")
