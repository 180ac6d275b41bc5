"""Changes whose outcome is unknown, compared with the server's values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from assetmeta.backends.echo import Real
from assetmeta.backends.local.records import decode_cell
from assetmeta.model.errors import NotFound
from assetmeta.model.http import Flow
from assetmeta.model.paths import Path
from assetmeta.model.plans import AttributeChange, Delete, Done, Failed, Fetch, Outcome, RawValue, Row, Rows, Update
from assetmeta.model.schema import Attribute, Schema
from assetmeta.model.values import Oid

_NEVER_READ = frozenset({"Blob", "Password"})


@dataclass(frozen=True, slots=True)
class Verifier:
    """Compares updates and deletes by one read per type. *fetch* and *real* are the dialect's."""

    schema: Schema
    fetch: Callable[[Sequence[Fetch]], Flow[list[Rows]]]
    real: Real

    def verify(self, changes: Sequence[Update | Delete]) -> Flow[list[Outcome | None]]:
        """Return the outcomes of *changes*, same order: Done where the server has the values, Failed with NotFound
        where the asset of an update does not exist, None where the change was not saved.
        """
        rows = yield from self.read(changes)
        return [self._outcome(change, rows.get(self._oid(change))) for change in changes]

    def read(self, changes: Iterable[Update | Delete]) -> Flow[dict[Oid, Row]]:
        """Read the changed attributes of all the assets, by identity. Assets that do not exist are left out."""
        names: dict[str, dict[str, None]] = {}
        oids: dict[str, dict[Oid, None]] = {}
        for change in changes:
            oid = self._oid(change)
            oids.setdefault(oid.type, {})[oid] = None
            names.setdefault(oid.type, {}).update(dict.fromkeys(self._names(change, oid)))
        fetches = [Fetch(name, tuple(map(Path.parse, names[name])), oids=tuple(each)) for name, each in oids.items()]
        found: dict[Oid, Row] = {}
        for fetch in fetches:
            try:
                [rows] = yield from self.fetch([fetch])
            except NotFound:
                # The answer of some servers where a single asset is requested.
                continue
            requested = {oid.key: oid for oid in fetch.oids or ()}
            found.update({requested[row.oid.key]: row for row in rows.rows if row.oid.key in requested})
        return found

    def _names(self, change: Update | Delete, oid: Oid) -> list[str]:
        kind = self.schema.type(oid.type)
        if isinstance(change, Delete):
            return [kind.deleted] if kind.deleted else []
        return [delta.name for delta in change.deltas if kind.attribute(delta.name).kind not in _NEVER_READ]

    def _outcome(self, change: Update | Delete, row: Row | None) -> Outcome | None:
        oid = self._oid(change)
        cells = dict(zip(row.columns, row.values, strict=True)) if row is not None else {}
        if isinstance(change, Delete):
            mark = self.schema.type(oid.type).deleted
            is_gone = row is None or (
                mark is not None and decode_cell(self.schema.attribute(oid.type, mark), cells[mark])
            )
            return Done(change, oid) if is_gone else None
        if row is None:
            return Failed(change, missing(oid))
        return Done(change, oid, row) if self.holds(change, cells) else None

    def holds(self, change: Update, cells: Mapping[str, RawValue]) -> bool:
        """True when *cells* are the values of *change*."""
        return all(self._has(change, delta, cells) for delta in change.deltas)

    def _has(self, change: Update, delta: AttributeChange, cells: Mapping[str, RawValue]) -> bool:
        attribute = self.schema.attribute(change.oid.type, delta.name)
        if delta.name not in cells:
            return False
        resolved = replace(
            delta,
            new=self._real(delta.new),
            added=tuple(map(self._real, delta.added)),
            removed=tuple(map(self._real, delta.removed)),
        )
        return resolved.holds(_present(attribute, cells[delta.name]))

    def _real(self, value: object) -> object:
        if isinstance(value, tuple) and not isinstance(value, Oid):
            return tuple(map(self._real, value))
        found = self.real(value)
        return found.current if isinstance(found, Oid) else found

    def _oid(self, change: Update | Delete) -> Oid:
        found = self.real(change.oid)
        assert isinstance(found, Oid)
        return found


def _present(attribute: Attribute, cell: RawValue) -> object:
    """The value of an attribute, as changes have it."""
    if attribute.multi:
        members = cell if isinstance(cell, tuple) and not isinstance(cell, Oid) else ()
        return tuple(each.current if isinstance(each, Oid) else decode_cell(attribute, each) for each in members)
    return cell.current if isinstance(cell, Oid) else decode_cell(attribute, cell)


def missing(oid: Oid) -> NotFound:
    """The error for a change of an asset that a read does not find."""
    return NotFound(f"{oid.token} does not exist, was deleted or is not visible.", status=404, oid=oid.token)
