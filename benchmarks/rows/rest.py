"""Lists of the three JSON dialects: the bytes of all answers to assets ready for use, beside the bare parse."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from typing import Any, NamedTuple

from assetmeta import TestspaceMeta, ValispaceMeta, ValohaiMeta
from benchmarks.bench import Bench
from benchmarks.clock import medians, timed
from benchmarks.sandbox import Sandbox
from benchmarks.table import Line, at_most, number, rate
from benchmarks.tape import Tape


class List(NamedTuple):
    """A list of one *system*: the *type* of its assets, of which the sandbox makes one for each so many *assets*.
    *part* is how many are read of those that VersionOne's rows read.
    """

    system: str
    connect: Callable[..., Any]
    type: str
    assets: float
    what: str
    part: float = 1.0


LISTS = (
    List("valispace", ValispaceMeta, "Vali", 2.4, "valis of 37 fields"),
    List("valohai", ValohaiMeta, "Execution", 3.3, "executions with embedded objects"),
    List("testspace", TestspaceMeta, "Result", 19, "results", part=0.25),
)


def measure(bench: Bench) -> list[Line]:
    """Ours beside json.loads of the same bytes. The official clients hand out what that returns."""
    return [_line(each, bench) for each in LISTS]


def _line(each: List, bench: Bench) -> Line:
    wanted = int(bench.size.decoded * each.part)
    tape = Tape()
    with Sandbox(int(wanted * each.assets), system=each.system) as server:
        session = each.connect(server.url, username=server.user, password=server.secret, allow_http=True, cassette=tape)
        assert session.schema.types
        before = set(tape.exchanges)
        count = len(list(session[each.type]))
        bodies = [response.body for key, response in tape.exchanges.items() if key not in before]
        tape.replay().close()
    assert count >= wanted, f"the sandbox has only {count} {each.what}"
    with closing(session):
        taken = medians(
            bench.size.rounds,
            {
                "ours": timed(lambda: list(session[each.type])),
                "json.loads": timed(lambda: [json.loads(body) for body in bodies]),
            },
        )
    megabytes = number(sum(map(len, bodies)) / 1e6)
    return Line(
        "rest",
        f"{count:,} {each.what}, {megabytes} MB in {len(bodies):,} answers, beside json.loads",
        rate(count, taken["ours"]),
        rate(count, taken["json.loads"]),
        taken["ours"] / taken["json.loads"],
        at_most(3),
        spread=taken["ours"].spread,
    )
