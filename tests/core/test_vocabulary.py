"""Names of lists: read along with the first query that mentions one, and checked before an answer is believed."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from msgspec.structs import replace

from assetmeta.core import vocabulary
from assetmeta.core.plan_names import annotated
from assetmeta.model.conditions import Compare
from assetmeta.model.errors import BadValue
from assetmeta.model.paths import Path
from assetmeta.model.plans import Fetch, Row, Rows
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid
from core.fake import ALL_ROUND, SCHEMA, Bench, FakeBackend, asset_type, attribute

LISTS = Schema(
    {
        **SCHEMA.types,
        "Status": asset_type("Status", attribute("Name"), attribute("Color"), choices=True),
        "Task": asset_type(
            "Task",
            attribute("Name"),
            attribute("Status", "Relation", related="Status"),
            attribute("Scope", "Relation", related="Scope"),
        ),
    }
)


@pytest.fixture
def bench() -> Bench:
    bench = Bench(FakeBackend(can=replace(ALL_ROUND, exact=False)), schema=LISTS)
    for number, name in ((1, "Done"), (2, "In progress")):
        bench.add(f"Status:{number}", Name=name)
    bench.add("Task:5", Name="task", Status=Oid("Status", 1))
    return bench


def asked(bench: Bench) -> list[str]:
    found = [fetch.type_name for fetch in bench.backend.fetched]
    bench.backend.fetched.clear()
    return found


def test_a_list_comes_along_with_the_first_query_and_never_again(bench: Bench) -> None:
    tasks = bench.query("Task").select("Name")
    assert len(list(tasks.where({"Status.Name": "Done"}))) == 1
    assert asked(bench) == ["Task", "Status"]
    assert len(list(tasks.where({"Status.Name": ["done", "IN PROGRESS"]}))) == 1
    assert len(list(tasks.where(bench.Task.Status.Name != "Done"))) == 1
    assert asked(bench) == ["Task", "Task"]


def test_a_name_that_is_none_is_refused_after_another_look(bench: Bench) -> None:
    wrong = bench.query("Task").select("Name").where({"Status.Name": "Dome"})
    with pytest.raises(BadValue, match=r"Status\.Name: there is no Status 'Dome'\..*Done.*exact"):
        list(wrong)
    assert asked(bench) == ["Task", "Status"]
    with pytest.raises(BadValue, match="'Dome'"):
        list(wrong)
    assert asked(bench) == ["Status"]
    bench.add("Status:3", Name="Dome")
    assert len(list(wrong)) == 1
    assert asked(bench) == ["Status", "Task"]


def test_the_second_of_several_names_is_checked_too(bench: Bench) -> None:
    with pytest.raises(BadValue, match="'Dome'"):
        list(bench.query("Task").where({"Status.Name": ["Done", "Dome"]}))


@pytest.mark.parametrize(
    "free",
    [
        lambda task: task.Status.Name > "Dome",
        lambda task: task.Scope.Name == "Dome",
        lambda task: task.Status.Color == "Dome",
        lambda task: task.Name == "Dome",
        lambda task: task.Status == None,  # noqa: E711
    ],
    ids=["compared", "no list", "no name", "no relation", "none"],
)
def test_what_names_nothing_of_a_list_is_not_checked(bench: Bench, free: Any) -> None:
    list(bench.query("Task").select("Name").where(free(bench.Task)))
    assert "Status" not in asked(bench)


def test_a_list_that_is_too_long_is_not_checked(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "_LONGEST", 2)
    for _ in range(2):
        list(bench.query("Task").select("Name").where({"Status.Name": "Dome"}))
    assert asked(bench) == ["Task", "Status", "Task"]


def test_a_plan_has_the_names_of_lists_that_were_read(bench: Bench) -> None:
    [task] = list(bench.query("Task").select("Name", "Status"))
    task.Status = "In progress"
    bench.backend.fetched.clear()
    assert "Status  Status:1 'Done' → Status:2 'In progress'" in str(annotated(bench.context, bench.unit.plan()))
    assert asked(bench) == []


def test_a_plan_has_the_name_of_an_asset_that_was_given_and_that_nothing_else_refers_to(bench: Bench) -> None:
    bench.add("Scope:7", Name="Web")
    [task] = list(bench.query("Task").select("Name"))
    task.Scope = bench.query("Scope").select("Name").where(Name="Web").one()
    gc.collect()
    assert "→ Scope:7 'Web'" in str(annotated(bench.context, bench.unit.plan()))


def test_names_that_were_met_are_remembered_up_to_a_bound(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "_MOST_MET", 3)
    words = vocabulary.Vocabulary()
    for number in range(10):
        leaf = Compare(Path.parse("Super.Name"), "=", (f"Epic {number}",), by_name=True)
        rows = Rows((Row(Oid("Epic", number), ("Name",), (f"Epic {number}",)),))
        words._look_up(SCHEMA, Fetch("Story", select=(), where=leaf), leaf, lambda fetches, rows=rows: [rows])
        assert 1 <= len(words._met) <= 3
