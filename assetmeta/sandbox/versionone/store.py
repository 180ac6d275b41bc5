"""The database of one instance: full records per change, links, moments, bytes and counters, in one SQLite database.

A record holds an asset as it was from moment `since` up to, not including, `until`, which is FOREVER for the
current one. The present, the past and the history are therefore the same query with another moment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from assetmeta.sandbox.database import MEMORY, Database, Source

from .literals import spell_time
from .requests import LoadLink, LoadRow
from .types import Catalogue, Column, Reverse, TypeDef

FOREVER = 9223372036854775807
FIRST_ID = 1000
BATCH = 2000

_TABLES = """
CREATE TABLE moment (number INTEGER PRIMARY KEY, at TEXT NOT NULL);
CREATE INDEX moment_at ON moment (at);
CREATE TABLE link (relation TEXT, source TEXT, target TEXT, since INTEGER, until INTEGER);
CREATE INDEX link_source ON link (relation, source, until);
CREATE INDEX link_target ON link (relation, target, until);
CREATE TABLE blob (asset TEXT PRIMARY KEY, content BLOB NOT NULL);
CREATE TABLE counter (name TEXT PRIMARY KEY, next INTEGER NOT NULL);
CREATE INDEX record_asset ON record (asset, until);
CREATE INDEX record_first ON record (asset, since);
CREATE INDEX record_type ON record (type, until, id);
CREATE INDEX record_id ON record (id, until);
"""
_STATISTICS = {
    "record_asset": "100000 2 1",
    "record_first": "100000 2 1",
    "record_type": "100000 5000 3000 1",
    "record_id": "100000 2 1",
    "by_Name_folded": "100000 2",
    "by_Number_folded": "100000 1",
    "by_Username_folded": "100000 1",
    "by_Order": "100000 2",
}
"""What the planner is told about the indexes, so that its choices do not depend on when the data came."""
_FIXED = ("asset", "id", "type", "since", "until", "state", "changed_at", "changed_by", "reason", "comment")
_FOLDED = ("Name", "Number", "Username")


def column(name: str) -> str:
    """The quoted database column of a catalogue column; the prefix keeps it apart from the table's own columns."""
    return f'"a_{name}"'


@lru_cache(maxsize=65536)
def _folded(text: str) -> str:
    return text.casefold()


def fold(value: str | bytes | int | float | None) -> str | bytes | int | float | None:
    """SQL function: a text without its case, in every script; other values as they are."""
    return _folded(value) if isinstance(value, str) else value


@lru_cache(maxsize=256)
def _words(text: str) -> tuple[re.Pattern[str], ...]:
    patterns = []
    for word in text.casefold().split():
        stem = word.rstrip("*")
        tail = "" if word.endswith("*") else r"(?!\w)"
        patterns.append(re.compile(rf"(?<!\w){re.escape(stem)}{tail}"))
    return tuple(patterns)


def found(text: str | bytes | int | float | None, words: str) -> bool:
    """SQL function: whether each of *words* occurs in *text* as a whole word, or as a prefix when it ends in `*`."""
    if text is None:
        return False
    folded = str(text).casefold()
    return all(pattern.search(folded) for pattern in _words(words))


@lru_cache(maxsize=256)
def _pieces(texts: str) -> tuple[str, ...]:
    return tuple(json.loads(texts))


def contains(text: str | None, texts: str) -> bool:
    """SQL function: whether any of *texts*, a JSON array of texts without case, stands in *text*."""
    return text is not None and any(piece in _folded(text) for piece in _pieces(texts))


@dataclass(frozen=True, slots=True)
class Shape:
    """The catalogue columns of some records, and the start of the statement that reads them with row, asset, type,
    moment and state before; *copy* keeps one of them as a past record. Of a single type it is a third of the columns.
    """

    names: tuple[str, ...]
    select: str
    copy: str


def _shape(names: Iterable[str]) -> Shape:
    quoted = [column(name) for name in names]
    copied = ", ".join((*(name for name in _FIXED if name != "until"), *quoted))
    return Shape(
        tuple(names),
        f"SELECT {', '.join(('row, asset, type, since, state', *quoted))} FROM record",
        f"INSERT INTO record (until, {copied}) SELECT ?, {copied} FROM record WHERE row = ?",
    )


class Store(Database):
    """One connection behind one lock. Statements outside `transaction` see the last committed state."""

    def __init__(self, catalogue: Catalogue, source: Source = MEMORY) -> None:
        self._catalogue = catalogue
        self._columns = sorted(catalogue.columns or _stored_columns(catalogue))
        self._shapes: dict[str | None, Shape] = {}
        super().__init__(source, cached_statements=512)
        self._connection.create_function("fold", 1, fold, deterministic=True)
        self._connection.create_function("found", 2, found, deterministic=True)
        self._connection.create_function("contains", 2, contains, deterministic=True)
        self._connection.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY"
        )
        self.fresh = not self.rows("SELECT 1 FROM sqlite_master WHERE name = 'record'")
        if self.fresh:
            self._create()

    def _create(self) -> None:
        columns = ", ".join(column(name) for name in self._columns)
        self._connection.executescript(
            "CREATE TABLE record (row INTEGER PRIMARY KEY, asset TEXT NOT NULL, id INTEGER NOT NULL,"
            " type TEXT NOT NULL,"
            " since INTEGER NOT NULL, until INTEGER NOT NULL, state INTEGER NOT NULL, changed_at TEXT, changed_by TEXT,"
            f" reason TEXT, comment TEXT, {columns});" + _TABLES
        )
        reversed_ = _reversed_columns(self._catalogue)
        for name, short in sorted(reversed_.items()):
            indexed, current = ("", f" AND until = {FOREVER}") if short else (", until", "")
            self._index(name, f"({column(name)}{indexed}) WHERE {column(name)} IS NOT NULL{current}")
        for name in set(_FOLDED) & set(self._columns):
            self._index(f"{name}_folded", f"(fold({column(name)})) WHERE until = {FOREVER}")
        if "Order" in self._columns:
            self._index("Order", f"({column('Order')}) WHERE until = {FOREVER}")
        self._connection.execute("ANALYZE")
        told = _STATISTICS | {
            f"by_{name}": "100000 60" if short else "100000 60 40" for name, short in reversed_.items()
        }
        self._connection.executemany("INSERT INTO sqlite_stat1 VALUES ('record', ?, ?)", told.items())
        links = [("link_source", "100000 10000 2 2"), ("link_target", "100000 10000 30 20")]
        self._connection.executemany("INSERT INTO sqlite_stat1 VALUES ('link', ?, ?)", links)
        self._connection.execute("ANALYZE sqlite_schema")

    def _index(self, name: str, definition: str) -> None:
        self._connection.execute(f'CREATE INDEX "by_{name}" ON record {definition}')

    def keep_past(self, row: int, type_name: str, moment: int) -> None:
        """Copy a current record of an asset of this type as one that ends at *moment*."""
        with self.lock:
            self._connection.execute(self.shape(type_name).copy, (moment, row))

    def shape(self, type_name: str | None) -> Shape:
        """How records of one type are read and copied; None and what is no type: records of any type."""
        found = self._shapes.get(type_name)
        if found is None:
            kind = self._catalogue.find(type_name or "")
            found = self._shapes[type_name] = _shape(self._columns if kind is None else sorted(_columns_of(kind)))
        return found

    @contextmanager
    def part(self) -> Iterator[None]:
        """Like `transaction`, but inside a larger block only this part is undone when it raises."""
        with self.lock:
            if not self._connection.in_transaction:
                with self.transaction():
                    yield
                return
            self._connection.execute("SAVEPOINT part")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK TO part")
                raise
            finally:
                self._connection.execute("RELEASE part")

    def rows(self, sql: str, values: dict[str, object] | Sequence[object] = ()) -> list[tuple[object, ...]]:
        """Run one statement and return its rows."""
        with self.lock:
            return self._connection.execute(sql, values).fetchall()

    def one(self, sql: str, values: dict[str, object] | Sequence[object] = ()) -> object:
        """The first value of the first row, or None."""
        found = self.rows(sql, values)
        return found[0][0] if found else None

    def many(self, sql: str, values: Iterable[Sequence[object]]) -> None:
        """Run one statement for each of several rows of values."""
        with self.lock:
            self._connection.executemany(sql, values)

    def tick(self, at: str) -> int:
        """Take a fresh moment at a time, spelled as rows have it. The first is 0."""
        with self.transaction():
            taken = self._connection.execute(
                "INSERT INTO moment VALUES ((SELECT IFNULL(MAX(number), -1) + 1 FROM moment), ?)", (at,)
            )
            return int(taken.lastrowid or 0)

    def number(self, sql: str, values: dict[str, object] | Sequence[object] = ()) -> int:
        """The first value of the first row as an integer; 0 for none."""
        return int(str(self.one(sql, values) or 0))

    def reserve(self, count: int, name: str = "id", first: int = FIRST_ID) -> int:
        """Take *count* consecutive numbers of a counter and return the first."""
        with self.transaction():
            start = self.one("SELECT next FROM counter WHERE name = ?", (name,))
            begin = first if start is None else int(str(start))
            self.rows("INSERT OR REPLACE INTO counter VALUES (?, ?)", (name, begin + count))
        return begin

    def read_blob(self, asset: str) -> bytes | None:
        """The bytes kept for an asset, or None."""
        found = self.one("SELECT content FROM blob WHERE asset = ?", (asset,))
        return found if isinstance(found, bytes) else None

    def write_blob(self, asset: str, content: bytes) -> None:
        """Keep bytes for an asset in place of those it has."""
        with self.transaction():
            self.rows("INSERT OR REPLACE INTO blob VALUES (?, ?)", (asset, content))

    def load(self, rows: Iterable[LoadRow], links: Iterable[LoadLink]) -> None:
        """Load records and links as they are, in one transaction, and set the counters behind them."""
        with self.transaction():
            dates: dict[int, str] = {int(str(n)): str(at) for n, at in self.rows("SELECT number, at FROM moment")}
            seen: set[str] = set()
            changed: set[str] = set()
            shapes: dict[tuple[str, ...], list[tuple[object, ...]]] = {}
            for row in rows:
                (changed if row.asset in seen else seen).add(row.asset)
                waiting = shapes.setdefault((row.asset.partition(":")[0], *row.values), [])
                waiting.append(self._flat(row, dates))
                if len(waiting) >= BATCH:
                    self._insert(tuple(row.values), waiting)
                    waiting.clear()
            for shape, waiting in shapes.items():
                self._insert(shape[1:], waiting)
            self._close_superseded(changed)
            self.many(
                f"INSERT INTO link VALUES (?, ?, ?, ?, {FOREVER})",
                ((link.relation, link.source, link.target, link.since) for link in links),
            )
            self._advance()

    def _flat(self, row: LoadRow, dates: dict[int, str]) -> tuple[object, ...]:
        type_name, _, key = row.asset.partition(":")
        until = FOREVER if row.until is None else row.until
        at = dates.get(row.since)
        fixed = (
            row.asset,
            int(key),
            type_name,
            row.since,
            until,
            row.state,
            at,
            row.changed_by,
            row.reason,
            row.comment,
        )
        return fixed + tuple(_loaded(value) for value in row.values.values())

    def _insert(self, names: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
        columns = ", ".join((*_FIXED, *(column(name) for name in names)))
        marks = ", ".join("?" * (len(_FIXED) + len(names)))
        self.many(f"INSERT INTO record ({columns}) VALUES ({marks})", rows)

    def _close_superseded(self, assets: set[str]) -> None:
        self.rows(
            "UPDATE record SET until = (SELECT MIN(n.since) FROM record n WHERE n.asset = record.asset"
            f" AND n.since > record.since) WHERE until = {FOREVER} AND asset IN (SELECT value FROM json_each(?))"
            " AND EXISTS (SELECT 1 FROM record n WHERE n.asset = record.asset AND n.since > record.since)",
            (json.dumps(sorted(assets)),),
        )

    def _advance(self) -> None:
        """Move the counters of ids and numbers behind everything that is there."""
        highest = self.number(f"SELECT MAX(id) FROM record WHERE until = {FOREVER}")
        self.rows("INSERT OR REPLACE INTO counter VALUES ('id', ?)", (max(FIRST_ID, highest + 1),))
        if "Number" not in self._columns:
            return
        for kind in self._catalogue.types.values():
            if kind.number_prefix:
                last = self.one(
                    f"SELECT MAX(CAST(LTRIM({column('Number')}, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ-') AS INTEGER))"
                    f" FROM record WHERE type = ? AND until = {FOREVER}",
                    (kind.name,),
                )
                following = 1001 if last is None else int(str(last)) + 1
                self.rows("INSERT OR REPLACE INTO counter VALUES (?, ?)", (f"number {kind.name}", following))


def _loaded(value: object) -> object:
    if isinstance(value, date):
        return spell_time(value)
    return None if value == "" else int(value) if isinstance(value, bool) else value


def _stored_columns(catalogue: Catalogue) -> set[str]:
    return {name for kind in catalogue.types.values() for name in _columns_of(kind)}


def _columns_of(kind: TypeDef) -> set[str]:
    return {item.storage.name for item in kind.attributes.values() if isinstance(item.storage, Column)}


def _reversed_columns(catalogue: Catalogue) -> dict[str, bool]:
    """The columns that are read from their other end, and whether only the few rows of list types are there.

    The past of these few is read without an index, so that every change writes fewer of them.
    """
    ends: dict[str, bool] = {}
    for kind in catalogue.types.values():
        for item in kind.attributes.values():
            if isinstance(item.storage, Reverse):
                ends[item.storage.column] = ends.get(item.storage.column, True) and "List" in kind.lineage
    return ends
