"""Changes by comparison with the last reading: of all that is watched, or of what was changed last."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from msgspec.structs import replace

from assetmeta.core.context import SessionContext
from assetmeta.core.query import Query
from assetmeta.core.state import Instance, LoadedValue
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
from assetmeta.features.change_reader import OVERLAP, Found, path_to, selected_names
from assetmeta.model.conditions import Compare, Term
from assetmeta.model.contract import ChangeMarks
from assetmeta.model.errors import NotFound, ResultChanged
from assetmeta.model.plans import Fetch
from assetmeta.model.schema import AssetType
from assetmeta.model.values import ABSENT, UNREAD, Oid, chunks

_RECENT = 200
"""Assets per page of a list of those changed last."""

_ATTEMPTS = 3
"""How often in one round a list is read that changes while it is read."""

T = TypeVar("T")


def _with_retries(read: Callable[[], T]) -> T:
    """Return what *read* returns. It is called again when the list changes meanwhile; ResultChanged of the last attempt
    is raised.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return read()
        except ResultChanged:
            continue
    return read()


class ComparisonReader:
    """Reads what is watched as a whole and compares it with the last reading."""

    way = "comparison"

    def __init__(self, query: Query, marks: ChangeMarks) -> None:
        self._context: SessionContext = query.context
        kind = query.schema.type(query.type_name)
        self._names = selected_names(query)
        self._cells = Cells(self._context, kind.name, self._names)
        # Attributes that lists do not contain would take requests of their own.
        at, by = (name if name in (*kind.basic, *self._names) else None for name in (marks.at, marks.by))
        self._at, self._by, self._deleted = at, by, kind.deleted
        self._all = tuple(dict.fromkeys([*self._names, *filter(None, (at, by))]))
        self._query = query.select(*self._all)
        self._rows: dict[Oid, tuple[LoadedValue, ...]] = {}
        self._is_changed = False

    def start(self) -> None:
        self._rows = dict(self._read_all())

    def _read_all(self) -> dict[Oid, tuple[LoadedValue, ...]]:
        return _with_retries(
            lambda: {asset._state.oid: self._row(asset) for page in self._query.pages() for asset in page}
        )

    def _row(self, asset: Instance) -> tuple[LoadedValue, ...]:
        return tuple(without_moment(asset._state.cell(name)) for name in self._all)

    def read(self) -> list[Found]:
        rows = self._read_all()
        gone = [oid for oid in self._rows if oid not in rows]
        # What has gone from the result may exist still, and satisfy the conditions no more.
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
        """Those of *oids* that exist, with what is compared of them. One request per chunk of keys."""
        # Some servers return deleted assets by their keys.
        select = tuple(path_to(name) for name in dict.fromkeys(filter(None, (*self._all, self._deleted))))
        found: dict[Oid, tuple[LoadedValue, ...]] = {}
        for some in chunks(oids, self._context.backend.can.max_keys):
            since = self._context.writes
            fetch = Fetch(self._query.type_name, select, oids=tuple(some))
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
            at, by = self._value_in(after, asset, self._at), self._value_in(after, asset, self._by)
        differences = self._cells.differences(asset, before, after)
        author = self._context.asset(by) if isinstance(by, Oid) else None
        change = AssetChange(asset, kind, differences, at if isinstance(at, datetime) else None, author)
        kept = [to_json(cell) for cell in after] if is_kept and after is not None else None
        return Found(change, [oid.type, oid.key, kept])

    def _value_in(self, row: tuple[LoadedValue, ...], asset: Instance, name: str | None) -> object:
        """The value of the attribute *name* in a row, None where it has none or *name* is None."""
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
    """Reads the assets that were changed last, newest first, as far back as the round before, and compares these. All
    are read where the list is not in that order, and where a count shows that others have gone meanwhile.
    """

    way = "recent"

    def __init__(self, query: Query, marks: ChangeMarks) -> None:
        super().__init__(query, marks)
        self._mark: datetime | None = None
        self._newest: datetime | None = None
        self._flag = self._deleted
        # What an asset is part of never changes; other conditions may cease to be satisfied.
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
        # What satisfies the conditions is read first. An asset that ceases to do so before the rest is read is in both
        # lists, and the next round sees it; in the other order it would leave with a row that still satisfies them.
        is_marked = self._mark is not None
        found = _with_retries(lambda: self._recent(self._matching)) if is_marked and not self._is_whole else {}
        recent = _with_retries(lambda: self._recent(self._around)) if is_marked and found is not None else None
        if recent is None or found is None:
            return super().read()
        gone = [oid for oid, (_, is_deleted) in recent.items() if is_deleted and oid in self._rows]
        there = {oid: row for oid, (row, is_deleted) in recent.items() if not is_deleted}
        matching = there if self._is_whole else {oid: row for oid, (row, _) in found.items() if oid not in gone}
        left = {oid: row for oid, row in there.items() if oid in self._rows and oid not in matching}
        # Assets that go together with what they are part of are in no list; only the count shows it.
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
