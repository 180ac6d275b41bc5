"""api/ProjectRoles: who has which role in which project, by member and by project.

A role given in a project holds in the projects below it, until another is given to the same member there. Who belongs
to a project without a role in it or above it has the default role.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, cast

from assetmeta.sandbox.messages import Response

from .call import Call, no_such_path
from .engine import Engine
from .json_out import CONTENT_TYPE
from .localization import Localizer
from .requests import Query, Ref, RowOut, Value
from .tokens import parse_filter, parse_selection

MEMBER = ("Name", "Email", "DefaultRole", "DefaultRole.Name")
SCOPE = ("Name", "Parent", "Members")
GRANT = ("Scope", "Member", "Role", "Role.Name", "IsOwner")

Json = dict[str, object]


class Part(NamedTuple):
    """The part a member plays in a project."""

    role: str
    name: str
    owner: bool


class ProjectRoles:
    """api/ProjectRoles/ByMember and api/ProjectRoles/ByProject over one engine."""

    def __init__(self, engine: Engine, localizer: Localizer) -> None:
        self.engine = engine
        self.localizer = localizer

    def __call__(self, call: Call) -> Response:
        """Answer one request: the assets that meet `where`, each with its roles."""
        way = call.rest[1].lower() if len(call.rest) == 2 else ""
        if way not in ("bymember", "byproject"):
            raise no_such_path(call.request.path)
        call.only("GET")
        call.known({"where"})
        type_name = "Member" if way == "bymember" else "Scope"
        asked = self._rows(type_name, (), call)
        members = {row.asset: row for row in self._rows("Member", MEMBER)}
        scopes = {row.asset: row for row in self._rows("Scope", SCOPE)}
        parts = self._parts(members, scopes)
        if way == "bymember":
            assets = [self._by_member(members[row.asset], scopes, parts) for row in asked if row.asset in members]
        else:
            assets = [self._by_project(scopes[row.asset], members, parts) for row in asked if row.asset in scopes]
        return Response(200, json.dumps({"assets": assets}).encode(), CONTENT_TYPE)

    def _rows(self, type_name: str, names: Iterable[str], call: Call | None = None) -> list[RowOut]:
        where = call.parameters.get("where") if call else None
        query = Query(
            type_name,
            parse_selection(",".join(names)),
            where=parse_filter(where) if where else None,
            member=call.member if call else "Member:20",
        )
        return self.engine.select(query).rows

    def _parts(self, members: Mapping[str, RowOut], scopes: Mapping[str, RowOut]) -> dict[tuple[str, str], Part]:
        """The part of each member in each project, by project and member, in no particular order."""
        given: dict[str, dict[str, Part]] = {}
        for row in self._rows("Grant", GRANT):
            part = Part(token(row.values["Role"]), self._role(row.values["Role.Name"]), bool(row.values["IsOwner"]))
            given.setdefault(token(row.values["Scope"]), {})[token(row.values["Member"])] = part
        found: dict[tuple[str, str], Part] = {}
        for scope, row in scopes.items():
            for above in upwards(scope, scopes):
                for member, part in given.get(above, {}).items():
                    if member in members:
                        found.setdefault((scope, member), part)
            for ref in cast("list[Ref]", row.values["Members"]):
                person = members[ref.oid].values
                role = Part(token(person["DefaultRole"]), self._role(person["DefaultRole.Name"]), False)
                found.setdefault((scope, ref.oid), role)
        return found

    def _by_member(self, row: RowOut, scopes: Mapping[str, RowOut], parts: Mapping[tuple[str, str], Part]) -> Json:
        roles = [
            {"isOwner": part.owner, "project": _project(scope), "role": _named(part.role, part.name)}
            for scope in scopes.values()
            if (part := parts.get((scope.asset, row.asset))) is not None
        ]
        return {"member": self._member(row), "projectRoles": roles}

    def _by_project(self, row: RowOut, members: Mapping[str, RowOut], parts: Mapping[tuple[str, str], Part]) -> Json:
        roles = [
            {"isOwner": part.owner, "member": self._member(member), "role": _named(part.role, part.name)}
            for member in members.values()
            if (part := parts.get((row.asset, member.asset))) is not None
        ]
        return {"project": _project(row), "memberRoles": roles}

    def _member(self, row: RowOut) -> Json:
        role = _named(token(row.values["DefaultRole"]), self._role(row.values["DefaultRole.Name"]))
        named = _named(row.asset, str(row.values["Name"] or ""))
        return {**named, "email": row.values["Email"] or "", "defaultRole": role}

    def _role(self, name: Value) -> str:
        return self.localizer.text(str(name or ""))


def upwards(scope: str, scopes: Mapping[str, RowOut]) -> Iterator[str]:
    """A project and those above it, the nearest first."""
    while scope in scopes:
        yield scope
        scope = token(scopes[scope].values["Parent"])


def token(value: Value) -> str:
    """The OID token of a single relation; NULL for none."""
    return value.oid if isinstance(value, Ref) else "NULL"


def _named(oid: str, name: str) -> Json:
    return {"oidToken": oid, "name": name}


def _project(row: RowOut) -> Json:
    return _named(row.asset, str(row.values["Name"] or ""))
