"""api/ProjectRoles, and the operations of api/asset that give roles, in JSON and in YAML."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from assetmeta.sandbox import Server, running
from sandbox.versionone.bulk import FORMS, Bulk, counted


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running("versionone") as started:
        yield started


@pytest.fixture(params=FORMS)
def bulk(request: pytest.FixtureRequest, server: Server) -> Bulk:
    return Bulk(server, request.param)


OBSERVER = {"oidToken": "Role:8", "name": "Observer"}
LEAD = {"oidToken": "Role:3", "name": "Project Lead"}
CUSTOMER = {"oidToken": "Role:7", "name": "Customer"}
ADMIN = {"oidToken": "Role:1", "name": "System Admin"}


def person(oid: str, name: str) -> dict[str, Any]:
    return {"oidToken": oid, "name": name, "email": "", "defaultRole": OBSERVER}


def by_member(bulk: Bulk, oid: str) -> Any:
    """The roles of a member in projects."""
    (found,) = bulk.get(f'api/ProjectRoles/ByMember?where=ID="{oid}"')["assets"]
    assert found["member"]["oidToken"] == oid
    return found["projectRoles"]


def by_project(bulk: Bulk, oid: str, *members: str) -> Any:
    """The roles of some members in a project."""
    (found,) = bulk.get(f"api/ProjectRoles/ByProject?where=ID='{oid}'")["assets"]
    return [each for each in found["memberRoles"] if each["member"]["oidToken"] in members]


def role(project: str, name: str, of: Any, owner: bool) -> dict[str, Any]:
    return {"isOwner": owner, "project": {"oidToken": project, "name": name}, "role": of}


def by_name(kind: str, name: str) -> dict[str, Any]:
    return {"from": kind, "where": {"Name": name}}


@pytest.mark.parametrize("with_subqueries", [False, True], ids=["single", "subquery"])
def test_a_member_gets_a_role_in_a_project(bulk: Bulk, with_subqueries: bool) -> None:
    project, new = bulk.scope(), bulk.member()
    scope, member = bulk.make(project, new)
    args = {"Scope": scope, "Role": "Role:3", "IsOwner": True}
    if with_subqueries:
        args |= {"Scope": by_name("Scope", project["Name"]), "Role": by_name("Role", "Role.Name'Project Lead")}
    report = bulk.post({"from": member, "execute": {"op": "AssignToScopeWithRole", "args": args}})
    assert report["assetsOperatedOn"] == counted(member)
    assert by_member(bulk, member) == [role(scope, project["Name"], LEAD, True)]
    (found,) = bulk.get(f"api/ProjectRoles/ByMember?where=ID='{member}'")["assets"]
    assert found["member"] == person(member, new["Name"])


def test_a_member_gets_roles_in_several_projects(bulk: Bulk) -> None:
    projects = [bulk.scope(), bulk.scope()]
    first, second, member = bulk.make(*projects, bulk.member())
    entries = [
        {"Scope": first, "Role": "Role:3", "IsOwner": True},
        {"Scope": second, "Role": "Role:7", "IsOwner": False},
    ]
    report = bulk.post({"from": member, "execute": {"op": "AssignToScopeWithRole", "list": entries}})
    assert report["assetsOperatedOn"] == counted(member, member)
    assert by_member(bulk, member) == [
        role(first, projects[0]["Name"], LEAD, True),
        role(second, projects[1]["Name"], CUSTOMER, False),
    ]


@pytest.mark.parametrize("with_subqueries", [False, True], ids=["single", "subquery"])
def test_a_project_gets_a_member(bulk: Bulk, with_subqueries: bool) -> None:
    new = bulk.member()
    scope, member = bulk.make(bulk.scope(), new)
    args = {"Member": member, "Role": "Role:3", "IsOwner": True}
    if with_subqueries:
        args |= {"Member": by_name("Member", new["Name"]), "Role": by_name("Role", "Role.Name'Project Lead")}
    report = bulk.post({"from": scope, "execute": {"op": "AssignMemberWithRole", "args": args}})
    assert report["assetsOperatedOn"] == counted(scope)
    first, second = by_project(bulk, scope, "Member:20", member)
    assert (first["isOwner"], first["member"]["defaultRole"], first["role"]) == (True, ADMIN, ADMIN)
    assert second == {"isOwner": True, "member": person(member, new["Name"]), "role": LEAD}


def test_a_project_gets_several_members(bulk: Bulk) -> None:
    members = [bulk.member(), bulk.member()]
    scope, first, second = bulk.make(bulk.scope(), *members)
    entries = [
        {"Member": first, "Role": "Role:3", "IsOwner": True},
        {"Member": second, "Role": "Role:7", "IsOwner": False},
    ]
    report = bulk.post({"from": scope, "execute": {"op": "AssignMemberWithRole", "list": entries}})
    assert report["assetsOperatedOn"] == counted(scope, scope)
    found = by_project(bulk, scope, "Member:20", first, second)
    assert [each["member"]["oidToken"] for each in found] == ["Member:20", first, second]
    assert found[1:] == [
        {"isOwner": True, "member": person(first, members[0]["Name"]), "role": LEAD},
        {"isOwner": False, "member": person(second, members[1]["Name"]), "role": CUSTOMER},
    ]


@pytest.fixture
def one(server: Server) -> Bulk:
    return Bulk(server)


def test_a_role_holds_below_until_another_is_given(one: Bulk) -> None:
    outer, member = one.make(one.scope(), one.member())
    middle, inner = one.make(
        one.scope(Parent=outer, Children=[{key: value for key, value in one.scope().items() if key != "Parent"}])
    )
    give = {"op": "AssignToScopeWithRole", "args": {"Scope": outer, "Role": "Role:3", "IsOwner": True}}
    one.post({"from": member, "execute": give})
    assert [each["role"] for each in by_member(one, member)] == [LEAD, LEAD, LEAD]
    give["args"] = {"Scope": middle, "Role": "Role:7", "IsOwner": False}
    one.post({"from": member, "execute": give})
    assert [each["role"] for each in by_member(one, member)] == [LEAD, CUSTOMER, CUSTOMER]
    assert [each["role"] for each in by_project(one, inner, member)] == [CUSTOMER]


def test_who_merely_belongs_to_a_project_has_the_default_role(one: Bulk) -> None:
    project = one.scope()
    scope, member = one.make(project, one.member(Scopes=project["Name"]))
    assert by_member(one, member) == [role(scope, project["Name"], OBSERVER, False)]


def test_the_deleted_have_no_roles(one: Bulk) -> None:
    project = one.scope()
    scope, member = one.make(project, one.member(Scopes=project["Name"]))
    one.post({"from": scope, "execute": "Delete"})
    assert by_member(one, member) == []
    assert one.get(f"api/ProjectRoles/ByProject?where=ID='{scope}';IsDeleted='true'") == {"assets": []}
    one.post({"from": member, "execute": "Delete"})
    path = f"api/ProjectRoles/ByMember?where=ID='{member}'"
    assert one.get(path) == {"assets": []}
    assert one.get(path + ";IsDeleted='true'") == {"assets": []}


def test_without_where_everybody_is_shown(one: Bulk) -> None:
    assert "Member:20" in [each["member"]["oidToken"] for each in one.get("api/ProjectRoles/ByMember")["assets"]]
    assert "Scope:0" in [each["project"]["oidToken"] for each in one.get("API/projectroles/byproject")["assets"]]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "ByMember?where=Nothing='1'", 400),
        ("GET", "ByMember?what=1", 400),
        ("GET", "ByNobody", 404),
        ("GET", "", 404),
        ("GET", "ByMember/20", 404),
        ("POST", "ByMember", 405),
    ],
)
def test_what_is_refused(one: Bulk, method: str, path: str, status: int) -> None:
    answer = one.session.request(method, f"{one.server.url}/api/ProjectRoles/{path}", timeout=60)
    assert answer.status_code == status
    assert answer.text.startswith("<?xml" if status == 404 else '{"error"')
