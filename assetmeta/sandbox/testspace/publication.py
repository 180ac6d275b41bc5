"""What the service's own client does on a push: a result with its contents, failures and data sets.

Contents cannot be pushed over the API; here they come from Python, from `publish`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from .completion import complete_result
from .standard import add_metric
from .store import Store
from .suites import COUNTED, SEVERITIES, Suite

SUITE, FOLDER = "suite", "folder"


def publish(
    store: Store,
    space: int,
    name: str,
    suites: Iterable[Suite],
    *,
    moment: int,
    user: int | None = None,
    complete: bool = True,
    message: str | None = None,
    **more: object,
) -> int:
    """Store a new result with *suites* and return its id. A *message* is one annotation of the result itself.

    *more* are further columns of the result. Call it within a transaction.
    """
    values = {"notes": int(message is not None)} | more
    key = add_result(store, space, {"name": name, "user_id": user, **values}, moment)
    for suite in suites:
        add_suite(store, key, suite, moment)
        if suite.metric is not None:
            add_missing_metric(store, space, suite.metric, moment)
    if complete:
        complete_result(store, key, moment)
    return key


def add_result(store: Store, space: int, values: Mapping[str, object], moment: int) -> int:
    """Store an empty, incomplete result as the newest of its space. *values* may lack what has a default."""
    sequence = store.number("SELECT MAX(sequence_number) FROM result WHERE space_id = ?", space) + 1
    row: dict[str, object] = {"description": None, "pinned": 0, "user_id": None, "commit_id": None, "build_url": None}
    row |= {"build_status": None, "notes": 0} | dict(values)
    row |= {"space_id": space, "sequence_number": sequence, "created_at": moment, "updated_at": moment, "complete": 0}
    return store.insert("result", row)


def add_suite(store: Store, result: int, suite: Suite, moment: int) -> int:
    """Store one suite, and the folders on the way to it that are not there yet."""
    add_folders(store, result, suite.path.rpartition("/")[0], moment)
    row = blank(result, suite.path, SUITE, moment) | suite.counts()
    row |= {
        "description": suite.description,
        "manual": int(suite.manual),
        "cases": json.dumps([case.document() for case in suite.cases]),
        "figures": json.dumps({label: list(values) for label, values in suite.figures.items()}),
        "custom_data": json.dumps(dict(suite.custom_data)),
        "duration": suite.duration,
        "file_id": store.insert("file", {}) if suite.cases else None,
    }
    return store.insert("content", row)


def add_missing_metric(store: Store, space: int, values: Mapping[str, object], moment: int) -> None:
    """Give a space a metric unless it has one of that data source."""
    sql = "SELECT 1 FROM metric WHERE space_id = ? AND data_source = ?"
    if store.one(sql, space, values["data_source"]) is None:
        add_metric(store, space, values, moment)


def add_folders(store: Store, result: int, path: str, moment: int) -> None:
    """Store the folders of *path*, outermost first."""
    parts = path.split("/") if path else []
    for count in range(1, len(parts) + 1):
        folder = "/".join(parts[:count])
        if store.one("SELECT 1 FROM content WHERE result_id = ? AND path = ?", result, folder) is None:
            store.insert("content", blank(result, folder, FOLDER, moment))


def blank(result: int, path: str, type: str, moment: int) -> dict[str, object]:
    """The row of a content item with nothing in it."""
    parent, _, name = path.rpartition("/")
    row: dict[str, object] = {"result_id": result, "path": path, "parent": parent, "name": name, "type": type}
    row |= {"description": None, "manual": 0, "cases": "[]", "figures": "{}", "custom_data": "{}", "duration": 0.0}
    return row | dict.fromkeys((*COUNTED, *SEVERITIES), 0) | {"started_at": moment, "file_id": None}
