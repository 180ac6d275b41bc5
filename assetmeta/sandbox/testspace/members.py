"""Who belongs to which project, and in which role."""

from __future__ import annotations

import json
from collections.abc import Mapping

from assetmeta.sandbox.rest.answers import NOTHING, Answer

from .call import Call, created, modified
from .fields import Field, choice, count, texts, values_of
from .lookups import project_of, user_of
from .paging import paged
from .refusals import invalid, not_found
from .resource import Resource
from .rights import MANAGE, MEMBER, PROJECT_ROLES
from .store import Row

FIELDS = (
    Field("user_id", count, required=True),
    Field("role", choice(*PROJECT_ROLES), default=MEMBER),
    Field("notifications", texts, default=()),
)


class Members(Resource):
    """The paths `projects/{p}/users` and `projects/{p}/users/{u}`, for those who may manage the project."""

    def list(self, call: Call) -> Answer:
        """GET: by user."""
        project = project_of(self.store, call, MANAGE)
        found = ("SELECT * FROM member WHERE project_id = ? ORDER BY user_id", (project["id"],))
        path = f"projects/{project['id']}/users"
        return paged(call, self.store, path, found, lambda rows: [shown(row) for row in rows])

    def get(self, call: Call) -> Answer:
        """GET of one, by the user's id or name."""
        return Answer(shown(self._member(call)))

    def create(self, call: Call) -> Answer:
        """POST: a user of the organization joins the project."""
        project = project_of(self.store, call, MANAGE)
        values = kept(values_of(FIELDS, call.body, partial=False))
        user = values["user_id"]
        if self.store.one("SELECT 1 FROM user WHERE id = ?", user) is None:
            raise invalid("user_id is nobody's")
        if self.store.one("SELECT 1 FROM member WHERE project_id = ? AND user_id = ?", project["id"], user):
            raise invalid("user_id has already been taken")
        self.store.insert("member", values | {"project_id": project["id"]})
        return created(self._shown(project["id"], user), f"{call.root}/projects/{project['id']}/users/{user}")

    def update(self, call: Call) -> Answer:
        """PATCH: role and notifications."""
        member = self._member(call)
        values = kept(values_of(FIELDS[1:], call.body, partial=True))
        keys = (member["project_id"], member["user_id"])
        for name, value in values.items():
            self.store.execute(f"UPDATE member SET {name} = ? WHERE project_id = ? AND user_id = ?", value, *keys)
        return modified(self._shown(*keys))

    def delete(self, call: Call) -> Answer:
        """DELETE: the user leaves the project."""
        member = self._member(call)
        keys = (member["project_id"], member["user_id"])
        self.store.execute("DELETE FROM member WHERE project_id = ? AND user_id = ?", *keys)
        return NOTHING

    def _member(self, call: Call) -> Row:
        project = project_of(self.store, call, MANAGE)
        user = user_of(self.store, call.target.item)
        sql = "SELECT * FROM member WHERE project_id = ? AND user_id = ?"
        found = self.store.one(sql, project["id"], user["id"])
        if found is None:
            raise not_found()
        return found

    def _shown(self, project: object, user: object) -> dict[str, object]:
        (row,) = self.store.all("SELECT * FROM member WHERE project_id = ? AND user_id = ?", project, user)
        return shown(row)


def kept(values: Mapping[str, object]) -> dict[str, object]:
    """A member's values as columns."""
    return {
        name: json.dumps(list(value)) if isinstance(value, list | tuple) else value for name, value in values.items()
    }


def shown(row: Row) -> dict[str, object]:
    """A user of a project as answers show it."""
    return {
        "user_id": row["user_id"],
        "project_id": row["project_id"],
        "role": row["role"],
        "notifications": json.loads(row["notifications"]),
    }
