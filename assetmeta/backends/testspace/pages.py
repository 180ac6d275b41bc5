"""Lists: bare arrays in pages, each naming the next in its `Link` header (reference 4).

No page is computed: the address in `next` is requested. Lists are newest first, so that what is added meanwhile moves
the rest to later pages, where it is received a second time and left out. What was deleted meanwhile moves the rest to
earlier pages, so that some of it may never be received; that is an error as soon as the number of pages shows it. A
deletion that does not change that number shows nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, urlsplit

from assetmeta.backends.concurrency import send_one
from assetmeta.backends.responses import Json, check, each_once, parse_json
from assetmeta.backends.rest.http import Object, Pairs, check_list, get
from assetmeta.backends.rest.urls import own_address
from assetmeta.backends.testspace.connection import Settings, parse_error
from assetmeta.model.errors import InvalidResponse, ResultChanged
from assetmeta.model.http import Flow, Request, Response

_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_RELATION = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s";,]+))', re.IGNORECASE)
_NOT_FOUND = 404
_STALE = 10
"""Pages with nothing new that may follow each other: more than are added while a list is read."""


def objects_of(response: Response) -> list[Object]:
    """Return the objects of a 2xx answer: an array, or a single one, as for some contents (reference 7.4).

    Raises the error that fits another status, and InvalidResponse.
    """
    document: Json = parse_json(check_list(response, parse_error, top=2))
    if isinstance(document, dict):
        return [document]
    if not isinstance(document, list):
        line = response.request.line if response.request else "the request"
        raise InvalidResponse(f"The answer to {line} cannot be read: a list was expected.", request=line)
    objects = [item for item in document if isinstance(item, dict)]
    if len(objects) < len(document):
        line = response.request.line if response.request else "the request"
        raise InvalidResponse(
            f"The answer to {line} cannot be read: its list contains what is not an object.", request=line
        )
    return objects


def read_links(settings: Settings) -> Flow[dict[str, str]]:
    """Return the server's link map: templates of addresses by name. One request. Raises InvalidResponse for another
    server.
    """
    document = parse_json(check((yield from send_one(get(settings.endpoint_path()))), parse_error))
    found = document if isinstance(document, dict) else {}
    if not isinstance(found.get("projects_url"), str):
        raise InvalidResponse(
            f"The answer at /{settings.root} is not the link map of Testspace: check the address of the server."
        )
    return {name: link for name, link in found.items() if isinstance(link, str)}


@dataclass(slots=True)
class Pages:
    """One list, read page by page and once. *next_request* is that of the next page; a list is *gone* when its parent
    does not exist.
    """

    path: str
    settings: Settings
    next_request: Request | None
    optional: bool = False
    gone: bool = False
    number: int = 0
    _last: int = 0
    _stale: int = 0
    _seen: set[object] = field(default_factory=set)
    _requested: set[object] = field(default_factory=set)

    @classmethod
    def of(cls, path: str, settings: Settings, query: Pairs = (), *, optional: bool = False) -> Pages:
        """The list at a path below the API. An *optional* one is empty when it does not exist: its parent is gone."""
        place = settings.endpoint_path(path)
        return cls(place, settings, get(place, query), optional)

    def copied(self) -> Pages:
        """The same list at the same page, to be gone on with by itself."""
        return replace(self, _seen=set(self._seen), _requested=set(self._requested))

    def read(self) -> Flow[list[Object]]:
        """Read the next page; return what was not received before. One request.

        Raises ResultChanged for a list that became shorter, InvalidResponse for one that continues at another server,
        and for one that has page after page with nothing new.
        """
        assert self.next_request is not None, "the list was at its end"
        self._requested.add((self.next_request.path, self.next_request.query))
        response = yield from send_one(self.next_request)
        if response.status == _NOT_FOUND and self.optional and self.number == 0:
            self.next_request, self.gone = None, True
            return []
        found = objects_of(response)
        links = relations(response.headers.get("link", ""))
        self.next_request = self._next(links.get("next"))
        self._check(len(found), page_of(links.get("last")))
        keys = [row_key(item) for item in found]
        each_once(keys, f"GET {self.path}")
        fresh = [item for key, item in zip(keys, found, strict=True) if key not in self._seen]
        self._seen.update(keys)
        self._stale = 0 if fresh else self._stale + 1
        if self._stale > _STALE and self.next_request is not None:
            raise InvalidResponse(f"The list at {self.path} does not end: page after page has nothing new.")
        return fresh

    def all(self) -> Flow[list[Object]]:
        """Read all pages that are left, one after the other."""
        found: list[Object] = []
        while self.next_request is not None:
            found += yield from self.read()
        return found

    def _check(self, size: int, last: int) -> None:
        self.number += 1
        if self.number > 1 and not size:
            self._raise_changed(f"page {self.number} is empty")
        if (last or self.next_request is None) and max(last, self.number) < self._last:
            self._raise_changed(f"it had {self._last} pages, and ends with page {max(last, self.number)}")
        self._last = max(self._last, last)

    def _raise_changed(self, what: str) -> None:
        raise ResultChanged(
            f"The list at {self.path} became shorter while it was being read: {what}. Some of it may be missing; "
            "read it again.",
            received=len(self._seen),
        )

    def _next(self, link: str | None) -> Request | None:
        if link is None:
            return None
        request = next_page_request(link, self.settings, self.path)
        if (request.path, request.query) in self._requested:
            raise InvalidResponse(f"The list at {self.path} does not end: a page names one before it as the next.")
        return request


def row_key(item: Object) -> object:
    """The key of an object within its list."""
    found = item.get("id"), item.get("key"), item.get("user_id")
    is_odd = not _NESTED.isdisjoint(map(type, found))
    return str(item) if is_odd or found == (None, None, None) else found


_NESTED = frozenset({list, dict})


def relations(header: str) -> dict[str, str]:
    """The addresses in a `Link` header by their relation."""
    return {word.lower(): link for link, words in _links(header) for word in words.split()}


def _links(header: str) -> Iterator[tuple[str, str]]:
    for link, rest in _LINK.findall(header):
        found = _RELATION.search(rest)
        if found:
            yield link.strip(), found[1] or found[2]


def page_of(link: str | None) -> int:
    """The number of the page in an address; 0 where it names none."""
    pairs = dict(parse_qsl(urlsplit(link).query)) if link else {}
    number = pairs.get("page", "")
    return int(number) if re.fullmatch(r"[0-9]{1,9}", number) else 0


def next_page_request(link: str, settings: Settings, place: str) -> Request:
    """The request for an address of the server at which the list at *place* continues: below the
    session's own URL, also where the server sees itself at another one (see addresses.own_address).

    Raises InvalidResponse for one that leads elsewhere, or out of the API.
    """
    depth, last = place.count("/"), place.rpartition("/")[2]

    def fits(path: str) -> bool:
        return path.startswith(f"{settings.root}/") and (path.count("/"), path.rpartition("/")[2]) == (depth, last)

    found = own_address(link, settings.base, fits)
    if found is None:
        raise InvalidResponse(
            f"The list continues at {link[:200]!r}, which is not at {settings.base}. It is not followed there, and "
            "without it the list would be short. If it is the same server, use that address for the session."
        )
    path, _, query = found.partition("?")
    if not path.startswith(f"{settings.root}/"):
        raise InvalidResponse(f"The list continues at {link[:200]!r}, which is not below /{settings.root}.")
    return get(path, tuple(parse_qsl(query, keep_blank_values=True)))
