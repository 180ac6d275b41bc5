"""The four metrics that every space is born with, and how a metric is stored."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from assetmeta.sandbox.data import data

from .store import Store

GREEN, RED, GREY = "#008000", "#ff0000", "#aaaaaa"

SUITES, CASES, FAILURES, HEALTH = "/[suites]", "/[cases]", "/[failures]", "/[health]"
"""The data sources that every result has."""

COLUMNS = "columns"
RANGE = 10
PARTS = ("variables", "thresholds", "badge")
"""The fields that are stored as JSON."""


def series(*entries: tuple[str, str, str]) -> list[dict[str, str]]:
    """Variables or thresholds from their names, colours and expressions."""
    return [{"name": name, "color": color, "expression": expression} for name, color, expression in entries]


def add_standard_metrics(store: Store, space: int, moment: int) -> None:
    """Give a new space its metrics."""
    for values in data(__package__, "standard.json"):
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
