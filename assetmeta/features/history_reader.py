"""Changes by history: out of the records that a server keeps of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from assetmeta.core.cohort import Cohort
from assetmeta.core.context import SessionContext
from assetmeta.core.query import Query
from assetmeta.core.state import Instance, LoadedValue, forget
from assetmeta.core.values import decoded
from assetmeta.features.asset_changes import (
    CHANGED,
    CREATED,
    DELETED,
    AssetChange,
    Cells,
    without_moment,
)
from assetmeta.features.change_reader import OVERLAP, Found, path_to, selected_names
from assetmeta.model.conditions import And, Compare, Exists, Not, Or, RawFilter, Term, leaves
from assetmeta.model.contract import ChangeMarks
from assetmeta.model.paths import Path, Step
from assetmeta.model.plans import Fetch, Row, Sort
from assetmeta.model.values import UNREAD, Oid

_PAGE = 2000
"""Records in one request."""


class HistoryReader:
    """Reads the records that the server keeps of each change: those since the latest date seen, less an overlap in
    which the records seen are remembered.
    """

    way = "history"

    def __init__(self, query: Query, marks: ChangeMarks) -> None:
        self._context: SessionContext = query.context
        self._type = query.schema.type(query.type_name)
        self._names = selected_names(query)
        self._cells = Cells(self._context, self._type.name, self._names)
        self._marks = marks
        read = (*self._names, marks.at, marks.by, marks.prior, self._marks.deleted)
        self._select = tuple(path_to(name) for name in dict.fromkeys(filter(None, read)))
        self._terms = self._conditions(query.terms)
        self._mark: datetime | None = None
        self._latest: datetime | None = None
        self._seen: dict[str, datetime] = {}

    def _conditions(self, terms: tuple[Term, ...]) -> list[Term]:
        """A record is of interest when the asset satisfies the conditions, or did before the change."""
        deleted = self._marks.deleted
        # Servers hide deleted assets from a filter that does not mention them.
        found: list[Term] = [Compare(path_to(deleted), "=", (True, False))] if deleted else []
        if terms:
            now = terms[0] if len(terms) == 1 else And(terms)
            prior = self._marks.prior or ""
            raw = any(isinstance(leaf, RawFilter) for leaf in leaves(now))
            before = None if raw else And((Exists(path_to(prior)), _beyond(now, Step(prior))))
            found.append(now if before is None else Or((now, before)))
        return found

    def start(self) -> None:
        at = path_to(self._marks.at or "")
        with_deleted = self._marks.deleted is not None
        newest = Fetch(self._type.name, (at,), sort=(Sort(at, descending=True),), size=1, deleted=with_deleted)
        [rows] = self._context.read([newest])
        for row in rows.rows:
            self._mark = self._latest = self._date(row)
        for row in self._records():
            self._see(row)

    def read(self) -> list[Found]:
        fresh = [row for row in self._records() if _record_token(row.oid) not in self._seen]
        fresh.sort(key=lambda row: (row.oid.moment, row.oid.token))
        before = self._before(fresh)
        assets = self._forgotten(row.oid.current for row in fresh)
        return [self._found(row, before[row.oid], assets[row.oid.current]) for row in fresh]

    def _records(self) -> list[Row]:
        """The records since the mark, each once. One request per page; a page begins with the date that the one before
        ended with, so that nothing is left out when records are added meanwhile.
        """
        since = None if self._mark is None else self._mark - OVERLAP
        at, size = path_to(self._marks.at or ""), _PAGE
        found: dict[Oid, Row] = {}
        while True:
            late = [] if since is None else [Compare(at, ">=", (since,))]
            where = And((*self._terms, *late)) if self._terms or late else None
            fetch = Fetch(self._type.name, self._select, where, (Sort(at),), size=size, history=True)
            [rows] = self._context.fetch([fetch])
            self._context.know(rows.rows)
            found.update((row.oid, row) for row in rows.rows)
            if len(rows.rows) < size:
                return list(found.values())
            last = self._date(rows.rows[-1])
            size, since = (size * 2, since) if last == since else (_PAGE, last)

    def _before(self, fresh: Sequence[Row]) -> dict[Oid, Row | None]:
        """The record before each: one request for the records of about a hundred changed assets."""
        older = dict.fromkeys(row.oid.current for row in fresh if self._cell(row, self._marks.prior) is not None)
        records: dict[Oid, dict[Any, Row]] = {row.oid.current: {} for row in fresh}
        if older:
            [rows] = self._context.read([Fetch(self._type.name, self._select, oids=tuple(older), history=True)])
            for row in rows.rows:
                records.setdefault(row.oid.current, {})[row.oid.moment] = row
        for row in fresh:
            records[row.oid.current][row.oid.moment] = row
        found: dict[Oid, Row | None] = {}
        for known in records.values():
            last: Row | None = None
            for _, row in sorted(known.items()):
                found[row.oid], last = last, row
        return found

    def _forgotten(self, oids: Iterable[Oid]) -> dict[Oid, Instance]:
        """The changed assets, which load again, and together, what is read of them."""
        named = list(dict.fromkeys(oids))
        with self._context.lock:
            assets = {oid: self._context.asset(oid) for oid in named}
            cohort = Cohort(named, with_deleted=True)
            for asset in assets.values():
                forget(asset)
                asset._state.cohort = cohort
        return assets

    def _found(self, row: Row, before: Row | None, asset: Instance) -> Found:
        is_new = before is None and self._cell(row, self._marks.prior) is None
        was_there, is_there = not is_new and not self._is_deleted(before), not self._is_deleted(row)
        kind = DELETED if was_there and not is_there else CREATED if is_there and not was_there else CHANGED
        now = self._values(row)
        was = (UNREAD,) * len(now) if before is None else self._values(before)
        differences = self._cells.differences(asset, None if kind == CREATED else was, None if kind == DELETED else now)
        by = self._cell(row, self._marks.by)
        who = self._context.asset(by.current) if isinstance(by, Oid) else None
        date = self._date(row)
        return Found(AssetChange(asset, kind, differences, date, who), [_record_token(row.oid), date.isoformat()])

    def finish(self, finished: Any) -> None:
        token, date = finished
        self._seen[str(token)] = moment = datetime.fromisoformat(date)
        self._latest = moment if self._latest is None else max(self._latest, moment)

    def _see(self, row: Row) -> None:
        self.finish([_record_token(row.oid), self._date(row).isoformat()])

    def end_round(self) -> bool:
        if self._mark == self._latest or self._latest is None:
            return False
        self._mark = self._latest
        edge = self._mark - OVERLAP
        self._seen = {token: date for token, date in self._seen.items() if date >= edge}
        return True

    @property
    def state(self) -> Any:
        seen = {token: date.isoformat() for token, date in self._seen.items()}
        return {"mark": None if self._mark is None else self._mark.isoformat(), "seen": seen}

    @state.setter
    def state(self, kept: Any) -> None:
        self._mark = self._latest = None if kept["mark"] is None else datetime.fromisoformat(kept["mark"])
        self._seen = {token: datetime.fromisoformat(date) for token, date in kept["seen"].items()}

    def explain(self) -> str:
        return (
            f"by history: each round reads the records of {self._type.name} changed since the latest one seen, by the"
            f" server's clock, and {OVERLAP.seconds // 60} minutes before it\n"
            f"one request per round and {_PAGE} records, and one per hundred or so changed assets for what was before;"
            " however many assets are watched"
        )

    def _cell(self, row: Row, name: str | None) -> LoadedValue:
        return without_moment(row.values[row.columns.index(name)]) if name in row.columns else UNREAD

    def _values(self, row: Row) -> tuple[LoadedValue, ...]:
        return tuple(self._cell(row, name) for name in self._names)

    def _is_deleted(self, row: Row | None) -> bool:
        return row is not None and bool(self._decoded(row, self._marks.deleted))

    def _date(self, row: Row) -> datetime:
        date = self._decoded(row, self._marks.at)
        assert isinstance(date, datetime)
        return date

    def _decoded(self, row: Row, name: str | None) -> object:
        cell = UNREAD if name is None else self._cell(row, name)
        if name is None or cell is UNREAD or cell is None:
            return None
        return decoded(
            self._context.asset(row.oid.current), self._context.schema.attribute(self._type.name, name), cell
        )


def _record_token(oid: Oid) -> str:
    return f"{oid.type}:{oid.key}:{oid.moment}"


def _beyond(term: Term, step: Step) -> Term:
    """The same condition on what *step* leads to."""
    if isinstance(term, And | Or):
        return type(term)(tuple(_beyond(inner, step) for inner in term.terms))
    if isinstance(term, Not):
        return Not(_beyond(term.term, step))
    if isinstance(term, RawFilter):
        return term
    further = {}
    if isinstance(term, Compare):
        values = (_behind(value, step) if isinstance(value, Path) else value for value in term.values)
        further["values"] = tuple(values)
    return replace(term, path=_behind(term.path, step), **further)


def _behind(path: Path, step: Step) -> Path:
    return replace(path, steps=(step, *path.steps))
