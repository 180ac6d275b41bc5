"""The flow of every read: which endpoint answers which fetch, in how many requests (query.v1; rest-1.v1). Assets are
also found by their number, such as `S-01005`, or by name where the type has no numbers (meta.v1: ShortName, Name).

one asset, its own attributes      GET rest-1.v1/Data/{Type}/{id}           one request
assets as of a change number       GET rest-1.v1/Data/{Type}/{id}/{moment}  one request each, sent together
history                            GET rest-1.v1/Hist                       one request per page
a condition with very many values  POST query.v1                            two requests: the matches, and their
                                                                            values; one more where it excludes them
                                                                            (see partitions)
all else                           POST query.v1                            one request per page; the first pages of
                                                                            several fetches share a request
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from assetmeta.backends.concurrency import gather
from assetmeta.backends.local.operators import admission, paths_in
from assetmeta.backends.local.records import RowStore
from assetmeta.backends.responses import Json, answers, check, each_once
from assetmeta.backends.versionone.errors import parse_error
from assetmeta.backends.versionone.options import Settings
from assetmeta.backends.versionone.partitions import exclusion, loosened, orders, partition, united
from assetmeta.backends.versionone.query_request import (
    Query,
    SelectNode,
    build_query,
    count_request,
    page,
    request,
)
from assetmeta.backends.versionone.query_response import Reader, read_rows
from assetmeta.backends.versionone.rest_reads import (
    asset_request,
    asset_row,
    confirm_requested,
    history,
    in_order,
    oldest_first,
    past_assets,
)
from assetmeta.backends.versionone.rest_response import read_list
from assetmeta.backends.versionone.tokens import moment_of
from assetmeta.model.conditions import And, Compare, Or, and_terms, is_exact
from assetmeta.model.errors import BadValue, NotExactlyOne, NotFound, Unsupported
from assetmeta.model.http import Flow, Request, Response
from assetmeta.model.paths import Path, Step
from assetmeta.model.plans import Fetch, Row, Rows
from assetmeta.model.schema import AssetType, Schema
from assetmeta.model.values import Key, Oid, chunks

_ID = re.compile(r"-?[0-9]+")
_NUMBER = "Number"
"""The attribute that holds numbers where meta.v1 has no ShortName, as on old servers."""

_MOST = 50
"""The server's comparison ignores letter case, so several names can match; the exact one is found among so many."""


@dataclass(slots=True)
class _Walk:
    """One query on its way through its pages. *left* is how many assets are still wanted (None: all), *oids* are those
    that it names.
    """

    query: Query
    reader: Reader
    schema: Schema
    oids: tuple[Oid, ...] | None = None
    start: int = 0
    left: int | None = None
    paged: bool = True
    rows: list[Row] = field(default_factory=list)
    full: bool = False
    done: bool = False

    def document(self, settings: Settings) -> dict[str, Json]:
        """The query with its next page."""
        whole = dict(self.query.document)
        return {**whole, **page(self.start, self.size(settings))} if self.paged else whole

    def size(self, settings: Settings) -> int:
        return settings.max_page if self.left is None else min(self.left, settings.max_page)

    def take(self, rows: Sequence[Row], settings: Settings) -> None:
        """Add a page of results."""
        each_once((row.oid for row in rows), "POST query.v1")
        if self.oids is not None:
            confirm_requested(self.schema, (row.oid for row in rows), self.oids, "POST query.v1")
        self.rows += rows
        self.full = len(rows) >= self.size(settings)
        self.start += len(rows)
        if self.left is not None:
            self.left -= len(rows)
        self.done = not self.paged or not self.full or (self.left is not None and self.left <= 0)


def fetch(schema: Schema, fetches: Sequence[Fetch], settings: Settings) -> Flow[list[Rows]]:
    """Read. One Rows per fetch, same order.

    An asset that a fetch names alone and that does not exist raises NotFound; among several it is left out.
    """
    found: dict[int, Rows] = {}
    queries: dict[int, Fetch] = {}
    alone = len(fetches) == 1
    for index, wanted in enumerate(fetches):
        _refuse(wanted)
        if wanted.where is not None and is_exact(wanted.where):
            found[index] = yield from _exactly(schema, wanted, settings)
            continue
        excluded = exclusion(wanted, settings.max_values)
        if excluded is not None:
            found[index] = yield from _without(schema, wanted, *excluded, settings)
            continue
        parts = partition(wanted, settings.max_values)
        if len(parts) > 1:
            found[index] = yield from _in_parts(schema, wanted, parts, settings)
            continue
        rows = yield from _through_rest(schema, wanted, settings, alone)
        if rows is None:
            queries[index] = wanted
        else:
            found[index] = rows
    found.update((yield from _through_query(schema, queries, settings)))
    results = [found[index] for index in range(len(fetches))]
    if alone and _is_one(fetches[0]) and not results[0].rows:
        raise NotFound(f"{fetches[0].oids[0] if fetches[0].oids else ''} does not exist or is not visible.", status=404)
    return results


def _refuse(wanted: Fetch) -> None:
    if isinstance(moment_of(wanted.asof, wanted.oids), int) and wanted.oids is None and not wanted.history:
        raise Unsupported("A change number reads single assets; a query takes a date or a time.")


def _is_one(wanted: Fetch) -> bool:
    """True when the fetch names one asset in its present state, without further conditions."""
    narrowed = wanted.where is not None or wanted.find is not None or wanted.deleted or wanted.history
    now = moment_of(wanted.asof, wanted.oids) is None
    return wanted.oids is not None and len(set(wanted.oids)) == 1 and now and not narrowed


def _through_rest(schema: Schema, wanted: Fetch, settings: Settings, alone: bool) -> Flow[Rows | None]:
    """Read what rest-1.v1 reads better; None for what query.v1 is to read."""
    if wanted.history:
        return (yield from history(schema, wanted, settings))
    if isinstance(moment_of(wanted.asof, wanted.oids), int):
        return (yield from past_assets(schema, wanted, settings))
    if not alone or not _is_one(wanted) or wanted.oids is None or wanted.start:
        return None
    query = build_query(schema, wanted, settings.zone)
    single = asset_request(query, wanted.oids[0], settings)
    if single is None:
        return None
    row = asset_row(schema, (yield from _send([single]))[0], query, wanted.oids[0])
    return Rows((row,), total=1 if wanted.counted else None)


def _exactly(schema: Schema, wanted: Fetch, settings: Settings) -> Flow[Rows]:
    """Read what `=` finds, which ignores letter case, and keep what is exactly equal.

    The first page is as large as the window; each further page is twice as large.
    """
    exact = [term for term in and_terms(wanted.where) if is_exact(term)]
    test = admission(And(tuple(exact)))
    paths = tuple(dict.fromkeys((*wanted.select, *(path for term in exact for path in paths_in(term)))))
    loose = replace(wanted, where=loosened(wanted.where), select=paths, counted=False)
    stop = None if wanted.size is None or wanted.counted else wanted.start + wanted.size
    rows: list[Row] = []
    related: list[Row] = []
    start, size, more = 0, stop or settings.max_page, stop != 0
    while more and (stop is None or len(rows) < stop):
        size = min(size, settings.max_page)
        [page] = yield from fetch(schema, [replace(loose, start=start, size=size)], settings)
        known = RowStore.of(schema, page)
        rows += [row for row in page.rows if test(known, row.oid)]
        related += page.related
        start, size, more = start + len(page.rows), 2 * size, page.more and bool(page.rows)
    end = None if wanted.size is None else wanted.start + wanted.size
    window = tuple(rows[wanted.start : end])
    return Rows(
        window, tuple(related), len(rows) if wanted.counted else None, end is not None and (more or len(rows) > end)
    )


def _in_parts(schema: Schema, wanted: Fetch, parts: Sequence[Fetch], settings: Settings) -> Flow[Rows]:
    """Read what is divided into several queries: first the matches, then the values of those in the window alone."""
    stop = None if wanted.size is None else wanted.start + wanted.size
    select, size = orders(schema, wanted), None if wanted.counted else stop
    bare = [replace(part, select=select, start=0, size=size, counted=False) for part in parts]
    answers = yield from _through_query(schema, dict(enumerate(bare)), settings)
    oids = united(schema, wanted, list(answers.values()))
    return (yield from _of_window(schema, wanted, oids, any(answer.more for answer in answers.values()), settings))


def _without(schema: Schema, wanted: Fetch, kept: Fetch, excluded: Fetch, settings: Settings) -> Flow[Rows]:
    """Read *kept* without what *excluded* finds: first that, then the identities of *kept*, then the values of those in
    the window alone.
    """
    [refused] = yield from fetch(schema, [replace(excluded, select=(), sort=(), start=0, size=None)], settings)
    gone = {row.oid for row in refused.rows}
    if wanted.size == 0:
        [rest] = yield from fetch(schema, [kept], settings)
        return replace(rest, total=None if rest.total is None else rest.total - len(gone))
    # Of as many as are wanted and excluded together, enough remain.
    size = None if wanted.counted or wanted.size is None else wanted.start + wanted.size + len(gone)
    [rest] = yield from fetch(schema, [replace(kept, select=(), start=0, size=size, counted=False)], settings)
    oids = [row.oid for row in rest.rows if row.oid not in gone]
    return (yield from _of_window(schema, wanted, oids, rest.more, settings))


def _of_window(schema: Schema, wanted: Fetch, oids: Sequence[Oid], more: bool, settings: Settings) -> Flow[Rows]:
    """Read the values of those in the window of *wanted*; *oids* are the matches in order, *more* is whether others
    follow.
    """
    stop = None if wanted.size is None else wanted.start + wanted.size
    window = oids[wanted.start : stop]
    rows = Rows(tuple(Row(oid, (), ()) for oid in window))
    if window and wanted.select:
        named = tuple(oid.current for oid in window)
        whole = replace(wanted, where=None, find=None, sort=(), start=0, size=None, counted=False, oids=named)
        rows = (yield from _through_query(schema, {0: whole}, settings))[0]
    more = stop is not None and (len(oids) > stop or more)
    return replace(rows, total=len(oids) if wanted.counted else None, more=more)


def _through_query(schema: Schema, fetches: Mapping[int, Fetch], settings: Settings) -> Flow[dict[int, Rows]]:
    """Read all fetches through query.v1 together, then count where the total is wanted and not known from the pages."""
    walks = {index: _walks(schema, wanted, settings) for index, wanted in fetches.items()}
    active = [walk for several in walks.values() for walk in several if not walk.done]
    while active:
        yield from _turn_pages(active, settings)
        active = [walk for walk in active if not walk.done]
    found = {index: _gathered(wanted, walks[index]) for index, wanted in fetches.items()}
    unknown = [index for index, wanted in fetches.items() if wanted.counted and found[index].total is None]
    totals = yield from _counts([walks[index][0] for index in unknown], settings)
    return found | {index: replace(found[index], total=total) for index, total in zip(unknown, totals, strict=True)}


def _walks(schema: Schema, wanted: Fetch, settings: Settings) -> list[_Walk]:
    """The queries of one fetch: one, or one per chunk of the assets named."""
    if wanted.oids is None:
        query = build_query(schema, wanted, settings.zone)
        return [_Walk(query, Reader(query), schema, None, wanted.start, wanted.size, done=wanted.size == 0)]
    groups = chunks(tuple(dict.fromkeys(wanted.oids)), settings.max_keys)
    queries = [build_query(schema, wanted, settings.zone, oids, nest=not wanted.history) for oids in groups]
    return [
        _Walk(query, Reader(query), schema, group, paged=False) for query, group in zip(queries, groups, strict=True)
    ]


def _turn_pages(walks: Sequence[_Walk], settings: Settings) -> Flow[None]:
    """Read the next page of every walk, several queries in a request, the requests concurrently."""
    bundles = chunks(walks, settings.max_queries)
    responses = yield from _send([request([walk.document(settings) for walk in bundle]) for bundle in bundles])
    for bundle, response in zip(bundles, responses, strict=True):
        pages = read_rows(check(response, parse_error), [walk.reader for walk in bundle])
        for walk, rows in zip(bundle, pages, strict=True):
            walk.take(rows, settings)


def _gathered(wanted: Fetch, walks: Sequence[_Walk]) -> Rows:
    """Join the pages of one fetch. The total is known when the end was reached."""
    rows = [row for walk in walks for row in walk.rows]
    if wanted.history and not wanted.sort:
        rows = oldest_first(rows)
    related = tuple(row for walk in walks for row in walk.reader.related())
    if wanted.oids is None:
        more = wanted.size is not None and walks[0].full
        reached = not more and wanted.size != 0 and (bool(rows) or wanted.start == 0)
        return Rows(tuple(rows), related, wanted.start + len(rows) if wanted.counted and reached else None, more)
    if not wanted.sort:
        rows = in_order(wanted.oids, rows)
    total = len(rows)
    end = None if wanted.size is None else wanted.start + wanted.size
    window = tuple(rows[wanted.start : end])
    more = end is not None and end < total
    return Rows(window, related, total if wanted.counted else None, more)


def _count(walk: _Walk, settings: Settings) -> Flow[int]:
    """Return how many assets match: in one cheap request where possible, else by paging identities to the end."""
    single = count_request(walk.query, settings.rest)
    if single is not None:
        response = (yield from _send([single]))[0]
        total = read_list(check(response, parse_error)).total
        if total is not None:
            return total
    rest = _bare(walk)
    while not rest.done:
        yield from _turn_pages([rest], settings)
        rest.rows.clear()
    return rest.start


def _counts(walks: Sequence[_Walk], settings: Settings) -> Flow[list[int]]:
    """Return how many assets match each walk. Several share a request that reads identities; those with more than a
    page of them are counted one by one, concurrently.
    """
    if len(walks) < 2:
        return (yield from gather([_count(walk, settings) for walk in walks]))
    firsts = [_bare(walk) for walk in walks]
    yield from _turn_pages(firsts, settings)
    totals = {place: first.start for place, first in enumerate(firsts) if first.done}
    left = [place for place in range(len(walks)) if place not in totals]
    totals.update(zip(left, (yield from gather([_count(walks[place], settings) for place in left])), strict=True))
    return [totals[place] for place in range(len(walks))]


def _bare(walk: _Walk) -> _Walk:
    """The walk over the identities of the same query, from the page where *walk* is."""
    bare = {key: value for key, value in walk.query.document.items() if key not in ("select", "sort")}
    query = replace(walk.query, document=bare, layout=SelectNode())
    return _Walk(query, Reader(query), walk.schema, None, walk.start if walk.rows else 0)


def _send(requests: Sequence[Request]) -> Flow[tuple[Response, ...]]:
    """Send one request by itself, several as a tuple; raises the first failure."""
    sent = yield requests[0] if len(requests) == 1 else tuple(requests)
    return answers(sent)


def key_of(text: str) -> Key | None:
    """Return a text that is an id as a key; None for any other."""
    return int(text) if _ID.fullmatch(text) and len(text) < 60 else None


def look_up(schema: Schema, type_name: str, alias: str, settings: Settings) -> Flow[Row]:
    """Return the asset that *alias* names, with its basic attributes. One request.

    Raises NotFound, NotExactlyOne when several assets have that name, BadValue where the type has neither number nor
    name.
    """
    kind = schema.type(type_name)
    names = _naming(kind)
    if not names or not alias.strip():
        raise BadValue(f"{type_name}({alias!r:.80}): give the id of the asset, a whole number.", type_name=type_name)
    select = tuple(Path((Step(each),)) for each in dict.fromkeys((*names, *kind.basic)))
    same = [Compare(path, "=", (alias,)) for path in select[: len(names)]]
    where = same[0] if len(same) == 1 else Or(tuple(same))
    [found] = yield from fetch(schema, [Fetch(type_name, select=select, where=where, size=_MOST)], settings)
    exact = [row for row in found.rows if any(row.values[row.columns.index(name)] == alias for name in names)]
    rows, attributes = exact or found.rows, " or ".join(names)
    if not rows:
        why = f"There is no {type_name} with the {attributes} {alias!r}, or this user may not see it."
        raise NotFound(why, type_name=type_name, attribute=names[0], oid=alias, status=404)
    if len(rows) > 1:
        tokens = ", ".join(row.oid.token for row in rows[:5])
        why = f"{len(rows)} assets of type {type_name} have the {attributes} {alias!r} ({tokens}): give the id of one."
        raise NotExactlyOne(why, type_name=type_name, attribute=names[0])
    return rows[0]


def _naming(kind: AssetType) -> tuple[str, ...]:
    """The attributes by which users name assets of a type: the number, else the short name and the name."""
    known = [name for name in (kind.short, _NUMBER, kind.display) if name and name in kind.attributes]
    return (_NUMBER,) if _NUMBER in known else tuple(dict.fromkeys(known))
