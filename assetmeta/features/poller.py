"""Callbacks for what changes on a server, called in a thread beside the program."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self

from msgspec.structs import replace

from assetmeta.core.plan import Plan
from assetmeta.core.query import Query
from assetmeta.core.report import Report
from assetmeta.features import EVERY
from assetmeta.features.asset_changes import CHANGED, CREATED, DELETED, AssetChange
from assetmeta.features.watch import Watcher
from assetmeta.model.errors import BadValue, ResultChanged, ServerFailed, SessionClosed, Unreachable, UsageError
from assetmeta.model.plans import Call
from assetmeta.model.scalars import shown

log = logging.getLogger(__name__)

_ATTEMPTS = 3
"""How often a callback is called with a change before that is kept in `failed`."""

Callback = Callable[[Any], object]


class PolledSession(Protocol):
    """What a poller needs of a session."""

    def query(self, kind: Any) -> Query: ...
    def watch(self, what: Any, *, every: float = ...) -> Watcher: ...
    def plan(self) -> Plan: ...
    def commit(self, plan: Plan) -> Report: ...
    def asset_from_oid(self, token: Any) -> Any: ...
    def revert(self, *assets: Any) -> None: ...


class FailedCallback(NamedTuple):
    """A change whose callback raised, or whose commit failed, each time it was tried."""

    change: AssetChange
    callback: Callback
    error: Exception


class _Due(NamedTuple):
    change: AssetChange
    callback: Callback
    attempts: int = 0


class V1Poller:
    """Calls functions with the assets that were created, changed or deleted.

        with V1Poller(v1, every=60) as poller:
            poller.run_on_new("Story", lambda story: story.set(Description="Please describe me."))
            ...

    A thread polls every *every* seconds from the first registration to the end of the block, where it polls once more;
    not after an exception. What became pending during a call is committed after it. A callback that raises, or whose
    commit fails, is logged, its pending changes are dropped, and it is called again in the next rounds, three times in
    all; then the change is kept in `failed`. Works with sessions of all servers.
    """

    def __init__(self, session: PolledSession, every: float = EVERY) -> None:
        """Make a poller; sends nothing. Raises BadValue."""
        if not every > 0:
            raise BadValue(f"every={every} is a number of seconds above 0.")
        self.failed: list[FailedCallback] = []
        self._session = session
        self._every = every
        self._lock = threading.Lock()
        self._watches: dict[str, Watcher] = {}
        self._callbacks: dict[str, list[tuple[str, Callback]]] = {}
        self._due: deque[_Due] = deque()
        self._ended = threading.Event()
        self._is_open = False
        self._thread: threading.Thread | None = None
        self._error: BaseException | None = None

    def run_on_new(self, what: Any, callback: Callback) -> None:
        """Call *callback* with each new asset of *what*: a type, its name, or a query. The starting point is the first
        registration of the same; requests are those of Session.watch(). Raises UsageError outside of the block.
        """
        self._register(what, CREATED, callback)

    def run_on_change(self, what: Any, callback: Callback) -> None:
        """Call *callback* with each asset of *what* that was changed, once per change; see run_on_new()."""
        self._register(what, CHANGED, callback)

    def run_on_delete(self, what: Any, callback: Callback) -> None:
        """Call *callback* with each asset of *what* that was deleted; see run_on_new()."""
        self._register(what, DELETED, callback)

    def _register(self, what: Any, kind: str, callback: Callback) -> None:
        if not self._is_open:
            raise UsageError("Callbacks are registered inside of the poller's block: with V1Poller(v1) as poller: ...")
        if not callable(callback):
            raise BadValue(f"A callback is a function of one asset, not {shown(callback)}.")
        query = what if isinstance(what, Query) else self._session.query(what)
        name = repr(query)
        with self._lock:
            if name not in self._watches:
                self._watches[name] = self._session.watch(query, every=self._every)
            self._callbacks.setdefault(name, []).append((kind, callback))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="assetmeta-poller", daemon=True)
                self._thread.start()

    def __enter__(self) -> Self:
        if self._is_open or self._ended.is_set():
            raise UsageError("A poller has one block; make another one.")
        self._is_open = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._is_open = False
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        if kind is not None:
            return
        if self._error is not None:
            raise self._error
        self._round()
        while self._due:
            self._call_due()

    def _run(self) -> None:
        while not self._ended.wait(self._every):
            try:
                self._round()
            except SessionClosed:
                return
            except (Unreachable, ServerFailed, ResultChanged) as error:
                log.warning("poller: a round could not be read and is left to the next one: %s", error)
            except Exception as error:
                log.exception("poller: no more rounds")
                self._error = error
                return

    def _round(self) -> None:
        """What failed before comes first, then what is new."""
        with self._lock:
            self._call_due()
            for name, watch in self._watches.items():
                for change in watch.poll():
                    wanted = [callback for kind, callback in self._callbacks[name] if kind == change.kind]
                    for callback in wanted:
                        self._call(_Due(change, callback))

    def _call_due(self) -> None:
        for _ in range(len(self._due)):
            self._call(self._due.popleft())

    def _call(self, due: _Due) -> None:
        before = self._session.plan().changes
        try:
            due.callback(due.change.asset)
            mine = self._pending(before)
            if mine.changes:
                self._session.commit(plan=mine).raise_if_failed()
        except Exception as error:  # noqa: BLE001 - whatever a callback raises
            self._drop(self._pending(before))
            log.warning("poller: the callback for %s (%s) failed: %s", due.change.asset, due.change.kind, error)
            if due.attempts + 1 < _ATTEMPTS:
                self._due.append(due._replace(attempts=due.attempts + 1))
            else:
                self.failed.append(FailedCallback(due.change, due.callback, error))

    def _pending(self, before: tuple[Any, ...]) -> Plan:
        """What became pending since."""
        plan = self._session.plan()
        return replace(plan, changes=tuple(change for change in plan.changes if change not in before))

    def _drop(self, plan: Plan) -> None:
        oids = [change.oid for change in plan.changes if not isinstance(change, Call)]
        if oids:
            self._session.revert(*(self._session.asset_from_oid(oid) for oid in oids))
