"""The first read of a scalar decodes what else is loaded of the asset; values stay those that a read alone gives."""

from __future__ import annotations

from decimal import Decimal

import pytest

from assetmeta.model.errors import InvalidResponse
from core.fake import Bench, FakeBackend


@pytest.fixture
def bench() -> Bench:
    bench = Bench(FakeBackend())
    bench.add("Story:1", Name="A", Estimate="not a number")
    return bench


def test_what_cannot_be_decoded_fails_only_where_it_is_read(bench: Bench) -> None:
    story = bench.query("Story").select("Name", "Estimate").one()
    assert story.Name == "A"
    for _ in range(2):
        with pytest.raises(InvalidResponse, match="Estimate"):
            _ = story.Estimate


def test_values_of_a_row_follow_what_is_loaded_again_and_what_is_edited(bench: Bench) -> None:
    bench.add("Story:1", Name="A", Estimate="1")
    query = bench.query("Story").select("Name", "Estimate")
    story = query.one()
    assert (story.Name, story.Estimate) == ("A", 1)
    bench.add("Story:1", Name="B", Estimate="2")
    assert query.reQueryAll()[0] is story
    assert (story.Name, story.Estimate) == ("B", 2)
    story.Estimate = 3
    assert (story.Name, story.Estimate) == ("B", 3)
    assert query.reQueryAll()[0] is story
    assert (story.Name, story.Estimate) == ("B", 3)


def test_a_long_text_is_decoded_by_its_own_read_alone(bench: Bench) -> None:
    bench.add("Story:1", Name="A" * 1000, Estimate="1")
    story = bench.query("Story").select("Name", "Estimate").one()
    assert story.Estimate == 1
    assert "Name" not in vars(story)
    assert story.Name == "A" * 1000


def test_numbers_of_json_are_decoded_along_with_texts(bench: Bench) -> None:
    bench.add("Story:1", Name="A", Estimate=5)
    story = bench.query("Story").select("Name", "Estimate").one()
    assert story.Name == "A"
    assert {"Name": "A", "Estimate": 5} == vars(story)
    assert isinstance(vars(story)["Estimate"], Decimal)
