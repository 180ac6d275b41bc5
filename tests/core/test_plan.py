"""Plans: what they print of very many changes, and what their files hold."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from assetmeta.core.plan import Origin, Plan
from assetmeta.core.plan_names import annotated
from assetmeta.model.errors import BadValue, UsageError
from assetmeta.model.plans import Update
from core.fake import Bench


@pytest.fixture
def bench() -> Bench:
    found = Bench()
    found.stories(6)
    return found


def large(bench: Bench) -> Plan:
    epic = bench.Epic(500)
    for number in range(2_600):
        bench.Story.new(Name=f"Story number {number}", Super=epic, Estimate=number)
    for number in range(400):
        bench.add(f"Story:{9000 + number}", Name=f"Old {number}", Description="text")
    stories = bench.query("Story").select("Name", "Description").where(Name="x").all()
    for story in stories[:399]:
        if story.intid >= 9000:
            story.Estimate = 1
            story.Description = None
    bench.unit.delete(bench.Epic(501))
    return annotated(bench.context, bench.unit.plan())


def test_a_plan_of_thousands_fits_a_screen(bench: Bench) -> None:
    plan = large(bench)
    assert 2_900 < len(plan)
    lines = str(plan).splitlines()
    assert len(lines) <= 50
    assert plan.changes == tuple(plan)
    assert "  create Story    2600  Name, Super, Estimate" in lines
    [cleared] = [line for line in lines if "is cleared" in line]
    assert "Story.Description is cleared in 393 assets: Story:9000 'Old 0', " in cleared
    assert any(line.startswith("  delete Epic:501") for line in lines)
    assert "      Estimate     ? → 1" in lines
    assert "plan.full()" in lines[-1]
    assert len(plan) + 1 < len(plan.full().splitlines())


def test_a_small_plan_is_printed_whole(bench: Bench) -> None:
    bench.Story(1).Name = "new"
    plan = annotated(bench.context, bench.unit.plan())
    assert plan.full() == str(plan) == "1 change: 1 update\n  update Story:1 'new'\n      Name  ? → 'new'"


def test_numbers_stand_beside_names(bench: Bench) -> None:
    bench.add("Story:77", Name="Write tests", Number="S-01077")
    [story] = [one for one in bench.query("Story").select("Name", "Number") if one.intid == 77]
    story.Estimate = 3
    assert "update Story:77 S-01077 'Write tests'" in str(annotated(bench.context, bench.unit.plan()))


def test_a_saved_plan_is_the_same_and_private(bench: Bench, tmp_path: Path) -> None:
    bench.Story.new(Name="new", Super=bench.Epic.new(Name="epic"))
    bench.Story(1).Estimate = 3
    bench.unit.delete(bench.Story(2))
    plan = annotated(bench.context, bench.unit.plan())
    file = tmp_path / "plan.json"
    file.write_text("older")
    plan.save(file)
    assert plan == Plan.load(file)
    assert [file] == list(tmp_path.iterdir())
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)
    origin = Plan.load(file).origin
    assert (None, plan.origin.made, plan.origin.version) == (origin.session, origin.made, origin.version)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not a saved plan, which is JSON .* A table is read by upsert"),
        ("Number,Name\n", "is not a saved plan"),
        ("[]", "is not a saved plan"),
        ("{}", "is not a saved plan"),
        ("\xff", "is not a saved plan"),
        ('{"assetmeta": "plan", "format": 99}', "does not contain a plan that this version can read .*format 99"),
        ('{"assetmeta": "plan"}', "does not contain a plan that this version can read"),
    ],
)
def test_a_file_that_holds_no_plan_is_refused(text: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(text, encoding="latin-1")
    with pytest.raises(BadValue, match=words) as caught:
        Plan.load(file)
    assert "JSONDecodeError" not in str(caught.value)


def test_a_failed_save_leaves_the_file_that_was_there(bench: Bench, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text("older")
    plan = Plan((Update(bench.add("Story:1"), ()),), origin=Origin(made=object()))  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        plan.save(file)
    assert ("older", [file]) == (file.read_text(), list(tmp_path.iterdir()))


def test_a_plan_file_names_server_user_and_time(bench: Bench, tmp_path: Path) -> None:
    bench.context.server, bench.context.user = "https://host/V1", "user ann"
    bench.Story(1).Name = "x"
    bench.unit.plan().save(tmp_path / "plan.json")
    document = json.loads((tmp_path / "plan.json").read_text())
    assert ("https://host/V1", "user ann") == (document["server"], document["user"])
    assert document["made"].endswith("+00:00")


def test_a_block_has_pending_changes_of_its_own(bench: Bench) -> None:
    before, story = bench.Story.new(Name="before"), bench.Story(1)
    story.Estimate, story.Name = 3, "outer"
    bench.unit.set_aside()
    assert (0, "Story 1") == (len(bench.unit), story.Name)
    assert "before" == before.Name
    for act in (lambda: setattr(before, "Name", "x"), lambda: bench.unit.delete(before)):
        with pytest.raises(UsageError, match="made before this block"):
            act()
    story.Name, inner = "inner", bench.Story.new(Name="inner")
    assert {story._state.oid, inner._state.oid} == {change.oid for change in bench.unit.plan()}
    changes = [change for change in bench.unit.plan() if isinstance(change, Update)]
    bench.unit.put_back(changes)
    assert [before._state.oid, story._state.oid] == [change.oid for change in bench.unit.plan()]
    assert {"Estimate"} == {delta.name for delta in bench.unit.plan()[1].deltas}  # type: ignore[union-attr]
    assert inner._state.gone is not None


def test_a_plan_cannot_be_changed(bench: Bench) -> None:
    bench.Story.new(Name="new")
    plan = bench.unit.plan()
    with pytest.raises(AttributeError):
        plan.changes = ()  # type: ignore[misc]
    assert 1 == len(plan.changes)
