"""Plans that are kept, handed over and committed as they stand, and blocks that only plan."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assetmeta import (
    UNREAD,
    BadValue,
    Conflict,
    Plan,
    ReadOnly,
    UnknownName,
    UsageError,
    V1Meta,
    ValispaceMeta,
    inspect,
    sandbox,
)
from assetmeta.features import plans
from assetmeta.features.plans import check_changes, withheld
from assetmeta.model.changes_json import Withheld
from assetmeta.model.plans import AttributeChange, Create, Delete, Update
from assetmeta.model.values import Oid


@pytest.fixture(scope="module")
def server() -> Iterator[sandbox.VersionOneServer]:
    with sandbox.running("versionone") as running:
        yield running


@pytest.fixture
def v1(server: sandbox.VersionOneServer) -> Iterator[Any]:
    with V1Meta(**server.token_credentials) as session:
        yield session
        session.revert()


def planned(v1: Any, story: Any, name: str) -> Plan:
    with v1.planning() as planning:
        parent = v1.Story.new(Name=name, Scope="Scope:0")
        v1.Task.new(Name=f"{name} task", Parent=parent)
        story.Name = f"{name} changed"
    found: Plan = planning.plan
    return found


def named(server: sandbox.VersionOneServer, name: str) -> list[Any]:
    with V1Meta(**server.token_credentials) as reader:
        found: list[Any] = reader.Task.where(Name=f"{name} task").select("Parent.Name").all()
        return [task.Parent.Name for task in found]


def test_a_plan_from_a_file_is_committed_by_another_session(v1: Any, server: Any, tmp_path: Path) -> None:
    story = v1.Story.create(Name="kept", Scope="Scope:0")
    assert story.Name == "kept"
    planned(v1, story, "File").save(tmp_path / "plan.json")
    assert [] == named(server, "File")
    with V1Meta(**server.token_credentials) as other:
        mine = other.Story.new(Name="mine", Scope="Scope:0")
        report = other.commit(Plan.load(tmp_path / "plan.json"))
        assert 3 == len(report.done)
        assert [mine._state.oid] == [change.oid for change in other.plan()]
        other.revert()
        assert "File changed" == other.Story(story.intid).Name
    assert ["File"] == named(server, "File")


def test_values_that_have_changed_since_are_named_and_nothing_is_sent(v1: Any, server: Any) -> None:
    story = v1.Story.create(Name="was so", Scope="Scope:0")
    assert story.Name == "was so"
    plan = planned(v1, story, "Clash")
    with V1Meta(**server.token_credentials) as other:
        other.Story(story.intid).Name = "is so"
    with pytest.raises(Conflict, match=r"Name was 'was so', you want 'Clash changed', and now it is 'is so'") as caught:
        v1.commit(plan)
    assert 1 == len(caught.value.clashes)
    assert [] == named(server, "Clash")
    report = v1.commit(plan, conflicts="error")
    assert (2, 1) == (len(report.done), len(report.failed))
    assert not v1.commit(planned(v1, story, "Again"), conflicts="overwrite")


def test_a_plan_of_another_server_is_refused(v1: Any) -> None:
    plan = planned(v1, v1.Story(1), "Elsewhere")
    with sandbox.running("versionone") as other, V1Meta(**other.token_credentials) as there:
        before = len(there.ledger)
        with pytest.raises(UsageError, match="made for http"):
            there.commit(plan)
        assert before == len(there.ledger)


def test_a_plan_of_this_session_is_what_is_pending_as_it_was_then(v1: Any, server: Any) -> None:
    story = v1.Story.create(Name="first", Scope="Scope:0")
    assert story.Name == "first"
    task = v1.Task.new(Name="Mine task", Parent=story)
    story.Name = "second"
    plan = v1.plan()
    story.Name = "third"
    story.Description = "later"
    assert not v1.commit(plan)
    assert not task._state.oid.is_new
    assert ["second"] == named(server, "Mine")
    assert {"Name", "Description"} == {change.name for change in inspect(story).changes}
    with pytest.raises(UsageError, match="not pending any more"):
        v1.commit(plan)
    assert not v1.commit()
    assert ["third"] == named(server, "Mine")


def test_an_empty_plan_sends_nothing(v1: Any) -> None:
    v1.Story.new(Name="waits", Scope="Scope:0")
    before = len(v1.ledger)
    assert () == v1.commit(Plan()).outcomes
    assert (before, 1) == (len(v1.ledger), v1.pending)


def test_any_secret_that_is_left_out_is_found() -> None:
    left, oid = Withheld("Password"), Oid("Member", 1)
    deltas = (
        AttributeChange("Name", UNREAD, "x"),
        AttributeChange("Password", UNREAD, left),
        AttributeChange("Keys", UNREAD, added=("x", left), is_multi=True),
        AttributeChange("Tags", UNREAD, added=("x",), is_multi=True),
    )
    assert ["Password", "Keys"] == withheld(Update(oid, deltas)) == withheld(Create(oid, deltas))
    assert [] == withheld(Delete(oid))


def test_only_what_can_be_written_is_planned(v1: V1Meta) -> None:
    v1.types
    for name, error in (("CreateDate", ReadOnly), ("Nmae", UnknownName)):
        for kind in (Update, Create):
            change = kind(Oid("Story", 5), (AttributeChange("Name", UNREAD, "x"), AttributeChange(name, UNREAD, "y")))
            with pytest.raises(error, match=name) as caught:
                check_changes(v1._context, [Delete(Oid("Story", 4)), change])
            assert caught.value.attribute == name


def test_ten_clashes_are_named() -> None:
    def refusal(number: int) -> list[str]:
        found = {Oid("Story", key): (f"clash {key}",) for key in range(number)}
        with pytest.MonkeyPatch.context() as patch, pytest.raises(Conflict) as caught:
            patch.setattr(plans, "clashes_now", lambda context, changes: found)
            plans._refuse_changed(None, [])  # type: ignore[arg-type]
        assert number == len(caught.value.clashes)
        return str(caught.value).split("\n")[1:-1]

    ten = [f"  Story:{key}: clash {key}" for key in range(10)]
    assert (ten, [*ten, "  … and 2 more"]) == (refusal(10), refusal(12))


def test_a_secret_of_a_file_is_refused(v1: Any, tmp_path: Path) -> None:
    with v1.planning() as planning:
        v1.Member.new(Name="Eve", Nickname="eve", Password="opensesame")
    planning.plan.save(tmp_path / "plan.json")
    assert "opensesame" not in (tmp_path / "plan.json").read_text()
    before = len(v1.ledger)
    with pytest.raises(BadValue, match="Password is a secret"):
        v1.commit(Plan.load(tmp_path / "plan.json"))
    assert before == len(v1.ledger)


def test_nothing_is_written_in_a_planning_block(v1: Any, server: Any) -> None:
    story = v1.Story.create(Name="quiet", Scope="Scope:0")
    story.Estimate = 3
    server.requests.clear()
    with v1.planning() as planning:
        assert story.Estimate is None
        story.Name = "planned"
        acts = [
            lambda: v1.Story.create(Name="x", Scope="Scope:0"),
            v1.commit,
            story.Inactivate,
            lambda: inspect(v1.Attachment(5)).upload(b"x"),
            lambda: v1.Story.where(Name="quiet").execute("Inactivate"),
        ]
        for act in acts:
            with pytest.raises(ReadOnly):
                act()
        with pytest.raises(ReadOnly), v1.planning():
            pass
    assert not any("rest-1" in entry.path and entry.method == "POST" for entry in server.requests)
    assert "Name" in str(planning.plan)
    assert "Estimate" not in str(planning.plan)
    assert {"Estimate"} == {change.name for change in inspect(story).changes}


def test_what_was_planned_before_an_error_is_in_the_plan_and_dropped(v1: Any) -> None:
    with pytest.raises(ZeroDivisionError), v1.planning() as planning:
        v1.Story.new(Name="x", Scope="Scope:0")
        1 / 0
    assert (1, 0) == (len(planning.plan), v1.pending)


def test_formulas_of_a_plan_refer_to_its_new_valis() -> None:
    with sandbox.running("valispace") as running, ValispaceMeta(**running.token_credentials) as vs:
        project = vs.Project.create(name="Mission")
        part = vs.Component.create(name="Bus", project=project)
        taken = vs.Vali.new(shortname="taken", parent=part, formula="1")
        with vs.planning() as planning:
            mass = vs.Vali.new(shortname="mass", parent=part, formula="21")
            vs.Vali.new(shortname="double", parent=part, formula=f"2*${mass.intid}")
        assert not vs.commit(planning.plan)
        assert 42 == vs.Vali.where(shortname="double").one().value
        assert taken._state.oid.is_new
        vs.revert()
