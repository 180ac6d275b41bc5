"""The second of what is mostly one: members, values, steps, names and pages."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from decimal import Decimal
from pathlib import Path as FilePath
from typing import Any

import pytest
from msgspec.structs import replace

from assetmeta.core import attachments
from assetmeta.core.state import cache_value
from assetmeta.core.values import cell_members, cell_value
from assetmeta.core.vocabulary import Vocabulary
from assetmeta.model.codecs import AnyValue, Number
from assetmeta.model.conditions import RawFilter
from assetmeta.model.errors import NotFound
from assetmeta.model.http import Request
from assetmeta.model.plans import Fetch, Row, Rows
from assetmeta.model.schema import Attribute, Schema
from assetmeta.model.texts import JsonText
from assetmeta.model.values import ABSENT, UNREAD, Key, Oid
from core.fake import ALL_ROUND, SCHEMA, Bench, FakeBackend, asset_type, attribute

ANN, BOB = Oid("Member", 20), Oid("Member", 21)


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.stories(6)
    for oid, name in ((ANN, "Ann"), (BOB, "Bob")):
        bench.add(oid.token, Name=name)
    for number in range(1, 7):
        bench.backend.assets[Oid("Story", number)]["Owners"] = (ANN, BOB)
    return bench


def test_a_cell_of_several_where_one_is_expected_and_the_other_way_round(bench: Bench) -> None:
    story, attributes = bench.Story(1), SCHEMA.types["Story"].attributes
    size, owners, tags, twin = (attributes[name] for name in ("Estimate", "Owners", "Tags", "Twin"))
    assert [cell_value(story, size, cell) for cell in (("1", "2"), ("1",), (), "3", None)] == [
        *(Decimal(1), Decimal(1), None, Decimal(3), None),
    ]
    assert cell_value(story, twin, "text") is None
    assert cell_value(bench.context.asset(Oid("Story", 1, 5)), twin, BOB) == BOB.at(5)
    assert cell_members(story, owners, ANN) == (ANN,)
    assert cell_members(story, owners, (ANN, None, BOB)) == (ANN, BOB)
    assert cell_members(story, tags, "a") == ("a",)
    assert [cell_members(story, owners, cell) for cell in (None, ABSENT, UNREAD)] == [()] * 3
    unknown = Attribute("Odd", "Odd", AnyValue())
    assert [cell_value(story, unknown, raw) for raw in (True, 5, "[1]")] == [True, 5, "[1]"]
    assert cell_value(story, unknown, JsonText('{"a": [1.5]}')) == {"a": [Decimal("1.5")]}
    assert cell_value(story, tags, JsonText('{"a": 1}')) == '{"a": 1}'
    past = bench.context.asset(Oid("Story", 1, 5))
    assert cell_members(past, owners, (ANN, BOB.at(3))) == (ANN.at(5), BOB.at(3))


def test_all_that_is_populated_is_there_without_another_request(bench: Bench) -> None:
    stories = bench.query("Story").select("Name").all()
    before = bench.requests
    narrowed = str(bench.Story.Owners[RawFilter("x")].Name)
    bench.loader.populate(stories, ["Owners.@Count", "Estimate", "Super.Scope.Name"])
    assert bench.requests - before == 5
    before = bench.requests
    assert [story["Owners.@Count"] for story in stories] == [None] * 6
    assert [story.Estimate for story in stories] == list(range(6))
    assert {story.Super.Scope.Name for story in stories} == {"Scope 900"}
    assert bench.requests == before
    bench.loader.populate(stories, ["Owners.@Count", "Estimate", "Super.Scope.Name"])
    assert bench.requests == before
    bench.loader.populate(stories[:1], [narrowed])
    assert bench.requests == before + 1
    with pytest.raises(AttributeError):
        bench.loader.populate([*stories, bench.Epic(500)], ["Estimate"])


def test_members_that_were_sent_stay_known_until_they_are_saved(bench: Bench) -> None:
    story = bench.Story(1)
    assert len(story.Owners) == 2
    story.Owners.remove(bench.Member(20))
    bench.unit.begin_sending({story._state.oid: {"Owners"}})
    bench.unit.revert([story])
    story.Owners = [bench.Member(21)]
    [delta] = bench.unit.plan()[0].deltas  # type: ignore[union-attr]
    assert (delta.added, delta.removed) == ((), (ANN,))
    story.Owners = [bench.Member(20), bench.Member(21)]
    [delta] = bench.unit.plan()[0].deltas  # type: ignore[union-attr]
    assert (delta.added, delta.removed) == ((ANN,), ())
    bench.unit.end_sending({story._state.oid: {"Owners"}})
    story.Owners = [bench.Member(20), bench.Member(21)]
    assert len(bench.unit) == 0


def test_names_that_two_assets_of_a_list_share() -> None:
    status = asset_type("Status", attribute("Name"), choices=True)
    schema = Schema({"Status": status, "Color": replace(status, name="Color"), "Scope": SCHEMA.types["Scope"]})
    first, second, red = Oid("Status", 1), Oid("Status", 2), Oid("Color", 1)
    answers = {"Status": [(first, "Twice"), (second, "Twice")], "Color": [(red, "Red")], "Scope": []}
    read: list[list[str]] = []

    def reading(fetches: Sequence[Fetch]) -> list[Rows]:
        read.append([fetch.type_name for fetch in fetches])
        assert {fetch.size for fetch in fetches} == {1000}
        return [Rows(tuple(Row(oid, ("Name",), (name,)) for oid, name in answers[one.type_name])) for one in fetches]

    words = Vocabulary()
    assert words.known(schema, "Scope", ["x"], reading) is None
    assert words.known(schema, "Status", ["twice"], reading) == {"Twice": (first, second)}
    assert words.known(schema, "Status", ["TWICE"], reading) == {"Twice": (first, second)}
    assert read == [["Status"]]
    assert words.names_of([first]) == {first: "Twice"}
    assert words.names_of([second, red]) == {second: "Twice"}
    assert words.of_all(schema, reading) == {"Status": {"Twice"}, "Color": {"Red"}}
    assert words.of_all(schema, reading) == {"Status": {"Twice"}, "Color": {"Red"}}
    assert read == [["Status"], ["Color"]]
    assert words.names_of([first, second, red, Oid("Scope", 1)]) == {first: "Twice", second: "Twice", red: "Red"}
    words.known(schema, "Status", ["Twice", "new"], reading)
    assert read[2:] == [["Status"]]


def test_each_condition_on_a_list_is_checked_wherever_it_is() -> None:
    schema = Schema(
        {
            "Status": asset_type("Status", attribute("Name"), attribute("Color"), choices=True),
            "Task": asset_type(
                "Task",
                attribute("Name"),
                attribute("Status", "Relation", related="Status"),
                attribute("Next", "Relation", related="Task"),
            ),
        }
    )
    bench = Bench(schema=schema)
    bench.add("Status:1", Name="Done")
    bench.add("Task:1", Name="task")
    task, query = bench.Task, bench.query("Task").select("Name")
    wrong = task.Status.Name == "Dome"
    for refused in (
        query.where(RawFilter("x"), wrong),
        query.where((task.Name == "x") & wrong),
        query.where(~(task.Status.Color.exists() | wrong)),
        query.where(task.Next[wrong].exists()),
        query.where(task.Next.Next[(task.Name == "x") & wrong].exists()),
        query.select(task.Next[wrong].Name),
        query.select(task.Name, task.Next[wrong]),
        query.where(task.Status.Name != "Dome"),
        query.where({"Status.Name": ["Done", "Dome"]}),
    ):
        with pytest.raises(ValueError, match=r"there is no Status 'Dome'. Did you mean Done\?") as caught:
            list(refused)
        assert (caught.value.type_name, caught.value.attribute) == ("Status", "Status.Name")  # type: ignore[attr-defined]
    for free in (task.Status.Name.exact("Dome"), task.Status.Name.contains("Dome"), task.Status.Color == "Dome"):
        assert list(query.where(free))


class Zeroed(Number, frozen=True):
    """A number of which the sum of none is one."""

    zero: int = 100


def test_a_sum_begins_with_the_zero_of_its_kind() -> None:
    story = replace(SCHEMA.types["Story"], attributes={"Size": Attribute("Size", "Numeric", Zeroed(), basic=True)})
    bench = Bench(schema=Schema({"Story": story}))
    assert bench.Story.Size.sum() == 100
    bench.add("Story:1", Size="2")
    assert bench.Story.Size.sum() == 102


class ByAlias(FakeBackend):
    """Epics are known by number, by alias `e:1` and by name."""

    def key_of(self, type_name: str, text: str) -> Key | None:
        return int(text) if text.isdecimal() else None

    def taken_by_alias(self, type_name: str) -> bool:
        return False

    def look_up(self, schema: Any, type_name: str, alias: str) -> Generator[Any, Any, Row]:
        yield Request("GET", "alias")
        raise NotFound("there is no such project", status=410, oid="Epic:x")


def test_what_is_no_alias_may_be_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(ByAlias())
    bench.add("Epic:8", Name="Big")
    bench.add("Story:1", Name="one")
    bench.Story(1).Super = "Big"
    assert bench.Story(1).Super is bench.Epic(8)
    with pytest.raises(
        ValueError, match=r"Story.Super: there is no Epic with the Name 'Bib'.*Did you mean Big"
    ) as near:
        bench.Story(1).Super = "Bib"
    assert near.value.attribute == "Super"  # type: ignore[attr-defined]
    for far in ("completely else", "a:b", "a/b"):
        with pytest.raises(ValueError, match="Story.Super: .*no such project"):
            bench.Story(1).Super = far
    with pytest.raises(NotFound) as caught:
        bench.Epic("nothing")
    assert str(caught.value) == "Epic('nothing'): there is no such project"
    assert (caught.value.status, caught.value.oid) == (410, "Epic:x")
    monkeypatch.setattr(ByAlias, "look_up", lambda *given: _raising(NotFound("there is no such project")))
    with pytest.raises(NotFound) as plain:
        bench.Epic("nothing")
    assert plain.value.status == 404


def _raising(error: Exception) -> Generator[Any, Any, Row]:
    yield Request("GET", "alias")
    raise error


class InParts(FakeBackend):
    """Answers in parts of two, each with the place of the next."""

    def fetch(self, schema: Schema, fetches: Sequence[Fetch]) -> Generator[Any, Any, list[Rows]]:
        [fetch] = fetches
        yield Request("GET", "part")
        self.fetched.append(fetch)
        start = fetch.cursor or 0
        assert isinstance(start, int)
        oids = [oid for oid in self.assets if oid.type == fetch.type_name]
        rows = tuple(Row(oid, ("Name",), (self.assets[oid]["Name"],)) for oid in oids[start : start + 2])
        return [Rows(rows, next_cursor=start + 2 if start + 2 < len(oids) else None)]


@pytest.mark.parametrize("prefetch", [0, 1, 3])
def test_parts_are_read_one_after_the_other_each_once(prefetch: int) -> None:
    class Call:
        def __init__(self, call: Any) -> None:
            self.result = call

        def leave(self) -> None: ...

    backend = InParts(can=replace(ALL_ROUND, windows=False))
    bench = Bench(backend, prefetch=prefetch, start=Call, page_size=2)
    bench.stories(7)
    found = bench.query("Story").select("Name").all()
    assert [story.intid for story in found] == [1, 2, 3, 4, 5, 6, 7]
    assert [fetch.cursor for fetch in backend.fetched] == [None, 2, 4, 6]
    assert {fetch.page_size for fetch in backend.fetched} == {2}


def test_a_file_is_continued_by_where_it_comes_from(bench: Bench, tmp_path: FilePath, monkeypatch: Any) -> None:
    bench.backend.can = replace(ALL_ROUND, file_types=frozenset({"Story"}))
    bench.backend.files[Oid("Story", 1)] = b"bytes"
    seen: list[dict[str, Any]] = []

    def writing(folder: FilePath, name: str, fill: Any, **more: Any) -> FilePath:
        seen.append({"folder": folder, "name": name, **more})
        return folder / name

    monkeypatch.setattr(attachments, "write_whole", writing)
    assert attachments.save(bench.Story(1), tmp_path) == tmp_path / "Story 1"
    assert seen == [{"folder": tmp_path, "name": "Story 1", "source": "http://host/ Story:1"}]
    assert attachments.source_of(bench.Story(2)) != attachments.source_of(bench.Story(1))


def test_a_value_is_kept_under_the_lock(bench: Bench) -> None:
    story = bench.Story(1)
    assert story.Name
    held: list[bool] = []

    class Watched(dict[str, Any]):
        def __setitem__(self, name: str, value: Any) -> None:
            held.append(bench.context.lock._is_owned())  # type: ignore[attr-defined]
            super().__setitem__(name, value)

    object.__setattr__(story, "__dict__", Watched())
    cache_value(story, "Estimate", 5)
    assert held == [True]
