"""Projects, their code, and the people around them."""

from __future__ import annotations

import re
from collections import Counter

from ..catalogue import KINDS
from ..model import LISTED, Document, Key, Row
from ..reader import Deriver, Reader
from ..rights import WRITERS
from ..workspace import Workspace

STATUSES = ("created", "queued", "started", "complete", "error", "stopping", "stopping_hard", "stopped")
QUEUED = ("created", "queued")
RUNNING = ("started", "stopping")
OTHER = re.compile(r"[^a-z0-9]+")


def slug(text: str) -> str:
    """A name as addresses have it: small letters, digits and hyphens."""
    return OTHER.sub("-", text.lower()).strip("-") or "x"


def account_name(reader: Reader, account: Key | None) -> str:
    """The name of a user or an organization."""
    row = reader.space.store.get(reader.space.owner_kind(account), account) or {}
    return str(row.get("username") or row.get("name") or "")


def page_of(reader: Reader, project: Key, *parts: str) -> str:
    """The address of a page of a project in the web application."""
    row = reader.space.row("project", project)
    return reader.page("p", slug(account_name(reader, row["owner"])), slug(row["name"]), *parts)


def runs_of(reader: Reader, project: Key) -> list[Row]:
    """The executions of a project that are not deleted, in order."""
    rows = reader.space.store.rows("execution")
    own = reader.space.store.pointing("execution", "project", project)
    return [rows[id] for id in own if not rows[id]["deleted"]]


def status_counts(runs: list[Row]) -> Document:
    """How many of the runs have each status; those that crashed count as errors."""
    found = Counter("error" if row["status"] == "crashed" else row["status"] for row in runs)
    return {"count": len(runs)} | {f"{status}_count": found[status] for status in STATUSES}


def count_in(*statuses: str) -> Deriver:
    """How many executions of a project have one of *statuses*; of none, all."""

    def count(reader: Reader, id: Key, row: Row) -> int:
        return sum(1 for run in runs_of(reader, id) if not statuses or run["status"] in statuses)

    return count


def enabled_endpoints(reader: Reader, id: Key, row: Row) -> int:
    """The enabled endpoints of enabled versions of enabled deployments."""
    space, found = reader.space, 0
    for deployment in enabled(space, "deployment", "project", id):
        for version in enabled(space, "deployment_version", "deployment", deployment):
            found += len(enabled(space, "deployment_endpoint", "version", version))
    return found


def enabled(space: Workspace, kind_name: str, through: str, id: Key) -> list[Key]:
    """The objects that point at an object and are switched on."""
    rows = space.store.rows(kind_name)
    return [each for each in space.store.pointing(kind_name, through, id) if rows[each]["enabled"]]


def variables(reader: Reader, id: Key, row: Row) -> Document:
    """The environment variables; what is secret has no value."""
    return {
        name: {"value": None if entry["secret"] else entry["value"], "secret": entry["secret"]}
        for name, entry in row["environment_variables"].items()
    }


def repository(reader: Reader, id: Key, row: Row) -> Document | None:
    """The project's repository."""
    own = reader.space.store.pointing("repository", "project", id)
    return reader.picked("repository", own[-1], ("id", "url", "ref")) if own else None


DERIVED: dict[tuple[str, str], Deriver] = {
    ("project", "urls"): lambda reader, id, row: {
        "display": page_of(reader, id),
        "display_repository": page_of(reader, id, "settings", "repository"),
    },
    ("project", "execution_count"): count_in(),
    ("project", "running_execution_count"): count_in(*RUNNING),
    ("project", "queued_execution_count"): count_in(*QUEUED),
    ("project", "enabled_endpoint_count"): enabled_endpoints,
    ("project", "last_execution_ctime"): lambda reader, id, row: max(
        (run["ctime"] for run in runs_of(reader, id)), default=None
    ),
    ("project", "upload_store_id"): lambda reader, id, row: (
        row["default_store"] or next(iter(reader.space.store.ids("store")), None)
    ),
    ("project", "environment_variables"): variables,
    ("project", "tags"): lambda reader, id, row: [{"project": id, **tag} for tag in row["tags"]],
    ("project", "execution_summary"): lambda reader, id, row: status_counts(runs_of(reader, id)),
    ("project", "repository"): repository,
    ("project", "read_only"): lambda reader, id, row: reader.rights.role(KINDS["project"], id) not in WRITERS,
    ("commit", "project_id"): lambda reader, id, row: row["project"],
    ("commit", "urls"): lambda reader, id, row: {
        "display": page_of(reader, row["project"], "commits", row["identifier"])
    },
    ("organization", "username"): lambda reader, id, row: row["name"],
    ("team", "members"): lambda reader, id, row: [
        {**member, "user": reader.picked("user", member["user"], ("id", "username"))} for member in row["members"]
    ],
    ("team", "projects"): lambda reader, id, row: [
        reader.show("project", each, LISTED) for each in reader.space.store.pointing("project", "team", id)
    ],
}
