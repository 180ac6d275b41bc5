"""Moments, the past, and the history: every query of the present asked about another time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from assetmeta.sandbox.versionone.problems import Problem
from assetmeta.sandbox.versionone.requests import AsOf, Change, History, Moment, Query, SubSelect
from assetmeta.sandbox.versionone.tokens import parse_selection, parse_token

Desk = Any


def day(number: int) -> AsOf:
    """Midnight of a day of May 2024; the story of these tests was made on the first at noon."""
    return AsOf(datetime(2024, 5, number, tzinfo=UTC))


class Past:
    """A story with four records, a day apart: made, renamed and moved, given an owner, closed."""

    def __init__(self, desk: Desk) -> None:
        self.epic = desk.make("Epic", Name="old epic")
        self.story = desk.make("Story", Name="first", Estimate=1)
        self.moments = [desk.get(self.story, "Moment")]
        desk.clock.pass_days(1)
        self.moments.append(desk.change(self.story, Name="second", Super=self.epic))
        desk.clock.pass_days(1)
        self.moments.append(desk.change(self.story, Owners=["Member:20"], Estimate=8))
        desk.clock.pass_days(1)
        desk.do(self.story, "Inactivate")
        self.moments.append(desk.get(self.story, "Moment"))
        desk.clock.pass_days(1)
        desk.change(self.epic, Name="new epic")


@pytest.fixture
def past(desk: Desk) -> Past:
    return Past(desk)


class TestHistory:
    def test_every_record_is_listed_oldest_first_with_its_moment(self, desk: Desk, past: Past) -> None:
        result = desk.ask("Story", "Name,AssetState,ChangeReason", at=History())
        assert [f"{past.story}:{moment}" for moment in past.moments] == [row.oid for row in result.rows]
        assert ["first", "second", "second", "second"] == [row.values["Name"] for row in result.rows]
        assert [64, 64, 64, 128] == [row.values["AssetState"] for row in result.rows]
        assert 4 == result.total

    def test_relations_are_those_of_the_records_time(self, desk: Desk, past: Past) -> None:
        rows = desk.ask("Story", "Super.Name,Super#.Name,Owners.Name,Super.Subs.@Count", at=History()).rows
        assert [None, "old epic", "old epic", "old epic"] == [row.values["Super.Name"] for row in rows]
        assert [None, "new epic", "new epic", "new epic"] == [row.values["Super#.Name"] for row in rows]
        assert [[], [], ["Administrator"], ["Administrator"]] == [row.values["Owners.Name"] for row in rows]
        assert [0, 1, 1, 1] == [row.values["Super.Subs.@Count"] for row in rows]

    @pytest.mark.parametrize(
        ("where", "places"),
        [
            ("ID='{story}'", [0, 1, 2, 3]),
            ("Name='first'", [0]),
            ("Super.Name='old epic'", [1, 2, 3]),
            ("Super.Name='new epic'", []),
            ("Super#.Name='new epic'", [1, 2, 3]),
            ("+Owners", [2, 3]),
            ("Owners='Member:20';Estimate='8'", [2, 3]),
            ("SuperMeAndUp='{epic}'", [1, 2, 3]),
            ("-SuperAndUp[Name='old epic']", [0]),
            ("Super.SubsAndDown.@Count>'0'", [1, 2, 3]),
            ("Moment>'{last}'", []),
        ],
    )
    def test_a_filter_sees_each_record_at_its_time(self, desk: Desk, past: Past, where: str, places: list[int]) -> None:
        filled = where.format(story=past.story, epic=past.epic, last=past.moments[-1])
        rows = desk.ask("Story", "", filled, at=History()).rows
        assert [past.moments[place] for place in places] == [row.moment for row in rows]

    def test_a_deleted_asset_keeps_its_records_and_the_deletion_is_one(self, desk: Desk, past: Past) -> None:
        desk.do(past.story, "Delete")
        rows = desk.ask("Story", "IsDeleted,RetiredBy,RetireDate", oid=past.story, at=History()).rows
        assert [False] * 4 + [True] == [row.values["IsDeleted"] for row in rows]
        assert [None] * 4 + ["2024-05-05T12:00:00.000"] == [row.values["RetireDate"] for row in rows]

    def test_records_of_one_asset_can_be_paged(self, desk: Desk, past: Past) -> None:
        page = desk.ask("Story", "", oid=past.story, at=History(), size=2, start=1)
        assert (past.moments[1:3], 4) == ([row.moment for row in page.rows], page.total)

    def test_nested_queries_see_the_time_of_their_record(self, desk: Desk, past: Past) -> None:
        inner = SubSelect("Subs", parse_token("Subs"), parse_selection("Name"))
        nested = SubSelect("Super", parse_token("Super"), (*parse_selection("Name"), inner))
        rows = desk.engine.select(Query("Story", (nested,), at=History())).rows
        names = [
            [(epic.values["Name"], [s.values["Name"] for s in epic.values["Subs"]]) for epic in r.values["Super"]]
            for r in rows
        ]
        assert [[], *[[("old epic", ["second"])]] * 3] == names

    def test_prior_history_and_now_lead_through_the_records(self, desk: Desk, past: Past) -> None:
        assert f"{past.story}:{past.moments[2]}" == desk.get(past.story, "Prior")
        assert "first" == desk.get(past.story, "Prior.Prior.Prior.Name")
        assert ["first", "second", "second", "second"] == desk.get(past.story, "History.Name")
        assert [f"{past.story}:{moment}" for moment in past.moments] == desk.get(past.story, "History")
        first = desk.ask("Story", "Now.Estimate,Prior,Days", at=History()).rows[0].values
        assert {"Now.Estimate": 8, "Prior": None, "Days": 1} == first


class TestThePast:
    def test_an_asset_is_its_last_record_at_or_before_the_time(self, desk: Desk, past: Past) -> None:
        found = {
            number: [(r.oid, r.values["Name"]) for r in desk.ask("Story", "Name", at=day(number)).rows]
            for number in (1, 2, 3)
        }
        oids = [f"{past.story}:{moment}" for moment in past.moments]
        assert {1: [], 2: [(oids[0], "first")], 3: [(oids[1], "second")]} == found

    def test_the_exact_time_of_a_change_sees_the_change(self, desk: Desk, past: Past) -> None:
        at = AsOf(datetime(2024, 5, 2, 12, tzinfo=UTC))
        assert "second" == desk.get(past.story, "Name", at=at)

    def test_a_filter_sees_the_past(self, desk: Desk, past: Past) -> None:
        assert [past.story] == desk.ids("Story", "Name='first'", at=day(2))
        assert [] == desk.ids("Story", "Name='first'", at=day(3))
        assert [past.story] == desk.ids("Story", "Super.Name='old epic';-Owners", at=day(3))
        assert [past.story] == desk.ids("Story", f"SuperMeAndUp='{past.epic}'", at=day(3))
        assert [past.story] == desk.ids("Story", "AssetState='Active'", at=day(4))
        assert [] == desk.ids("Story", "AssetState='Active'", at=day(5))

    def test_aggregates_are_those_of_the_past(self, desk: Desk, past: Past) -> None:
        token = "Subs:Story.Estimate.@Sum"
        assert [None, 1, 8] == [desk.get(past.epic, token, at=day(number)) for number in (2, 3, 4)]

    def test_a_deleted_asset_was_there_before(self, desk: Desk, past: Past) -> None:
        desk.do(past.story, "Delete")
        desk.clock.pass_days(1)
        assert [past.story] == desk.ids("Story", at=day(5))
        assert [] == desk.ids("Story", at=day(6))
        assert [past.story] == desk.ids("Story", "IsDeleted='true'", at=day(6))

    def test_a_moment_is_exact(self, desk: Desk, past: Past) -> None:
        key = {"oid": past.story}
        names = [desk.ask("Story", "Name,Estimate", at=Moment(moment), **key).rows[0].values for moment in past.moments]
        assert [("first", 1), ("second", 1), ("second", 8), ("second", 8)] == [tuple(each.values()) for each in names]
        (row,) = desk.ask("Story", "Name", at=Moment(past.moments[3] + 1), **key).rows
        assert past.moments[3] == row.moment
        with pytest.raises(Problem) as caught:
            desk.ask("Story", "Name", at=Moment(past.moments[0] - 1), **key)
        assert 404 == caught.value.status


class TestAudit:
    def test_closing_and_reopening_is_dated(self, desk: Desk, past: Past) -> None:
        assert "2024-05-04T12:00:00.000" == desk.get(past.story, "ClosedDate")
        assert "Member:20" == desk.get(past.story, "ClosedBy")
        desk.change(past.story, Name="later")
        assert "2024-05-04T12:00:00.000" == desk.get(past.story, "ClosedDate")
        desk.do(past.story, "Reactivate")
        assert desk.get(past.story, "ClosedDate") is None

    def test_my_last_change_is_the_callers(self, desk: Desk, past: Past) -> None:
        ann = desk.make("Member", Name="Ann", Nickname="A", DefaultRole="Role:4")
        number = int(past.story.partition(":")[2])
        desk.engine.update("Story", number, [Change("Name", "set", "hers")], member=ann)
        assert past.moments[-1] == desk.get(past.story, "MyLastChangeMoment")
        assert desk.get(past.story, "Moment") == desk.get(past.story, "MyLastChangeMoment", member=ann)
        assert desk.get(past.story, "MyLastChangeDate", member="Member:1") is None
