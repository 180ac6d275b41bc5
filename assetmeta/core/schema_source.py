"""Where a session's schema comes from: read whole at the first use, or type by type as types are named."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from assetmeta.core.context import FlowRunner
from assetmeta.model.contract import Backend
from assetmeta.model.errors import AssetmetaError, BadValue, NotFound
from assetmeta.model.processes import renew_in_child
from assetmeta.model.schema import AssetType, Schema
from assetmeta.model.schema_json import from_text, to_text

WAYS = ("all", "types")


class TextStore(Protocol):
    """Keeps a text for the next session."""

    def load(self) -> str | None: ...
    def save(self, text: str) -> None: ...


class SchemaSource:
    """Gives the schema of one session. *way* "all" reads it in one request at the first use, "types" one type at a
    time, which is quicker on a large server when few types are needed. What *keep* holds is used instead of a request.
    *on_renewed* is called after the schema was read again.
    """

    def __init__(
        self,
        backend: Backend,
        run: FlowRunner,
        way: str,
        keep: TextStore | None = None,
        on_renewed: Callable[[], None] = lambda: None,
    ) -> None:
        if way not in WAYS:
            raise BadValue(f"There is no way {way!r} to reflect; there are {', '.join(WAYS)}.")
        self._backend = backend
        self._run = run
        self._keep = keep
        self._on_renewed = on_renewed
        self.after_fork()
        renew_in_child(self)
        self._missed: set[tuple[str, str]] = set()
        self._secret_names: tuple[tuple[AssetType, ...], frozenset[str]] = ((), frozenset())
        self.current = Schema(TypesOnDemand(backend, run)) if way == "types" else None

    def after_fork(self) -> None:
        """Free the lock, which another thread may have held."""
        self._lock = threading.Lock()

    def __call__(self) -> Schema:
        """Return the schema, read at the first call."""
        found = self.current
        if found is None:
            # Threads that arrive together wait for one answer instead of sending two requests.
            with self._lock:
                if self.current is None:
                    self.current = self._kept() or self._read()
                found = self.current
        return found

    def _kept(self) -> Schema | None:
        text = self._keep.load() if self._keep else None
        try:
            kept = from_text(text, self._backend.codec) if text else None
            return Schema(kept.types, kept.version, self._newer) if kept else None
        except ValueError:
            # A broken file is no file: the schema is read from the server, and the file written again.
            return None

    def _newer(self) -> Schema | None:
        """The schema of today, for a user's name that a kept one does not have; None when it cannot be read."""
        with self._lock:
            if self.current is not None and self.current.newer is None:
                return self.current
            try:
                self.current = _with_raw(self._read(), {name for name, _ in self._missed})
            except AssetmetaError:
                return None
            found = self.current
        self._on_renewed()
        return found

    def _read(self) -> Schema:
        schema = self._run(self._backend.reflect())
        if self._keep:
            self._keep.save(to_text(schema))
        return schema

    def renew(self, missing: Iterable[tuple[str, str]]) -> bool:
        """Read the schema again because an answer names types and attributes, as (type, attribute or ""), that are
        missing in it; return whether it was. One reading for all that are missing, and none for what was missing
        before. A type that the server does not describe then either is known without attributes.
        """
        with self._lock:
            schema = self.current
            # To look for a type that was never looked for reads it.
            before = schema.types.looked_for() if schema and isinstance(schema.types, TypesOnDemand) else frozenset()
            new = {need for need in missing if need not in self._missed and schema and not _has(schema, *need)}
            self._missed |= new
            if schema is None or not new:
                return False
            names = sorted({name for name, _ in new})
            try:
                if isinstance(schema.types, TypesOnDemand):
                    schema.types.read_again(name for name in names if name in before)
                else:
                    schema = self._read()
            except AssetmetaError:
                # What is known of the schema does for everything else; the answer itself has come.
                pass
            self.current = _with_raw(schema, {name for name, _ in self._missed})
        self._on_renewed()
        return True

    @property
    def known(self) -> list[str]:
        """The names of the types read so far, or kept from an earlier session, sorted; sends nothing."""
        with self._lock:
            self.current = self.current or self._kept()
        return sorted(self.current.types) if self.current else []

    def secret_names(self) -> frozenset[str]:
        """The names of the attributes, read so far, that are not to be shown; sends nothing and does not wait."""
        types = None if self.current is None else self.current.types
        known = tuple(types.read() if isinstance(types, TypesOnDemand) else (types or {}).values())
        before, names = self._secret_names
        # A type that was read again is another object, and may have secrets that it had not.
        if len(known) != len(before) or any(one is not other for one, other in zip(known, before, strict=True)):
            names = frozenset(each.name for kind in known for each in kind.attributes.values() if each.is_secret)
            self._secret_names = (known, names)
        return names


def _has(schema: Schema, type_name: str, name: str) -> bool:
    found = schema.types.get(type_name)
    return found is not None and (not name or name in found.attributes or name in found.operations)


def _with_raw(schema: Schema, names: Iterable[str]) -> Schema:
    """The schema with types of *names* that are missing in it, without attributes."""
    raw = {name: AssetType(name, {}) for name in names if name not in schema.types}
    if not raw:
        return schema
    if isinstance(schema.types, TypesOnDemand):
        schema.types.add(raw)
        return schema
    return Schema(OpenTypes(schema.types, raw), schema.version)


class OpenTypes(Mapping[str, AssetType]):
    """The types of a server, and those that its answers name and its schema does not have; these are found and not
    listed.
    """

    def __init__(self, types: Mapping[str, AssetType], raw: Mapping[str, AssetType]) -> None:
        self._types = types
        self._raw = raw

    def __getitem__(self, name: str) -> AssetType:
        found = self._types.get(name)
        return self._raw[name] if found is None else found

    def __iter__(self) -> Iterator[str]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)


class TypesOnDemand(Mapping[str, AssetType]):
    """Types that are read, with what they inherit from, when first looked up. Iterates over those read so far."""

    def __init__(self, backend: Backend, run: FlowRunner) -> None:
        self._backend = backend
        self._run = run
        self._types: dict[str, AssetType] = {}
        self._unknown: set[str] = set()
        self.after_fork()
        renew_in_child(self)

    def after_fork(self) -> None:
        """Free the lock, which another thread may have held."""
        self._lock = threading.RLock()

    def __getitem__(self, name: str) -> AssetType:
        with self._lock:
            if name not in self._types and name not in self._unknown:
                try:
                    self._types.update(self._run(self._backend.reflect([name])).types)
                except NotFound:
                    self._unknown.add(name)
            return self._types[name]

    def read_again(self, names: Iterable[str]) -> None:
        """Read types that are known, or were not there, again. Raises the server's refusal."""
        with self._lock:
            for name in names:
                try:
                    self._types.update(self._run(self._backend.reflect([name])).types)
                except NotFound:
                    self._unknown.add(name)

    def looked_for(self) -> frozenset[str]:
        """The names of the types that were read, or were not there."""
        with self._lock:
            return frozenset(self._types) | self._unknown

    def add(self, types: Mapping[str, AssetType]) -> None:
        """Add types that the server does not describe."""
        with self._lock:
            self._types.update(types)

    def read(self) -> tuple[AssetType, ...]:
        """The types read so far. It takes no lock: a thread that reads a type may wait for who calls this."""
        return tuple(self._types.copy().values())

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._types))

    def __len__(self) -> int:
        return len(self._types)
