"""Whatever is sent to the paths of runs, the answer is no fault of the server, and the others are served on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assetmeta import sandbox
from sandbox.valohai.runs import Runs
from sandbox.valohai.test_life_code import packed

NAMES = (
    *("project", "commit", "step", "environment", "inputs", "parameters", "command", "image", "title", "tags"),
    *("environment_variables", "runtime_config", "time_limit", "priority", "type", "configuration", "nodes", "edges"),
    *("on_child_error", "maximum_queued_executions", "name", "template", "source", "deployment", "actions", "ids"),
)
PLAIN = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20)
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), inner, max_size=4)
    ),
)
BODIES = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6)
PATHS = ("executions/", "tasks/", "pipelines/", "notebook-executions/", "pipelines/create-from-template/")
FEW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
DEEP = 900


@pytest.fixture(scope="module")
def runs() -> Iterator[Runs]:
    """One project for the module."""
    with sandbox.running("valohai") as server:
        yield Runs(server)


def sent(runs: Runs, path: str, body: bytes, kind: str = "application/json") -> int:
    """The status of a POST; whatever it started has to come to its end."""
    status = runs.send("POST", path, data=body, headers={"Content-Type": kind}).status_code
    runs.pass_time()
    assert runs.send("GET", f"executions/?project={runs.fan}&limit=1").status_code == 200
    return status


@pytest.mark.parametrize("path", PATHS)
class TestBodies:
    @FEW
    @given(body=BODIES)
    def test_any_body(self, runs: Runs, path: str, body: dict[str, Any]) -> None:
        assert sent(runs, path, json.dumps(body).encode()) < 500

    @FEW
    @given(body=BODIES)
    def test_any_body_for_a_project_that_exists(self, runs: Runs, path: str, body: dict[str, Any]) -> None:
        whole = body | {"project": runs.fan, "commit": "main", "step": "say"}
        assert sent(runs, path, json.dumps(whole).encode()) < 500

    @pytest.mark.parametrize(
        "body", [b"", b"[]", b"1", b"null", b'"x"', b"{", b"\xff", b"[" * 5000, b'{"project": 1e999}']
    )
    def test_what_is_no_object(self, runs: Runs, path: str, body: bytes) -> None:
        assert sent(runs, path, body) == 400

    def test_numbers_and_texts_that_cannot_be_kept(self, runs: Runs, path: str) -> None:
        named = {"project": runs.fan, "commit": "main", "step": "say", "image": "x", "type": "grid_search", "nodes": []}
        start = json.dumps(named)[:-1] + ", "
        for rest in (
            '"runtime_config": {"a": 1e999}}',
            '"title": "\\ud800"}',
            f'"parameters": {"[" * DEEP}{"]" * DEEP}}}',
        ):
            assert sent(runs, path, (start + rest).encode()) in (400, 201 if path.startswith("notebook") else 400)

    def test_forms(self, runs: Runs, path: str) -> None:
        form = f"project={runs.fan}&commit=main&step=say&parameters=[&nodes={{&edges=x&tags=a&tags=b".encode()
        assert sent(runs, path, form, "application/x-www-form-urlencoded") == 400


class TestNodes:
    @FEW
    @given(node=BODIES, template=BODIES, edge=BODIES)
    def test_any_node(self, runs: Runs, node: Any, template: Any, edge: Any) -> None:
        whole = {"name": "a", **node, "template": template | {"commit": "main", "step": "say"}}
        body = {"project": runs.fan, "nodes": [whole], "edges": [edge] if edge else [], "parameters": node}
        assert sent(runs, "pipelines/", json.dumps(body).encode()) < 500

    @FEW
    @given(command=st.text(max_size=40), value=PLAIN)
    def test_any_command(self, runs: Runs, command: str, value: object) -> None:
        body = runs.order("say", command=command, parameters={"word": value, "other": value})
        assert sent(runs, "executions/", json.dumps(body).encode()) < 500

    @pytest.mark.parametrize(
        "text",
        [
            '{"a": "\\ud800"}',
            '{"a": ' + "[" * DEEP + "]" * DEEP + "}",
            '{"a": 1e999}',
            '{"a": ' + "9" * 5000 + "}",
            "{" * 5000,
        ],
    )
    def test_metadata_that_cannot_be_kept(self, runs: Runs, text: str) -> None:
        made = runs.acted(f"echo '{text}'; echo '{text}' > /valohai/outputs/a.metadata.json; echo > /valohai/outputs/a")
        assert (made["status"], made["cumulative_metadata"], made["n_outputs"]) == ("complete", None, 1)


class TestConfigurations:
    @FEW
    @given(
        part=st.dictionaries(st.sampled_from(("parameters", "inputs", "environment-variables", "environment")), VALUES)
    )
    def test_any_step(self, runs: Runs, part: dict[str, Any]) -> None:
        items = [{"step": {"name": "say", "image": "x", "command": "true {parameters}", **part}}]
        assert max(self.statuses(runs, items)) < 500

    @FEW
    @given(pipeline=st.fixed_dictionaries({"nodes": VALUES, "edges": VALUES}, optional={"parameters": VALUES}))
    def test_any_pipeline(self, runs: Runs, pipeline: dict[str, Any]) -> None:
        assert max(self.statuses(runs, [{"pipeline": {"name": "whole", **pipeline}}])) < 500

    @FEW
    @given(task=BODIES, node=BODIES)
    def test_any_task(self, runs: Runs, task: dict[str, Any], node: dict[str, Any]) -> None:
        step = {"step": {"name": "say", "image": "x", "command": "true"}}
        node = {"name": "n", "type": "task", "task": "t", "override": node}
        pipeline = {"name": "whole", "nodes": [node], "edges": []}
        items = [step, {"task": {**task, "name": "t", "step": "say"}}, {"pipeline": pipeline}]
        assert max(self.statuses(runs, items)) < 500

    def statuses(self, runs: Runs, items: list[Any]) -> Iterator[int]:
        """Import a configuration, and start all that it may hold where it was taken."""
        package = packed({"valohai.yaml": json.dumps(items).encode()})
        files = {"data": ("data.tgz", package, "application/gzip")}
        answer = runs.send("POST", f"projects/{runs.fan}/import-package/", files=files)
        yield answer.status_code
        if answer.status_code == 201:
            named = {"project": runs.fan, "commit": answer.json()["identifier"], "step": "say", "name": "whole"}
            for path in ("executions/", "tasks/", "pipelines/create-from-template/"):
                yield sent(runs, path, json.dumps(named).encode())


@pytest.mark.parametrize(
    "path",
    [
        *(
            "executions/x/events/",
            "executions/:/stop/",
            "executions/1:1/",
            "tasks/x/execution_ids/",
            "pipelines/x/stop/",
        ),
        *("data/x/download/", "projects/x/fetch/", "projects/x/import-package/", "launch/x/", "launch/x/run/"),
        *("deployments/x/suggest_version_name/", "executions/%00/copy/", "executions/%ff/tags/", "tasks/%2F/stop/"),
    ],
)
def test_objects_that_are_nowhere(runs: Runs, path: str) -> None:
    for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS"):
        assert runs.send(method, path).status_code in (200, 400, 404, 405)


@pytest.mark.parametrize("query", ["limit=-1", "limit=x", "limit=" + "9" * 30, "limit=1e3", "limit=&limit=2"])
def test_odd_limits_of_logs(runs: Runs, query: str) -> None:
    made = runs.acted("echo a")["id"]
    assert runs.get(f"executions/{made}/events/?{query}")["total"] == 5
    assert runs.get(f"executions/{made}/status-events/?{query}")["total"] == 4


@pytest.mark.parametrize(
    "path", ["/", "//", "/sandbox-data", "/sandbox-data/x/y?X-Amz-Signature=%ff&X-Amz-Date=x", "/%00"]
)
def test_odd_addresses_of_the_storage(runs: Runs, path: str) -> None:
    for method in ("GET", "HEAD", "POST"):
        answer = runs.session.request(
            method, f"http://127.0.0.1:{runs.face.storage.port}{path}", timeout=30, headers={"Authorization": ""}
        )
        assert answer.status_code in (400, 403)
