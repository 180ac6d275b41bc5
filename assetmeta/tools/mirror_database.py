"""The SQLite file of a mirror: a table per type, tables of pairs for relations with several values, full-text indexes.

A relation is a foreign key only while the row it leads to is in the mirror. Until then, and after that row is removed,
its key is in `_outside`: foreign keys hold after every transaction, and no key is lost.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from assetmeta.model import optional
from assetmeta.model.errors import BadValue

if TYPE_CHECKING:
    from sqlite_utils import Database

KEY, URL, VERSION = "_key", "_url", "_version"
"""Columns that every type has: the asset's key, the server's page of it, and what changes when the asset does."""

OWN_TABLES = ("_types", "_links", "_outside", "_runs")

_SCHEMA = """
CREATE TABLE _types (
    type TEXT PRIMARY KEY, server TEXT, signature TEXT, label TEXT, facets TEXT, complete INTEGER);
CREATE TABLE _links (
    type TEXT, attribute TEXT, related TEXT, name TEXT, col TEXT, kind TEXT, multi INTEGER,
    PRIMARY KEY (type, attribute));
CREATE TABLE _outside (
    type TEXT, attribute TEXT, key, related TEXT, related_key, PRIMARY KEY (type, attribute, key, related_key));
CREATE INDEX _outside_key ON _outside (type, key);
CREATE INDEX _outside_related ON _outside (related, related_key);
CREATE TABLE _runs (
    run INTEGER PRIMARY KEY, type TEXT, conditions TEXT, started TEXT, finished TEXT,
    read INTEGER DEFAULT 0, changed INTEGER DEFAULT 0, removed INTEGER DEFAULT 0);
"""

_CHOSEN = "(SELECT key FROM temp.chosen)"


class Link(NamedTuple):
    """A relation to a type in the mirror: a column of the type's table, or with *multi* of a table of pairs. *kind* is
    the SQL type of the related keys.
    """

    type: str
    attribute: str
    related: str
    table: str
    column: str
    kind: str
    multi: bool


class TypeTables(NamedTuple):
    """The tables of one type: *kind* is the SQL type of its keys, *attributes* maps what is read of it to columns,
    *columns* those that are no links to SQL types; *texts* are the columns to search in, *label* the one that
    names an asset to people, *facets* those to choose by.
    """

    type: str
    kind: str
    attributes: Mapping[str, str]
    columns: Mapping[str, str]
    links: Sequence[Link]
    texts: Sequence[str]
    label: str
    facets: Sequence[str]

    @property
    def signature(self) -> str:
        """All of this as a text. Tables are created again when it has changed."""
        return repr(
            (
                self.kind,
                dict(self.attributes),
                dict(self.columns),
                list(self.links),
                list(self.texts),
                self.label,
                list(self.facets),
            )
        )


class AssetRow(NamedTuple):
    """One asset: its row without links, and the keys that its links lead to, by attribute."""

    row: Mapping[str, Any]
    links: Mapping[str, Sequence[Any]]


@contextmanager
def refused(path: str | Path) -> Iterator[None]:
    """Raise BadValue where SQLite cannot use the file: it is not a database, it is locked, the disk is full."""
    try:
        yield
    except sqlite3.Error as error:
        raise BadValue(f"{path} cannot be used as a mirror: {error}.") from error


class MirrorDatabase:
    """A mirror's file, made where there is none. Raises BadValue for a file that is not a mirror, and for one of
    another server, where *server* is given.
    """

    def __init__(self, path: str | Path, server: str = "") -> None:
        self.server = server
        utils = optional.load("sqlite_utils", extra="mirror")
        with refused(path):
            self.db: Database = utils.Database(str(path))
        try:
            with refused(path):
                self._open(path)
        except BadValue:
            self.db.close()
            raise

    def _open(self, path: str | Path) -> None:
        found = self.db.table_names()
        if not found:
            with self.db.atomic():
                for statement in _SCHEMA.split(";"):
                    self.db.execute(statement)
        elif not set(OWN_TABLES) <= set(found):
            raise BadValue(f"{path} is a database of something else: give the mirror a file of its own.")
        servers = {server for (server,) in self.rows("SELECT server FROM _types")} - {self.server}
        if self.server and servers:
            raise BadValue(f"{path} mirrors {', '.join(sorted(servers))}: give {self.server} a file of its own.")
        for name in ("chosen", "seen"):
            self.db.execute(f"CREATE TEMP TABLE {name} (key PRIMARY KEY)")

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows."""
        return list(self.db.execute(sql, values).fetchall())

    @property
    def signatures(self) -> dict[str, str]:
        """The types in the mirror, each with the signature of its tables."""
        return dict(self.rows("SELECT type, signature FROM _types"))

    def is_complete(self, name: str) -> bool:
        """Whether a type was once read to its end, with the tables that it has now."""
        return self.rows("SELECT complete FROM _types WHERE type = ?", name) == [(1,)]

    def prepare(self, layouts: Sequence[TypeTables]) -> None:
        """Create the tables of new types, and again those of types that have changed; these have to be read again."""
        with self.db.atomic():
            for layout in layouts:
                if self.signatures.get(layout.type) != layout.signature:
                    self._drop(layout.type)
                    self._create(layout)

    def begin(self, name: str, conditions: str, started: str) -> int:
        """Note that a run of a type begins; return its number."""
        with self.db.atomic():
            self.db.execute("DELETE FROM temp.seen")
            added = self.db.execute(
                "INSERT INTO _runs (type, conditions, started) VALUES (?, ?, ?)", (name, conditions, started)
            )
        return int(added.lastrowid or 0)

    def changed(self, name: str, versions: Mapping[Any, str]) -> list[Any]:
        """Note that these keys were seen, and return those whose version is not the one in the mirror."""
        with self.db.atomic():
            self._insert("seen", versions)
            self._choose(versions)
        known = dict(self.rows(f"SELECT {KEY}, {VERSION} FROM {_q(name)} WHERE {KEY} IN {_CHOSEN}"))
        return [key for key, version in versions.items() if known.get(key) != version]

    def save(self, layout: TypeTables, records: Sequence[AssetRow], run: int, read: int) -> None:
        """Write assets in one transaction, and count them in their run."""
        with self.db.atomic():
            self._choose(record.row[KEY] for record in records)
            self._unlink(layout.links)
            self.db.execute(f"DELETE FROM _outside WHERE type = ? AND key IN {_CHOSEN}", (layout.type,))
            self.db.table(layout.type).upsert_all([dict(record.row) for record in records], pk=KEY)
            self.db.conn.executemany(
                "INSERT OR IGNORE INTO _outside VALUES (?, ?, ?, ?, ?)",
                [
                    (layout.type, link.attribute, record.row[KEY], link.related, key)
                    for record in records
                    for link in layout.links
                    for key in record.links[link.attribute]
                ],
            )
            self._link(layout.type)
            self.db.execute(
                "UPDATE _runs SET read = read + ?, changed = changed + ? WHERE run = ?", (read, len(records), run)
            )

    def finish(self, name: str, run: int, finished: str) -> tuple[int, int, int]:
        """Remove what was not seen, and mark the run as finished, in one transaction; return how many assets were read,
        changed and removed.
        """
        with self.db.atomic():
            gone = self.rows(f"SELECT {KEY} FROM {_q(name)} WHERE {KEY} NOT IN (SELECT key FROM temp.seen)")
            self._remove(name, [key for (key,) in gone])
            self.db.execute("UPDATE _types SET complete = 1 WHERE type = ?", (name,))
            self.db.execute("UPDATE _runs SET finished = ?, removed = ? WHERE run = ?", (finished, len(gone), run))
        [(read, changed, removed)] = self.rows("SELECT read, changed, removed FROM _runs WHERE run = ?", run)
        return read, changed, removed

    def _links(self, column: str, name: str) -> list[Link]:
        found = self.rows(f"SELECT * FROM _links WHERE {column} = ?", name)
        return [Link._make((*row[:-1], bool(row[-1]))) for row in found]

    def _drop(self, name: str) -> None:
        """Drop the tables of a type, if there are any; keys that lead to its rows stay in `_outside`."""
        if name not in self.signatures:
            return
        self._remove(name, [key for (key,) in self.rows(f"SELECT {KEY} FROM {_q(name)}")])
        for link in self._links("type", name):
            if link.multi:
                self.db.execute(f"DROP TABLE {_q(link.table)}")
        table = self.db.table(name)
        if table.detect_fts():
            table.disable_fts()
        self.db.execute(f"DROP TABLE {_q(name)}")
        self.db.execute("DELETE FROM _links WHERE type = ?", (name,))

    def _create(self, layout: TypeTables) -> None:
        """Create the tables of a type, by SQL: they may refer to later ones, which sqlite-utils would refuse."""
        own = [
            f"{KEY} {layout.kind} PRIMARY KEY",
            *(f"{_q(name)} {kind}" for name, kind in layout.columns.items()),
        ]
        single = [_reference(link) for link in layout.links if not link.multi]
        self.db.execute(
            f"CREATE TABLE {_q(layout.type)} ({', '.join([*own, f'{URL} TEXT', f'{VERSION} TEXT', *single])})"
        )
        for link in layout.links:
            if link.multi:
                pair = f"{KEY} {layout.kind} REFERENCES {_q(layout.type)} ({KEY}), {_reference(link)}"
                self.db.execute(f"CREATE TABLE {_q(link.table)} ({pair}, PRIMARY KEY ({KEY}, {_q(link.column)}))")
            self.db.execute(
                f"CREATE INDEX {_q(f'{layout.type}_{link.attribute}_')} ON {_q(link.table)} ({_q(link.column)})"
            )
            self.db.execute("INSERT INTO _links VALUES (?, ?, ?, ?, ?, ?, ?)", link)
        if layout.texts:
            self.db.table(layout.type).enable_fts(layout.texts, create_triggers=True)
        about = (layout.type, self.server, layout.signature, layout.label, "\n".join(layout.facets))
        self.db.execute("INSERT OR REPLACE INTO _types VALUES (?, ?, ?, ?, ?, 0)", about)

    def _remove(self, name: str, keys: Iterable[Any]) -> None:
        """Remove rows, with what links them to others."""
        self._choose(keys)
        for link in self._links("related", name):
            self.db.execute(
                f"INSERT OR IGNORE INTO _outside SELECT ?, ?, {KEY}, ?, {_q(link.column)} FROM {_q(link.table)} "
                f"WHERE {_q(link.column)} IN {_CHOSEN}",
                (link.type, link.attribute, name),
            )
            self._clear(link, link.column)
        self._unlink(self._links("type", name))
        self.db.execute(f"DELETE FROM _outside WHERE type = ? AND key IN {_CHOSEN}", (name,))
        self.db.execute(f"DELETE FROM {_q(name)} WHERE {KEY} IN {_CHOSEN}")

    def _unlink(self, links: Iterable[Link]) -> None:
        """Clear the links of the chosen rows."""
        for link in links:
            self._clear(link, KEY)

    def _clear(self, link: Link, by: str) -> None:
        change = "DELETE FROM {}" if link.multi else f"UPDATE {{}} SET {_q(link.column)} = NULL"
        self.db.execute(f"{change.format(_q(link.table))} WHERE {_q(by)} IN {_CHOSEN}")

    def _link(self, name: str) -> None:
        """Move links from `_outside` to foreign keys: those of the chosen rows, and those that lead to them."""
        for side, links in (("key", self._links("type", name)), ("related_key", self._links("related", name))):
            for link in links:
                table, column = _q(link.table), _q(link.column)
                source = (
                    f"FROM _outside o WHERE o.type = ? AND o.attribute = ? AND o.{side} IN {_CHOSEN} "
                    f"AND EXISTS (SELECT 1 FROM {_q(link.related)} r WHERE r.{KEY} = o.related_key)"
                )
                of = (link.type, link.attribute)
                if link.multi:
                    self.db.execute(
                        f"INSERT OR IGNORE INTO {table} ({KEY}, {column}) SELECT o.key, o.related_key {source}", of
                    )
                else:
                    self.db.execute(
                        f"UPDATE {table} SET {column} = o.related_key {source} AND o.key = {table}.{KEY}", of
                    )
                self.db.execute(f"DELETE FROM _outside AS o {source.removeprefix('FROM _outside o ')}", of)

    def _choose(self, keys: Iterable[Any]) -> None:
        """Make these keys the chosen ones, which the statements here select by (temp.chosen)."""
        self.db.execute("DELETE FROM temp.chosen")
        self._insert("chosen", keys)

    def _insert(self, table: str, keys: Iterable[Any]) -> None:
        self.db.conn.executemany(f"INSERT OR IGNORE INTO temp.{table} VALUES (?)", ((key,) for key in keys))


def _reference(link: Link) -> str:
    """The column of a link, as in CREATE TABLE."""
    return f"{_q(link.column)} {link.kind} REFERENCES {_q(link.related)} ({KEY})"


def _q(name: str) -> str:
    """A name in quotes, as SQL has it."""
    return '"' + name.replace('"', '""') + '"'
