"""Writing records: one document or operation is one moment, and every asset it changes gets one new record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from .catalogue import CARRIED
from .literals import DELETED, spell_time
from .store import FOREVER, Shape, Store, column
from .types import Catalogue

_NEW = ("since", "state", "changed_at", "changed_by", "reason", "comment")
"""The columns, beside those of the catalogue, that every new record has of its own."""


@dataclass(slots=True)
class Record:
    """The current record of an asset. *values* are those of the columns that its type has, or of all there are."""

    row: int
    asset: str
    type_name: str
    since: int
    state: int
    values: dict[str, object]


class Pen:
    """Writes on behalf of one member, within `Store.transaction`. The moment is taken when the first change is made."""

    def __init__(self, catalogue: Catalogue, store: Store, member: str, now: datetime, note: str | None = None) -> None:
        self.catalogue = catalogue
        self.store = store
        self.member = member
        self.now = now
        self.note = note
        self.reason: str | None = None
        self._moment: int | None = None
        self._at = spell_time(now)
        self._known: dict[str, Record] = {}

    @property
    def moment(self) -> int:
        """The moment of everything this pen writes."""
        if self._moment is None:
            self._moment = self.store.tick(self._at)
        return self._moment

    def read(self, asset: str) -> Record | None:
        """The current record of an asset, deleted ones included; None when there is no such asset."""
        known = self._known.get(asset)
        if known is None:
            shape = self.store.shape(asset.partition(":")[0])
            known = next(self._records(shape, f"asset = ? AND until = {FOREVER}", (asset,)), None)
            if known is not None:
                self._known[asset] = known
        return known

    def forget(self) -> None:
        """Read every record anew: some were changed behind this pen's back."""
        self._known.clear()

    def find(self, where: str, *values: object) -> list[Record]:
        """The current records, not deleted, that meet a condition on the table's columns, by id."""
        current = f"until = {FOREVER} AND state <> {DELETED} AND {where} ORDER BY id"
        return list(self._records(self.store.shape(None), current, values))

    def _records(self, shape: Shape, where: str, values: tuple[object, ...]) -> Iterator[Record]:
        for row, asset, kind, since, state, *kept in self.store.rows(f"{shape.select} WHERE {where}", values):
            yield Record(row, asset, kind, since, state, dict(zip(shape.names, kept, strict=True)))  # type: ignore[arg-type]

    def create(self, type_name: str, state: int, values: Mapping[str, object]) -> str:
        """Write the first record of a new asset and return its token."""
        number = self.store.reserve(1)
        asset = f"{type_name}:{number}"
        carried = self._carried(type_name, values.get("Parent"))
        self._insert(asset, state, {**values, **carried})
        return asset

    def put(self, asset: str, values: Mapping[str, object], state: int | None = None, *, touch: bool = False) -> bool:
        """Change columns, the state, or with *touch* nothing but the moment. Tells whether there is a new record.

        What an asset hands down (the Scope of a Story to its Tasks) changes with it, at the same moment.
        """
        record = self.read(asset)
        if record is None:
            raise LookupError(asset)
        values = {**values, **self._carried(record.type_name, values.get("Parent", record.values.get("Parent")))}
        changed = {name: value for name, value in values.items() if record.values[name] != value}
        if not changed and state in (None, record.state) and not touch:
            return False
        self._supersede(record, changed, record.state if state is None else state)
        self._hand_down(asset, changed)
        return True

    def _carried(self, type_name: str, parent: object) -> dict[str, object]:
        names = CARRIED.get(type_name, ())
        above = self.read(str(parent)) if names and parent is not None else None
        return {name: above.values[name] for name in names} if above else {}

    def _hand_down(self, asset: str, changed: Mapping[str, object]) -> None:
        for type_name, names in CARRIED.items():
            if not changed.keys() & set(names):
                continue
            below = self.store.rows(
                f"SELECT asset FROM record WHERE {column('Parent')} = ? AND type = ? AND until = {FOREVER}",
                (asset, type_name),
            )
            for (child,) in below:
                self.put(str(child), {})

    def _supersede(self, record: Record, changed: Mapping[str, object], state: int) -> None:
        """Write a new state of an asset over its record, of which a copy stays as its past.

        So the indexes of what does not change are left alone.
        """
        moment = self.moment
        fixed: dict[str, object] = {"state": state}
        if record.since != moment:
            self.store.keep_past(record.row, record.type_name, moment)
            fixed = dict(zip(_NEW, self._new(state), strict=True))
        values = {**fixed, **{column(name): value for name, value in changed.items()}}
        names = ", ".join(f"{name} = ?" for name in values)
        self.store.rows(f"UPDATE record SET {names} WHERE row = ?", (*values.values(), record.row))
        now = {**record.values, **changed}
        self._known[record.asset] = Record(record.row, record.asset, record.type_name, moment, state, now)

    def _new(self, state: int) -> tuple[object, ...]:
        return self.moment, state, self._at, self.member, self.reason, self.note

    def _insert(self, asset: str, state: int, values: Mapping[str, object]) -> None:
        type_name, _, key = asset.partition(":")
        kept = {name: value for name, value in values.items() if value is not None}
        names = ", ".join(("asset, id, type, until", *_NEW, *map(column, kept)))
        fixed = (asset, int(key), type_name, FOREVER, *self._new(state))
        marks = ", ".join("?" * (len(fixed) + len(kept)))
        self.store.rows(f"INSERT INTO record ({names}) VALUES ({marks})", (*fixed, *kept.values()))

    def linked(self, relation: str, asset: str, side: str = "source") -> list[str]:
        """What a link relation holds for an asset now."""
        far = "target" if side == "source" else "source"
        sql = f"SELECT {far} FROM link WHERE relation = ? AND {side} = ? AND until = {FOREVER} ORDER BY rowid"
        return [str(found) for (found,) in self.store.rows(sql, (relation, asset))]

    def link(self, relation: str, source: str, target: str) -> bool:
        """Add a link. Tells whether it is new."""
        if target in self.linked(relation, source):
            return False
        values = (relation, source, target, self.moment, FOREVER)
        self.store.rows("INSERT INTO link VALUES (?, ?, ?, ?, ?)", values)
        return True

    def unlink(self, relation: str, source: str, target: str) -> bool:
        """End a link. Tells whether there was one."""
        if target not in self.linked(relation, source):
            return False
        tie = (relation, source, target, FOREVER)
        self.store.rows(
            "UPDATE link SET until = ? WHERE relation = ? AND source = ? AND target = ? AND until = ?",
            (self.moment, *tie),
        )
        self.store.rows("DELETE FROM link WHERE since = until AND relation = ? AND source = ?", (relation, source))
        return True
