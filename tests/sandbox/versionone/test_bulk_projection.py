"""api/asset: the preview, normal forms, aliases and what waits for them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from assetmeta.sandbox import Server, running
from sandbox.versionone.bulk import FORMS, Bulk, counted, refs, story, unique

GUID = r"@[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running("versionone") as started:
        yield started


@pytest.fixture(params=FORMS)
def bulk(request: pytest.FixtureRequest, server: Server) -> Bulk:
    return Bulk(server, request.param)


@pytest.fixture
def one(server: Server) -> Bulk:
    return Bulk(server)


def alias_of(command: Any) -> str:
    (alias,) = (key for key in command if key != "error")
    return str(alias)


def bodies(projection: Any) -> list[Any]:
    """The projected commands without their aliases."""
    return [each[alias_of(each)] for each in projection]


def test_the_preview_of_a_hierarchy_changes_nothing_and_can_be_posted(bulk: Bulk) -> None:
    name = unique("Story")
    made = story(Name=name, Children=[{"AssetType": "Test", "Name": "Test time"}])
    projection = bulk.preview(made)
    parent, child = map(alias_of, projection)
    assert re.fullmatch(GUID + r"\$auto-aliased", parent)
    assert re.fullmatch(GUID + r"\$auto-aliased", child)
    assert bodies(projection) == [
        {"AssetType": "Story", "Scope": "Scope:0", "Name": name},
        {"AssetType": "Test", "Name": "Test time", "#ContextOid": parent},
    ]
    assert bulk.ask("Story", where={"Name": name}) == []
    first, second = bulk.make(*projection)
    assert bulk.ask(second, "Parent", "Name") == [{"_oid": second, "Parent": {"_oid": first}, "Name": "Test time"}]
    assert bulk.preview(*projection) == projection


def test_aliased_commands_are_kept_whole(bulk: Bulk) -> None:
    posted = [
        {"@story": story(Children=[{"@test": {"AssetType": "Test", "Name": "A"}}, {"AssetType": "Test", "Name": "B"}])},
        {"@update": {"from": "@test", "update": {"Name": "C"}}},
        {"@inactivate": {"from": "@test", "execute": "Inactivate"}},
    ]
    query = {"from": "Test", "where": {"Parent": "@story"}, "select": ["Name", "AssetState"]}
    projection = bulk.preview(*posted, query)
    assert projection[:3] == posted
    assert re.fullmatch(GUID, alias_of(projection[3]))
    assert bodies(projection)[3] == query
    report = bulk.post(*posted, query)
    _, first, second = report["assetsCreated"]["oidTokens"]
    assert report["queryResult"]["results"] == [
        [{"_oid": first, "Name": "C", "AssetState": "Closed"}, {"_oid": second, "Name": "B", "AssetState": "Active"}]
    ]


def test_an_alias_inside_a_hierarchy(bulk: Bulk) -> None:
    projection = bulk.preview(story(Children=[{"@task": {"AssetType": "Task", "Name": "A"}}]))
    parent, child = map(alias_of, projection)
    assert child == "@task"
    assert bodies(projection)[1] == {"AssetType": "Task", "Name": "A", "#ContextOid": parent}


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("Member:20", {"add": ["Member:20"], "remove": []}),
        (["Member:20"], {"add": ["Member:20"], "remove": []}),
        ({"add": "Member:20"}, {"add": ["Member:20"], "remove": []}),
        ({"add": ["Member:20", "Administrator"]}, {"add": ["Member:20", "Administrator"], "remove": []}),
        ({"Member:20": "add"}, {"add": ["Member:20"], "remove": []}),
        ({"remove": "Member:20"}, {"add": [], "remove": ["Member:20"]}),
        ({"Member:20": "remove", "@new": "add"}, {"add": ["@new"], "remove": ["Member:20"]}),
        ({"from": "Member"}, {"add": [{"from": "Member"}], "remove": []}),
        ({"add": {"from": "Member"}}, {"add": [{"from": "Member"}], "remove": []}),
        ({"find": "Member:20", "replace": "Member:21"}, {"find": "Member:20", "replace": "Member:21"}),
        ({"Before": "Story:1"}, {"Before": "Story:1"}),
        ({"Sideways": 1}, {"Sideways": 1}),
    ],
    ids=str,
)
def test_normal_forms_of_an_update(one: Bulk, written: Any, normal: Any) -> None:
    (command,) = one.preview({"from": "Member:20", "update": {"Owners": written}})
    assert re.fullmatch(GUID, alias_of(command))
    assert bodies([command]) == [{"oid": "Member:20", "update": {"Owners": normal}}]
    assert bodies(one.preview(*bodies([command]))) == bodies([command])


def test_an_update_by_query_becomes_one_command_for_each_asset(bulk: Bulk) -> None:
    tasks = [{"AssetType": "Task", "Name": name} for name in "AB"]
    parent, first, second = bulk.make(story(Children=tasks))
    change = {"Description": "Later", "Status": "In Progress"}
    projection = bulk.preview({"from": "Task", "where": {"Parent": parent}, "update": change})
    normal = {name: {"add": [value], "remove": []} for name, value in change.items()}
    assert bodies(projection) == [{"oid": oid, "update": normal} for oid in (first, second)]
    report = bulk.post(projection[0])
    assert report["assetsModified"] == counted(first)
    assert bulk.ask(first, "Status.Name") == [{"_oid": first, "Status.Name": "In Progress"}]
    assert bulk.ask(second, "Status.Name") == [{"_oid": second, "Status.Name": None}]


def test_an_operation_becomes_one_command_for_each_asset_and_entry(bulk: Bulk) -> None:
    first, second = bulk.make(bulk.member(), bulk.member())
    entries = [{"Scope": "Scope:0", "Role": "Role:3"}, {"Scope": "Scope:0", "Role": "Role:8"}]
    command = {
        "from": "Member",
        "filter": [f"ID='{first}','{second}'"],
        "execute": {"op": "AssignToScopeWithRole", "list": entries},
    }
    projection = bulk.preview(command)
    assert bodies(projection) == [
        {"oid": oid, "execute": {"op": "AssignToScopeWithRole", "args": entry}}
        for oid in (first, second)
        for entry in entries
    ]
    assert bulk.post(*projection)["assetsOperatedOn"] == counted(first, first, second, second)


def test_new_assets_in_an_update(bulk: Bulk) -> None:
    (epic,) = bulk.make({"AssetType": "Epic", "Name": "E", "Scope": "Scope:0", "Description": "From above"})
    new = {"AssetType": "Story", "Name": "S", "Children": [{"@task": {"AssetType": "Task", "Name": "T"}}]}
    projection = bulk.preview({"from": epic, "update": {"Subs": new}})
    _, made, task = map(alias_of, projection)
    assert bodies(projection) == [
        {"oid": epic, "update": {"Subs": {"add": [], "remove": []}}},
        {"AssetType": "Story", "Name": "S", "#ContextOid": epic},
        {"AssetType": "Task", "Name": "T", "#ContextOid": made},
    ]
    assert task == "@task"
    report = bulk.post({"from": epic, "update": {"Subs": {"add": new}}})
    assert report["assetsModified"] == counted(epic)
    first, second = report["assetsCreated"]["oidTokens"]
    assert bulk.ask(epic, "Subs") == [{"_oid": epic, "Subs": refs(first)}]
    assert bulk.ask(second, "Parent") == [{"_oid": second, "Parent": {"_oid": first}}]
    assert bulk.ask(first, "Description") == [{"_oid": first, "Description": "From above"}]


@pytest.mark.parametrize(
    ("kind", "relation", "child", "back"),
    [
        ("Scope", "Members", "Member", "Scopes"),
        ("Story", "Owners", "Member", "OwnedWorkitems"),
        ("Story", "Dependencies", "Story", "Dependants"),
        ("Member", "OwnedWorkitems", "Story", "Owners"),
        ("Story", "Requests", "Request", "PrimaryWorkitems"),
        ("Scope", "Children", "Scope", "Parent"),
        ("Story", "Notes", "Note", "Asset"),
    ],
)
def test_a_nested_asset_is_linked_whatever_the_relation(
    one: Bulk, kind: str, relation: str, child: str, back: str
) -> None:
    nested = {"Story": story(), "Member": one.member(), "Scope": one.scope(), "Request": story(AssetType="Request")}
    nested["Scope"].pop("Parent")
    nested["Note"] = {"AssetType": "Note", "Name": "N"}
    outer = {"Story": story(), "Member": one.member(), "Scope": one.scope()}[kind]
    made, new = one.make({**outer, relation: [nested[child]]})
    assert one.ask(made, relation) == [{"_oid": made, relation: refs(new)}]
    (other,) = one.ask(new, back)
    assert other[back] in ({"_oid": made}, refs(made))


def test_aliases_stand_for_assets_everywhere(bulk: Bulk) -> None:
    report = bulk.post(
        {"@epic": {"AssetType": "Epic", "Name": "E", "Scope": "Scope:0"}},
        {"@one": story(Super="@epic")},
        story(Name="Two", Dependencies=["@one"], Owners={"from": "Member", "where": {"IsSelf": True}}),
        {"from": "Story", "where": {"Super": "@epic"}},
        {"from": "Story", "filter": ["Super='@epic'"]},
        {"from": "Story", "where": {"Super": "$e"}, "with": {"$e": "@epic"}},
        {"from": "Story", "filter": ['Dependencies="@one"'], "select": ["Owners"]},
        {"from": "@epic", "select": [{"from": "Subs", "select": ["Name"], "where": {"ID": "@one"}}]},
        {"@rank": {"from": "@one", "update": {"Order": {"Before": "Story:1"}}}},
    )
    epic, one, two = report["assetsCreated"]["oidTokens"]
    assert report["queryResult"]["results"] == [
        refs(one),
        refs(one),
        refs(one),
        [{"_oid": two, "Owners": refs("Member:20")}],
        [{"_oid": epic, "Subs": [{"_oid": one, "Name": "A story"}]}],
    ]
    assert report["commandFailures"]["commands"][0]["error"]["message"] == "Asset not found: Story:1"


def test_an_unaliased_update_sees_the_time_before_the_request(bulk: Bulk) -> None:
    name = unique("Late")
    create, change = story(Name=name), {"from": "Story", "where": {"Name": name}, "update": {"Description": "x"}}
    assert bulk.post(create, change)["assetsModified"] == counted()
    assert bulk.post(create, change)["assetsModified"]["count"] == 1
    report = bulk.post(create, {"@late": change})
    assert report["assetsModified"]["count"] == 3
    failed = bulk.post({"@s": create}, {"from": "@s", "update": {"Description": "x"}})["commandFailures"]["commands"]
    assert [each["error"] for each in failed] == [{"message": "Invalid OID token: @s", "sourceCommandIndex": 1}]


def test_queries_see_what_came_before_and_not_what_comes_after(bulk: Bulk) -> None:
    name = unique("Seen")
    query = {"from": "Story", "where": {"Name": name}}
    found = bulk.post(query, story(Name=name), query, story(Name=name), query)["queryResult"]
    assert [len(each) for each in found["results"]] == [0, 1, 2]


def test_a_name_may_belong_to_an_asset_of_the_same_request(bulk: Bulk) -> None:
    project = bulk.scope()
    bulk.make(project)
    delete = {"from": "Scope", "where": {"Name": project["Name"]}, "execute": "Delete"}
    scope, made = bulk.make(delete, project, story(Scope=project["Name"]))
    assert bulk.ask(made, "Scope") == [{"_oid": made, "Scope": {"_oid": scope}}]


def test_everything_a_query_can_ask(bulk: Bulk) -> None:
    stories = [{"AssetType": "Story", "Name": name, "Estimate": n} for n, name in enumerate("ABCD", 1)]
    scope, *made = bulk.make(bulk.scope(Workitems=stories))
    query = {"from": "Story", "where": {"Scope": scope}, "select": ["Estimate"]}
    paged = bulk.post({**query, "sort": ["-Estimate"], "page": {"start": 1, "size": 2}})["queryResult"]["results"]
    assert paged == [[{"_oid": made[2], "Estimate": "3"}, {"_oid": made[1], "Estimate": "2"}]]
    grouped = bulk.post({**query, "group": [{"from": "Status", "select": ["Name"]}]})["queryResult"]["results"]
    assert [len(each["_children"]) for each in grouped[0]] == [4]
    found = bulk.post({**query, "find": "B", "findin": ["Name"], "asof": "2199-01-01"})["queryResult"]["results"]
    assert [each["Estimate"] for each in found[0]] == ["2"]


@pytest.mark.parametrize("spelling", ["previewOnly=true", "PREVIEWONLY=True", "previewonly=TRUE"])
def test_names_ignore_case(one: Bulk, spelling: str) -> None:
    answer = one.send(b'{"from": "Scope:0"}', f"API/Asset?{spelling}").json()
    assert bodies(answer) == [{"from": "Scope:0"}]
    assert one.send(b'{"from": "Scope:0"}', "api/asset?previewOnly=false").json()["complete"] is True


def test_the_preview_of_what_cannot_be_projected_is_what_was_posted(one: Bulk) -> None:
    posted = [{"from": "Animal", "execute": "Delete"}, {"config": "counts-only"}, {"what": 1}]
    projection = one.preview(*posted)
    assert projection[1] == posted[1]
    assert bodies([projection[0], projection[2]]) == [posted[0], posted[2]]
