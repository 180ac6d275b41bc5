"""What a server sends under names that the schema lacks is kept, and can be read."""

from __future__ import annotations

from decimal import Decimal

import pytest

from assetmeta.core.inspection import inspect
from assetmeta.model.codecs import JsonText
from assetmeta.model.errors import UnknownName
from assetmeta.model.plans import Row
from assetmeta.model.values import Oid
from core.fake import Bench


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    columns = ("Name", "shiny", "nested", "empty")
    bench.workspace.identity.touch(bench.Story(5))
    bench.workspace.absorb([Row(Oid("Story", 5), columns, ("A", "yes", JsonText('{"a": [1.5, "x"]}'), None))])
    return bench


def test_it_is_read_like_any_other_value(bench: Bench) -> None:
    story = bench.Story(5)
    assert (story.shiny, story["shiny"], story.empty) == ("yes", "yes", None)
    assert story.nested == {"a": [Decimal("1.5"), "x"]}
    assert bench.requests == 0


def test_it_stands_among_what_is_loaded_and_completed(bench: Bench) -> None:
    story = bench.Story(5)
    assert dict(inspect(story).loaded) == {"Name": "A", "shiny": "yes", "nested": story.nested, "empty": None}
    assert {"shiny", "nested"} <= set(dir(story))


def test_it_cannot_be_set(bench: Bench) -> None:
    with pytest.raises(UnknownName):
        bench.Story(5).shiny = "no"


def test_a_name_that_nobody_sent_is_a_slip(bench: Bench) -> None:
    with pytest.raises(UnknownName):
        _ = bench.Story(5).shinny
    with pytest.raises(UnknownName):
        _ = bench.Story(6).shiny
