"""Projects: those that stand alone, and those connected to a source repository, which follow it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from assetmeta.sandbox.rest.answers import NOTHING, Answer

from .call import Call, created, modified
from .fields import Field, flag, name_text, text, values_of
from .lookups import project_of
from .paging import paged
from .refusals import invalid
from .resource import Resource
from .rights import MANAGE, require_admin, visible
from .store import Row

FIELDS = (
    Field("name", name_text, required=True),
    Field("description", text, nullable=True),
    Field("is_private", flag, default=0),
)
SOURCE_REPO = "source_repo"
SOURCE = re.compile(r"github:([\w.-]+)/([\w.-]+)", re.ASCII)
FOLLOWED = ("name", "description", "is_private")
"""What a connected project takes from its repository, and bodies may not change."""


class Projects(Resource):
    """The paths `projects` and `projects/{p}`."""

    def list(self, call: Call) -> Answer:
        """GET: those that the user may see, by name."""
        condition, values = visible(call.user)
        found = (f"SELECT * FROM project WHERE {condition} ORDER BY name", values)
        return paged(call, self.store, "projects", found, lambda rows: [shown(call, row) for row in rows])

    def get(self, call: Call) -> Answer:
        """GET of one."""
        return Answer(shown(call, project_of(self.store, call)))

    def create(self, call: Call) -> Answer:
        """POST: with `source_repo` a connected project, whose name is that of the repository."""
        require_admin(call.user)
        values = values_of(FIELDS, call.body, partial=False) | {SOURCE_REPO: source_of(call.body)}
        source = values[SOURCE_REPO]
        if isinstance(source, str) and values["name"] != connected_name(source):
            raise invalid(f"name of a connected project must be {connected_name(source)}")
        self.check_name("project", values)
        moment = self.clock()
        key = self.store.insert("project", values | {"archived": 0, "created_at": moment, "updated_at": moment})
        return created(shown(call, self.row("project", key)), f"{call.root}/projects/{key}")

    def update(self, call: Call) -> Answer:
        """PATCH or PUT: the fields given. A connected project keeps what it takes from its repository."""
        project = project_of(self.store, call, MANAGE)
        values = values_of(FIELDS, call.body, partial=True)
        if call.body.get(SOURCE_REPO) is not None:
            raise invalid("source_repo can be given on creation only")
        if project[SOURCE_REPO] is not None:
            for name in FOLLOWED:
                if name in values and values[name] != project[name]:
                    raise invalid(f"{name} of a connected project follows its repository")
        self.check_name("project", values, but=project["id"])
        self.change("project", project["id"], values)
        return modified(shown(call, self.row("project", project["id"])))

    def delete(self, call: Call) -> Answer:
        """DELETE: the project with all that is in it."""
        project = project_of(self.store, call, MANAGE)
        self.store.execute("DELETE FROM project WHERE id = ?", project["id"])
        return NOTHING


def shown(call: Call, row: Row) -> dict[str, object]:
    """A project as answers show it."""
    source = row[SOURCE_REPO]
    return {
        "id": row["id"],
        "name": row["name"],
        "description": row["description"],
        "created_at": call.time(row["created_at"]),
        "updated_at": call.time(row["updated_at"]),
        "is_private": bool(row["is_private"]),
        "archived": bool(row["archived"]),
        "source_repo_url": None if source is None else f"https://github.com/{source.partition(':')[2]}",
        "issues_provider": source,
        "spaces_url": f"{call.root}/projects/{row['id']}/spaces",
    }


def source_of(body: Mapping[str, object]) -> str | None:
    """The repository a body names. Raises Refusal (422) for anything but `github:owner/repo`."""
    source = body.get(SOURCE_REPO)
    if source is None:
        return None
    if not isinstance(source, str) or SOURCE.fullmatch(source) is None:
        raise invalid("source_repo must be github:<owner>/<repo>")
    return source


def connected_name(source: str) -> str:
    """The name of the project that is connected to a repository."""
    return source.partition(":")[2].replace("/", ":")
