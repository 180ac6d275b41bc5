"""The throttle: so many requests of one user within a minute."""

from __future__ import annotations

import math
import threading
from collections import defaultdict, deque
from collections.abc import Callable

PERIOD = 60.0


class Throttle:
    """Remembers when each user asked. Safe to use from several threads. *clock* gives seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._history: defaultdict[int, deque[float]] = defaultdict(deque)

    def wait(self, user: int, most: int | None) -> int | None:
        """Count one request of *user* and return None, or the seconds to wait where it is one more than *most*."""
        if most is None:
            return None
        now = self._clock()
        with self._lock:
            times = self._history[user]
            while times and times[0] <= now - PERIOD:
                times.popleft()
            if len(times) < most:
                times.append(now)
                return None
            oldest = times[0] if times else now
        return math.ceil(PERIOD - (now - oldest))
