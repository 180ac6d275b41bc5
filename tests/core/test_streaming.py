"""Reading page by page: complete, in bounded memory, and honest when the result moves."""

from __future__ import annotations

import gc
import weakref

import pytest
from msgspec.structs import replace

from assetmeta.model.errors import ResultChanged
from assetmeta.model.plans import Fetch, Rows
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid
from core.fake import ALL_ROUND, Bench, FakeBackend


@pytest.fixture
def bench() -> Bench:
    bench = Bench(keep=1)
    bench.stories(60)
    return bench


def drop(bench: Bench, number: int) -> None:
    del bench.backend.assets[Oid("Story", number)]


def test_a_result_of_one_page_is_not_counted(bench: Bench) -> None:
    assert len(list(bench.query("Story").page(size=25))) == 25
    assert bench.requests == 1


def test_an_asset_that_vanishes_before_the_next_page_is_noticed(bench: Bench) -> None:
    pages = bench.query("Story").select("Name").pages(20)
    assert len(next(pages)) == 20
    drop(bench, 3)
    with pytest.raises(ResultChanged, match="Story:20 is not at its place any more"):
        next(pages)


def test_a_result_that_ends_up_shorter_than_counted_is_reported(bench: Bench) -> None:
    pages = bench.query("Story").select("Name").pages(20)
    assert (len(next(pages)), len(next(pages))) == (20, 20)
    drop(bench, 55)
    assert len(next(pages)) == 19
    with pytest.raises(ResultChanged) as caught:
        next(pages)
    assert (caught.value.expected, caught.value.received) == (60, 59)


def test_memory_holds_a_page_and_not_the_result(bench: Bench) -> None:
    seen: list[weakref.ref[object]] = []
    most = 0
    for story in bench.query("Story").select("Name").pages(10):
        seen.extend(weakref.ref(one) for one in story)
        del story
        gc.collect()
        most = max(most, sum(1 for ref in seen if ref() is not None))
    assert len(seen) == 60
    assert most <= 20


class Promising(FakeBackend):
    """Says that there is more, whatever it sends."""

    def _answer(self, schema: Schema, fetch: Fetch) -> Rows:
        return replace(super()._answer(schema, fetch), more=True)


@pytest.mark.parametrize("number, requests", [(0, 1), (25, 2), (26, 4)])
def test_a_server_that_promises_more_and_sends_nothing_comes_to_an_end(number: int, requests: int) -> None:
    bench = Bench(Promising())
    bench.stories(number)
    assert len(list(bench.query("Story").select("Name"))) == number
    assert bench.requests == requests


@pytest.mark.parametrize("room", [1, 24, 25, 26, 49, 50, 51, 60, 61])
@pytest.mark.parametrize("keyset_column", [None, "ID"])
@pytest.mark.parametrize("start", [0, 3])
def test_no_more_is_requested_than_there_is_room_for(room: int, keyset_column: str | None, start: int) -> None:
    bench = Bench(FakeBackend(can=replace(ALL_ROUND, keyset_column=keyset_column)))
    bench.stories(60)
    numbers = [story.intid for story in bench.query("Story").select("Name").page(size=room, start=start)]
    assert list(range(1, 61))[start : start + room] == numbers
    received = 0
    for fetch in (fetch for fetch in bench.backend.fetched if not fetch.counted):
        again = received > 0 and keyset_column is None
        assert 1 <= fetch.size <= min(25, max(room - received + again, 2 if again else 1))
        received += min(fetch.size - again, len(numbers) - received)


@pytest.mark.parametrize("wanted, size", [(7, 7), (25, 25), (26, 25), (1000, 25)])
def test_a_page_is_as_large_as_wanted_and_the_server_allows(wanted: int, size: int) -> None:
    bench = Bench(page_size=wanted)
    bench.stories(30)
    next(bench.query("Story").pages())
    next(iter(bench.query("Story")))
    assert [size, size] == [fetch.size for fetch in bench.backend.fetched]
