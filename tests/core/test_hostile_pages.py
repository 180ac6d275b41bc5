"""Pages of servers that do not keep to what was asked: never endless, never doubled, and no request too many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from assetmeta.model.errors import ResultChanged
from assetmeta.model.plans import Fetch, Rows
from core.fake import ALL_ROUND, Bench

KEYED = replace(ALL_ROUND, keyset_column="Key")


@pytest.fixture
def bench() -> Bench:
    bench = Bench(keep=1)
    bench.stories(60)
    return bench


def answering(bench: Bench, change: Callable[[Fetch, Callable[[Fetch], Rows]], Rows]) -> None:
    """Let the server answer what *change* makes of a fetch, at most a hundred times."""
    honest = bench.backend._answer
    number = 0

    def answer(schema: Any, fetch: Fetch) -> Rows:
        nonlocal number
        number += 1
        assert number < 100, "this never ends"
        return change(fetch, lambda fetch: honest(schema, fetch))

    bench.backend._answer = answer  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("page_size", "requests"),
    # Each page after the first shares an asset with the one before, and there is one request to count.
    [(25, 3 + 1), (10, 7 + 1), (60, 3 + 1)],
)
def test_a_sorted_result_takes_a_request_per_page_also_at_the_servers_largest(
    bench: Bench, page_size: int, requests: int
) -> None:
    bench.backend.can = replace(ALL_ROUND, max_page=min(page_size, 25))
    bench.context.page_size = min(page_size, 25)
    found = [story.intid for story in bench.query("Story").select("Name").sort("Name")]
    assert list(range(1, 61)) == found
    assert bench.requests == requests
    assert max(fetch.size for fetch in bench.backend.fetched if fetch.size) <= bench.backend.can.max_page


def test_a_sorted_result_in_smaller_pages_takes_a_request_per_page(bench: Bench) -> None:
    bench.context.page_size = 15
    assert list(range(1, 61)) == [story.intid for story in bench.query("Story").select("Name").sort("Name")]
    # Four full pages, an empty one behind them, and the count.
    assert bench.requests == 4 + 1 + 1


def test_pages_of_one_go_on(bench: Bench) -> None:
    bench.backend.can = replace(ALL_ROUND, max_page=1)
    bench.context.page_size = 1
    assert list(range(1, 61)) == [story.intid for story in bench.query("Story").select("Name").sort("Name")]


def test_a_result_by_key_is_complete(bench: Bench) -> None:
    bench.backend.can = KEYED
    assert list(range(1, 61)) == [story.intid for story in bench.query("Story").select("Name")]
    assert bench.requests == 3 + 1


def test_a_server_that_ignores_the_key_is_noticed(bench: Bench) -> None:
    bench.backend.can = KEYED
    answering(bench, lambda fetch, honest: honest(replace(fetch, where=None)))
    pages = bench.query("Story").select("Name").pages()
    assert len(next(pages)) == 25
    with pytest.raises(ResultChanged, match="the server sent again what it had sent"):
        next(pages)


@pytest.mark.parametrize("keys", [True, False])
def test_a_server_that_repeats_its_first_page_is_noticed(bench: Bench, keys: bool) -> None:
    bench.backend.can = KEYED if keys else ALL_ROUND
    answering(bench, lambda fetch, honest: honest(replace(fetch, start=0, where=None)))
    with pytest.raises(ResultChanged):
        list(bench.query("Story").select("Name").sort("Name") if not keys else bench.query("Story").select("Name"))
    assert bench.requests <= 3


@pytest.mark.parametrize("keys", [True, False])
def test_a_server_that_sends_everything_at_once_is_asked_once_and_counted(bench: Bench, keys: bool) -> None:
    bench.backend.can = KEYED if keys else ALL_ROUND
    answering(bench, lambda fetch, honest: replace(honest(replace(fetch, start=0, size=None, where=None)), more=True))
    assert list(range(1, 61)) == [story.intid for story in bench.query("Story").select("Name")]
    assert bench.requests == 2


@pytest.mark.parametrize("keys", [True, False])
@pytest.mark.parametrize("size", [1, 5, 25, 30])
def test_more_rows_than_requested_are_cut(bench: Bench, keys: bool, size: int) -> None:
    bench.backend.can = KEYED if keys else ALL_ROUND
    answering(bench, lambda fetch, honest: honest(replace(fetch, size=None)))
    found = [story.intid for story in bench.query("Story").select("Name").page(size=size)]
    assert list(range(1, size + 1)) == found
    assert bench.requests == 1


def test_a_server_that_ends_early_is_noticed(bench: Bench) -> None:
    def short(fetch: Fetch, honest: Callable[[Fetch], Rows]) -> Rows:
        return honest(fetch) if fetch.start == 0 else Rows(more=True)

    answering(bench, short)
    with pytest.raises(ResultChanged):
        list(bench.query("Story").select("Name").sort("Name"))
