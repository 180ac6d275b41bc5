"""A stated rate: requests to one server, counted over all processes of this user on this machine.

    V1Meta(..., rate="100/minute")
    V1Meta(..., rate=["100/minute", "2000/hour"])

Requests are counted in a file per server in the user's state folder (pyrate-limiter's SQLite bucket, extra `rate`). A
second, shorter rate spreads them evenly over the time, instead of a burst and then a long pause.
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from assetmeta.model import optional
from assetmeta.model.errors import BadValue
from assetmeta.model.folders import state_folder
from assetmeta.model.processes import renew_in_child
from assetmeta.model.scalars import shown

_UNITS = {"second": 1, "s": 1, "minute": 60, "min": 60, "hour": 3600, "h": 3600, "day": 86_400}
_RATE = re.compile(r"\s*([0-9]{1,9})\s*/\s*([0-9]{1,6})?\s*([a-z]+?)(s?)\s*", re.IGNORECASE)

LONGEST = 86_400_000
"""Milliseconds of the longest interval, and how long requests are kept in the file."""

_MARGIN, _LATENCY = 0.02, 50
"""By how much an interval is lengthened (a part, and milliseconds): requests are counted as they are sent, and the
server counts them as they arrive, some sooner after the one before than they were sent."""

_BURST = 1000
"""Milliseconds within which requests may bunch."""

_SWEEP = 100
"""Requests between two times that old ones are dropped from the file."""


class Limit(NamedTuple):
    """So many requests within so many milliseconds."""

    requests: int
    interval: int


def parse_rates(rate: str | Sequence[str]) -> list[Limit]:
    """Return the limits of a rate such as "100/minute", "10/s", "50/10 seconds", or of several (a list, or a text with
    commas), the shortest interval first. Raises BadValue.
    """
    texts = rate.split(",") if isinstance(rate, str) else list(rate) if isinstance(rate, Iterable) else [rate]
    found = sorted((_limit(text) for text in texts), key=lambda limit: limit.interval)
    if not found:
        raise BadValue("rate= takes a rate such as '100/minute', or several.")
    for shorter, longer in pairwise(found):
        is_sparser = longer.requests * shorter.interval <= shorter.requests * longer.interval
        if shorter.interval == longer.interval or longer.requests <= shorter.requests or not is_sparser:
            raise BadValue(
                f"rate={rate!r}: {_rate_text(longer)} and {_rate_text(shorter)} do not go together. A longer time "
                "allows more requests in all, and fewer for each second; leave out the one that has no effect."
            )
    return found


def _limit(text: object) -> Limit:
    match = _RATE.fullmatch(text) if isinstance(text, str) else None
    unit = _UNITS.get(match[3].lower()) if match else None
    requests, interval = (int(match[1]), int(match[2] or 1) * unit * 1000) if match and unit else (0, 0)
    if not requests or not 0 < interval <= LONGEST:
        raise BadValue(
            f"rate={shown(text, 60)} is not a rate: write requests and time, such as '100/minute', '5/second' or "
            "'50/10 seconds', of a day at most."
        )
    return Limit(requests, interval)


def _rate_text(limit: Limit) -> str:
    return f"{limit.requests}/{limit.interval / 1000:g} s"


def enforced(stated: Sequence[Limit]) -> list[Limit]:
    """Return the limits that requests are counted by: the stated ones with a margin, and before them the shorter one
    that spreads requests over the time.
    """
    found: list[Limit] = []
    for each in stated:
        longer = Limit(each.requests, int(each.interval * (1 + _MARGIN)) + _LATENCY)
        # What is as dense as the shorter one is kept by that.
        if not found or longer.requests * found[-1].interval < found[-1].requests * longer.interval:
            found.append(longer)
    first = found[0]
    several = max(2, -(-_BURST * first.requests // stated[0].interval))
    if several >= first.requests:
        return found
    return [Limit(several, first.interval * several // first.requests), *found]


class SharedRate:
    """The turns at the rate of one server, which every process of this user that names the server takes from one file.
    Safe to use from several threads, and after a fork. *clock* gives seconds that all processes agree on.
    """

    def __init__(self, limits: Sequence[Limit], file: Path, clock: Callable[[], float] = time.time) -> None:
        self._library: Any = optional.load("pyrate_limiter", extra="rate")
        optional.load("filelock", extra="rate")
        self._limits = enforced(limits)
        self._file = file
        self._clock = clock
        self.after_fork()
        renew_in_child(self)

    def after_fork(self) -> None:
        """Open the file again: a connection of the parent is no use to a forked process."""
        self._lock = threading.Lock()
        self._bucket: Any = None
        self._taken = 0

    def delay(self) -> float:
        """Take a turn and return 0, or return after how many seconds there may be one. Sends nothing. Raises BadValue
        when the file cannot be used.
        """
        with self._lock:
            try:
                return self._delay()
            except (OSError, optional.load("sqlite3").Error) as error:
                raise BadValue(f"rate=: requests cannot be counted in {self._file} ({error}).") from error

    def _delay(self) -> float:
        if self._bucket is None:
            self._bucket = self._opened()
        now = int(self._clock() * 1000)
        self._drop_useless(now)
        item = self._library.RateItem("request", now)
        if self._bucket.put(item):
            self._taken += 1
            return 0.0
        return float(max(self._bucket.waiting(item), 1)) / 1000

    def _opened(self) -> Any:
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        rates = [self._library.Rate(each.requests, each.interval) for each in self._limits]
        return self._library.SQLiteBucket.init_from_file(rates, "requests", str(self._file), use_file_lock=True)

    def _drop_useless(self, now: int) -> None:
        """Drop what is older than any limit, now and then, and all of it when the clock was put back."""
        newest = self._bucket.peek(0)
        if newest is not None and newest.timestamp > now + _BURST:
            self._bucket.flush()
        elif self._taken % _SWEEP == 0:
            # Sessions with other rates count by the same file, so that what is of no use here may be of use there.
            self._bucket.leak(now - LONGEST + self._limits[-1].interval)


def shared_rate(rate: str | Sequence[str], server: str) -> SharedRate:
    """Return the turns at *rate* of a *server* (its origin). Raises BadValue for what is no rate, Unsupported without
    the extra.
    """
    name = hashlib.sha256(server.encode()).hexdigest()[:32]
    return SharedRate(parse_rates(rate), state_folder() / "rates" / f"{name}.sqlite")
