"""Exchanges kept in memory: recorded once over a real line, then answered without network or files."""

from __future__ import annotations

from collections.abc import Callable

from assetmeta.model.http import Request, Response
from assetmeta.wire.transport_base import Answer, BaseTransport

Reply = Callable[[Request], Response]


class Tape:
    """Given to a session as its cassette, it records until `replay()`, and answers from memory from then on.

    What was not recorded is answered by *reply*, if there is one.
    """

    def __init__(self, reply: Reply | None = None) -> None:
        self.exchanges: dict[tuple[object, ...], Response] = {}
        self._reply = reply
        self._recording = True
        self._transport: BaseTransport | None = None

    def transport(self, base: str, open_transport: Callable[[], BaseTransport], *_: object) -> Tape:
        """The line of a session."""
        if self._recording:
            self._transport = open_transport()
        return self

    def save(self) -> None:
        """Nothing: it is all in memory."""

    def replay(self) -> Tape:
        """Answer from memory from now on."""
        self._recording = False
        return self

    def exchange(self, request: Request, *, login: bool = True) -> Answer:
        """Answer one request."""
        key = (request.method, request.path, request.query, request.body)
        if self._recording and self._transport is not None:
            answer = self._transport.exchange(request, login=login)
            self.exchanges[key] = answer.response
            return answer
        response = self.exchanges.get(key)
        if response is None:
            if self._reply is None:
                raise LookupError(f"{request.line} was not recorded")
            response = self._reply(request)
        return Answer(response, request.path, 0, len(response.body))

    def close(self) -> None:
        """Let go of the connections that were recorded over."""
        if self._transport is not None:
            self._transport.close()
