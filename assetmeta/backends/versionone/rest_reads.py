"""Reads through rest-1.v1: one asset, assets as of a change number, and histories (reading; history)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from lxml import etree
from msgspec import Struct

from assetmeta.backends.responses import answered, answers, check, confirm, each_once
from assetmeta.backends.versionone.errors import parse_error
from assetmeta.backends.versionone.options import Settings
from assetmeta.backends.versionone.query_request import (
    LONGEST_URL,
    Query,
    build_query,
    fits,
    length,
    parameters,
)
from assetmeta.backends.versionone.rest_response import XML, Column, identity, read_asset, read_list, row
from assetmeta.backends.versionone.tokens import place
from assetmeta.model.errors import Unsupported
from assetmeta.model.http import Flow, Request, Response
from assetmeta.model.plans import Fetch, Row, Rows
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid, chunks

_OIDS_IN_URL = 40


def asset_request(query: Query, oid: Oid, settings: Settings) -> Request | None:
    """Return the GET of one asset. None when the selection does not fit into a URL: it is too long, needs variables or
    follows relations.
    """
    tokens = list(query.layout.tokens)
    if query.layout.nested or query.variables or len(_pieces(tokens)) > 1:
        return None
    return _get(oid, tokens, settings)


def asset_row(schema: Schema, response: Response, query: Query, oid: Oid) -> Row:
    """Read the answer to the GET of one asset. The type is the server's, the moment the requested one. Raises
    InvalidResponse for another asset.
    """
    asset = read_asset(check(response, parse_error))
    found = identity(asset, response)
    confirm_requested(schema, [found], [oid], response.request.line if response.request else "the request")
    return row(asset, _wanted(query), found.at(oid.moment), oid.moment)


def confirm_requested(schema: Schema, found: Iterable[Oid], oids: Iterable[Oid], line: str) -> None:
    """Raise InvalidResponse when an answer names an asset that is none of *oids*; its type may be a derived one."""
    requested = {oid.key: oid for oid in oids}
    for oid in found:
        wanted = requested.get(oid.key)
        known = wanted is not None and (oid.type == wanted.type or oid.type not in schema.types)
        is_it = known or (wanted is not None and schema.is_a(oid.type, wanted.type))
        if not is_it:
            names = [one.current.token for one in islice(requested.values(), 6)]
            confirm(False, ", ".join(names[:5]) + (" ..." if len(names) > 5 else ""), oid.token, line)


def past_assets(schema: Schema, fetch: Fetch, settings: Settings) -> Flow[Rows]:
    """Read assets as of a change number: one GET each, sent together; two or more for a very long selection.

    Assets that did not exist are left out, unless one alone is requested: then NotFound is raised.
    """
    query = build_query(schema, fetch, settings.zone, nest=False)
    if query.variables or query.filters:
        raise Unsupported("A read as of a change number takes no conditions; name a time instead.")
    oids = [oid.at(query.moment) for oid in dict.fromkeys(fetch.oids or ())]
    pieces = _pieces(list(query.layout.tokens))
    reads = [(oid, piece) for oid in oids for piece in pieces]
    sent = (yield tuple(_get(oid, piece, settings) for oid, piece in reads)) if reads else ()
    rows: dict[Oid, Row] = {}
    for (oid, _), response in zip(reads, answers(sent), strict=True):
        if response.status == 404 and len(oids) > 1:
            continue
        found = asset_row(schema, response, query, oid)
        before = rows.get(oid)
        rows[oid] = found if before is None else _both(before, found)
    return Rows(tuple(rows.values()), total=len(rows) if fetch.counted else None)


class _Records(Struct, frozen=True):
    """One read through Hist: its path, its parameters, and the query that lays out its answer."""

    query: Query
    path: str
    pairs: tuple[tuple[str, str], ...]

    def page(self, start: int, size: int) -> Request:
        pairs = (*self.pairs, ("page", f"{size},{start}"))
        return Request("GET", self.path, pairs, XML, idempotent=True)


def history(schema: Schema, fetch: Fetch, settings: Settings) -> Flow[Rows | None]:
    """Read every record of assets through rest-1.v1/Hist, oldest first. Returns None, having sent nothing, when the
    conditions do not fit into a URL.

    A record's moment is in its Oid, and the assets that it refers to have that moment, too.
    """
    groups = [None] if fetch.oids is None else chunks(tuple(dict.fromkeys(fetch.oids)), _OIDS_IN_URL)
    walks = [_records(schema, fetch, oids, settings) for oids in groups]
    rows: list[Row] = []
    more = False
    for walk in walks:
        if walk is None:
            return None
    for walk in filter(None, walks):
        found, more = yield from _all_records(schema, walk, fetch, settings)
        rows += found
    if not fetch.sort:
        rows = oldest_first(rows) if fetch.oids is None else in_order(fetch.oids, oldest_first(rows))
    total = fetch.start + len(rows) if fetch.counted and not more else None
    return Rows(tuple(rows), total=total, more=more)


def _records(schema: Schema, fetch: Fetch, oids: tuple[Oid, ...] | None, settings: Settings) -> _Records | None:
    alone = oids is not None and len(oids) == 1
    query = build_query(schema, fetch, settings.zone, None if alone else oids, nest=False)
    conditions = parameters(query)
    if conditions is None:
        return None
    pairs = [("sel", ",".join(query.layout.tokens)), *conditions]
    sort = query.document.get("sort")
    if isinstance(sort, list):
        pairs.append(("sort", ",".join(map(str, sort))))
    where_to = place(oids[0]) if oids and alone else fetch.type_name
    return _Records(query, f"{settings.rest}/Hist/{where_to}", tuple(pairs)) if fits(pairs) else None


def _all_records(schema: Schema, walk: _Records, fetch: Fetch, settings: Settings) -> Flow[tuple[list[Row], bool]]:
    """Read the pages to the end of the window; also returns whether the last one was full."""
    rows: list[Row] = []
    wanted = _wanted(walk.query)
    full = True
    while full and (fetch.size is None or len(rows) < fetch.size):
        left = settings.max_page if fetch.size is None else fetch.size - len(rows)
        size = min(settings.max_page, left)
        request = walk.page(fetch.start + len(rows), size)
        response = check(answered((yield request)), parse_error)
        assets = read_list(response).assets
        records = [_record(asset, wanted, response) for asset in assets]
        each_once((record.oid for record in records), request.line)
        if fetch.oids is not None:
            confirm_requested(schema, [record.oid for record in records], fetch.oids, request.line)
        rows += records
        full = len(assets) >= size
    return rows, full and fetch.size is not None


def _record(asset: etree._Element, wanted: Mapping[str, Column], response: Response) -> Row:
    oid = identity(asset, response)
    return row(asset, wanted, oid, oid.moment)


def _wanted(query: Query) -> dict[str, Column]:
    """The columns to read from a document, by token."""
    multi = query.layout.multi
    return {token: Column(column, column in multi) for token, column in query.layout.tokens.items()}


def _get(oid: Oid, tokens: list[str], settings: Settings) -> Request:
    moment = f"/{oid.moment}" if isinstance(oid.moment, int) else ""
    pairs = (("sel", ",".join(tokens)),)
    return Request("GET", f"{settings.rest}/Data/{place(oid)}{moment}", pairs, XML, idempotent=True)


def _pieces(tokens: list[str]) -> list[list[str]]:
    """Divide a selection into pieces that fit into a URL; one empty piece when nothing is selected."""
    pieces: list[list[str]] = [[]]
    empty = used = length("sel") + 2
    for token in tokens:
        taken = length(token)
        if pieces[-1] and used + length(",") + taken > LONGEST_URL:
            pieces.append([])
            used = empty
        used += taken + (length(",") if pieces[-1] else 0)
        pieces[-1].append(token)
    return pieces


def _both(first: Row, second: Row) -> Row:
    return Row(first.oid, first.columns + second.columns, first.values + second.values)


def in_order(oids: Iterable[Oid], rows: Iterable[Row]) -> list[Row]:
    """The rows in the order of *oids*; the server may name a derived type, but keys are unique over all types."""
    by_key: dict[object, list[Row]] = {}
    for each in rows:
        by_key.setdefault(each.oid.key, []).append(each)
    return [each for key in dict.fromkeys(oid.key for oid in oids) for each in by_key.get(key, ())]


def oldest_first(rows: Sequence[Row]) -> list[Row]:
    """Records of histories by asset, then by moment: the server's own order differs between its endpoints."""
    return sorted(rows, key=_by_time)


def _by_time(row: Row) -> tuple[int, int]:
    key, moment = row.oid.key, row.oid.moment
    return key if isinstance(key, int) else 0, moment if isinstance(moment, int) else 0
