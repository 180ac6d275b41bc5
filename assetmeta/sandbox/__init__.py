"""A server of its own: the vendors' dialects over a small real database, for tests and for trying things out.

    with sandbox.running("versionone", assets=200) as server:
        V1Meta(**server.credentials)

Importing it costs nothing: the server libraries (extra "sandbox") are loaded when something is run.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, ExitStack
from os import PathLike, fspath
from typing import Any, Literal, TypedDict, Unpack, overload

from assetmeta.sandbox.arguments import check, fault_list, refuse_unknown
from assetmeta.sandbox.credentials import InstanceCredentials, InstanceToken, UrlCredentials, UrlToken
from assetmeta.sandbox.extra import load
from assetmeta.sandbox.face import Setup
from assetmeta.sandbox.faults import Fault, parse_fault
from assetmeta.sandbox.handle import (
    Logged,
    Server,
    TestspaceServer,
    ValispaceServer,
    ValohaiServer,
    VersionOneServer,
)

__all__ = [
    "Fault",
    "InstanceCredentials",
    "InstanceToken",
    "Logged",
    "Server",
    "Settings",
    "TestspaceServer",
    "UrlCredentials",
    "UrlToken",
    "ValispaceServer",
    "ValohaiServer",
    "VersionOneServer",
    "parse_fault",
    "running",
    "start",
]


class Settings(TypedDict, total=False):
    """What running() and start() take besides the name of a system."""

    host: str
    port: int
    assets: int
    seed: int
    latency: float
    db: str | PathLike[str] | None
    faults: Iterable[str | Fault]


@overload
def running(
    name: Literal["versionone"] = "versionone", **settings: Unpack[Settings]
) -> AbstractContextManager[VersionOneServer]: ...


@overload
def running(
    name: Literal["valispace", "valohai", "testspace"], **settings: Unpack[Settings]
) -> AbstractContextManager[Server[UrlCredentials, UrlToken]]: ...


@overload
def running(name: str, **settings: Unpack[Settings]) -> AbstractContextManager[Server[Any, Any]]: ...


def running(
    name: str = "versionone",
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    assets: int = 0,
    seed: int = 1,
    latency: float = 0.0,
    db: str | PathLike[str] | None = None,
    faults: Iterable[str | Fault] = (),
    **unknown: object,
) -> AbstractContextManager[Server[Any, Any]]:
    """Run one system until the `with` block ends.

    *port* 0 picks a free one. *assets* is about how many generated assets it holds, *seed* makes them reproducible.
    *latency* (milliseconds) delays every answer. *db* keeps the data in a file. *faults* are written as in
    `assetmeta.sandbox.faults`. Raises TypeError and ValueError for settings that cannot work, ImportError where the
    extra "sandbox" is not installed. Entering the block raises ValueError for an unknown system or fault, OSError where
    the port is taken, sqlite3.DatabaseError where *db* can keep no data.
    """
    refuse_unknown(unknown)
    check(name, {"host": host, "port": port, "assets": assets, "seed": seed, "latency": latency, "db": db})
    setup = Setup(assets, seed, None if db is None else fspath(db))
    block: AbstractContextManager[Server[Any, Any]] = load("assetmeta.sandbox.server").alone(
        name, setup, host=host, port=port, latency=latency, faults=fault_list(faults)
    )
    return block


_started: set[ExitStack] = set()
"""What start() began and nobody has stopped."""


@overload
def start(name: Literal["versionone"] = "versionone", **settings: Unpack[Settings]) -> VersionOneServer: ...


@overload
def start(
    name: Literal["valispace", "valohai", "testspace"], **settings: Unpack[Settings]
) -> Server[UrlCredentials, UrlToken]: ...


@overload
def start(name: str, **settings: Unpack[Settings]) -> Server[Any, Any]: ...


def start(name: str = "versionone", **settings: Unpack[Settings]) -> Server[Any, Any]:
    """Run one system until its `stop()`, or until the process ends: for a prompt and for notebooks, where a block is in
    the way. *settings* and errors are those of running().
    """
    stack = ExitStack()
    server: Server[Any, Any] = stack.enter_context(running(name, **settings))
    # A block that nobody holds ends with it; this one ends when it is said.
    _started.add(stack)
    stack.callback(_started.discard, stack)
    server.stopped_by(stack.close)
    return server
