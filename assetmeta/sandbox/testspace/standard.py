"""The four metrics that every space is born with, and how a metric is stored."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from .store import Store

GREEN, RED, GREY, ORANGE, PURPLE, DARK = "#008000", "#ff0000", "#aaaaaa", "#ffa500", "#b10dc9", "#464646"

SUITES, CASES, FAILURES, HEALTH = "/[suites]", "/[cases]", "/[failures]", "/[health]"
"""The data sources that every result has."""

COLUMNS = "columns"
RANGE = 10
PARTS = ("variables", "thresholds", "badge")
"""The fields that are stored as JSON."""


def series(*entries: tuple[str, str, str]) -> list[dict[str, str]]:
    """Variables or thresholds from their names, colours and expressions."""
    return [{"name": name, "color": color, "expression": expression} for name, color, expression in entries]


PASS_RATE = {
    "name": "test",
    "value_expression": 'concat(rounddown(v1 / (v1 + v2)),"%")',
    "criteria_expression": "v1 >= t1",
    "is_enabled": True,
}
STANDARD: tuple[dict[str, object], ...] = (
    {
        "name": "Test Suites",
        "data_source": SUITES,
        "variables": series(("Passed", GREEN, "d1"), ("Failed", RED, "d2"), ("NA", GREY, "d3")),
    },
    {
        "name": "Test Cases",
        "data_source": CASES,
        "variables": series(("Passed", GREEN, "d1"), ("Failed/Errored", RED, "d2+d4"), ("NA/Exempt", GREY, "d3")),
        "thresholds": series(("Threshold", DARK, "(d1+d2+d4)*1")),
        "badge": PASS_RATE,
    },
    {
        "name": "Test Failures",
        "data_source": FAILURES,
        "variables": series(
            ("New", RED, "d1"), ("Tracked", PURPLE, "d2"), ("Exempt", ORANGE, "d3"), ("Resolved", GREEN, "d4")
        ),
        "thresholds": series(("Triaged", DARK, "d5")),
    },
    {
        "name": "Health",
        "data_source": HEALTH,
        "max_range": 5,
        "units": None,
        "variables": series(("Healthy", GREEN, "d1"), ("Unhealthy", RED, "d2"), ("Invalid", ORANGE, "d3")),
    },
)


def add_standard_metrics(store: Store, space: int, moment: int) -> None:
    """Give a new space its metrics."""
    for values in STANDARD:
        add_metric(store, space, {"units": "", **values}, moment)


def add_metric(store: Store, space: int, values: Mapping[str, object], moment: int) -> int:
    """Store a new metric. *values* may lack what has a default."""
    row: dict[str, object] = {"chart_type": COLUMNS, "max_range": RANGE, "max_range_limit": None, "units": None}
    row |= {"variables": [], "thresholds": [], "badge": None} | dict(values)
    count = store.number("SELECT seq FROM sqlite_sequence WHERE name = 'metric'") + 1
    token = hashlib.sha256(f"assetmeta sandbox badge of metric {count}".encode()).hexdigest()[:40]
    times = {"created_at": moment, "updated_at": moment}
    return store.insert("metric", stored(row) | times | {"space_id": space, "badge_token": token})


def stored(values: Mapping[str, object]) -> dict[str, object]:
    """A metric's values as columns: lists and objects become JSON."""
    return {name: json.dumps(value) if name in PARTS and value is not None else value for name, value in values.items()}
