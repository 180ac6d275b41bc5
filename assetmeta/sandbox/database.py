"""The SQLite databases of the systems: in a file, in memory, or in memory with the content of a snapshot."""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

Source = str | bytes
"""Where the data comes from: the path of a file, ":memory:", or a snapshot of a whole database."""

MEMORY = ":memory:"


def connect(source: Source, *, cached_statements: int = 128) -> sqlite3.Connection:
    """A connection for any thread, without implicit transactions. A snapshot is copied into memory."""
    path = source if isinstance(source, str) else MEMORY
    connection = sqlite3.connect(
        path, check_same_thread=False, isolation_level=None, cached_statements=cached_statements
    )
    if isinstance(source, bytes):
        with closing(sqlite3.connect(MEMORY)) as original:
            original.deserialize(source)
            original.backup(connection)
    return connection


class Database:
    """One connection behind one lock, closed at the latest when nobody holds it any more."""

    def __init__(self, source: Source = MEMORY, *, cached_statements: int = 128) -> None:
        self.lock = threading.RLock()
        self._connection = connect(source, cached_statements=cached_statements)
        self._close: Callable[[], object] = weakref.finalize(self, self._connection.close)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All changes within, or none when the block raises. A transaction within another is part of it."""
        with self.lock:
            if self.changing():
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self.changing():
                    self._connection.execute("ROLLBACK")
                raise

    def changing(self) -> bool:
        """Whether a transaction is under way."""
        return self._connection.in_transaction

    def snapshot(self) -> bytes:
        """A copy of the whole database."""
        with self.lock:
            return self._connection.serialize()

    def close(self) -> None:
        """Close the database; one in memory is gone."""
        with self.lock:
            self._close()
