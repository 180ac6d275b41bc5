"""Scale: what one asset costs this process in a large job, beside a small one.

It is processor time of this process that is compared, so that the sandbox's own growth does not count.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable

from assetmeta.model.http import Request, Response
from benchmarks.bench import Bench
from benchmarks.rows.commit import HAS_BULK
from benchmarks.sandbox import Sandbox
from benchmarks.table import Line, at_most
from benchmarks.tape import Tape

RANGE = 100
"""How many times the large job is larger."""


def measure(bench: Bench) -> list[Line]:
    """Reading and walking from the sandbox; committing one request each, answered from memory."""
    large = bench.size.scaled
    small = large // RANGE
    jobs: dict[str, Callable[[Sandbox, int], float]] = {
        "reading": _reading,
        "walking two relations": _walking,
        "committing, one request each, answered from memory": _committing,
    }
    lines = []
    for what, job in jobs.items():
        few = statistics.median(_cost(job, bench.near, small) for _ in range(2 * bench.size.rounds))
        many = _cost(job, bench.near, large)
        lines.append(
            Line(
                "scale",
                f"{what}, processor time per asset of {large:,}, beside {small:,}",
                f"{many * 1e6:.0f} us",
                f"{few * 1e6:.0f} us",
                many / few,
                at_most(1.3),
            )
        )
    return lines


def _cost(job: Callable[[Sandbox, int], float], sandbox: Sandbox, count: int) -> float:
    gc.collect()
    return job(sandbox, count) / count


def _reading(sandbox: Sandbox, count: int) -> float:
    with sandbox.session() as v1:
        query = v1.Workitem.select("Name", "Number", "CreateDate", "Scope").page(size=count)
        start = time.process_time()
        found = list(query)
        seconds = time.process_time() - start
        assert len(found) == count
    return seconds


def _walking(sandbox: Sandbox, count: int) -> float:
    with sandbox.session() as v1:
        query = v1.Workitem.page(size=count)
        start = time.process_time()
        number = sum(1 for item in query if item.Scope.Owner.Name != "")
        seconds = time.process_time() - start
        assert number == count
    return seconds


def _committing(sandbox: Sandbox, count: int) -> float:
    tape = Tape(_written)
    options = {"bulk": False} if HAS_BULK else {}
    with sandbox.session(cassette=tape, **options) as v1:
        tape.replay()
        stories = [v1.Story(number) for number in range(1_000_000, 1_000_000 + count)]
        for story in stories:
            story.Name = "renamed"
        start = time.process_time()
        report = v1.commit()
        seconds = time.process_time() - start
        report.raise_if_failed()
    tape.close()
    return seconds


def _written(request: Request) -> Response:
    """The sandbox's answer to an update, for any asset."""
    kind, key = request.path.split("/")[-2:]
    text = f'<Asset id="{kind}:{key}:9"><Attribute name="Name">renamed</Attribute></Asset>'
    return Response(200, {"content-type": "text/xml; charset=utf-8"}, text.encode(), request)
