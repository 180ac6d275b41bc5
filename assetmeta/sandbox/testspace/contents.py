"""What is in a result: folders and suites, and the failures that are tracked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote

from assetmeta.sandbox.rest.answers import NOTHING, Answer

from .call import Call
from .counts import of_failures
from .lookups import place_of, result_of
from .moments import to_the_millisecond
from .paging import paged
from .publication import FOLDER
from .refusals import not_found
from .resource import Resource
from .rights import WRITE
from .store import Row, Store
from .suites import COUNTED, SEVERITIES

SUMMED = (*COUNTED, *SEVERITIES, "duration")
OF_FOLDER = f"""
    SELECT folder.id, {", ".join(f"TOTAL(suite.{column}) AS {column}" for column in SUMMED)}
    FROM content AS folder JOIN content AS suite ON suite.result_id = folder.result_id
        AND substr(suite.path, 1, length(folder.path) + 1) = folder.path || '/'
    WHERE folder.type = 'folder' AND folder.id IN ? GROUP BY folder.id
"""


class Contents(Resource):
    """The paths `.../contents` and `.../contents/{path}`."""

    def list(self, call: Call) -> Answer:
        """GET of `contents`: what is in no folder."""
        place = place_of(self.store, call)
        result = result_of(self.store, call, place)
        return self._level(call, result, "", f"{place.path}/results/{result['id']}/contents")

    def get(self, call: Call) -> Answer:
        """GET of `contents/{path}`: what is in a folder, as an array; a suite, as an object."""
        place = place_of(self.store, call)
        result = result_of(self.store, call, place)
        item = self._item(call, result)
        if item["type"] == FOLDER:
            path = f"{place.path}/results/{result['id']}/contents/{quote(item['path'])}"
            return self._level(call, result, item["path"], path)
        return Answer(shown(self.store, call, [item])[0])

    def clear(self, call: Call) -> Answer:
        """DELETE of `contents`: everything in the result."""
        result = result_of(self.store, call, place_of(self.store, call, WRITE))
        self.store.execute("DELETE FROM content WHERE result_id = ?", result["id"])
        self.store.execute("DELETE FROM failure WHERE result_id = ?", result["id"])
        return NOTHING

    def delete(self, call: Call) -> Answer:
        """DELETE of `contents/{path}`: a suite, or a folder with all that is in it."""
        result = result_of(self.store, call, place_of(self.store, call, WRITE))
        path = self._item(call, result)["path"]
        for table, column in (("content", "path"), ("failure", "suite")):
            below = f"{column} = ? OR substr({column}, 1, ?) = ?"
            sql = f"DELETE FROM {table} WHERE result_id = ? AND ({below})"
            self.store.execute(sql, result["id"], path, len(path) + 1, f"{path}/")
        return NOTHING

    def _level(self, call: Call, result: Row, parent: str, path: str) -> Answer:
        sql = "SELECT * FROM content WHERE result_id = ? AND parent = ? ORDER BY id"
        return paged(call, self.store, path, (sql, (result["id"], parent)), lambda rows: shown(self.store, call, rows))

    def _item(self, call: Call, result: Row) -> Row:
        sql = "SELECT * FROM content WHERE result_id = ? AND path = ?"
        found = self.store.one(sql, result["id"], call.target.path)
        if found is None:
            raise not_found()
        return found


def shown(store: Store, call: Call, rows: Iterable[Row]) -> Sequence[Mapping[str, object]]:
    """Content items as answers show them; a folder sums up what is below it."""
    known = {row["id"]: row for row in rows}
    for sums in store.among(OF_FOLDER, known):
        whole = {name: round(value, 6) if name == "duration" else int(value) for name, value in sums.items()}
        known[sums["id"]] = known[sums["id"]] | whole
    return [document(call, row, of_failures(store, row)) for row in known.values()]


def document(call: Call, row: Row, failures: list[int]) -> dict[str, object]:
    """One content item. Only suites with cases have a file."""
    file = row["file_id"]
    return {
        "id": row["id"],
        "name": row["name"],
        "description": row["description"],
        "type": row["type"],
        "path": row["path"],
        "case_counts": [row[column] for column in COUNTED][: call.settings.case_counts],
        "annotation_counts": [row[column] for column in SEVERITIES],
        "failure_counts": failures,
        "duration": row["duration"],
        "custom_data": json.loads(row["custom_data"]),
        "status": "failed" if row["failed"] + row["errored"] else "passed",
        "download_url": None if file is None else f"{call.root}/files/{file}",
    }


class Failures(Resource):
    """The path `.../results/{r}/failures`."""

    def list(self, call: Call) -> Answer:
        """GET: in the order in which they came to be tracked."""
        place = place_of(self.store, call)
        result = result_of(self.store, call, place)
        found = ("SELECT * FROM failure WHERE result_id = ? ORDER BY id", (result["id"],))
        path = f"{place.path}/results/{result['id']}/failures"
        return paged(call, self.store, path, found, lambda rows: [failure(row) for row in rows])


def failure(row: Row) -> dict[str, object]:
    """A tracked failure as answers show it."""
    return {
        "key": f"{row['suite']}().{row['name']}",
        "history": list(row["history"]),
        "state": row["state"],
        "exempt": bool(row["exempt"]),
        "message": row["message"],
        "failed_at": to_the_millisecond(row["failed_at"]),
        "passed_at": to_the_millisecond(row["passed_at"]),
        "tracked_count": row["tracked_count"],
    }
