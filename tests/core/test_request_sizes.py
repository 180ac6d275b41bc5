"""How much is asked for, and what ends a result: the size of each request, empty windows, empty pages."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from assetmeta.model.conditions import RawFilter
from assetmeta.model.errors import Unsupported
from assetmeta.model.plans import Fetch, Rows
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid
from core.fake import ALL_ROUND, Bench, FakeBackend

BY_KEY = replace(ALL_ROUND, keyset_column="Key")


def sizes(bench: Bench) -> list[int | None]:
    """The sizes asked for so far."""
    return [fetch.size for fetch in bench.backend.fetched]


def test_an_empty_window_has_no_first_asset_and_sends_nothing() -> None:
    bench = Bench()
    bench.stories(3)
    empty = bench.query("Story").page(size=0)
    assert (None, [], False) == (empty.first(), list(empty), empty.exists())
    assert (None, []) == (bench.query("Story")[:0].first(), list(bench.query("Story").page(size=5)[0:0]))
    assert 0 == bench.requests


def test_a_filter_of_the_servers_own_is_refused_wherever_it_is_given() -> None:
    bench = Bench(FakeBackend(can=replace(ALL_ROUND, raw_filter=False)))
    raw, term = RawFilter("Name='x'"), bench.Story.Name == "x"
    for given in (raw, term & raw, term | raw, ~raw, ~(term & ~raw)):
        with pytest.raises(Unsupported, match="no filter language"):
            bench.query("Story").where(given)
        with pytest.raises(Unsupported, match="no filter language"):
            bench.query("Story").where(term, given)
    with pytest.raises(Unsupported):
        bench.query("Story").filter("Name='x'")
    assert 0 == bench.requests


@dataclass
class Endless(FakeBackend):
    """A server that says of every answer that there is more, and sends nothing after so many assets."""

    def _answer(self, schema: Schema, fetch: Fetch) -> Rows:
        return replace(super()._answer(schema, fetch), more=True)


def test_an_empty_page_ends_a_result_whatever_the_server_says() -> None:
    for assets, requests in ((0, 1), (5, 2), (30, 4)):
        bench = Bench(Endless(can=BY_KEY))
        bench.stories(assets)
        assert assets == len(list(bench.query("Story")))
        # A page, and the count where it is not empty; nothing beyond what was counted.
        assert requests == bench.requests


def test_no_more_is_requested_than_is_left() -> None:
    bench = Bench(FakeBackend(can=BY_KEY))
    bench.stories(70)
    assert 60 == len(list(bench.query("Story").page(size=60)))
    assert [25, 0, 25, 10] == sizes(bench)


def test_pages_that_overlap_ask_for_one_more_than_is_left() -> None:
    bench = Bench()
    bench.stories(70)
    assert 30 == len(list(bench.query("Story").page(size=30)))
    assert [25, 0, 6] == sizes(bench)


def test_the_first_asset_is_requested_alone_and_the_only_one_with_one_more() -> None:
    bench = Bench()
    bench.stories(30)
    assert Oid("Story", 1) == bench.query("Story").first()._state.oid
    assert Oid("Story", 8) == bench.query("Story")[7]._state.oid
    assert bench.query("Story").exists()
    with pytest.raises(LookupError):
        bench.query("Story").one()
    assert [1, 1, 1, 2] == sizes(bench)
    assert [0, 7, 0, 0] == [fetch.start for fetch in bench.backend.fetched]


def test_members_added_to_a_relation_that_was_never_read_are_listed_with_the_others() -> None:
    bench = Bench()
    ann, bo, cy = (bench.add(f"Member:{number}", Name=name) for number, name in ((1, "Ann"), (2, "Bo"), (3, "Cy")))
    bench.add("Story:5", Name="A", Owners=(ann, bo))
    bench.add("Story:6", Name="B", Owners=())
    for story in (bench.Story(5), bench.Story(6)):
        story.Owners.add(bench.Member(cy.key))
    assert 0 == bench.requests
    assert not bench.writer.commit("overwrite")
    assert ["Ann", "Bo", "Cy"] == [member.Name for member in bench.Story(5).Owners]
    assert ["Cy"] == [member.Name for member in bench.Story(6).Owners]
