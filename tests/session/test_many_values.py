"""Conditions with thousands of values, and queries about many moments: few requests, and the answers of one query."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from assetmeta import V1Meta, sandbox
from assetmeta.backends.versionone import VersionOne
from assetmeta.backends.versionone.partitions import exclusion, partition
from assetmeta.core.paging import pages
from assetmeta.model.conditions import And, Compare, Exists, Not, Or
from assetmeta.model.paths import Path
from assetmeta.model.plans import Fetch

ASSETS = 650


@pytest.fixture(scope="module")
def server() -> Iterator[sandbox.Server]:
    with sandbox.running("versionone", assets=ASSETS, seed=4) as running:
        yield running


@pytest.fixture
def v1(server: sandbox.Server) -> Iterator[V1Meta]:
    with V1Meta(**server.credentials) as session:
        yield session
        session.revert()


@pytest.fixture(scope="module")
def stories(server: sandbox.Server) -> dict[str, str]:
    """The numbers of all stories, and their identities."""
    with V1Meta(**server.credentials) as session:
        found = {story.Number: story.idref for story in session.Story.select("Number")}
    assert len(found) > 100
    return found


@pytest.fixture(scope="module")
def wanted(stories: dict[str, str]) -> list[str]:
    """Three thousand numbers, those of all stories among them."""
    return [*stories, *(f"S-{900_000 + index}" for index in range(3000 - len(stories)))]


Ask = Callable[[Any, Any], Any]

QUESTIONS: dict[str, Ask] = {
    "all": lambda query, Story: [story.idref for story in query.select("Name")],
    "ids": lambda query, Story: [story.idref for story in query],
    "count": lambda query, Story: query.count(),
    "first": lambda query, Story: query.first(),
    "exists": lambda query, Story: query.exists(),
    "window": lambda query, Story: list(query.select("Name")[7:19]),
    "last window": lambda query, Story: list(query[query.count() - 3 : query.count() + 5]),
    "by text": lambda query, Story: list(query.sort("Name")),
    "by number": lambda query, Story: list(query.sort("-Estimate", "Name")),
    "by relation": lambda query, Story: list(query.sort("Status", "-Name")),
    "by path": lambda query, Story: list(query.sort("Scope.Name", "-Super.Name")),
    "by rank": lambda query, Story: list(query.sort("-Order")),
    "by date": lambda query, Story: list(query.sort("-ChangeDate")),
    "by total": lambda query, Story: list(query.sort("-Owners.@Count", "Name")),
    "sorted window": lambda query, Story: list(query.sort("-Estimate")[5:30]),
    "sorted pages": lambda query, Story: [story.Name for page in query.sort("Name").pages(40) for story in page],
    "also": lambda query, Story: list(query.where(Story.Estimate > 2)),
    "or none": lambda query, Story: query.where(Story.Estimate.missing()).count(),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_thousands_of_values_are_answered_as_one_condition_is(v1: V1Meta, wanted: list[str], question: str) -> None:
    ask, Story = QUESTIONS[question], v1.Story
    many = ask(Story.where(Number=wanted), Story)
    few = ask(Story.where(Story.Number.exists()), Story)
    assert few == many
    assert few


def test_of_thousands_of_values_none_is_requested_twice(v1: V1Meta, wanted: list[str]) -> None:
    assert v1.schema.types
    with v1.trace() as trace:
        found = list(v1.Story.where(Number=wanted).select("Name"))
    assert (2, len({story.idref for story in found})) == (len(trace), len(found))
    with v1.trace() as trace:
        assert v1.Story.where(Number=wanted).count() == len(found)
    assert 1 == len(trace)


def test_an_asset_that_several_parts_hold_comes_once(v1: V1Meta) -> None:
    names = [member.Name for member in v1.Member.select("Name")]
    crowd = [*names[:1], *(f"nobody {index}" for index in range(1500)), *names[1:]]
    few, many = v1.Story.where({"Owners.Name": names}), v1.Story.where({"Owners.Name": crowd})
    assert (few.count(), few.all()) == (many.count(), many.all())
    assert few.sort("-Name").all() == many.sort("-Name").all()
    assert any(len(story.Owners) > 1 for story in many)


def test_pages_of_thousands_of_values_neither_overlap_nor_leave_gaps(server: sandbox.Server) -> None:
    with V1Meta(**server.credentials, page_size=50) as v1:
        every = [story.idref for story in v1.Story.select("Number")]
        numbers = [story.Number for story in v1.Story.select("Number")]
        crowd = [number for known in numbers for number in (known, f"{known}0", f"{known}X")]
        assert every == [story.idref for story in v1.Story.where(Number=crowd).select("Name")]


def test_none_among_thousands_of_values_means_not_set(v1: V1Meta) -> None:
    references = [None, *(f"R-{index}" for index in range(2500))]
    assert v1.Story.where(v1.Story.Reference.missing()).count() == v1.Story.where(Reference=references).count()


def test_a_condition_is_divided_only_where_its_parts_can_be_put_together() -> None:
    values = tuple(map(str, range(25)))
    many = Compare(Path.parse("Number"), "=", values)
    other, none = Exists(Path.parse("Estimate")), Exists(Path.parse("Number"), present=False)
    whole = Fetch("Story", where=And((other, many)))
    parts = partition(whole, 10)
    assert [values[:10], values[10:20], values[20:]] == [part.where.terms[1].values for part in parts]  # type: ignore[union-attr]
    assert {other} == {part.where.terms[0] for part in parts}  # type: ignore[union-attr]
    assert 4 == len(partition(replace(whole, where=Or((none, many))), 10))
    for term in (replace(many, operator="!="), replace(many, values=values[:10]), Or((none, other)), None):
        assert 1 == len(partition(replace(whole, where=term), 10))
    assert 1 == len(partition(replace(whole, history=True), 10))
    assert 1 == len(partition(replace(whole, where=replace(many, values=("a",) * 25)), 10))


MOMENTS = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=14 * index) for index in range(14)]


def test_fourteen_moments_take_two_requests(v1: V1Meta) -> None:
    assert v1.schema.types
    query = v1.Story.select("Name").page(size=3).asof(MOMENTS)
    with v1.trace() as trace:
        found = list(query)
    assert 2 == len(trace)
    each = [story for moment in MOMENTS for story in v1.Story.select("Name").page(size=3).asof(moment)]
    assert each == found
    assert [3] * len({story.AsOf for story in found}) == [
        sum(story.AsOf == moment for story in found) for moment in MOMENTS if any(s.AsOf == moment for s in found)
    ]


@pytest.mark.parametrize(("relation", "steps"), [("Scope", 2), ("Owners", 3), ("Super.Scope", 3)])
def test_a_walk_over_several_moments_loads_what_is_missing_for_all_of_them(
    v1: V1Meta, server: sandbox.Server, relation: str, steps: int
) -> None:
    """Eight queries share a request: of fourteen moments each step takes two. No basic attribute is a step, too."""
    first, *rest = relation.split(".")

    def names(stories: Iterable[Any]) -> list[Any]:
        reached = [story[first] for story in stories]
        for step in rest:
            reached = [each[step] for each in reached]
        return [sorted(one.Name for one in each) if first == "Owners" else each.Name for each in reached]

    assert v1.schema.types
    with v1.trace() as trace:
        found = names(v1.Story.asof(MOMENTS))
    assert len(trace) == 2 * steps
    assert len(found) > len(MOMENTS)
    assert len(set(map(str, found))) > 1
    with V1Meta(**server.credentials) as other:
        assert found == [name for moment in MOMENTS for name in names(other.Story.asof(moment))]


def test_an_attribute_that_is_missing_is_loaded_for_several_moments_at_once(v1: V1Meta) -> None:
    assert v1.schema.types
    with v1.trace() as trace:
        found = [(story.Name, story.Description) for story in v1.Story.select("Name").asof(MOMENTS)]
    assert len(trace) == 4
    assert found == [(s.Name, s.Description) for s in v1.Story.select("Name", "Description").asof(MOMENTS)]


def test_windows_are_per_moment_and_pages_go_on(server: sandbox.Server) -> None:
    with V1Meta(**server.credentials, page_size=10) as v1:
        now, later = datetime(2030, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
        query = v1.Story.select("Name").page(size=25, start=5).asof(now, later)
        single = [story.idref for story in v1.Story.select("Name").page(size=25, start=5)]
        found = list(query)
        assert single * 2 == [story.idref for story in found]
        assert [now] * 25 + [later] * 25 == [story.AsOf for story in found]
        assert query.first() is found[0]
        assert [] == list(query.page(size=0))
        assert query.count() == 2 * v1.Story.asof(now).count()
        assert v1.Story.asof(datetime(1999, 1, 1, tzinfo=UTC), now).exists()
        assert not v1.Story.where(Name="nobody").asof(MOMENTS).exists()


def test_a_server_that_takes_one_query_at_a_time_is_asked_one_after_the_other(v1: V1Meta) -> None:
    backend = VersionOne(max_queries=1)
    assert (1, True) == (backend.can.max_fetches, bool(v1.types))
    v1._context.backend = backend
    with v1.trace() as trace:
        fetches = [v1.Story.select("Name").page(size=1).fetch(moment) for moment in MOMENTS[:3]]
        list(pages(v1._context, fetches, 10))
    assert 3 == len(trace)


EXCLUDED: dict[str, Ask] = QUESTIONS | {
    "in pages": lambda query, Story: [story.Name for page in query.select("Name").pages(30) for story in page],
    "counted window": lambda query, Story: (query[2:9].count(), len(query[2:9])),
    "complement": lambda query, Story: query.where(~(Story.Estimate > 2)).count(),
}


@pytest.mark.parametrize("question", EXCLUDED)
def test_thousands_of_values_are_excluded_as_one_condition_excludes(
    v1: V1Meta, stories: dict[str, str], question: str
) -> None:
    ask, Story = EXCLUDED[question], v1.Story
    names = [*stories][::2]
    crowd = [*names, *(f"S-{900_000 + index}" for index in range(1200))]
    expected = ask(Story.where(ID=[*stories.values()][1::2]), Story)
    assert expected
    assert expected == ask(Story.where(Story.Number.not_in(crowd)), Story)
    assert expected == ask(Story.where(~(Story.Number.in_(crowd) | (Story.Name == "nothing has this name"))), Story)


def test_excluded_values_are_sent_in_parts_and_few_requests(v1: V1Meta, wanted: list[str]) -> None:
    assert v1.schema.types
    Story = v1.Story
    for query in (Story.where(Story.Number.not_in(wanted[50:])), Story.where(~Story.Number.in_(wanted[50:]))):
        with v1.trace() as trace:
            found = list(query.select("Name"))
        assert (3, 50) == (len(trace), len(found))
        with v1.trace() as trace:
            assert 50 == query.count()
        assert 2 == len(trace)


def test_thousands_excluded_among_thousands_wanted(v1: V1Meta, wanted: list[str]) -> None:
    Story = v1.Story
    query = Story.where(Story.Number.in_(wanted), Story.Number.not_in(wanted[30:]))
    assert set(wanted[:30]) == {story.Number for story in query.select("Number")}
    assert 30 == query.count()


def test_what_has_no_value_is_not_excluded_by_thousands(v1: V1Meta) -> None:
    Story = v1.Story
    few = Story.where(Story.Reference.not_in(["R-1"])).count()
    assert few == Story.where(Story.Reference.not_in([f"R-{index}" for index in range(2500)])).count() > 0
    nobody = [f"nobody {index}" for index in range(2500)]
    several = Story.where(Story.Owners.Name.not_in([*nobody, "Administrator"])).count()
    assert several == Story.where(Story.Owners.Name.not_in(["Administrator"])).count()


def test_an_exclusion_is_divided_only_where_it_is_too_long() -> None:
    values = tuple(map(str, range(25)))
    many, other = Compare(Path.parse("Number"), "!=", values), Exists(Path.parse("Estimate"))
    kept, excluded = exclusion(Fetch("Story", where=And((other, many)), counted=True), 10) or ("", "")
    assert Fetch("Story", where=other, counted=True) == kept
    assert Fetch("Story", where=And((other, replace(many, operator="=")))) == excluded
    for term in (replace(many, operator="="), replace(many, values=values[:10]), Not(other), None):
        assert exclusion(Fetch("Story", where=term), 10) is None
    assert exclusion(Fetch("Story", where=many, history=True), 10) is None


def test_counting_moments_shares_requests_as_reading_them_does(v1: V1Meta) -> None:
    assert v1.schema.types
    with v1.trace() as trace:
        number = v1.Story.asof(MOMENTS).count()
    assert 2 == len(trace)
    assert sum(v1.Story.asof(moment).count() for moment in MOMENTS) == number > 0


def test_moments_with_more_than_a_page_are_counted_by_the_server(v1: V1Meta) -> None:
    assert v1.schema.types
    backend = VersionOne(max_page=20)
    v1._context.backend = backend
    later = datetime(2030, 1, 1, tzinfo=UTC)
    query = v1.Story.asof(datetime(1999, 1, 1, tzinfo=UTC), later)
    with v1.trace() as trace:
        assert v1.Story.asof(later).count() == query.count() > 20
    assert 3 == len(trace)
