"""Pages under way while the loop works on the one before: what is sent when, and that a loop finds the same."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from assetmeta.model.errors import ResultChanged, SessionClosed, Unreachable
from assetmeta.model.plans import Fetch, Rows
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid
from assetmeta.wire.background import BackgroundCall
from core.fake import ALL_ROUND, Bench, FakeBackend

NARROW = replace(ALL_ROUND, max_page=100)
KEYED = replace(NARROW, keyset_column="ID")
SECONDS = 20
"""For what takes no time at all unless it never happens."""


class Answered:
    """A call whose answer is there as soon as it is sent."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self.is_left = False
        self._value: Any = None
        self._error: Exception | None = None
        try:
            self._value = call()
        except Exception as error:  # noqa: BLE001
            self._error = error

    def result(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._value

    def leave(self) -> None:
        self.is_left = True


def in_thread(call: Callable[[], Any]) -> BackgroundCall[Any]:
    started = BackgroundCall(call)
    started.start()
    return started


class Sending:
    """Starts calls, and keeps them."""

    def __init__(self) -> None:
        self.calls: list[Answered] = []

    def __call__(self, call: Callable[[], Any]) -> Answered:
        self.calls.append(Answered(call))
        return self.calls[-1]


class SortingBackend(FakeBackend):
    """Sorts as the keys are, backwards when anything is to be sorted."""

    def _answer(self, schema: Schema, fetch: Fetch) -> Rows:
        if not fetch.sort:
            return super()._answer(schema, fetch)
        kept = self.assets
        self.assets = dict(reversed(kept.items()))
        try:
            return super()._answer(schema, fetch)
        finally:
            self.assets = kept


def bench_of(number: int, prefetch: int, *, keyed: bool = False, start: Any = None) -> Bench:
    backend = SortingBackend(can=KEYED if keyed else NARROW)
    bench = Bench(backend, keep=1, page_size=10, prefetch=prefetch, start=start or Sending())
    bench.stories(number)
    return bench


def sent(bench: Bench) -> list[int]:
    """The pages requested so far, by the number of their first asset; counts are left out."""
    places = []
    for fetch in bench.backend.fetched:
        if fetch.counted:
            continue
        beyond = bench.backend._beyond(fetch)
        places.append(beyond if beyond is not None else fetch.start + (fetch.start > 0))
    return places


def drop(bench: Bench, number: int) -> None:
    del bench.backend.assets[Oid("Story", number)]


@pytest.mark.parametrize("prefetch", [0, 1, 4])
@pytest.mark.parametrize("keyed", [False, True])
def test_a_loop_that_stops_after_one_asset_costs_one_request(prefetch: int, keyed: bool) -> None:
    bench = bench_of(100, prefetch, keyed=keyed)
    for _ in bench.query("Story").select("Name"):
        break
    assert bench.requests == 1
    assert len(list(bench.query("Story").page(size=10))) == 10
    assert bench.requests == 2


@pytest.mark.parametrize("keyed", [False, True])
def test_from_the_second_page_on_the_next_one_is_under_way(keyed: bool) -> None:
    bench = bench_of(45, 1, keyed=keyed)
    pages = bench.query("Story").select("Name").pages()
    under_way = []
    for page in pages:
        under_way.append((page[0].intid - 1, sent(bench)[-1]))
    assert [(0, 0), (10, 20), (20, 30), (30, 40), (40, 40)] == under_way
    assert [0, 10, 20, 30, 40] == sent(bench)


@pytest.mark.parametrize("keyed", [False, True])
@pytest.mark.parametrize("sort", [(), ("-Name",)])
def test_several_windows_are_under_way_as_far_as_was_counted(keyed: bool, sort: Sequence[str]) -> None:
    bench = bench_of(75, 3, keyed=keyed)
    pages = bench.query("Story").select("Name").sort(*sort).pages()
    ahead = []
    for place, _ in enumerate(pages):
        ahead.append(len(sent(bench)) - place - 1)
    assert [0, 3, 3, 3, 3, 2, 1, 0] == ahead
    assert list(range(0, 75, 10)) == sent(bench)


@pytest.mark.parametrize("number", [0, 9, 10, 11, 20, 21, 60, 61])
@pytest.mark.parametrize("keyed", [False, True])
@pytest.mark.parametrize("sort", [(), ("-Name",)])
@pytest.mark.parametrize("window", [(0, None), (3, None), (0, 25), (7, 31), (0, 10), (0, 20)])
def test_a_loop_to_the_end_finds_the_same_in_as_many_requests(
    number: int, keyed: bool, sort: Sequence[str], window: tuple[int, int | None]
) -> None:
    start, size = window
    found, requests = [], []
    for prefetch in (0, 1, 4):
        bench = bench_of(number, prefetch, keyed=keyed)
        query = bench.query("Story").select("Name").sort(*sort)
        query = query.page(start=start) if size is None else query.page(size=size, start=start)
        found.append([story.intid for story in query])
        requests.append(bench.requests)
    numbers = list(range(1, number + 1))
    numbers = (numbers[::-1] if sort else numbers)[start : None if size is None else start + size]
    assert [numbers] * 3 == found
    assert [requests[0]] * 3 == requests


@pytest.mark.parametrize("prefetch", [1, 4])
def test_no_more_pages_wait_than_are_allowed(prefetch: int) -> None:
    bench = bench_of(200, prefetch)
    for place, _ in enumerate(bench.query("Story").select("Name").sort("Name").pages()):
        assert len(sent(bench)) <= place + 1 + prefetch


class GatedBackend(FakeBackend):
    """Answers the pages after the second when *gate* lets them."""

    gate: Callable[[], object] = staticmethod(lambda: None)

    def _answer(self, schema: Schema, fetch: Fetch) -> Rows:
        if fetch.start > 10:
            self.gate()
        return super()._answer(schema, fetch)


def test_the_consumer_works_while_the_next_page_is_being_answered() -> None:
    backend = GatedBackend(can=NARROW)
    bench = Bench(backend, page_size=10, prefetch=1, start=in_thread)
    bench.stories(30)
    is_asked, may_answer = threading.Event(), threading.Event()
    backend.gate = lambda: (is_asked.set(), may_answer.wait(SECONDS))
    pages = bench.query("Story").select("Name").pages()
    next(pages)
    second = next(pages)
    assert is_asked.wait(SECONDS)
    # Not answered yet, and the page is here to be worked on.
    assert ["Story 11", "Story 20"] == [second[0].Name, second[-1].Name]
    may_answer.set()
    assert [21] == [page[0].intid for page in pages]


def test_four_windows_are_answered_at_the_same_time() -> None:
    backend = GatedBackend(can=NARROW)
    bench = Bench(backend, page_size=10, prefetch=4, start=in_thread)
    bench.stories(100)
    # Lets nobody through until four have come.
    meeting = threading.Barrier(4)
    backend.gate = lambda: meeting.wait(SECONDS)
    found = [story.intid for story in bench.query("Story").select("Name").sort("Name").page(size=60, start=1)]
    assert list(range(2, 62)) == found
    assert not meeting.broken


def test_an_asset_that_vanishes_between_windows_is_noticed() -> None:
    bench = bench_of(60, 2)
    pages = bench.query("Story").select("Name").sort("Name").pages()
    assert [60, 50] == [next(pages)[0].intid, next(pages)[0].intid]
    # Two more windows came before; the next one is requested after it.
    drop(bench, 35)
    assert [40, 30] == [next(pages)[0].intid, next(pages)[0].intid]
    with pytest.raises(ResultChanged, match="Story:21 is not at its place any more"):
        next(pages)


def test_what_moved_below_the_windows_of_an_unsorted_result_is_gone_on_with_by_key() -> None:
    bench = bench_of(60, 2, keyed=True)
    pages = bench.query("Story").select("Name").pages()
    found = [story.intid for page in (next(pages), next(pages)) for story in page]
    drop(bench, 3)
    bench.add("Story:61", Name="Story 61")
    found += [story.intid for page in pages for story in page]
    assert list(range(1, 62)) == found


@pytest.mark.parametrize("prefetch", [1, 3])
@pytest.mark.parametrize("keyed", [False, True])
def test_an_error_arrives_where_its_page_would(prefetch: int, keyed: bool) -> None:
    bench = bench_of(60, prefetch, keyed=keyed)

    def lost() -> None:
        raise Unreachable("the connection broke")

    bench.backend.meanwhile += [lambda: None, lambda: None, lambda: None, lost]
    pages = bench.query("Story").select("Name").pages()
    assert [10, 10] == [len(next(pages)), len(next(pages))]
    with pytest.raises(Unreachable):
        next(pages)


def test_a_loop_that_is_left_awaits_nothing_any_more() -> None:
    sending = Sending()
    bench = bench_of(60, 3, start=sending)
    pages = bench.query("Story").select("Name").sort("Name").pages()
    next(pages), next(pages)
    assert [False] * 4 == [call.is_left for call in sending.calls]
    pages.close()
    assert [False, True, True, True] == [call.is_left for call in sending.calls]
    assert bench.requests == 6


def test_a_closed_session_hands_over_no_page_that_came_before() -> None:
    bench = bench_of(60, 1)
    pages = bench.query("Story").select("Name").pages()
    next(pages), next(pages)
    bench.context.closed = True
    with pytest.raises(SessionClosed):
        next(pages)


@pytest.mark.parametrize("prefetch", [0, 1, 3])
def test_a_page_from_before_a_write_is_read_again(prefetch: int) -> None:
    bench = bench_of(60, prefetch)
    pages = bench.query("Story").select("Estimate").pages()
    next(pages), next(pages)
    before = bench.requests
    # Of the third page, and not in memory any more when that is handed over.
    bench.Story(25).Estimate = 99
    assert not bench.writer.commit()
    bench.context.identity.touch(bench.Story(1))
    gc.collect()
    assert bench.context.identity.get(Oid("Story", 25)) is None
    third = next(pages)
    assert Decimal(99) == third[4].Estimate
    assert bench.requests == before + 2
    assert [31, 41, 51] == [page[0].intid for page in pages]


@pytest.mark.parametrize("prefetch", [1, 3])
def test_a_loop_that_writes_on_every_page_reads_nothing_twice(prefetch: int) -> None:
    requests = []
    for ahead in (0, prefetch):
        bench = bench_of(60, ahead)
        for page in bench.query("Story").select("Estimate").pages():
            page[0].Estimate = 7
            assert not bench.writer.commit()
        requests.append(bench.requests)
    assert requests[0] == requests[1]
