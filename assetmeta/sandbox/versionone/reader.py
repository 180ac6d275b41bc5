"""Queries run to rows: one statement for the matching records, one for all their single values, one for each list.

Lists are read for the whole page at once, so the number of statements depends on what is selected, never on how many
assets there are.
"""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from .aggregates import follow
from .bindings import Binding, Place
from .compile import compile_main, expression, find_type, resolved, sorted_by
from .defaults import default_selection, with_extras
from .filters import condition, restrict
from .literals import from_stored, parse_oid, spell_time
from .problems import META, Cause, Problem, bad_filter, invalid_oid, missing
from .requests import AsOf, Moment, Query, Ref, Result, RowOut, Scalar, Selection, SubSelect, Value
from .routes import Route
from .steps import take_step
from .store import Store
from .tokens import Token, asks_for_deleted
from .types import AttributeDef, Catalogue, TypeDef


@dataclass(slots=True)
class _Page:
    """Some records to fill: their rows in the database and the moments they are seen at, beside their results."""

    kind: TypeDef
    keys: list[tuple[object, object]]
    rows: list[RowOut]
    at_present: bool
    definitions: dict[str, AttributeDef] = field(default_factory=dict)


class Reader:
    """Runs queries against one store."""

    def __init__(self, catalogue: Catalogue, store: Store, clock: Callable[[], datetime]) -> None:
        self._catalogue = catalogue
        self._store = store
        self._clock = clock

    def select(self, query: Query) -> Result:
        """Run one query. Raises a 400 problem for what it does not understand, 404 for a missing single asset."""
        _check_oid(query)
        try:
            with self._store.lock:
                return self._select(query)
        except sqlite3.OperationalError as cause:
            # The database limits joins, columns and nesting; only the text of the query decides about those.
            raise Problem(400, "The query is too complex", (Cause(META, str(cause)),)) from cause

    def _select(self, query: Query) -> Result:
        binding = self._binding(query)
        kind = find_type(query.type_name, binding)
        main = compile_main(query, kind, self._moment(query), binding)
        selection = self._selection(query, kind)
        found = self._store.rows(main.page(query.start, query.size), binding.values)
        if query.oid is not None and not found and not query.lenient and not query.start:
            raise missing(query.oid)
        total = len(found)
        if query.size is not None or query.start:
            total = self._store.number(main.count, binding.values)
        rows = [RowOut(str(asset), int(str(since)), {}) for _, asset, since, _ in found]
        page = _Page(kind, [(row, sight) for row, _, _, sight in found], rows, query.at is None)
        result = Result(rows, total, page.definitions)
        self._fill(page, selection, query, result)
        return result

    def _binding(self, query: Query) -> Binding:
        return Binding(self._catalogue, query.member, spell_time(self._clock()), query.variables)

    def _moment(self, query: Query) -> int | None:
        if isinstance(query.at, AsOf):
            found = self._store.one("SELECT MAX(number) FROM moment WHERE at <= ?", (spell_time(query.at.time),))
            return -1 if found is None else int(str(found))
        return query.at.number if isinstance(query.at, Moment) else None

    def _selection(self, query: Query, kind: TypeDef) -> tuple[Selection, ...]:
        if query.select is None:
            return default_selection(kind, self._catalogue)
        return with_extras(query.select, kind, self._catalogue) if query.extras else query.select

    def _fill(self, page: _Page, selection: Sequence[Selection], query: Query, result: Result) -> None:
        """Read the selected values of a page into its rows. Columns are named even when the page is empty."""
        binding = self._binding(query)
        tokens = [item for item in selection if isinstance(item, Token)]
        routes = [resolved(token, page.kind, binding, "SEL") for token in tokens]
        for route in routes:
            page.definitions.setdefault(route.token.text, route.definition())
        singles = [route for route in routes if not route.multi]
        if singles:
            self._fill_singles(page, singles, query)
        for route in routes:
            if route.multi:
                self._fill_lists(page, route, query)
        for item in selection:
            if isinstance(item, SubSelect):
                self._fill_nested(page, item, query, result)

    def _start(self, page: _Page, query: Query) -> tuple[Binding, Place, str]:
        """A statement over the records of a page: its binding, the records' place, and FROM, keyed by `p.key`."""
        binding = self._binding(query)
        binding.context = "r0.asset"
        sights = {sight for _, sight in page.keys}
        if page.at_present or len(sights) == 1:
            sight = None if page.at_present else str(sights.pop())
            rows = binding.bind(json.dumps([row for row, _ in page.keys]))
            return (
                binding,
                Place("r0", page.kind, sight),
                f"json_each({rows}) p CROSS JOIN record r0 ON r0.row = p.value",
            )
        pairs = binding.bind(json.dumps(page.keys))
        table = f"(SELECT key, value ->> 0 AS row, value ->> 1 AS sight FROM json_each({pairs})) p"
        return binding, Place("r0", page.kind, "p.sight"), f"{table} CROSS JOIN record r0 ON r0.row = p.row"

    def _fill_singles(self, page: _Page, routes: list[Route], query: Query) -> None:
        binding, place, source = self._start(page, query)
        columns = ", ".join(expression(route, place, binding) for route in routes)
        found = self._store.rows(f"SELECT p.key, {columns} FROM {source}", binding.values)
        for index, route in enumerate(routes, 1):
            read, key, only = _decoder(route), route.token.text, route.only
            for values in found:
                row = page.rows[values[0]]  # type: ignore[call-overload]
                if only is None or row.asset.partition(":")[0] in only:
                    row.values[key] = read(values[index])

    def _fill_lists(self, page: _Page, route: Route, query: Query) -> None:
        binding, place, source = self._start(page, query)
        chain = follow(route.hops, place, binding, restrict)
        order = ", ".join(("p.key", *chain.order))
        sql = (
            f"SELECT p.key, {chain.value} FROM {source} CROSS JOIN {chain.source} WHERE {chain.where} ORDER BY {order}"
        )
        lists: list[list[Value]] = [[] for _ in page.rows]
        read = _decoder(route)
        for key, value in self._store.rows(sql, binding.values):
            lists[key].append(read(value))  # type: ignore[call-overload]
        for row, values in zip(page.rows, lists, strict=True):
            if route.only is None or row.asset.partition(":")[0] in route.only:
                row.values[route.token.text] = values  # type: ignore[assignment]

    def _fill_nested(self, page: _Page, item: SubSelect, query: Query, result: Result) -> None:
        """Read a nested query for all rows of the page, and then its own selection for all assets it finds."""
        binding, place, source = self._start(page, query)
        route = resolved(item.token, page.kind, binding, "SEL")
        sql, reached = _nested_statement(item, route, place, source, binding)
        found = self._store.rows(sql, binding.values)
        rows = [RowOut(str(asset), int(str(since)), {}) for _, _, asset, since, _ in found]
        nested = _Page(reached.kind, [(row, sight) for _, row, _, _, sight in found], rows, reached.time is None)
        self._fill(nested, item.select, query, result)
        result.nested.setdefault(item.key, {}).update(nested.definitions)
        lists: list[list[RowOut]] = [[] for _ in page.rows]
        for (key, *_), row in zip(found, rows, strict=True):
            lists[key].append(row)  # type: ignore[call-overload]
        for outer, inner in zip(page.rows, lists, strict=True):
            if route.only is None or outer.asset.partition(":")[0] in route.only:
                outer.values[item.key] = inner


def _nested_statement(item: SubSelect, route: Route, place: Place, source: str, binding: Binding) -> tuple[str, Place]:
    """The records a nested query finds for each record of a page, and the place they are seen from."""
    last = route.hops[-1]
    if last.reached is None or route.aggregate is not None:
        raise bad_filter(item.token.text, f"{item.token.text} is no relation")
    before = follow(route.hops[:-1], place, binding, restrict)
    deleted = asks_for_deleted(item.where, last.reached.attributes)
    step = take_step(before.place, last, binding, deleted=deleted)
    terms = [before.where, step.match, step.conditions, restrict(last, step, binding)]
    if item.where is not None:
        terms.append(condition(item.where, step.place, binding))
    tables = " CROSS JOIN ".join(table for table in (source, before.source, step.source) if table)
    keys = [term for key in item.sort for term in sorted_by(key, step.place, binding)]
    order = ", ".join(("p.key", *keys, *before.order, *step.order))
    r = step.place.alias
    columns = f"p.key, {r}.row, {r}.asset, {r}.since, {step.place.time or 'NULL'}"
    return f"SELECT {columns} FROM {tables} WHERE {' AND '.join(terms)} ORDER BY {order}", step.place


def _check_oid(query: Query) -> None:
    if query.oid is None:
        return
    try:
        valid = parse_oid(query.oid) is not None
    except ValueError:
        valid = False
    if not valid:
        raise invalid_oid(query.oid)


def _decoder(route: Route) -> Callable[[object], Scalar | Ref]:
    if route.kind == "Relation":
        return lambda value: None if value is None else Ref(str(value))
    if route.kind == "Blob":
        return lambda value: base64.b64encode(value).decode() if isinstance(value, bytes) else None
    name, kind = route.last.name, route.kind
    if kind in ("Text", "LongText"):
        return lambda value: None if value is None else str(value)
    return lambda value: from_stored(name, kind, value)
