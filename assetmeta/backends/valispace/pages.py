"""Flows that read objects: one, a list to its end, a search (reference 2.1, 5.1, 5.3, 5.4)."""

from __future__ import annotations

from collections.abc import Mapping

from assetmeta.backends.concurrency import send_one
from assetmeta.backends.error_documents import field_errors
from assetmeta.backends.responses import confirm, each_once
from assetmeta.backends.rest.http import (
    Object,
    Pairs,
    Sendable,
    fetch_object_or_none,
    get,
    post_query,
    read_object,
    read_page,
)
from assetmeta.backends.rest.options import Options
from assetmeta.backends.rest.spec import Resource
from assetmeta.backends.valispace.keys import identities, identity
from assetmeta.model.errors import InvalidResponse
from assetmeta.model.http import Flow
from assetmeta.model.values import Key


def read_one_or_none(resource: Resource, key: Key, query: Pairs, settings: Options) -> Flow[Object | None]:
    """Read one object; None when it does not exist. One request. Raises InvalidResponse for another object."""
    path = settings.endpoint_path(resource.path, key)
    item = yield from fetch_object_or_none(path, query)
    if item is not None:
        confirm(identity(item.get("id")) == key, f"{resource.type}:{key}", f"id {item.get('id')!r}", f"GET {path}")
    return item


def read_all(resource: Resource, query: Pairs, settings: Options) -> Flow[list[Object]]:
    """Read a list to its end. One request, or one per page where the server pages.

    A filter by an object that does not exist is refused with 400, naming the filter; that means that it is empty.
    """
    path = settings.endpoint_path(resource.path)
    found: list[Object] = []
    seen: set[Pairs] = set()
    pairs: Pairs | None = query
    while pairs is not None:
        if pairs in seen:
            raise InvalidResponse(
                f"{path} names the same page twice as the next one.", status=200, request=f"GET {path}"
            )
        seen.add(pairs)
        response = yield from send_one(get(path, pairs))
        blamed = field_errors(response) if response.status == 400 else {}
        if blamed and blamed.keys() <= {name for name, _ in query}:
            return []
        page = read_page(response)
        each_once(identities(page.objects), f"GET {path}")
        found += page.objects
        pairs = page.rest
    return found


def search(resource: Resource, filters: Mapping[str, Sendable], settings: Options) -> Flow[list[Object]]:
    """Read the objects that match all *filters*. One request. Only for what sources are known to search: versions of
    requirements, verification methods, component verification methods and files (reference 5.4).
    """
    question: dict[str, Sendable] = {"query_filters": filters, "includes": [], "size": -1}
    response = yield from send_one(post_query(settings.endpoint_path(resource.path, "search"), question))
    found = read_object(response).get("data")
    if not isinstance(found, list):
        raise InvalidResponse("The answer to a search has no list of data.", status=response.status)
    objects = [item for item in found if isinstance(item, dict)]
    each_once(identities(objects), f"POST {settings.endpoint_path(resource.path, 'search')}")
    return objects
