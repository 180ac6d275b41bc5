"""The database: SQLite in a file or in memory, one connection behind one lock."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from assetmeta.sandbox.database import MEMORY, Database, Source

from .tables import TABLES

Row = dict[str, Any]
"""One row by column."""

LARGEST = 2**63 - 1


class Store(Database):
    """Rows by SQL. Callers hold `lock` while they read or write; writing needs a `transaction`."""

    def __init__(self, source: Source = MEMORY) -> None:
        super().__init__(source)
        self._connection.row_factory = as_dict
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.executescript(TABLES)

    @property
    def fresh(self) -> bool:
        """Whether nothing was ever stored."""
        return self.one("SELECT 1 FROM user") is None

    def one(self, sql: str, *values: object) -> Row | None:
        """The first row found, or None."""
        found: Row | None = self._connection.execute(sql, values).fetchone()
        return found

    def all(self, sql: str, *values: object) -> list[Row]:
        """All rows found."""
        found: list[Row] = self._connection.execute(sql, values).fetchall()
        return found

    def among(self, sql: str, keys: Iterable[int]) -> list[Row]:
        """All rows found; the `IN ?` of *sql* stands for the numbers *keys*."""
        marks = f"IN ({', '.join(str(int(key)) for key in keys)})"
        return self.all(sql.replace("IN ?", marks))

    def number(self, sql: str, *values: object) -> int:
        """The only value of the only row, 0 for null."""
        found = self.one(sql, *values)
        return int(next(iter(found.values())) or 0) if found else 0

    def insert(self, table: str, values: Mapping[str, object]) -> int:
        """Store a row and return its id."""
        self._need_transaction()
        marks = ", ".join("?" * len(values))
        columns = f"({', '.join(values)}) VALUES ({marks})" if values else "DEFAULT VALUES"
        sql = f"INSERT INTO {table} {columns}"
        return int(self._connection.execute(sql, tuple(values.values())).lastrowid or 0)

    def update(self, table: str, key: int, values: Mapping[str, object]) -> None:
        """Change some columns of a row."""
        self._need_transaction()
        columns = ", ".join(f"{name} = ?" for name in values)
        self._connection.execute(f"UPDATE {table} SET {columns} WHERE id = ?", (*values.values(), key))

    def execute(self, sql: str, *values: object) -> None:
        """Any other change."""
        self._need_transaction()
        self._connection.execute(sql, values)

    def _need_transaction(self) -> None:
        if not self.changing():
            raise RuntimeError("the store is written outside of a transaction")


def as_dict(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> Row:
    """A row as a dictionary."""
    return {column[0]: value for column, value in zip(cursor.description, values, strict=True)}


def as_number(text: str) -> int | None:
    """The number that *text* spells in the usual way, without leading zeros, or None where it spells none."""
    if not text.isascii() or not text.isdecimal() or len(text) > len(str(LARGEST)):
        return None
    number = int(text)
    return number if number <= LARGEST and str(number) == text else None
