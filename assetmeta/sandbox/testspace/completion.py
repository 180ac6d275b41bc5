"""What completing a result does: its failures are tracked, and every metric of its space gets a data set."""

from __future__ import annotations

import json
from collections.abc import Mapping

from .counts import Counts, counts_of
from .evaluated import read_metric
from .standard import CASES, FAILURES, HEALTH, SUITES
from .store import Row, Store
from .tracking import LETTERS, MISSING, RESOLVED, WINDOW, Track, followed
from .verdicts import STATES, health_of

Place = tuple[str, str]
"""A case: its suite's path and its name."""

BEFORE = """
    SELECT * FROM result WHERE space_id = ? AND sequence_number < ? AND complete ORDER BY sequence_number DESC LIMIT ?
"""


def complete_result(store: Store, key: int, moment: int) -> None:
    """Mark a result as complete. One that is complete already is left as it is."""
    (result,) = store.all("SELECT * FROM result WHERE id = ?", key)
    if result["complete"]:
        return
    store.update("result", key, {"complete": 1, "updated_at": moment})
    track_failures(store, result, moment)
    add_datasets(store, result, moment)


def reopen_result(store: Store, key: int, moment: int) -> None:
    """Mark a result as incomplete: what its completion added is taken back."""
    store.execute("DELETE FROM failure WHERE result_id = ?", key)
    store.execute("DELETE FROM dataset WHERE result_id = ?", key)
    store.update("result", key, {"complete": 0, "updated_at": moment})


def track_failures(store: Store, result: Row, moment: int) -> None:
    """Store the failures of a result: those of the complete one before it, followed, and the new ones."""
    earlier = store.all(BEFORE, result["space_id"], result["sequence_number"], WINDOW - 1)
    before = tracks_of(store, earlier[0]["id"]) if earlier else {}
    cases = cases_of(store, result["id"])
    past: list[dict[Place, Row]] | None = None
    for place in dict.fromkeys((*before, *cases)):
        case, former = cases.get(place), before.get(place)
        status = None if case is None else case["outcome"]
        letters = ""
        if former is None and LETTERS.get(status or "", MISSING) in "FE":
            past = [cases_of(store, row["id"]) for row in reversed(earlier)] if past is None else past
            letters = letters_of(past, place)
        track = followed(None if former is None else former[0], letters, status, moment)
        if track is not None:
            store.insert("failure", failure_row(result["id"], place, track, case, former))


def failure_row(
    result: int, place: Place, track: Track, case: Row | None, former: tuple[Track, Row] | None
) -> Mapping[str, object]:
    """A tracked failure as a row. One without a case in this result keeps the message and the exemption it had."""
    about = case or (former[1] if former is not None else {})
    return {
        "result_id": result,
        "suite": place[0],
        "name": place[1],
        "state": track.state,
        "history": track.history,
        "exempt": int(about["exempt"]),
        "message": about["message"],
        "failed_at": track.failed_at,
        "passed_at": track.passed_at,
        "tracked_count": track.tracked_count,
    }


def tracks_of(store: Store, result: int) -> dict[Place, tuple[Track, Row]]:
    """The failures of a result that are still tracked."""
    rows = store.all("SELECT * FROM failure WHERE result_id = ? AND state <> ? ORDER BY id", result, RESOLVED)
    return {
        (row["suite"], row["name"]): (
            Track(row["history"], row["state"], row["failed_at"], row["passed_at"], row["tracked_count"]),
            row,
        )
        for row in rows
    }


def cases_of(store: Store, result: int) -> dict[Place, Row]:
    """All cases of a result as they are stored."""
    rows = store.all("SELECT path, cases FROM content WHERE result_id = ? ORDER BY id", result)
    return {(row["path"], case["name"]): case for row in rows for case in json.loads(row["cases"])}


def letters_of(past: list[dict[Place, Row]], place: Place) -> str:
    """The letters of a case in earlier results, none for those before it was there at first."""
    known = [cases.get(place) for cases in past]
    letters = [MISSING if case is None else LETTERS.get(case["outcome"], MISSING) for case in known]
    return "".join(letters).lstrip(MISSING)


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
