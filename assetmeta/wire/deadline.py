"""How long one exchange may take in all, from the connection to the last byte of the answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Protocol

Clock = Callable[[], float]


class Closable(Protocol):
    """What can be closed."""

    def close(self) -> None:
        """Let go of the socket."""
        ...


class Deadline:
    """The end of one exchange, *seconds* after its start; None for no end. *clock* is monotonic, in seconds.

    With *after_body* the time runs from when the request's body has been sent. `sent` is True once a byte of the
    request has left, `over` once an operation was refused because the time was up.
    """

    def __init__(self, seconds: float | None, clock: Clock = time.monotonic, *, after_body: bool = False) -> None:
        self.seconds = seconds
        self.sent = False
        self.over = False
        self._answers: list[Closable] = []
        self._clock = clock
        self._end: float | None = None
        self._waiting = after_body
        if not after_body:
            self._start()

    def body_sent(self) -> None:
        """Let the time run, if it has been waiting for this."""
        if self._waiting:
            self._waiting = False
            self._start()

    def opened(self, answer: Closable) -> None:
        """Note an answer that is being read. A login may take several."""
        self._answers.append(answer)

    def close(self) -> None:
        """Close the answers that were not read to their end, and their sockets, after the exchange has failed."""
        for answer in self._answers:
            answer.close()

    def lift(self) -> None:
        """Take the end away, for a body that is read into a file and makes progress."""
        self._end = None

    def bounded(self, silence: float | None) -> float | None:
        """Return how long the next operation on the socket may block, which is *silence* at most.

        Raises TimeoutError when the time is up.
        """
        if self._end is None:
            return silence
        left = self._end - self._clock()
        if left <= 0:
            self.over = True
            raise TimeoutError("the deadline is over")
        return left if silence is None else min(left, silence)

    def check(self) -> None:
        """Note that the time is up, after an operation that failed."""
        self.over = self.over or (self._end is not None and self._clock() >= self._end)

    def _start(self) -> None:
        if self.seconds is not None:
            self._end = self._clock() + self.seconds


current: ContextVar[Deadline | None] = ContextVar("assetmeta_deadline", default=None)
"""The deadline of the exchange that this thread is making: the HTTP libraries cannot pass one on."""
