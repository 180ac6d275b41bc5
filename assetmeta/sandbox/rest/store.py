"""Where the objects are: rows in memory with indexes of all references, kept in SQLite, in a file or in memory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from assetmeta.sandbox.database import MEMORY, Database, Source

SCHEMA = """
CREATE TABLE IF NOT EXISTS object (kind TEXT, id, body TEXT NOT NULL, PRIMARY KEY (kind, id));
CREATE TABLE IF NOT EXISTS blob (kind TEXT, id, name TEXT, type TEXT, content BLOB NOT NULL, PRIMARY KEY (kind, id));
CREATE TABLE IF NOT EXISTS tally (name TEXT PRIMARY KEY, last INTEGER NOT NULL);
"""

Row = dict[str, Any]
"""What is stored of one object: its stored fields, references as keys."""

AnyKey = str | int
K = TypeVar("K", int, AnyKey)
"""What objects are known by: numbers, or numbers and texts, depending on the kind."""


class Store(Database, Generic[K]):
    """Rows by kind and key. *references* names the fields of each kind that hold a key, or a list of keys.

    A row is never changed in place: `put` replaces it, so whoever holds one holds the state of that time. All of a
    `transaction` is written, or nothing of it is. Callers hold `lock` while they read or write.
    """

    def __init__(self, references: Mapping[str, tuple[str, ...]], source: Source = MEMORY) -> None:
        super().__init__(source)
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.executescript(SCHEMA)
        self._references = references
        self._rows: dict[str, dict[K, Row]] = {kind: {} for kind in references}
        self._sorted: dict[str, list[K]] = {}
        self._index: dict[tuple[str, str], dict[K, dict[K, None]]] = {
            (kind, name): {} for kind, names in references.items() for name in names
        }
        self._tallies: dict[str, int] = {}
        self._undo: list[tuple[str, K, Row | None]] | None = None
        self._dirty: dict[tuple[str, K], None] = {}
        self._read_all()

    @property
    def fresh(self) -> bool:
        """Whether nothing was ever stored."""
        return not self._tallies

    def get(self, kind: str, id: K | None) -> Row | None:
        """The row of one object; None for none and for an empty reference."""
        return None if id is None else self._rows[kind].get(id)

    def ids(self, kind: str) -> list[K]:
        """All keys of a kind in order. The list is not to be changed."""
        if kind not in self._sorted:
            self._sorted[kind] = sorted(self._rows[kind])
        return self._sorted[kind]

    def rows(self, kind: str) -> Mapping[K, Row]:
        """All rows of a kind by key, in no order."""
        return self._rows[kind]

    def pointing(self, kind: str, field: str, id: K | None) -> list[K]:
        """The keys of the objects of *kind* whose *field* is, or has, *id*, in order."""
        found = None if id is None else self._index[kind, field].get(id)
        return sorted(found) if found else []

    def next(self, tally: str) -> int:
        """The next number of a counter; they start at 1."""
        self._need_transaction()
        self._tallies[tally] = self._tallies.get(tally, 0) + 1
        return self._tallies[tally]

    def reserve(self, tally: str, number: int) -> None:
        """Let a counter give no number up to *number*."""
        self._need_transaction()
        self._tallies[tally] = max(self._tallies.get(tally, 0), number)

    def write(self, kind: str, id: K, row: Row) -> None:
        """Store a new row, or replace one."""
        self._replace(kind, id, row)

    def put(self, kind: str, id: K, changes: Mapping[str, object]) -> None:
        """Change some fields of a row."""
        self._replace(kind, id, {**self._rows[kind][id], **changes})

    def remove(self, kind: str, id: K) -> None:
        """Forget a row and its bytes."""
        self._replace(kind, id, None)
        self.drop_blob(kind, id)

    def write_blob(self, kind: str, id: K, name: str, type: str, content: bytes) -> None:
        """Keep the bytes of an object."""
        self._begin()
        self._connection.execute("INSERT OR REPLACE INTO blob VALUES (?, ?, ?, ?, ?)", (kind, id, name, type, content))

    def read_blob(self, kind: str, id: K) -> tuple[str, str, bytes] | None:
        """Name, media type and bytes of an object."""
        found = self._connection.execute(
            "SELECT name, type, content FROM blob WHERE kind = ? AND id = ?", (kind, id)
        ).fetchone()
        return None if found is None else (found[0], found[1], found[2])

    def drop_blob(self, kind: str, id: K) -> None:
        """Forget the bytes of an object."""
        self._begin()
        self._connection.execute("DELETE FROM blob WHERE kind = ? AND id = ?", (kind, id))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All changes within, or none when the block raises. A transaction within another is part of it."""
        if self._undo is not None:
            yield
            return
        self._undo, tallies = [], dict(self._tallies)
        try:
            yield
            self._flush(tallies)
        except BaseException:
            self._roll_back(tallies)
            raise
        finally:
            self._undo = None
            self._dirty.clear()

    def _need_transaction(self) -> None:
        if self._undo is None:
            raise RuntimeError("the store is written outside of a transaction")

    def _begin(self) -> None:
        """Most requests only read, so the database learns of a transaction when something is written."""
        self._need_transaction()
        if not self._connection.in_transaction:
            self._connection.execute("BEGIN IMMEDIATE")

    def _replace(self, kind: str, id: K, row: Row | None) -> None:
        self._need_transaction()
        if self._undo is not None:
            self._undo.append((kind, id, self._rows[kind].get(id)))
        self._dirty[kind, id] = None
        self._set(kind, id, row)

    def _set(self, kind: str, id: K, row: Row | None) -> None:
        rows = self._rows[kind]
        old = rows.get(id)
        if (old is None) != (row is None):
            self._sorted.pop(kind, None)
        for name in self._references[kind]:
            before, after = old and old.get(name), row and row.get(name)
            if before != after:
                _reindex(self._index[kind, name], id, _targets(before), _targets(after))
        if row is None:
            rows.pop(id, None)
        else:
            rows[id] = row

    def _flush(self, tallies: dict[str, int]) -> None:
        if self._dirty or tallies != self._tallies:
            self._begin()
        written = [
            (kind, id, json.dumps(row, separators=(",", ":")))
            for kind, id in self._dirty
            if (row := self._rows[kind].get(id)) is not None
        ]
        gone = [(kind, id) for kind, id in self._dirty if id not in self._rows[kind]]
        self._connection.executemany("INSERT OR REPLACE INTO object VALUES (?, ?, ?)", written)
        self._connection.executemany("DELETE FROM object WHERE kind = ? AND id = ?", gone)
        changed = [pair for pair in self._tallies.items() if tallies.get(pair[0]) != pair[1]]
        self._connection.executemany("INSERT OR REPLACE INTO tally VALUES (?, ?)", changed)
        if self._connection.in_transaction:
            self._connection.execute("COMMIT")

    def _roll_back(self, tallies: dict[str, int]) -> None:
        for kind, id, row in reversed(self._undo or ()):
            self._set(kind, id, row)
        self._tallies = tallies
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _read_all(self) -> None:
        self._tallies = dict(self._connection.execute("SELECT name, last FROM tally"))
        for kind, id, body in self._connection.execute("SELECT kind, id, body FROM object ORDER BY kind, id"):
            if kind in self._rows:
                self._set(kind, id, json.loads(body))


def _targets(value: Any) -> Iterable[Any]:
    """The keys that a reference holds."""
    if isinstance(value, (list, tuple)):
        return value
    return (value,) if isinstance(value, (str, int)) else ()


def _reindex(index: dict[K, dict[K, None]], id: K, before: Iterable[K], after: Iterable[K]) -> None:
    for target in before:
        index.get(target, {}).pop(id, None)
    for target in after:
        index.setdefault(target, {})[id] = None
