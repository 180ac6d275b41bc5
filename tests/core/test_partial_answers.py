"""Answers in parts: dialects that go through the server's lists themselves, and say where an answer breaks off."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from assetmeta.model.http import Request
from assetmeta.model.plans import Fetch, Rows
from core.fake import ALL_ROUND, Bench, FakeBackend


class InParts(FakeBackend):
    """Answers ten assets at a time, whatever is asked for; the rest is where the next ten begin."""

    def fetch(self, schema: Any, fetches: Sequence[Fetch]) -> Generator[Any, Any, list[Rows]]:
        found = []
        for fetch in fetches:
            yield Request("GET", "fetch")
            self.fetched.append(fetch)
            start = fetch.cursor or 0
            whole = self._answer(schema, replace(fetch, start=0, size=None)).rows
            rest = start + 10 if start + 10 < len(whole) else None
            found.append(Rows(whole[start : start + 10], next_cursor=rest))
        return found


@pytest.fixture
def bench() -> Bench:
    bench = Bench(InParts(can=replace(ALL_ROUND, windows=False)), page_size=25)
    bench.stories(35)
    return bench


def test_a_result_is_read_to_its_end_without_counting(bench: Bench) -> None:
    assert [story.intid for story in bench.query("Story")] == list(range(1, 36))
    assert bench.requests == 4
    assert [fetch.cursor for fetch in bench.backend.fetched] == [None, 10, 20, 30]


def test_the_dialect_gets_the_number_wanted_at_a_time(bench: Bench) -> None:
    next(iter(bench.query("Story").pages(5)))
    assert [fetch.page_size for fetch in bench.backend.fetched] == [5]


def test_what_comes_at_once_is_handed_on_in_pages(bench: Bench) -> None:
    assert [len(page) for page in bench.query("Story").pages(6)] == [6, 4, 6, 4, 6, 4, 5]


def test_no_more_is_read_than_is_looked_at(bench: Bench) -> None:
    stories = iter(bench.query("Story"))
    for _ in range(11):
        next(stories)
    assert bench.requests == 2
