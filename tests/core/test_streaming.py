"""Reading page by page: complete, in bounded memory, and honest when the result moves."""

from __future__ import annotations

import gc
import weakref

import pytest

from assetmeta.model.errors import Moved
from assetmeta.model.values import Oid
from core.fake import Bench


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
    with pytest.raises(Moved, match="Story:20 is not at its place any more"):
        next(pages)


def test_a_result_that_ends_up_shorter_than_counted_is_reported(bench: Bench) -> None:
    pages = bench.query("Story").select("Name").pages(20)
    assert (len(next(pages)), len(next(pages))) == (20, 20)
    drop(bench, 55)
    assert len(next(pages)) == 19
    with pytest.raises(Moved) as caught:
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
