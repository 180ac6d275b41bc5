"""The flow that reads a schema: API root and content types, then OPTIONS of the endpoints, then sample objects.

full    the root and the content types together; OPTIONS of every endpoint, side by side; one object of each endpoint
        that the bundled table does not know and that OPTIONS does not describe
root    the root and the content types together; OPTIONS and samples of endpoints that the table does not know
none    no request: the table alone

What a server refuses to tell (OPTIONS forbidden, no content types) is left to the table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import unquote, urlsplit

from assetmeta.backends.base import answers, check, parse_json
from assetmeta.backends.jsonrest import JSON, Object, explain, get, read_page
from assetmeta.backends.together import settled, single
from assetmeta.backends.valispace.kinds import Described, from_metadata, from_value
from assetmeta.backends.valispace.meta import Survey, schema
from assetmeta.backends.valispace.settings import Settings
from assetmeta.backends.valispace.table import Table
from assetmeta.model.errors import AssetmetaError, Unreadable
from assetmeta.model.flows import Flow, Request, Response
from assetmeta.model.schema import Schema

_SAMPLE = (("limit", "1"), ("page_size", "1"))


def reflect(table: Table, settings: Settings) -> Flow[Schema]:
    """Read the schema. Raises what the root is refused with, such as LoginRefused; all else can be done without."""
    if settings.survey == "none":
        return schema(table, Survey())
    sent = yield (get(settings.place()), get(settings.place("contenttypes")))
    root, types = answers(sent)
    # A user who may not see the root may still use what is below it.
    listed = tuple(table.endpoints) if root.status == 403 else _endpoints(root, settings)
    endpoints = tuple(path for path in listed if path not in table.aliases)
    asked = [path for path in endpoints if settings.survey == "full" or path not in table.endpoints]
    described = yield from _options(asked, settings)
    unknown = [path for path in asked if path not in table.endpoints and path not in described]
    sampled = yield from _samples(unknown, settings)
    return schema(table, Survey(endpoints, {**described, **sampled}, frozenset(described), _content_types(types)))


def _endpoints(root: Response, settings: Settings) -> tuple[str, ...]:
    """The paths below the root. Host and scheme of the links are not trusted: a proxy may stand before the server."""
    document = parse_json(check(root, explain))
    if not isinstance(document, dict):
        raise Unreadable("The API root does not list its endpoints.", status=root.status)
    found = []
    for link in document.values():
        path = unquote(urlsplit(link).path) if isinstance(link, str) else ""
        _, seen, rest = f"{path}/".partition(f"/{settings.root}/")
        if seen and rest.strip("/"):
            found.append(rest.strip("/"))
    return tuple(dict.fromkeys(found))


def _options(paths: Sequence[str], settings: Settings) -> Flow[dict[str, Mapping[str, Described]]]:
    """What OPTIONS tells of each endpoint where something may be created; side by side."""
    requests = [Request("OPTIONS", settings.place(path), (), JSON, idempotent=True) for path in paths]
    found: dict[str, Mapping[str, Described]] = {}
    for path, answer in zip(paths, (yield from settled([single(each) for each in requests])), strict=True):
        fields = _posted(answer) if isinstance(answer, Response) and answer.ok else {}
        if fields:
            found[path] = fields
    return found


def _posted(response: Response) -> dict[str, Described]:
    try:
        document = parse_json(response)
    except Unreadable:
        return {}
    actions = document.get("actions") if isinstance(document, dict) else None
    fields = actions.get("POST") if isinstance(actions, dict) else None
    if not isinstance(fields, dict):
        return {}
    return {name: from_metadata(given) for name, given in fields.items() if isinstance(given, dict)}


def _samples(paths: Sequence[str], settings: Settings) -> Flow[dict[str, Mapping[str, Described]]]:
    """What the first object of each endpoint shows; side by side. Servers that page send no more than that one."""
    requests = [get(settings.place(path), _SAMPLE) for path in paths]
    found: dict[str, Mapping[str, Described]] = {}
    for path, answer in zip(paths, (yield from settled([single(each) for each in requests])), strict=True):
        sample = _first(answer)
        if sample is not None:
            found[path] = {name: from_value(value) for name, value in sample.items()}
    return found


def _first(answer: Response | AssetmetaError) -> Object | None:
    if isinstance(answer, AssetmetaError):
        return None
    try:
        return next(iter(read_page(answer).objects), None)
    except AssetmetaError:
        return None


def _content_types(response: Response) -> dict[str, int]:
    """Content type ids by model: they differ from one deployment to the next (reference 3.2)."""
    try:
        objects = read_page(response).objects
    except AssetmetaError:
        return {}
    pairs = ((item.get("model"), item.get("id")) for item in objects)
    return {model: number for model, number in pairs if isinstance(model, str) and isinstance(number, int)}
