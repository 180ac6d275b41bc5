"""Starting a session on a large schema: until its first query can be sent, with the schema kept on disk and without."""

from __future__ import annotations

import inspect
import tempfile

from assetmeta.session import Session
from benchmarks.bench import Bench
from benchmarks.clock import median
from benchmarks.probes import probe
from benchmarks.table import Line, at_most

TYPES, ATTRIBUTES = 150, 8_000
HAS_CACHE = "schema_cache" in inspect.signature(Session.__init__).parameters


def measure(bench: Bench) -> list[Line]:
    """Fresh processes, all imports done; the server's answer to the request for the schema takes no time here."""
    what = f"{TYPES} types, {ATTRIBUTES:,} attributes, until the first query is sent"
    with tempfile.TemporaryDirectory() as folder:
        _start(folder, kept=False)
        read = [_start(folder, kept=False) for _ in range(bench.size.rounds)]
        without = median(told["milliseconds"] for told in read)
        if not HAS_CACHE:
            note = "no disk cache yet"
            return [Line("schema", what, peer=f"{without:.0f} ms read anew", limit=at_most(50, "ms"), note=note)]
        _start(folder, kept=True)
        kept = [_start(folder, kept=True) for _ in range(bench.size.rounds)]
    own = median(told["milliseconds"] for told in kept)
    requests = max(told["requests"] for told in kept)
    return [
        Line(
            "schema",
            f"{what}, kept on disk, beside read anew",
            f"{own:.0f} ms",
            f"{without:.0f} ms",
            own / without,
            at_most(50, "ms"),
            own,
            spread=own.spread,
        ),
        Line("schema", f"{what}, requests", f"{requests:.0f}", "1", None, at_most(0, "requests"), requests),
    ]


def _start(folder: str, *, kept: bool) -> dict[str, float]:
    return probe("start", folder, TYPES, ATTRIBUTES, int(kept))
