"""What was sent: one entry per HTTP request, and their totals; and how many requests a block may send."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from urllib.parse import urlencode

from msgspec import Struct

from assetmeta.model.errors import BadValue, BudgetExceeded
from assetmeta.model.printable import printable
from assetmeta.model.processes import renew_in_child
from assetmeta.model.scalars import shown

KEPT = 10_000
SHOWN = 20


class Entry(Struct, frozen=True):
    """One HTTP request that was sent, or failed to be. Repeats and redirects are entries of their own.

    *path* has no query; *query* holds its pairs, secret values hidden. *status* is None when no whole answer came;
    *error* then names the error's class. *bytes_sent* counts the body, *bytes_received* the answer's body as it came
    over the line, still compressed. *attempt* is 1 for the first try.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    status: int | None = None
    milliseconds: float = 0.0
    bytes_sent: int = 0
    bytes_received: int = 0
    attempt: int = 1
    error: str | None = None

    def __str__(self) -> str:
        query = f"?{urlencode(self.query)}" if self.query else ""
        again = f" (attempt {self.attempt})" if self.attempt > 1 else ""
        return printable(f"{self.method} {self.path}{query}: {self.outcome}, {self.milliseconds:.0f} ms{again}")

    @property
    def outcome(self) -> str:
        """The status, or the name of the error, as text."""
        return self.error or str(self.status)


class Ledger:
    """The requests of a session, or of a `with driver.trace()` block.

    `len()` and the totals count every request; iteration yields the latest *keep* entries, oldest first. Safe to use
    from several threads. In a forked process it starts empty: it counts what its own process sends.
    """

    def __init__(self, keep: int = KEPT) -> None:
        self._keep = keep
        self.after_fork()
        renew_in_child(self)

    def after_fork(self) -> None:
        """Forget what the parent has sent."""
        self._entries: deque[Entry] = deque(maxlen=self._keep)
        self._lock = threading.Lock()
        self._count = 0
        self._sent = 0
        self._received = 0
        self._milliseconds = 0.0

    def add(self, entry: Entry) -> None:
        """Count and keep an entry."""
        with self._lock:
            self._entries.append(entry)
            self._count += 1
            self._sent += entry.bytes_sent
            self._received += entry.bytes_received
            self._milliseconds += entry.milliseconds

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Entry]:
        with self._lock:
            return iter(tuple(self._entries))

    @property
    def bytes_sent(self) -> int:
        """Bytes of request bodies."""
        return self._sent

    @property
    def bytes_received(self) -> int:
        """Bytes of answers' bodies, as they came over the line."""
        return self._received

    @property
    def milliseconds(self) -> float:
        """Time spent in requests; what ran concurrently counts in full."""
        return self._milliseconds

    def __repr__(self) -> str:
        return printable(f"<Ledger: {self._summary()}>")

    def __str__(self) -> str:
        """A table of the latest entries under a line of totals."""
        entries = tuple(self)
        lines = [self._summary()]
        if self._count > min(len(entries), SHOWN):
            lines.append(f"the latest {min(len(entries), SHOWN)}:")
        lines += [_row(entry) for entry in entries[-SHOWN:]]
        return printable("\n".join(lines))

    def _summary(self) -> str:
        noun = "request" if self._count == 1 else "requests"
        return f"{self._count} {noun}, {self._milliseconds:.0f} ms, {self._sent} B out, {self._received} B in"


def _row(entry: Entry) -> str:
    again = f"  attempt {entry.attempt}" if entry.attempt > 1 else ""
    return (
        f"{entry.method:<7} {entry.outcome:>5} {entry.milliseconds:>7.0f} ms {entry.bytes_sent:>8} B out"
        f" {entry.bytes_received:>9} B in  {entry.path}{again}"
    )


class RequestBudget:
    """Counts requests against a limit. Raises BadValue for a limit that is not a number of requests."""

    def __init__(self, limit: int) -> None:
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
            raise BadValue(f"A budget is a number of requests, not {shown(limit)}.")
        self.limit = limit
        self.spent = 0

    def check(self, number: int) -> None:
        """Raise BudgetExceeded when so many requests more would be too many."""
        if self.spent + number > self.limit:
            raise BudgetExceeded(
                f"This block may send {self.limit} requests; {self.spent} were sent and {number} more would be needed. "
                "session.trace() shows which reads take a request each."
            )

    def consume(self, number: int) -> None:
        """Count requests that are sent now."""
        self.spent += number
