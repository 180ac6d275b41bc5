"""What all machinery of one session shares: schema, identities, and the roles that loading and tracking play."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, timedelta
from pathlib import Path as FilePath
from typing import Any, ClassVar, NamedTuple, Protocol, TypeVar

from cachetools import LRUCache
from msgspec.structs import replace

from assetmeta.core.identity_map import IdentityMap
from assetmeta.core.load_log import LoadLog
from assetmeta.core.report import Report
from assetmeta.core.row_report import UpsertReport
from assetmeta.core.schema_gaps import SchemaGaps
from assetmeta.core.state import Instance, RowShapes, merge_rows
from assetmeta.core.vocabulary import Vocabulary
from assetmeta.model.contract import Backend, SupportsAliases, SupportsNames, SupportsReferences
from assetmeta.model.errors import AssetmetaError, NotFound, Rejected, SessionClosed, UnknownName, UsageError
from assetmeta.model.http import Flow, T
from assetmeta.model.ordering import ReferencesIn, references_in
from assetmeta.model.paths import Path, resolve
from assetmeta.model.plans import Change, Fetch, Row, Rows
from assetmeta.model.processes import fork_outside, renew_in_child
from assetmeta.model.scalars import shown
from assetmeta.model.schema import AssetType, Attribute, Schema
from assetmeta.model.table import Table
from assetmeta.model.values import AsOf, Oid


class FlowRunner(Protocol):
    """Performs the I/O of a flow."""

    def __call__(self, flow: Flow[T]) -> T: ...


class SchemaProtocol(Protocol):
    """Returns the schema, which the first call reads; *current* is what was read so far."""

    @property
    def current(self) -> Schema | None: ...
    def __call__(self) -> Schema: ...


_R_co = TypeVar("_R_co", covariant=True)


class BackgroundCall(Protocol[_R_co]):
    """A call in a thread of its own. `result()` waits for it, and returns or raises what it did; once it is left it
    sends nothing any more.
    """

    def result(self) -> _R_co: ...
    def leave(self) -> None: ...


class BackgroundRunner(Protocol):
    """Starts a call in a thread of its own."""

    def __call__(self, call: Callable[[], T]) -> BackgroundCall[T]: ...


class LoaderProtocol(Protocol):
    """Fetches what a read found missing."""

    def need(self, asset: Instance, name: str) -> None: ...
    def load(self, oids: Sequence[Oid], names: Sequence[str]) -> None: ...
    def populate(self, assets: Sequence[Instance], names: Sequence[str]) -> None: ...


class UnitProtocol(Protocol):
    """Keeps the pending edits."""

    def assign(self, asset: Instance, attribute: Attribute, value: object) -> None: ...
    def checked(self, type_name: str, values: Mapping[str, object]) -> dict[str, object]: ...
    def assign_all(self, asset: Instance, values: Mapping[str, object]) -> None: ...
    def all_or_nothing(self) -> AbstractContextManager[None]: ...
    def edit_members(
        self, asset: Instance, attribute: Attribute, add: Sequence[object], remove: Sequence[object]
    ) -> None: ...
    def delete(self, *assets: Instance) -> None: ...
    def register_new(self, oid: Oid, values: Mapping[str, object], context_oid: Oid | None) -> Instance: ...
    def fresh_oid(self, type_name: str) -> Oid: ...


class CommitterProtocol(Protocol):
    """Sends changes."""

    def create(self, type_name: str, values: Mapping[str, object], context_oid: Oid | None) -> Instance: ...
    def call(self, asset: Instance, operation: str, arguments: Mapping[str, object]) -> Instance: ...
    def execute(self, oids: Sequence[Oid], operation: str, arguments: Mapping[str, object]) -> Report: ...
    def new_from_template(self, type_name: str, context_oid: Oid | None, values: Mapping[str, object]) -> Instance: ...


class SchemaMapProtocol(Protocol):
    """Makes tables of what the schema has."""

    def describe(self, kind: AssetType, word: str | None = None) -> Table: ...


class DisplayProtocol(Protocol):
    """Makes tables of what is loaded."""

    def table_of(self, shown: object) -> Table: ...
    def rows_of(self, query: Any, assets: Sequence[Instance]) -> Table: ...


class BlockProtocol(Protocol):
    """A `with` block that alone may write: a job, or a block that only plans."""

    @property
    def landed(self) -> Iterable[Change]:
        """The changes that the block wrote."""
        ...

    def refusal(self, what: str) -> AssetmetaError:
        """The error for *what* is called inside and would write."""
        ...


ProgressOption = bool | Callable[[int, int | None, str], object] | None
"""What `progress=` takes: True, or a function of how much is done, of how much (None: not known), and what it is."""


class MeterProtocol(Protocol):
    """Shows how far something has come, until the `with` block ends."""

    def metered(
        self, progress: object, what: str, total: int | None, unit: str
    ) -> AbstractContextManager[Callable[[int], None]]: ...


class RowsProtocol(Protocol):
    """Makes changes out of rows."""

    def upsert(
        self,
        context: SessionContext,
        type_name: str,
        rows: object,
        *,
        key: str,
        missing: str,
        columns: Mapping[str, str | None] | None,
        empty: str,
    ) -> UpsertReport: ...


class FramesProtocol(Protocol):
    """Turns queries into frames and files."""

    def to_arrow(self, query: Any, options: FrameOptions) -> Any: ...
    def to_pandas(self, query: Any, options: FrameOptions) -> Any: ...
    def to_polars(self, query: Any, options: FrameOptions) -> Any: ...
    def reader(self, query: Any, options: FrameOptions) -> Any: ...
    def history_frame(
        self,
        query: Any,
        names: Sequence[str],
        start: date | str,
        end: date | str,
        every: str | timedelta,
        options: FrameOptions,
    ) -> Any: ...
    def to_csv(self, query: Any, path: str | FilePath, options: FrameOptions, neutralise: bool) -> FilePath: ...
    def to_excel(self, query: Any, path: str | FilePath, options: FrameOptions, neutralise: bool) -> FilePath: ...
    def to_jsonl(self, query: Any, path: str | FilePath, options: FrameOptions) -> FilePath: ...
    def to_parquet(self, query: Any, path: str | FilePath, options: FrameOptions) -> FilePath: ...


class PartsProtocol(Protocol):
    """Divides queries into parts that travel."""

    def parts(self, query: Any, number: int | None, by: str | None, profile: str | None) -> list[Any]: ...
    def to_dask(
        self, query: Any, number: int | None, by: str | None, profile: str | None, options: FrameOptions
    ) -> Any: ...


class Features(NamedTuple):
    """What assets and queries can do beyond the core: modules of assetmeta.features, which the session binds."""

    display: DisplayProtocol
    frames: FramesProtocol
    progress: MeterProtocol
    rows: RowsProtocol
    schema_map: SchemaMapProtocol
    parts: PartsProtocol


class FrameOptions(NamedTuple):
    """How values become cells: *decimals* "decimal" (exact) or "float"; *plain* takes the markup off texts; *explode*
    names the columns of several values that get a row for each.
    """

    decimals: str = "decimal"
    plain: bool = False
    explode: tuple[str, ...] = ()
    progress: ProgressOption = None


class SessionContext:
    """The shared ground of one session. *lock* guards states and maps; no I/O happens while it is held.

    *references_in* finds the assets that a change of one attribute names, as the dialect names them. *server* and
    *user* are where it is logged in and as whom, as far as the login shows that; *mark* identifies it among all
    sessions. *wait* waits for so many seconds, or until the session ends. *prefetch* is how many pages of a query may
    be under way while the one before is worked on; *start* makes such a call, and may be None where that is none.
    *own_profile* makes a session like this one elsewhere, where a profile holds its login.
    """

    loader: LoaderProtocol
    unit: UnitProtocol
    writer: CommitterProtocol
    features: Features

    connect_by: ClassVar[Callable[..., Any]]
    """What makes a session by the name of a profile; assetmeta.systems sets it."""

    def __init__(
        self,
        backend: Backend,
        run: FlowRunner,
        schema: SchemaProtocol,
        make: Callable[[Oid], Instance],
        link: Callable[[str], str],
        keep: int,
        page_size: int,
        max_bytes: int,
        renew: Callable[[Iterable[tuple[str, str]]], bool] | None = None,
        server: str = "",
        user: str | None = None,
        wait: Callable[[float], object] = time.sleep,
        prefetch: int = 0,
        start: BackgroundRunner | None = None,
    ) -> None:
        self.server = server
        self.user = user
        self.wait = wait
        self.mark = os.urandom(8).hex()
        self.backend = backend
        self.references_in: ReferencesIn = (
            backend.references_in if isinstance(backend, SupportsReferences) else references_in
        )
        # Looking a protocol's methods up is slow, and this is asked for each relation that is written.
        self.aliases = backend if isinstance(backend, SupportsAliases) else None
        self.identity = IdentityMap(keep)
        self.named_cohorts: dict[str, object] = {}
        self.layouts = RowShapes()
        self.after_fork()
        renew_in_child(self)
        fork_outside(self)
        self.page_size = min(page_size, backend.can.max_page)
        self.max_bytes = max_bytes
        self.prefetch = 0 if start is None else prefetch
        self._start = start
        self.link = link
        self.closed = False
        self.own_profile: Callable[[], Any] | None = None
        self.writes = 0
        self.load_log = LoadLog()
        self.vocabulary: Vocabulary | None = Vocabulary(exact=backend.can.exact)
        self.suggested: dict[tuple[str, ...], list[str]] = {}
        self._paths: LRUCache[str, Path] = LRUCache(maxsize=10_000)
        self._run = run
        self._schema = schema
        self._make = make
        self._renew = renew
        self._gaps = SchemaGaps()

    def after_fork(self) -> None:
        """Free the lock, which another thread may have held."""
        self.lock = threading.RLock()

    def __reduce__(self) -> tuple[Any, ...]:
        raise UsageError(
            "A session holds connections and a login, and is not pickled, nor is a query of it. query.parts(n) gives"
            " parts that travel: each connects by its profile where it runs."
        )

    @property
    def schema(self) -> Schema:
        """The server's schema; the first use reads it (one request)."""
        known = self._schema.current
        return self._schema() if known is None else known

    def newer_schema(self) -> bool:
        """Read the schema again where it was kept from an earlier session, and return whether that was done: a user
        named what is missing in it. One request, at most once per session.
        """
        newer = self.schema.newer
        return newer is not None and newer() is not None

    def run(self, flow: Flow[T]) -> T:
        """Perform a flow's requests. Raises SessionClosed after close()."""
        if self.closed:
            raise SessionClosed("The session is closed; open a new one to talk to the server.")
        return self._run(flow)

    def start(self, call: Callable[[], T]) -> BackgroundCall[T]:
        """Make a call in a thread of its own, which `prefetch` allows."""
        assert self._start is not None, "nothing is read ahead"
        return self._start(call)

    def fetch(self, fetches: Sequence[Fetch]) -> list[Rows]:
        """Perform fetches of a query, in as few requests as the server allows. What their conditions name is checked
        against the server's lists (see core.vocabulary). Raises BadValue.
        """
        if self.vocabulary is None:
            return self.read(fetches)
        return self.vocabulary.checked(self.schema, fetches, self.read)

    @property
    def fetches_together(self) -> int:
        """How many fetches may share a request."""
        return self.backend.can.max_fetches if self.backend.can.windows else 1

    def read(self, fetches: Sequence[Fetch]) -> list[Rows]:
        """Perform fetches as they are, in as few requests as the server allows. When it refuses them, and the schema
        was kept from an earlier session, the schema is read again, and what is gone from it is left out of a second
        attempt.
        """
        if not fetches:
            return []
        try:
            return self.run(self.backend.fetch(self.schema, fetches))
        except Rejected:
            if not self.newer_schema():
                raise
            schema = self.schema
            return self.run(self.backend.fetch(schema, [_selecting_known(schema, fetch) for fetch in fetches]))

    def list_names(self) -> dict[str, frozenset[str]]:
        """The names of the server's list types, by type; read once per session, in one round of requests."""
        if self.vocabulary is None:
            return {}
        return self.vocabulary.of_all(self.schema, self.read)

    def path(self, text: str) -> Path:
        """Return the path of that text: the very one that was selected, conditions and all, or else the text parsed."""
        return self._paths.get(text) or Path.parse(text)

    def remember(self, path: Path) -> None:
        """Let *path* be found again by its text, which is what its values are kept under."""
        if not path.is_plain:
            self._paths[str(path)] = path

    def asset(self, oid: Oid) -> Instance:
        """Return the one asset of *oid*; sends nothing. Raises UnknownName for a type that the schema does not have."""
        with self.lock:
            return self.identity.get_or_create(oid, self._make)

    def named(self, type_name: str, text: str) -> Instance:
        """Return the asset of a type that *text* means: its key as a person writes it, or an alias where the server has
        such. Sends nothing for a key, one request for an alias. Raises BadValue, NotFound, NotExactlyOne.
        """
        backend = self.backend
        if not isinstance(backend, SupportsNames):
            return self.asset(Oid.of(type_name, text))
        key = backend.key_of(type_name, text)
        if key is not None:
            return self.asset(Oid.of(type_name, key))
        since = self.writes
        try:
            row = self.run(backend.look_up(self.schema, type_name, text))
        except NotFound as error:
            # What was looked for on the way, such as a project, is not what the user wrote.
            if repr(text) in str(error):
                raise
            named = NotFound(f"{type_name}({shown(text, 200)}): {error}", **{"status": 404, **vars(error)})
            raise named from error
        self.know([row])
        return self.merge_rows([row], since)[0]

    def know(self, rows: Iterable[Row], oids: Iterable[Oid] = ()) -> None:
        """Have the schema read again, once, where an answer names what it does not have (see core.schema_gaps). To be
        called before the lock is taken. No request where all is known, or was missing before.
        """
        if self._renew is not None:
            missing = self._gaps.named_in(self.schema, rows, oids)
            if missing:
                self._renew(missing)

    def merge_rows(self, rows: Sequence[Row], since: int | None = None) -> list[Instance]:
        """Merge rows into their assets; return the assets, same order. *since* is `writes` when they were requested."""
        with self.lock:
            assets = [self.identity.get_or_create(row.oid, self._make) for row in rows]
            merge_rows(assets, rows, self.layouts, since)
            return assets


def moment_of(asset: Instance) -> AsOf | None:
    """The moment at which this asset is seen; None for the present."""
    return asset._state.oid.moment


def _selecting_known(schema: Schema, fetch: Fetch) -> Fetch:
    return replace(fetch, select=tuple(path for path in fetch.select if _is_known(schema, fetch.type_name, path)))


def _is_known(schema: Schema, type_name: str, path: Path) -> bool:
    try:
        resolve(schema, type_name, path)
    except UnknownName:
        return False
    return True
