"""The sandbox itself, without a network: it must not be what the other rows measure."""

from __future__ import annotations

import json
import time
from base64 import b64encode

from assetmeta.sandbox.messages import Request
from assetmeta.sandbox.versionone.app import VersionOne
from benchmarks.bench import Bench
from benchmarks.clock import medians
from benchmarks.table import Line, at_least, rate

NAMES = ("Name", "Number", "AssetState", "Estimate", "CreateDate", "Scope")
PAGE = 2_000
UPDATES = 1_000
ASSETS = 20_000


def measure(bench: Bench) -> list[Line]:
    """What the VersionOne face answers in a second of processor time: a page of stories, and updates in bulk."""
    app = VersionOne.filled(ASSETS, 1, None)
    asked = {"from": "Story", "select": NAMES, "page": {"start": 0, "size": PAGE}}
    active = {"from": "Story", "where": {"AssetState": "Active"}, "page": {"start": 0, "size": UPDATES}}
    [stories] = json.loads(_posted(app, "query.v1", active)[1])
    assert len(stories) == UPDATES

    def read() -> float:
        seconds, body = _posted(app, "query.v1", asked)
        assert len(json.loads(body)[0]) == PAGE
        return seconds

    turn = 0

    def update() -> float:
        nonlocal turn
        turn += 1
        commands = [{"from": story["_oid"], "update": {"Estimate": turn}} for story in stories]
        seconds, body = _posted(app, "api/asset", commands)
        assert json.loads(body)["assetsModified"]["count"] == UPDATES
        return seconds

    taken = medians(bench.size.rounds, {"read": read, "update": update})
    limits = {"read": at_least(25_000, "/s"), "update": at_least(5_000, "/s")}
    whats = {
        "read": f"pages of {PAGE:,} stories with {len(NAMES)} attributes",
        "update": f"bulk updates, {UPDATES:,} in a request",
    }
    counts = {"read": PAGE, "update": UPDATES}
    return [
        Line(
            "sandbox",
            f"{what}, in processor time",
            rate(counts[name], taken[name]),
            limit=limits[name],
            figure=counts[name] / taken[name],
            spread=taken[name].spread,
        )
        for name, what in whats.items()
    ]


def _posted(app: VersionOne, path: str, document: object) -> tuple[float, bytes]:
    """Processor time and body of one answer."""
    login = b64encode(f"{app.user}:{app.secret}".encode()).decode()
    request = Request(
        "POST", f"{app.root}/{path}", "", {"authorization": f"Basic {login}"}, json.dumps(document).encode()
    )
    start = time.process_time()
    answer = app.answer(request)
    seconds = time.process_time() - start
    assert answer.status == 200, answer.body
    return seconds, answer.body
