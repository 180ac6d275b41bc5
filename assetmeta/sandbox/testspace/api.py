"""Everything under `/api`: who asks, for what, may they, and the answer's spelling."""

from __future__ import annotations

import http
import json
from collections.abc import Callable, Mapping

from assetmeta.sandbox.messages import Request, Response
from assetmeta.sandbox.rest.answers import Answer, refused

from .call import API, JSON, Call
from .contents import Contents, Failures
from .files import Files
from .login import logged_in
from .members import Members
from .metrics import Metrics
from .moments import Clock
from .projects import Projects
from .refusals import Refusal, forbidden, not_found, wrong_method
from .results import Results
from .settings import Settings
from .spaces import Spaces
from .store import Store
from .targets import target_of
from .users import Users

Handler = Callable[[Call], Answer]

READS = frozenset({"GET", "HEAD"})
JSON_TYPE = f"{JSON}; charset=utf-8"
LINKS = {
    "projects_url": "projects",
    "project_url": "projects/{project}",
    "spaces_url": "projects/{project}/spaces",
    "space_url": "projects/{project}/spaces/{space}",
    "results_url": "projects/{project}/spaces/{space}/results",
    "result_url": "projects/{project}/spaces/{space}/results/{result}",
    "users_url": "users",
}


class Api:
    """The API of one organization."""

    def __init__(self, store: Store, settings: Settings, clock: Clock) -> None:
        self.store = store
        self.settings = settings
        self._handlers = handlers(store, clock)

    def answer(self, request: Request) -> Response:
        """Carry out *request*. What is refused is an answer too."""
        with self.store.lock:
            try:
                return written(self._carried_out(request), self.settings)
            except Refusal as refusal:
                return written(refused(refusal), self.settings)

    def _carried_out(self, request: Request) -> Answer:
        if self.settings.https_only and request.origin.startswith("http:"):
            raise Refusal(403, "HTTPS is required")
        user = logged_in(self.store, request.headers.get("authorization"))
        if user is None and not (self.settings.anonymous and request.method in READS):
            raise forbidden()
        target = target_of(request.segments()[1:], joining=request.method in READS)
        if target is None:
            raise not_found()
        methods = self._handlers[target.kind]
        handler = methods.get("GET" if request.method == "HEAD" else request.method)
        if handler is None:
            raise wrong_method(tuple(methods))
        call = Call(request, target, user, self.settings)
        if request.method in READS:
            return handler(call)
        _ = call.body
        with self.store.transaction():
            return handler(call)


def handlers(store: Store, clock: Clock) -> Mapping[str, Mapping[str, Handler]]:
    """Who answers which method, by kind of target."""
    projects, spaces, results = Projects(store, clock), Spaces(store, clock), Results(store, clock)
    metrics, contents, users, members = (
        Metrics(store, clock),
        Contents(store, clock),
        Users(store, clock),
        Members(store, clock),
    )
    return {
        "root": {"GET": link_map},
        "projects": {"GET": projects.list, "POST": projects.create},
        "project": item(projects),
        "spaces": {"GET": spaces.list, "POST": spaces.create},
        "space": item(spaces),
        "results": {"GET": results.list, "POST": results.create},
        "result": item(results),
        "failures": {"GET": Failures(store, clock).list},
        "contents": {"GET": contents.list, "DELETE": contents.clear},
        "content": {"GET": contents.get, "DELETE": contents.delete},
        "metrics": {"GET": metrics.list, "POST": metrics.create},
        "metric": item(metrics),
        "datasets": {"GET": metrics.datasets},
        "users": {"GET": users.list},
        "user": {"GET": users.get},
        "members": {"GET": members.list, "POST": members.create},
        "member": item(members),
        "file": {"GET": Files(store, clock).get},
    }


def item(resource: Projects | Spaces | Results | Metrics | Members) -> Mapping[str, Handler]:
    """The methods of a single object. PUT is another word for PATCH."""
    return {"GET": resource.get, "PATCH": resource.update, "PUT": resource.update, "DELETE": resource.delete}


def link_map(call: Call) -> Answer:
    """GET of the API itself: templates of the addresses of its main resources."""
    return Answer({name: f"{call.root}/{path}" for name, path in LINKS.items()})


def is_api(request: Request) -> bool:
    """Whether a path is the API's or below it."""
    return request.segments()[:1] == [API.strip("/")]


def written(answer: Answer, settings: Settings) -> Response:
    """The answer on the wire. The status is told once more in a header of that name."""
    headers = (("Status", f"{answer.status} {http.HTTPStatus(answer.status).phrase}"), *answer.headers)
    if answer.content is not None:
        return Response(answer.status, answer.content, answer.content_type, headers)
    if answer.data is None or (answer.status == http.HTTPStatus.RESET_CONTENT and not settings.body_of_205):
        return Response(answer.status, headers=headers)
    return Response(answer.status, json.dumps(answer.data, separators=(",", ":")).encode(), JSON_TYPE, headers)
