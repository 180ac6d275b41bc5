"""Create and update: what is written, what comes with it, and what is refused without a trace."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from assetmeta.sandbox.versionone.problems import Problem
from assetmeta.sandbox.versionone.requests import Change, Ref
from assetmeta.sandbox.versionone.store import FOREVER

Desk = Any


def refusal(desk: Desk, type_name: str, **values: Any) -> str:
    """The reason of a refused create; nothing may have changed."""
    store = desk.engine._store
    before = [
        store.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in ("record", "link", "moment", "blob", "counter")
    ]
    with pytest.raises(Problem) as caught:
        desk.engine.create(
            type_name, [Change(name, "set", value) for name, value in values.items()], member="Member:20"
        )
    after = [
        store.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in ("record", "link", "moment", "blob", "counter")
    ]
    assert before == after
    assert 400 == caught.value.status
    return caught.value.reason


class TestCreate:
    def test_an_asset_gets_number_order_state_and_dates(self, desk: Desk) -> None:
        first, second = desk.make("Story", Name="a"), desk.make("Story", Name="b")
        assert ["S-01001", "S-01002"] == [desk.get(oid, "Number") for oid in (first, second)]
        assert desk.get(first, "Order") < desk.get(second, "Order")
        assert 64 == desk.get(first, "AssetState")
        assert "Member:20" == desk.get(first, "CreatedBy")
        assert "2024-05-01T12:00:00.000" == desk.get(first, "CreateDate")
        assert "2024-05-01T12:00:00.0000000Z" == desk.get(first, "ChangeDateUTC")

    def test_ids_come_from_one_counter(self, desk: Desk) -> None:
        keys = [int(desk.make(kind).partition(":")[2]) for kind in ("Story", "Epic", "Defect")]
        assert [keys[0], keys[0] + 1, keys[0] + 2] == keys

    def test_the_answer_names_what_was_written(self, desk: Desk) -> None:
        changes = [
            Change("Name", "set", "x"),
            Change("Scope", "set", Ref("Scope:0")),
            Change("Owners", "add", "Member:20"),
        ]
        written = desk.engine.create("Story", changes, member="Member:20")
        assert ("Name", "Scope", "Owners") == written.names
        assert f"{written.asset}:{desk.get(written.asset, 'Moment')}" == written.oid

    @pytest.mark.parametrize(
        ("kind", "value", "read"),
        [
            ("Estimate", "5.50", 5.5),
            ("Estimate", 3, 3),
            ("Estimate", "-0.01", -0.01),
            ("Custom_AnticipatedBODDate2", "12/31/2019", "2019-12-31"),
            ("Custom_AnticipatedBODDate2", "2019-12-31", "2019-12-31"),
            ("Custom_AnticipatedBODDate2", "2019-12-31T10:11:12.345Z", "2019-12-31T10:11:12.345"),
            ("Custom_AnticipatedBODDate2", "2019-12-31T10:11:12", "2019-12-31T10:11:12.000"),
            ("Description", "<p>x</p>\r\n", "<p>x</p>\r\n"),
            ("RequestedBy", "", None),
            ("Status", "StoryStatus:134:0", "StoryStatus:134"),
            ("Status", "NULL", None),
        ],
    )
    def test_values_are_read_in_every_accepted_form(self, desk: Desk, kind: str, value: Any, read: Any) -> None:
        assert read == desk.get(desk.make("Story", **{kind: value}), kind)

    def test_a_timebox_begins_as_its_state_says(self, desk: Desk) -> None:
        schedule = desk.make("Schedule", Name="s", TimeboxLength="2 Weeks", TimeboxGap="0 Days")
        dates = {"Name": "t", "Schedule": schedule, "BeginDate": "2024-05-01", "EndDate": "2024-05-15"}
        future, active = desk.make("Timebox", **dates), desk.make("Timebox", **dates, State="State:101")
        assert (0, "State:100") == (desk.get(future, "AssetState"), desk.get(future, "State"))
        assert (64, "14 Days") == (desk.get(active, "AssetState"), desk.get(active, "Duration"))

    def test_a_member_can_log_in_with_what_was_set(self, desk: Desk) -> None:
        member = desk.make(
            "Member", Name="Ann", Nickname="A", DefaultRole="Role:4", Username="Ann", Password="pässword"
        )
        assert member == desk.engine.login("ann", "pässword")
        assert desk.engine.login("ann", "Pässword") is None
        desk.do(member, "Inactivate")
        assert desk.engine.login("ann", "pässword") is None


class TestRefused:
    @pytest.mark.parametrize(
        ("type_name", "values", "reason"),
        [
            ("Animal", {"Name": "x"}, "Unknown AssetType: Animal"),
            ("Story", {"Name": "x"}, "Violation'Required'Story.Scope"),
            ("Story", {"Scope": "Scope:0"}, "Violation'Required'Story.Name"),
            ("Story", {"Scope": "Scope:0", "Name": ""}, "Violation'Required'Story.Name"),
            ("Member", {"Name": "x", "Nickname": "x"}, "Violation'Required'Member.DefaultRole"),
            ("Epic", {"Scope": "Scope:9999", "Name": "x"}, "Violation'Invalid'Epic.Scope"),
            ("Epic", {"Scope": "Member:20", "Name": "x"}, "Violation'Invalid'Epic.Scope"),
            ("Epic", {"Scope": "@epic", "Name": "x"}, "Invalid OID token: @epic"),
            ("Scope", {"MuddleBubble": "x"}, "Unknown AttributeDefinition: Scope.MuddleBubble"),
            ("Story", {"Scope": "Scope:0", "Name": "x", "Estimate": "many"}, "Violation'Invalid'Story.Estimate"),
            ("Story", {"Scope": "Scope:0", "Name": "x", "Estimate": "1,5"}, "Violation'Invalid'Story.Estimate"),
            ("Story", {"Scope": "Scope:0", "Name": "x", "Estimate": float("nan")}, "Violation'Invalid'Story.Estimate"),
            ("Story", {"Scope": "Scope:0", "Name": "x" * 4001}, "Violation'Invalid'Story.Name"),
            ("Story", {"Scope": "Scope:0", "Name": "\ud800"}, "Violation'Invalid'Story.Name"),
            (
                "Scope",
                {"Parent": "Scope:0", "Name": "x", "BeginDate": "31.12.2019"},
                "Violation'Invalid'Scope.BeginDate",
            ),
            (
                "Scope",
                {"Parent": "Scope:0", "Name": "x", "BeginDate": "2019-02-30"},
                "Violation'Invalid'Scope.BeginDate",
            ),
            ("Story", {"Scope": "Scope:0", "Name": "x", "Number": "S-1"}, "Violation'ReadOnly'Story.Number"),
            ("Story", {"Scope": "Scope:0", "Name": "x", "AssetState": 64}, "Violation'ReadOnly'Story.AssetState"),
            (
                "Story",
                {"Scope": "Scope:0", "Name": "x", "SuperMeAndUp": ("Epic:1",)},
                "Violation'ReadOnly'Story.SuperMeAndUp",
            ),
            ("Task", {"Name": "x"}, "Violation'Required'Task.Parent"),
            ("Story", {"Scope": "Scope:0", "Name": "x", "Owners": ("Member:9999",)}, "Violation'Invalid'Story.Owners"),
            ("Story", {"Scope": "Scope:0", "Name": "x", "Order": "first"}, "Violation'Invalid'Story.Order"),
            (
                "Schedule",
                {"Name": "x", "TimeboxLength": "2 Years", "TimeboxGap": "0 Days"},
                "Violation'Invalid'Schedule.TimeboxLength",
            ),
        ],
    )
    def test_a_refused_create_leaves_nothing_behind(
        self, desk: Desk, type_name: str, values: dict[str, Any], reason: str
    ) -> None:
        assert reason == refusal(desk, type_name, **values)

    def test_abstract_and_shipped_types_have_no_new_assets(self, desk: Desk) -> None:
        for type_name in ("Workitem", "Role", "AssetType"):
            assert refusal(desk, type_name, Name="x")

    def test_a_closed_asset_cannot_be_related_to_again_but_may_stay(self, desk: Desk) -> None:
        epic = desk.make("Epic")
        story = desk.make("Story", Super=epic)
        desk.do(epic, "Inactivate")
        assert "Violation'Invalid'Story.Super" == refusal(desk, "Story", Name="x", Scope="Scope:0", Super=epic)
        desk.change(story, Super=epic, Name="still there")
        assert epic == desk.get(story, "Super")

    def test_anything_may_be_attached_to_a_closed_asset(self, desk: Desk) -> None:
        """Notes, links and attachments relate to assets of any type."""
        story = desk.make("Story")
        desk.do(story, "Inactivate")
        link = desk.make("Link", Name="see", URL="http://example.org", Asset=story)
        assert story == desk.get(link, "Asset")
        desk.do(story, "Delete")
        assert "Violation'Invalid'Link.Asset" == refusal(desk, "Link", Name="x", URL="http://example.org", Asset=story)

    def test_what_is_added_and_removed_in_one_document_leaves_no_trace(self, desk: Desk) -> None:
        story = desk.make("Story", Owners=["Member:20"])
        changes = [Change("Goals", act, goal) for goal in [desk.make("Goal")] for act in ("add", "remove")]
        desk.engine.update("Story", int(story.partition(":")[2]), changes, member="Member:20")
        assert [] == desk.get(story, "Goals")
        kept = desk.engine._store.rows("SELECT until FROM link WHERE source = ? OR target = ?", (story, story))
        assert [(FOREVER,)] == kept

    def test_a_refused_update_changes_not_even_its_valid_attributes(self, desk: Desk) -> None:
        story = desk.make("Story", Name="before")
        moment = desk.get(story, "Moment")
        with pytest.raises(Problem):
            desk.change(story, Name="after", Owners=["Member:20"], Estimate="many")
        assert ("before", [], moment) == (desk.get(story, "Name"), desk.get(story, "Owners"), desk.get(story, "Moment"))

    def test_required_values_cannot_be_cleared(self, desk: Desk) -> None:
        story = desk.make("Story")
        for name in ("Name", "Scope"):
            with pytest.raises(Problem, match=f"Violation'Required'Story.{name}"):
                desk.change(story, **{name: None})
        desk.change("Scope:0", Name="Root", Parent=None)
        assert "Root" == desk.get("Scope:0", "Name")

    def test_a_hierarchy_has_no_circles(self, desk: Desk) -> None:
        top = desk.make("Epic")
        below = desk.make("Epic", Super=top)
        for above in (top, below):
            with pytest.raises(Problem, match="Violation'Invalid'Epic.Super"):
                desk.change(top, Super=above)

    def test_missing_and_deleted_assets_are_not_there_to_update(self, desk: Desk) -> None:
        story = desk.make("Story")
        desk.do(story, "Delete")
        for oid in (story, "Story:99999", "Epic:" + story.partition(":")[2]):
            with pytest.raises(Problem) as caught:
                desk.change(oid, Name="x")
            assert 404 == caught.value.status
        desk.engine.update(
            "Story", int(story[6:]), [Change("Owners", "add", "Member:20")], member="Member:20", deleted=True
        )
        desk.do(story, "Undelete")
        assert ["Member:20"] == desk.get(story, "Owners")


class TestUpdate:
    def test_only_what_is_sent_changes_at_one_moment(self, desk: Desk) -> None:
        story = desk.make("Story", Name="a", Estimate=1)
        before = desk.get(story, "Moment")
        after = desk.change(story, Name="b", Status="StoryStatus:133", Owners=["Member:20"], TaggedWith=["x"])
        assert before + 1 == after == desk.get(story, "Moment")
        assert ("b", 1) == (desk.get(story, "Name"), desk.get(story, "Estimate"))

    def test_nothing_changed_means_no_new_moment(self, desk: Desk) -> None:
        story = desk.make("Story", Name="a", Owners=["Member:20"], TaggedWith=["x"])
        moment = desk.get(story, "Moment")
        assert moment == desk.change(story, Name="a", Owners=["Member:20"], TaggedWith=["x"])
        assert moment == desk.change(story, Owners={"remove": ["Member:9"]}, TaggedWith={"remove": ["y"]}, Super=None)
        assert moment == desk.engine._store.number("SELECT MAX(number) FROM moment")

    def test_scalars_and_relations_can_be_cleared(self, desk: Desk) -> None:
        story = desk.make("Story", Estimate=1, RequestedBy="me", Status="StoryStatus:133")
        desk.change(story, Estimate=None, RequestedBy="", Status=None)
        assert [None] * 3 == [desk.get(story, name) for name in ("Estimate", "RequestedBy", "Status")]

    def test_lists_are_added_to_removed_from_and_replaced(self, desk: Desk) -> None:
        a, b = (desk.make("Member", Name=name, Nickname=name, DefaultRole="Role:4") for name in "ab")
        story = desk.make("Story", Owners=["Member:20"], TaggedWith=["x", "y"], Ideas=[3, 7])
        desk.change(story, Owners=[b, a], TaggedWith={"remove": ["x"]})
        assert (["Member:20", a, b], ["y"]) == (desk.get(story, "Owners"), desk.get(story, "TaggedWith"))
        desk.change(story, Owners=(a,), TaggedWith=("z", "y"))
        assert ([a], ["y", "z"]) == (desk.get(story, "Owners"), desk.get(story, "TaggedWith"))
        assert [3, 7] == desk.get(story, "Ideas")
        assert [story] == desk.ids("Story", "Ideas='7'")
        desk.change(story, Owners=None)
        assert [] == desk.get(story, "Owners")

    def test_many_to_many_relations_are_written_from_both_ends(self, desk: Desk) -> None:
        story = desk.make("Story")
        desk.change("Member:20", OwnedWorkitems=[story])
        assert ["Member:20"] == desk.get(story, "Owners")
        desk.change(story, Owners={"remove": ["Member:20"]})
        assert [] == desk.get("Member:20", "OwnedWorkitems")

    def test_a_reverse_relation_sets_and_clears_the_other_side(self, desk: Desk) -> None:
        epic, other = desk.make("Epic"), desk.make("Epic")
        a, b = desk.make("Story"), desk.make("Story", Super=other)
        moment = desk.change(epic, Subs=[a, b])
        assert [epic, epic] == [desk.get(oid, "Super") for oid in (a, b)]
        assert [moment] * 3 == [desk.get(oid, "Moment") for oid in (epic, a, b)]
        desk.change(epic, Subs={"remove": [a]})
        assert (None, [b]) == (desk.get(a, "Super"), desk.get(epic, "Subs"))
        with pytest.raises(Problem, match="Violation'Required'Story.Scope"):
            desk.change("Scope:0", Workitems={"remove": [b]})
        with pytest.raises(Problem, match="Violation'Invalid'"):
            desk.change(a, Children=[b])

    def test_tasks_follow_their_parent(self, desk: Desk) -> None:
        project = desk.make("Scope", Name="p", Parent="Scope:0", BeginDate="2024-01-01")
        team = desk.make("Team", Name="t")
        here, there = desk.make("Story"), desk.make("Story", Scope=project, Team=team)
        task = desk.make("Task", Name="t", Parent=here)
        assert ("Scope:0", None) == (desk.get(task, "Scope"), desk.get(task, "Team"))
        desk.change(task, Parent=there)
        assert (project, team) == (desk.get(task, "Scope"), desk.get(task, "Team"))
        moment = desk.change(there, Scope="Scope:0", Team=None)
        assert ("Scope:0", None, moment) == tuple(desk.get(task, name) for name in ("Scope", "Team", "Moment"))
        assert [here, there, task] == desk.ids("Workitem", "Scope='Scope:0'")
        with pytest.raises(Problem, match="Violation'ReadOnly'Task.Scope"):
            desk.change(task, Scope=project)

    def test_the_comment_and_the_author_belong_to_the_record(self, desk: Desk) -> None:
        ann = desk.make("Member", Name="Ann", Nickname="A", DefaultRole="Role:4")
        story = desk.make("Story", Name="a")
        desk.change(story, Name="b", comment="why 'not'")
        assert "why 'not'" == desk.get(story, "ChangeComment")
        desk.clock.pass_days(2)
        desk.engine.update("Story", int(story[6:]), [Change("Name", "set", "c")], member=ann)
        assert (ann, None) == (desk.get(story, "ChangedBy"), desk.get(story, "ChangeComment"))
        assert "2024-05-03T12:00:00.000" == desk.get(story, "ChangeDate")
        assert "2024-05-01T12:00:00.000" == desk.get(story, "CreateDate")
        assert "why 'not'" == desk.get(story, "MyLastChangeComment")
        assert "why 'not'" == desk.get(story, "Prior.ChangeComment")


class TestRanks:
    def order(self, desk: Desk) -> list[str]:
        return [row.values["Name"] for row in desk.ask("Story", "Name", sort="Order").rows]

    @pytest.fixture
    def stories(self, desk: Desk) -> dict[str, str]:
        return {name: desk.make("Story", Name=name) for name in "abcd"}

    def test_plus_is_right_after_and_minus_right_before(self, desk: Desk, stories: dict[str, str]) -> None:
        desk.change(stories["d"], Order=f"{desk.get(stories['a'], 'Order')}+")
        assert ["a", "d", "b", "c"] == self.order(desk)
        desk.change(stories["c"], Order=f"{desk.get(stories['a'], 'Order')}-")
        assert ["c", "a", "d", "b"] == self.order(desk)
        desk.change(stories["c"], Order=f"{desk.get(stories['b'], 'Order')}+")
        assert ["a", "d", "b", "c"] == self.order(desk)

    def test_there_is_room_however_often_one_place_is_used(self, desk: Desk, stories: dict[str, str]) -> None:
        expected = ["a", "b", "c", "d"]
        for turn in range(40):
            name = "bcd"[turn % 3]
            desk.change(stories[name], Order=f"{desk.get(stories['a'], 'Order')}+")
            expected.remove(name)
            expected.insert(1, name)
            assert expected == self.order(desk)
        ranks = [row.values["Order"] for row in desk.ask("Story", "Order").rows]
        assert 4 == len(set(ranks))

    def test_being_there_already_changes_nothing(self, desk: Desk, stories: dict[str, str]) -> None:
        moment = desk.get(stories["b"], "Moment")
        assert moment == desk.change(stories["b"], Order=f"{desk.get(stories['a'], 'Order')}+")
        assert moment == desk.change(stories["b"], Order=f"{desk.get(stories['b'], 'Order')}+")


class TestTemplates:
    def new_from_template(self, desk: Desk, type_name: str, context: str | None) -> dict[str, object]:
        return {
            change.name: change.value.oid if isinstance(change.value, Ref) else change.value
            for change in desk.engine.template(type_name, context, member="Member:20")
        }

    def test_without_a_context_nothing_is_suggested(self, desk: Desk) -> None:
        assert {} == self.new_from_template(desk, "Story", None)

    def test_a_project_suggests_itself(self, desk: Desk) -> None:
        assert {"Scope": "Scope:0"} == self.new_from_template(desk, "Story", "Scope:0")
        assert {"Parent": "Scope:0", "BeginDate": "2024-05-01"} == self.new_from_template(desk, "Scope", "Scope:0")

    def test_a_project_made_with_a_name_alone_is_accepted_in_its_context(self, desk: Desk) -> None:
        schedule = desk.make("Schedule", Name="s", TimeboxLength="2 Weeks", TimeboxGap="1 Days")
        project = desk.make("Scope", ctx="Scope:0", Name="new", Schedule=schedule)
        assert ("Scope:0", "2024-05-01") == (desk.get(project, "Parent"), desk.get(project, "BeginDate")[:10])
        box = desk.make("Timebox", ctx=project, Name="first")
        assert (schedule, "2024-05-15") == (desk.get(box, "Schedule"), desk.get(box, "EndDate")[:10])

    def test_a_project_without_a_schedule_suggests_nothing_for_an_iteration(self, desk: Desk) -> None:
        assert {} == self.new_from_template(desk, "Timebox", "Scope:0")

    def test_every_required_value_that_can_be_known_is_suggested(self, desk: Desk) -> None:
        story = desk.make("Story")
        member = desk.make("Member", Name="m", Nickname="m", DefaultRole="Role:4")
        plan = desk.make("RegressionPlan", Name="p", Scope="Scope:0")
        suite = desk.make("RegressionSuite", Name="s", RegressionPlan=plan)
        project = desk.make("BuildProject", Name="b", Reference="b")
        today = "2024-05-01"
        effort = {"Workitem": story, "Scope": "Scope:0", "Date": today, "Member": "Member:20"}
        assert effort == self.new_from_template(desk, "Actual", story)
        assert {"Member": member, "Role": "Role:4"} == self.new_from_template(desk, "Grant", member)
        assert {"Scope": "Scope:0"} == self.new_from_template(desk, "Grant", "Scope:0")
        assert {"RegressionSuite": suite, "Scope": "Scope:0"} == self.new_from_template(desk, "TestSet", suite)
        assert {"BuildProject": project, "Date": today} == self.new_from_template(desk, "BuildRun", project)
        assert {"Mentions": story, "Author": "Member:20"} == self.new_from_template(desk, "Expression", story)

    def test_who_asks_is_who_is_suggested(self, desk: Desk) -> None:
        member = desk.make("Member", Name="m", Nickname="m", DefaultRole="Role:4")
        story = desk.make("Story")
        suggested = desk.engine.template("Actual", story, member=member)
        assert Change("Member", "set", Ref(member)) in suggested

    def test_a_request_hands_over_its_words_and_is_related(self, desk: Desk) -> None:
        request = desk.make("Request", Name="Bigger fields", Description="please")
        expected = {"Requests": request, "Name": "Bigger fields", "Description": "please", "Scope": "Scope:0"}
        assert expected == self.new_from_template(desk, "Story", request)
        assert "add" == desk.engine.template("Story", request, member="Member:20")[0].act

    def test_an_epic_hands_over_its_words_and_is_above(self, desk: Desk) -> None:
        epic = desk.make("Epic", Name="Big", Description="very")
        story = desk.make("Story", ctx=epic, Description="small")
        assert ("Big", "small", epic, "Scope:0") == tuple(
            desk.get(story, n) for n in ("Name", "Description", "Super", "Scope")
        )

    def test_a_story_is_the_parent_of_tasks_and_the_asset_of_notes(self, desk: Desk) -> None:
        story = desk.make("Story")
        assert {"Parent": story} == self.new_from_template(desk, "Task", story)
        for type_name in ("Note", "Link", "Attachment"):
            assert {"Asset": story} == self.new_from_template(desk, type_name, story)

    def test_a_schedule_suggests_the_dates_of_its_next_iteration(self, desk: Desk) -> None:
        schedule = desk.make("Schedule", Name="s", TimeboxLength="2 Weeks", TimeboxGap="1 Days")
        expected = {"Schedule": schedule, "State": "State:100", "BeginDate": "2024-05-01", "EndDate": "2024-05-15"}
        assert expected == self.new_from_template(desk, "Timebox", schedule)
        desk.make("Timebox", ctx=schedule, Name="first")
        assert "2024-05-16" == self.new_from_template(desk, "Timebox", schedule)["BeginDate"]

    @pytest.mark.parametrize("context", ["Scope:9999", "NULL"])
    def test_a_context_that_is_not_there_is_refused(self, desk: Desk, context: str) -> None:
        with pytest.raises(Problem, match="Invalid CTX parameter"):
            desk.engine.template("Story", context, member="Member:20")


class TestStorage:
    def test_bytes_are_kept_per_asset(self, desk: Desk) -> None:
        story = desk.make("Story")
        attachment = desk.make("Attachment", Name="n", Filename="f", ContentType="text/plain", Content="", Asset=story)
        assert desk.engine.read_blob(attachment) is None
        desk.engine.write_blob(attachment, b"\x00\xff")
        assert b"\x00\xff" == desk.engine.read_blob(attachment)
        assert "AP8=" == desk.get(attachment, "Content")
        desk.do(attachment, "Delete")
        assert desk.engine.read_blob(attachment) is None

    def test_a_file_keeps_everything(self, tmp_path: Any) -> None:
        from assetmeta.sandbox.versionone.catalogue import catalogue
        from assetmeta.sandbox.versionone.engine import Engine
        from assetmeta.sandbox.versionone.requests import Query

        path = str(tmp_path / "instance.db")
        engine = Engine(catalogue(), path, clock=lambda: datetime(2024, 1, 1, tzinfo=UTC))
        changes = [Change("Name", "set", "kept"), Change("Scope", "set", "Scope:0")]
        made = engine.create("Story", changes, member="Member:20").asset
        engine.close()
        engine = Engine(catalogue(), path)
        assert [made] == [row.asset for row in engine.select(Query("Story")).rows]
        following = engine.create("Story", changes, member="Member:20").asset
        assert int(made[6:]) + 1 == int(following[6:])
        engine.close()

    def test_new_instances_begin_alike_and_share_nothing(self, tmp_path: Any) -> None:
        from assetmeta.sandbox.versionone.catalogue import catalogue
        from assetmeta.sandbox.versionone.engine import Engine

        def contents(engine: Engine) -> list[list[tuple[object, ...]]]:
            tables = ("record", "link", "moment", "blob", "counter", "sqlite_stat1")
            return [engine._store.rows(f"SELECT * FROM {table} ORDER BY rowid") for table in tables]

        engines = [Engine(catalogue()), Engine(catalogue()), Engine(catalogue(), str(tmp_path / "instance.db"))]
        shipped = contents(engines[0])
        assert all(shipped[0]) and [shipped] * 3 == [contents(engine) for engine in engines]
        changes = [Change("Name", "set", "mine"), Change("Scope", "set", "Scope:0")]
        for engine in engines[1:]:
            engine.create("Story", changes, member="Member:20")
            assert shipped != contents(engine)
        assert shipped == contents(engines[0]) == contents(Engine(catalogue()))
        for engine in engines:
            engine.close()

    def test_writers_in_many_threads_take_distinct_moments(self, desk: Desk) -> None:
        from concurrent.futures import ThreadPoolExecutor

        story = desk.make("Story", Estimate=0)
        with ThreadPoolExecutor(8) as pool:
            moments = list(pool.map(lambda n: desk.change(story, Estimate=n), range(1, 101)))
        assert 100 == len(set(moments))
        records = desk.engine._store.rows("SELECT since, until FROM record WHERE asset = ? ORDER BY since", (story,))
        assert [since for since, _ in records[1:]] + [FOREVER] == [until for _, until in records]
