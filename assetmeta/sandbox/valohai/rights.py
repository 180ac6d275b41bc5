"""Who may see and change what: an object belongs to a project or an account, and people have roles there."""

from __future__ import annotations

from .catalogue import KINDS
from .model import Key, Kind, Row
from .workspace import Workspace

ADMIN, MEMBER, READER = "admin", "member", "reader"
WRITERS = (ADMIN, MEMBER)


class Rights:
    """The rights of one user during one request.

    Roles: "admin" of one's own account and where the organization says so, "member" may change, "reader" may look. A
    project of a team is for the team and the administrators only.
    """

    def __init__(self, space: Workspace, user: Key) -> None:
        self.space = space
        self.user = user
        self._known: dict[tuple[str, Key], str] = {}

    def sees(self, kind: Kind, id: Key) -> bool:
        """Whether the object is there for the user at all."""
        if kind.name == "user":
            return id == self.user or bool(self._colleagues(id))
        return bool(self.role(kind, id))

    def changes(self, kind: Kind, id: Key) -> bool:
        """Whether the user may change the object."""
        return self._may(kind, self.role(kind, id), creator=False, guarded=("all",))

    def removes(self, kind: Kind, id: Key) -> bool:
        """Whether the user may delete the object: its creator and the administrators, others where nobody made it."""
        row = self.space.row(kind.name, id)
        role = self.role(kind, id)
        made = row.get("creator")
        if role == MEMBER and made is not None and made != self.user:
            return False
        return self._may(kind, role, creator=made == self.user, guarded=("all", "delete"))

    def creates(self, kind: Kind, row: Row) -> bool:
        """Whether the user may make an object with these values."""
        return self._may(kind, self._role_of(kind, row), creator=False, guarded=("all",))

    def role(self, kind: Kind, id: Key) -> str:
        """The user's role at an object, "" for none."""
        if kind.name == "organization":
            return self.role_at(id)
        known = self._known.get((kind.name, id))
        if known is None:
            known = self._known[kind.name, id] = self._role_of(kind, self.space.row(kind.name, id))
        return known

    def role_at(self, account: Key | None) -> str:
        """The user's role at an account; everybody looks at what belongs to nobody."""
        if account is None:
            return READER
        if account == self.user:
            return ADMIN
        organization = self.space.store.get("organization", account)
        members = organization["members"] if organization else ()
        return next((member["role"] for member in members if member["user"] == self.user), "")

    def _role_of(self, kind: Kind, row: Row) -> str:
        if kind.name == "project":
            return self._at_project(row)
        parent = row.get(kind.parent)
        if not kind.parent or parent is None or "user" in kind.by_name[kind.parent].to:
            return self.role_at(parent)
        return self.role(KINDS[kind.by_name[kind.parent].to[0]], parent)

    def _at_project(self, row: Row) -> str:
        role = self.role_at(row.get("owner"))
        team = self.space.store.get("team", row.get("team"))
        if team is None or role == ADMIN:
            return role
        mine = next((member for member in team["members"] if member["user"] == self.user), None)
        if mine is None:
            return ""
        return READER if mine["is_read_only"] else role

    def _may(self, kind: Kind, role: str, *, creator: bool, guarded: tuple[str, ...]) -> bool:
        if kind.guarded in guarded:
            return role == ADMIN or (creator and role in WRITERS)
        return role in WRITERS

    def _colleagues(self, other: Key) -> list[Key]:
        """The organizations that both are in."""
        found = []
        for id, row in self.space.store.rows("organization").items():
            people = {member["user"] for member in row["members"]}
            if {self.user, other} <= people:
                found.append(id)
        return found
