"""Lists by `limit` and `offset` (reference 4), read so that nothing is lost while they change.

A page after the first begins with the last row of the one before. Rows that were added before it make the page begin
earlier, and what is repeated is left out; where that row is not on the page any more, rows were removed and others were
missed. A list that ends earlier than it was counted has lost rows, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from assetmeta.backends.concurrency import send_one
from assetmeta.backends.error_documents import field_errors
from assetmeta.backends.responses import each_once
from assetmeta.backends.rest.http import Object, Page, Pairs, get, read_page
from assetmeta.backends.valohai.codecs import is_uuid
from assetmeta.backends.valohai.connection import Settings
from assetmeta.model.errors import NotFound, ResultChanged
from assetmeta.model.http import Flow, Response


class ListPlace(NamedTuple):
    """Where a list continues: after *offset* rows, the last of which is *last*; *start* were skipped at first, and
    *expected* is the number of all rows, as it was counted first.
    """

    offset: int = 0
    last: str | None = None
    start: int = 0
    expected: int | None = None


class Part(NamedTuple):
    """Some rows of a list, where it continues (None at its end), and how many rows were counted."""

    objects: Sequence[Object]
    rest: ListPlace | None
    total: int | None = None


def read_part(path: str, query: Pairs, place: ListPlace, limit: int, settings: Settings) -> Flow[Part]:
    """Read the next rows of a list, about *limit* of them. One request. Raises ResultChanged.

    A filter by an object that does not exist is refused with 400, naming the filter; that means that the list is
    empty, unless rows were read before. Any other refusal is raised: a list is never short because a part of it was
    refused.
    """
    overlap = 0 if place.last is None else 1
    window = [("limit", str(limit + overlap))]
    if place.offset > overlap:
        window.append(("offset", str(place.offset - overlap)))
    response = yield from send_one(get(path, (*query, *window)))
    if place.last is None and _is_of_nothing(query, response):
        return Part((), None, 0)
    page = read_page(response)
    each_once([None if item.get("id") is None else str(item["id"]) for item in page.objects], f"GET {path}")
    fresh = _fresh(path, place, page)
    offset = place.offset - overlap + len(page.objects)
    expected = place.expected if place.expected is not None else page.total
    if page.rest is not None and fresh:
        return Part(fresh, ListPlace(offset, _row_key(fresh[-1]), place.start, expected), page.total)
    wanted = min((count for count in (expected, page.total) if count is not None), default=0)
    if page.rest is not None or (offset < wanted and place.start < wanted):
        raise _list_changed(path, wanted - place.start, offset - place.start)
    return Part(fresh, None, page.total)


def _is_of_nothing(query: Pairs, response: Response) -> bool:
    """True when a list is refused for a filter by one object, which does not exist."""
    blamed = field_errors(response) if response.status == 400 else {}
    values = {name: [value for key, value in query if key == name] for name in blamed}
    return bool(blamed) and all(len(ids) == 1 and _is_id(ids[0]) for ids in values.values())


def _is_id(text: str) -> bool:
    return is_uuid(text) or (text.isascii() and text.isdigit())


def _fresh(path: str, place: ListPlace, page: Page) -> Sequence[Object]:
    """The rows of a page that come after those that were read."""
    if place.last is None:
        return page.objects
    for index, item in enumerate(page.objects):
        if _row_key(item) == place.last:
            return page.objects[index + 1 :]
    raise _list_changed(path, place.expected or 0, place.offset - place.start)


def _row_key(item: Object) -> str:
    return str(item.get("id", item.get("identifier")))


def _list_changed(path: str, expected: int, received: int) -> ResultChanged:
    return ResultChanged(
        f"The list {path} changed while it was being read, after {received} of {expected} rows. Read it again.",
        expected=expected,
        received=received,
    )


def read_all(path: str, query: Pairs, settings: Settings) -> Flow[list[Object]]:
    """Read a list to its end: one request for each `settings.sweep` rows. Raises ResultChanged."""
    return (yield from _rest(path, query, Part((), ListPlace()), settings))


def _rest(path: str, query: Pairs, some: Part, settings: Settings) -> Flow[list[Object]]:
    """Read the rest of a list of which *some* was read."""
    found = list(some.objects)
    while some.rest is not None:
        some = yield from read_part(path, query, some.rest, settings.sweep, settings)
        found += some.objects
    return found


def read_all_if_cheaper(path: str, query: Pairs, requests: int, settings: Settings) -> Flow[list[Object] | None]:
    """Read a list to its end; None, after one request, when it has more rows than it is worth to save *requests*.
    Raises ResultChanged.
    """
    most = requests * settings.worth
    some = yield from read_part(path, query, ListPlace(), min(most, settings.sweep), settings)
    if some.rest is not None and (some.total is None or some.total > most):
        return None
    return (yield from _rest(path, query, some, settings))


def read_all_or_none(path: str, query: Pairs, settings: Settings) -> Flow[list[Object] | None]:
    """Read a list to its end; None when there is no such list. Raises ResultChanged."""
    try:
        return (yield from read_all(path, query, settings))
    except NotFound:
        return None


def count_rows(path: str, query: Pairs, settings: Settings) -> Flow[int | None]:
    """Read how many rows a list has; None when the server does not count. One request."""
    response = yield from send_one(get(path, (*query, ("limit", "1"))))
    return 0 if _is_of_nothing(query, response) else read_page(response).total
