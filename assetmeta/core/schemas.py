"""Where a session's schema comes from: read whole at the first use, or type by type as types are named."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping

from assetmeta.core.workspace import Runs
from assetmeta.model.contract import Backend
from assetmeta.model.errors import BadValue, NotFound
from assetmeta.model.schema import AssetType, Schema

WAYS = ("all", "types")


class SchemaSource:
    """Gives the schema of one session. *way* "all" reads it in one request at the first use, "types" one type at a
    time, which is quicker on a large server when few types are needed.
    """

    def __init__(self, backend: Backend, run: Runs, way: str) -> None:
        if way not in WAYS:
            raise BadValue(f"There is no way {way!r} to reflect; there are {', '.join(WAYS)}.")
        self._backend = backend
        self._run = run
        self._lock = threading.Lock()
        self._schema = Schema(TypesOnDemand(backend, run)) if way == "types" else None

    def __call__(self) -> Schema:
        """Return the schema, read at the first call."""
        found = self._schema
        if found is None:
            # Threads that arrive together wait for one answer instead of asking twice.
            with self._lock:
                if self._schema is None:
                    self._schema = self._run(self._backend.reflect())
                found = self._schema
        return found

    @property
    def known(self) -> list[str]:
        """The names of the types read so far, sorted; sends nothing."""
        return sorted(self._schema.types) if self._schema else []


class TypesOnDemand(Mapping[str, AssetType]):
    """Types that are read, with what they inherit from, when first looked up. Iterates over those read so far."""

    def __init__(self, backend: Backend, run: Runs) -> None:
        self._backend = backend
        self._run = run
        self._types: dict[str, AssetType] = {}
        self._unknown: set[str] = set()
        self._lock = threading.RLock()

    def __getitem__(self, name: str) -> AssetType:
        with self._lock:
            if name not in self._types and name not in self._unknown:
                try:
                    self._types.update(self._run(self._backend.reflect([name])).types)
                except NotFound:
                    self._unknown.add(name)
            return self._types[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._types))

    def __len__(self) -> int:
        return len(self._types)
