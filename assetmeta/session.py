"""Sessions: the pieces wired together for one server and one user, and the guard around a block of work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from requests.auth import AuthBase

from assetmeta.core.advice import on_type
from assetmeta.core.asset import Asset
from assetmeta.core.class_builder import ClassRegistry
from assetmeta.core.cohort import join_named
from assetmeta.core.commit import Committer
from assetmeta.core.context import Features, ProgressOption, SessionContext
from assetmeta.core.load_log import is_completing
from assetmeta.core.loading import Loader
from assetmeta.core.metaclass import AssetClass
from assetmeta.core.query import Query
from assetmeta.core.schema_source import SchemaSource
from assetmeta.core.snapshot import Snapshot
from assetmeta.core.unit_of_work import UnitOfWork
from assetmeta.core.values import as_oid
from assetmeta.features import EVERY, INTERVAL
from assetmeta.model import optional
from assetmeta.model.contract import Backend, SupportsAliases, SupportsLoginCheck
from assetmeta.model.errors import AssetmetaError, BadValue, UnknownName, elsewhere, nearest
from assetmeta.model.http import Flow, T
from assetmeta.model.scalars import shown
from assetmeta.model.schema import Schema
from assetmeta.model.table import Displayed, Table
from assetmeta.model.values import Oid
from assetmeta.settings import check_settings, names_settings, refuse_unknown, schema_file
from assetmeta.trace import Trace
from assetmeta.wire.auth import Credential
from assetmeta.wire.driver import Driver, WireSettings
from assetmeta.wire.ledger import Ledger
from assetmeta.wire.urls import Origin, checked_base
from assetmeta.work import WorkBlock

if TYPE_CHECKING:
    from assetmeta.features.watch import Watcher

# What a session can do beyond the core is imported with its first use.
_display = optional.later("assetmeta.features.display")
_exports = optional.later("assetmeta.features.exports")
_progress = optional.later("assetmeta.features.progress")
_rate = optional.later("assetmeta.features.rate")
_rows = optional.later("assetmeta.features.rows")
_parts = optional.later("assetmeta.features.parts")
_schema_map = optional.later("assetmeta.features.schema_map")
_wait = optional.later("assetmeta.features.wait")
_watch = optional.later("assetmeta.features.watch")


class Session(WorkBlock, Displayed):
    """A server's assets as Python objects. Asset types are attributes: `session.Story`, or `session["Story"]`.

    Used as a context manager it commits at the end of the block what is still pending and raises CommitError if not all
    of it was saved; an exception inside the block leaves everything unsent.
    """

    @names_settings(WireSettings, Driver.__init__)
    def __init__(
        self,
        backend: Backend,
        base_url: str,
        auth: AuthBase | None,
        *,
        loading: str = "peers",
        keep: int = 1000,
        page_size: int = 2000,
        prefetch: int = 1,
        reflect: str = "all",
        schema_cache: str | Path | bool | None = True,
        schema_age: float = 86_400.0,
        rate: str | Sequence[str] | None = None,
        **wire: Unpack[WireSettings],
    ) -> None:
        """Make a session; sends nothing.

        Args:
            loading: what a read of a missing attribute loads: "peers", "one" or "raise" (see `loading()`).
            keep: how many assets stay in memory, most recently touched first, even without another reference.
            page_size: how many assets one request of a streamed query reads.
            prefetch: how many pages of a streamed query, from its second page on, are under way while the program works
                on the one before; 0 for none. Several at a time where the server gives windows of a result, and no more
                than *pool*. With a cassette it is 0.
            reflect: read the schema whole ("all", one request) or type by type as types are used ("types").
            schema_cache: the folder in which the schema is kept for the next session, per server and user: a path,
                True for the user's cache folder (or the one that the environment variable ASSETMETA_CACHE names), None
                to keep nothing. It is read again when it is older than *schema_age* (seconds), and when you or an
                answer name something that is missing in it. Logins that do not show who it is (a token function, an
                auth object of yours) keep nothing. With True, loopback addresses and sessions with a cassette keep
                nothing either.
            rate: how many requests may be sent, "100/minute", or several such rates in a list. All processes of this
                user and machine that name the server share them (extra `rate`).
            wire: `timeout`, `deadline`, `patience`, `retries`, `pool`, `proxies`, `verify`, `cert`, `max_bytes`,
                `read_only`, `user_agent`, `truststore`, `cassette`: see assetmeta.wire.driver.Driver.

        Raises BadValue for settings that cannot work, TypeError for settings that there are not.
        """
        self._refuse_unknown(wire)
        check_settings(keep, page_size, prefetch, schema_cache, schema_age)
        login_check = backend if isinstance(backend, SupportsLoginCheck) else None
        pace = None if rate is None else _rate.shared_rate(rate, str(Origin.of(checked_base(base_url))))
        self._driver = Driver(base_url, auth, login_check=login_check, server=backend.name, pace=pace, **wire)
        replays = bool(wire.get("cassette"))
        cache = schema_file(schema_cache, schema_age, self._driver.base_url, backend, auth, replays)
        self._classes = ClassRegistry()
        self._schemas = SchemaSource(backend, self._driver.run, reflect, cache, self._classes.renew)
        self._driver.secret_names = self._schemas.secret_names
        self._context = SessionContext(
            backend=backend,
            run=self._driver.run,
            schema=self._schemas,
            make=self._classes.new_instance,
            renew=self._schemas.renew,
            link=self._link,
            keep=keep,
            page_size=page_size,
            max_bytes=self._driver.max_bytes,
            server=self._driver.base_url,
            user=auth.identity if isinstance(auth, Credential) else None,
            wait=self._driver.wait,
            prefetch=0 if wire.get("cassette") else min(prefetch, self._driver.pool),
            start=self._driver.start,
        )
        self._classes.bind(self._context)
        self._context.features = Features(_display, _exports, _progress, _rows, _schema_map, _parts)
        self._loader = self._context.loader = Loader(self._context, loading)
        self._unit = self._context.unit = UnitOfWork(self._context)
        self._writer = self._context.writer = Committer(self._context, self._unit)

    @classmethod
    def _refuse_unknown(cls, settings: Iterable[str]) -> None:
        refuse_unknown(cls, settings, [taker for taker in cls.__mro__ if issubclass(taker, Session)])

    def __reduce__(self) -> tuple[Any, ...]:
        return self._context.__reduce__()

    def _link(self, path: str) -> str:
        return f"{self._driver.base_url.rstrip('/')}/{path}"

    def __getattr__(self, name: str) -> Any:
        """Return the class of an asset type. The first use reads the schema. Raises UnknownName."""
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: str) -> Any:
        """Return the class of an asset type, also one whose name is taken by a method of the session."""
        schema = self._schemas()
        if name not in schema.types:
            name = self._by_endpoint(name) or name
        if name not in schema.types and schema.newer:
            schema = schema.newer() or schema
        types = schema.types
        if name not in types:
            verbs = [verb for verb in dir(Session) if not verb.startswith("_")]
            near = elsewhere(name) or on_type(name, types) or nearest(name, [*types, *verbs])
            near = near or " The attribute `types` lists them; search(word) looks for a word in all of them."
            raise UnknownName(f"The server has no asset type {name!r}.{near}", type_name=name)
        return self._classes.of(name)

    def _by_endpoint(self, path: str) -> str | None:
        """The type that the server keeps at a path ("requirements/component-vms"), for servers with paths per type."""
        wanted = path.strip("/")
        return next((name for name, kind in self._schemas().types.items() if kind.endpoint == wanted), None)

    @property
    def types(self) -> list[str]:
        """The names of the server's asset types, sorted. The first use reads the schema (one request)."""
        self._schemas()
        return self._schemas.known

    @property
    def known_types(self) -> list[str]:
        """The names of the asset types that were read so far or kept from an earlier session, sorted. Sends nothing."""
        return self._schemas.known

    @property
    def schema(self) -> Schema:
        """The server's schema as data. The first use reads it (one request)."""
        return self._schemas()

    def search(self, word: str) -> Table:
        """Return the types, attributes, operations and list values whose name or label contains *word*, best first, as
        a table of (name, what, description). Letter case is ignored.

        The first search reads the names of the server's lists (statuses, priorities): as many requests as a query per
        list takes. Raises BadValue for an empty word.
        """
        found: Table = _schema_map.search(self.schema, word, self._context.list_names())
        return found

    def paths(self, start: str | type[Asset], end: str | type[Asset]) -> list[str]:
        """Return the shortest ways over relations from one type to another, as paths that `select()` takes:
        `v1.paths(v1.Story, v1.Member)` has "Owners". Those over what people set come first. Sends nothing. Raises
        UnknownName.
        """
        first, last = self.query(start).type_name, self.query(end).type_name
        narrowing = not self.backend.can.evaluates
        found: list[str] = _schema_map.paths(self.schema, first, last, narrowing=narrowing)
        return found

    @property
    def ledger(self) -> Ledger:
        """Every request of this session so far, most recent ones in detail."""
        return self._driver.ledger

    @contextmanager
    def trace(self) -> Iterator[Trace]:
        """Collect the requests of a block, and the lazy loads behind them: `with v1.trace() as trace:`.

        The block's lines that took a request per asset are named, with the select() that would have saved them.
        """
        with self._driver.trace() as ledger, self._context.load_log.watching() as loads:
            yield Trace(ledger, loads)

    def budget(self, requests: int) -> AbstractContextManager[None]:
        """Allow a block so many requests; one more raises BudgetExceeded before it is sent."""
        return self._driver.budget(requests)

    @property
    def base_url(self) -> str:
        """The URL that all paths of the server are below, without credentials."""
        return self._driver.base_url

    @property
    def backend(self) -> Backend:
        """The dialect of the server, whose flows `run()` performs."""
        return self._context.backend

    def run(self, flow: Flow[T]) -> T:
        """Perform a flow: what a server offers besides its assets (see assetmeta.tools).

        As many requests as the flow needs, under this session's login, retries, trace and budget. Raises SessionClosed.
        """
        return self._context.run(flow)

    def asset_from_oid(self, token: str | Oid) -> Any:
        """Return the one asset of a token such as "Story:1005" (or "Story:1005:1389", as of that change). Sends nothing
        but, the first time, the request for the schema, and one for an alias (`Project:name`) where the server has
        such. Raises BadValue, UnknownName, NotFound.
        """
        if isinstance(token, str) and isinstance(self.backend, SupportsAliases):
            name, _, text = token.partition(":")
            if text and name in self.schema.types:
                return self[name](text)
        oid = as_oid(token)
        if oid is None:
            raise BadValue(f"{shown(token)} is not an asset token; write Type:id, for example Story:1005.")
        if self[oid.type]._type.abstract:
            raise BadValue(f"{oid.token}: {oid.type} is abstract; name the asset by its concrete type.", oid=oid.token)
        asset = self._context.asset(oid)
        join_named(self._context, asset)
        return asset

    def query(self, kind: str | type[Asset]) -> Query:
        """Start a query of one type (its name, or its class of this session), whatever its attributes are called.

        Raises UnknownName, and BadValue for anything else.
        """
        if isinstance(kind, AssetClass) and kind is not Asset:
            if kind._context is not self._context:
                raise BadValue(f"{kind.__name__} belongs to another session; use this session's own.")
            kind = kind._type.name
        if not isinstance(kind, str):
            raise BadValue(f"query() takes the name of an asset type or its class, not {shown(kind)}.")
        self._schemas().type(kind)
        return Query(self._context, kind)

    def attach(self, snapshot: Snapshot) -> Any:
        """Return the live asset of a snapshot (what a pickled asset turns into), with its values loaded."""
        asset = self.asset_from_oid(snapshot.oid)
        assert isinstance(asset, Asset)
        return Asset.with_data(asset, snapshot.values)

    def wait(
        self,
        assets: Asset | str | Iterable[Asset | str],
        until: Callable[[Any], object],
        *,
        interval: float = INTERVAL,
        timeout: float | None = None,
        progress: ProgressOption = None,
    ) -> list[Any]:
        """Wait until *until* is true of each of *assets*, and return them in their order.

            v1.wait(stories, until=lambda story: story.IsClosed, interval=60, timeout=3600)

        They are assets or their tokens, one or several, and are read again together every *interval* seconds: as many
        requests as one reading of them all takes, and only for those that are not there yet. Pending changes stay.
        *progress* shows how many are there, as for commit(). Raises StillWaiting (a TimeoutError), which names what is
        left, after *timeout* seconds; BadValue, NotFound for an asset that is gone. Ctrl-C and close() end it.
        """
        found: list[Any] = _wait.wanted(self._context, assets)
        for _ in _wait.as_completed(self._context, found, until, interval, timeout, progress):
            pass
        return found

    def as_completed(
        self,
        assets: Asset | str | Iterable[Asset | str],
        until: Callable[[Any], object],
        *,
        interval: float = INTERVAL,
        timeout: float | None = None,
        progress: ProgressOption = None,
    ) -> Iterator[Any]:
        """Yield each of *assets* as soon as *until* is true of it. All else is as for wait()."""
        found = _wait.wanted(self._context, assets)
        completed: Iterator[Any] = _wait.as_completed(self._context, found, until, interval, timeout, progress)
        return completed

    def watch(
        self, what: Query | str | type[Asset], *, every: float = EVERY, since: str | Path | None = None
    ) -> Watcher:
        """Watch what others change, and what this session does: yield each change once, in order, as it is found.

            for change in v1.watch(v1.Story.where(Scope="Web"), every=60, since="stories.cursor"):
                print(change.kind, change.asset, change.attributes, change.at, change.by)

        The starting point is taken now, or read from the file *since*, which is made where there is none. A change is
        finished when the loop comes back for the next one, and noted in the file then, so that the next process goes on
        there; one process at a time uses a file. The selected attributes are compared, without select() the basic ones.
        Every *every* seconds is a round of requests: see `explain()`. Rounds that fail for a passing reason are
        logged and made good by the next. Ctrl-C and close() end the loop.

        Requests now: two where the server keeps a history, else a whole reading. Raises BadValue for a query with a
        page or a past, for paths, and for the file of another watch; UnknownName; OSError.
        """
        query = what if isinstance(what, Query) else self.query(what)
        if query.context is not self._context:
            raise BadValue("The query belongs to another session; watch it there.")
        watcher: Watcher = _watch.Watcher(query, every, since)
        return watcher

    def loading(self, mode: str) -> AbstractContextManager[None]:
        """Choose what a read of a missing attribute does within a block: "peers" loads it for everything that was
        loaded together, "one" for that asset only, "raise" raises NotLoaded, which names the select() that would have
        fetched it.
        """
        return self._loader.using(mode)

    def populate(self, assets: Iterable[Asset], *names: str) -> None:
        """Load attributes, or paths, for all *assets* in as few requests as there are steps and chunks. Raises BadValue
        for what is no asset, UnknownName.
        """
        if not isinstance(assets, Iterable):
            raise BadValue(f"populate() takes a list of assets, or a query, not {assets!r:.80}.")
        self._loader.populate(list(assets), names)

    def close(self) -> None:
        """Close the connections and write the cassette. What is pending is not sent; what is loaded can be read."""
        self._context.closed = True
        self._driver.close()

    # Tab at a prompt reads the schema, once; nothing else that lists names sends a request.
    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._ipython_key_completions_()})

    def _ipython_key_completions_(self) -> list[str]:
        if "_schemas" not in vars(self):
            return []
        try:
            if is_completing():
                self._schemas()
        except AssetmetaError:
            # What cannot be read is not offered; the first use raises the reason.
            pass
        return self._schemas.known

    def _table(self) -> Table:
        known = len(self._schemas.known) if "_schemas" in vars(self) else 0
        types = f"{known} asset types; search(word) finds what is in them" if known else "the schema is not read yet"
        return Table(repr(self), note=types)

    def __repr__(self) -> str:
        if "_unit" not in vars(self):
            return f"<{type(self).__name__}: not set up>"
        number = len(self.ledger)
        pending = f", {len(self._unit)} pending" if len(self._unit) else ""
        return f"<{type(self).__name__} {self._driver.base_url}: {number} request{'s' * (number != 1)}{pending}>"
