"""Hosts faces: each on a port of its own, all on one event loop in one background thread."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from assetmeta.sandbox.asgi import TRANSPORT, Application
from assetmeta.sandbox.face import Beside, Face, Factory, Setup
from assetmeta.sandbox.faces import factory
from assetmeta.sandbox.faults import Fault, Faults, parse_fault
from assetmeta.sandbox.handle import Server

WORKERS = 8
TRIED = 100
"""How many ports after the last one are tried for the next system."""
HIGHEST = 65535
GRACE = 1


@contextlib.contextmanager
def alone(
    name: str, setup: Setup, *, host: str, port: int, latency: float, faults: Iterable[str | Fault]
) -> Iterator[Server[Any, Any]]:
    """Run one system until the block ends."""
    with hosting([name], host=host, port=port, setups=[setup], latency=latency, faults=faults) as servers:
        yield servers[0]


@contextlib.contextmanager
def hosting(
    names: Sequence[str],
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    setups: Sequence[Setup],
    latency: float = 0.0,
    faults: Iterable[str | Fault] = (),
) -> Iterator[list[Server[Any, Any]]]:
    """Run several systems until the block ends: the first on *port*, the others on the free ports after it.

    *setups* has one entry per name. Every system gets its own copy of *faults*. What a system serves beside gets the
    ports after all these, and no faults. Raises OSError where *port* itself is taken.
    """
    wanted = [factory(name) for name in names]
    planned = [parse_fault(fault) if isinstance(fault, str) else fault for fault in faults]
    with contextlib.ExitStack() as stack:
        listeners: list[socket.socket] = []
        for _ in names:
            listeners.append(stack.enter_context(after(listeners, host, port)))
        executor = ThreadPoolExecutor(WORKERS, thread_name_prefix="sandbox-work")
        servers: list[Server[Any, Any]] = []
        served: list[tuple[Application, socket.socket]] = []
        for make, setup, listener in zip(wanted, setups, listeners, strict=True):
            face = made(make, setup)
            stack.callback(face.close)
            application = Application(face, executor, Faults(planned), latency)
            served.append((application, listener))
            servers.append(Server(face, listener.getsockname(), application.log, application.faults))
        besides: list[Beside] = [one for server in servers for one in getattr(server.face, "beside", ())]
        for beside in besides:
            listener = stack.enter_context(after(listeners, host, port))
            listeners.append(listener)
            beside.opened(listener.getsockname()[1])
            served.append((Application(beside, executor, Faults(()), latency), listener))
        stack.enter_context(executor)
        stack.enter_context(serving(served))
        yield servers


def made(make: Factory, setup: Setup) -> Face[Any, Any]:
    """A filled face. Raises sqlite3.DatabaseError that names a file which cannot keep data."""
    try:
        return make(setup)
    except sqlite3.DatabaseError as error:
        if setup.db is None:
            raise
        raise sqlite3.DatabaseError(
            f"cannot keep data in {setup.db}: {error}; name a file of the sandbox, or one that does not exist"
        ) from error


def after(listeners: Sequence[socket.socket], host: str, port: int) -> socket.socket:
    """The next listening socket: on *port* the first, on a free port after the last one the others; 0 is any port."""
    if not port or not listeners:
        return listen(host, port)
    last = int(listeners[-1].getsockname()[1])
    for following in range(last + 1, min(last + TRIED, HIGHEST) + 1):
        with contextlib.suppress(OSError):
            return listen(host, following)
    raise OSError(f"no port after {last} is free")


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, so that clients may connect before the loop runs.

    The event loop sets TCP_NODELAY only on connections of a socket that names its protocol. Without it, a client waits
    about 40 ms between head and body of an answer.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(512)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise OSError(error.errno, unavailable(error, host, port)) from error
    except BaseException:
        listener.close()
        raise
    return listener


def unavailable(error: OSError, host: str, port: int) -> str:
    """Why nothing can listen there, and what can be done."""
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is in use; 0 takes a free one"
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return f"{host!r} is no address of this machine ({error.strerror}); 127.0.0.1 always is"
    return f"port {port} of {host} cannot be used ({error.strerror}); 0 takes a free one"


class ReachableProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol; every request finds the connection's transport among its scope's extensions."""

    def on_message_begin(self) -> None:
        """Let the application reach the connection, for faults that cut it."""
        super().on_message_begin()
        self.scope["extensions"] = {TRANSPORT: {"transport": self.transport}}


class Listener(uvicorn.Server):
    """uvicorn's server, stopped by an event instead of polling and leaving no connection behind."""

    def __init__(self, application: Application) -> None:
        config = uvicorn.Config(
            application,
            http=ReachableProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=GRACE,
        )
        super().__init__(config)
        self.leaving = asyncio.Event()

    async def main_loop(self) -> None:
        """Renew the Date header every second until told to leave."""
        while not self.leaving.is_set():
            await self.on_tick(0)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.leaving.wait(), 1.0)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let running requests finish for a moment, then cut what is left."""
        for server in self.servers:
            server.close()
        for sock in sockets or ():
            sock.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await self._finished()
        for connection in list(self.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()
        for task in self.server_state.tasks:
            task.cancel()
        await asyncio.sleep(0)

    async def _finished(self) -> None:
        """Wait until no request is under way and every connection is closed, for GRACE seconds at most."""
        loop = asyncio.get_running_loop()
        latest, pause = loop.time() + GRACE, 0.0
        while (self.server_state.connections or self.server_state.tasks) and loop.time() < latest:
            await asyncio.sleep(pause)
            pause = min(pause + 0.002, 0.05)


@contextlib.contextmanager
def serving(pairs: Sequence[tuple[Application, socket.socket]]) -> Iterator[None]:
    """Serve every application on its socket from a thread of its own until the block ends."""
    started: Future[tuple[asyncio.AbstractEventLoop, list[Listener]]] = Future()

    async def serve() -> None:
        listeners = [Listener(application) for application, _ in pairs]
        started.set_result((asyncio.get_running_loop(), listeners))
        await asyncio.gather(*(one.serve([sock]) for one, (_, sock) in zip(listeners, pairs, strict=True)))

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)

    thread = threading.Thread(target=run, name="sandbox", daemon=True)
    thread.start()
    loop, listeners = started.result()
    try:
        yield
    finally:
        for one in listeners:
            loop.call_soon_threadsafe(one.leaving.set)
        thread.join()
