"""Valispace: valis read with their parents' names, and some of them updated, against a server that is some way off."""

from __future__ import annotations

import time
from contextlib import closing, redirect_stdout
from io import StringIO
from itertools import islice
from typing import Any

import valispace

from assetmeta import ValispaceMeta
from benchmarks.bench import Bench
from benchmarks.clock import medians
from benchmarks.sandbox import Sandbox
from benchmarks.table import Line, number

ASSETS_FOR_EACH_VALI = 2.5


def measure(bench: Bench) -> list[Line]:
    """Requests and seconds, ours beside the official client's, which does a sample of the work."""
    read, written = 2 * bench.size.walked, bench.size.walked // 2
    assets = int(read * ASSETS_FOR_EACH_VALI)
    with Sandbox(assets, bench.size.latency, system="valispace") as server:
        options = {"username": server.user, "password": server.secret, "allow_http": True, "survey": "none"}
        with closing(ValispaceMeta(server.url, **options)) as vs:
            reading = medians(bench.size.rounds, {"ours": lambda: _read(vs, read)[0]})["ours"]
            _, asked = _read(vs, read)
            writing, sent = _write(vs, written)
        api = _official(server)
        their_reading, their_writing = (
            _per_vali(api, bench.size.samples, _parent_name),
            _per_vali(api, bench.size.samples, _change),
        )
    where = f"{number(bench.size.latency)} ms latency, beside the official client ({bench.size.samples} valis, scaled)"
    return [
        _line(
            f"{read:,} valis with their parents' names, {where}",
            reading,
            asked,
            their_reading * read,
            read + 1,
            reading.spread,
        ),
        _line(f"{written:,} valis changed, {where}", writing, sent, their_writing * written, written),
    ]


def _line(what: str, seconds: float, requests: int, theirs: float, exchanges: int, spread: float | None = None) -> Line:
    return Line(
        "valispace",
        what,
        f"{seconds:.2f} s in {requests:,} requests",
        f"{theirs:.1f} s in {exchanges:,}",
        theirs / seconds,
        spread=spread,
    )


def _read(vs: ValispaceMeta, count: int) -> tuple[float, int]:
    vs._context.identity.clear()
    with vs.trace() as trace:
        start = time.perf_counter()
        names = [vali.parent.name for vali in islice(vs.Vali, count)]
        seconds = time.perf_counter() - start
    assert len(names) == count
    return seconds, len(trace)


def _write(vs: ValispaceMeta, count: int) -> tuple[float, int]:
    for number_, vali in enumerate(islice(vs.Vali, count)):
        vali.description = f"checked {number_}"
    with vs.trace() as trace:
        start = time.perf_counter()
        report = vs.commit()
        seconds = time.perf_counter() - start
    assert not report, report
    return seconds, len(trace)


def _official(server: Sandbox) -> Any:
    with redirect_stdout(StringIO()):
        return valispace.API(url=server.url, username=server.user, password=server.secret, warn_https=False)


def _per_vali(api: Any, count: int, work: Any) -> float:
    """Seconds for each of *count* valis; reading the list of them is left out."""
    valis = api.get_vali_list()[:count]
    start = time.perf_counter()
    for vali in valis:
        work(api, vali)
    return (time.perf_counter() - start) / len(valis)


def _parent_name(api: Any, vali: dict[str, Any]) -> None:
    assert api.get_component(id=vali["parent"])["name"]


def _change(api: Any, vali: dict[str, Any]) -> None:
    api.update_vali(id=vali["id"], data={"description": "checked"})
