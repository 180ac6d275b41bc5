"""Twins, circles and slow answers: what must hold when things happen in an unlucky order."""

from __future__ import annotations

import gc

import pytest
from msgspec.structs import replace

from assetmeta import V1Meta
from assetmeta import sandbox as sandboxes
from assetmeta.core.inspect import inspect
from assetmeta.model.errors import BadValue, NotFound, ReadOnly, ResultChanged
from assetmeta.model.plans import Delete, Skipped, Unknown
from assetmeta.model.values import Oid
from core.fake import Bench
from core.test_cohorts_and_identity import created_and_read_early, filled
from core.test_interrupted_commits import breaking, stored


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.stories(20)
    for number in (20, 21):
        bench.add(f"Member:{number}", Name=f"M{number}")
    return bench


def circle(bench):
    first, second = bench.Story.new(Name="first", Owners=["Member:20"]), bench.Story.new(Name="second")
    first.Twin, second.Twin = second, first
    return first, second


def test_circle_with_an_unanswered_first_create_is_created_once(bench):
    circle(bench)
    bench.backend.lose_applied.add("Story:new-1")
    for _ in range(3):
        assert {Unknown, Skipped} == {type(outcome) for outcome in bench.writer.commit().outcomes}
    assert stored(bench, "Story", Name="first") == 1


def test_circle_broken_off_is_not_created_again(bench):
    circle(bench)
    bench.backend.meanwhile += [breaking(KeyboardInterrupt())]
    with pytest.raises(KeyboardInterrupt):
        bench.writer.commit()
    for _ in range(3):
        assert {Unknown, Skipped} >= {type(outcome) for outcome in bench.writer.commit().outcomes}
    assert stored(bench, "Story", Name="first") == 1


def test_02b_circle_unanswered_and_retried_lands(bench):
    first, second = circle(bench)
    bench.backend.lose.add("Story:new-1")
    bench.writer.commit()
    bench.writer.commit()
    assert isinstance(inspect(first).error, Exception)
    bench.backend.lose.clear()
    inspect(first).retry()
    assert not bench.writer.commit()
    assert first.Twin is second and second.Twin is first
    assert len(bench.unit) == 0


def test_member_removed_while_circle_is_created_stays_pending(bench):
    first, _ = circle(bench)
    bench.backend.meanwhile += [lambda: first.Owners.remove(bench.Member(20))]
    assert not bench.writer.commit()
    assert first.Owners == []


def test_both_objects_of_a_new_asset_read_the_same(bench):
    story, early = created_and_read_early(bench)
    assert early.Name == "new"
    story.Name = "renamed"
    assert early.Name == "renamed"


def test_a_new_asset_read_early_is_settled_by_the_commit(bench):
    _story, early = created_and_read_early(bench)
    early.Estimate = 8
    assert not bench.writer.commit()
    assert len(bench.unit) == 0
    assert not bench.writer.commit().outcomes


def test_the_younger_edit_of_the_early_reader_is_sent(bench):
    story, early = created_and_read_early(bench, Name="theirs")
    assert story.Name == early.Name == "theirs"
    assert not bench.writer.commit()
    assert bench.backend.assets[Oid("Story", 1001)]["Name"] == "theirs"


def test_an_early_readers_edit_survives_an_immediate_create(bench):
    bench.backend.meanwhile += [lambda: setattr(bench.Story(1001), "Estimate", 7)]
    bench.Story.create(Name="new")
    assert len(bench.unit) == 1
    assert not bench.writer.commit()
    assert bench.backend.assets[Oid("Story", 1001)]["Estimate"] == "7"


def test_dropped_is_not_revived_by_set(bench):
    story = bench.Story.new(Name="x")
    inspect(story).revert()
    with pytest.raises(ReadOnly):
        story.set(Name="again")
    assert len(bench.unit) == 0


def test_dropped_is_not_revived_by_refresh(bench):
    story = bench.Story.new(Name="x")
    inspect(story).revert()
    inspect(story).refresh()
    with pytest.raises(ReadOnly):
        story.Name = "again"
    assert len(bench.unit) == 0


def test_a_relation_to_a_dropped_asset_is_not_written(bench):
    epic = bench.Epic.new(Name="x")
    bench.Story(1).Super = epic
    inspect(epic).revert()
    bench.writer.commit()
    assert bench.backend.assets[Oid("Story", 1)]["Super"] == Oid("Epic", 500)


@pytest.mark.parametrize("given", ["Story:1", Oid("Story", 1)])
def test_a_token_is_taken_for_the_asset(bench, given):
    bench.unit.delete(given)
    assert [Delete(Oid("Story", 1))] == list(bench.unit.plan())
    bench.unit.revert([given])
    assert len(bench.unit) == 0
    bench.loader.populate([given], ["Name"])
    assert not inspect(bench.Story(1)).would_fetch("Name")


def test_delete_of_several_is_all_or_nothing():
    with sandboxes.running("versionone", assets=30) as one, sandboxes.running("versionone", assets=30) as two:
        v1, v2 = V1Meta(**one.credentials), V1Meta(**two.credentials)
        with pytest.raises(BadValue):
            v1.delete(v1.Story.first(), v2.Story.first())
        assert v1.pending == 0


def test_operation_arguments_of_another_session_are_refused(bench):
    other = Bench()
    other.stories(1)
    with pytest.raises(BadValue):
        bench.Story(1).Close(target=other.Story(1))


def test_membership_is_about_this_session(bench):
    other = Bench()
    bench.backend.assets[Oid("Story", 1)]["Owners"] = (Oid("Member", 20),)
    assert bench.Member(20) in bench.Story(1).Owners
    assert other.Member(20) not in bench.Story(1).Owners


def test_loaded_values_of_another_session_are_refused(bench):
    other = Bench()
    with pytest.raises(BadValue):
        bench.Story(1).with_data({"Super": other.Epic(500)})


def test_a_foreign_condition_in_brackets_is_refused(bench):
    with pytest.raises(BadValue):
        bench.Scope.Stories[bench.Member.Name == "x"]


@pytest.mark.parametrize("key", [None, 5])
def test_sort_by_no_name(bench, key):
    with pytest.raises(BadValue):
        bench.query("Story").sort(key)


def test_query_set_checks_several_plain_values(bench):
    with pytest.raises(BadValue):
        bench.query("Story").where(Name="nobody").page(size=0).set(Tags="abc")


@pytest.mark.parametrize("value", [(), "stand-in"])
def test_query_set_clears_like_an_assignment(bench, value):
    bench.add("Story:99", Name="Lone")
    value = bench.Story(99).Super if value == "stand-in" else value
    assert bench.query("Story").set(Super=value) == 21
    assert not bench.Story(1).Super


def test_query_set_takes_a_generator_for_every_asset(bench):
    bench.query("Story").page(size=2).set(Owners=(member for member in [bench.Member(20)]))
    assert [1, 1] == [len(bench.Story(number).Owners) for number in (1, 2)]


def test_set_is_all_or_nothing_whatever_is_raised(bench):
    def members():
        yield bench.Member(20)
        raise RuntimeError("the caller's own")

    with pytest.raises(RuntimeError):
        bench.Story(1).set(Name="x", Owners=members())
    assert not inspect(bench.Story(1)).pending


def test_a_slow_read_does_not_revive_a_deleted_asset(bench):
    story = bench.Story(1)

    def meanwhile():
        bench.unit.delete(story)
        assert not bench.writer.commit()

    bench.backend.meanwhile += [meanwhile]
    with pytest.raises(NotFound):
        story.Name
    with pytest.raises(NotFound):
        story.Name


def test_a_slow_read_does_not_bring_back_computed_values(bench):
    bench.backend.assets[Oid("Story", 1)]["Number"] = "old"
    story = bench.Story(1)

    def meanwhile():
        story.Name = "x"
        bench.backend.assets[Oid("Story", 1)]["Number"] = "new"
        assert not bench.writer.commit()

    bench.backend.meanwhile += [meanwhile]
    story.Number
    assert story.Number == "new"


def test_a_slow_read_does_not_bring_back_what_an_operation_changed(bench):
    story = bench.Story(1)

    def meanwhile():
        story.Close()
        bench.backend.assets[Oid("Story", 1)]["Name"] = "closed"

    bench.backend.meanwhile += [meanwhile]
    story.Name
    assert story.Name == "closed"


def test_populate_keeps_what_it_loaded_for_a_result():
    bench = filled(Bench(keep=1))
    stories = bench.query("Story").select("Name").all()
    bench.loader.populate(stories, ["Super.Scope.Name", "Owners.Name"])
    gc.collect()
    before = bench.requests
    [(story.Super.Scope.Name, [owner.Name for owner in story.Owners]) for story in stories]
    assert bench.requests == before


def test_a_sorted_result_that_repeats_one_asset_ends(bench):
    honest, number = bench.backend._answer, 0

    def answer(schema, fetch):
        nonlocal number
        number += 1
        assert number < 50, "this never ends"
        rows = honest(schema, replace(fetch, start=0, size=fetch.size and 1))
        return rows if fetch.counted else replace(rows, rows=rows.rows * 2, more=True)

    bench.backend._answer = answer
    with pytest.raises(ResultChanged):
        list(bench.query("Story").select("Name").sort("Name").pages(2))


def test_prior_and_history_carry_the_servers_moment():
    with sandboxes.running("versionone", assets=30) as server:
        v1 = V1Meta(**server.credentials)
        story = v1.Story.create(Name="first", Scope="Scope:0")
        story.Name = "second"
        assert not v1.commit()
        assert story.Prior is not story
        assert (story.Prior.Name, [past.Name for past in story.History]) == ("first", ["first", "second"])
        assert story.Prior.AsOf == story.History[0].AsOf
