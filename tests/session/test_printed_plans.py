"""What a printed plan says: names beside ids, and what a delete takes along."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assetmeta import Plan, TestspaceMeta, V1Meta, ValispaceMeta, sandbox
from nonempty import nonempty


def lines(session: Any) -> list[str]:
    """The printed plan, and that printing it sends nothing."""
    with session.trace() as trace:
        found = str(session.plan()).splitlines()
    assert 0 == len(trace)
    return found


def test_assets_that_are_loaded_are_named_beside_their_ids() -> None:
    with sandbox.running("versionone", assets=120, seed=4) as running, V1Meta(**running.credentials) as v1:
        story = v1.Story.select("Name", "Status.Name", "Owners.Name").where(Status="Done").first()
        accepted = v1.StoryStatus.where(Name="Accepted").one()
        gone, done, admin = list(story.Owners), story.Status, v1.Member(20)
        story.Status, story.Owners, story.Super = accepted, [admin], None
        assert admin.Name == "Administrator"
        told = {line.split()[0]: line.strip() for line in lines(v1)[2:]}
        assert f"Status  {done.idref} 'Done' → {accepted.idref} 'Accepted'" == told["Status"]
        assert "+ Member:20 'Administrator'" in told["Owners"]
        assert all(f"- {owner.idref} {owner.Name!r}" in told["Owners"] for owner in nonempty(gone))
        assert "Super   ? → None" == told["Super"]
        v1.revert()
        v1.delete(story)
        assert [f"  delete {story.idref} {story.Name!r}"] == lines(v1)[1:]
        v1.revert()


def test_a_list_value_that_is_given_by_its_name_is_shown_with_it(tmp_path: Path) -> None:
    with sandbox.running("versionone", assets=120, seed=4) as running, V1Meta(**running.credentials) as v1:
        story = v1.Story.select("Status").where(Status="Done").first()
        done, accepted = (
            v1.StoryStatus.where(Name="Done").one().idref,
            v1.StoryStatus.where(Name="Accepted").one().idref,
        )
        story.Status = "Accepted"
        assert f"      Status  {done} 'Done' → {accepted} 'Accepted'" == lines(v1)[2]
        v1.revert()
        bare, full, context = v1.Story.new(Name=None), v1.Story.new(Name="a", Scope="Scope:0"), v1.Story.new("Scope:0")
        story.Name = None
        plan = v1.plan()
        assert {bare.idref: ("Name", "Scope"), story.idref: ("Name",)} == {
            oid.token: names for oid, names in plan.required.items()
        }
        assert "      required, and empty: Name" in str(plan).splitlines()
        plan.save(tmp_path / "plan.json")
        assert Plan.load(tmp_path / "plan.json").required == plan.required
        v1.revert(bare, full, context, story)
        story.Status = "Accepted"
        member = v1.Member.new(Name="New", Nickname="New", DefaultRole="Observer")
        assert "      DefaultRole  → Role:8 'Observer'" in lines(v1)
        v1.revert(story, member)


def test_a_delete_says_what_goes_along() -> None:
    with sandbox.running("valispace") as running, ValispaceMeta(**running.token_credentials) as vs:
        project = vs.Project.create(name="Mission")
        top = vs.Component.new(name="Bus", project=project)
        parts = [vs.Component.new(name=f"Part{number}", parent=top, project=project) for number in range(7)]
        vs.commit().raise_if_failed()
        vali = vs.Vali.create(shortname="mass", parent=parts[0])
        beside = vs.Component.create(name="Beside", project=project)
        assert [part.name for part in parts] == [f"Part{number}" for number in range(7)]
        vs.delete(top)
        [_, what, along] = lines(vs)
        assert f"  delete {top.idref} 'Bus'" == what
        assert along.startswith("      takes along Component:")
        assert "and 3 more, and any Component" in along
        assert len(parts) + 1 == len(vs.plan().along[top._state.oid].known)
        assert beside._state.oid not in vs.plan().along[top._state.oid].known
        vs.revert()
        vs.delete(vali)
        assert vali._state.oid not in vs.plan().along or not vs.plan().along[vali._state.oid].known
        vs.revert()
        vs.delete(top, *parts)
        assert (vali._state.oid,) == vs.plan().along[top._state.oid].known
        vs.revert()


def test_what_is_not_loaded_is_named_by_its_types() -> None:
    with sandbox.running("testspace", assets=100, seed=4) as running, TestspaceMeta(**running.token_credentials) as ts:
        project = ts.Project.first()
        ts.delete(project)
        assert "      takes along any Content, Failure" in lines(ts)[2]
        spaces = list(project.spaces)
        assert all(f"{space.idref} {space.name!r}" in lines(ts)[2] for space in nonempty(spaces))
        ts.revert()


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_plan_of_the_commit_is_the_same(number: int) -> None:
    with sandbox.running("testspace", assets=60, seed=4) as running, TestspaceMeta(**running.token_credentials) as ts:
        for space in ts.Space[:number]:
            space.description = "changed"
        assert tuple(ts.plan()) == tuple(ts._unit.plan())
        assert number == len(ts.plan())
        ts.revert()


@pytest.mark.parametrize(("survey", "told"), [("none", 'survey="none" does not read them'), ("root", None)])
def test_a_session_that_requested_no_content_types_says_so(survey: str, told: str | None) -> None:
    with (
        sandbox.running("valispace") as running,
        ValispaceMeta(**running.token_credentials, survey=survey) as vs,
    ):
        project = vs.Project.create(name="Mission")
        component = vs.Component.create(name="Bus", project=project)
        vs.File.new(name="notes", project=project, object_id=component, file_type=3, link="https://example.org/")
        errors = [str(error) for error in vs.commit()]
        vs.revert()
        assert told is None or (len(errors) == 1 and told in errors[0] and 'survey="root"' in errors[0])
        assert told is not None or not any("content type" in error for error in errors)
