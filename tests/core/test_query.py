"""Queries: what they mean, what they send, what they refuse."""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Callable
from decimal import Decimal

import pytest
from msgspec.structs import replace

from assetmeta.core.frames import Frames
from assetmeta.core.metaclass import AssetClass
from assetmeta.core.query import Query
from assetmeta.model.conditions import And, Compare, Exists, Not, Or, RawFilter
from assetmeta.model.errors import BadValue, NotExactlyOne, UnknownName, Unsupported
from assetmeta.model.paths import Path, Step
from assetmeta.model.values import Oid
from assetmeta.tools.stubs import _PRELUDE
from core.fake import ALL_ROUND, Bench, FakeBackend


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.stories(60)
    return bench


def path(text: str) -> Path:
    return Path.parse(text)


def test_a_verb_returns_a_new_query_and_leaves_the_old(bench: Bench) -> None:
    first = bench.query("Story")
    second = first.select("Name").where(Estimate=3).sort("-Name").page(size=5)
    assert first == bench.query("Story")
    assert first != second
    assert (Compare(path("Estimate"), "=", (Decimal(3),)),) == second.terms
    assert bench.requests == 0


def test_equal_queries_are_equal_and_hash_alike(bench: Bench) -> None:
    first, second = (bench.query("Story").where(Estimate=3).select("Name") for _ in range(2))
    assert first == second
    assert hash(first) == hash(second)


def test_iteration_streams_page_by_page(bench: Bench) -> None:
    stories = iter(bench.query("Story").select("Name"))
    assert next(stories).Name == "Story 1"
    assert bench.requests == 1
    assert len(list(stories)) == 59
    # Three pages, and one request to count after the first of several.
    assert bench.requests == 4


def test_list_of_a_query_reads_it_once(bench: Bench) -> None:
    query = bench.query("Story").select("Name").page(size=20)
    assert 20 == len(list(query)) == len(query) == query.length()
    assert bench.requests == 1


def test_requery_reads_again(bench: Bench) -> None:
    query = bench.query("Story").page(size=20)
    assert len(query.queryAll()) == 20
    assert len(query.queryAll()) == 20
    assert bench.requests == 1
    assert len(query.reQueryAll()) == 20
    assert bench.requests == 2


def test_a_window_is_cut_by_slices_and_pages(bench: Bench) -> None:
    query = bench.query("Story")
    assert (query[10:20].start, query[10:20].size) == (10, 10)
    assert (query[10:20][2:].start, query[10:20][2:].size) == (12, 8)
    assert (query.page(size=3, start=7).start, query.page(size=3, start=7).size) == (7, 3)
    assert [story.Name for story in query.page(size=1, start=7)] == ["Story 8"]
    assert query[2].Name == "Story 3"
    with pytest.raises(IndexError):
        query[60]
    with pytest.raises(BadValue):
        query[::2]


def test_pages_yields_lists_of_the_size_requested(bench: Bench) -> None:
    assert [len(page) for page in bench.query("Story").pages(20)] == [20, 20, 20]
    assert [len(page) for page in bench.query("Story").page(size=25).pages(20)] == [20, 5]


def test_first_one_exists_and_count(bench: Bench) -> None:
    assert bench.query("Story").first().Name == "Story 1"
    assert bench.query("Member").first() is None
    assert bench.query("Story").exists()
    assert not bench.query("Member")
    assert 60 == bench.query("Story").count() == bench.query("Story").page(size=3).max_length()
    with pytest.raises(NotExactlyOne, match="no Member"):
        bench.query("Member").one()
    with pytest.raises(NotExactlyOne, match="more than one Story"):
        bench.query("Story").one()


def test_a_column_yields_values_and_adds_itself_to_the_selection(bench: Bench) -> None:
    assert list(bench.query("Story").page(size=2).Name) == ["Story 1", "Story 2"]
    assert (path("Name"),) == bench.backend.fetched[0].select
    assert len(list(bench.Story.Name)) == 60
    assert Decimal(sum(range(60))) == bench.Story.Estimate.sum()
    assert Decimal(59) == bench.Story.Estimate.max()


def test_columns_build_conditions(bench: Bench) -> None:
    story = bench.Story
    assert Compare(path("Estimate"), ">", (Decimal(3),)) == (story.Estimate > 3)
    assert Compare(path("Owners.Name"), "=", ("Joe",)) == (story.Owners.Name == "Joe")
    assert Compare(path("Name"), "=", ("a", "b")) == story.Name.in_(["a", "b"])
    assert Compare(path("Super"), "=", (Oid("Epic", 500),)) == (story.Super == bench.Epic(500))
    assert Compare(path("Super.Name"), "=", ("Big",), by_name=True) == (story.Super == "Big")
    assert Exists(path("Super"), present=False) == (story.Super == None)  # noqa: E711
    assert Or((Exists(path("Estimate"), present=False), Compare(path("Estimate"), "=", (Decimal(1),)))) == (
        story.Estimate.in_([None, 1])
    )
    both = (story.Estimate > 3) & ~(story.Name == "x")
    assert And((Compare(path("Estimate"), ">", (Decimal(3),)), Not(Compare(path("Name"), "=", ("x",))))) == both


def test_conditions_are_not_python_booleans(bench: Bench) -> None:
    with pytest.raises(BadValue, match="combine conditions with &"):
        _ = bench.Story.Estimate > 3 and bench.Story.Name == "x"
    with pytest.raises(BadValue, match="attribute of many assets"):
        bool(bench.Story.Estimate)


def test_narrowed_and_aggregated_columns_are_expressions(bench: Bench) -> None:
    column = bench.Scope.Stories[bench.Story.Estimate > 3].Estimate.sum()
    where = Compare(path("Estimate"), ">", (Decimal(3),))
    assert Path((Step("Stories", where=where), Step("Estimate")), "Sum") == column._path
    assert str(bench.Scope.Stories.count()) == "Stories.@Count"


def test_wrong_names_are_refused_where_they_are_written(bench: Bench) -> None:
    for build in (
        lambda: bench.query("Story").select("Nam"),
        lambda: bench.query("Story").where(Nam="x"),
        lambda: bench.query("Story").sort("-Nam"),
        lambda: bench.query("Story").select("Super.Nam"),
        lambda: bench.Story.Super.Nam,
        lambda: bench.query("Story").Nam,
    ):
        with pytest.raises(UnknownName, match="Did you mean Name"):
            build()
    with pytest.raises(UnknownName, match="no relation"):
        bench.query("Story").select("Name.Length")
    with pytest.raises(BadValue, match="Estimate does not take 'x'"):
        bench.query("Story").where(Estimate="x")


def test_what_the_server_cannot_do_is_refused_before_anything_is_sent() -> None:
    bench = Bench()
    bench.backend.can = type(bench.backend.can)(max_page=5)
    query = bench.query("Story")
    for build, words in (
        (lambda: query.sort("Name"), "fake does not sort"),
        (lambda: query.asof("2026-01-01"), "fake does not show the past"),
        (lambda: query.find("x"), "fake has no text search"),
        (lambda: query.filter("Name='x'"), "fake has no filter language"),
        (lambda: query.select("Super.Name"), "fake does not follow relations in a query"),
        (lambda: query.execute("Close"), "fake has no operations"),
        (lambda: query.delete(), "fake deletes nothing"),
    ):
        with pytest.raises(Unsupported, match=words):
            build()
    assert bench.requests == 0


def test_filter_takes_the_servers_language_as_it_is(bench: Bench) -> None:
    query = bench.query("Story").filter("Estimate>'5';Name='it''s'")
    assert (RawFilter("Estimate>'5';Name='it''s'"),) == query.terms
    assert query.terms == bench.Story.query(where="Estimate>'5';Name='it''s'").terms


def test_sort_ignores_repeats_and_can_be_cleared(bench: Bench) -> None:
    query = bench.query("Story").sort("-Name", "Estimate").sort("Name")
    assert [str(sort) for sort in query.sorts] == ["-Name", "Estimate"]
    assert query.sort().sorts == ()


def test_asof_runs_once_for_each_moment_and_marks_the_assets(bench: Bench) -> None:
    query = bench.query("Story").select("Name").page(size=2).asof("2026-01-01", "2026-02-01")
    found = [(story.AsOf, story.data["AsOf"], story.intid) for story in query]
    assert [(day, day, number) for day in ("2026-01-01", "2026-02-01") for number in (1, 2)] == found
    assert bench.requests == 2
    with pytest.raises(BadValue, match="asof"):
        bench.query("Story").asof("yesterday")
    for none in ((), ([],)):
        with pytest.raises(BadValue, match="one moment at least"):
            bench.query("Story").asof(*none)


def test_set_changes_every_asset_and_sends_no_write(bench: Bench) -> None:
    assert bench.query("Story").select("Name").set(Estimate=1) == 60
    assert len(bench.unit) == 60
    assert bench.backend.written == []


def test_repr_shows_the_query_and_sends_nothing(bench: Bench) -> None:
    query = bench.query("Story").select("Name").where(bench.Story.Estimate > 3).sort("-Name").page(size=5)
    assert repr(query) == "Story.select('Name').where(Estimate>'3').sort('-Name').page(size=5, start=0)"
    assert bench.requests == 0


def test_help_dir_eq_hash_and_copy_send_nothing(bench: Bench) -> None:
    story = bench.Story(1)
    assert "Estimate: Numeric" in (bench.Story.__doc__ or "")
    assert {"Estimate", "Close", "idref"} <= set(dir(story))
    assert {"Estimate", "where", "create"} <= set(dir(bench.Story))
    assert story == story
    assert {story: 1}[bench.Story(1)]
    assert copy.copy(story) is story is copy.deepcopy(story)
    assert "asset type Story" in repr(bench.Story)
    assert bench.requests == 0


def test_a_pickled_asset_is_its_identity_and_loaded_values(bench: Bench) -> None:
    story = bench.Story(2)
    assert Decimal(1) == story.Estimate
    before = bench.requests
    snapshot = pickle.loads(pickle.dumps(story))
    assert Oid("Story", 2) == snapshot.oid
    assert (Decimal(1), Oid("Epic", 500)) == (snapshot.values["Estimate"], snapshot.values["Super"])
    assert before == bench.requests
    other = Bench()
    revived = other.Story(2).with_data(snapshot.values)
    assert (Decimal(1), "Story 2", "Epic:500") == (revived.Estimate, revived.Name, revived.Super.idref)
    assert other.requests == 0


def test_data_is_what_is_loaded_and_nothing_more(bench: Bench) -> None:
    story = next(iter(bench.query("Story").select("Name")))
    assert dict(story.data) == {"Name": "Story 1"}
    with pytest.raises(KeyError):
        story.data["Estimate"]
    assert story["Super.Name"] == "Epic 500"
    assert story.data["Super.Name"] == "Epic 500"


def test_plans_schemas_and_conditions_read_well(bench: Bench) -> None:
    schema = bench.context.schema
    assert repr(schema) == "<schema : 4 types>"
    assert repr(schema.type("Epic")) == "<type Epic: 3 attributes, 1 operations>"
    assert repr(schema.attribute("Story", "Owners")) == "<attribute Owners: several Member>"
    assert repr(schema.attribute("Story", "Number")) == "<attribute Number: Text, read-only>"
    assert repr(bench.Story.Estimate > 3) == "<condition Estimate>'3'>"
    assert repr(bench.unit.plan()) == "<Plan: nothing to commit>"
    bench.Story(1).Estimate = 3
    assert repr(bench.unit.plan()) == "<Plan 1 change: 1 update>"


@pytest.mark.parametrize(
    "query, sizes",
    [
        (lambda query: query.page(size=0), []),
        (lambda query: query.page(size=0, start=3), []),
        (lambda query: query.page(size=3), [1]),
        (lambda query: query.page(size=1), [1]),
        (lambda query: query, [1]),
    ],
)
def test_the_first_is_read_alone_and_not_at_all_where_there_is_room_for_none(
    bench: Bench, query: Callable[[Query], Query], sizes: list[int]
) -> None:
    found = query(bench.query("Story")).first()
    assert (None if not sizes else bench.Story(1)) is found
    assert sizes == [fetch.size for fetch in bench.backend.fetched]


@pytest.mark.parametrize("room, sizes", [(None, [2]), (5, [2]), (2, [2]), (1, [1]), (0, [])])
def test_the_only_one_is_read_with_one_more(bench: Bench, room: int | None, sizes: list[int]) -> None:
    query = bench.query("Story") if room is None else bench.query("Story").page(size=room)
    if room == 1:
        assert query.one() is bench.Story(1)
    else:
        with pytest.raises(NotExactlyOne):
            query.one()
    assert sizes == [fetch.size for fetch in bench.backend.fetched]


def test_a_query_without_room_sends_nothing(bench: Bench) -> None:
    query = bench.query("Story").page(size=0)
    assert list(query) == []
    assert not query.exists()
    assert list(query.pages()) == []
    assert bench.requests == 0


NO_FILTERS = FakeBackend(can=replace(ALL_ROUND, raw_filter=False))


@pytest.mark.parametrize(
    "refused",
    [
        lambda query: query.where(RawFilter("x")),
        lambda query: query.where(Compare(path("Name"), "=", ("x",)) & RawFilter("x")),
        lambda query: query.where(Not(RawFilter("x"))),
        lambda query: query.filter(RawFilter("x")),
        lambda query: query.filter("x"),
    ],
)
def test_a_raw_filter_is_refused_however_it_is_given(refused: Callable[[Query], object]) -> None:
    bench = Bench(NO_FILTERS)
    with pytest.raises(Unsupported, match="no filter language"):
        refused(bench.query("Story"))
    assert bench.requests == 0


def test_several_moments_come_together_and_an_empty_window_of_them_not_at_all() -> None:
    bench = Bench(FakeBackend(can=replace(ALL_ROUND, max_fetches=2)))
    bench.stories(3)
    moments = bench.query("Story").select("Name").asof("2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z")
    assert list(moments.page(size=0)) == []
    assert bench.requests == 0
    assert len(list(moments)) == 6


def test_the_sort_keys_of_a_column_are_those_of_its_name(bench: Bench) -> None:
    query, column = bench.query("Story"), bench.Story.Super.Name
    assert query.sort("Super.Name").sorts == query.sort(column.asc()).sorts == query.sort(column).sorts
    assert query.sort("-Super.Name").sorts == query.sort(column.desc()).sorts
    assert [(str(key.path), key.descending) for key in query.sort(column.desc(), "Name").sorts] == [
        ("Super.Name", True),
        ("Name", False),
    ]
    assert query.sort("Name").sort("-Estimate").sort().sorts == ()


@pytest.mark.parametrize(
    ("capability", "use", "words"),
    [
        ("asof", lambda query: query.asof("2026-01-01"), "does not show the past of its assets"),
        ("find", lambda query: query.find("x"), "has no text search"),
        ("raw_filter", lambda query: query.filter("Name='x'"), r"use where\(\)"),
        ("sort", lambda query: query.sort("Name"), "does not sort"),
        ("paths", lambda query: query.select("Super.Name"), "does not follow relations in a query"),
        ("aggregates", lambda query: query.select("Owners.@Count"), "works out nothing over related assets"),
        ("cleaning", lambda query: query.select("Name.@CleanText"), "does not clean texts"),
        ("delete", lambda query: query.delete(), "deletes nothing"),
    ],
)
def test_what_a_server_cannot_do_is_refused_in_words(
    capability: str, use: Callable[[Query], object], words: str
) -> None:
    bench = Bench(FakeBackend(can=replace(ALL_ROUND, **{capability: False})))
    with pytest.raises(Unsupported, match=words) as caught:
        use(bench.query("Story"))
    assert ("Story", 0) == (caught.value.type_name, bench.requests)


def test_a_position_from_the_end_is_one_of_the_whole_result(bench: Bench) -> None:
    query = bench.query("Story").select("Name")
    assert [bench.Story(60), bench.Story(59), bench.Story(1)] == [query[-1], query[-2], query[-60]]
    with pytest.raises(IndexError):
        query[-61]
    asked = bench.requests
    assert bench.Story(60) is bench.query("Story").select("Name")[59]
    assert 1 == bench.requests - asked


def test_a_relation_is_compared_with_a_relation_and_a_value_with_a_value() -> None:
    bench = Bench(FakeBackend(can=replace(ALL_ROUND, evaluates=True)))
    story = bench.Story
    for one, other in ((story.Super, story.Twin), (story.Name, story.Description)):
        term = one == other
        assert isinstance(term, Compare) and "=" == term.operator
    for one, other in ((story.Super, story.Name), (story.Name, story.Super)):
        with pytest.raises(BadValue, match="a relation is compared with a relation"):
            assert one == other
    assert 0 == bench.requests


def test_a_type_has_the_verbs_of_queries_that_only_read_and_stubs_have_them_too() -> None:
    """What writes to a whole result is a query's alone: `v1.Story.delete()` must not be a slip of one word."""
    verbs = {name for name, found in vars(AssetClass).items() if not name.startswith("_") and callable(found)}
    of_queries = {
        name
        for one in (Query, Frames)
        for name, found in vars(one).items()
        if inspect.isfunction(found) and name[0] != "_"
    }
    assert of_queries - verbs == {
        "set",
        "delete",
        "execute",
        "values",
        "queryAll",
        "reQueryAll",
        "length",
        "max_length",
    }
    stub = _PRELUDE[_PRELUDE.index("class _TypeOf") :]
    # These are written out for each type, with its attributes.
    assert {name for name in verbs if f"    def {name}(" not in stub} == {"where", "new", "create", "template"}
