"""Sessions: the pieces wired together for one server and one user, and the guard around a block of work."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, Unpack

from requests.auth import AuthBase

from assetmeta.core.asset import Asset
from assetmeta.core.class_builder import ClassRegistry
from assetmeta.core.commit import Committer
from assetmeta.core.context import ProgressOption, SessionContext
from assetmeta.core.load_log import is_completing
from assetmeta.core.loading import Loader
from assetmeta.core.metaclass import AssetClass
from assetmeta.core.plan import Plan
from assetmeta.core.query import Query
from assetmeta.core.report import Report
from assetmeta.core.schema_source import SchemaSource
from assetmeta.core.snapshot import Snapshot
from assetmeta.core.unit_of_work import UnitOfWork
from assetmeta.core.values import as_oid
from assetmeta.features import display, exports, rows, schema_map
from assetmeta.features.jobs import GIVE_UP_AFTER, Job
from assetmeta.features.plans import Planning, commit_plan, planning
from assetmeta.features.progress import follower, metered
from assetmeta.features.rate import shared_rate
from assetmeta.features.wait import INTERVAL, as_completed, wanted
from assetmeta.features.watch import EVERY, Watcher
from assetmeta.model.contract import Backend, SupportsAliases, SupportsLoginCheck
from assetmeta.model.errors import AssetmetaError, BadValue, SessionClosed, UnknownName, elsewhere, nearest
from assetmeta.model.folders import cache_folder, expanded
from assetmeta.model.http import Flow, T, is_loopback
from assetmeta.model.scalars import whole_number
from assetmeta.model.schema import Schema
from assetmeta.model.signatures import keywords, names_settings
from assetmeta.model.table import Displayed, Table
from assetmeta.model.values import Oid
from assetmeta.trace import Trace
from assetmeta.version import __version__
from assetmeta.wire.auth import Credential
from assetmeta.wire.driver import Driver, WireSettings
from assetmeta.wire.file_cache import FileCache
from assetmeta.wire.ledger import Ledger
from assetmeta.wire.urls import Origin, checked_base


class SessionSettings(WireSettings, total=False):
    """The settings that every session takes, by name. Session documents them."""

    loading: str
    keep: int
    page_size: int
    reflect: str
    schema_cache: str | Path | bool | None
    schema_age: float
    rate: str | Sequence[str] | None


class Session(Displayed):
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
        for name, size, least in (("page_size", page_size, 1), ("keep", keep, 0)):
            number = whole_number(size)
            if number is None or number < least:
                raise BadValue(f"{name}= takes a whole number, {least} or more, not {size!r:.40}.")
        if not isinstance(schema_age, int | float):
            raise BadValue(f"schema_age= takes a number of seconds, not {schema_age!r:.40}.")
        if not isinstance(schema_cache, str | os.PathLike | bool | None):
            raise BadValue(f"schema_cache= takes a folder, True or None, not {schema_cache!r:.40}.")
        login_check = backend if isinstance(backend, SupportsLoginCheck) else None
        pace = None if rate is None else shared_rate(rate, str(Origin.of(checked_base(base_url))))
        self._driver = Driver(base_url, auth, login_check=login_check, server=backend.name, pace=pace, **wire)
        if schema_cache is True and (wire.get("cassette") or is_loopback(self._driver.base_url)):
            schema_cache = None
        cache = _schema_cache(schema_cache, schema_age, self._driver.base_url, backend, auth)
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
        )
        self._classes.bind(self._context)
        self._context.describe = schema_map.describe
        self._context.display = display
        self._context.frames = exports
        self._context.upsert = rows.upsert
        self._context.metered = metered
        self._loader = self._context.loader = Loader(self._context, loading)
        self._unit = self._context.unit = UnitOfWork(self._context)
        self._writer = self._context.writer = Committer(self._context, self._unit)

    @classmethod
    def _refuse_unknown(cls, settings: Iterable[str]) -> None:
        """Raise TypeError for the name of a setting that neither this class nor the driver has."""
        takers = [taker for taker in cls.__mro__ if issubclass(taker, Session)]
        known = [name for taker in takers for name in keywords(taker.__init__)]
        for name in settings:
            if name not in known:
                raise TypeError(f"{cls.__name__}() has no setting {name!r}.{nearest(name, known)}")

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
            near = elsewhere(name) or nearest(
                name, [*types, *(verb for verb in vars(Session) if not verb.startswith("_"))]
            )
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
    def schema(self) -> Schema:
        """The server's schema as data. The first use reads it (one request)."""
        return self._schemas()

    def search(self, word: str) -> Table:
        """Return the types, attributes, operations and list values whose name or label contains *word*, best first, as
        a table of (name, what, description). Letter case is ignored.

        The first search reads the names of the server's lists (statuses, priorities): as many requests as a query per
        list takes. Raises BadValue for an empty word.
        """
        return schema_map.search(self.schema, word, self._context.list_names())

    def paths(self, start: str | type[Asset], end: str | type[Asset]) -> list[str]:
        """Return the shortest ways over relations from one type to another, as paths that `select()` takes:
        `v1.paths(v1.Story, v1.Member)` has "Owners". Those over what people set come first. Sends nothing. Raises
        UnknownName.
        """
        first, last = self.query(start).type_name, self.query(end).type_name
        return schema_map.paths(self.schema, first, last, narrowing=not self.backend.can.evaluates)

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
            raise BadValue(f"{token!r} is not an asset token; write Type:id, for example Story:1005.")
        if self[oid.type]._type.abstract:
            raise BadValue(f"{oid.token}: {oid.type} is abstract; name the asset by its concrete type.", oid=oid.token)
        asset = self._context.asset(oid)
        self._context.identity.touch(asset)
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
            raise BadValue(f"query() takes the name of an asset type or its class, not {kind!r:.80}.")
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
        found = wanted(self._context, assets)
        for _ in as_completed(self._context, found, until, interval, timeout, progress):
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
        found = wanted(self._context, assets)
        return as_completed(self._context, found, until, interval, timeout, progress)

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
        return Watcher(query, every, since)

    def loading(self, mode: str) -> AbstractContextManager[None]:
        """Choose what a read of a missing attribute does within a block: "peers" loads it for everything that was
        loaded together, "one" for that asset only, "raise" raises NotLoaded, which names the select() that would have
        fetched it.
        """
        return self._loader.using(mode)

    def plan(self) -> Plan:
        """Return what a commit would do, in its order, before and after, field by field, with the names of assets and
        what deletes take along, as far as that is loaded. Sends nothing.
        """
        return self._unit.annotated(self._unit.plan())

    @contextmanager
    def planning(self) -> Iterator[Planning]:
        """Write nothing in a block, whatever the code inside calls: `with v1.planning() as planning:`.

        commit(), create(), operations and every other request that would write raise ReadOnly. At the end of the block
        its pending changes are dropped, and are listed in `planning.plan`. What was pending before the block is set
        aside, and pending again after it.
        """
        with self._driver.reading_only(), planning(self._unit, self._writer) as block:
            yield block

    def commit(
        self,
        plan: Plan | None = None,
        *,
        conflicts: str | None = None,
        progress: ProgressOption = None,
        log: str | Path | None = None,
    ) -> Report:
        """Write all pending changes; return a report that is falsy when all were saved and iterates over the errors.

        One request per asset at most, few for many assets where the server can write several at once. What was not
        saved stays pending. Raises ReadOnly and SessionClosed, and then has sent nothing.

        Args:
            plan: send exactly these changes; other pending edits stay as they are. New assets of a plan of another
            origin
                (`Plan.load`, another session) are created here. Raises UsageError for a plan of another server, and
                Conflict, with what was, what is planned and what is, when values have changed since it was made.
            conflicts: what to do about attributes that another user changed since they were loaded. "overwrite" (no
                check), "error" (the asset's change fails with Conflict: was, mine, theirs), or "merge" (the asset's
                other attributes land, those that clash fail). The check is one read of exactly the changed attributes.
                Without it pending changes are sent unchecked, and a plan is checked as a whole.
            progress: True for a bar (plain lines where there is no terminal and no notebook), or a function that is
                called with how many changes have an outcome, how many there are, and "commit". What it raises breaks
                the commit off.
            log: a file to which one line of JSON per outcome is appended, without secrets. Raises OSError, before
                anything is sent, when it cannot be written.
        """
        observer = follower(progress, log)
        if plan is not None:
            return commit_plan(self._context, self._unit, self._writer, plan, conflicts, observer)
        return self._writer.commit(conflicts or "overwrite", observer=observer)

    def job(
        self,
        name: str,
        *,
        folder: str | Path | None = None,
        keys: Mapping[str, str] | None = None,
        fresh: bool = False,
        extend: bool = False,
        give_up_after: float = GIVE_UP_AFTER,
        conflicts: str = "error",
        progress: ProgressOption = None,
        log: str | Path | None = None,
    ) -> Job:
        """Begin or go on with a job: `with v1.job("release-7-tasks") as job:`.

        What becomes pending in the block is committed at its end, and kept in a journal until then and after: when the
        process is killed, the computer loses power or the server goes away, the same script goes on where it stopped.
        What is done is not sent again, and what was sent and never answered is looked up first. An exception inside of
        the block sends nothing; commit(), create() and operations raise UsageError there. The end of the block does not
        raise for single failures: see `job.report`. What was not saved stays in the journal, not in the session.

        Making the job sends nothing. The block's start raises JobError while another process runs the job, and for the
        journal of another server or user; its end raises JobError, before anything is sent, for a plan that does not
        fit the journal, and AuthenticationFailed for a refused login.

        Args:
            name: what the job is called, the same in every run: with the date in it for one that runs every night.
            folder: where the journal is kept; else the folder that ASSETMETA_STATE names, or the user's state folder.
            keys: attributes by which new assets are known again, by type: {"Task": "Reference"}. Others are known by
                `job.key(asset, ...)`, or else by their values.
            fresh: forget the journal and start again.
            extend: take changes along that the journal does not have.
            give_up_after: seconds without progress, while the server is away, after which the job ends.
            conflicts: as for commit(), against the values that were there when the job was planned first.
            progress, log: as for commit(). What is done from earlier runs is neither shown nor logged again.
        """
        return Job(
            name,
            self._context,
            self._unit,
            self._writer,
            folder=folder,
            keys=keys,
            fresh=fresh,
            extend=extend,
            give_up_after=give_up_after,
            conflicts=conflicts,
            observer=follower(progress, log, f"job {name}"),
        )

    @property
    def last_report(self) -> Report | None:
        """The report of the latest commit or `execute()`, also of one that was broken off, by Ctrl-C for example: what
        was answered until then is done, what was under way unknown, the rest skipped. None before the first.
        """
        return self._writer.last_report

    def delete(self, *assets: Asset) -> None:
        """Delete assets with the next commit. Raises Unsupported where the server deletes nothing."""
        self._unit.delete(*assets)

    def revert(self, *assets: Asset) -> None:
        """Drop what is pending for *assets*, or for all when none is given. Sends nothing."""
        self._unit.revert(assets or None)

    @property
    def pending(self) -> int:
        """How many assets a commit would do something about."""
        return len(self._unit)

    def populate(self, assets: Iterable[Asset], *names: str) -> None:
        """Load attributes, or paths, for all *assets* in as few requests as there are steps and chunks."""
        self._loader.populate(list(assets), names)

    def close(self) -> None:
        """Close the connections and write the cassette. What is pending is not sent; what is loaded can be read."""
        self._context.closed = True
        self._driver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish_block()
        finally:
            self._driver.save_cassette()

    def _finish_block(self) -> None:
        if self._context.closed and len(self._unit):
            raise SessionClosed(f"The session was closed before its block ended: {len(self._unit)} assets are unsent.")
        if not self._context.closed:
            self.commit().raise_if_failed()

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


def _schema_cache(
    folder: str | Path | bool | None, age: float, base_url: str, backend: Backend, auth: AuthBase | None
) -> FileCache | None:
    who = auth.identity if isinstance(auth, Credential) else None
    if folder is None or folder is False or who is None:
        return None
    try:
        place = cache_folder() / "schemas" if folder is True else expanded(folder)
    except BadValue:
        if folder is True:
            # A user without a home folder has no cache; nobody asked for one.
            return None
        raise
    return FileCache(place, "\n".join([backend.name, base_url, who, repr(backend), __version__]), age)
