"""What servers built on Django REST framework report about themselves: the API root, OPTIONS, sample objects.

    full    the root; OPTIONS of every known path, concurrently; one object of each path that is not in the description
            and has no OPTIONS
    root    the root; OPTIONS and samples of the paths that are not in the description
    none    no request: the description alone

OPTIONS of a list contains the fields of new objects, for those who may create any. Related keys and computed values are
both a plain `field` there, so that relations cannot be derived from it. What a server does not report (no root, OPTIONS
forbidden, no content types) is taken from the description.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from assetmeta.backends.concurrency import gather, gather_results, send_one
from assetmeta.backends.error_documents import parse_error
from assetmeta.backends.responses import Json, check_place, parse_json
from assetmeta.backends.rest.codecs import choice_kind
from assetmeta.backends.rest.http import JSON, Object, get, read_page
from assetmeta.backends.rest.spec import Api
from assetmeta.model.errors import AssetmetaError, InvalidResponse, ServerError
from assetmeta.model.http import Flow, Request, Response

_SAMPLE = (("limit", "1"), ("page_size", "1"))

_KINDS = {
    "boolean": "Boolean",
    "date": "Date",
    "datetime": "DateTime",
    "decimal": "Number",
    "email": "Text",
    "file upload": "File",
    "float": "Number",
    "image upload": "File",
    "integer": "Integer",
    "regex": "Text",
    "slug": "Text",
    "string": "Text",
    "url": "Text",
}

Place = Callable[..., str]
"""Returns the path of what is at some parts below the API."""


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """What a server reports of one field."""

    kind: str
    label: str = ""
    required: bool = False
    read_only: bool = False


Fields = Mapping[str, FieldInfo]

FromSample = Callable[[str, Json], FieldInfo]
"""Guesses what a field is from its name and a value."""

_CONTENT_TYPES = "contenttypes"


@dataclass(frozen=True, slots=True)
class Discovery:
    """What a server reports: the *paths* of its root, *fields* by path and name, and ids of *content_types* by model.

    *complete* are the paths of which all fields are reported.
    """

    paths: tuple[str, ...] = ()
    fields: Mapping[str, Fields] = field(default_factory=dict)
    complete: frozenset[str] = frozenset()
    content_types: Mapping[str, int] = field(default_factory=dict)


NOTHING = Discovery()


def discover(api: Api, survey: str, root: str, place: Place, from_sample: FromSample) -> Flow[Discovery]:
    """Read what a server reports, as much as *survey* requests; *root* is the API's path below the base URL. Raises the
    error that fits a root that is refused, such as AuthenticationFailed, unless the description expects the status.
    """
    if survey == "none":
        return NOTHING
    has_types = _CONTENT_TYPES in api.paths
    requests = [get(place()), *([get(place(_CONTENT_TYPES))] if has_types else [])]
    [response, *types] = yield from gather([send_one(request) for request in requests])
    # A user who may not read the root may still use what is below it.
    listed = tuple(api.paths) if response.status in api.root_refusals else root_paths(response, root)
    paths = tuple(path for path in listed if api.ignored.isdisjoint((path, path.partition("/")[0])))
    is_full = survey == "full"
    wanted = [path for path in paths if path not in api.paths or (is_full and not api.partial_root)]
    if is_full and api.partial_root:
        wanted += [path for path, resource in api.paths.items() if resource.listed]
    reported = yield from read_options(wanted, place)
    unknown = [path for path in wanted if path not in api.paths and path not in reported]
    samples = yield from sample_objects(unknown, place)
    sampled = {path: {name: from_sample(name, value) for name, value in item.items()} for path, item in samples.items()}
    # Where OPTIONS describes every path that there is, what it leaves out is not part of every answer.
    complete = frozenset() if api.partial_root else frozenset(reported)
    return Discovery(paths, {**reported, **sampled}, complete, _content_types(types[0]) if types else {})


def _content_types(response: Response) -> dict[str, int]:
    """Content type ids by model: they differ from one deployment to the next."""
    try:
        objects = read_page(response).objects
    except AssetmetaError:
        return {}
    pairs = ((item.get("model"), item.get("id")) for item in objects)
    return {model: number for model, number in pairs if isinstance(model, str) and isinstance(number, int)}


def from_metadata(given: Object) -> FieldInfo:
    """Read one field of an OPTIONS answer."""
    word = str(given.get("type"))
    choices = given.get("choices")
    kind = _KINDS.get(word, "Json")
    if word == "choice" and isinstance(choices, list):
        kind = choice_kind(_names(choices), open=False)
    return FieldInfo(kind, str(given.get("label") or ""), given.get("required") is True, given.get("read_only") is True)


def _names(choices: list[Json]) -> tuple[tuple[int | str, str], ...]:
    found: list[tuple[int | str, str]] = []
    for item in choices:
        value = item.get("value") if isinstance(item, dict) else None
        if isinstance(item, dict) and isinstance(value, int | str):
            found.append((value, str(item.get("display_name") or "")))
    return tuple(found)


def from_value(value: Json) -> FieldInfo:
    """Guess the kind of a field from a value that an object has there."""
    if isinstance(value, bool):
        return FieldInfo("Boolean")
    if isinstance(value, int):
        return FieldInfo("Integer")
    if isinstance(value, str):
        return FieldInfo("Text")
    return FieldInfo("Json" if value is None or isinstance(value, list | dict) else "Number")


def root_paths(root: Response, place: str) -> tuple[str, ...]:
    """The endpoints that the API root lists, as paths below *place*. Raises the error that fits another status.

    Host and scheme of the links are not trusted: a proxy may be in front of the server.
    """
    advice = f"Check url=: {root.url or place} was requested, where a server of this kind has its API."
    document = parse_json(check_place(root, parse_error, advice=advice))
    if not isinstance(document, dict):
        raise InvalidResponse("The API root does not list its endpoints.", status=root.status)
    found = []
    for link in document.values():
        path = unquote(urlsplit(link).path) if isinstance(link, str) else ""
        _, seen, rest = f"{path}/".partition(f"/{place}/")
        if seen and rest.strip("/"):
            found.append(rest.strip("/"))
    return tuple(dict.fromkeys(found))


def read_options(paths: Sequence[str], place: Place) -> Flow[dict[str, Fields]]:
    """Read by OPTIONS what each endpoint takes; concurrently. Endpoints that do not report it are left out; raises the
    error of one that does not answer, for a schema without it would be taken for the server's.
    """
    requests = [Request("OPTIONS", place(path), (), JSON, idempotent=True) for path in paths]
    found: dict[str, Fields] = {}
    for path, answer in zip(paths, (yield from _answers(requests)), strict=True):
        fields = _post_fields(answer) if isinstance(answer, Response) and answer.ok else {}
        if fields:
            found[path] = fields
    return found


def _post_fields(response: Response) -> dict[str, FieldInfo]:
    try:
        document = parse_json(response)
    except InvalidResponse:
        return {}
    actions = document.get("actions") if isinstance(document, dict) else None
    fields = actions.get("POST") if isinstance(actions, dict) else None
    if not isinstance(fields, dict):
        return {}
    return {name: from_metadata(given) for name, given in fields.items() if isinstance(given, dict)}


def sample_objects(paths: Sequence[str], place: Place) -> Flow[dict[str, Object]]:
    """Read the first object of each endpoint; concurrently. Servers that page send no more than that one. Raises the
    error of an endpoint that does not answer.
    """
    requests = [get(place(path), _SAMPLE) for path in paths]
    found: dict[str, Object] = {}
    for path, answer in zip(paths, (yield from _answers(requests)), strict=True):
        sample = _first(answer)
        if sample is not None:
            found[path] = sample
    return found


def _answers(requests: Sequence[Request]) -> Flow[list[Response | AssetmetaError]]:
    """Send requests concurrently. Returns what the server answers; raises the error of one that it does not answer."""
    found = yield from gather_results([send_one(each) for each in requests])
    for answer in found:
        if isinstance(answer, AssetmetaError) and not isinstance(answer, ServerError):
            raise answer
    return found


def _first(answer: Response | AssetmetaError) -> Object | None:
    if isinstance(answer, AssetmetaError):
        return None
    try:
        return next(iter(read_page(answer).objects), None)
    except AssetmetaError:
        return None


def class_name(path: str) -> str:
    """Make a class name of an endpoint: singular, CamelCase ("data/custom-states" becomes DataCustomState)."""
    return "".join(_singular(word).title() for word in re.split(r"[^A-Za-z0-9]+", path) if word)


def _singular(word: str) -> str:
    if re.search(r"(?:ss|us|is)$", word):
        return word
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("s", "")):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word[: -len(ending)] + instead
    return word


def unused_name(path: str, taken: Container[str]) -> str:
    """A class name that no other endpoint has; a name that begins with a digit gets a letter."""
    name = class_name(path) or "Endpoint"
    name = name if name.isidentifier() else f"E{name}"
    number = 2
    fresh = name
    while fresh in taken:
        fresh, number = f"{name}{number}", number + 1
    return fresh
