"""The failures of a result that are tracked."""

from __future__ import annotations

from .call import Answer, Call
from .lookups import place_of, result_of
from .moments import to_the_millisecond
from .paging import paged
from .store import Row, Store


class Failures:
    """The path `.../results/{r}/failures`."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def list(self, call: Call) -> Answer:
        """GET: in the order in which they came to be tracked."""
        place = place_of(self.store, call)
        result = result_of(self.store, call, place)
        found = ("SELECT * FROM failure WHERE result_id = ? ORDER BY id", (result["id"],))
        path = f"{place.path}/results/{result['id']}/failures"
        return paged(call, self.store, path, found, lambda rows: [shown(row) for row in rows])


def shown(row: Row) -> dict[str, object]:
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
