"""A server of its own: the vendors' dialects over a small real database, for tests and for trying things out.

    with sandbox.running("versionone", assets=200) as server:
        V1Meta(**server.credentials)

Importing it costs nothing: the server libraries (extra "sandbox") are loaded when something is run.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any, Literal, overload

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
    "TestspaceServer",
    "UrlCredentials",
    "UrlToken",
    "ValispaceServer",
    "ValohaiServer",
    "VersionOneServer",
    "parse_fault",
    "running",
]


@overload
def running(
    name: Literal["versionone"] = "versionone",
    *,
    host: str = ...,
    port: int = ...,
    assets: int = ...,
    seed: int = ...,
    latency: float = ...,
    db: str | None = ...,
    faults: Iterable[str | Fault] = ...,
) -> AbstractContextManager[VersionOneServer]: ...


@overload
def running(
    name: Literal["valispace", "valohai", "testspace"],
    *,
    host: str = ...,
    port: int = ...,
    assets: int = ...,
    seed: int = ...,
    latency: float = ...,
    db: str | None = ...,
    faults: Iterable[str | Fault] = ...,
) -> AbstractContextManager[Server[UrlCredentials, UrlToken]]: ...


@overload
def running(
    name: str,
    *,
    host: str = ...,
    port: int = ...,
    assets: int = ...,
    seed: int = ...,
    latency: float = ...,
    db: str | None = ...,
    faults: Iterable[str | Fault] = ...,
) -> AbstractContextManager[Server[Any, Any]]: ...


def running(
    name: str = "versionone",
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    assets: int = 0,
    seed: int = 1,
    latency: float = 0.0,
    db: str | None = None,
    faults: Iterable[str | Fault] = (),
) -> AbstractContextManager[Server[Any, Any]]:
    """Run one system until the `with` block ends.

    *port* 0 picks a free one. *assets* is about how many generated assets it holds, *seed* makes them reproducible.
    *latency* (milliseconds) delays every answer. *db* keeps the data in a file. *faults* are written as in
    `assetmeta.sandbox.faults`. Entering the block raises ValueError for an unknown system or fault, OSError where
    the port is taken. Raises ImportError where the extra "sandbox" is not installed.
    """
    block: AbstractContextManager[Server[Any, Any]] = load("assetmeta.sandbox.server").alone(
        name, Setup(assets, seed, db), host=host, port=port, latency=latency, faults=faults
    )
    return block
