"""What every deployment has from the start: content types, a workspace, groups, an admin, verification statuses."""

from __future__ import annotations

from .actions import hashed
from .catalogue import CONTENT_TYPES
from .workspace import Workspace

ADMIN = "admin"
GROUPS = ("Internal", "External")
STATUSES = ((1, "Not Verified", "N"), (2, "Verified", "V"), (4, "In Progress", "I"), (5, "Not Applicable", "NA"))
"""The first three have the ids that one deployment had."""


def plant(space: Workspace) -> None:
    """Fill a database that is new."""
    if not space.store.fresh:
        return
    store = space.store
    with space.writing(None):
        for model, id in sorted(CONTENT_TYPES.items(), key=lambda pair: pair[1]):
            store.insert_as("contenttypes", id, {"model": model})
        store.insert("workspace", {"name": "Default Workspace"})
        groups = [store.insert("group", {"name": name}) for name in GROUPS]
        add_user(space, ADMIN, "", "", ADMIN, groups[:1])
        for id, name, abbr in STATUSES:
            store.insert_as("requirements/verification-statuses", id, {"name": name, "abbr": abbr, "project": None})


def add_user(space: Workspace, username: str, first: str, last: str, password: str, groups: list[int]) -> int:
    """A user who can log in."""
    return space.store.insert(
        "user",
        {
            "username": username,
            "first_name": first,
            "last_name": last,
            "email": f"{username}@example.org",
            "groups": groups,
            "secret": hashed(password),
        },
    )
