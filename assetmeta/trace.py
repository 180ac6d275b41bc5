"""What a block of code sent: the requests, and the lazy loads behind them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assetmeta.core.load_log import LazyLoad, RepeatedLoad, repeats
from assetmeta.model.printable import printable
from assetmeta.model.table import SHOWN, Displayed, Table
from assetmeta.wire.ledger import Entry, Ledger


class Trace(Displayed):
    """The requests of a block (`len()`, iteration, totals as in a Ledger) and its lazy loads.

    Printing it shows both, and names every line that took a request per asset with the select() that would have
    saved them.
    """

    def __init__(self, ledger: Ledger, loads: Sequence[LazyLoad]) -> None:
        self.ledger = ledger
        self.loads = loads

    @property
    def repeats(self) -> list[RepeatedLoad]:
        """Lines of code that took a request per asset, worst first."""
        return repeats(self.loads)

    @property
    def bytes_sent(self) -> int:
        """Bytes of request bodies."""
        return self.ledger.bytes_sent

    @property
    def bytes_received(self) -> int:
        """Bytes of answers' bodies, as they came over the line."""
        return self.ledger.bytes_received

    @property
    def milliseconds(self) -> float:
        """Time spent in requests; what ran concurrently counts in full."""
        return self.ledger.milliseconds

    def __len__(self) -> int:
        return len(self.ledger)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.ledger)

    def __str__(self) -> str:
        return printable("\n".join([str(self.ledger), *(f"  {repeat}" for repeat in self.repeats)]))

    def _table(self) -> Table:
        entries = list(self)
        rows = [
            (entry.method, entry.path, entry.outcome, f"{entry.milliseconds:.0f}", str(entry.bytes_received))
            for entry in entries[-SHOWN:]
        ]
        columns = ("method", "path", "answer", "ms", "bytes in")
        return Table(repr(self), columns, rows, len(self), "; ".join(map(str, self.repeats)))

    def __repr__(self) -> str:
        found = len(self.repeats)
        return f"<Trace: {len(self)} request{'s' * (len(self) != 1)}{f', {found} repeated reads' if found else ''}>"
