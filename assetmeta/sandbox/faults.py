"""Faults on request: what a script does when the server or the line misbehaves.

A fault is written

    KIND[=VALUE][:COUNT[:[METHOD ]PATH]]

KIND     drop         the request is carried out, then the connection is cut without an answer (writes only, unless
                      a METHOD is named; refused requests are answered as usual)
         drop-before  the connection is cut, nothing is carried out
         429          "too many requests" with Retry-After: VALUE seconds (default 1), nothing is carried out
         500, 503     an error page, nothing is carried out (503 with VALUE sends Retry-After)
         slow         the request is carried out, the body trickles out over VALUE seconds (default 2)
         truncate     the request is carried out, the connection is cut in the middle of the body
COUNT    how many requests it hits, * for all of them (default 1)
METHOD   only requests of this method
PATH     only requests whose path and query contain this text, case ignored; with * or ? in it, a shell pattern
         for the whole of path and query

Examples: "drop", "429:2:/query.v1", "429=5:*:POST /api/asset", "slow=10:1:*/Data/Story*", "truncate:1:GET meta.v1".
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from assetmeta.sandbox.messages import Request

KINDS = ("drop", "drop-before", "429", "500", "503", "slow", "truncate")
LATE = frozenset({"drop", "slow", "truncate"})
READS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Fault:
    """One fault: what happens (*kind*, *value* in seconds), to which requests, how often (*count*, None = always)."""

    kind: str
    value: float | None = None
    count: int | None = 1
    method: str | None = None
    path: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind of fault {self.kind!r}; known are {', '.join(KINDS)}")
        if self.count is not None and self.count < 1:
            raise ValueError(f"a fault must hit at least one request, not {self.count}")
        if self.value is not None and not 0 <= self.value < float("inf"):
            raise ValueError(f"the value of a fault is a number of seconds, not {self.value}")

    def matches(self, request: Request) -> bool:
        """True when method and path of *request* are those of the fault."""
        if self.method is not None and request.method != self.method.upper():
            return False
        if self.kind == "drop" and self.method is None and request.method in READS:
            return False
        target, pattern = request.target.lower(), self.path.lower()
        return fnmatchcase(target, pattern) if set(pattern) & set("*?") else pattern in target


def parse_fault(spec: str) -> Fault:
    """Read the written form of a fault. Raises ValueError naming what is wrong."""
    head, _, rest = spec.strip().partition(":")
    kind, _, value = head.partition("=")
    count, _, where = rest.partition(":")
    method, _, path = where.strip().rpartition(" ")
    try:
        seconds = float(value) if value else None
        times = None if count.strip() == "*" else int(count) if count.strip() else 1
    except ValueError:
        raise ValueError(f"bad fault {spec!r}: write KIND[=VALUE][:COUNT[:[METHOD ]PATH]]") from None
    return Fault(kind.strip().lower(), seconds, times, method.strip().upper() or None, path)


class Faults:
    """The faults still to come. Safe to use from several threads."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._lock = threading.Lock()
        self._left: list[tuple[Fault, int | None]] = []
        for fault in faults:
            self.add(fault)

    def add(self, fault: Fault) -> None:
        """Put *fault* behind those that are already waiting."""
        with self._lock:
            self._left.append((fault, fault.count))

    def clear(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._left.clear()

    def take(self, request: Request, *, late: bool) -> Fault | None:
        """The first waiting fault for *request*, counted as used, or None.

        *late* asks for faults that let the request be carried out first, otherwise for those that prevent it.
        """
        with self._lock:
            for place, (fault, left) in enumerate(self._left):
                if (fault.kind in LATE) is late and fault.matches(request):
                    if left == 1:
                        del self._left[place]
                    elif left is not None:
                        self._left[place] = (fault, left - 1)
                    return fault
        return None
