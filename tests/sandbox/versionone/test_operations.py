"""Operations: what each one does, when it is allowed, and what it returns."""

from __future__ import annotations

from typing import Any

import pytest

from assetmeta.sandbox.versionone import operations
from assetmeta.sandbox.versionone.catalogue import catalogue
from assetmeta.sandbox.versionone.problems import Problem

Desk = Any


@pytest.fixture
def story(desk: Desk) -> str:
    made = desk.make("Story", Name="Login", Description="d", Estimate=3, Owners=["Member:20"], TaggedWith=["x"])
    desk.make("Task", Name="code", Parent=made, ToDo=4)
    desk.make("Test", Name="try", Parent=made, Steps="1.")
    return str(made)


def test_every_operation_of_the_schema_has_an_effect_and_a_validator_that_exists() -> None:
    for kind in catalogue().types.values():
        for each in kind.operations.values():
            assert operations.effect_of(kind, each.name) is not None
            assert each.validator is None or each.validator in kind.attributes


class TestRefused:
    @pytest.mark.parametrize("operation", ["Nonexistent", "delete", "GenerateSubEpic"])
    def test_an_unknown_operation_is_named(self, desk: Desk, story: str, operation: str) -> None:
        with pytest.raises(Problem) as caught:
            desk.do(story, operation)
        assert (400, f"Unknown Operation 'Story.{operation}'") == (caught.value.status, caught.value.message)

    def test_a_missing_asset_is_not_found(self, desk: Desk) -> None:
        with pytest.raises(Problem) as caught:
            desk.do("Story:99999", "Delete")
        assert 404 == caught.value.status

    @pytest.mark.parametrize(
        ("oid", "operation"),
        [("Scope:0", "Delete"), ("Member:20", "Delete"), ("Scope:0", "Reactivate"), ("Scope:0", "ConvertToTeam")],
    )
    def test_an_operation_that_its_validator_forbids_is_refused(self, desk: Desk, oid: str, operation: str) -> None:
        moment = desk.get(oid, "Moment")
        validator = desk.engine.catalogue.types[oid.partition(":")[0]].operations[operation].validator
        assert desk.get(oid, validator) is False
        with pytest.raises(Problem) as caught:
            desk.do(oid, operation)
        assert (400, moment) == (caught.value.status, desk.get(oid, "Moment"))

    def test_a_validator_follows_the_state(self, desk: Desk, story: str) -> None:
        assert (True, False) == (desk.get(story, "CheckInactivate"), desk.get(story, "CheckReactivate"))
        desk.do(story, "Inactivate")
        assert (False, True) == (desk.get(story, "CheckInactivate"), desk.get(story, "CheckReactivate"))
        with pytest.raises(Problem, match="Violation'NotAllowed'Story.Inactivate"):
            desk.do(story, "Inactivate")


class TestStates:
    def test_delete_and_undelete_restore_the_state_before(self, desk: Desk, story: str) -> None:
        desk.do(story, "Inactivate")
        assert story == desk.do(story, "Delete")
        assert [] == desk.ids("Story")
        assert story == desk.do(story, "Undelete")
        assert 128 == desk.get(story, "AssetState")
        with pytest.raises(Problem):
            desk.do(story, "Undelete")

    def test_each_operation_is_one_moment_and_its_reason(self, desk: Desk, story: str) -> None:
        before = desk.engine._store.number("SELECT MAX(number) FROM moment")
        written = desk.engine.execute("Workitem", int(story[6:]), "Delete", member="Member:20")
        assert f"{story}:{before + 1}" == written.oid

    def test_quick_close_leaves_nothing_to_do(self, desk: Desk, story: str) -> None:
        (task,) = desk.get(story, "Children:Task")
        desk.do(task, "QuickClose")
        assert (0, 128, "QuickClose") == tuple(desk.get(task, name) for name in ("ToDo", "AssetState", "ChangeReason"))

    def test_quick_signup_adds_the_caller_once(self, desk: Desk) -> None:
        story = desk.make("Story")
        desk.do(story, "QuickSignup")
        assert ["Member:20"] == desk.get(story, "Owners")
        assert desk.get(story, "CheckQuickSignup") is False

    def test_an_iteration_goes_through_its_states(self, desk: Desk) -> None:
        schedule = desk.make("Schedule", Name="s", TimeboxLength="1 Weeks", TimeboxGap="0 Days")
        timebox = desk.make("Timebox", ctx=schedule, Name="t")
        seen = []
        for operation in ("Activate", "Close", "Reactivate", "MakeFuture"):
            desk.do(timebox, operation)
            seen.append((desk.get(timebox, "AssetState"), desk.get(timebox, "State.Code")))
        assert [(64, "ACTV"), (128, "CLSD"), (64, "ACTV"), (0, "FUTR")] == seen

    def test_list_rows_are_switched_off_and_on(self, desk: Desk) -> None:
        desk.do("StoryStatus:133", "Inactivate")
        assert [128, True] == [desk.get("StoryStatus:133", name) for name in ("AssetState", "Inactive")]
        desk.do("StoryStatus:133", "Activate")
        assert 64 == desk.get("StoryStatus:133", "AssetState")


class TestCopies:
    def test_a_copy_has_the_values_and_links_but_its_own_number_and_rank(self, desk: Desk, story: str) -> None:
        copy = desk.do(story, "Copy")
        same = ("Name", "Description", "Estimate", "Owners", "TaggedWith", "Scope")
        assert [desk.get(story, name) for name in same] == [desk.get(copy, name) for name in same]
        assert "S-01002" == desk.get(copy, "Number")
        assert desk.get(story, "Order") < desk.get(copy, "Order")
        assert [] == desk.get(copy, "Children")

    def test_a_deep_copy_has_copies_of_the_children(self, desk: Desk, story: str) -> None:
        copy = desk.do(story, "DeepCopy")
        assert ["code", "try"] == desk.get(copy, "Children.Name")
        assert 2 == desk.get(story, "Children.@Count")

    def test_a_template_is_a_copy_in_a_dead_state(self, desk: Desk, story: str) -> None:
        made = desk.do(story, "MakeTemplate")
        assert (200, 64) == (desk.get(made, "AssetState"), desk.get(story, "AssetState"))
        assert [made] == desk.ids("Story", "AssetState='Dead'")
        assert [story] == desk.ids("Story", "AssetState!='Dead'")

    def test_a_split_moves_open_children_to_the_rest(self, desk: Desk, story: str) -> None:
        task, test = desk.get(story, "Children")
        desk.do(task, "Inactivate")
        rest = desk.do(story, "Split")
        assert (story, [rest]) == (desk.get(rest, "SplitFrom"), desk.get(story, "SplitTo"))
        assert ([task], [test]) == (desk.get(story, "Children"), desk.get(rest, "Children"))


class TestEpics:
    def test_a_generated_story_has_what_the_epic_gives(self, desk: Desk) -> None:
        epic = desk.make("Epic", Name="Big", Description="d")
        story, below = desk.do(epic, "GenerateSubStory"), desk.do(epic, "GenerateSubEpic")
        assert ("Big", epic, "Scope:0") == tuple(desk.get(story, name) for name in ("Name", "Super", "Scope"))
        assert [story, below] == desk.get(epic, "Subs")

    def test_a_story_becomes_an_epic_and_a_story_again(self, desk: Desk, story: str) -> None:
        epic = desk.do(story, "StoryToEpic")
        assert ("Login", "Scope:0") == (desk.get(epic, "Name"), desk.get(epic, "Scope"))
        assert (208, epic) == (desk.get(story, "AssetState"), desk.get(story, "Super"))
        assert epic == desk.get(desk.do(story, "GenerateSubStory"), "Super")
        desk.do(story, "EpicToStory")
        assert 64 == desk.get(story, "AssetState")


class TestOthers:
    def test_acceptance_tests_are_copied_from_the_regression_suite(self, desk: Desk) -> None:
        plan = desk.make("RegressionPlan", Name="plan", Scope="Scope:0")
        suite = desk.make("RegressionSuite", Name="suite", RegressionPlan=plan)
        tests = [desk.make("RegressionTest", Name=name, Steps=name, RegressionSuites=[suite]) for name in "ab"]
        testset = desk.make("TestSet", Name="set", Scope="Scope:0", RegressionSuite=suite)
        assert testset == desk.do(testset, "CopyAcceptanceTestsFromRegressionSuite")
        assert tests == desk.get(testset, "Children:Test.GeneratedFrom")
        assert ["a", "b"] == desk.get(testset, "Children:Test.Steps")

    def test_a_project_becomes_a_team_of_its_open_work(self, desk: Desk) -> None:
        project = desk.make("Scope", Name="Crew", Parent="Scope:0", BeginDate="2024-01-01")
        story = desk.make("Story", Scope=project)
        team = desk.do(project, "ConvertToTeam")
        assert ("Crew", team) == (desk.get(team, "Name"), desk.get(story, "Team"))

    def test_roles_are_assigned_from_both_sides_and_replaced(self, desk: Desk) -> None:
        member = desk.make("Member", Name="Ann", Nickname="A", DefaultRole="Role:4")
        assert "Scope:0" == desk.do("Scope:0", "AssignMemberWithRole", Member=member, Role="Role:3", IsOwner=True)
        assert member == desk.do(member, "AssignToScopeWithRole", Scope="Scope:0", Role="Role:7", IsOwner="false")
        assert ["Role:7"] == desk.get(member, "Grants.Role")
        assert [False] == desk.get(member, "Grants.IsOwner")
        assert ["Scope:0"] == desk.get(member, "Scopes")
        for arguments in ({"Member": member}, {"Role": "Role:3"}):
            with pytest.raises(Problem, match="Violation'Required'Scope"):
                desk.do("Scope:0", "AssignMemberWithRole", **arguments)

    def test_a_message_is_received_read_and_archived(self, desk: Desk) -> None:
        message = desk.make("Message", Name="hello", Recipients=["Member:20"])
        desk.do(message, "Send")
        assert desk.get(message, "CheckSend") is False
        (receipt,) = desk.get(message, "Receipts")
        seen = []
        for operation in ("MarkAsRead", "MarkAsArchived", "MarkAsUnread", "MarkAsUnarchived"):
            desk.do(receipt, operation)
            seen.append((desk.get(receipt, "IsRead"), desk.get(receipt, "IsArchived")))
        assert [(True, False), (True, True), (False, True), (False, False)] == seen
        with pytest.raises(Problem):
            desk.do(receipt, "MarkAsUnread")
