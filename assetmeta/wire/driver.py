"""The one place that runs flows: it sends what they yield and gives them the answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import ContextVar, copy_context
from types import TracebackType
from typing import Any, NamedTuple, Self, TypedDict

from requests.auth import AuthBase

from assetmeta.model.contract import SupportsLoginCheck
from assetmeta.model.errors import AssetmetaError, BadValue, BrokenOff, ReadOnly, SessionClosed
from assetmeta.model.http import Flow, Pause, Reply, Request, Response, T, Yielded, perform
from assetmeta.model.processes import renew_in_child
from assetmeta.wire.auth import OriginBoundAuth
from assetmeta.wire.background import BackgroundCall
from assetmeta.wire.ledger import Entry, Ledger, RequestBudget
from assetmeta.wire.login_guard import LoginGuard, RequestBatch
from assetmeta.wire.redact import redacted_line
from assetmeta.wire.retry import Pace, RetryPolicy
from assetmeta.wire.sender import Sender
from assetmeta.wire.transport import DEFAULT_TIMEOUT, MAX_BYTES, File, Settings, Transport
from assetmeta.wire.transport_base import BaseTransport, Recorder
from assetmeta.wire.urls import Origin, checked_base


class WireSettings(TypedDict, total=False):
    """The settings of a Driver by name: what a session passes on to it. The Driver documents them."""

    timeout: float | tuple[float, float]
    deadline: float | None
    patience: float
    retries: int
    pool: int
    proxies: Mapping[str, str] | str | None
    verify: bool | File
    cert: File | tuple[File, File] | None
    max_bytes: int
    read_only: bool
    user_agent: str | None
    truststore: bool
    cassette: Recorder | None
    sleep: Callable[[float], None]
    clock: Callable[[], float]


class _Started(NamedTuple):
    """A background call of a driver, and the blocks that were open where it was started."""

    call: BackgroundCall[Any]
    traces: tuple[Ledger, ...]
    budgets: tuple[RequestBudget, ...]


_started: ContextVar[Mapping[Driver, _Started]] = ContextVar("assetmeta_background", default={})  # noqa: B039 - never changed


class Driver:
    """Runs the flows of one session against one server. Safe to use from several threads.

    *auth* belongs to the origin of *base_url* and is sent nowhere else. *patience* is how many seconds one request may
    wait between its tries in all, *retries* how often it is repeated (see `retry.Trial`); *timeout*, *deadline*,
    *pool*, *proxies*, *verify*, *cert*, *max_bytes*, *user_agent* and *truststore* are those of `transport.Settings`.
    With *read_only* requests that write raise ReadOnly. A *cassette* records, or replaces the server. *login_check* is
    for servers that answer a wrong login as they answer a missing right. *server* is the name by which a cassette
    calls the server. Every request to the session's server, repeats and logins included, waits for its turn at *pace*.
    *sleep* and *clock* are for tests.

    `secret_names` gives the names of fields that no cassette may hold. `ledger` holds every request since the start.
    Making a driver sends nothing. Raises BadValue for settings that cannot work, Unsupported when an extra is missing,
    InvalidResponse when a cassette cannot be replayed.
    """

    def __init__(
        self,
        base_url: str,
        auth: AuthBase | None = None,
        *,
        timeout: float | tuple[float, float] = DEFAULT_TIMEOUT,
        deadline: float | None = None,
        patience: float = 60.0,
        retries: int = 3,
        pool: int = 8,
        proxies: Mapping[str, str] | str | None = None,
        verify: bool | File = True,
        cert: File | tuple[File, File] | None = None,
        max_bytes: int = MAX_BYTES,
        read_only: bool = False,
        user_agent: str | None = None,
        truststore: bool = False,
        cassette: Recorder | None = None,
        login_check: SupportsLoginCheck | None = None,
        server: str = "server",
        pace: Pace | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if cassette is not None and not hasattr(cassette, "transport"):
            raise BadValue(f"cassette= takes a Cassette(...), not {type(cassette).__name__}.")
        self.base_url = checked_base(base_url)
        self.read_only = read_only
        self.ledger = Ledger()
        self._settings = Settings(timeout, pool, proxies, verify, cert, max_bytes, user_agent, truststore, deadline)
        self._clock = clock
        self.max_bytes = max_bytes
        self.pool = pool
        self.secret_names: Callable[[], Iterable[str]] = tuple
        self._cassette = cassette
        self._auth = OriginBoundAuth(auth, Origin.of(self.base_url))
        self._policy = RetryPolicy(retries, patience, sleep, clock, pace)
        self._transport = (
            self._open_transport()
            if cassette is None
            else cassette.transport(self.base_url, self._open_transport, self._secrets, self._secret_names, server)
        )
        self._guard = LoginGuard(self._auth.credential, login_check)
        self._sender = Sender(self.base_url, self._auth, self._transport, self._policy, self._record, self._guard)
        self._traces: tuple[Ledger, ...] = ()
        self._budgets: tuple[RequestBudget, ...] = ()
        self._closed = False
        self.after_fork()
        renew_in_child(self)

    def after_fork(self) -> None:
        """Start threads of its own: those of the parent do not run in a forked process."""
        self._lock = threading.Lock()
        self._threads: ThreadPoolExecutor | None = None

    def run(self, flow: Flow[T]) -> T:
        """Run a flow to its end and return its value.

        A request that fails raises inside the flow; of several yielded at once each is answered by a Response or by its
        error, in the same order, after they ran concurrently. When one of them would write in a read-only session, none
        is sent; after a refused login none is started any more, and as long as no login was accepted the first goes
        alone. A flow that is left early, by an error of any kind, is closed.

        When Ctrl-C or a failure that is none of this library's breaks off several requests, the flow is given the
        answers that came, a BrokenOff for each of the others, and sends no more; what broke it off is raised at its
        end.
        """
        interrupts: list[BaseException] = []

        def answers(yielded: Yielded) -> Reply:
            if interrupts:
                raise _broken_off(yielded, interrupts[0], sent=False)
            return self._answers(yielded, interrupts)

        try:
            value = perform(flow, answers)
        except AssetmetaError:
            if not interrupts:
                raise
        if interrupts:
            raise interrupts[0]
        return value

    def start(self, call: Callable[[], T]) -> BackgroundCall[T]:
        """Make a call, which runs flows of this driver, in a thread of its own, and return it at once.

        Its requests count for the traces and budgets that are open now, in whichever block their answers arrive. Once
        the call is left no further one is sent, and none that waits.
        """
        started = BackgroundCall(call, self._policy.wake)
        blocks = _Started(started, self._traces, self._budgets)
        token = _started.set({**_started.get(), self: blocks})
        try:
            started.start()
        finally:
            _started.reset(token)
        return started

    @contextmanager
    def trace(self) -> Iterator[Ledger]:
        """Collect the requests of a `with` block, from all threads, in a ledger of its own. Blocks may be nested."""
        ledger = Ledger()
        with self._lock:
            self._traces = (*self._traces, ledger)
        try:
            yield ledger
        finally:
            with self._lock:
                self._traces = tuple(trace for trace in self._traces if trace is not ledger)

    @contextmanager
    def budget(self, requests: int) -> Iterator[None]:
        """Allow a `with` block so many requests, from all threads; the next one raises BudgetExceeded and is not sent.

        Repeats of one request, redirects and logins are not counted. Blocks may be nested.
        """
        budget = RequestBudget(requests)
        with self._lock:
            self._budgets = (*self._budgets, budget)
        try:
            yield
        finally:
            with self._lock:
                self._budgets = tuple(other for other in self._budgets if other is not budget)

    @contextmanager
    def reading_only(self) -> Iterator[None]:
        """Refuse requests that write, from all threads, until the `with` block ends."""
        before, self.read_only = self.read_only, True
        try:
            yield
        finally:
            self.read_only = before

    def wait(self, seconds: float) -> bool:
        """Wait that long, or until the driver is closed. True when the wait was not cut short."""
        return self._policy.wait(seconds)

    def save_cassette(self) -> None:
        """Write what a cassette recorded so far, if there is one. Sends nothing. Raises OSError."""
        if self._cassette is not None:
            self._cassette.save()

    def close(self) -> None:
        """Close connections and write the cassette; flows raise SessionClosed from now on. Closing twice is fine."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            threads = self._threads
        self._policy.wake(is_ended=True)
        if threads is not None:
            threads.shutdown(wait=False, cancel_futures=True)
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Driver {self.base_url}: {self.ledger!r}>"

    def _answers(self, yielded: Yielded, interrupts: list[BaseException]) -> Reply:
        if isinstance(yielded, Pause):
            self._policy.pause(yielded)
            return ()
        requests = (yielded,) if isinstance(yielded, Request) else yielded
        for request in requests:
            self._check(request)
        self._spend(len(requests))
        if isinstance(yielded, Request):
            return self._sender.deliver(yielded, self._is_left)
        batch = RequestBatch(self._sender.deliver, self._is_left)
        # Until the server has accepted the login, a single request tries it.
        alone = 1 if len(yielded) < 2 or not self._guard.is_open else 0
        first: list[Response | AssetmetaError] = []
        try:
            first.extend(map(batch.answer, yielded[:alone]))
        except BaseException as error:  # noqa: BLE001 - raised at the end of the flow
            interrupts.append(error)
            return tuple(_broken_off(request, error, sent=not place) for place, request in enumerate(yielded))
        return (*first, *self._concurrently(batch, yielded[alone:], interrupts))

    def _check(self, request: Request) -> None:
        if self._closed:
            raise SessionClosed("The session is closed. Open a new one.", request=redacted_line(request))
        if self._is_left():
            line = redacted_line(request)
            raise BrokenOff(f"{line} was not sent: its answer is no longer awaited.", sent=False, request=line)
        if self.read_only and request.writes:
            line = redacted_line(request)
            raise ReadOnly(f"The session is read-only; {line} would write and was not sent.", request=line)

    def _spend(self, number: int) -> None:
        started = _started.get().get(self)
        with self._lock:
            budgets = self._budgets if started is None else started.budgets
            for budget in budgets:
                budget.check(number)
            for budget in budgets:
                budget.consume(number)

    def _is_left(self) -> bool:
        """Whether this thread makes a background call whose result is no longer awaited."""
        started = _started.get().get(self)
        return started is not None and started.call.is_left

    def _concurrently(
        self, batch: RequestBatch, requests: tuple[Request, ...], interrupts: list[BaseException]
    ) -> tuple[Response | AssetmetaError, ...]:
        """Answer requests on the pool. When the session is closed meanwhile, those that were not sent come to that."""
        futures: list[Future[Response | AssetmetaError]] = []
        try:
            futures.extend(self._submitted(batch, request) for request in requests)
            return tuple(self._result(future, request) for future, request in zip(futures, requests, strict=True))
        except BaseException as error:  # noqa: BLE001 - raised at the end of the flow
            interrupts.append(error)
            batch.is_left = True
            self._policy.wake()
            # In reverse, so that a thread that is done with one finds none that is left.
            unsent = {place for place in reversed(range(len(futures))) if futures[place].cancel()}
            # The next one may have been given to a thread just now.
            unsent.update(range(len(futures) + 1, len(requests)))
            return tuple(
                _broken_off(request, error, sent=place not in unsent)
                if place in unsent or place == len(futures)
                else _arrived(futures[place], request, error)
                for place, request in enumerate(requests)
            )

    def _submitted(self, batch: RequestBatch, request: Request) -> Future[Response | AssetmetaError]:
        with self._lock:
            if self._threads is None and not self._closed:
                self._threads = ThreadPoolExecutor(self._settings.pool, thread_name_prefix="assetmeta")
            if self._threads is not None and not self._closed:
                # An executor that was shut down, as at the end of the program, raises RuntimeError.
                with suppress(RuntimeError):
                    return self._threads.submit(copy_context().run, batch.answer, request)
        unsent: Future[Response | AssetmetaError] = Future()
        unsent.cancel()
        return unsent

    def _result(self, future: Future[Response | AssetmetaError], request: Request) -> Response | AssetmetaError:
        try:
            return future.result()
        except CancelledError:
            line = redacted_line(request)
            return SessionClosed(f"The session was closed before {line} was sent.", request=line)

    def _open_transport(self) -> BaseTransport:
        return Transport(self.base_url, self._auth, self._settings, self._clock)

    def _secret_names(self) -> Iterable[str]:
        return self.secret_names()

    def _secrets(self) -> tuple[str, ...]:
        return () if self._auth.credential is None else self._auth.credential.secrets

    def _record(self, entry: Entry) -> None:
        self.ledger.add(entry)
        started = _started.get().get(self)
        for trace in self._traces if started is None else started.traces:
            trace.add(entry)


def _arrived(
    future: Future[Response | AssetmetaError], request: Request, interrupt: BaseException
) -> Response | AssetmetaError:
    """The answer to a request that was begun, if it is there."""
    if future.done() and future.exception() is None:
        return future.result()
    return _broken_off(request, interrupt, sent=True)


def _broken_off(yielded: Yielded, interrupt: BaseException, *, sent: bool) -> BrokenOff:
    line = redacted_line(yielded) if isinstance(yielded, Request) else None
    end = "was under way; it may have been performed or not" if sent else "was sent"
    word = "while" if sent else "before"
    why = f"Broken off ({type(interrupt).__name__}) {word} {line or 'anything more'} {end}."
    return BrokenOff(why, sent=sent, request=line)
