"""Who may do what. Private projects are there only for those who belong to them and for administrators.

The roles are this sandbox's own: "admin" of the organization; in a project "viewer" reads, "member" also changes what
is in it, "manager" also the project and who belongs to it. Everybody reads public projects.
"""

from __future__ import annotations

from .refusals import forbidden, not_found
from .store import Row, Store

ADMIN = "admin"
USER = "user"
VIEWER = "viewer"
MEMBER = "member"
MANAGER = "manager"
PROJECT_ROLES = (VIEWER, MEMBER, MANAGER)

READ, WRITE, MANAGE = 1, 2, 3
LEVELS = {VIEWER: READ, MEMBER: WRITE, MANAGER: MANAGE}


def level(store: Store, user: Row | None, project: Row) -> int:
    """How far *user* may go in *project*: 0 for not at all, READ, WRITE or MANAGE."""
    public = 0 if project["is_private"] else READ
    if user is None:
        return public
    if user["role"] == ADMIN:
        return MANAGE
    sql = "SELECT role FROM member WHERE project_id = ? AND user_id = ?"
    found = store.one(sql, project["id"], user["id"])
    return max(public, LEVELS[found["role"]] if found is not None else 0)


def require(store: Store, user: Row | None, project: Row, wanted: int) -> None:
    """Let *user* pass. Raises Refusal: 404 where the project is not visible, 403 where the right lacks."""
    held = level(store, user, project)
    if not held:
        raise not_found()
    if held < wanted:
        raise forbidden()


def require_admin(user: Row | None) -> None:
    """Let administrators pass. Raises Refusal (403) for everybody else."""
    if user is None or user["role"] != ADMIN:
        raise forbidden()


def visible(user: Row | None) -> tuple[str, tuple[object, ...]]:
    """The SQL condition, with its values, for the projects that *user* may read."""
    if user is None:
        return "NOT is_private", ()
    if user["role"] == ADMIN:
        return "1", ()
    return "(NOT is_private OR id IN (SELECT project_id FROM member WHERE user_id = ?))", (user["id"],)
