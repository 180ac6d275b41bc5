"""What is pending: how it is counted, dropped, handed over and named."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from assetmeta.core.cohort import Cohort
from assetmeta.core.loading import _is_read_with
from assetmeta.core.ownership import TakenAlong
from assetmeta.core.plan import Origin, Plan
from assetmeta.core.plan_names import annotated
from assetmeta.model.errors import BadValue, NotFound, ReadOnly, Unreachable
from assetmeta.model.plans import AttributeChange, Create, Delete, Failed, Skipped, Unknown, Update
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid
from core.fake import SCHEMA, Bench, asset_type, attribute

STORY = Oid("Story", 1)


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.stories(6)
    return bench


def test_each_asset_counts_once_whatever_is_pending_about_it(bench: Bench) -> None:
    story, new = bench.Story(1), bench.Story.new(Name="new")
    story.Name, story.Estimate = "x", 5
    bench.unit.delete(story, bench.Story(2))
    assert (len(bench.unit), [type(change) for change in bench.unit.plan()]) == (3, [Create, Delete, Delete])
    assert [bench.unit.is_pending(each) for each in (story, new, bench.Story(2), bench.Story(3))] == [
        *(True, True, True, False),
    ]
    assert bench.unit.tracked(STORY) is story
    assert bench.unit.tracked(Oid("Story", 3)) is None
    bench.unit.delete(new)
    assert (len(bench.unit), isinstance(new._state.gone, NotFound)) == (2, True)
    with pytest.raises(NotFound, match="was dropped before it was created"):
        new.Estimate
    with pytest.raises(ReadOnly, match="was dropped and will not be created"):
        new.Name = "again"
    with pytest.raises(ReadOnly, match="as of 5 cannot be deleted"):
        bench.unit.delete(bench.Story(3), bench.context.asset(Oid("Story", 4, 5)))
    assert len(bench.unit) == 2
    bench.unit.revert()
    assert (len(bench.unit), story.Name) == (0, "Story 1")


def test_several_values_are_set_or_none(bench: Bench) -> None:
    story = bench.Story(1)
    story.Name = "kept"
    for bad in ({"Name": "x", "Estimate": "y"}, {"Estimate": 1, "Number": 2}, {"Name": "x", "Nam": 1}):
        with pytest.raises((BadValue, AttributeError)):
            story.set(**bad)
        assert [delta.new for delta in bench.unit.change_of(story).deltas] == ["kept"]
    other = bench.Story(2)
    with pytest.raises(BadValue):
        other.set(Name="x", Estimate="y")
    assert len(bench.unit) == 1
    with pytest.raises(RuntimeError), bench.unit.all_or_nothing():
        other.Name, story.Name, story.Estimate = "x", "y", 3
        made = bench.Story.new(Name="z")
        raise RuntimeError
    assert (len(bench.unit), story.Name, isinstance(made._state.gone, NotFound)) == (1, "kept", True)
    assert [delta.name for delta in bench.unit.change_of(story).deltas] == ["Name"]
    with bench.unit.all_or_nothing():
        other.Name = "x"
    assert len(bench.unit) == 2


def test_changes_of_elsewhere_become_pending_under_identities_of_here(bench: Bench) -> None:
    there, other = Oid.new("Story", 70), Oid.new("Epic", 71)
    given = [
        Create(other, (AttributeChange("Name", None, "epic"),)),
        Create(there, (AttributeChange("Name", None, "s"), AttributeChange("Super", None, other)), other),
        Update(STORY, (AttributeChange("Owners", (), None, (Oid("Member", 5),), (Oid("Member", 6),), True),)),
        Delete(Oid("Story", 2)),
    ]
    fresh = bench.unit.add(given)
    assert set(fresh) == {there, other}
    assert {there, other}.isdisjoint(fresh.values())
    epic, story, update, delete = bench.unit.plan()
    assert (epic.oid, story.oid, story.context) == (fresh[other], fresh[there], fresh[other])  # type: ignore[union-attr]
    assert [delta.new for delta in story.deltas] == ["s", fresh[other]]  # type: ignore[union-attr]
    [delta] = update.deltas  # type: ignore[union-attr]
    assert (delta.added, delta.removed, delta.is_multi) == ((Oid("Member", 5),), (Oid("Member", 6),), True)
    assert delete == Delete(Oid("Story", 2))
    assert bench.requests == 0
    assert not bench.writer.commit()
    assert len(bench.unit) == 0


def test_why_a_change_was_not_saved_is_remembered_until_it_is(bench: Bench) -> None:
    story, new = bench.Story(1), bench.Story.new(Name="n")
    story.Name = "x"
    change, create = bench.unit.change_of(story), bench.unit.change_of(new)
    lost = Unreachable("lost")
    bench.unit.note_failure(story, Failed(change, BadValue("no")))
    assert (str(bench.unit.errors[STORY]), STORY in bench.unit.unanswered) == ("no", False)
    bench.unit.note_failure(story, Unknown(change, lost))
    assert (bench.unit.errors[STORY], bench.unit.unanswered[STORY]) == (lost, change)
    bench.unit.note_failure(story, Skipped(change, None, BadValue("later")))
    assert (str(bench.unit.errors[STORY]), STORY in bench.unit.unanswered) == ("later", False)
    bench.unit.note_failure(new, Unknown(create, lost))
    bench.unit.note_failure(new, Failed(Update(new._state.oid, ()), BadValue("cut")))
    assert (bench.unit.errors[new._state.oid], bench.unit.unanswered[new._state.oid]) == (lost, create)
    bench.unit.retry(new)
    assert new._state.oid not in bench.unit.unanswered
    story.Name = None
    bench.unit.revert([story])
    assert STORY not in bench.unit.errors
    assert new._state.oid in bench.unit.errors


def test_what_was_pending_before_a_fork_is_left_to_its_maker(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    story, new = bench.Story(1), bench.Story.new(Name="n")
    story.Name = "x"
    bench.unit.delete(bench.Story(2))
    bench.unit.begin_sending({STORY: {"Name"}})
    bench.unit.after_fork()
    assert (len(bench.unit), story.Name, story._state.sending) == (0, "Story 1", frozenset())
    with pytest.raises(NotFound, match="was made by process .* which alone creates it"):
        new.Estimate
    with caplog.at_level(logging.WARNING, logger="assetmeta"):
        [note] = bench.writer.commit().notes
    assert note.startswith("3 pending changes of process ")
    assert caplog.messages == [note]
    assert bench.writer.commit().notes == ()
    bench.Story(3).Name = "y"
    bench.unit.after_fork()
    assert bench.unit.notes()[0].startswith("1 pending change of process ")
    bench.unit.after_fork()
    assert bench.unit.notes() == ()


def test_a_plan_names_what_it_mentions_as_far_as_that_is_loaded() -> None:
    schema = Schema(
        {
            **SCHEMA.types,
            "Epic": asset_type("Epic", attribute("Name"), attribute("Code", writable=False), short="Code"),
        }
    )
    bench = Bench(schema=schema)
    bench.add("Epic:1", Name="Big", Code=7)
    bench.add("Epic:2", Name=None, Code="E-2")
    bench.add("Epic:3", Name="Unread", Code="E-3")
    bench.add("Story:1", Name="one", Super=Oid("Epic", 1), Number="S-1")
    story = bench.Story(1)
    assert (story.Name, story.Number, bench.Epic(1).Name, bench.Epic(2).Code) == ("one", "S-1", "Big", "E-2")
    held = [story, bench.Epic(1), bench.Epic(2)]
    story.Super = held[2]
    bench.Story.new(Name="new", Super=Oid("Epic", 3))
    before = bench.requests
    plan = annotated(bench.context, bench.unit.plan())
    assert {oid.token: name for oid, name in plan.names.items()} == {
        "Story:1": "one",
        "Epic:1": "Big",
        "Story:new-1": "new",
    }
    assert {oid.token: number for oid, number in plan.numbers.items()} == {
        "Story:1": "S-1",
        "Epic:1": "7",
        "Epic:2": "E-2",
    }
    assert bench.requests == before
    story.Name = "renamed"
    assert annotated(bench.context, bench.unit.plan()).names[STORY] == "renamed"


def test_all_of_a_plan_is_in_its_file(tmp_path: Path) -> None:
    epic = Oid("Epic", 2)
    plan = Plan(
        (Update(STORY, (AttributeChange("Super", epic, None),), "why"), Delete(epic)),
        {STORY: "one", epic: "Big"},
        {epic: TakenAlong((STORY, Oid("Story", "x")), ("Story", "Task"))},
        {STORY: "S-1"},
        Origin("http://host", "user ann", "2026-03-01T00:00:00+00:00", "9.9"),
    )
    file = tmp_path / "plan.json"
    plan.save(str(file))
    found = Plan.load(str(file))
    assert (found.changes, found.names, found.along, found.numbers) == (
        *(plan.changes, plan.names, plan.along, plan.numbers),
    )
    assert found.origin == plan.origin
    document = json.loads(file.read_text())
    assert (document["assetmeta"], document["format"], document["version"]) == ("plan", 1, "9.9")
    for change in ({"format": 2}, {"assetmeta": "other"}, {"changes": [{}]}, {"along": [["Epic", 2, [], None]]}):
        file.write_text(json.dumps({**document, **change}))
        with pytest.raises(BadValue, match="is not a saved plan|does not contain a plan that this version can read"):
            Plan.load(file)
    with pytest.raises(OSError, match="nowhere"):
        Plan.load(tmp_path / "nowhere.json")
    assert Origin.here("s", "u", 5).made.endswith("+00:00")
    assert Origin("s", session=1) == Origin("s", session=2)
    assert Origin("s") != Origin("t")


def test_a_cohort_advises_the_select_from_its_result(bench: Bench) -> None:
    result = Cohort([Oid("Story", 1), Oid("Story", 2), Oid("Story", 1)])
    scopes = result.through("Super").through("Scope")
    assert scopes is result.through("Super").through("Scope")
    assert (scopes.trail, scopes.root, scopes.is_through, result.is_through) == (
        ("Super", "Scope"),
        result,
        True,
        False,
    )
    assert scopes.advice("Name") == "add .select('Super.Scope.Name') to the Story query"
    alone = Cohort([Oid("Story", 1)])
    assert alone.through("Super").advice("Name") == "query the Story assets together, with .select('Super.Name')"
    assert Cohort().advice("Name") == "select 'Name'"
    assert list(result.members(bench.context)) == [Oid("Story", 1), Oid("Story", 2)]
    held = bench.Story(1)
    assert result.preferred_over(alone, bench.context)
    assert not alone.preferred_over(result, bench.context)
    assert alone.preferred_over(Cohort([Oid("Story", key) for key in range(50, 90)]), bench.context)
    middle = Cohort(
        [*(Oid("Story", key) for key in range(50, 60)), STORY, *(Oid("Story", key) for key in range(60, 70))]
    )
    assert alone.preferred_over(middle, bench.context)
    for edge in (3, -4):
        ends = [Oid("Story", key) for key in range(50, 60)]
        ends[edge] = STORY
        assert not alone.preferred_over(Cohort(ends), bench.context)
    assert held._state.oid == STORY


def test_assets_of_times_are_read_together_and_those_of_change_numbers_alone() -> None:
    cases: dict[tuple[Any, Any], bool] = {
        (None, None): True,
        (5, 5): True,
        ("2026-03-01", "2026-03-02"): True,
        (None, "2026-03-01"): False,
        ("2026-03-01", None): False,
        (5, 6): False,
        (5, "2026-03-01"): False,
    }
    assert {moments: _is_read_with(*moments) for moments in cases} == cases


def test_the_basics_are_loaded_along_with_the_first_miss_alone(bench: Bench) -> None:
    def selected() -> list[str]:
        return [str(path) for path in bench.backend.fetched[-1].select]

    basic = list(SCHEMA.types["Story"].basic)
    story = bench.Story(1)
    assert story.Description is None
    assert selected() == [*basic, "Description"]
    assert list(story.Tags) == []
    assert selected() == ["Tags"]
    assert bench.Story(2).Name
    assert selected() == basic
    with bench.loader.using("one"):
        assert bench.loader.mode == "one"
        found = bench.query("Story").select("Name").all()
        assert found[3].Tags is not None
        assert len(found[3].Tags) == 0
        assert bench.backend.fetched[-1].oids == (Oid("Story", 4),)
    assert bench.loader.mode == "peers"
    assert len(found[4].Tags) == 0
    assert bench.backend.fetched[-1].oids == tuple(Oid("Story", key) for key in (5, 2, 3, 6))
    assert bench.backend.fetched[-1].optional == frozenset()


def test_a_created_asset_without_edits_has_none_though_it_was_read_early(bench: Bench) -> None:
    new, twin = bench.Story.new(Name="n"), bench.Story(77)
    bench.unit.revert([new])
    bench.context.identity.rename(new, Oid("Story", 77))
    assert new._state is twin._state
    assert (new._state.oid, new._state.edits) == (Oid("Story", 77), None)
    other, early = bench.Story.new(Name="n"), bench.Story(78)
    early.Estimate = 5
    bench.context.identity.rename(other, Oid("Story", 78))
    assert set(other._state.edits) == {"Name", "Estimate"}
