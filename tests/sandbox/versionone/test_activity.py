"""api/ActivityStream: the records of one asset told as activities."""

from __future__ import annotations

from typing import Any

import pytest

from ..conftest import Clock, Instance


@pytest.fixture
def story(v1: Instance, clock: Clock) -> str:
    """A story made, renamed and estimated, given an owner, closed and reopened, a day between each."""
    story = v1.create("Story", Name="first")
    steps = [{"Name": "second", "Estimate": "3"}, {"Owners": ["Member:20"]}]
    for values in steps:
        clock.pass_days(1)
        v1.update(story, **values)
    for operation in ("Inactivate", "Reactivate"):
        clock.pass_days(1)
        v1.operate(story, operation)
    return story


def stream(v1: Instance, path: str, query: str = "") -> list[dict[str, Any]]:
    """The bodies of the activities of one asset."""
    return [each["body"] for each in v1.json(f"api/ActivityStream/{path}{query}")]


def verbs(bodies: list[dict[str, Any]]) -> list[str]:
    return [str(each["verb"]) for each in bodies]


def test_the_latest_comes_first(v1: Instance, story: str) -> None:
    assert verbs(stream(v1, story)) == ["Reopened", "Closed", "Updated", "Updated", "Created"]


def test_an_activity_says_who_did_what_to_which_asset_and_when(v1: Instance, story: str) -> None:
    renamed = stream(v1, story)[3]
    assert renamed["actor"] == {
        "id": "Member:20",
        "assetType": "Member",
        "displayName": "Administrator",
        "username": "admin",
        "email": v1.read("Member:20", "Email")["Email"],
        "avatar": None,
    }
    number = v1.read(story, "Number")["Number"]
    assert renamed["object"] == {
        "id": story,
        "assetType": "Story",
        "displayName": "second",
        "number": number,
        "assetState": "Active",
        "scope": "Scope:0",
    }
    assert renamed["time"] == "2024-05-02T12:00:00.000Z"
    assert renamed["summary"] == "Administrator updated second"
    moment = v1.ids(f"Hist/Story?where=ID='{story}'&sel=")[1].rpartition(":")[2]
    assert renamed["provider"] == {
        "stream": "Story",
        "commitSeq": int(moment),
        "commitId": f"{story}:{moment}",
    }


def test_the_targets_are_what_changed(v1: Instance, story: str) -> None:
    reopened, closed, owned, renamed, created = stream(v1, story)
    assert [(each["name"], each["oldValue"], each["newValue"], each["verb"]) for each in renamed["target"]] == [
        ("Name", "first", "second", "Updated"),
        ("Estimate", None, "3.00", "Updated"),
    ]
    assert owned["target"] == [
        {
            "name": "Owners",
            "newValue": "Member:20",
            "oldValue": None,
            "verb": "Added",
            "summary": "added Member:20 to Owners",
        }
    ]
    assert (reopened["target"], closed["target"]) == ([], [])
    assert {each["name"] for each in created["target"]} >= {"Name", "Scope", "Number"}


def test_what_leaves_a_list_is_removed(v1: Instance, story: str) -> None:
    body = '{"Attributes": {"Owners": {"value": [{"idref": "Member:20", "act": "remove"}]}}}'
    v1.json(f"rest-1.v1/Data/{story.replace(':', '/')}", body)
    [target] = stream(v1, story)[0]["target"]
    assert (target["oldValue"], target["newValue"], target["verb"]) == ("Member:20", None, "Removed")
    assert target["summary"] == "removed Member:20 from Owners"


def test_an_asset_is_named_by_its_number_too(v1: Instance, story: str) -> None:
    number = str(v1.read(story, "Number")["Number"])
    assert stream(v1, number.lower()) == stream(v1, story)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?maxCount=2", ["Reopened", "Closed"]),
        ("?maxCount=0", []),
        ("?direction=Forward", ["Created", "Updated", "Updated", "Closed", "Reopened"]),
        ("?direction=forward&anchorDate=2024-05-04T12:00:00Z", ["Closed", "Reopened"]),
        ("?direction=Back&anchorDate=2024-05-02T12:00:00Z", ["Updated", "Created"]),
        ("?anchorDate=2024-05-02T11:59:59Z", ["Created"]),
        ("?verbs=closed,Created", ["Closed", "Created"]),
        ("?verbs=Created&maxCount=1", ["Created"]),
        ("?verbs=Deprecated", []),
    ],
)
def test_what_is_requested_is_chosen(v1: Instance, story: str, query: str, expected: list[str]) -> None:
    assert verbs(stream(v1, story, query)) == expected


def test_no_more_than_25_are_sent_unasked(v1: Instance) -> None:
    story = v1.create("Story", Name="0")
    for place in range(30):
        v1.update(story, Name=f"{place + 1}")
    assert len(stream(v1, story)) == 25
    assert len(stream(v1, story, "?maxCount=100")) == 31


def test_a_deleted_asset_keeps_its_activities(v1: Instance, story: str) -> None:
    v1.operate(story, "Delete")
    assert verbs(stream(v1, story, "?maxCount=1")) == ["Deleted"]
    v1.operate(story, "Undelete")
    assert verbs(stream(v1, story, "?maxCount=2")) == ["Undeleted", "Deleted"]


def test_an_iteration_is_activated(v1: Instance) -> None:
    schedule = v1.create("Schedule", Name="s", TimeboxLength="2 Weeks", TimeboxGap="0 Days")
    values = {"BeginDate": "2024-05-01", "EndDate": "2024-05-15", "Schedule": schedule}
    box = v1.create("Timebox", Name="t", State="State:100", **values)
    v1.operate(box, "Activate")
    v1.operate(box, "MakeFuture")
    assert verbs(stream(v1, box)) == ["Deactivated", "Activated", "Created"]


def test_passwords_are_not_reported(v1: Instance) -> None:
    member = v1.create("Member", Name="m", Nickname="m", DefaultRole="Role:4", Username="m", Password="very-secret")
    v1.update(member, Password="more-secret")
    assert "secret" not in str(stream(v1, member))


@pytest.mark.parametrize("path", ["Story:99999", "S-99999", "Animal:1", "Story:x", "nonsense"])
def test_an_asset_that_is_not_there_is_404(v1: Instance, path: str) -> None:
    assert v1.get(f"api/ActivityStream/{path}").status == 404


@pytest.mark.parametrize(
    "query", ["direction=Up", "anchorDate=soon", "maxCount=-1", "maxCount=x", "verbs=Sung", "colour=red"]
)
def test_what_is_not_understood_is_refused(v1: Instance, query: str) -> None:
    assert v1.get(f"api/ActivityStream/Member:20?{query}").status == 400


def test_only_reading_is_possible_and_one_asset_is_named(v1: Instance) -> None:
    assert v1.post("api/ActivityStream/Member:20").status == 405
    assert v1.get("api/ActivityStream").status == 404
    assert v1.get("api/ActivityStream/Member:20/more").status == 404
