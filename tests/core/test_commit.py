"""Plans, commits and their outcomes."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from assetmeta.core.inspect import inspect
from assetmeta.model.errors import BadValue, CommitError, NotFound, Rejected, UnknownName, UsageError
from assetmeta.model.ordering import in_order
from assetmeta.model.plans import AttributeChange, Create, Delete, Done, Failed, Skipped, Unknown, Update
from assetmeta.model.values import UNREAD, Oid
from core.fake import Bench


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.stories(6)
    bench.add("Member:20", Name="M20", Owned=())
    return bench


def test_a_plan_tells_before_and_after_and_sends_nothing(bench: Bench) -> None:
    story = bench.Story(2)
    assert story.Name == "Story 2"
    before = bench.requests
    story.Estimate = 5
    story.Owners.add(bench.Member(20))
    bench.Story.new(Name="New one", Super=bench.Epic(500))
    assert str(bench.unit.plan()).splitlines() == [
        "2 changes: 1 create, 1 update",
        "  create Story:new-1 'New one'",
        "      Name   → 'New one'",
        "      Super  → Epic:500",
        "  update Story:2 'Story 2'",
        "      Estimate  1 → 5",
        "      Owners    + Member:20",
    ]
    assert before == bench.requests


def test_a_commit_lands_and_the_report_is_falsy(bench: Bench) -> None:
    story = bench.Story(2)
    story.Estimate = 5
    report = bench.writer.commit()
    assert not report
    assert list(report) == []
    assert repr(report) == "<Report 1 done>"
    assert len(bench.unit) == 0
    assert bench.backend.assets[Oid("Story", 2)]["Estimate"] == "5"


def test_written_values_are_loaded_and_computed_ones_forgotten(bench: Bench) -> None:
    bench.backend.assets[Oid("Story", 2)]["Number"] = "S-2"
    story = bench.Story(2)
    assert ("S-2", Decimal(1)) == (story.Number, story.Estimate)
    story.Estimate = 5
    bench.writer.commit()
    before = bench.requests
    assert Decimal(5) == story.Estimate
    assert before == bench.requests
    assert inspect(story).would_fetch("Number")


def test_the_far_side_of_a_changed_relation_is_forgotten(bench: Bench) -> None:
    member, story = bench.Member(20), bench.Story(2)
    assert len(member.Owned) == 0
    assert not inspect(member).would_fetch("Owned")
    story.Owners.add(member)
    bench.writer.commit()
    assert inspect(member).would_fetch("Owned")


def test_a_new_asset_gets_its_identity_by_the_commit(bench: Bench) -> None:
    story = bench.Story.new(Name="New one")
    assert story._state.oid.is_new
    bench.writer.commit()
    assert story.idref == "Story:1001"
    assert story is bench.Story(1001)
    assert story.Number == "N-1001"


def test_new_assets_may_refer_to_each_other_in_any_order(bench: Bench) -> None:
    first = bench.Story.new(Name="first")
    second = bench.Epic.new(Name="second")
    first.Super = second
    assert not bench.writer.commit()
    assert first.Super is second
    assert [change.oid.type for change in bench.backend.written] == ["Epic", "Story"]


def test_a_circle_of_new_assets_is_cut_by_an_update(bench: Bench) -> None:
    first, second = bench.Story.new(Name="first"), bench.Story.new(Name="second")
    first.Twin, second.Twin = second, first
    assert [Create, Create, Update] == [type(change) for change in bench.unit.plan()]
    assert not bench.writer.commit()
    assert first.Twin is second
    assert second.Twin is first
    assert second._state.oid == bench.backend.assets[first._state.oid]["Twin"]
    assert len(bench.unit) == 0


def test_deletes_come_last(bench: Bench) -> None:
    bench.unit.delete(bench.Story(3))
    bench.Story(2).Estimate = 5
    assert [Update, Delete] == [type(change) for change in bench.unit.plan()]
    assert not bench.writer.commit()
    with pytest.raises(NotFound, match="Story:3 was deleted"):
        bench.Story(3).Name


def test_a_failed_change_stays_pending_with_its_error(bench: Bench) -> None:
    for number in range(1, 7):
        bench.Story(number).Estimate = 50
    bench.backend.refuse.add("Story:3")
    report = bench.writer.commit()
    assert (len(report.done), len(report.failed)) == (5, 1)
    [error] = report
    assert isinstance(error, Rejected)
    assert error is inspect(bench.Story(3)).error
    assert Decimal(50) == bench.Story(3).Estimate
    assert len(bench.unit) == 1
    bench.backend.refuse.clear()
    assert not bench.writer.commit()
    assert inspect(bench.Story(3)).error is None


def test_a_failed_create_skips_its_dependents(bench: Bench) -> None:
    epic = bench.Epic.new(Name="E")
    story = bench.Story.new(Name="S", Super=epic)
    bench.backend.refuse.add("Epic:new-1")
    report = bench.writer.commit()
    assert [Failed, Skipped] == [type(outcome) for outcome in report.outcomes]
    assert "needs Epic:new-1" in str(report.errors[1])
    bench.backend.refuse.clear()
    assert not bench.writer.commit()
    assert story.Super is epic


def test_a_create_that_landed_is_known_by_its_real_identity_to_what_failed(bench: Bench) -> None:
    epic = bench.Epic.new(Name="E")
    story = bench.Story.new(Name="S", Super=epic)
    bench.backend.refuse.add("Story:new-2")
    bench.writer.commit()
    assert (AttributeChange("Name", None, "S"), AttributeChange("Super", None, epic._state.oid)) == inspect(
        story
    ).changes
    assert not epic._state.oid.is_new


def test_an_unanswered_update_is_not_sent_again_when_it_has_landed(bench: Bench) -> None:
    bench.Story(2).Estimate = 5
    bench.backend.lose_applied.add("Story:2")
    report = bench.writer.commit()
    assert [Unknown] == [type(outcome) for outcome in report.outcomes]
    assert len(bench.unit) == 1
    assert not bench.writer.commit()
    assert len(bench.backend.written) == 1
    assert len(bench.unit) == 0


def test_an_unanswered_update_is_sent_again_when_it_has_not_landed(bench: Bench) -> None:
    bench.Story(2).Estimate = 5
    bench.backend.lose.add("Story:2")
    assert bench.writer.commit()
    bench.backend.lose.clear()
    assert not bench.writer.commit()
    assert len(bench.backend.written) == 2
    assert bench.backend.assets[Oid("Story", 2)]["Estimate"] == "5"


def test_an_unanswered_create_waits_for_the_users_word(bench: Bench) -> None:
    story = bench.Story.new(Name="once")
    bench.backend.lose_applied.add("Story:new-1")
    assert len(bench.writer.commit().unknown) == 1
    assert len(bench.writer.commit().unknown) == 1
    assert len(bench.backend.written) == 1
    bench.backend.lose_applied.clear()
    inspect(story).retry()
    assert not bench.writer.commit()
    assert len(bench.backend.written) == 2


def test_an_edit_made_during_the_commit_stays_pending(bench: Bench) -> None:
    story = bench.Story(2)
    story.Estimate = 5
    applied = bench.backend._apply

    def meanwhile(change, real, failed):
        story.Estimate = 6
        return applied(change, real, failed)

    bench.backend._apply = meanwhile
    assert not bench.writer.commit()
    assert Decimal(6) == story.Estimate
    assert len(bench.unit) == 1


def test_create_is_at_once_and_raises_what_the_server_says(bench: Bench) -> None:
    story = bench.Story.create(Name="now")
    assert story.idref == "Story:1001"
    assert len(bench.unit) == 0
    bench.backend.refuse.add("Story:new-2")
    with pytest.raises(Rejected):
        bench.Story.create(Name="never")
    assert len(bench.unit) == 0


def test_create_refuses_to_lean_on_a_pending_asset(bench: Bench) -> None:
    epic = bench.Epic.new(Name="E")
    with pytest.raises(UsageError, match="commit first"):
        bench.Story.create(Name="S", Super=epic)
    assert len(bench.unit) == 1


def test_an_operation_makes_the_asset_stale_and_keeps_edits(bench: Bench) -> None:
    story = bench.Story(2)
    assert story.Name == "Story 2"
    story.Estimate = 5
    assert story is story.Close()
    assert inspect(story).would_fetch("Name")
    assert Decimal(5) == story.Estimate


def test_a_report_raises_with_itself_attached(bench: Bench) -> None:
    bench.Story(2).Estimate = 5
    bench.backend.refuse.add("Story:2")
    report = bench.writer.commit()
    with pytest.raises(CommitError, match="0 done, 1 failed\n  Story:2: Story:2 was refused") as caught:
        report.raise_if_failed()
    assert report is caught.value.report


def test_the_order_of_a_plan_is_that_of_its_input_where_it_can_be() -> None:
    one, two, three = Oid("A", "new-1"), Oid("A", "new-2"), Oid("A", 3)
    update = Update(three, (AttributeChange("x", UNREAD, one),))
    changes = [update, Delete(Oid("A", 9)), Create(one, (AttributeChange("y", None, two),)), Create(two, ())]
    assert [changes[3], changes[2], changes[0], changes[1]] == in_order(changes)


def test_every_change_has_exactly_one_outcome(bench: Bench) -> None:
    bench.Story(1).Estimate = 5
    bench.Story(2).Estimate = 5
    report = bench.writer.commit()
    assert list(bench.backend.written) == [outcome.change for outcome in report.outcomes]
    assert all(isinstance(outcome, Done) for outcome in report.outcomes)


NEVER_READ = {
    "add": (lambda story: story.Owners.add("Member:21", "Member:22"), "Owners", [20, 21, 22]),
    "remove": (lambda story: story.Owners.remove("Member:20"), "Owners", []),
    "both": (lambda story: (story.Owners.add("Member:21"), story.Owners.remove("Member:20")), "Owners", [21]),
}


@pytest.mark.parametrize("edit, name, wanted", NEVER_READ.values(), ids=NEVER_READ)
@pytest.mark.parametrize("conflicts", ["overwrite", "error", "merge"])
def test_members_that_were_edited_without_being_read_are_all_there_after_the_commit(
    bench: Bench, conflicts: str, edit: Callable[[Any], object], name: str, wanted: list[int]
) -> None:
    for number in (21, 22):
        bench.add(f"Member:{number}", Name=f"M{number}")
    bench.backend.assets[Oid("Story", 1)]["Owners"] = (Oid("Member", 20),)
    story = bench.Story(1)
    edit(story)
    assert not bench.writer.commit(conflicts=conflicts)
    assert wanted == [member.intid for member in story[name]]
    assert not len(bench.unit)


def test_values_that_were_added_without_being_read_are_all_there_after_the_commit(bench: Bench) -> None:
    bench.backend.assets[Oid("Story", 1)]["Tags"] = ("red", "blue")
    story = bench.Story(1)
    story.Tags.add("green")
    story.Tags.remove("blue")
    assert not bench.writer.commit()
    assert ["red", "green"] == story.Tags


@pytest.mark.parametrize("conflicts", ["overwrite", "error", "merge"])
def test_a_delete_commits_under_every_policy(bench: Bench, conflicts: str) -> None:
    story, other = bench.Story(1), bench.Story(2)
    assert (story.Name, other.Name) == ("Story 1", "Story 2")
    bench.unit.delete(story)
    other.Name = "kept"
    report = bench.writer.commit(conflicts=conflicts)
    assert [Done, Done] == [type(outcome) for outcome in report.outcomes]
    assert Oid("Story", 1) not in bench.backend.assets
    assert bench.backend.assets[Oid("Story", 2)]["Name"] == "kept"
    assert not len(bench.unit)


@pytest.mark.parametrize("conflicts", ["overwrite", "error", "merge"])
@pytest.mark.parametrize("first", ["edit", "delete"])
def test_an_asset_that_was_edited_and_deleted_is_one_delete(bench: Bench, first: str, conflicts: str) -> None:
    story = bench.Story(1)
    story.Name = "before"
    bench.unit.delete(story)
    if first == "delete":
        story.Estimate = 7
    assert (Delete(Oid("Story", 1)),) == bench.unit.plan().changes
    assert len(bench.unit) == 1
    assert not bench.writer.commit(conflicts=conflicts)
    assert [Delete(Oid("Story", 1))] == bench.backend.written
    assert not len(bench.unit)
    with pytest.raises(NotFound):
        story.Name


def test_a_report_of_what_landed_raises_nothing(bench: Bench) -> None:
    bench.Story(2).Estimate = 5
    report = bench.writer.commit()
    report.raise_if_failed()
    assert (len(report), list(report), report.errors) == (0, [], [])
    bench.writer.commit().raise_if_failed()


def test_a_long_report_shows_ten_and_counts_the_rest(bench: Bench) -> None:
    for number in range(1, 13):
        bench.add(f"Story:{number}", Name="x")
        bench.Story(number).Estimate = 5
        bench.backend.refuse.add(f"Story:{number}")
    report = bench.writer.commit()
    assert len(report) == 12
    lines = str(report).splitlines()
    assert len([line for line in lines if "was refused" in line]) == 10
    assert lines[-1] == "  … and 2 more"
    bench.backend.refuse -= {"Story:11", "Story:12"}
    assert "more" not in str(bench.writer.commit())


def test_a_new_asset_with_a_wrong_value_is_none(bench: Bench) -> None:
    with pytest.raises(BadValue):
        bench.Story.new(Name="half", Estimate="many")
    with pytest.raises(UnknownName):
        bench.Story.new(Name="half", Estimat=1)
    assert not len(bench.unit)
    assert bench.unit.plan().changes == ()
    assert not bench.writer.commit()
    assert bench.backend.written == []


@pytest.mark.parametrize(("wanted", "removed"), [((20, 22), {21}), ((20, 21), {22}), ((20, 21, 22), set())])
def test_members_that_are_assigned_while_another_is_on_its_way(wanted: tuple[int, ...], removed: set[int]) -> None:
    bench = Bench()
    for key in (20, 21, 22):
        bench.add(f"Member:{key}", Name=f"M{key}")
    bench.add("Story:1", Name="one", Owners=(Oid("Member", 20), Oid("Member", 21)))
    story = bench.Story(1)
    assert len(story.Owners) == 2
    story.Owners.add(bench.Member(22))
    bench.backend.meanwhile += [lambda: setattr(story, "Owners", [bench.Member(key) for key in wanted])]
    assert not bench.writer.commit()
    assert {oid.key for change in bench.unit.plan() for delta in change.deltas for oid in delta.removed} == removed
    assert not bench.writer.commit()
    # To add a member again does nothing on a server.
    assert {oid.key for oid in bench.backend.assets[Oid("Story", 1)]["Owners"]} == set(wanted)
    assert [owner.intid for owner in story.Owners] == list(wanted)
    assert len(bench.unit) == 0
