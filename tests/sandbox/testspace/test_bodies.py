"""Every body has all of its keys: those of the recorded bodies and no fewer anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from assetmeta import sandbox
from nonempty import nonempty
from sandbox.testspace.web import Web, recorded

OFFSET = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000-0[78]:00")
EXACT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00")
SAMPLES = [
    ("projects", ["py_projects.json", "action_projects.json", "seed_project.json"]),
    ("projects/1/spaces", ["py_spaces.json", "seed_space.json"]),
    ("spaces/3/results", ["py_results.json", "colab_result.json"]),
    ("spaces/3/results/8/contents", ["py_contents.json"]),
    ("spaces/3/results/8/failures", ["py_failures.json"]),
    ("spaces/3/metrics", ["py_metrics.json"]),
    ("spaces/3/metrics/10/datasets", ["py_metrics_datasets.json"]),
]


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with sandbox.running("testspace", assets=500) as server:
        yield Web(server)


def shape(value: Any, path: str = "") -> dict[str, str]:
    """The JSON type of every place of a body."""
    if isinstance(value, dict):
        inner: dict[str, str] = {}
        for key, each in value.items():
            inner |= shape(each, f"{path}.{key}")
        return {path: "object"} | inner
    if isinstance(value, list):
        return {path: "array"} | ({} if not value else shape(value[0], f"{path}[]"))
    kinds = {bool: "boolean", int: "number", float: "number", str: "text", type(None): "null"}
    return {path: kinds[type(value)]}


def rows(name: str) -> list[Any]:
    sample = recorded(name)
    return sample if isinstance(sample, list) else [sample]


@pytest.mark.parametrize(("path", "names"), SAMPLES)
def test_keys_are_those_of_the_recorded_bodies(web: Web, path: str, names: list[str]) -> None:
    if recorded(names[0]) is None:
        pytest.skip("the recorded bodies are not at hand")
    wanted = set.union(*(set(row) for name in names for row in rows(name)))
    for row in nonempty(web.get(path)):
        assert wanted == set(row)


@pytest.mark.parametrize(("path", "names"), SAMPLES)
def test_types_are_those_of_the_recorded_bodies(web: Web, path: str, names: list[str]) -> None:
    if recorded(names[0]) is None:
        pytest.skip("the recorded bodies are not at hand")
    seen: dict[str, set[str]] = {}
    for row in (row for name in names for row in rows(name)):
        for place, kind in shape(row).items():
            seen.setdefault(place, set()).add(kind)
    for row in nonempty(web.get(path)):
        for place, kind in shape(row).items():
            known = seen.get(place, {kind})
            assert kind in known | {"null"} or known == {"null"}, (place, kind, known)


def test_a_row_of_a_list_is_the_single_body(web: Web) -> None:
    for path in ("projects", "projects/1/spaces", "spaces/3/results", "spaces/3/metrics", "users", "projects/1/users"):
        for row in nonempty(web.get(path)):
            assert row == web.get(f"{path}/{row.get('id', row.get('user_id'))}")


def test_every_object_of_a_kind_has_the_same_keys(web: Web) -> None:
    kinds: dict[str, set[frozenset[str]]] = {}
    for project in web.get("projects"):
        kinds.setdefault("project", set()).add(frozenset(project))
        for space in web.get(f"projects/{project['id']}/spaces"):
            kinds.setdefault("space", set()).add(frozenset(space))
            for result in web.get(f"spaces/{space['id']}/results"):
                kinds.setdefault("result", set()).add(frozenset(result))
            for metric in web.get(f"spaces/{space['id']}/metrics"):
                kinds.setdefault("metric", set()).add(frozenset(metric))
    assert dict.fromkeys(("project", "space", "result", "metric"), 1) == {
        kind: len(keys) for kind, keys in kinds.items()
    }


def test_unset_values_are_null_or_an_empty_array(web: Web) -> None:
    project = web.post("projects", {"name": "bare"})
    assert (None, None, None) == tuple(project[key] for key in ("description", "source_repo_url", "issues_provider"))
    space = web.post("projects/bare/spaces", {"name": "bare"})
    assert [] == web.get(f"spaces/{space['id']}/results")
    metric = web.post(f"spaces/{space['id']}/metrics", {"name": "m", "data_source": "/[cases]"})
    assert ([], [], None) == (metric["variables"], metric["thresholds"], metric["badge"])
    web.delete("projects/bare")


def test_three_spellings_of_time(web: Web) -> None:
    for path in ("projects", "spaces/3/results", "spaces/3/metrics", "spaces/3/metrics/10/datasets", "users"):
        for row in nonempty(web.get(path)):
            assert OFFSET.fullmatch(row["created_at"]) and OFFSET.fullmatch(row["updated_at"])
    for row in nonempty(web.get("spaces/3/results/8/failures")):
        assert EXACT.fullmatch(row["failed_at"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", Web(web.server, "mara").get("projects/1")["created_at"])
