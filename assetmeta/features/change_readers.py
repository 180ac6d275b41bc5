"""How a watch finds what changed: in the records of the server's history, in the assets that were changed last, or by
comparison of all with the last reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

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
    comparable,
    from_json,
    to_json,
    without_moment,
)
from assetmeta.model.conditions import And, Compare, Exists, Not, Or, RawFilter, Term, is_exact, leaves
from assetmeta.model.contract import ChangeMarks, SupportsChanges
from assetmeta.model.errors import NotFound, ResultChanged
from assetmeta.model.paths import Path, Step
from assetmeta.model.plans import Fetch, Row, Sort
from assetmeta.model.schema import AssetType
from assetmeta.model.values import ABSENT, UNREAD, Oid

OVERLAP = timedelta(minutes=10)
"""How far back each round reads again: the clocks of a server's computers differ, and writes end late."""

_PAGE = 2000
_RECENT = 200
"""How many assets a page of those changed last holds."""
_ATTEMPTS = 3
"""How often a list that moves while it is read is read in one round."""


class Found(NamedTuple):
    """A change, and what is noted when the consumer has finished it."""

    change: AssetChange
    finished: Any


class ChangeReader(Protocol):
    """Finds changes round by round; its state goes into the cursor file."""

    @property
    def way(self) -> str:
        """Its name in cursor files."""
        ...

    def start(self) -> None:
        """Take the starting point."""
        ...

    def read(self) -> list[Found]:
        """Return what is new, in order."""
        ...

    def finish(self, finished: Any) -> None:
        """Take a change as seen. Raises ValueError, KeyError or TypeError for what no reader noted."""
        ...

    def end_round(self) -> bool:
        """All changes of a round were finished: return whether the state is another one now."""
        ...

    @property
    def state(self) -> Any:
        """The state as JSON; setting it goes on from there."""
        ...

    @state.setter
    def state(self, kept: Any) -> None: ...

    def explain(self) -> str:
        """What is read, and how many requests that takes."""
        ...


def reader_for(query: Query) -> ChangeReader:
    """The best way to watch a query: by history where the server keeps one that can be searched in this way."""
    context, kind = query.context, query.schema.type(query.type_name)
    backend = context.backend
    marks = backend.change_marks if isinstance(backend, SupportsChanges) else ChangeMarks()
    names = (name if name in kind.attributes else None for name in (marks.at, marks.by, marks.prior, marks.deleted))
    at, by, prior, deleted = names
    marks = ChangeMarks(at, by, prior, deleted, marks.listed_by)
    by_history = backend.can.history and marks.at and marks.prior and query.finding is None
    if by_history and not any(is_exact(term) for term in query.terms):
        return HistoryReader(query, marks)
    if marks.at and kind.name in marks.listed_by and query.finding is None and not query.with_deleted:
        return RecentReader(query, marks)
    return ComparisonReader(query, marks)


def _names(query: Query) -> tuple[str, ...]:
    return tuple(path.head for path in query.fetch().select)


def _path(name: str) -> Path:
    return Path((Step(name),))


class HistoryReader:
    """Reads the records that the server keeps of each change: those since the latest date seen, less an overlap in
    which the records seen are remembered.
    """

    way = "history"

    def __init__(self, query: Query, marks: ChangeMarks) -> None:
        self._context: SessionContext = query.context
        self._type = query.schema.type(query.type_name)
        self._names = _names(query)
        self._cells = Cells(self._context, self._type.name, self._names)
        self._marks = marks
        asked = (*self._names, marks.at, marks.by, marks.prior, self._marks.deleted)
        self._select = tuple(_path(name) for name in dict.fromkeys(filter(None, asked)))
        self._terms = self._conditions(query.terms)
        self._mark: datetime | None = None
        self._latest: datetime | None = None
        self._seen: dict[str, datetime] = {}

    def _conditions(self, terms: tuple[Term, ...]) -> list[Term]:
        """A record is of interest when the asset satisfies the conditions, or did before the change."""
        deleted = self._marks.deleted
        # Servers hide deleted assets from a filter that does not mention them.
        found: list[Term] = [Compare(_path(deleted), "=", (True, False))] if deleted else []
        if terms:
            now = terms[0] if len(terms) == 1 else And(terms)
            prior = self._marks.prior or ""
            raw = any(isinstance(leaf, RawFilter) for leaf in leaves(now))
            before = None if raw else And((Exists(_path(prior)), _beyond(now, Step(prior))))
            found.append(now if before is None else Or((now, before)))
        return found

    def start(self) -> None:
        at = _path(self._marks.at or "")
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
        at, size = _path(self._marks.at or ""), _PAGE
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


class ComparisonReader:
    """Reads what is watched as a whole and compares it with the last reading."""

    way = "comparison"

    def __init__(self, query: Query, marks: ChangeMarks) -> None:
        self._context: SessionContext = query.context
        kind = query.schema.type(query.type_name)
        self._names = _names(query)
        self._cells = Cells(self._context, kind.name, self._names)
        # What the lists do not hold would take requests of its own.
        at, by = (name if name in (*kind.basic, *self._names) else None for name in (marks.at, marks.by))
        self._at, self._by, self._deleted = at, by, kind.deleted
        self._all = tuple(dict.fromkeys([*self._names, *filter(None, (at, by))]))
        self._query = query.select(*self._all)
        self._rows: dict[Oid, tuple[LoadedValue, ...]] = {}
        self._is_changed = False

    def start(self) -> None:
        self._rows = dict(self._whole())

    def _whole(self) -> dict[Oid, tuple[LoadedValue, ...]]:
        for attempt in range(_ATTEMPTS):
            try:
                return {asset._state.oid: self._row(asset) for page in self._query.pages() for asset in page}
            except ResultChanged:
                if attempt == _ATTEMPTS - 1:
                    raise
        raise AssertionError

    def _row(self, asset: Instance) -> tuple[LoadedValue, ...]:
        return tuple(without_moment(asset._state.cell(name)) for name in self._all)

    def read(self) -> list[Found]:
        rows = self._whole()
        gone = [oid for oid in self._rows if oid not in rows]
        # What satisfies the conditions no more is still there.
        left = self._still_there(gone) if self._query.terms or self._query.finding else {}
        return self._changes(rows, left, [oid for oid in gone if oid not in left])

    def _changes(
        self,
        rows: Mapping[Oid, tuple[LoadedValue, ...]],
        left: Mapping[Oid, tuple[LoadedValue, ...]],
        gone: Sequence[Oid],
    ) -> list[Found]:
        """What became of *rows*, of those that *left* the conditions, and of those that are *gone*."""
        found = []
        for oid, row in {**rows, **left}.items():
            before = self._rows.get(oid)
            if before is None or oid in left or _differs(before, row):
                found.append(self._found(oid, CREATED if before is None else CHANGED, before, row, oid not in left))
        found.sort(key=lambda one: (one.change.at is not None, one.change.at.timestamp() if one.change.at else 0))
        return found + [self._found(oid, DELETED, self._rows[oid], None, False) for oid in gone]

    def _still_there(self, oids: list[Oid]) -> dict[Oid, tuple[LoadedValue, ...]]:
        # Some servers still show by their key what is deleted.
        select = tuple(_path(name) for name in dict.fromkeys(filter(None, (*self._all, self._deleted))))
        found: dict[Oid, tuple[LoadedValue, ...]] = {}
        most = self._context.backend.can.max_keys
        for start in range(0, len(oids), most):
            since = self._context.writes
            fetch = Fetch(self._query.type_name, select, oids=tuple(oids[start : start + most]))
            try:
                [rows] = self._context.read([fetch])
            except NotFound:
                continue
            self._context.know(rows.rows)
            for asset in self._context.merge_rows(rows.rows, since):
                if not (self._deleted and self._value(asset, asset._state.cell(self._deleted), self._deleted)):
                    found[asset._state.oid] = self._row(asset)
        return found

    def _found(
        self,
        oid: Oid,
        kind: str,
        before: tuple[LoadedValue, ...] | None,
        after: tuple[LoadedValue, ...] | None,
        is_kept: bool,
    ) -> Found:
        asset = self._context.asset(oid)
        at = by = None
        if after is not None:
            at, by = self._told(asset, after, self._at), self._told(asset, after, self._by)
        differences = self._cells.differences(asset, before, after)
        who = self._context.asset(by) if isinstance(by, Oid) else None
        change = AssetChange(asset, kind, differences, at if isinstance(at, datetime) else None, who)
        kept = [to_json(cell) for cell in after] if is_kept and after is not None else None
        return Found(change, [oid.type, oid.key, kept])

    def _told(self, asset: Instance, row: tuple[LoadedValue, ...], name: str | None) -> object:
        return None if name is None else self._value(asset, row[self._all.index(name)], name)

    def _value(self, asset: Instance, cell: LoadedValue, name: str) -> object:
        if cell is UNREAD or cell is ABSENT or cell is None or isinstance(cell, Oid):
            return cell if isinstance(cell, Oid) else None
        return decoded(asset, self._context.schema.attribute(self._query.type_name, name), cell)

    def finish(self, finished: Any) -> None:
        kind, key, kept = finished
        self._is_changed = True
        if kept is None:
            self._rows.pop(Oid(kind, key), None)
        elif len(kept) != len(self._all):
            raise ValueError(f"{len(kept)} values instead of {len(self._all)}")
        else:
            self._rows[Oid(kind, key)] = tuple(map(from_json, kept))

    def end_round(self) -> bool:
        is_changed, self._is_changed = self._is_changed, False
        return is_changed

    @property
    def state(self) -> Any:
        return [[oid.type, oid.key, [to_json(cell) for cell in row]] for oid, row in self._rows.items()]

    @state.setter
    def state(self, kept: Any) -> None:
        self._rows = {}
        for row in kept:
            self.finish(row)
        self._is_changed = False

    def explain(self) -> str:
        when = f", and {self._at} as the time of a change" if self._at else ""
        return (
            f"by comparison: each round reads all that is watched, with {', '.join(self._names)}{when}, and compares it"
            " with the round before; changes between two rounds are seen as one\n"
            f"requests per round: {self._query.explain()}"
        )


class RecentReader(ComparisonReader):
    """Reads the assets that were changed last, newest first, as far back as the round before, and compares these. A
    count tells whether others have gone meanwhile, and so does a list in another order; then all are read.
    """

    way = "recent"

    def __init__(self, query: Query, marks: ChangeMarks) -> None:
        super().__init__(query, marks)
        self._mark: datetime | None = None
        self._newest: datetime | None = None
        self._flag = self._deleted
        # An asset stays where it is a part; by other conditions it may come and go.
        kind = query.schema.type(query.type_name)
        lasting = tuple(term for term in query.terms if _is_lasting(kind, term))
        self._is_whole = lasting == query.terms
        newest_first = f"-{marks.at}"
        columns = self._all if self._flag is None else tuple(dict.fromkeys((*self._all, self._flag)))
        around = replace(self._query, terms=lasting, _results=[]).select(*columns)
        self._around = (around.deleted() if self._flag else around).sort(newest_first)
        self._matching = self._query.sort(newest_first)

    def start(self) -> None:
        super().start()
        self._mark = self._newest

    def _row(self, asset: Instance) -> tuple[LoadedValue, ...]:
        moment = self._moment(asset)
        if moment is not None:
            self._newest = moment if self._newest is None else max(self._newest, moment)
        return super()._row(asset)

    def _moment(self, asset: Instance) -> datetime | None:
        found = None if self._at is None else self._value(asset, asset._state.cell(self._at), self._at)
        return found if isinstance(found, datetime) else None

    def read(self) -> list[Found]:
        recent = None if self._mark is None else self._recent(self._around)
        if recent is None:
            return super().read()
        gone = [oid for oid, (_, is_deleted) in recent.items() if is_deleted and oid in self._rows]
        there = {oid: row for oid, (row, is_deleted) in recent.items() if not is_deleted}
        matching = there
        if not self._is_whole:
            found = self._recent(self._matching)
            if found is None:
                return super().read()
            matching = {oid: row for oid, (row, _) in found.items()}
        left = {oid: row for oid, row in there.items() if oid in self._rows and oid not in matching}
        # Assets go without a trace with what they are part of.
        if len((self._rows.keys() | matching.keys()) - left.keys() - set(gone)) != self._query.count():
            return super().read()
        return self._changes(matching, left, gone)

    def _recent(self, query: Query) -> dict[Oid, tuple[tuple[LoadedValue, ...], bool]] | None:
        """The assets changed since the mark, less an overlap, and which are deleted; None for a list that is not in the
        order of their changes. One request per page.
        """
        assert self._mark is not None
        since = self._mark - OVERLAP
        found: dict[Oid, tuple[tuple[LoadedValue, ...], bool]] = {}
        last: datetime | None = None
        for page in query.pages(_RECENT):
            for asset in page:
                moment = self._moment(asset)
                if moment is None or (last is not None and moment > last):
                    return None
                if moment < since:
                    return found
                last = moment
                found[asset._state.oid] = self._row(asset), self._is_deleted(asset)
        return found

    def _is_deleted(self, asset: Instance) -> bool:
        return bool(self._flag and self._value(asset, asset._state.cell(self._flag), self._flag))

    def end_round(self) -> bool:
        is_later, self._mark = self._mark != self._newest, self._newest
        return super().end_round() or is_later

    @property
    def state(self) -> Any:
        return {"mark": None if self._mark is None else self._mark.isoformat(), "rows": super().state}

    @state.setter
    def state(self, kept: Any) -> None:
        self._mark = self._newest = None if kept["mark"] is None else datetime.fromisoformat(kept["mark"])
        ComparisonReader.state.fset(self, kept["rows"])  # type: ignore[attr-defined]

    def explain(self) -> str:
        minutes, names = OVERLAP.seconds // 60, ", ".join(self._names)
        again = "" if self._is_whole else ", and again for what satisfies the conditions"
        return (
            f"by change date: each round reads what was changed since the latest {self._at} seen, and {minutes} minutes"
            f" before it, with {names}; changes between two rounds are seen as one\n"
            f"one request per round and {_RECENT} changed assets{again}, and one to count; however many assets are"
            " watched, unless some have gone with what they were part of"
        )


def _is_lasting(kind: AssetType, term: Term) -> bool:
    """True for a condition on what an asset is part of, which never changes."""
    if not isinstance(term, Compare) or term.operator != "=" or not term.path.is_name:
        return False
    attribute = kind.attributes.get(term.path.head)
    return attribute is not None and attribute.cascades and all(isinstance(value, Oid) for value in term.values)


def _differs(before: tuple[LoadedValue, ...], after: tuple[LoadedValue, ...]) -> bool:
    return any(
        comparable(was) != comparable(now)
        for was, now in zip(before, after, strict=True)
        if was is not UNREAD and now is not UNREAD
    )
