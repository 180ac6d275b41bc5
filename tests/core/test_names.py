"""Relations written by name: looked up as conditions look them up, in few requests, and never guessed."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from assetmeta.core import names
from assetmeta.core.names import find_named
from assetmeta.model.conditions import Compare, leaves
from assetmeta.model.errors import BadValue, Rejected
from assetmeta.model.plans import Fetch, Rows
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid
from core.fake import SCHEMA, Bench, FakeBackend, asset_type, attribute

TYPES = Schema(
    {
        **SCHEMA.types,
        "Status": asset_type("Status", attribute("Name"), choices=True),
        "Task": asset_type(
            "Task",
            attribute("Name"),
            attribute("Status", "Relation", related="Status"),
            attribute("Scope", "Relation", related="Scope"),
            attribute("Owners", "Relation", related="Member", multi=True),
            attribute("Nameless", "Relation", related="Thing"),
            attribute("Numbered", "Relation", related="Numbered"),
        ),
        "Thing": replace(asset_type("Thing", attribute("Color")), display=None),
        "Numbered": asset_type("Numbered", attribute("Name"), attribute("Number"), short="Number"),
    }
)


class Filtering(FakeBackend):
    """Applies conditions on names, letter case aside."""

    def _answer(self, schema: Schema, fetch: Fetch) -> Rows:
        rows = super()._answer(schema, fetch)
        wanted = [] if fetch.where is None else [one for one in leaves(fetch.where) if isinstance(one, Compare)]

        def fits(row: Any) -> bool:
            cells = dict(zip(row.columns, row.values, strict=True))
            return all(leaf.path.is_name for leaf in wanted) and any(
                str(cells[str(leaf.path)]).casefold() in {str(value).casefold() for value in leaf.values}
                for leaf in wanted
            )

        return replace(rows, rows=tuple(row for row in rows.rows if fits(row))) if wanted else rows


@pytest.fixture
def bench() -> Bench:
    bench = Bench(Filtering(), schema=TYPES)
    for number, name in ((1, "Done"), (2, "In Progress"), (3, "Twice"), (4, "Twice")):
        bench.add(f"Status:{number}", Name=name)
    for number, name in ((20, "Ann"), (21, "ann"), (22, "Bob")):
        bench.add(f"Member:{number}", Name=name)
    bench.add("Scope:7", Name="Web shop")
    bench.add("Numbered:1", Name="Login", Number="N-1")
    bench.add("Numbered:2", Name="N-1", Number="N-2")
    bench.add("Task:5", Name="task", Status=Oid("Status", 1), Owners=())
    return bench


def test_a_list_is_read_once_per_session(bench: Bench) -> None:
    task = bench.Task(5)
    task.Status = "In Progress"
    assert task.Status is bench.Status(2)
    assert 1 == bench.requests
    bench.Task.new(Name="new", Status="done")
    assert 1 == bench.requests
    list(bench.query("Task").where({"Status.Name": "Done"}))
    assert 2 == bench.requests


def test_an_unknown_name_of_a_list_is_looked_for_once_more(bench: Bench) -> None:
    bench.Task(5).Status = "Done"
    bench.add("Status:9", Name="Added")
    bench.Task(5).Status = "Added"
    assert (2, Oid("Status", 9)) == (bench.requests, bench.Task(5).Status._state.oid)
    with pytest.raises(BadValue, match=r"Task\.Status: there is no Status 'In Progres'.*Did you mean In Progress\?"):
        bench.Task(5).Status = "In Progres"
    with pytest.raises(BadValue, match=r"There are Added, Done, In Progress, Twice\."):
        bench.Task(5).Status = "xyz"
    assert bench.Task(5).Status is bench.Status(9)


def test_a_name_that_several_have_is_refused_with_their_tokens(bench: Bench) -> None:
    with pytest.raises(BadValue, match=r"Task\.Status: 2 assets of type Status have .*Status:3, Status:4") as refused:
        bench.Task(5).Status = "Twice"
    assert ("Task", "Status") == (refused.value.type_name, refused.value.attribute)
    with pytest.raises(BadValue, match=r"2 assets of type Member .*Member:20, Member:21"):
        bench.Task(5).Owners = ["ANN"]
    assert 0 == len(bench.unit)


def test_letter_case_decides_where_several_differ_by_it(bench: Bench) -> None:
    bench.Task(5).Owners.add("Ann", "bob")
    assert [Oid("Member", 20), Oid("Member", 22)] == [one._state.oid for one in bench.Task(5).Owners]


def test_an_unknown_name_of_another_type_has_the_nearest_ones(bench: Bench) -> None:
    with pytest.raises(
        BadValue, match=r"Task\.Scope: there is no Scope with the Name 'Web shpo'.*Did you mean Web shop"
    ):
        bench.Task(5).Scope = "Web shpo"
    assert 2 == bench.requests
    bench.Task(5).Scope = "Web shop"
    assert 3 == bench.requests
    with pytest.raises(BadValue, match="Did you mean Web shop"):
        bench.Task(5).Scope = "Web sop"
    assert 4 == bench.requests


def test_a_number_is_a_name_and_one_that_means_two_assets_is_refused(bench: Bench) -> None:
    bench.Task(5).Numbered = "N-2"
    assert bench.Task(5).Numbered is bench.Numbered(2)
    with pytest.raises(BadValue, match="2 assets of type Numbered have the Name or Number 'N-1'"):
        bench.Task(5).Numbered = "N-1"


def test_a_type_without_names_says_what_it_takes(bench: Bench) -> None:
    with pytest.raises(BadValue, match=r"Task\.Nameless: assets of type Thing have no name.*Thing:1005"):
        bench.Task(5).Nameless = "red"
    assert 0 == bench.requests


def test_tokens_are_no_names_and_send_nothing(bench: Bench) -> None:
    bench.Task(5).Status = "Status:2"
    bench.Task(5).Scope = bench.Scope(7)
    assert 0 == bench.requests
    with pytest.raises(BadValue, match="takes assets of type Status, not the Scope Scope:7"):
        bench.Task(5).Status = "Scope:7"


def test_a_text_with_a_colon_is_a_name_where_there_is_no_such_type(bench: Bench) -> None:
    bench.add("Scope:8", Name="Web:shop")
    bench.Task(5).Scope = "Web:shop"
    assert bench.Task(5).Scope is bench.Scope(8)


@pytest.mark.parametrize("value", ["", "  "])
def test_a_blank_text_is_no_name(bench: Bench, value: str) -> None:
    with pytest.raises(BadValue, match=r"Task\.Scope takes assets of type Scope"):
        bench.Task(5).Scope = value
    assert 0 == bench.requests


def test_many_names_are_read_in_chunks(bench: Bench) -> None:
    for number in range(100, 125):
        bench.add(f"Scope:{number}", Name=f"Scope {number}")
    found = find_named(bench.context, "Scope", [f"Scope {number}" for number in (*range(100, 125), *range(100, 125))])
    assert {f"Scope {number}": Oid("Scope", number) for number in range(100, 125)} == found
    assert 3 == bench.requests == -(-25 // names.chunk_size(bench.context))
    assert {} == find_named(bench.context, "Scope", [])
    assert 3 == bench.requests


def test_several_unknown_names_cost_one_request_more(bench: Bench) -> None:
    found = find_named(bench.context, "Scope", ["a", "b", "Web shop"])
    assert 2 == bench.requests
    assert [BadValue, BadValue, Oid] == [type(one) for one in found.values()]


def test_a_name_for_all_assets_of_a_query_is_looked_up_once(bench: Bench) -> None:
    for number in range(6, 12):
        bench.add(f"Task:{number}", Name="task")
    assert 7 == bench.query("Task").select("Owners").set(Scope="Web shop", Owners=["Bob"])
    assert 3 == bench.requests
    assert {Oid("Scope", 7)} == {bench.Task(number).Scope._state.oid for number in range(5, 12)}


def test_a_condition_on_a_name_that_no_asset_has_is_an_error_where_nothing_is_found(bench: Bench) -> None:
    tasks = bench.query("Task").select("Name")
    with pytest.raises(BadValue, match=r"Scope: there is no Scope with the Name 'Web shpo'.*Did you mean Web shop\?"):
        tasks.where(Scope="Web shpo").all()
    assert 3 == bench.requests
    with pytest.raises(BadValue, match="Did you mean ann"):
        tasks.where(Owners=["annn", "Zoe"]).all()
    with pytest.raises(BadValue, match=r'where\({"Numbered\.Number": \.\.\.}\) compares the Number'):
        tasks.where(Numbered="N-7").all()


def test_a_name_that_an_asset_has_is_looked_up_once(bench: Bench) -> None:
    tasks = bench.query("Task").select("Name")
    for requests in (2, 3):
        assert [] == tasks.where(Scope="Web shop").all()
        assert requests == bench.requests


@pytest.mark.parametrize(
    "free",
    [
        lambda tasks: tasks.where({"Scope.Name": "Web shpo"}),
        lambda tasks: tasks.where(Owners=["Ann", "Zoe"]),
        lambda tasks: tasks.where(tasks.Scope.exact("Web shpo")),
        lambda tasks: tasks.where((tasks.Name == "x") | (tasks.Scope == "Web shpo")),
        lambda tasks: tasks.where(Scope="Web shpo").asof("2026-01-01"),
        lambda tasks: tasks.where(Scope="Web shpo")[5:9],
    ],
)
def test_what_may_be_empty_without_an_error(bench: Bench, free: Any) -> None:
    assert [] == free(bench.query("Task").select("Name")).all()


def test_what_the_server_does_not_list_is_not_checked(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(self: Filtering, schema: Schema, fetch: Fetch) -> Rows:
        if fetch.type_name == "Scope":
            raise Rejected("not for this user", status=403)
        return Rows()

    monkeypatch.setattr(Filtering, "_answer", answer)
    assert [] == bench.query("Task").select("Name").where(Scope="Web shpo").all()
