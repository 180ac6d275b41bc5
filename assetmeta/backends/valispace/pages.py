"""Flows that read objects: one, a list to its end, a search (reference 2.1, 5.1, 5.3, 5.4)."""

from __future__ import annotations

from assetmeta.backends.concurrency import send_one
from assetmeta.backends.responses import Json, confirm, each_once
from assetmeta.backends.rest.http import Object, Pairs, Sendable, ask, field_errors, get, read_object, read_page
from assetmeta.backends.rest.spec import Resource
from assetmeta.backends.valispace.decode import identity
from assetmeta.backends.valispace.options import Settings
from assetmeta.model.errors import InvalidResponse, NotFound
from assetmeta.model.http import Flow
from assetmeta.model.values import Key

_NO_SEARCH = frozenset({400, 403, 404, 405})


def one(endpoint: Resource, key: Key, query: Pairs, settings: Settings) -> Flow[Object]:
    """Read one object. One request. Raises NotFound, and InvalidResponse for another object."""
    place = settings.place(endpoint.path, key)
    item = read_object((yield from send_one(get(place, query))))
    confirm(identity(item.get("id")) == key, f"{endpoint.type}:{key}", f"id {item.get('id')!r}", f"GET {place}")
    return item


def one_or_none(endpoint: Resource, key: Key, query: Pairs, settings: Settings) -> Flow[Object | None]:
    """Read one object; None when it is not there. One request."""
    try:
        return (yield from one(endpoint, key, query, settings))
    except NotFound:
        return None


def read_all(endpoint: Resource, query: Pairs, settings: Settings) -> Flow[list[Object]]:
    """Read a list to its end. One request, or one per page where the server pages.

    A filter by an object that does not exist is refused with 400, naming the filter; that means that nothing is there.
    """
    path = settings.place(endpoint.path)
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
        each_once((identity(item.get("id")) for item in page.objects), f"GET {path}")
        found += page.objects
        pairs = page.rest
    return found


def searched(endpoint: Resource, filters: dict[str, Sendable], settings: Settings) -> Flow[list[Object] | None]:
    """Read the objects that match all *filters*, in one request; None when the endpoint turns out to have no search.

    A search that was refused once is not tried again on this connection.
    """
    question: dict[str, Sendable] = {"query_filters": filters, "includes": [], "size": -1}
    response = yield from send_one(ask(settings.place(endpoint.path, "search"), question))
    if not endpoint.search and response.status in _NO_SEARCH:
        settings.learned.searches[endpoint.path] = False
        return None
    document = read_object(response)
    found: Json = document.get("data")
    if not isinstance(found, list):
        if endpoint.search:
            raise InvalidResponse("The answer to a search has no list of data.", status=response.status)
        settings.learned.searches[endpoint.path] = False
        return None
    settings.learned.searches[endpoint.path] = True
    objects = [item for item in found if isinstance(item, dict)]
    each_once((identity(item.get("id")) for item in objects), f"POST {settings.place(endpoint.path, 'search')}")
    return objects


def has_search(endpoint: Resource, settings: Settings) -> bool | None:
    """Whether an endpoint has a search; None when that has not been tried yet."""
    return True if endpoint.search else settings.learned.searches.get(endpoint.path)
