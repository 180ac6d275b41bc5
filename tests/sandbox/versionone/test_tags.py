"""api/tags: which tags are in use, and taking or merging them everywhere."""

from __future__ import annotations

from typing import Any

import pytest

from ..conftest import Instance


def used(tag: str, count: int) -> dict[str, Any]:
    return {"tag": tag, "count": count, "visibleCount": count}


@pytest.fixture
def tagged(v1: Instance) -> tuple[str, str, str]:
    """Two stories and a task with tags, and a deleted defect whose tag counts no more."""
    story, other = v1.create("Story", TaggedWith=["UX", "Regression Tests"]), v1.create("Story", TaggedWith=["UX"])
    task = v1.create("Task", Name="t", Parent=story, TaggedWith=["RegTests"])
    v1.operate(v1.create("Defect", TaggedWith=["gone"]), "Delete")
    return story, other, task


def test_how_often_a_tag_is_used(v1: Instance, tagged: tuple[str, str, str]) -> None:
    assert v1.json("api/tags?tag=UX") == used("UX", 2)
    assert v1.json("api/tags?tag=gone") == used("gone", 0)


def test_all_tags_have_keys_that_begin_with_a_small_letter(v1: Instance, tagged: tuple[str, str, str]) -> None:
    assert list(v1.json("api/tags/all").items()) == [
        ("regression Tests", used("Regression Tests", 1)),
        ("regTests", used("RegTests", 1)),
        ("uX", used("UX", 2)),
    ]


def test_a_search_ignores_case_and_finds_parts(v1: Instance, tagged: tuple[str, str, str]) -> None:
    assert v1.json("api/tags/command/search?term=TEST") == ["Regression Tests", "RegTests"]
    assert v1.json("api/tags/command/search?term=nothing") == []


def test_a_merge_leaves_one_tag_on_each_asset(v1: Instance, tagged: tuple[str, str, str]) -> None:
    story, other, task = tagged
    answer = v1.post("api/tags/command/merge", '{"MergeTo": "Regression Tests", "MergeFrom": ["RegTests", "UX"]}')
    assert (answer.status, answer.body) == (200, b"")
    for asset in (story, other, task):
        assert v1.read(asset, "TaggedWith") == {"TaggedWith": ["Regression Tests"]}


def test_a_removal_takes_the_tags_from_every_asset_and_leaves_the_rest(
    v1: Instance, tagged: tuple[str, str, str]
) -> None:
    story, other, task = tagged
    before = v1.read(task, "Moment")
    assert v1.post("api/tags/command/remove", '{"removeFrom": ["UX", "unused"]}').status == 200
    assert v1.read(story, "TaggedWith") == {"TaggedWith": ["Regression Tests"]}
    assert v1.read(other, "TaggedWith") == {"TaggedWith": []}
    assert v1.read(task, "Moment") == before


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("api/tags", None, 400),
        ("api/tags?term=x", None, 400),
        ("api/tags/command/search", None, 400),
        ("api/tags/nothing", None, 404),
        ("api/tags/command/merge", None, 405),
        ("api/tags/all", "{}", 405),
        ("api/tags/command/merge", '{"MergeTo": "x"}', 400),
        ("api/tags/command/merge", '{"MergeFrom": ["x"]}', 400),
        ("api/tags/command/remove", '{"removeFrom": "x"}', 400),
        ("api/tags/command/remove", "[1]", 400),
        ("api/tags/command/remove", "{", 400),
    ],
)
def test_what_is_refused(v1: Instance, tagged: tuple[str, str, str], path: str, body: str | None, status: int) -> None:
    answer = v1.get(path) if body is None else v1.post(path, body)
    assert answer.status == status
    assert v1.json("api/tags?tag=UX") == used("UX", 2)
