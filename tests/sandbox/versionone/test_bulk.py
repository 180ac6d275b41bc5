"""api/asset: what its published examples show, each in JSON and in YAML."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from assetmeta.sandbox import Server, running
from sandbox.versionone.bulk import FORMS, Bulk, counted, refs, story, unique


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running("versionone") as started:
        yield started


@pytest.fixture(params=FORMS)
def bulk(request: pytest.FixtureRequest, server: Server) -> Bulk:
    return Bulk(server, request.param)


def test_counts_only_of_a_create(bulk: Bulk) -> None:
    made = story(Children=[{"AssetType": "Test", "Name": "A test"}])
    assert bulk.post({"config": "counts-only"}, made)["assetsCreated"] == {"count": 2}


def test_counts_only_of_an_operation(bulk: Bulk) -> None:
    command = {"from": "Request", "where": {"Name": unique("nowhere")}, "execute": "Delete"}
    report = bulk.post({"config": "counts-only"}, command)
    assert report["assetsModified"] == {"count": 0}
    assert report["assetsOperatedOn"] == {"count": 0}


def test_counts_only_of_an_update(bulk: Bulk) -> None:
    command = {"from": "Request", "where": {"Name": unique("nowhere")}, "update": {"Name": "x"}}
    assert bulk.post({"config": "counts-only"}, command)["assetsModified"] == {"count": 0}


def test_create_a_hierarchy_from_project_to_tests(bulk: Bulk) -> None:
    children = [{"AssetType": "Task", "Name": "A task"}, {"AssetType": "Test", "Name": "A test"}]
    subs = [
        {"AssetType": "Story", "Name": "Own name", "Description": "Own description"},
        {"AssetType": "Story"},
        {"AssetType": "Story", "Name": "Parent", "Description": "Of two", "Children": children},
    ]
    epic = {"AssetType": "Epic", "Name": "Epic name", "Description": "Epic description", "Subs": subs}
    made = bulk.make(bulk.scope(BeginDate="2020-07-23T16:19:38.807Z", Workitems=[epic]))
    assert [each.partition(":")[0] for each in made] == ["Scope", "Epic", "Story", "Story", "Story", "Task", "Test"]
    scope, _, own, nameless, parent, task, test = made
    select = ["Name", "Description", {"from": "Children", "select": ["Name"]}]
    assert bulk.ask("Story", *select, where={"Scope": scope}) == [
        {"_oid": own, "Name": "Own name", "Description": "Own description", "Children": []},
        {"_oid": nameless, "Name": "Epic name", "Description": "Epic description", "Children": []},
        {
            "_oid": parent,
            "Name": "Parent",
            "Description": "Of two",
            "Children": [{"_oid": task, "Name": "A task"}, {"_oid": test, "Name": "A test"}],
        },
    ]


def test_create_a_story_with_a_test_and_a_task(bulk: Bulk) -> None:
    children = [{"AssetType": "Test", "Name": "A test"}, {"AssetType": "Task", "Name": "A task"}]
    made, test, task = bulk.make(story(Children=children))
    assert [each.partition(":")[0] for each in (made, test, task)] == ["Story", "Test", "Task"]
    assert bulk.ask(made, "ID", "Children") == [{"_oid": made, "ID": {"_oid": made}, "Children": refs(test, task)}]


def test_create_in_a_project_by_name(bulk: Bulk) -> None:
    (made,) = bulk.make(story(Scope="System (All Projects)"))
    assert bulk.ask(made, "Scope.Name") == [{"_oid": made, "Scope.Name": "System (All Projects)"}]


def test_create_in_a_project_by_oid(bulk: Bulk) -> None:
    (made,) = bulk.make(story(Scope="Scope:0"))
    assert bulk.ask(made, "Scope.ID") == [{"_oid": made, "Scope.ID": {"_oid": "Scope:0"}}]


def test_create_two_stories_by_name_and_by_oid(bulk: Bulk) -> None:
    first, second = bulk.make(story(Scope="System (All Projects)"), story(Scope="Scope:0"))
    found = bulk.ask("Story", "Scope.ID", filter=[f"ID='{first}','{second}'"])
    assert found == [{"_oid": oid, "Scope.ID": {"_oid": "Scope:0"}} for oid in (first, second)]


def test_failures_cascade_down_a_hierarchy(bulk: Bulk) -> None:
    children = [{"AssetType": "Test", "Name": "My test"}, {"AssetType": "Task", "Name": "My task"}]
    subs = [{"AssetType": "Story", "Name": "My story", "Children": children}]
    report = bulk.post({"AssetType": "Epic", "Scope": "Scope:9999", "Name": "My epic", "Subs": subs})
    assert report["assetsCreated"] == counted()
    failed = report["commandFailures"]
    assert failed["count"] == 4
    epic, made, test, task = (next(key for key in each if key != "error") for each in failed["commands"])
    assert all(alias.startswith("@") and alias.endswith("$auto-aliased") for alias in (epic, made, test, task))
    assert failed["commands"] == [
        {
            epic: {"AssetType": "Epic", "Scope": "Scope:9999", "Name": "My epic"},
            "error": {"message": "Violation'Invalid'Epic.Scope", "sourceCommandIndex": 0},
        },
        {
            made: {"AssetType": "Story", "Name": "My story", "#ContextOid": epic},
            "error": {"message": f"Invalid OID token: {epic}", "sourceCommandIndex": 0},
        },
        {
            test: {"AssetType": "Test", "Name": "My test", "#ContextOid": made},
            "error": {"message": f"Invalid OID token: {made}", "sourceCommandIndex": 0},
        },
        {
            task: {"AssetType": "Task", "Name": "My task", "#ContextOid": made},
            "error": {"message": f"Invalid OID token: {made}", "sourceCommandIndex": 0},
        },
    ]


def only_failure(report: Any) -> tuple[str, Any, str]:
    """Alias, command and message of the only failure."""
    (failed,) = report["commandFailures"]["commands"]
    (alias,) = (key for key in failed if key != "error")
    assert failed["error"]["sourceCommandIndex"] == 0
    return alias, failed[alias], failed["error"]["message"]


def test_unknown_operation(bulk: Bulk) -> None:
    _, command, message = only_failure(bulk.post({"from": "Scope:0", "execute": "NonexistentOperation"}))
    assert message == "Unknown Operation 'Scope.NonexistentOperation'"
    assert command == {"oid": "Scope:0", "execute": {"op": "NonexistentOperation", "args": {}}}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"from": "Scope", "select": ["MuddleBubble"]}, "Unknown AttributeDefinition: Scope.MuddleBubble"),
        ({"from": "Animal", "select": ["Name"]}, "Unknown AssetType: Animal"),
        (
            {"from": "Scope", "where": {"MuddleBubble": "BubbleMuddle"}, "select": ["Name"]},
            "Invalid QueryFilter2 token MuddleBubble='BubbleMuddle'",
        ),
    ],
    ids=["selection", "type", "where"],
)
def test_query_of_something_unknown(bulk: Bulk, query: Any, message: str) -> None:
    report = bulk.post({"@user-alias": query})
    assert only_failure(report) == ("@user-alias", query, message)
    assert report["queryResult"] == {"results": [], "count": 0}


def test_update_of_an_unknown_attribute(bulk: Bulk) -> None:
    _, command, message = only_failure(bulk.post({"from": "Scope:0", "update": {"MuddleBubble": "BubbleMuddle"}}))
    assert message == "Unknown AttributeDefinition: Scope.MuddleBubble"
    assert command == {"oid": "Scope:0", "update": {"MuddleBubble": {"add": ["BubbleMuddle"], "remove": []}}}


def test_compound_request_from_regression_plan_to_generated_tests(bulk: Bulk) -> None:
    report = bulk.post(
        {"@scope": bulk.scope(BeginDate="12/31/2019")},
        {"@plan": {"AssetType": "RegressionPlan", "Name": "Plan", "Scope": "@scope"}},
        {"@suite": {"AssetType": "RegressionSuite", "RegressionPlan": "@plan", "Name": "Suite"}},
        {"AssetType": "RegressionTest", "Name": "Check 1", "Scope": "@scope", "RegressionSuites": "@suite"},
        {"AssetType": "RegressionTest", "Name": "Check 2", "Scope": "@scope", "RegressionSuites": "@suite"},
        {"@test-set": {"AssetType": "TestSet", "Name": "Set", "Scope": "@scope", "RegressionSuite": "@suite"}},
        {"@copy": {"from": "@test-set", "execute": "CopyAcceptanceTestsFromRegressionSuite"}},
        {
            "from": "@test-set",
            "select": [
                "Name",
                "Scope",
                {"from": "RegressionSuite", "select": ["RegressionPlan"]},
                {"from": "Children:Test", "select": ["Name", "GeneratedFrom", "Status"]},
            ],
        },
    )
    assert report["assetsCreated"]["count"] == 6
    scope, plan, suite, first, second, made = report["assetsCreated"]["oidTokens"]
    assert report["assetsModified"] == counted()
    assert report["assetsOperatedOn"] == counted(made)
    assert report["commandFailures"]["count"] == 0
    assert report["queryResult"]["count"] == 1
    ((row,),) = report["queryResult"]["results"]
    assert (row["_oid"], row["Name"], row["Scope"]) == (made, "Set", {"_oid": scope})
    assert row["RegressionSuite"] == [{"_oid": suite, "RegressionPlan": {"_oid": plan}}]
    tests = [(each["Name"], each["GeneratedFrom"], each["Status"]) for each in row["Children:Test"]]
    null = {"_oid": "NULL"}
    assert tests == [("Check 1", {"_oid": first}, null), ("Check 2", {"_oid": second}, null)]


def test_delete_by_query(bulk: Bulk) -> None:
    stories = [{"AssetType": "Story", "Name": "A"}, {"AssetType": "Story", "Name": "B"}]
    scope, first, second = bulk.make(bulk.scope(Workitems=stories))
    report = bulk.post({"from": "Story", "where": {"Scope": scope}, "execute": "Delete"})
    assert report["assetsOperatedOn"] == counted(first, second)
    assert bulk.post({"from": "Story", "where": {"Scope": scope}})["queryResult"]["results"] == [[]]


def test_undelete(bulk: Bulk) -> None:
    scope, made = bulk.make(bulk.scope(Workitems=[{"AssetType": "Story", "Name": "Deleted for a while"}]))
    gone = bulk.post({"from": "Story", "where": {"Scope": scope}, "execute": "Delete"})
    assert gone["assetsOperatedOn"] == counted(made)
    assert bulk.ask(made) == []
    assert bulk.ask("Story", where={"Scope": scope, "IsDeleted": True}) == refs(made)
    back = bulk.post({"from": made, "where": {"IsDeleted": True}, "execute": "Undelete"})
    assert back["assetsOperatedOn"] == counted(made)
    assert bulk.ask(made) == refs(made)


def test_deferred_operation(bulk: Bulk) -> None:
    query = {"from": "@test", "select": ["Name", "Parent", "AssetState"]}
    report = bulk.post(
        story(Children=[{"@test": {"AssetType": "Test", "Name": "Closed in the end"}}]),
        query,
        {"@inactivate": {"from": "@test", "execute": "Inactivate"}},
        query,
    )
    made, test = report["assetsCreated"]["oidTokens"]
    assert report["assetsOperatedOn"] == counted(test)
    row = {"_oid": test, "Name": "Closed in the end", "Parent": {"_oid": made}}
    results = [[{**row, "AssetState": "Active"}], [{**row, "AssetState": "Closed"}]]
    assert report["queryResult"] == {"results": results, "count": 2}


def test_aliases_in_the_arguments_of_an_operation(bulk: Bulk) -> None:
    first, second = bulk.member(), bulk.member()
    delete = {"from": "Member", "filter": [f"Name='{first['Name']}','{second['Name']}'"], "execute": "Delete"}
    entries = [
        {"Member": "@first", "Role": "Role:3", "IsOwner": False},
        {"Member": "@second", "Role": "Role:2", "IsOwner": True},
    ]
    assign = {"from": "Scope:0", "execute": {"op": "AssignMemberWithRole", "list": entries}}
    request = [delete, {"@first": first}, {"@second": second}, {"@deferred": assign}]
    report = bulk.post(*request)
    assert report["assetsCreated"]["count"] == 2
    assert report["assetsOperatedOn"] == counted("Scope:0", "Scope:0")
    old = report["assetsCreated"]["oidTokens"]
    assert bulk.post(*request)["assetsOperatedOn"] == counted(*old, "Scope:0", "Scope:0")


def test_query_of_an_alias(bulk: Bulk) -> None:
    report = bulk.post({"@story": story(Name="Numbered")}, {"from": "@story", "select": ["Name", "Number"]})
    assert report["queryResult"]["count"] == 1
    ((row,),) = report["queryResult"]["results"]
    assert (row["_oid"], row["Name"]) == (report["assetsCreated"]["oidTokens"][0], "Numbered")
    assert row["Number"].startswith("S-")


def test_several_queries_of_which_all_match(bulk: Bulk) -> None:
    made = bulk.make(story(), story(), story())
    found = bulk.post(*({"from": oid} for oid in made))["queryResult"]
    assert found == {"results": [refs(oid) for oid in made], "count": 3}


def test_several_queries_of_which_none_matches(bulk: Bulk) -> None:
    name = unique("There shouldn't be such a one, and there isn't")
    queries = [{"from": kind, "where": {"Name": name}} for kind in ("Story", "Defect")]
    assert bulk.post(*queries)["queryResult"] == {"results": [[], []], "count": 2}


def test_several_queries_of_which_one_matches(bulk: Bulk) -> None:
    (made,) = bulk.make(story())
    queries = [{"from": made}, {"from": "Defect", "where": {"Name": unique("nowhere")}}]
    assert bulk.post(*queries)["queryResult"] == {"results": [refs(made), []], "count": 2}
