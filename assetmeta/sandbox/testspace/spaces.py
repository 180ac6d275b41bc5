"""Spaces: the branches of a connected project, or whatever a project of its own is divided into."""

from __future__ import annotations

from collections.abc import Mapping

from assetmeta.sandbox.rest.answers import NOTHING, Answer

from .call import Call, created, modified
from .fields import Field, count, flag, name_text, text, values_of
from .lookups import place_of, project_of
from .paging import paged
from .resource import Resource
from .rights import WRITE
from .standard import add_standard_metrics
from .store import Row, Store

FIELDS = (
    Field("name", name_text, required=True),
    Field("description", text, nullable=True),
    Field("is_hidden", flag, default=0),
    Field("min_run_period", count, default=0),
    Field("result_set_aggregation", flag, default=0),
)
LATEST = "(SELECT id FROM result WHERE space_id = space.id {} ORDER BY sequence_number DESC LIMIT 1)"
COLUMNS = f"space.*, {LATEST.format('')} AS latest, {LATEST.format('AND complete')} AS active"


class Spaces(Resource):
    """The paths `projects/{p}/spaces`, `projects/{p}/spaces/{s}` and `spaces/{id}`."""

    def list(self, call: Call) -> Answer:
        """GET: newest first; `?name=` leaves those of exactly that name."""
        project = project_of(self.store, call)
        values: tuple[object, ...] = (project["id"],)
        sql = f"SELECT {COLUMNS} FROM space WHERE project_id = ?"
        if "name" in call.query:
            sql, values = f"{sql} AND name = ?", (*values, call.query["name"])
        path = f"projects/{project['id']}/spaces"
        found = (f"{sql} ORDER BY id DESC", values)
        return paged(call, self.store, path, found, lambda rows: [shown(call, row) for row in rows])

    def get(self, call: Call) -> Answer:
        """GET of one."""
        return Answer(self._shown(call, place_of(self.store, call).space["id"]))

    def create(self, call: Call) -> Answer:
        """POST: the new space has the four standard metrics."""
        project = project_of(self.store, call, WRITE)
        values = values_of(FIELDS, call.body, partial=False)
        self.check_name("space", values, project_id=project["id"])
        key = add_space(self.store, project["id"], values, self.clock())
        return created(self._shown(call, key), f"{call.root}/spaces/{key}")

    def update(self, call: Call) -> Answer:
        """PATCH or PUT: the fields given."""
        place = place_of(self.store, call, WRITE)
        values = values_of(FIELDS, call.body, partial=True)
        self.check_name("space", values, but=place.space["id"], project_id=place.project["id"])
        self.change("space", place.space["id"], values)
        return modified(self._shown(call, place.space["id"]))

    def delete(self, call: Call) -> Answer:
        """DELETE: the space with its results and metrics."""
        place = place_of(self.store, call, WRITE)
        self.store.execute("DELETE FROM space WHERE id = ?", place.space["id"])
        return NOTHING

    def _shown(self, call: Call, key: int) -> dict[str, object]:
        return shown(call, self.row("space", key, COLUMNS))


def add_space(store: Store, project: int, values: Mapping[str, object], moment: int) -> int:
    """A new space with its standard metrics. *values* may lack what has a default."""
    row: dict[str, object] = {field.name: field.default for field in FIELDS}
    row |= {"type": None, "sandbox": 0, "stale": 0} | dict(values)
    key = store.insert("space", row | {"project_id": project, "created_at": moment, "updated_at": moment})
    add_standard_metrics(store, key, moment)
    return key


def shown(call: Call, row: Row) -> dict[str, object]:
    """A space as answers show it."""
    return {
        "id": row["id"],
        "name": row["name"],
        "description": row["description"],
        "type": row["type"],
        "created_at": call.time(row["created_at"]),
        "updated_at": call.time(row["updated_at"]),
        "project_id": row["project_id"],
        "result_set_aggregation": bool(row["result_set_aggregation"]),
        "sandbox": bool(row["sandbox"]),
        "stale": bool(row["stale"]),
        "is_hidden": bool(row["is_hidden"]),
        "min_run_period": row["min_run_period"],
        "active_result_set_id": row["active"],
        "latest_result_set_id": row["latest"],
    }
