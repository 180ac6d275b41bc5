"""Identities: what is one, and what is refused; and the division of lists into chunks."""

from __future__ import annotations

from typing import Any

import pytest

from assetmeta.model.errors import BadValue
from assetmeta.model.values import Oid, chunks


@pytest.mark.parametrize(
    "key", ["9" * 5000, "x" * 1001, 10**64, -(10**5000)], ids=["digits", "text", "number", "negative"]
)
def test_an_endless_id_is_refused_in_few_words(key: int | str) -> None:
    with pytest.raises(BadValue) as caught:
        Oid.of("Story", key)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("token", ["Story:" + "9" * 5000, "Story:5:" + "9" * 5000, "Story:" + "x" * 1001])
def test_an_endless_token_is_refused_in_few_words(token: str) -> None:
    with pytest.raises(BadValue) as caught:
        Oid.parse(token)
    assert len(str(caught.value)) < 200
    assert len(caught.value.oid or "") < 200


@pytest.mark.parametrize(
    ("token", "oid"),
    [
        ("Story:5", Oid("Story", 5)),
        ("Story:5:6", Oid("Story", 5, 6)),
        ("Story:005:006", Oid("Story", 5, 6)),
        ("Story:-5:6", Oid("Story", -5, 6)),
        ("Story:x5:6", Oid("Story", "x5", 6)),
        (f"Story:{'9' * 60}:6", Oid("Story", 10**60 - 1, 6)),
    ],
)
def test_tokens_state_a_type_a_key_and_perhaps_a_moment(token: str, oid: Oid) -> None:
    assert Oid.parse(token) == oid


@pytest.mark.parametrize(
    "token", ["Story", "Story:", "Story:5:", "Story:5:x", "Story:5:6:7", "Story:5:-6", ":5:6", "5:5:6"]
)
def test_other_texts_are_no_tokens(token: str) -> None:
    with pytest.raises(BadValue):
        Oid.parse(token)


def test_ids_of_every_usual_length_are_taken() -> None:
    uuid = "7f1c2f7e-4a7b-4d57-8a36-5f0f0e1c2b3a"
    assert Oid.of("Story", uuid) == Oid.parse(f"Story:{uuid}") == Oid("Story", uuid)
    assert Oid.of("Story", "9" * 64) == Oid.of("Story", 10**64 - 1)


@pytest.mark.parametrize(
    ("items", "size", "parts"),
    [
        ([1, 2, 3, 4, 5], 2, [[1, 2], [3, 4], [5]]),
        ((1, 2, 3, 4), 2, [(1, 2), (3, 4)]),
        ([1, 2], 5, [[1, 2]]),
        ([1, 2], 0, [[1], [2]]),
        ([], 0, []),
    ],
)
def test_chunks_are_of_the_type_of_the_whole_and_in_its_order(items: Any, size: int, parts: list[Any]) -> None:
    assert chunks(items, size) == parts
