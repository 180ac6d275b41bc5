"""The SQLite databases of the systems: in a file, in memory, or in memory with the content of a snapshot."""

from __future__ import annotations

import sqlite3
from contextlib import closing

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
