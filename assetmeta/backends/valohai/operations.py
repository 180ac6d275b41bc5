"""Operations as requests (reference 9): a call on one object, with what it takes as its body.

execution.stop()                        POST executions/{id}/stop/
project.set_environment_variable(...)   POST projects/{id}/environment_variable/  {"name", "value", "secret"}
datum.set_metadata(metadata=...)        POST data/{id}/metadata/                  the map itself
execution.copy()                        POST executions/{id}/copy/                answers with a new execution
"""

from __future__ import annotations

from assetmeta.backends.attempt import Attempt, send_write
from assetmeta.backends.concurrency import send_one
from assetmeta.backends.responses import Json, parse_json
from assetmeta.backends.rest.http import JSON, Sendable, argument, get, read_object, send
from assetmeta.backends.rest.spec import Action, Resource
from assetmeta.backends.rest.urls import own_address
from assetmeta.backends.valohai.encode import Real, path_key, resolve_value
from assetmeta.backends.valohai.keys import about
from assetmeta.backends.valohai.options import Settings
from assetmeta.model.errors import BadValue, NotFound, Unsupported, nearest
from assetmeta.model.http import Flow, Request, Response
from assetmeta.model.plans import Call
from assetmeta.model.values import Oid

_BRIEF = (("exclude", "events,metadata,outputs"),)


def called(endpoint: Resource, change: Call, oid: Oid, real: Real, settings: Settings, step: Attempt) -> Flow[Oid]:
    """Carry out an operation; return the asset that the answer names, mostly *oid* itself.

    One request; two more where an installation has the call at another address only, which the object then tells.
    Raises Unsupported, BadValue for arguments that it does not take, Rejected.
    """
    action = endpoint.actions.get(change.operation)
    if action is None:
        near = nearest(change.operation, endpoint.actions)
        raise Unsupported(f"{oid.type} has no operation {change.operation}.{near}", attribute=change.operation)
    body = _body(endpoint, action, change, real)
    request = _request(action.method, settings.place(endpoint.path, path_key(oid), action.path), body)
    try:
        response = yield from send_write(request, step)
    except NotFound:
        linked = yield from _linked(endpoint, action, oid, settings)
        if linked is None:
            raise
        response = yield from send_write(_request(action.method, linked, body), step)
    return _named(action, response, oid)


def _request(method: str, path: str, body: Sendable) -> Request:
    return Request(method, path, (), JSON, writes=True) if body is None else send(method, path, body)


def _body(endpoint: Resource, action: Action, change: Call, real: Real) -> Sendable:
    """The arguments as the body; None where there are none."""
    given: dict[str, Sendable] = {}
    possible = action.arguments or ()
    for name, value in change.arguments:
        if name not in possible:
            near = nearest(name, possible) or f" It takes {', '.join(possible) or 'nothing'}."
            raise BadValue(f"{endpoint.type}.{change.operation}() has no argument {name!r}.{near}", attribute=name)
        given[name] = argument(resolve_value(value, real))
    missing = [name for name in action.needed if given.get(name) is None]
    if missing:
        raise BadValue(f"{endpoint.type}.{change.operation}() needs {', '.join(missing)}.", attribute=missing[0])
    if action.bare:
        return given[possible[0]]
    return given or None


def _linked(endpoint: Resource, action: Action, oid: Oid, settings: Settings) -> Flow[str | None]:
    """The path at which the object itself says that the call is; None when it says nothing, or the same."""
    if action.link is None:
        return None
    place = settings.place(endpoint.path, path_key(oid))
    item = about(endpoint, oid, read_object((yield from send_one(get(place, _BRIEF)))), f"GET {place}")
    links = item.get("urls")
    link = links.get(action.link) if isinstance(links, dict) else None
    found = own_address(link, settings.base, settings.is_own) if isinstance(link, str) else None
    path = (found or "").partition("?")[0]
    usual = settings.place(endpoint.path, path_key(oid), action.path)
    return path if settings.is_own(path) and path != usual else None


def _named(action: Action, response: Response, oid: Oid) -> Oid:
    """The asset that an answer names: a new one of the same type, or data that were adopted, by their address."""
    document = said(response)
    key = document.get("id") if isinstance(document, dict) and action.makes else None
    if isinstance(key, str):
        return Oid(oid.type, key)
    created = _created(document)
    return Oid("Datum", created) if created else oid


def said(response: Response) -> Json:
    """What a 2xx answer to a write says: its document, or None where it has no body or only words.

    Raises InvalidResponse for a page: a proxy or a login page has answered then, and not the API.
    """
    if not response.body.strip():
        return None
    if "json" in response.media_type or response.body.lstrip().startswith(b"<"):
        return parse_json(response)
    return None


def _created(document: Json) -> str | None:
    created = document.get("created") if isinstance(document, dict) else None
    ids = [key for key in created.values() if isinstance(key, str)] if isinstance(created, dict) else []
    return ids[0] if len(ids) == 1 else None
