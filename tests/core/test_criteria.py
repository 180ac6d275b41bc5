"""What each verb of a query adds to what is requested, and to what the query shows of itself."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from assetmeta.model.codecs import Codec, Integer, Text
from assetmeta.model.conditions import And, RawFilter
from assetmeta.model.errors import BadValue, NotExactlyOne, Rejected, UnknownName, Unsupported
from assetmeta.model.paths import Path
from assetmeta.model.plans import Fetch, Find, Row, Sort
from assetmeta.model.schema import Attribute, Schema
from assetmeta.model.values import Oid
from core.fake import ALL_ROUND, SCHEMA, Bench, FakeBackend

NAME, SIZE = Path.parse("Name"), Path.parse("Estimate")
BASICS = tuple(map(Path.parse, SCHEMA.types["Story"].basic))


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.stories(6)
    return bench


def test_each_verb_is_in_the_request(bench: Bench) -> None:
    query = bench.query("Story")
    condition = bench.Story.Name == "x"
    cases: list[tuple[Any, dict[str, Any]]] = [
        (query, {}),
        (query.select("Name"), {"select": (NAME,)}),
        (query.select("Name", "Estimate", "Name"), {"select": (NAME, SIZE)}),
        (query.select("Name").select("Estimate"), {"select": (NAME, SIZE)}),
        (query.select("Name").select(), {}),
        (query.where(Name="x"), {"where": condition}),
        (query.where({"Name": "x"}), {"where": condition}),
        (query.where(condition, Estimate=1), {"where": And((condition, bench.Story.Estimate == 1))}),
        (query.where(Name="x").where(Estimate=1), {"where": And((condition, bench.Story.Estimate == 1))}),
        (query.filter("a='b'"), {"where": RawFilter("a='b'")}),
        (query.filter("  "), {}),
        (query.filter(condition), {"where": condition}),
        (query.sort("-Name", "+Estimate"), {"sort": (Sort(NAME, True), Sort(SIZE))}),
        (query.sort(" Name ").sort("-Name"), {"sort": (Sort(NAME),)}),
        (query.sort(bench.Story.Name.desc(), bench.Story.Estimate), {"sort": (Sort(NAME, True), Sort(SIZE))}),
        (query.sort("Name").sort(), {}),
        (query.find("x"), {"find": Find("x")}),
        (query.find(5, "Name"), {"find": Find("5", (NAME,))}),
        (query.find("x", [bench.Story.Name, "Estimate"]), {"find": Find("x", (NAME, SIZE))}),
        (query.find("x").find(), {}),
        (query.find("x").find(""), {}),
        (query.page(size=3), {"size": 3}),
        (query.page(start=2).page(size=3), {"size": 3, "start": 2}),
        (query.page(3, 2).page(start=0), {"size": 3, "start": 0}),
        (query.page(3, 2).page(), {}),
        (query.deleted(), {"deleted": True}),
        (query.deleted().deleted(False), {}),
    ]
    for each, given in cases:
        assert each.fetch() == Fetch("Story", **{"select": BASICS, **given})
    assert query.asof("2026-03-01").fetch("x").asof == "x"
    assert query.asof("2026-03-01", [date(2026, 3, 2)]).asof("2026-03-03").moments == (
        *("2026-03-01", "2026-03-02", "2026-03-03"),
    )
    assert bench.requests == 0


def test_several_values_are_any_of_them_and_others_are_one(bench: Bench) -> None:
    query = bench.query("Story")
    for several in (["a", "b"], ("a", "b"), iter(["a", "b"]), {"a": 1, "b": 2}.keys()):
        assert query.where(Name=several).terms == (bench.Story.Name.in_(["a", "b"]),)
    assert query.where(Name="ab").terms == (bench.Story.Name == "ab",)
    assert query.where(Super=Oid("Epic", 5)).terms == (bench.Story.Super == "Epic:5",)
    assert query.where(Super=bench.Epic(5)).terms == (bench.Story.Super == "Epic:5",)
    for whole in ({"a": 1}, b"ab"):
        with pytest.raises(BadValue, match="Story.Name does not take"):
            query.where(Name=whole)


def test_what_is_wrong_with_a_verb_is_said_at_once(bench: Bench) -> None:
    query = bench.query("Story")
    for call, error, why in (
        (lambda: query.where("x"), BadValue, "takes conditions and name=value pairs, not 'x'"),
        (lambda: query.where({5: 1}), BadValue, "5"),
        (lambda: query.filter(5), BadValue, "not 5"),
        (lambda: query.sort(5), BadValue, "takes names and columns, not 5"),
        (lambda: query.sort("Owners"), BadValue, "Story.Owners has several values: nothing can be sorted by it"),
        (lambda: query.sort("--Name"), BadValue, "not an attribute name"),
        (lambda: query.find("a\x00"), BadValue, r"find\(\): it contains U\+0000"),
        (lambda: query.find("x", "Nam"), UnknownName, "Did you mean Name"),
        (lambda: query.page(size=-1), BadValue, r"page\(size=...\) takes a whole number, 0 or more, not -1"),
        (lambda: query.page(start=-1), BadValue, r"page\(start=...\) takes a whole number, 0 or more, not -1"),
        (lambda: query.page(size=True), BadValue, "not True"),
        (lambda: next(query.pages(0)), BadValue, r"pages\(\) takes a whole number, 1 or more, not 0"),
        (lambda: query.head(-1), BadValue, r"head\(\) takes a whole number, 0 or more"),
        (lambda: query.asof(), BadValue, "takes one moment at least"),
        (lambda: query.asof([]), BadValue, "takes one moment at least"),
        (lambda: query.asof(None), BadValue, "give a datetime, a date, or ISO text"),
        (lambda: query.select(5), BadValue, "5"),
        (lambda: query.select("Name.@CleanText"), Unsupported, "clean"),
        (lambda: query.clean_text("Name"), Unsupported, "clean"),
        (lambda: query.clean_html("Name"), Unsupported, "clean"),
        (lambda: query["x":1], BadValue, "sliced forwards, without steps"),
        (lambda: query[1:2:2], BadValue, "sliced forwards, without steps"),
        (lambda: query[-1:2], BadValue, "sliced forwards, without steps"),
        (lambda: query[1:-2], BadValue, "sliced forwards, without steps"),
        (lambda: query[2.5], BadValue, "indexed by positions, slices and names, not 2.5"),
    ):
        with pytest.raises(error, match=why):
            call()
    assert bench.requests == 0
    with pytest.raises(IndexError, match="has no asset at position 6"):
        query[6]


def test_what_only_some_servers_do_is_refused_on_the_others() -> None:
    every = ("asof", "find", "sort", "raw_filter", "paths", "aggregates", "operations", "delete")
    bench = Bench(FakeBackend(can=replace(ALL_ROUND, **dict.fromkeys(every, False))))
    query = bench.query("Story")
    for call in (
        lambda: query.asof("2026-03-01"),
        lambda: query.find("x"),
        lambda: query.sort("Name"),
        lambda: query.sort(),
        lambda: query.filter("x"),
        lambda: query.where(RawFilter("x")),
        lambda: query.select("Super.Name"),
        lambda: query.select("Owners.@Count"),
        lambda: query.execute("Close"),
        lambda: query.delete(),
    ):
        with pytest.raises(Unsupported, match="^fake "):
            call()
    assert query.find(None) == query
    assert bench.requests == 0


def test_aggregates_that_are_worked_out_here() -> None:
    local = Bench(FakeBackend(can=replace(ALL_ROUND, evaluates=True)))
    query = local.query("Story")
    for name in ("Count", "DistinctCount", "Min", "Max", "MinDate", "MaxDate"):
        assert str(query.select(f"Owners.@{name}").selected[0]) == f"Owners.@{name}"
    for name in ("And", "Or", "MaxState"):
        with pytest.raises(Unsupported, match=rf"Story.Owners.@{name}: fake has no @{name}; there are @Count, @Dist"):
            query.select(f"Owners.@{name}")
    with pytest.raises(BadValue, match="only numbers have a sum"):
        query.select("Tags.@Sum")
    assert str(query.select("Estimate.@Sum").selected[0]) == "Estimate.@Sum"


def test_slices_of_slices(bench: Bench) -> None:
    query = bench.query("Story")

    def window(part: Any) -> tuple[int, int | None]:
        return part.start, part.size

    assert [window(each) for each in (query[:3], query[2:], query[2:5], query[:], query[3:2], query[0:0])] == [
        *((0, 3), (2, None), (2, 3), (0, None), (3, 0), (0, 0)),
    ]
    assert window(query[1:5][1:3]) == (2, 2)
    assert window(query[1:5][2:9]) == (3, 2)
    assert window(query[1:5][5:]) == (6, 0)
    assert window(query[1:5][:]) == (1, 4)
    assert window(query[1:2:1]) == (1, 1)
    assert [query[0].intid, query[5].intid, query[-1].intid] == [1, 6, 6]


def test_one_number_of_requests_for_each_question(bench: Bench) -> None:
    query = bench.query("Story").select("Name")
    for call, answer, requests in (
        (query.count, 6, 1),
        (query.exists, True, 1),
        (lambda: bool(query), True, 1),
        (query.max_length, 6, 1),
        (lambda: query.page(2, 1).count(), 6, 1),
        (lambda: query.page(2, 1).length(), 2, 1),
        (lambda: query.page(size=0).exists(), False, 0),
        (lambda: query.first().intid, 1, 1),
        (lambda: query.page(start=3).first().intid, 4, 1),
        (lambda: query.page(size=0).first(), None, 0),
        (lambda: [len(page) for page in query.pages(4)], [4, 2], 3),
        (lambda: list(query[4].data), ["Name"], 1),
        (lambda: len(query.queryAll()), 6, 1),
        (
            lambda: [len(query), query.first().intid, query.exists(), query[-1].intid, query.length()],
            [6, 1, True, 6, 6],
            0,
        ),
        (lambda: len(query.reQueryAll()), 6, 1),
        (lambda: len(query.select("Estimate")), 6, 1),
    ):
        before = bench.requests
        assert call() == answer
        assert bench.requests - before == requests
    gone = bench.query("Member")
    with pytest.raises(NotExactlyOne, match="There is no Member for Member") as caught:
        gone.one()
    assert caught.value.type_name == "Member"
    with pytest.raises(NotExactlyOne, match="more than one Story"):
        query.one()
    assert gone.queryAll().first() is None
    assert not gone.exists()


def test_a_query_shows_what_it_was_made_of(bench: Bench) -> None:
    query = bench.query("Story").select("Name").where(Name="x").filter("y").sort("-Name").find("z", "Name")
    assert repr(query.asof("2026-03-01").page(3, 2).deleted()) == (
        "Story.select('Name').where(Name='x').filter('y').sort('-Name').find('z', 'Name').asof('2026-03-01')"
        ".page(size=3, start=2).deleted()"
    )
    assert repr(bench.query("Story").find("z", ["Name", "Estimate"]).page(start=1)) == (
        "Story.find('z', ['Name', 'Estimate']).page(size=None, start=1)"
    )
    assert repr(bench.query("Story").find("z")) == "Story.find('z')"
    stream = query.progress()
    assert repr(stream) == f"<stream of {query!r}: not counted yet>"
    assert {"Name", "Owners", "where", "select"} <= set(dir(query))
    assert "selected" not in dir(query)


def test_an_explanation_names_what_is_checked_again_here() -> None:
    bench = Bench(FakeBackend(can=replace(ALL_ROUND, exact=False)))
    query = bench.query("Story")
    plain = query.where(Estimate=5).explain()
    assert plain.startswith("one request per 25 assets, and one to count when there are more: Story")
    assert "letter case" not in plain
    loose = query.where(Name="x").explain()
    assert "\nthe server ignores letter case in = and !=; column.exact(text) does not" in loose
    exact = query.where(bench.Story.Name.exact("x") & (bench.Story.Name.startswith("y"))).explain()
    assert "\nchecked again here: Name=='x'; Name^='y'" in exact
    assert "one request for each of 2 moments per" in query.asof("2026-03-01", "2026-03-02").explain()
    assert "moments" not in query.asof("2026-03-01").explain()
    with pytest.raises(Unsupported, match="go together with others by &"):
        query.where(bench.Story.Name.exact("x") | (bench.Story.Estimate > 3))
    assert len(query.where(bench.Story.Name.exact("x") | bench.Story.Name.endswith("y")).terms) == 1


def test_paths_are_found_again_by_their_text_up_to_a_bound(bench: Bench) -> None:
    context = bench.context
    narrowed = bench.Story.Owners[bench.Member.Name == "x"]._path
    bench.query("Story").select(bench.Story.Owners[bench.Member.Name == "x"])
    assert context.path(str(narrowed)) is context._paths[str(narrowed)]
    context.remember(Path.parse("Super.Name"))
    assert "Super.Name" not in context._paths
    assert context.path("Super.Name") == Path.parse("Super.Name")
    assert (context._paths.maxsize, context.identity._kept.maxsize) == (10_000, 100)


def test_what_an_answer_has_and_the_schema_has_not_is_looked_for_once(bench: Bench) -> None:
    asked: list[set[tuple[str, str]]] = []
    bench.context._renew = lambda missing: bool(asked.append(set(missing)))
    know = bench.context.know
    epic, other = Oid("Epic", 1), Oid("Other", 2)
    know([Row(Oid("Story", 1), ("Name", "Owners.@Count", "Super.Name"), ("x", "5", "y"))])
    assert asked == []
    know([Row(Oid("Story", 1), ("Name", "Fresh"), ("x", "y")), Row(epic, ("New",), (None,))])
    know([Row(Oid("Story", 2), ("Twin", "Owners"), (Oid("Third", 1), (Oid("Member", 1), other)))])
    know([], [Oid("Fourth", 1), epic])
    assert asked == [
        {("Story", "Fresh"), ("Epic", "New")},
        {("Third", ""), ("Other", "")},
        {("Fourth", "")},
    ]
    know([Row(Oid("Story", 3), ("Name", "Fresh"), ("x", "y"))], [Oid("Fourth", 2)])
    assert len(asked) == 3


def test_a_read_that_is_refused_is_tried_without_what_is_gone(bench: Bench) -> None:
    tries: list[tuple[Path, ...]] = []

    def fetch(schema: Any, fetches: Any) -> Any:
        tries.append(fetches[0].select)
        if len(tries) == 1:
            raise Rejected("no such attribute", status=400)
        yield from ()
        return []

    bench.backend.fetch = fetch  # type: ignore[method-assign]
    wanted = Fetch("Story", select=(NAME, Path.parse("Gone")))
    with pytest.raises(Rejected):
        bench.context.read([wanted])
    tries.clear()
    bench.context.newer_schema = lambda: True  # type: ignore[method-assign]
    assert bench.context.read([wanted]) == []
    assert tries == [wanted.select, (NAME,)]
    assert bench.context.read([]) == []
    assert len(tries) == 2


def test_a_commit_logs_how_many_changes_it_sends(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="assetmeta"):
        assert not bench.writer.commit()
        assert caplog.messages == []
        bench.Story(1).Name = "x"
        bench.writer.commit()
        assert caplog.messages == ["commit of 1 change: 1 update", "round 1: 1 change", "commit ended: 1 done"]
        caplog.clear()
        bench.Story(1).Name, bench.Story(2).Name = "y", "y"
        bench.writer.commit()
        assert caplog.messages[1] == "round 1: 2 changes"
        caplog.clear()
        bench.Story(3).Close()
        bench.Story.create(Name="z")
        assert caplog.messages == []


class Counted(Text, frozen=True):
    """A codec of values with parts."""

    @property
    def parts(self) -> Mapping[str, Codec]:
        return {"failed": Integer(), "passed": Integer()}


def test_parts_of_values_are_requested_where_the_dialect_evaluates() -> None:
    kind = SCHEMA.types["Story"]
    story = replace(kind, attributes={**kind.attributes, "Counts": Attribute("Counts", "Counts", Counted())})
    schema = Schema({**SCHEMA.types, "Story": story})
    local = Bench(FakeBackend(can=replace(ALL_ROUND, evaluates=True)), schema=schema)
    query = local.query("Story").select("Counts.failed").where({"Counts.passed": 3}).sort("-Counts.failed")
    assert query.selected[0].part == "failed"
    [sort], [term] = query.sorts, query.terms
    assert (sort.path.part, term.path.part, str(term)) == (*("failed", "passed", "Counts.passed='3'"),)  # type: ignore[union-attr]
    assert query.fetch().select == (Path.parse("Counts"),)
    remote = Bench(schema=schema).query("Story")
    for call in (lambda: remote.select("Counts.failed"), lambda: remote.sort("Counts.failed")):
        with pytest.raises(UnknownName, match="Counts is a value"):
            call()
    with pytest.raises(UnknownName, match="has no part 'fail'; it has failed, passed. Did you mean failed"):
        local.query("Story").select("Counts.fail")
