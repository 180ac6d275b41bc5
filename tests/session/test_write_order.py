"""The order that a plan prints is the one in which the changes are sent, also where texts name assets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from assetmeta import Create, UsageError, ValispaceMeta, sandbox
from nonempty import nonempty


@pytest.fixture(scope="module")
def server() -> Iterator[sandbox.Server]:
    with sandbox.running("valispace") as running:
        yield running


@pytest.fixture
def vs(server: sandbox.Server) -> Iterator[Any]:
    session = ValispaceMeta(**server.credentials, pool=1)
    yield session
    session.close()


def reference(vali: Any) -> str:
    return f"${vali.idref.partition(':')[2]}"


def sent(session: Any, trace: Any) -> list[str]:
    return [f"{entry.method} {entry.path}" for entry in trace if entry.method != "GET"]


def test_a_formula_waits_for_the_new_valis_that_it_names(vs: Any) -> None:
    component = vs.Component.new(name="Sat", project=vs.Project.new(name="Order"))
    total = vs.Vali.new(shortname="total", parent=component)
    parts = [vs.Vali.new(shortname=f"part_{number}", parent=component, formula=str(number)) for number in (1, 2)]
    total.formula = " + ".join(map(reference, parts))
    plan = vs.plan()
    assert all(isinstance(change, Create) for change in nonempty(plan))
    order = [change.oid.token for change in plan]
    assert [part.idref for part in parts] == [token for token in order if token in {part.idref for part in parts}]
    assert total.idref == order[-1]
    with vs.trace() as trace:
        report = vs.commit()
    assert not report
    assert order == [outcome.change.oid.token for outcome in report.outcomes]
    assert ["POST rest/project/", "POST rest/components/", *["POST rest/valis/"] * 3] == sent(vs, trace)
    assert 3 == total.value
    assert total.id > max(part.id for part in parts)


def test_formulas_in_a_circle_of_new_valis_are_cut_in_the_plan(vs: Any) -> None:
    """The plan says that an update closes the circle; the server refuses that, and all valis are there."""
    component = vs.Component.new(name="Loop", project=vs.Project.new(name="Circle"))
    first, second = (vs.Vali.new(shortname=name, parent=component) for name in ("first", "second"))
    first.formula, second.formula = reference(second), reference(first)
    plan = vs.plan()
    assert ["Create"] * 4 + ["Update"] == [type(change).__name__ for change in plan]
    report = vs.commit()
    assert (4, 1) == (len(report.done), len(report.failed))
    assert "ircular" in str(report.errors[0])
    vs.revert()
    assert first.id != second.id


def test_an_immediate_create_says_that_a_formula_names_what_is_not_there_yet(vs: Any) -> None:
    component = vs.Component.create(name="Now", project=vs.Project.create(name="Immediate"))
    later = vs.Vali.new(shortname="later", parent=component)
    with pytest.raises(UsageError, match="does not exist yet"):
        vs.Vali.create(shortname="now", parent=component, formula=f"2 * {reference(later)}")
    vs.revert()


def test_a_text_that_only_looks_like_a_reference_waits_for_nothing(vs: Any) -> None:
    component = vs.Component.create(name="Text", project=vs.Project.create(name="Words"))
    vali = vs.Vali.new(shortname="alone", parent=component, description="costs $new-999")
    assert not vs.commit()
    assert "costs $new-999" in str(vali.description)


def test_last_report_is_that_of_the_latest_commit_or_operation(vs: Any) -> None:
    assert vs.last_report is None
    project = vs.Project.new(name="Report")
    report = vs.commit()
    assert report is vs.last_report
    assert project.idref == report.outcomes[0].oid.token
