"""One write per answer: a transport that gathers what is written in one turn of the event loop.

Head and body of an answer leave in one packet where they fit, so no client ever waits for a delayed acknowledgement
between the two.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

TRANSPORT = "assetmeta.transport"


class GatheringTransport(asyncio.Transport):
    """Passes everything on to *inner*; consecutive writes of one loop turn become one."""

    def __init__(self, inner: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._inner = inner
        self._loop = loop
        self._pending: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Keep *data* until the end of this turn."""
        if not data:
            return
        if not self._pending:
            self._loop.call_soon(self.flush)
        self._pending.append(bytes(data))

    def flush(self) -> None:
        """Write now what has gathered."""
        if self._pending:
            content, self._pending = b"".join(self._pending), []
            self._inner.write(content)

    def close(self) -> None:
        """Send what has gathered, then close."""
        self.flush()
        self._inner.close()

    def abort(self) -> None:
        """Drop what has gathered and cut the connection."""
        self._pending = []
        self._inner.abort()

    def is_closing(self) -> bool:
        """True once the connection is on its way down."""
        return self._inner.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """The inner transport's answer."""
        return self._inner.get_extra_info(name, default)

    def pause_reading(self) -> None:
        """Take no more bytes from the peer for now."""
        self._inner.pause_reading()

    def resume_reading(self) -> None:
        """Take bytes from the peer again."""
        self._inner.resume_reading()


class GatheringProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol over a gathering transport, which every request finds among its scope's extensions."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Put the gathering transport between uvicorn and the socket."""
        super().connection_made(GatheringTransport(transport, self.loop))

    def on_message_begin(self) -> None:
        """Let the application reach the connection, for faults that cut it."""
        super().on_message_begin()
        self.scope["extensions"] = {TRANSPORT: {"transport": self.transport}}
