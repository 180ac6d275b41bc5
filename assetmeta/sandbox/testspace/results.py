"""Results of a space, which ids and field names also call result sets."""

from __future__ import annotations

from collections.abc import Mapping

from assetmeta.sandbox.rest.answers import NOTHING, Answer

from .call import Call, created, modified
from .completion import complete_result, reopen_result
from .counts import Counts, counts_of
from .datasets import measurements
from .fields import Field, flag, name_text, text, values_of
from .lookups import place_of, result_of
from .paging import paged
from .publication import add_result
from .refusals import Refusal
from .resource import Resource
from .rights import WRITE
from .store import Row, Store, as_number
from .verdicts import health_of

FIELDS = (
    Field("name", name_text, required=True),
    Field("description", text, nullable=True),
    Field("complete", flag, default=0),
    Field("pinned", flag, default=0),
    Field("build_url", text, nullable=True),
)


class Results(Resource):
    """The paths `.../results` and `.../results/{r}`."""

    def list(self, call: Call) -> Answer:
        """GET: newest first."""
        try:
            place = place_of(self.store, call)
        except Refusal:
            if empty_instead(call):
                return Answer([])
            raise
        sql = "SELECT * FROM result WHERE space_id = ? ORDER BY sequence_number DESC"
        found = (sql, (place.space["id"],))
        return paged(call, self.store, f"{place.path}/results", found, lambda rows: shown(self.store, call, rows))

    def get(self, call: Call) -> Answer:
        """GET of one."""
        return Answer(self._shown(call, result_of(self.store, call, place_of(self.store, call))["id"]))

    def create(self, call: Call) -> Answer:
        """POST: an empty result, the newest of its space, published by the user."""
        place = place_of(self.store, call, WRITE)
        values = values_of(FIELDS, call.body, partial=False)
        self.check_name("result", values, space_id=place.space["id"])
        complete, moment = values.pop("complete"), self.clock()
        key = add_result(self.store, place.space["id"], values | {"user_id": call.user_id}, moment)
        if complete:
            complete_result(self.store, key, moment)
        return created(self._shown(call, key), f"{call.root}/spaces/{place.space['id']}/results/{key}")

    def update(self, call: Call) -> Answer:
        """PATCH: the fields given. `complete` turned on or off is what the space's active result follows."""
        place = place_of(self.store, call, WRITE)
        result = result_of(self.store, call, place)
        values = values_of(FIELDS, call.body, partial=True)
        self.check_name("result", values, but=result["id"], space_id=place.space["id"])
        complete, moment = values.pop("complete", result["complete"]), self.clock()
        self.store.update("result", result["id"], values | {"updated_at": moment})
        if complete and not result["complete"]:
            complete_result(self.store, result["id"], moment)
        elif result["complete"] and not complete:
            reopen_result(self.store, result["id"], moment)
        return modified(self._shown(call, result["id"]))

    def delete(self, call: Call) -> Answer:
        """DELETE: the result with its contents, failures and data sets."""
        result = result_of(self.store, call, place_of(self.store, call, WRITE))
        self.store.execute("DELETE FROM result WHERE id = ?", result["id"])
        return NOTHING

    def _shown(self, call: Call, key: int) -> Mapping[str, object]:
        return shown(self.store, call, [self.row("result", key)])[0]


def empty_instead(call: Call) -> bool:
    """Whether an unknown space is answered with an empty list: an id below a project, where the switch says so."""
    target = call.target
    numeric = as_number(target.space or "") is not None
    return call.settings.empty_for_unknown_space and target.project is not None and numeric


def shown(store: Store, call: Call, rows: list[Row]) -> list[Mapping[str, object]]:
    """Results as answers show them."""
    counts = counts_of(store, rows)
    measured = measurements(store, [row["id"] for row in rows])
    return [document(call, row, *counts[row["id"]], measured.get(row["id"], [])) for row in rows]


def document(
    call: Call, row: Row, whole: Counts, session: Counts, measured: list[tuple[Row, Row]]
) -> Mapping[str, object]:
    """One result. It has a health when it is complete."""
    return {
        "id": row["id"],
        "name": row["name"],
        "sequence_number": row["sequence_number"],
        "description": row["description"],
        "complete": bool(row["complete"]),
        "pinned": bool(row["pinned"]),
        "user_id": row["user_id"],
        "created_at": call.time(row["created_at"]),
        "updated_at": call.time(row["updated_at"]),
        "space_id": row["space_id"],
        "commit_id": row["commit_id"],
        "build_url": row["build_url"],
        "build_status": row["build_status"],
        **counted(whole, session, call.settings.case_counts),
        "health": health_of(whole.total, whole.exempt, measured) if row["complete"] else None,
    }


def counted(whole: Counts, session: Counts, entries: int) -> Mapping[str, object]:
    """The counts of a result, those of cases with so many *entries*."""
    return {
        "suite_counts": whole.suites,
        "session_suite_counts": session.suites,
        "case_counts": whole.cases[:entries],
        "session_case_counts": session.cases[:entries],
        "annotation_counts": whole.annotations,
        "failure_counts": whole.failures,
        "session_failure_counts": session.failures,
        "duration": whole.duration,
        "session_duration": session.duration,
    }
