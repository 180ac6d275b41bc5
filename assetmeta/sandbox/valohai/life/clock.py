"""The time of the face: the real one, moved on or held by hand in tests."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


def real() -> datetime:
    """The time of the machine, UTC."""
    return datetime.now(UTC)


class Clock:
    """Tells what time it is on the face.

    `server.face.clock.advance(60)` lets a minute pass at once; executions that would have finished in it have
    finished at the next request. `hold()` makes the clock stand still between such calls, so that a test sees every
    state in turn; `run()` lets it go on from where it stands.
    """

    def __init__(self, source: Callable[[], datetime] = real) -> None:
        self._source = source
        self._ahead = timedelta()
        self._held: datetime | None = None
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """This moment, UTC."""
        with self._lock:
            return self._now()

    def advance(self, seconds: float) -> None:
        """Let *seconds* pass. Raises ValueError for a negative number: this clock does not go back."""
        if seconds < 0:
            raise ValueError("the clock does not go back")
        with self._lock:
            if self._held is not None:
                self._held += timedelta(seconds=seconds)
            else:
                self._ahead += timedelta(seconds=seconds)

    def hold(self) -> None:
        """Stand still until `run`, moving by `advance` alone."""
        with self._lock:
            self._held = self._now()

    def run(self) -> None:
        """Go on from where the clock stands."""
        with self._lock:
            if self._held is not None:
                self._ahead = self._held - self._source()
                self._held = None

    def _now(self) -> datetime:
        return self._held if self._held is not None else self._source() + self._ahead
