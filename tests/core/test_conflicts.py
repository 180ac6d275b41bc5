"""Was, mine, theirs: what a commit does about changes of somebody else."""

from __future__ import annotations

from decimal import Decimal

import pytest

from assetmeta.core.conflicts import Clash
from assetmeta.core.inspect import inspect
from assetmeta.model.errors import BadValue, Conflict
from assetmeta.model.plans import Done, Failed
from assetmeta.model.values import Oid
from core.fake import Bench


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.stories(30)
    for number in (20, 21, 22):
        bench.add(f"Member:{number}", Name=f"M{number}")
    return bench


def changed(bench: Bench, number: int, **values: object) -> None:
    bench.backend.assets[Oid("Story", number)].update(values)


def test_the_same_attribute_moved_is_a_clash_with_was_mine_and_theirs(bench: Bench) -> None:
    story = bench.Story(3)
    assert story.Estimate == Decimal(2)
    story.Estimate = 5
    changed(bench, 3, Estimate="8")
    [error] = bench.writer.commit(conflicts="error")
    assert isinstance(error, Conflict)
    assert error.clashes == (Clash("Estimate", Decimal(2), Decimal(5), Decimal(8)),)
    assert "Estimate was 2, you want 5, and now it is 8" in str(error)
    assert bench.backend.written == []
    assert story.Estimate == Decimal(5)
    assert inspect(story).error is error


def test_running_the_same_commit_again_still_refuses(bench: Bench) -> None:
    story = bench.Story(3)
    assert story.Estimate == Decimal(2)
    story.Estimate = 5
    changed(bench, 3, Estimate="8")
    assert bench.writer.commit(conflicts="error")
    assert bench.writer.commit(conflicts="error")
    assert not bench.writer.commit(conflicts="overwrite")
    assert bench.backend.assets[Oid("Story", 3)]["Estimate"] == "5"


def test_another_attribute_moved_is_no_clash(bench: Bench) -> None:
    story = bench.Story(3)
    assert story.Estimate == Decimal(2)
    story.Estimate = 5
    changed(bench, 3, Name="theirs")
    assert not bench.writer.commit(conflicts="error")


def test_the_same_change_by_both_is_no_clash(bench: Bench) -> None:
    story = bench.Story(3)
    assert story.Estimate == Decimal(2)
    story.Estimate = 5
    changed(bench, 3, Estimate="5.0")
    assert not bench.writer.commit(conflicts="error")


def test_what_was_never_read_cannot_clash(bench: Bench) -> None:
    bench.Story(3).Estimate = 5
    changed(bench, 3, Estimate="8")
    assert not bench.writer.commit(conflicts="error")


def test_merge_lands_the_rest_and_keeps_the_clash_pending(bench: Bench) -> None:
    story = bench.Story(3)
    assert (story.Estimate, story.Name) == (Decimal(2), "Story 3")
    story.Estimate, story.Name = 5, "mine"
    changed(bench, 3, Estimate="8")
    report = bench.writer.commit(conflicts="merge")
    assert [type(outcome) for outcome in report.outcomes] == [Done, Failed]
    assert bench.backend.assets[Oid("Story", 3)]["Name"] == "mine"
    assert [delta.name for delta in inspect(story).changes] == ["Estimate"]
    assert isinstance(inspect(story).error, Conflict)


def test_members_of_a_relation_clash_as_a_whole(bench: Bench) -> None:
    changed(bench, 3, Owners=(Oid("Member", 20),))
    story = bench.Story(3)
    assert len(story.Owners) == 1
    story.Owners.add(bench.Member(21))
    changed(bench, 3, Owners=(Oid("Member", 20), Oid("Member", 22)))
    [error] = bench.writer.commit(conflicts="error")
    assert "Owners was [Member:20], you want [Member:20, Member:21], and now it is [Member:20, Member:22]" in str(error)


def test_the_check_reads_exactly_the_changed_attributes_in_chunks(bench: Bench) -> None:
    stories = list(bench.query("Story").page(size=25))
    for story in stories:
        story.Estimate = 50
    before = len(bench.backend.fetched)
    assert not bench.writer.commit(conflicts="error")
    reads = bench.backend.fetched[before:]
    assert [len(fetch.oids) for fetch in reads] == [10, 10, 5]
    assert {str(path) for fetch in reads for path in fetch.select} == {"Estimate"}


def test_an_unknown_policy_is_refused_and_sends_nothing(bench: Bench) -> None:
    bench.Story(3).Estimate = 5
    with pytest.raises(BadValue, match="overwrite, error, merge"):
        bench.writer.commit(conflicts="ask")
    assert bench.requests == 0


def test_merge_adds_to_the_members_that_are_there_now(bench: Bench) -> None:
    changed(bench, 3, Owners=(Oid("Member", 20),))
    story = bench.Story(3)
    assert len(story.Owners) == 1
    story.Owners.add(bench.Member(21))
    changed(bench, 3, Owners=(Oid("Member", 20), Oid("Member", 22)))
    assert not bench.writer.commit(conflicts="merge")
    [written] = bench.backend.written
    assert written.deltas[0].old == (Oid("Member", 20), Oid("Member", 22))
    assert {20, 21, 22} == {oid.key for oid in bench.backend.assets[Oid("Story", 3)]["Owners"]}
    assert [20, 22, 21] == [owner.intid for owner in story.Owners]


@pytest.mark.parametrize("policy, written", [("error", []), ("merge", ["Description"])])
def test_an_attribute_that_was_never_read_does_not_hide_the_clash_of_the_next(
    bench: Bench, policy: str, written: list[str]
) -> None:
    story = bench.Story(3)
    assert story.Estimate == Decimal(2)
    story.Description, story.Estimate = "mine", 5
    changed(bench, 3, Description="theirs", Estimate="8")
    [error] = bench.writer.commit(conflicts=policy)
    assert isinstance(error, Conflict)
    assert error.attribute == "Estimate"
    assert (Clash("Estimate", Decimal(2), Decimal(5), Decimal(8)),) == error.clashes
    assert written == [delta.name for change in bench.backend.written for delta in change.deltas]
    assert story.Estimate == Decimal(5)


def test_of_several_assets_those_that_clash_are_held_back(bench: Bench) -> None:
    stories = [bench.Story(number) for number in (3, 4, 5)]
    for story in stories:
        assert story.Estimate is not None
        story.Estimate = 50
    changed(bench, 4, Estimate="8")
    [error] = bench.writer.commit(conflicts="error")
    assert error.oid == "Story:4"
    assert [3, 5] == [change.oid.key for change in bench.backend.written]
    assert [False, True, False] == [inspect(story).pending for story in stories]


def test_all_clashes_of_an_asset_are_named(bench: Bench) -> None:
    story = bench.Story(3)
    assert (story.Name, story.Estimate) == ("Story 3", Decimal(2))
    story.Name, story.Estimate = "mine", 5
    changed(bench, 3, Name="theirs", Estimate="8")
    [error] = bench.writer.commit(conflicts="error")
    assert isinstance(error, Conflict)
    assert ["Name", "Estimate"] == [clash.name for clash in error.clashes]
    assert "Name was 'Story 3', you want 'mine', and now it is 'theirs'; Estimate was 2" in str(error)
