"""api/asset: what the published examples of updates show, each in JSON and in YAML."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assetmeta.sandbox import Server, running
from sandbox.versionone.bulk import FORMS, Bulk, counted, refs, story


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running("versionone") as started:
        yield started


@pytest.fixture(params=FORMS)
def bulk(request: pytest.FixtureRequest, server: Server) -> Bulk:
    return Bulk(server, request.param)


def test_update_by_where(bulk: Bulk) -> None:
    stories = [{"AssetType": "Story", "Name": "A"}, {"AssetType": "Story", "Name": "B"}]
    scope, first, second = bulk.make(bulk.scope(Workitems=stories))
    report = bulk.post({"from": "Story", "where": {"Scope": scope}, "update": {"Description": "The same"}})
    assert report["assetsModified"] == counted(first, second)
    found = bulk.ask("Story", "Description", where={"Scope": scope})
    assert found == [{"_oid": oid, "Description": "The same"} for oid in (first, second)]


@pytest.mark.parametrize(
    ("kind", "name"), [("Defect", "Description"), ("Story", "Name"), ("Story", "Description")], ids=str
)
def test_find_and_replace_in_a_text(bulk: Bulk, kind: str, name: str) -> None:
    texts = ["Cog to Cog & cog", "No such thing"]
    made = [{"AssetType": kind, "Name": "x", name: text} for text in texts]
    scope, first, second = bulk.make(bulk.scope(Workitems=made))
    change = {name: {"find": "Cog", "replace": "Sprocket"}}
    report = bulk.post({"from": kind, "where": {"Scope": scope}, "update": change})
    assert report["assetsModified"] == counted(first, second)
    found = bulk.ask(kind, name, where={"Scope": scope})
    assert found == [{"_oid": first, name: "Sprocket to Sprocket & cog"}, {"_oid": second, name: texts[1]}]


def test_deferred_update(bulk: Bulk) -> None:
    query = {"from": "@task", "select": ["Name"]}
    report = bulk.post(
        story(Children=[{"@task": {"AssetType": "Task", "Name": "Before"}}]),
        query,
        {"@update": {"from": "@task", "update": {"Name": "After"}}},
        query,
    )
    _, task = report["assetsCreated"]["oidTokens"]
    assert report["assetsModified"] == counted(task)
    results = [[{"_oid": task, "Name": name}] for name in ("Before", "After")]
    assert report["queryResult"] == {"results": results, "count": 2}


def epic(**values: object) -> dict[str, object]:
    return {"AssetType": "Epic", "Name": "An epic", "Scope": "Scope:0", **values}


def test_subs_added_by_a_subquery(bulk: Bulk) -> None:
    made, *stories = bulk.make(epic(), story(), story(), story())
    listed = ",".join(f"'{oid}'" for oid in stories)
    report = bulk.post({"from": made, "update": {"Subs": {"add": {"from": "Story", "filter": [f"ID={listed}"]}}}})
    assert report["assetsModified"] == counted(made)
    assert bulk.ask(made, "Subs") == [{"_oid": made, "Subs": refs(*stories)}]


def test_subs_removed_by_key(bulk: Bulk) -> None:
    made, first, second = bulk.make(epic(Subs=[{"AssetType": "Story"}, {"AssetType": "Story"}]))
    report = bulk.post({"from": made, "update": {"Name": "Empty", "Subs": {first: "remove", second: "remove"}}})
    assert report["assetsModified"] == counted(made)
    assert bulk.ask(made, "Name", "Subs") == [{"_oid": made, "Name": "Empty", "Subs": []}]


def test_subs_removed_by_a_subquery(bulk: Bulk) -> None:
    made, *_ = bulk.make(epic(Subs=[{"AssetType": "Story"}, {"AssetType": "Story"}]))
    report = bulk.post({"from": made, "update": {"Subs": {"remove": {"from": "Story", "filter": [f"Super='{made}'"]}}}})
    assert report["assetsModified"] == counted(made)
    assert bulk.ask(made, "Subs") == [{"_oid": made, "Subs": []}]


def test_subs_existing_and_new(bulk: Bulk) -> None:
    made, old = bulk.make(epic(), story(Name="Old"))
    report = bulk.post({"from": made, "update": {"Name": "Full", "Subs": [old, {"AssetType": "Story", "Name": "New"}]}})
    assert report["assetsModified"] == counted(made)
    (new,) = report["assetsCreated"]["oidTokens"]
    subs = [{"_oid": old, "Name": "Old"}, {"_oid": new, "Name": "New"}]
    found = bulk.ask(made, "Name", {"from": "Subs", "select": ["Name"]})
    assert found == [{"_oid": made, "Name": "Full", "Subs": subs}]


def test_reorder(bulk: Bulk) -> None:
    stories = [{"AssetType": "Story", "Name": name} for name in "ABCD"]
    scope, a, b, c, d = bulk.make(bulk.scope(Workitems=stories))
    assert bulk.post({"from": b, "update": {"Order": {"Before": a}}})["assetsModified"] == counted(b)
    assert bulk.post({"from": c, "update": {"Order": {"After": d}}})["assetsModified"] == counted(c)
    assert bulk.ask("Story", where={"Scope": scope}, sort=["+Order"]) == refs(b, a, d, c)


def test_owners_of_a_deleted_story(bulk: Bulk) -> None:
    (made,) = bulk.make(story())
    bulk.post({"from": made, "execute": "Delete"})
    command = {"from": made, "update": {"Owners": "Member:20"}}
    assert bulk.post(command)["assetsModified"] == counted()
    assert bulk.post({**command, "where": {"IsDeleted": True}})["assetsModified"] == counted(made)
    assert bulk.ask(made, "Owners", where={"IsDeleted": True}) == [{"_oid": made, "Owners": refs("Member:20")}]


def test_owner_added(bulk: Bulk) -> None:
    (made,) = bulk.make(story())
    assert bulk.post({"from": made, "update": {"Owners": "Member:20"}})["assetsModified"] == counted(made)
    assert bulk.ask(made, "Owners") == [{"_oid": made, "Owners": refs("Member:20")}]


def test_owners_added(bulk: Bulk) -> None:
    made, member = bulk.make(story(), bulk.member())
    assert bulk.post({"from": made, "update": {"Owners": ["Member:20", member]}})["assetsModified"] == counted(made)
    assert bulk.ask(made, "Owners") == [{"_oid": made, "Owners": refs("Member:20", member)}]


@pytest.mark.parametrize("as_list", [True, False], ids=["lists", "scalars"])
def test_owners_added_and_removed(bulk: Bulk, as_list: bool) -> None:
    made, member = bulk.make(story(Owners="Member:20"), bulk.member())
    change = {"remove": "Member:20", "add": member}
    owners = {verb: [oid] for verb, oid in change.items()} if as_list else change
    assert bulk.post({"from": made, "update": {"Owners": owners}})["assetsModified"] == counted(made)
    assert bulk.ask(made, "Owners") == [{"_oid": made, "Owners": refs(member)}]


def test_one_of_two_owners_removed(bulk: Bulk) -> None:
    member, made = bulk.make({"@m": bulk.member()}, story(Owners=["Member:20", "@m"]))
    assert bulk.post({"from": made, "update": {"Owners": {"Member:20": "remove"}}})["assetsModified"] == counted(made)
    assert bulk.ask(made, "Owners") == [{"_oid": made, "Owners": refs(member)}]


def test_owner_found_and_replaced(bulk: Bulk) -> None:
    stories = [{"AssetType": "Story", "Name": name, "Owners": "Member:20"} for name in "AB"]
    project = bulk.scope(Workitems=stories)
    member = bulk.member(DefaultRole="Role.Name'Project Admin", Scopes=project["Name"])
    scope, first, second, new = bulk.make(project, member)
    change = {"Owners": {"find": "Member:20", "replace": new}}
    report = bulk.post({"from": "Story", "where": {"Scope": scope}, "update": change})
    assert report["assetsModified"] == counted(first, second)
    found = bulk.ask("Story", "Owners", where={"Scope": scope})
    assert found == [{"_oid": oid, "Owners": refs(new)} for oid in (first, second)]
    (third,) = bulk.make(story(Scope=scope))
    bulk.post({"from": third, "update": change})
    assert bulk.ask(third, "Owners") == [{"_oid": third, "Owners": []}]
