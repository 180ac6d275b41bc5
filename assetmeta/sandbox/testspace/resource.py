"""What the resources of the API work on, and what they have in common."""

from __future__ import annotations

from collections.abc import Mapping

from .moments import Clock
from .refusals import invalid
from .store import Row, Store


class Resource:
    """Some paths of the API; their handlers are methods that take a call."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock

    def row(self, table: str, key: int, columns: str = "*") -> Row:
        """The row with this id, which is there."""
        (found,) = self.store.all(f"SELECT {columns} FROM {table} WHERE id = ?", key)
        return found

    def change(self, table: str, key: int, values: Mapping[str, object]) -> None:
        """Change some columns of a row, and its time."""
        self.store.update(table, key, {**values, "updated_at": self.clock()})

    def check_name(self, table: str, values: Mapping[str, object], but: int = 0, **within: object) -> None:
        """Raises Refusal (422) where a row other than *but* has the name that *values* give, among those *within*."""
        scope = "".join(f" AND {column} = ?" for column in within)
        sql = f"SELECT 1 FROM {table} WHERE name = ? AND id <> ?{scope}"
        if "name" in values and self.store.one(sql, values["name"], but, *within.values()):
            raise invalid("name has already been taken")
