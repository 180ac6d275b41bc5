"""What completing a result does: its failures are tracked, and every metric of its space gets a data set."""

from __future__ import annotations

import json
from collections.abc import Mapping

from .datasets import add_datasets
from .failure_states import LETTERS, MISSING, RESOLVED, WINDOW, Track, followed
from .store import Row, Store

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
