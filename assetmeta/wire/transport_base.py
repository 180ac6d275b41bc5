"""The seam between deciding what to send and sending it: one request out, one answer in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from msgspec import Struct

from assetmeta.model.http import Request, Response
from assetmeta.model.printable import OwnRepr


class Answer(OwnRepr, Struct, frozen=True):
    """An answer of any status, the URL it came from and what went over the line for it.

    *sent* counts the bytes of the request's body, *received* those of the answer's body, still compressed.
    """

    response: Response
    url: str
    sent: int = 0
    received: int = 0

    def __repr__(self) -> str:
        """Without the URL, whose query may hold secrets."""
        return f"<Answer {self.response!r}, {self.sent} bytes sent, {self.received} received>"


class BaseTransport(Protocol):
    """One way of getting an answer: a real server, or a cassette."""

    def exchange(self, request: Request, *, login: bool = True) -> Answer:
        """Send one request, once; redirects, refused logins and repeats are not its business.

        Without *login* the session's credentials and cookies stay away, wherever the request goes.
        Raises Unreachable, TimedOut, InvalidResponse or BadValue.
        """
        ...

    def close(self) -> None:
        """Let go of connections and files."""
        ...


class Recorder(Protocol):
    """What records the conversation of a session, or replaces its server: a Cassette (assetmeta.wire.cassette)."""

    def transport(
        self,
        base: str,
        open_transport: Callable[[], BaseTransport],
        secrets: Callable[[], Iterable[str]],
        names: Callable[[], Iterable[str]],
        server: str,
    ) -> BaseTransport:
        """Return the transport of a session with the URL *base*; *open_transport* opens the real one."""
        ...

    def save(self) -> None:
        """Write what was recorded so far. Raises OSError."""
        ...
