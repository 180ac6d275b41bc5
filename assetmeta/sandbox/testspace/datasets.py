"""The data sets of metrics: what a complete result gives each metric of its space."""

from __future__ import annotations

import json

from .counts import Counts, counts_of
from .evaluation import read_metric
from .standard import CASES, FAILURES, HEALTH, SUITES
from .store import Row, Store
from .verdicts import STATES, health_of


def add_datasets(store: Store, result: Row, moment: int) -> None:
    """Give every metric of the space its data set of this result; health last, since it is made of the others."""
    metrics = store.all("SELECT * FROM metric WHERE space_id = ? ORDER BY id", result["space_id"])
    counts, _ = counts_of(store, [result])[result["id"]]
    builtin = builtin_figures(counts)
    for metric in sorted(metrics, key=lambda row: row["data_source"] == HEALTH):
        source = metric["data_source"]
        if source == HEALTH:
            health = health_of(counts.total, counts.exempt, measured(store, result["id"]))
            figures: list[object] = [int(health["state"] == state) for state in STATES]
        elif source in builtin:
            figures = builtin[source]
        else:
            figures = own_figures(store, result["id"], source)
        row = {"metric_id": metric["id"], "result_id": result["id"], "figures": json.dumps(figures)}
        store.insert("dataset", row | {"published_at": moment, "created_at": moment, "updated_at": moment})


def builtin_figures(counts: Counts) -> dict[str, list[object]]:
    """The raw values of the data sources that are counts. How many failures are triaged is not known here."""
    new, flaky, consistent, passing, resolved, exempt = counts.failures
    return {
        SUITES: list(counts.suites),
        CASES: list(counts.cases),
        FAILURES: [new, flaky + consistent + passing, exempt, resolved],
    }


def own_figures(store: Store, result: int, source: str) -> list[object]:
    """The raw values of `/path/to/suite[label]`; none where the result has no such suite or label."""
    path, _, label = source.removesuffix("]").rpartition("[")
    row = store.one("SELECT figures FROM content WHERE result_id = ? AND path = ?", result, path.removeprefix("/"))
    figures = {} if row is None else json.loads(row["figures"])
    return list(figures.get(label, ()))


def measured(store: Store, result: int) -> list[tuple[Row, Row]]:
    """The metrics with an enabled badge, each with its data set of a result."""
    return measurements(store, [result]).get(result, [])


def measurements(store: Store, results: list[int]) -> dict[int, list[tuple[Row, Row]]]:
    """By result: the metrics with an enabled badge, each with its data set."""
    sets = store.among("SELECT * FROM dataset WHERE result_id IN ? ORDER BY metric_id", results)
    metrics = store.among("SELECT * FROM metric WHERE id IN ?", {row["metric_id"] for row in sets})
    known = {row["id"]: read_metric(row) for row in metrics}
    found: dict[int, list[tuple[Row, Row]]] = {}
    for row in sets:
        metric = known[row["metric_id"]]
        if metric["badge"] and metric["badge"]["is_enabled"]:
            found.setdefault(row["result_id"], []).append((metric, row))
    return found
