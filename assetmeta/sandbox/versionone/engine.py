"""The engine: one instance's assets, read and written, without any notion of HTTP. Safe to share between threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache

from assetmeta.sandbox.database import MEMORY, Source

from . import seed, writes
from .bindings import Binding, Place
from .compile import expression
from .literals import DELETED, spell_time
from .operations import effect_of
from .problems import missing, not_allowed, unknown_attribute, unknown_operation, unknown_type
from .reader import Reader
from .records import Pen, Record
from .requests import Change, LoadLink, LoadRow, Query, Result, Written
from .routes import resolve
from .store import FOREVER, Store, column
from .templates import template
from .tokens import parse_token
from .types import Catalogue, Column

SHIPPED = datetime(2010, 1, 1, tzinfo=UTC)
"""The date of moment 0, at which the rows that every instance has came to be."""


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def _ship(store: Store, catalogue: Catalogue) -> None:
    """Put the rows into an empty database that every instance has from its first moment on."""
    with store.transaction():
        store.tick(spell_time(SHIPPED))
        store.load(seed.rows(catalogue), seed.links(catalogue))


@lru_cache(maxsize=4)
def _shipped(catalogue: Catalogue) -> bytes:
    """A database with the shipped rows only: to copy it takes a thirtieth of the time that making one takes."""
    store = Store(catalogue)
    try:
        _ship(store, catalogue)
        return store.snapshot()
    finally:
        store.close()


class Engine:
    """All assets of one instance, in a database in memory or in a file.

    Every write is one transaction and at most one moment. What is refused raises a `Problem`, and nothing has changed.
    """

    def __init__(
        self, catalogue: Catalogue, source: Source = MEMORY, *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self.catalogue = catalogue
        self._clock = clock
        self._store = Store(catalogue, _shipped(catalogue) if source == MEMORY else source)
        self._reader = Reader(catalogue, self._store, clock)
        if self._store.fresh:
            _ship(self._store, catalogue)

    def select(self, query: Query) -> Result:
        """Run one query."""
        return self._reader.select(query)

    def create(
        self,
        type_name: str,
        changes: Sequence[Change],
        *,
        member: str,
        context: str | None = None,
        comment: str | None = None,
    ) -> Written:
        """Create an asset from a document. What *context* suggests comes first; the document overrides it."""
        with self._pen(member, comment) as pen:
            written = writes.create(pen, type_name, _over(template(pen, type_name, context), changes))
        return Written(written.asset, written.moment, writes.names(changes))

    def update(
        self,
        type_name: str,
        id: int,
        changes: Sequence[Change],
        *,
        member: str,
        comment: str | None = None,
        deleted: bool = False,
    ) -> Written:
        """Change an asset. *deleted* reaches deleted assets too. The moment is the old one when nothing changes."""
        with self._pen(member, comment) as pen:
            return writes.update(pen, type_name, id, changes, deleted=deleted)

    def execute(
        self,
        type_name: str,
        id: int,
        operation: str,
        arguments: Mapping[str, object] | None = None,
        *,
        member: str,
        comment: str | None = None,
    ) -> Written:
        """Run an operation; the result names the asset acted on, or the one the operation made."""
        kind = self.catalogue.find(type_name)
        if kind is None:
            raise unknown_type(type_name)
        with self._pen(member, comment) as pen:
            if effect_of(kind, operation) is None and not any(
                operation in self.catalogue.types[name].operations for name in kind.concrete
            ):
                raise unknown_operation(type_name, operation)
            record = writes.locate(pen, type_name, id, deleted=operation == "Undelete")
            effect = effect_of(self.catalogue.types[record.type_name], operation)
            if effect is None:
                raise unknown_operation(record.type_name, operation)
            self._check_allowed(record, operation, member)
            pen.reason = operation
            asset = effect(pen, record, arguments or {})
            after = pen.read(asset)
            return Written(asset, after.since if after else record.since)

    def _check_allowed(self, record: Record, operation: str, member: str) -> None:
        kind = self.catalogue.types[record.type_name]
        validator = kind.operations[operation].validator
        if validator is None:
            return
        binding = Binding(self.catalogue, member, spell_time(self._clock()))
        sql = expression(resolve(parse_token(validator), kind, self.catalogue), Place("r0", kind), binding)
        allowed = self._store.one(f"SELECT {sql} FROM record r0 WHERE r0.row = {record.row}", binding.values)
        if not allowed:
            raise not_allowed(record.type_name, operation)

    def template(self, type_name: str, context: str | None, *, member: str) -> list[Change]:
        """What rest-1.v1/New suggests to *member* for a new asset of the type in a context."""
        with self._pen(member, None) as pen:
            return template(pen, type_name, context)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Hold several writes in one transaction. Each of them still succeeds or fails alone."""
        with self._store.transaction():
            yield

    def named(self, type_name: str, text: str) -> list[str]:
        """The assets of a type, not deleted, that have this name, or what is shown for one. Case is ignored."""
        kind = self.catalogue.types[type_name]
        shown = kind.attributes.get("Name") or kind.attributes.get(kind.display_by or "")
        if shown is None or not isinstance(shown.storage, Column):
            return []
        found = self._store.rows(
            f"SELECT asset, type FROM record WHERE fold({column(shown.storage.name)}) = ? AND until = {FOREVER}"
            f" AND state <> {DELETED} ORDER BY id",
            (text.casefold(),),
        )
        return [str(asset) for asset, name in found if name in kind.concrete]

    def exists(self, asset: str) -> bool:
        """Whether there is an asset of this token that is not deleted."""
        sql = f"SELECT 1 FROM record WHERE asset = ? AND until = {FOREVER} AND state <> {DELETED}"
        return self._store.one(sql, (asset,)) is not None

    def stored(self, asset: str, name: str) -> list[object]:
        """What a stored attribute of an asset, deleted or not, holds now: no value, one, or several."""
        with self._pen("Member:20", None) as pen:
            record = pen.read(asset)
            if record is None:
                raise missing(asset)
            kind = self.catalogue.types[record.type_name]
            attribute = kind.attributes.get(name)
            if attribute is None:
                raise unknown_attribute(kind.name, name)
            if isinstance(attribute.storage, Column):
                value = record.values[attribute.storage.name]
                return [] if value is None else [value]
            return list(writes.Draft(pen, kind, record).present(asset, attribute))

    @contextmanager
    def _pen(self, member: str, comment: str | None) -> Iterator[Pen]:
        with self._store.part():
            yield Pen(self.catalogue, self._store, member, self._clock(), comment)

    def login(self, username: str, password: str) -> str | None:
        """The token of the active member of that name and password, or None. Names ignore case, passwords do not."""
        try:
            (username + password).encode()
        except UnicodeEncodeError:
            return None
        found = self._store.one(
            f"SELECT asset FROM record WHERE fold({column('Username')}) = ? AND {column('Password')} = ?"
            f" AND type = 'Member' AND state = 64 AND until = {FOREVER} ORDER BY id",
            (username.casefold(), password),
        )
        return None if found is None else str(found)

    def read_blob(self, asset: str) -> bytes | None:
        """The bytes of an attachment or image; None when it has none, or when there is no such asset."""
        alive = self._store.one(f"SELECT state FROM record WHERE asset = ? AND until = {FOREVER}", (asset,))
        return None if alive in (None, 255) else self._store.read_blob(asset)

    def write_blob(self, asset: str, content: bytes) -> None:
        """Replace the bytes of an attachment or image. This is no change of the asset and takes no moment."""
        self._store.write_blob(asset, content)

    def load(self, rows: Iterable[LoadRow], links: Iterable[LoadLink] = ()) -> None:
        """Load many records as they are, in one transaction."""
        self._store.load(rows, links)

    def reserve(self, count: int) -> int:
        """The first of *count* fresh ids."""
        return self._store.reserve(count)

    def tick(self, at: datetime) -> int:
        """A fresh moment, dated *at*."""
        return self._store.tick(spell_time(at))

    def now(self) -> datetime:
        """The time, in UTC."""
        return self._clock()

    def latest(self) -> int:
        """The latest moment."""
        return self._store.number("SELECT MAX(number) FROM moment")

    def changed_since(self, moment: int) -> list[tuple[str, int]]:
        """The assets that have records since a moment, each with the moment of the record, the earliest first."""
        found = self._store.rows("SELECT asset, since FROM record WHERE since > ? ORDER BY since, id", (moment,))
        return [(str(asset), int(str(since))) for asset, since in found]

    def snapshot(self) -> bytes:
        """A copy of the whole database, a source for other engines."""
        return self._store.snapshot()

    def close(self) -> None:
        """Close the database."""
        self._store.close()


def _over(suggested: Sequence[Change], given: Sequence[Change]) -> list[Change]:
    named = {change.name for change in given if change.act == "set"}
    return [change for change in suggested if change.name not in named] + list(given)
