"""Blocks that watch the loads of a session."""

from __future__ import annotations

import threading

from assetmeta.core.load_log import LazyLoad, LoadLog, repeats
from core.fake import Bench


def load(name: str, place: str = "a.py:1 in f", advice: str = "select it") -> LazyLoad:
    return LazyLoad("Story", name, 1, place, advice)


def test_every_open_block_has_every_load_and_a_closed_one_no_more() -> None:
    watch = LoadLog()
    assert not watch.is_on
    first, second = watch.watching(), watch.watching()
    outer, inner = first.__enter__(), second.__enter__()
    assert watch.is_on
    watch.note(load("Name"))
    # Both lists are equal; the one that is closed is the one that ends.
    first.__exit__(None, None, None)
    watch.note(load("Estimate"))
    assert ["Name"] == [found.name for found in outer]
    assert ["Name", "Estimate"] == [found.name for found in inner]
    second.__exit__(None, None, None)
    assert not watch.is_on


def test_blocks_of_several_threads_lose_none() -> None:
    """A second thread opens its block while the first one is about to."""
    watch, seen = LoadLog(), []

    class Meddling(dict):  # type: ignore[type-arg]
        def __setitem__(self, key: int, value: list[LazyLoad]) -> None:
            if not seen:
                seen.append(None)
                thread = threading.Thread(target=other.__enter__)
                thread.start()
                thread.join(10)
            super().__setitem__(key, value)

    other = watch.watching()
    watch._open = Meddling()
    with watch.watching() as mine:
        assert len(watch._open) == 2
        watch.note(load("Name"))
    assert len(mine) == 1
    assert watch.is_on


def test_loads_of_one_line_and_name_are_repeats_the_most_frequent_first() -> None:
    loads = [load("Name"), load("Estimate"), load("Name", "b.py:2 in g"), *[load("Estimate")] * 2, load("Name")]
    found = repeats(loads)
    assert [("Estimate", 3), ("Name", 2)] == [(repeat.load.name, repeat.times) for repeat in found]
    assert "3 times Story.Estimate, read at a.py:1 in f, took a request each: select it" == str(found[0])
    assert repeats([load("Name")]) == []


def test_a_read_is_noted_with_its_place_and_what_would_have_brought_it_along() -> None:
    bench = Bench()
    bench.stories(3)
    with bench.context.load_log.watching() as loads:
        assert bench.Story(1).Description is None
    assert bench.Story(2).Description is None
    [found] = loads
    assert (found.type_name, found.name, found.number) == ("Story", "Description", 1)
    assert found.place.startswith("test_load_log.py:")
    assert found.place.endswith(" in test_a_read_is_noted_with_its_place_and_what_would_have_brought_it_along")
    assert "select('Description')" in found.advice
