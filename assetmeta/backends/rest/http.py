"""Requests of a JSON interface as Django REST framework makes them, and its answers: errors and pages.

A list comes as a bare array, or as an object with `results`, `next` and `count`. An error is an object from field names
to messages; `detail` and `non_field_errors` are about the whole request.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from msgspec.json import Encoder

from assetmeta.backends.concurrency import send_one
from assetmeta.backends.error_documents import parse_error
from assetmeta.backends.responses import ErrorParser, Json, check, check_place, parse_json
from assetmeta.model.errors import BadValue, InvalidResponse, NotFound
from assetmeta.model.http import Flow, Request, Response
from assetmeta.model.values import Oid

JSON = (("Accept", "application/json"),)
_SENT = (*JSON, ("Content-Type", "application/json"))

Object = dict[str, Json]
Pairs = tuple[tuple[str, str], ...]
Sendable = str | int | float | bool | None | Sequence["Sendable"] | Mapping[str, "Sendable"]


def get(path: str, query: Pairs = ()) -> Request:
    """Return a read; it may be repeated."""
    return Request("GET", path, query, JSON, idempotent=True)


def post_query(path: str, document: Sendable) -> Request:
    """Return a read whose parameters are posted, as those of searches are; it may be repeated."""
    return Request("POST", path, (), _SENT, body(document), idempotent=True)


def send(method: str, path: str, document: Sendable, query: Pairs = ()) -> Request:
    """Return a write of a document. It is never repeated and never redirected."""
    return Request(method, path, query, _SENT, body(document), writes=True)


def delete(path: str) -> Request:
    """Return a deletion."""
    return Request("DELETE", path, (), JSON, writes=True)


def body(document: Sendable) -> bytes:
    """Return a document as compact JSON in UTF-8. Raises BadValue for what is not JSON, such as NaN or a set."""
    try:
        return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise BadValue(f"This cannot be sent as JSON: {error}.") from None


def argument(value: object) -> Sendable:
    """Return the argument of an operation as JSON: assets by their ids, times as ISO text, lengths of time in seconds.

    Raises BadValue for a time without a zone.
    """
    if isinstance(value, Oid):
        return value.key
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise BadValue(f"{value.isoformat()} has no time zone; give it one.")
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal | timedelta):
        number = float(value) if isinstance(value, Decimal) else value.total_seconds()
        return int(number) if number.is_integer() else number
    return value  # type: ignore[return-value]


_ADDRESS = "Where other lists are not found either, url= is the address of another kind of server."


def _number(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


_encode = Encoder(decimal_format="number").encode
_encode_slowly = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_number).encode


def text_of(value: Json) -> str:
    """Return a parsed document as JSON text, numbers digit by digit as they came."""
    try:
        return _encode(value).decode()
    except UnicodeEncodeError:
        # Unpaired surrogates, which that encoder does not write.
        return _encode_slowly(value)


def read_object(response: Response) -> Object:
    """Return the object in a 2xx answer. Raises the error that fits another status, and InvalidResponse."""
    document = parse_json(check(response, parse_error))
    if not isinstance(document, dict):
        raise _wrong_document("an object", response)
    return document


def fetch_object(path: str, query: Pairs = ()) -> Flow[Object]:
    """Read one object. One request. Raises the error that fits another status, and InvalidResponse."""
    return read_object((yield from send_one(get(path, query))))


def fetch_object_or_none(path: str, query: Pairs = ()) -> Flow[Object | None]:
    """Read one object; None when it does not exist. One request. Raises as `fetch_object` for other statuses."""
    try:
        return (yield from fetch_object(path, query))
    except NotFound:
        return None


def fetch_json(request: Request) -> Flow[Json]:
    """Send a request and return the document in its answer. Raises the error that fits another status."""
    return parse_json(check((yield from send_one(request)), parse_error))


class Page(NamedTuple):
    """A part of a list; *rest* is the query of the next one, on the path of the first."""

    objects: tuple[Object, ...]
    rest: Pairs | None = None
    total: int | None = None


def check_list(response: Response, parser: ErrorParser = parse_error, top: int = 3) -> Response:
    """Return a 2xx answer to the request for a list. Raises the error that fits another status; for a list that is
    below no object, which has at most *top* segments in its path, a 404 means that the session's address may be wrong.
    """
    path = response.request.path if response.request else ""
    segments = path.partition("?")[0].strip("/").split("/")
    if len(segments) <= top and not any(":" in each or each.isdigit() for each in segments):
        return check_place(response, parser, advice=_ADDRESS)
    return check(response, parser)


def read_page(response: Response) -> Page:
    """Return the objects of a list, whole or paged. Raises the error that fits another status, and InvalidResponse.

    Only the query of a `next` link is used: behind a proxy its host can be an inner name.
    """
    document = parse_json(check_list(response))
    rest: Pairs | None = None
    total: int | None = None
    if isinstance(document, dict) and isinstance(document.get("results"), list):
        link, count = document.get("next"), document.get("count")
        rest = tuple(parse_qsl(urlsplit(link).query, keep_blank_values=True)) if isinstance(link, str) else None
        total = count if isinstance(count, int) else None
        document = document["results"]
    if not isinstance(document, list):
        raise _wrong_document("a list", response)
    return Page(tuple(item for item in document if isinstance(item, dict)), rest, total)


def _wrong_document(wanted: str, response: Response) -> InvalidResponse:
    line = response.request.line if response.request else "the request"
    return InvalidResponse(
        f"The answer to {line} cannot be read: {wanted} was expected.", status=response.status, request=line
    )
