"""A second look at updates of which the server said nothing: it counts no asset that is gone or hidden as modified,
and is not known to count one that already was as it should be (bulk: update).
"""

from __future__ import annotations

from collections.abc import Mapping

from assetmeta.backends.versionone.documents import moves
from assetmeta.backends.versionone.fetching import fetch
from assetmeta.backends.versionone.progress import Progress
from assetmeta.backends.versionone.verdicts import not_found, refused
from assetmeta.model.codecs import Codec
from assetmeta.model.errors import AssetmetaError, NotFound
from assetmeta.model.flows import Flow
from assetmeta.model.paths import Path
from assetmeta.model.plans import Cell, Delta, Done, Failed, Fetch, Outcome, Row, Unknown, Update
from assetmeta.model.values import UNREAD, Key, Oid

_NEVER_READ = frozenset({"Blob", "Password"})


def look_again(progress: Progress, doubtful: Mapping[int, bool]) -> Flow[None]:
    """Read the assets of these updates and note what came of them; each index tells whether the server would have
    reported a failure. One request for several hundred of them.

    Gone: it failed, not found. There: done when failures are reported, or when its values are what they should be.
    """
    updates = {index: change for index in doubtful if isinstance(change := progress.changes[index], Update)}
    if not updates:
        return
    try:
        results = yield from fetch(progress.schema, _fetches(progress, updates), progress.settings)
    except NotFound:
        rows: dict[Key, Row] = {}
    except AssetmetaError as error:
        for index, change in updates.items():
            progress.end(index, Unknown(change, error))
        return
    else:
        rows = {row.oid.key: row for result in results for row in result.rows}
    for index, change in updates.items():
        progress.end(index, _judged(progress, change, rows, doubtful[index]))


def _fetches(progress: Progress, updates: Mapping[int, Update]) -> list[Fetch]:
    """One fetch per type, of all that is changed in any asset of it."""
    oids: dict[str, dict[Oid, None]] = {}
    names: dict[str, dict[str, None]] = {}
    for change in updates.values():
        oid = progress.known.get(change.oid, change.oid)
        oids.setdefault(oid.type, {})[oid] = None
        kinds = {delta.name: progress.schema.attribute(oid.type, delta.name).kind for delta in change.deltas}
        readable = {name: None for name, kind in kinds.items() if kind not in _NEVER_READ}
        names.setdefault(oid.type, {}).update(readable)
    return [Fetch(name, tuple(map(Path.parse, names[name])), oids=tuple(each)) for name, each in oids.items()]


def _judged(progress: Progress, change: Update, rows: Mapping[Key, Row], reported: bool) -> Outcome:
    oid = progress.known.get(change.oid, change.oid)
    row = rows.get(oid.key)
    if row is None:
        return Failed(change, not_found(change, oid))
    cells = dict(zip(row.columns, row.values, strict=True))
    if reported or all(_holds(progress, change, delta, cells) for delta in change.deltas):
        return Done(change, oid, row)
    return Failed(change, refused(change, None))


def _holds(progress: Progress, change: Update, delta: Delta, cells: Mapping[str, Cell]) -> bool:
    """True when the asset now has what *delta* wants."""
    attribute = progress.schema.attribute(change.oid.type, delta.name)
    cell = cells.get(delta.name)
    if not attribute.multi:
        return _value(attribute.codec, cell) == _real(progress, delta.new)
    added, removed = ({_real(progress, each) for each in values} for values in moves(delta))
    members = {_value(attribute.codec, each) for each in cell} if isinstance(cell, tuple) else set()
    return added <= members and members.isdisjoint(removed)


def _real(progress: Progress, value: object) -> object:
    return progress.known.get(value, value).current if isinstance(value, Oid) else value


def _value(codec: Codec, cell: object) -> object:
    if isinstance(cell, Oid):
        return cell.current
    try:
        return codec.decode(cell)  # type: ignore[arg-type]
    except ValueError:
        return UNREAD
