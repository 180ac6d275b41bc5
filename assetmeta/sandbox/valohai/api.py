"""Everything under `/api/v0/`: format, token, throttle, the handler in a transaction, and the answer's spelling."""

from __future__ import annotations

import time
from collections.abc import Iterator

from assetmeta.sandbox.messages import Request, Response
from assetmeta.sandbox.rest.answers import NO_CONTENT, Answer, compact, refused
from assetmeta.sandbox.rest.negotiation import JSON, negotiate
from assetmeta.sandbox.rest.refusals import Problem, throttled, wrong_method
from assetmeta.sandbox.rest.routing import Match
from assetmeta.sandbox.rest.schema import about
from assetmeta.sandbox.rest.throttle import Throttle

from . import (
    commit_paths,
    data_paths,
    execution_paths,
    launch_paths,
    people_paths,
    pipeline_paths,
    project_paths,
    serving_paths,
    task_paths,
)
from .call import Call
from .catalogue import KINDS
from .collection import Collection
from .life.stepper import catch_up
from .model import Kind
from .reader import API
from .resource import Route, Router
from .rights import WRITERS
from .tokens import Tokens
from .workspace import Workspace

ROOT = tuple(API.strip("/").split("/"))
NO_USER = 0
TOPICS = (
    people_paths,
    project_paths,
    data_paths,
    serving_paths,
    commit_paths,
    execution_paths,
    task_paths,
    pipeline_paths,
    launch_paths,
)
"""What the API consists of beyond plain lists and objects. Routes of a list or an object replace methods of it."""


class Api:
    """The API of one deployment."""

    def __init__(self, space: Workspace, tokens: Tokens) -> None:
        self.space = space
        self.tokens = tokens
        self._throttle = Throttle(time.monotonic)
        self._router = Router(self._routes())

    def match(self, parts: list[str]) -> Match[Route] | None:
        """The route of the decoded parts of a path, or None where the API has no such path."""
        if tuple(parts[: len(ROOT)]) != ROOT:
            return None
        return self._router.match(tuple(parts[len(ROOT) :]))

    def answer(self, request: Request, match: Match[Route]) -> Response:
        """Carry out *request*. What is refused is an answer too."""
        try:
            answer = self._carried_out(request, match)
        except Problem as problem:
            answer = refused(problem)
        return written(match.route, answer)

    def _carried_out(self, request: Request, match: Match[Route]) -> Answer:
        route = match.route
        if not route.public:
            negotiate(request.headers.get("accept"), None, (JSON,))
        user = NO_USER if route.public else self.tokens.check(request.headers.get("authorization"))
        wait = None if route.public else self._throttle.wait(user, self.space.settings.throttle)
        if wait is not None:
            raise throttled(wait)
        call = Call(request, self.space, user, match.arguments)
        handler = route.handler(request.method)
        if handler is None and request.method != "OPTIONS":
            raise wrong_method(request.method)
        with self.space.store.lock, self.space.store.transaction():
            if not route.public:
                catch_up(self.space)
            return self._metadata(call, route) if handler is None else handler(call)

    def _metadata(self, call: Call, route: Route) -> Answer:
        """OPTIONS of any path; the fields only where there is an object and the user may write it."""
        found = about(route.name, (JSON,))
        kind = route.kind
        if kind is not None and not route.public:
            if "POST" in route.handlers and self._may_create(call):
                found["actions"] = {"POST": actions(kind, creating=True)}
            elif "PUT" in route.handlers and call.rights.changes(kind, call.find(kind.name)):
                found["actions"] = {"PUT": actions(kind, creating=False)}
        return Answer(found)

    def _may_create(self, call: Call) -> bool:
        """Whether there is an organization that the user may write in; one's own account is not asked about."""
        roles = [call.rights.role_at(id) for id in self.space.store.ids("organization")]
        return not any(roles) or any(role in WRITERS for role in roles)

    def _routes(self) -> Iterator[Route]:
        """Every path of the API. What topics say about a method counts more than the ordinary way."""
        yield Route((), "Api Root", {"GET": self._root})
        for topic in TOPICS:
            yield from topic.ROUTES
        for kind in KINDS.values():
            yield from Collection(kind).routes()

    def _root(self, call: Call) -> Answer:
        """GET /api/v0/: the lists by name."""
        return Answer({kind.path: f"{call.origin}{API}{kind.path}/" for kind in KINDS.values()})


def written(route: Route, answer: Answer) -> Response:
    """The answer on the wire, with what every answer of the API says about its path."""
    headers = (("Allow", route.allow), ("Vary", "Accept"), *answer.headers)
    if answer.content is not None:
        return Response(answer.status, answer.content, answer.content_type, headers)
    if answer.status == NO_CONTENT:
        return Response(answer.status, headers=headers)
    return Response(answer.status, compact(answer.data), JSON.content_type, headers)


def actions(kind: Kind, *, creating: bool) -> dict[str, object]:
    """The fields of a kind, those that POST takes or those that PUT takes."""
    hidden = [field for field in kind.fields if not field.shapes and not field.writable(creating=creating)]
    return {
        field.name: field.described(writable=field.writable(creating=creating))
        for field in kind.fields
        if field not in hidden
    }
