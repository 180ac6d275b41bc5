"""Calls that are not reads of assets: the user, metadata, names for new things, logs of endpoints (reference 6).

Each is a flow that returns the answer as plain JSON values; numbers with a fraction are Decimals.
"""

from __future__ import annotations

from collections.abc import Sequence

from assetmeta.backends.concurrency import send_one
from assetmeta.backends.error_documents import parse_error
from assetmeta.backends.responses import Json, check, confirm
from assetmeta.backends.rest.http import Object, Pairs, Sendable, body, fetch_json, fetch_object, get
from assetmeta.backends.valohai.connection import Settings
from assetmeta.backends.valohai.keys import path_key
from assetmeta.model.errors import BadValue, InvalidResponse
from assetmeta.model.http import Flow, Request
from assetmeta.model.values import Oid

_OTHER_METHOD = 405
_CSV = (("Accept", "*/*"), ("Content-Type", "application/json"))


def profile(settings: Settings) -> Flow[Object]:
    """Read the user who is logged in: the cheapest way to test a login. One request."""
    return fetch_object(settings.endpoint_path("users", "me"))


def metadata(oid: Oid, settings: Settings) -> Flow[Json]:
    """Read all that an execution wrote as metadata, in order. One request."""
    return fetch_json(get(settings.endpoint_path("executions", path_key(oid), "metadata")))


def metadata_csv(oids: Sequence[Oid], settings: Settings) -> Flow[str]:
    """Read the metadata of several executions as one table in CSV. One request; a second one to servers that accept it
    by GET only.
    """
    if not oids:
        raise BadValue("A table of metadata needs at least one execution.")
    place = settings.endpoint_path("executions", "multi_download_metadata_csv")
    ids: list[Sendable] = [path_key(oid) for oid in oids]
    document = body({"ids": ids})
    response = yield from send_one(Request("POST", place, (), _CSV, document, idempotent=True))
    if response.status == _OTHER_METHOD:
        response = yield from send_one(Request("GET", place, (), _CSV, document, idempotent=True))
    return check(response, parse_error).body.decode("utf-8-sig")


def suggested_name(deployment: Oid, settings: Settings) -> Flow[str]:
    """Read a name for the next version of a deployment, such as "20260301.0". One request."""
    place = settings.endpoint_path("deployments", path_key(deployment), "suggest_version_name")
    found = yield from fetch_object(place)
    name = found.get("name")
    if not isinstance(name, str):
        raise InvalidResponse(f"The answer to GET {place} suggests no name.", type_name="Deployment")
    return name


def ownership_options(settings: Settings) -> Flow[tuple[str, ...]]:
    """Read the names by which a new project can be owned. One request. Raises NotFound on old servers."""
    found = yield from fetch_json(get(settings.endpoint_path("projects", "ownership_options")))
    return tuple(str(item) for item in found) if isinstance(found, list) else ()


def endpoint_logs(endpoint: Oid, start: str | None, end: str | None, settings: Settings) -> Flow[Json]:
    """Read the log of a deployment endpoint between two moments (`YYYY-MM-DDTHH:MM`, UTC). One request."""
    query: Pairs = tuple((name, text) for name, text in (("start", start), ("end", end)) if text is not None)
    return fetch_json(get(settings.endpoint_path("deployment-endpoints", path_key(endpoint), "logs"), query))


def resolve_alias(name: str, project: Oid, settings: Settings) -> Flow[Object]:
    """Read the datum that an alias of a project means. One request. Raises NotFound."""
    query = (("name", name), ("project", str(path_key(project))))
    place = settings.endpoint_path("datum-aliases", "resolve")
    found = yield from fetch_object(place, query)
    confirm(found.get("name") in (None, name), f"the alias {name!r}", f"{found.get('name')!r}", f"GET {place}")
    datum = found.get("datum")
    if not isinstance(datum, dict):
        raise InvalidResponse(f"The answer does not contain the datum that {name!r} means.", type_name="Datum")
    return datum
