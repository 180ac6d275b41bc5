"""api/asset: what goes wrong, what stays, broken bodies, older servers, the report, and size."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import requests

from assetmeta.sandbox import Server, running
from sandbox.versionone.bulk import FORMS, Bulk, counted, refs, story, unique


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


def messages(report: Any) -> list[tuple[str, int]]:
    errors = [each["error"] for each in report["commandFailures"]["commands"]]
    return [(each["message"], each["sourceCommandIndex"]) for each in errors]


def test_successes_stay_and_failures_can_be_mended(bulk: Bulk) -> None:
    (parent,) = bulk.make(story())
    number = parent.partition(":")[2]
    task = {"AssetType": "Task", "Name": "Task", "Parent": parent}
    report = bulk.post(task, {**task, "AssetType": "Test", "Parent": f"Stor:{number}"})
    assert report["assetsCreated"]["count"] == 1
    assert messages(report) == [("Resolution'Unresolved'Test.Parent'Workitem", 1)]
    (failed,) = report["commandFailures"]["commands"]
    alias = next(iter(failed))
    assert failed[alias] == {"AssetType": "Test", "Name": "Task", "Parent": f"Stor:{number}"}
    failed[alias]["Parent"] = parent
    (made,) = bulk.make(failed)
    assert made.startswith("Test:")


def test_a_cascade_can_be_mended(bulk: Bulk) -> None:
    tasks = [{"AssetType": "Task", "Name": name} for name in "AB"]
    report = bulk.post(story(), story(Scope="Scope:9999", Children=tasks))
    assert [index for _, index in messages(report)] == [1, 1, 1]
    commands = report["commandFailures"]["commands"]
    commands[0][next(iter(commands[0]))]["Scope"] = "Scope:0"
    parent, *children = bulk.make(*commands)
    assert bulk.ask(parent, "Children") == [{"_oid": parent, "Children": refs(*children)}]


def test_a_command_succeeds_as_a_whole_or_not_at_all(bulk: Bulk) -> None:
    (made,) = bulk.make(story(Name="Before"))
    assert messages(bulk.post({"from": made, "update": {"Name": "After", "Owners": "Member:9"}}))
    assert bulk.ask(made, "Name") == [{"_oid": made, "Name": "Before"}]
    # The new asset is written before its reverse relation turns out to be refused: nothing of it may stay.
    name = unique("Epic")
    epic = {"AssetType": "Epic", "Name": name, "Scope": "Scope:0", "Subs": [made, "Scope:0"]}
    assert messages(bulk.post(epic)) == [("Violation'Invalid'Epic.Subs", 0)]
    (task,) = bulk.make({"AssetType": "Task", "Name": "T", "Parent": made})
    assert messages(bulk.post({**epic, "Subs": [made, task]})) == [("Violation'ReadOnly'Task.Super", 0)]
    assert bulk.ask("Epic", where={"Name": name}) == []
    assert bulk.ask(made, "Super") == [{"_oid": made, "Super": {"_oid": "NULL"}}]


def test_an_ambiguous_name(bulk: Bulk) -> None:
    name = unique("Twins")
    first, _ = bulk.make(bulk.scope(Name=name), bulk.scope(Name=name))
    assert messages(bulk.post(story(Scope=name))) == [("Resolution'Ambiguous'Story.Scope'Scope", 0)]
    bulk.post({"from": first, "execute": "Delete"})
    bulk.make(story(Scope=name.upper()))


NOBODY = "nobody at all"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"Nonsense": 1}, "Unknown AttributeDefinition: Story.Nonsense"),
        ({"Scope": None}, "Violation'Required'Story.Scope"),
        ({"Name": ""}, "Violation'Required'Story.Name"),
        ({"Scope": NOBODY}, "Resolution'Unresolved'Story.Scope'Scope"),
        ({"Scope": True}, "Violation'Invalid'Story.Scope"),
        ({"Scope": ["Scope:0", "Scope:0"]}, "Violation'Invalid'Story.Scope"),
        ({"Scope": {"AssetType": "Scope", "Name": "x"}}, "Violation'Invalid'Story.Scope"),
        ({"Scope": {"from": "Scope", "where": {"Name": NOBODY}}}, "Resolution'Unresolved'Story.Scope'Scope"),
        ({"Scope": {"from": "Animal"}}, "Unknown AssetType: Animal"),
        ({"Scope": "@unknown"}, "Invalid OID token: @unknown"),
        ({"Super": "Scope:0"}, "Violation'Invalid'Story.Super"),
        ({"Owners": NOBODY}, "Resolution'Unresolved'Story.Owners'Member"),
        ({"Owners": [["Member:20"]]}, "Violation'Invalid'Story.Owners"),
        ({"Owners": {"Member:20": "keep"}}, "Violation'Invalid'Story.Owners"),
        ({"Name": {"find": "a", "replace": "b"}}, "Violation'Invalid'Story.Name"),
        ({"Name": {"deep": {"er": 1}}}, "Violation'Invalid'Story.Name"),
        ({"Estimate": "much"}, "Violation'Invalid'Story.Estimate"),
        ({"Number": "S-1"}, "Violation'ReadOnly'Story.Number"),
        ({"Estimate": {"Before": "Story:1"}}, "Violation'Invalid'Story.Estimate"),
        ({"Order": {"Before": "Member:20"}}, "Unknown AttributeDefinition: Member.Order"),
        ({"Order": {"Before": "Story:1"}}, "Asset not found: Story:1"),
        ({"#ContextOid": "Epic:9"}, "Asset not found: Epic:9"),
        ({"#ContextOid": "@unknown"}, "Invalid OID token: @unknown"),
        ({"#ContextOid": 7}, "Invalid OID token: 7"),
        ({"AssetType": "Animal"}, "Unknown AssetType: Animal"),
        ({"AssetType": ["Story"]}, "Unknown AssetType: ['Story']"),
        ({"AssetType": "Workitem"}, "Unknown AttributeDefinition: Workitem.TaggedWith"),
        ({"ChildrenAndDown": [{"AssetType": "Task"}]}, "Violation'Invalid'Story.ChildrenAndDown"),
    ],
    ids=str,
)
def test_what_a_create_refuses(one: Bulk, values: Any, message: str) -> None:
    report = one.post(story(**{"TaggedWith": [], **values}))
    assert messages(report) == [(message, 0)]
    assert report["assetsCreated"] == counted()


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ({"from": "Animal", "update": {}}, "Unknown AssetType: Animal"),
        ({"from": "Scope:0", "update": 1}, "Invalid query: update must be a map"),
        ({"from": "Scope:0", "update": {}, "execute": "Delete"}, "Invalid key at node(s): root->execute"),
        ({"from": "Scope", "whereWOLF": {}, "update": {}}, "Invalid key at node(s): root->whereWOLF"),
        ({"from": "Scope", "whereWOLF": {}}, "Invalid key at node(s): root->whereWOLF"),
        ({"from": "@unknown"}, "Invalid OID token: @unknown"),
        ({"from": "@unknown", "execute": "Delete"}, "Invalid OID token: @unknown"),
        ({"oid": "nonsense", "execute": "Delete"}, "Invalid OID token: nonsense"),
        ({"oid": "Story:1", "execute": "Delete"}, "Asset not found: Story:1"),
        ({"oid": "Story:1", "update": {"Name": "x"}}, "Asset not found: Story:1"),
        ({"oid": "Animal:1", "update": {"Name": "x"}}, "Unknown AssetType: Animal"),
        ({"oid": "Scope:0", "update": {}, "where": {}}, "Invalid key at node(s): root->where"),
        ({"from": "Scope:0", "execute": "Delete"}, "Violation'NotAllowed'Scope.Delete"),
        ({"from": "Scope:0", "execute": {"op": "Close", "arg": {}}}, "Invalid key at node(s): root->execute->arg"),
        ({"from": "Scope:0", "execute": {"op": "AssignMemberWithRole"}}, "Violation'Required'Scope.Member"),
        (
            {"from": "Scope:0", "execute": {"op": "AssignMemberWithRole", "args": {"Member": "@unknown"}}},
            "Invalid OID token: @unknown",
        ),
        ({"from": "Scope", "where": {"Name": ["a"]}}, 'Key "Name" must have corresponding scalar value\r\n'),
        ({"from": "Member:20", "update": {"OwnedWorkitems": {"find": "Story:1"}}}, "Violation'Invalid'"),
        ({"from": "Member:20", "update": {"IsSelf": {"find": "a", "replace": "b"}}}, "Violation'ReadOnly'"),
        ({"from": "Member:20", "update": {"DefaultRole": {"find": "x", "replace": "y"}}}, "Resolution'Unresolved'"),
        ({"config": "counts-never"}, "Unknown config: counts-never"),
        ({}, "Not a command: "),
        ({"@a": {"from": "Scope"}, "@b": {"from": "Scope"}}, "Not a command: @a, @b"),
        ({"@a": {"@b": {"from": "Scope"}}}, "Not a command: @b"),
        ({"@a": "text"}, "Not a command: @a"),
    ],
    ids=str,
)
def test_what_fails_with_200(one: Bulk, command: Any, message: str) -> None:
    report = one.post({"from": "Scope:0"}, command)
    ((found, index),) = messages(report)
    assert index == 1
    assert found.startswith(message.removeprefix("Invalid query: "))
    assert report["queryResult"]["results"] == [refs("Scope:0")]


def test_find_and_replace_on_other_values(one: Bulk) -> None:
    (made,) = one.make(story(TaggedWith=["old api", "ux"], Customer="Member:20"))
    (new,) = one.make(one.member())
    swap = {"find": "Administrator", "replace": new}
    change = {"TaggedWith": {"find": "old", "replace": "new"}, "Customer": swap, "Name": {"find": "", "replace": "x"}}
    assert one.post({"from": made, "update": change})["assetsModified"] == counted(made)
    (row,) = one.ask(made, "TaggedWith", "Customer", "Name")
    assert sorted(row["TaggedWith"]) == ["new api", "ux"]
    assert (row["Customer"], row["Name"]) == ({"_oid": new}, "A story")


def test_values_of_every_kind(bulk: Bulk) -> None:
    text = "  'quoted' \"twice\" ]]> <b>\u00e4\U0001f600</b>"
    made, _ = bulk.make(
        story(Name=text, Estimate=3.5, TaggedWith="one", Value=7),
        {"AssetType": "Link", "Name": "L", "URL": "http://x", "OnMenu": True, "Asset": "Scope:0"},
    )
    bulk.post({"from": made, "update": {"TaggedWith": ["two"], "Value": None, "Estimate": "4"}})
    (row,) = bulk.ask(made, "Name", "Estimate", "TaggedWith", "Value")
    assert (row["Name"], row["Estimate"], row["Value"]) == (text, "4", None)
    assert sorted(row["TaggedWith"]) == ["one", "two"]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "   ",
        "[1]",
        "text",
        "[[{}]]",
        '[{"from": "Scope:0"},',
        "{",
        '{"a": NaN}',
        '{"a": "\\ud800"}',
        "a: [",
        "[1]: 2",
        "true: 2",
        "a: !!python/object/apply:os.getcwd []",
        "a: !!binary aGVsbG8=",
        "&a [*a]",
        "a: &a {b: *a}",
        "[" * 1_000,
        "<Asset />",
        b"\xff\xfe",
    ],
    ids=lambda body: repr(body[:24]),
)
def test_a_broken_body_is_400_in_json(one: Bulk, body: bytes | str) -> None:
    answer = one.send(body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/json; charset=utf-8")
    assert answer.json()["exceptions"][0]["message"]


def test_little_yaml_cannot_become_much(one: Bulk) -> None:
    levels = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 20)]
    assert one.send("\n".join(levels)).status_code == 400


def test_yaml_anchors_lists_and_documents(one: Bulk) -> None:
    body = "- &s\n  AssetType: Story\n  Name: A\n  Scope: Scope:0\n- *s\n---\n# nothing\n---\nfrom: Scope:0\n"
    report = one.send(body).json()
    assert (report["assetsCreated"]["count"], report["queryResult"]["count"]) == (2, 1)


def test_an_empty_list_is_a_request(one: Bulk) -> None:
    report = one.send("[]").json()
    assert report["queryResult"] == {"results": [], "count": -1}
    assert report["assetsCreated"] == counted()


def test_the_envelope(one: Bulk) -> None:
    report = one.post()
    assert list(report) == [
        "requestId",
        "createdDate",
        "completedDate",
        "duration",
        "durationSeconds",
        "complete",
        "processing",
        "assetsCreated",
        "assetsModified",
        "assetsOperatedOn",
        "commandFailures",
        "queryResult",
    ]
    assert (report["complete"], report["processing"]) == (True, False)
    begin, end = (datetime.fromisoformat(report[key]) for key in ("createdDate", "completedDate"))
    assert 0 <= (end - begin).total_seconds() < 10
    hours, minutes, seconds = report["duration"].split(":")
    assert (hours, minutes, len(seconds)) == ("00", "00", 10)
    assert float(seconds) == pytest.approx(report["durationSeconds"], abs=1e-7)
    assert len({one.post()["requestId"] for _ in range(3)}) == 3


def test_who_may_ask(server: Server) -> None:
    url = f"{server.url}/api/asset"
    anonymous = requests.post(url, data=b"{}", timeout=30)
    assert anonymous.status_code == 401
    assert anonymous.headers["WWW-Authenticate"].startswith("Basic realm=")
    assert requests.post(url, data=b"{}", auth=("admin", "wrong"), timeout=30).status_code == 401
    bearer = {"Authorization": f"Bearer {server.token}"}
    assert requests.post(url, data=b"[]", headers=bearer, timeout=30).status_code == 200


def test_changes_are_those_of_the_member_who_asks(one: Bulk) -> None:
    new = one.member(DefaultRole="Role:4")
    (member,) = one.make(new)
    login = base64.b64encode(f"{new['Username']}:{new['Password']}".encode()).decode()
    body = json.dumps([story(), {"from": "Member", "where": {"IsSelf": True}}]).encode()
    headers = {"Authorization": f"Basic {login}"}
    answer = requests.post(f"{one.server.url}/api/asset", data=body, headers=headers, timeout=30)
    report = answer.json()
    (made,) = report["assetsCreated"]["oidTokens"]
    assert report["queryResult"]["results"] == [refs(member)]
    assert one.ask(made, "CreatedBy") == [{"_oid": made, "CreatedBy": {"_oid": member}}]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "api/asset", 405),
        ("DELETE", "api/asset", 405),
        ("POST", "api/asset/1", 404),
        ("POST", "api", 404),
        ("POST", "api/assets", 404),
        ("POST", "api/asset?previewOnly=perhaps", 400),
        ("POST", "api/asset?preview=true", 400),
    ],
)
def test_what_is_no_request(one: Bulk, method: str, path: str, status: int) -> None:
    answer = one.session.request(method, f"{one.server.url}/{path}", data=b"[]", timeout=30)
    assert answer.status_code == status
    assert answer.text.startswith("<?xml" if status == 404 else '{"error"')


def test_older_servers(one: Bulk) -> None:
    face: Any = one.server.face
    face.bulk.failures = False
    try:
        report = one.post(story(Scope="Scope:9999"))
        assert "commandFailures" not in report
        assert report["assetsCreated"] == counted()
        face.bulk.enabled = False
        assert one.send(b"[]").status_code == 404
    finally:
        face.bulk.enabled = face.bulk.failures = True


def test_one_moment_for_each_command(one: Bulk) -> None:
    first, second = one.make(story(), story())
    rows = [one.ask(oid, "Moment")[0]["Moment"] for oid in (first, second)]
    assert int(rows[1]) == int(rows[0]) + 1


@pytest.mark.parametrize(("form", "many"), [("json", 300), ("yaml", 60)])
def test_hundreds_at_a_time(server: Server, form: str, many: int) -> None:
    bulk = Bulk(server, form)
    made = bulk.make(*(story(Name=f"Story {n}", Status="In Progress") for n in range(many)))
    report = bulk.post(*({"from": oid, "update": {"Name": "Changed", "Owners": "Member:20"}} for oid in made))
    assert report["assetsModified"] == counted(*made)
    report = bulk.post({"config": "counts-only"}, *({"from": oid, "execute": "Delete"} for oid in made))
    assert report["assetsOperatedOn"] == {"count": many}


def test_a_backlog_is_turned_around_in_one_request(one: Bulk) -> None:
    stories = [{"AssetType": "Story", "Name": str(n)} for n in range(300)]
    scope, *made = one.make(one.scope(Workitems=stories))
    wanted = made[::-1]
    moves = [{"from": oid, "update": {"Order": {"After": before}}} for before, oid in itertools.pairwise(wanted)]
    assert one.post(*moves)["assetsModified"]["count"] == 299
    assert one.ask("Story", where={"Scope": scope}, sort=["Order"]) == refs(*wanted)
    to_front = [{"from": oid, "update": {"Order": {"Before": wanted[0]}}} for oid in wanted[1:]]
    one.post(*to_front)
    assert one.ask("Story", where={"Scope": scope}, sort=["Order"]) == refs(*wanted[1:], wanted[0])
