"""Versions of requirements: each change keeps what the requirement was after it."""

from __future__ import annotations

from datetime import date

from .model import Row
from .workspace import Workspace

VERSIONS = "requirements/versions"


def record(space: Workspace, requirement: int) -> None:
    """Keep the present state of a requirement as its newest version."""
    row = space.store.rows("requirements")[requirement]
    space.store.insert(
        VERSIONS, {"object_id": requirement, "created": row["updated"], "user": space.user, "data": dict(row)}
    )


def row_at(space: Workspace, requirement: int, day: date) -> Row | None:
    """The state of a requirement at the end of a day; None when it did not exist yet."""
    rows = space.store.rows(VERSIONS)
    last = f"{day.isoformat()}T99"
    states = [rows[id] for id in space.store.pointing(VERSIONS, "object_id", requirement)]
    known = [state for state in states if state["created"] <= last]
    return known[-1]["data"] if known else None
