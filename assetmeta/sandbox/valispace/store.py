"""The store of one deployment: objects by endpoint and id, which counters give."""

from __future__ import annotations

from assetmeta.sandbox.database import MEMORY, Source
from assetmeta.sandbox.rest import store as rest

from .catalogue import KINDS
from .model import Row

Place = tuple[str, int]
"""An object: endpoint and id."""


class Store(rest.Store[int]):
    """Rows by endpoint and id. Ids are not given again."""

    def __init__(self, source: Source = MEMORY) -> None:
        references = {
            kind.endpoint: tuple(field.name for field in (*kind.relations, *kind.generic)) for kind in KINDS.values()
        }
        super().__init__(references, source)

    def hanging(self, endpoint: str, field: str, content_type: int, id: int) -> list[int]:
        """The ids of the objects of *endpoint* whose generic id *field*, by its content type, means an object."""
        kind_field = KINDS[endpoint].by_name[field].kind_field or ""
        rows = self.rows(endpoint)
        return [one for one in self.pointing(endpoint, field, id) if rows[one][kind_field] == content_type]

    def insert(self, endpoint: str, row: Row) -> int:
        """Store a new row under a fresh id."""
        id = self.next(KINDS[endpoint].counter)
        self.write(endpoint, id, row)
        return id

    def insert_as(self, endpoint: str, id: int, row: Row) -> None:
        """Store a new row under an id of one's own choice."""
        self.reserve(KINDS[endpoint].counter, id)
        self.write(endpoint, id, row)
