"""A mirror of a server in SQLite: what SQL, notebooks and `assetmeta browse` read without sending a request."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from assetmeta import BadValue, Query, Session, UsageError, inspect, to_arrow
from assetmeta.model import optional
from assetmeta.model.contract import SupportsNames
from assetmeta.model.schema import AssetType, Attribute
from assetmeta.model.values import chunks
from assetmeta.tools.mirror_database import KEY, URL, VERSION, AssetRow, Link, MirrorDatabase, TypeTables, refused

STAMPS = {"versionone": "Moment", "valohai": "mtime"}
"""The attribute that changes with its asset, where reading it alone takes less than reading all of the asset: one value
instead of thirty, and lists instead of a request per asset. Elsewhere lists bring everything, and rows are compared.
"""

_FACETS = 4
"""Columns to choose by, at most."""


class MirroredType(NamedTuple):
    """What one run did for a type: how many assets there are, how many rows were written, how many removed."""

    type: str
    read: int
    changed: int
    removed: int


def mirror(
    session: Session,
    path: str | Path,
    types: Iterable[str],
    where: Mapping[str, Any] | None = None,
    *,
    full: bool = False,
) -> list[MirroredType]:
    """Make a SQLite file agree with the assets of some types; return what was done, one entry per type, same order.

    Each type is a table, each relation to a mirrored type a foreign key or a table of pairs, each text is in a
    full-text index. *where* maps types to a condition, or several, as `query.where()` takes them: other assets are not
    in the mirror. Types that the file has from earlier and that are not named stay as they are.

    A later run reads everything of what has changed, and of the rest the key and `Moment` (VersionOne) or `mtime`
    (Valohai); Valispace's and Testspace's lists bring everything, and only rows that differ are written. What is gone
    is removed. *full* reads everything, also values that the server computes from other assets. Each page is one
    transaction: a run that is stopped leaves a sound file, and the next one completes it.

    Requests: one per page of each type, and those for what has changed. Raises BadValue for abstract types, and for a
    file of another server or that cannot be written, UsageError while changes are pending.
    """
    if session.pending:
        raise UsageError(f"{session.pending} assets have changes that were not sent: commit or revert them first.")
    names, conditions = _checked(session, types, where or {})
    database = MirrorDatabase(path, session.base_url)
    try:
        with refused(path):
            layouts = [tables_of(session, name, {*names, *database.signatures}) for name in names]
            database.prepare(layouts)
            return [_TypeMirror(session, database, each, conditions[each.type], full).run() for each in layouts]
    finally:
        database.db.close()


def _checked(
    session: Session, types: Iterable[str], where: Mapping[str, Any]
) -> tuple[list[str], dict[str, list[Any]]]:
    names = list(dict.fromkeys([types] if isinstance(types, str) else types))
    if not names:
        raise BadValue("A mirror needs the types to be in it.")
    for name in names:
        kind = session.schema.type(name)
        if kind.abstract or kind.members:
            under = [one for one in session.types if one != name and session.schema.is_a(one, name)]
            raise BadValue(f"{name} is abstract: mirror the types that there are of it ({', '.join(under)}).")
    unknown = sorted(set(where) - set(names))
    if unknown:
        raise BadValue(f"There are conditions on {', '.join(unknown)}, which the mirror is not to have.")
    given = {name: where.get(name, ()) for name in names}
    return names, {name: list(one) if isinstance(one, list | tuple) else [one] for name, one in given.items()}


class _TypeMirror:
    """One run for one type. *whole* runs read everything of all assets, others only what the stamp shows as changed; a
    *forced* one writes rows that agree as well.
    """

    def __init__(
        self, session: Session, database: MirrorDatabase, layout: TypeTables, conditions: Sequence[Any], full: bool
    ) -> None:
        self.session, self.database, self.layout = session, database, layout
        self.conditions = conditions
        self.attributes = list(layout.attributes)
        self.stamp = _stamp(session, layout.type)
        self.whole = full or not self.stamp or not database.is_complete(layout.type)
        self.forced = full

    def run(self) -> MirroredType:
        name = self.layout.type
        run = self.database.begin(name, "; ".join(map(str, self.conditions)), _now())
        query = self.session.query(name).where(*self.conditions)
        selected = [*self.attributes, *([self.stamp] if self.stamp else [])] if self.whole else [self.stamp]
        for page in query.select(*selected).pages():
            self._save(page, run)
        return MirroredType(name, *self.database.finish(name, run, _now()))

    def _save(self, page: list[Any], run: int) -> None:
        name = self.layout.type
        if self.whole:
            records = list(self._records(page))
            versions = {record.row[KEY]: record.row[VERSION] for record in records}
            changed = set(self.database.changed(name, versions))
            records = [record for record in records if self.forced or record.row[KEY] in changed]
        else:
            assets = {self._key(asset): asset for asset in page}
            keys = self.database.changed(name, {key: _version(asset[self.stamp]) for key, asset in assets.items()})
            records = list(self._records(self._read([assets[key] for key in keys])))
        self.database.save(self.layout, records, run, len(page))

    def _read(self, assets: list[Any]) -> list[Any]:
        """Read all that is mirrored of assets: one request per chunk of keys, or what their list did not contain."""
        can = self.session.backend.can
        if not can.keyset_column:
            for asset in assets:
                inspect(asset).refresh()
            self.session.populate(assets, *self.attributes, self.stamp)
            return assets
        query: Query = self.session.query(self.layout.type).select(*self.attributes, self.stamp)
        found: list[Any] = []
        for some in chunks(assets, can.max_keys):
            keys = [self._key(asset) for asset in some]
            found.extend(query.where(query[can.keyset_column].in_(keys)))
        return found

    def _key(self, asset: Any) -> Any:
        key = asset.idref.partition(":")[2]
        return int(key) if self.layout.kind == "INTEGER" else key

    def _records(self, assets: list[Any]) -> Iterator[AssetRow]:
        if not assets:
            return
        rows = to_arrow(assets, *self.attributes, decimals="float").to_pylist()
        linked = {link.attribute for link in self.layout.links}
        columns = {name: column for name, column in self.layout.attributes.items() if name not in linked}
        for asset, values in zip(assets, rows, strict=True):
            row = {KEY: self._key(asset), URL: asset.url}
            row |= {column: _cell(values[name]) for name, column in columns.items()}
            links = {name: _as_list(values[name]) for name in linked}
            row[VERSION] = _version(asset[self.stamp]) if self.stamp else _digest([row, sorted(links.items())])
            yield AssetRow(row, links)


def _stamp(session: Session, name: str) -> str:
    """The attribute of a type that changes with its asset (see STAMPS), or an empty text."""
    stamp = STAMPS.get(session.backend.name.lower(), "")
    return stamp if stamp in session.schema.type(name).attributes else ""


def tables_of(session: Session, name: str, mirrored: set[str]) -> TypeTables:
    """Return the tables of a type: its basic attributes, and relations with several values to types in the mirror."""
    kind = session.schema.type(name)
    attributes = [one for one in kind.attributes.values() if _is_mirrored(session, kind, one, mirrored)]
    reader = optional.load("pyarrow", extra="mirror").RecordBatchReader
    fields = {
        field.name: field.type
        for field in reader.from_stream(session.query(name).select(*[one.name for one in attributes])).schema
    }
    columns = _column_names([one.name for one in attributes])
    links = [
        Link(name, one.name, one.related, f"{name}_{columns[one.name]}" if one.multi else name, columns[one.name],
             _key_type(session, one.related), one.multi)
        for one in attributes
        if one.related in mirrored
    ]  # fmt: skip
    linked = {link.attribute for link in links}
    own = [one for one in attributes if one.name not in linked]
    return TypeTables(
        type=name,
        kind=_key_type(session, name),
        attributes=columns,
        columns={columns[one.name]: _sql_type(fields[one.name]) for one in own},
        links=links,
        texts=[columns[one.name] for one in own if not one.is_relation and str(fields[one.name]) == "string"],
        label=columns.get(kind.display or "", KEY),
        facets=_facets([columns[one.name] for one in own if str(fields[one.name]).startswith("dictionary")], links),
    )


def _is_mirrored(session: Session, kind: AssetType, attribute: Attribute, mirrored: set[str]) -> bool:
    """True for basic attributes, and for relations with several values between types in the mirror that no attribute
    of the other side has already.
    """
    if attribute.is_secret or attribute.basic:
        return not attribute.is_secret
    if not attribute.multi or attribute.readonly or not attribute.writable or attribute.related not in mirrored:
        return False
    name = (attribute.reciprocal or "").rpartition(".")[2]
    back = session.schema.type(attribute.related or "").attributes.get(name)
    if back is None or back.related not in mirrored:
        return True
    return back.multi and (attribute.related, name) > (kind.name, attribute.name)


def _column_names(names: Iterable[str]) -> dict[str, str]:
    """The names of columns, by attribute. SQLite ignores letter case, and some names are the mirror's own."""
    columns: dict[str, str] = {}
    taken = {KEY, URL, VERSION, "rowid", "rank"}
    for name in names:
        column = name
        while column.lower() in taken:
            column += "_"
        taken.add(column.lower())
        columns[name] = column
    return columns


def _key_type(session: Session, name: str) -> str:
    """The SQL type of a type's keys: numbers or texts, as in frames."""
    backend = session.backend
    numbered = not isinstance(backend, SupportsNames) or isinstance(backend.key_of(name, "1"), int)
    return "INTEGER" if numbered else "TEXT"


def _sql_type(arrow: Any) -> str:
    name = str(arrow)
    if name == "bool" or name.startswith("int"):
        return "INTEGER"
    if name in ("float", "double") or name.startswith("duration"):
        return "REAL"
    return "BLOB" if name == "binary" else "TEXT"


def _facets(words: Iterable[str], links: Iterable[Link]) -> list[str]:
    """The columns to choose by: lists of words first, then relations."""
    return [*words, *(link.column for link in links if not link.multi)][:_FACETS]


def _cell(value: Any) -> Any:
    """A value as SQLite holds it: times as ISO texts in UTC, lengths of time in seconds, several values as JSON."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, list):
        return json.dumps([_cell(one) for one in value], ensure_ascii=False)
    return value


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _digest(values: object) -> str:
    return hashlib.sha256(json.dumps(values, default=str).encode()).hexdigest()[:32]


def _version(value: Any) -> str:
    return str(_cell(value))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
