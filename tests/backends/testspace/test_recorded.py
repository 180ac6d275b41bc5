"""The dialect against bodies that were recorded: they lie beside the repository, where there are any."""

from __future__ import annotations

import json
from pathlib import Path as File
from typing import Any

import pytest

from assetmeta.backends.testspace import Testspace
from assetmeta.backends.testspace.codecs import CaseCounts, FailureCounts, Mark
from assetmeta.backends.testspace.connection import resource_of
from assetmeta.backends.testspace.suites import read
from assetmeta.model.conditions import Compare, Term
from assetmeta.model.http import Response
from assetmeta.model.paths import Path
from assetmeta.model.plans import Fetch, Row
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid

BODIES = File(__file__).parents[4] / "shared/reference/data/testspace"
LISTS = [
    ("py_projects.json", "Project", None),
    ("action_projects.json", "Project", None),
    ("seed_project.json", "Project", None),
    ("py_spaces.json", "Space", ("project", Oid("Project", 1639))),
    ("seed_space.json", "Space", ("project", Oid("Project", 12))),
    ("py_results.json", "Result", ("space", Oid("Space", 9787))),
    ("colab_result.json", "Result", ("space", Oid("Space", 133471))),
    ("py_contents.json", "Content", ("result", Oid("Result", "9787/35980"))),
    ("py_failures.json", "Failure", ("result", Oid("Result", "9787/35980"))),
    ("py_metrics.json", "Metric", ("space", Oid("Space", 129555))),
    ("py_metrics_datasets.json", "MetricDataset", ("metric", Oid("Metric", "129555/94552"))),
]
pytestmark = pytest.mark.skipif(not BODIES.is_dir(), reason="the recorded bodies are not at hand")


def answer(name: str) -> Response:
    return Response(200, {"content-type": "application/json; charset=utf-8"}, (BODIES / name).read_bytes())


def fetched(name: str, type_name: str, parent: Any, schema: Schema, play: Any) -> list[Row]:
    where: Term | None = None if parent is None else Compare(Path.parse(parent[0]), "=", (parent[1],))
    [rows], made = play(Testspace().fetch(schema, [Fetch(type_name, where=where)]), answer(name))
    assert 1 == len(made)
    return list(rows.rows)


def values(row: Row, schema: Schema) -> dict[str, Any]:
    """A row's cells as Python values."""
    attributes = schema.type(row.oid.type).attributes
    return {
        name: cell
        if attributes[name].is_relation
        else tuple(map(attributes[name].codec.decode, cell))  # type: ignore[arg-type]
        if isinstance(cell, tuple)
        else attributes[name].codec.decode(cell)
        for name, cell in zip(row.columns, row.values, strict=True)
    }


@pytest.mark.parametrize(("name", "type_name", "parent"), LISTS)
def test_every_recorded_object_becomes_a_row_and_every_key_a_value(
    name: str, type_name: str, parent: Any, ts_schema: Schema, play: Any
) -> None:
    document = json.loads((BODIES / name).read_text())
    objects = document if isinstance(document, list) else [document]
    rows = fetched(name, type_name, parent, ts_schema, play)
    own = resource_of(type_name).own
    assert [item[own] for item in objects] == [values(row, ts_schema)[own] for row in rows]
    for item, row in zip(objects, rows, strict=True):
        found = values(row, ts_schema)
        assert item.keys() <= found.keys()
        for key, value in item.items():
            assert (value is None) == (found[key] is None), key
            if isinstance(value, str | int) and ts_schema.attribute(type_name, key).kind != "DateTime":
                assert value == found[key], key


def test_what_a_result_says(ts_schema: Schema, play: Any) -> None:
    found = values(fetched(*LISTS[5], ts_schema, play)[0], ts_schema)
    assert (CaseCounts(4, 5, 1, 1), FailureCounts(0, 4, 3, 1, 1, 0)) == (found["case_counts"], found["failure_counts"])
    assert ("failure", 40) == (found["health"].state, found["health"].badges[0].value)
    assert (Oid("Space", 9787), Oid("User", 90)) == (found["space"], found["user"])


def test_what_a_space_says(ts_schema: Schema, play: Any) -> None:
    found = values(fetched(*LISTS[3], ts_schema, play)[1], ts_schema)
    assert (Oid("Project", 1639), Oid("Result", "9733/35631")) == (found["project"], found["active_result_set"])


def test_what_a_failure_says(ts_schema: Schema, play: Any) -> None:
    found = values(fetched(*LISTS[8], ts_schema, play)[1], ts_schema)
    assert (Mark.FAILED, Mark.MISSING, Mark.FAILED, Mark.MISSING, Mark.FAILED) == found["history"]


def test_files_of_contents(ts_schema: Schema, play: Any) -> None:
    rows = fetched(*LISTS[7], ts_schema, play)
    assert [Oid("File", number) for number in range(1082435, 1082440)] == [
        values(row, ts_schema)["file"] for row in rows
    ]


def test_a_suite_that_was_turned_into_json() -> None:
    found = read(answer("colab_suite_from_xml.json"))
    assert ("tmp.test_suite_1", "auto", 1, [("test_case_1", "passed", 0.0)]) == (
        found.name,
        found.type,
        found.counts["passed"],
        [(case.name, case.status, case.duration) for case in found.cases],
    )


def test_cases_that_were_turned_into_json() -> None:
    cases = json.loads((BODIES / "colab_cases_from_suite_xml.json").read_text())
    body = json.dumps({"suite": {"name": "x", "cases": cases}}).encode()
    found = read(Response(200, {"content-type": "application/json"}, body))
    assert [case["status"] for case in cases] == [case.status for case in found.cases]
    [note] = found.cases[6].annotations
    assert ("01. failure", "error", "text/plain") == (note.name, note.level, note.mime_type)
