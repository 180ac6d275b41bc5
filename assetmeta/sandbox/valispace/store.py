"""Where the objects are: rows in memory with indexes of all references, kept in SQLite, in a file or in memory."""

from __future__ import annotations

import json
import threading
import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from assetmeta.sandbox.database import MEMORY, Source, connect

from .catalogue import KINDS
from .model import Row

SCHEMA = """
CREATE TABLE IF NOT EXISTS object (endpoint TEXT, id INTEGER, body TEXT NOT NULL, PRIMARY KEY (endpoint, id));
CREATE TABLE IF NOT EXISTS blob (endpoint TEXT, id INTEGER, name TEXT, type TEXT, content BLOB NOT NULL,
                                 PRIMARY KEY (endpoint, id));
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, last INTEGER NOT NULL);
"""
Place = tuple[str, int]
"""An object: endpoint and id."""


class Store:
    """Rows by endpoint and id.

    A row is never changed in place: `put` replaces it, so whoever holds one holds the state of that time. All of a
    `transaction` is written, or nothing of it is. Callers hold `lock` while they read or write.
    """

    def __init__(self, source: Source = MEMORY) -> None:
        self.lock = threading.RLock()
        self._connection = connect(source)
        self._close = weakref.finalize(self, self._connection.close)
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.executescript(SCHEMA)
        self._rows: dict[str, dict[int, Row]] = {endpoint: {} for endpoint in KINDS}
        self._index: dict[tuple[str, str], dict[int, dict[int, None]]] = {
            (kind.endpoint, field.name): {} for kind in KINDS.values() for field in (*kind.relations, *kind.generic)
        }
        self._relations = {
            kind.endpoint: tuple((field.name, field.type == "many") for field in (*kind.relations, *kind.generic))
            for kind in KINDS.values()
        }
        self._counters: dict[str, int] = {}
        self._undo: list[tuple[str, int, Row | None]] | None = None
        self._dirty: dict[Place, None] = {}
        self._read_all()

    @property
    def fresh(self) -> bool:
        """Whether nothing was ever stored."""
        return not self._counters

    def get(self, endpoint: str, id: int) -> Row | None:
        """The row of one object."""
        return self._rows[endpoint].get(id)

    def ids(self, endpoint: str) -> list[int]:
        """All ids of an endpoint, in order."""
        return sorted(self._rows[endpoint])

    def rows(self, endpoint: str) -> Mapping[int, Row]:
        """All rows of an endpoint, by id."""
        return self._rows[endpoint]

    def count(self, endpoint: str) -> int:
        """How many objects an endpoint has."""
        return len(self._rows[endpoint])

    def pointing(self, endpoint: str, field: str, id: int) -> list[int]:
        """The ids of the objects of *endpoint* whose *field* is, or has, *id*, in order."""
        found = self._index[endpoint, field].get(id)
        return sorted(found) if found else []

    def hanging(self, endpoint: str, field: str, content_type: int, id: int) -> list[int]:
        """The ids of the objects of *endpoint* whose generic id *field*, by its content type, means an object."""
        kind_field = KINDS[endpoint].by_name[field].kind_field or ""
        rows = self._rows[endpoint]
        return [one for one in self.pointing(endpoint, field, id) if rows[one][kind_field] == content_type]

    def insert(self, endpoint: str, row: Row) -> int:
        """Store a new row under a fresh id."""
        counter = KINDS[endpoint].counter
        id = self._counters.get(counter, 0) + 1
        self._counters[counter] = id
        self._replace(endpoint, id, row)
        return id

    def insert_as(self, endpoint: str, id: int, row: Row) -> None:
        """Store a new row under an id of one's own choice."""
        counter = KINDS[endpoint].counter
        self._counters[counter] = max(self._counters.get(counter, 0), id)
        self._replace(endpoint, id, row)

    def put(self, endpoint: str, id: int, changes: Mapping[str, object]) -> None:
        """Change some fields of a row."""
        self._replace(endpoint, id, {**self._rows[endpoint][id], **changes})

    def remove(self, endpoint: str, id: int) -> None:
        """Forget a row and its bytes. Its id is not given again."""
        self._replace(endpoint, id, None)
        self._connection.execute("DELETE FROM blob WHERE endpoint = ? AND id = ?", (endpoint, id))

    def write_blob(self, endpoint: str, id: int, name: str, type: str, content: bytes) -> None:
        """Keep the bytes of an object."""
        self._connection.execute(
            "INSERT OR REPLACE INTO blob VALUES (?, ?, ?, ?, ?)", (endpoint, id, name, type, content)
        )

    def read_blob(self, endpoint: str, id: int) -> tuple[str, str, bytes] | None:
        """Name, media type and bytes of an object."""
        found = self._connection.execute(
            "SELECT name, type, content FROM blob WHERE endpoint = ? AND id = ?", (endpoint, id)
        ).fetchone()
        return None if found is None else (found[0], found[1], found[2])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All changes within, or none when the block raises. A transaction within another is part of it."""
        if self._undo is not None:
            yield
            return
        self._undo, counters = [], dict(self._counters)
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._flush(counters)
        except BaseException:
            self._roll_back(counters)
            raise
        finally:
            self._undo = None
            self._dirty.clear()

    def snapshot(self) -> bytes:
        """A copy of the whole database."""
        with self.lock:
            return self._connection.serialize()

    def close(self) -> None:
        """Close the database."""
        with self.lock:
            self._close()

    def _replace(self, endpoint: str, id: int, row: Row | None) -> None:
        if self._undo is None:
            raise RuntimeError("the store is written outside of a transaction")
        self._undo.append((endpoint, id, self._rows[endpoint].get(id)))
        self._dirty[endpoint, id] = None
        self._set(endpoint, id, row)

    def _set(self, endpoint: str, id: int, row: Row | None) -> None:
        old = self._rows[endpoint].get(id)
        for name, many in self._relations[endpoint]:
            before, after = old and old.get(name), row and row.get(name)
            if before != after or old is None or row is None:
                self._reindex(self._index[endpoint, name], id, _targets(before, many), _targets(after, many))
        if row is None:
            self._rows[endpoint].pop(id, None)
        else:
            self._rows[endpoint][id] = row

    def _reindex(self, index: dict[int, dict[int, None]], id: int, before: Iterable[int], after: Iterable[int]) -> None:
        for target in before:
            index.get(target, {}).pop(id, None)
        for target in after:
            index.setdefault(target, {})[id] = None

    def _flush(self, counters: dict[str, int]) -> None:
        written = [
            (endpoint, id, json.dumps(row, separators=(",", ":")))
            for endpoint, id in self._dirty
            if (row := self._rows[endpoint].get(id)) is not None
        ]
        gone = [place for place in self._dirty if place[1] not in self._rows[place[0]]]
        self._connection.executemany("INSERT OR REPLACE INTO object VALUES (?, ?, ?)", written)
        self._connection.executemany("DELETE FROM object WHERE endpoint = ? AND id = ?", gone)
        if counters != self._counters:
            self._connection.executemany("INSERT OR REPLACE INTO counter VALUES (?, ?)", list(self._counters.items()))
        self._connection.execute("COMMIT")

    def _roll_back(self, counters: dict[str, int]) -> None:
        for endpoint, id, row in reversed(self._undo or ()):
            self._set(endpoint, id, row)
        self._counters = counters
        self._connection.execute("ROLLBACK")

    def _read_all(self) -> None:
        self._counters = dict(self._connection.execute("SELECT name, last FROM counter"))
        for endpoint, id, body in self._connection.execute("SELECT endpoint, id, body FROM object ORDER BY id"):
            if endpoint in self._rows:
                self._set(endpoint, id, json.loads(body))


def _targets(value: object, many: bool) -> Iterable[int]:
    if many:
        return value if isinstance(value, (list, tuple)) else ()
    return (value,) if isinstance(value, int) else ()
