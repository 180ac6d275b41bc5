"""What the vendor's tools do for Valohai and Testspace, done here: the tables of the pages, each row in a test."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from assetmeta import TestspaceMeta, ValohaiMeta, inspect, sandbox
from assetmeta.tools import testspace, valohai

DOCS = Path(__file__).parents[2] / "docs"
NUMBERS = itertools.count(1)
CONFIG = "- step:\n    name: greet\n    image: busybox\n    command: echo hello > /valohai/outputs/greeting.txt\n"


def rows(page: str, heading: str) -> dict[str, list[str]]:
    """The first cells of the table that begins with *heading*, and the code in the second ones."""
    text = (DOCS / page).read_text(encoding="utf-8")
    [table] = re.findall(rf"^\| {re.escape(heading)} \| assetmeta \|\n\|[ -|]+\|\n((?:\|.*\n)+)", text, flags=re.M)
    cells = [line.strip("| ").partition(" | ") for line in table.splitlines()]
    return {first.strip("`"): re.findall(r"`([^`]+)`", second) for first, _, second in cells}


COMMANDS = rows("valohai.md", "`vh`")
MORE = rows("valohai.md", "what")
CALLS = rows("testspace.md", "call")


def run(calls: list[str], names: dict[str, Any]) -> Any:
    """Run code as it stands in the documentation; return the value of its first piece."""
    return [eval(code, names) for code in calls][0]


@pytest.fixture(scope="module")
def lab() -> Iterator[sandbox.Server]:
    with sandbox.running("valohai", assets=250) as server:
        server.face.clock.hold()  # type: ignore[attr-defined]  # Two reads of one list see the same runs.
        yield server


@pytest.fixture
def vh_names(lab: sandbox.Server, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """The names of docs/valohai.md as assets of a fresh session; what is changed is made anew."""
    (tmp_path / "valohai.yaml").write_text(CONFIG, encoding="utf-8")
    with ValohaiMeta(lab.url, token=lab.token) as vh:
        project = vh.Project("harbour-vision")
        if "BUCKET" not in project.environment_variables:
            valohai.set_variable(project, "BUCKET", "harbour-raw")
        valohai.fetch(project)  # The pipeline of the table is in the repository's configuration.
        commit = valohai.upload_code(project, tmp_path)
        made = {"project": project, "commit": commit, "step": "greet"}
        grid = {"type": "grid_search", "parameters": {}}
        node = {"name": "a", "type": "execution", "template": {"commit": commit.identifier, "step": "greet"}}
        started = vh.Execution.create(**made)
        body = {"project": project.id, "commit": commit.identifier, "step": "greet"}
        trigger = lab.face.triggers.add("admin", ("run_execution", body), header="X-Key")  # type: ignore[attr-defined]
        run_id = valohai.launch(vh, trigger.id, {}, headers={"X-Key": trigger.secret})["run_id"]
        lab.face.clock.advance(60)  # type: ignore[attr-defined]
        inspect(started).refresh()
        yield {
            "vh": vh,
            "valohai": valohai,
            "ValohaiMeta": ValohaiMeta,
            "project": project,
            "folder": tmp_path,
            "url": lab.url,
            "user": lab.user,
            "password": lab.secret,
            "run": started,
            "trigger": trigger.id,
            "secret": trigger.secret,
            "run_id": run_id,
            "execution": vh.Execution(f"{project.name}:2"),
            "task": vh.Task.create(**made, **grid),
            "pipeline": vh.Pipeline.create(project=project, title="p", new_nodes=[node], new_edges=[]),
            "model": vh.Model("ship-detector"),
            "deployment": vh.Deployment.where(project=project).first(),
            "datum": vh.Datum.where(project=project).first(),
        }


@pytest.fixture(scope="module")
def club() -> Iterator[sandbox.Server]:
    with sandbox.running("testspace") as server:
        yield server


@pytest.fixture
def ts_names(club: sandbox.Server) -> Iterator[dict[str, Any]]:
    """The names of docs/testspace.md as assets of a fresh session; what is changed is made anew."""
    with TestspaceMeta(**club.credentials) as ts:
        word = next(NUMBERS)
        sample = ts.Project("samples")
        for member in ts.ProjectUser.where(project=sample, user=ts.User("theo")):
            ts.delete(member)
        ts.commit().raise_if_failed()
        project = ts.Project("abccorp:application")
        members = ts.ProjectUser.where(project=project).all()
        other = ts.Result("abccorp:application/feature%2Fabc/build.1")
        yield {
            "ts": ts,
            "testspace": testspace,
            "sample": sample,
            "other": other,
            "project": project,
            "space": ts.Space("abccorp:application/master"),
            "result": ts.Result("abccorp:application/master/result.6"),
            "metric": ts.Metric("3/Test Cases"),
            "doomed": ts.Project.create(name=f"doomed {word}"),
            "scratch": ts.Space.create(project=sample, name=f"scratch {word}"),
            "part": ts.Content("1/1/login"),
            "member": members[0] if members else ts.ProjectUser.create(project=project, user=ts.User("mara")),
        }


class Told:
    """What a documented call gave, the names that it used, and the server's own word by another way."""

    def __init__(self, server: sandbox.Server, root: str, names: dict[str, Any], result: Any) -> None:
        self._server, self._root, self._names, self.result = server, root, names, result

    def __getattr__(self, name: str) -> Any:
        return self._names[name]

    def raw(self, path: str) -> Any:
        """What the API says at *path*; None where there is nothing."""
        headers = {"Authorization": f"Token {self._server.token}"}
        answer = requests.get(f"{self._server.url}/{self._root}/{path}", headers=headers, timeout=30)
        return None if answer.status_code == 404 else answer.json()

    def listed(self, path: str) -> None:
        """The result is what a list of the API holds, in any order, and is not empty."""
        found = self.raw(path)
        rows = found["results"] if isinstance(found, dict) else found
        mine = sorted(str(asset.id) for asset in self.result)
        assert mine
        assert mine == sorted(str(row["id"]) for row in rows)

    def stored(self, path: str, **fields: Any) -> None:
        """An object of the API has these values."""
        found = self.raw(path)
        assert fields == {name: found[name] for name in fields}

    def gone(self, path: str) -> None:
        """There is no such object any more."""
        assert self.raw(path) is None

    def key(self, name: str) -> str:
        """The key of an asset, which is known when the asset is gone, too."""
        return str(inspect(self._names[name]).oid.key)

    @property
    def here(self) -> str:
        """The filter for the project of the page."""
        return f"project={self.project.id}&deleted=false&limit=1000"


def logged_in(told: Told) -> None:
    with told.result as session:
        assert valohai.profile(session)["username"] == told.user


def deleted_with_outputs(told: Told) -> None:
    key = told.key("run")
    assert told.raw(f"executions/{key}/")["deleted"] is True
    assert [row["purged"] for row in told.raw(f"data/?output_execution={key}")["results"]] == [True]


def launched(told: Told) -> None:
    assert told.result["run_id"] != told.run_id


COMMAND_CHECKS: dict[str, Callable[[Told], None]] = {
    "login": logged_in,
    "project list": lambda told: told.listed("projects/?limit=1000"),
    "project create": lambda told: told.stored(f"projects/{told.result.id}/", name="made"),
    # Executions go on between the two looks; how many there are stays.
    "project status": lambda told: _is(
        told.result["count"], told.raw(f"projects/{told.project.id}/")["execution_summary"]["count"]
    ),
    "project commits": lambda told: _is(len(told.result), len(told.raw(f"projects/{told.project.id}/commits/"))),
    "project fetch": lambda told: _is(told.result.errors, ()),
    "project open": lambda told: _is(told.result, told.raw(f"projects/{told.project.id}/")["urls"]["display"]),
    "project environment-variables list": lambda told: _is(told.result["BUCKET"].value, "harbour-raw"),
    "project environment-variables create": lambda told: _is(
        told.raw(f"projects/{told.project.id}/")["environment_variables"]["KEY"], {"value": None, "secret": True}
    ),
    "project environment-variables delete": lambda told: _is(
        "BUCKET" in told.raw(f"projects/{told.project.id}/")["environment_variables"], False
    ),
    "environments --queue": lambda told: told.listed("environments/"),
    "execution list": lambda told: _is(
        [execution.counter for execution in told.result],
        [row["counter"] for row in told.raw(f"executions/?{told.here}&status=error&ordering=-counter")["results"][:5]],
    ),
    "execution info": lambda told: told.stored(f"executions/{told.project.id}:3/", id=told.result.id),
    "execution run": lambda told: _is(
        told.raw(f"executions/{told.result.id}/")["parameters"]["epochs"], told.result.parameters["epochs"]
    ),
    "execution run --adhoc": lambda told: _is(told.raw(f"executions/{told.result.id}/")["commit"]["adhoc"], True),
    "execution logs --stream": lambda told: _is(list(told.result), []),
    "execution watch": lambda told: _is(
        [event.message for event in told.result],
        [event["message"] for event in told.raw(f"executions/{told.run.id}/events/")["events"]],
    ),
    "execution outputs --download": lambda told: _is(
        sorted(path.stat().st_size for path in told.result),
        sorted(row["size"] for row in told.raw(f"executions/{told.execution.id}/outputs/")),
    ),
    "execution summarize": lambda told: _is(told.execution.id in told.result, True),
    "execution open": lambda told: _is(told.result.endswith("/execution/2/"), True),
    "execution ssh": lambda told: _is(told.result[0].message, "Starting job on sandbox-worker-1"),
    "execution stop": lambda told: told.stored(f"executions/{told.run.id}/", status=told.run.status),
    "execution delete --purge-outputs": deleted_with_outputs,
    "task list": lambda told: told.listed(f"tasks/?{told.here}"),
    "task run": lambda told: told.stored(f"tasks/{told.result.id}/", n_executions=2),
    "task stop": lambda told: _is(told.raw(f"tasks/{told.task.id}/")["status"] in ("stopping", "stopped"), True),
    "pipeline list": lambda told: told.listed(f"pipelines/?{told.here}"),
    "pipeline run": lambda told: told.stored(f"pipelines/{told.result.id}/", title="training"),
    "pipeline stop": lambda told: _is(
        told.raw(f"pipelines/{told.pipeline.id}/")["status"] in ("stopping", "stopped"), True
    ),
    "data list": lambda told: told.listed(f"data/?project={told.project.id}&deleted=false&ordering=-ctime&limit=50"),
    "alias list": lambda told: told.listed(f"datum-aliases/?{told.here}"),
    "model list": lambda told: _is([model.slug for model in told.result], ["ship-detector"]),
    "model info": lambda told: told.stored(f"models/{told.result.id}/", slug="ship-detector"),
    "model versions": lambda told: told.listed(f"model-versions/?model={told.model.id}&status=approved"),
    "model version": lambda told: _is(
        [execution.id for execution in told.result],
        [
            row["id"]
            for version in told.raw(f"model-versions/?model={told.model.id}&counter=2")["results"]
            for row in told.raw(f"model-versions/{version['id']}/source-executions/")["results"]
        ],
    ),
    "model describe": lambda told: told.stored(f"models/{told.model.id}/", descriptions=told.result),
    "deployment create-version": lambda told: told.stored(
        f"deployment-versions/{told.result.id}/", deployment=told.deployment.id, enabled=True
    ),
    "notebook run": lambda told: told.stored(f"executions/{told.result.id}/", image="python:3.12"),
}

MORE_CHECKS: dict[str, Callable[[Told], None]] = {
    "who the token belongs to": lambda told: _is(told.result, told.raw("users/me/")),
    "outputs of many executions": lambda told: _is(
        {execution.id: len(data) for execution, data in told.result.items()},
        {execution.id: len(told.raw(f"executions/{execution.id}/outputs/?limit=100")) for execution in told.result},
    ),
    "properties of many data": lambda told: _is(told.raw(f"data/{told.datum.id}/")["tags"], ["seen"]),
    "versions of datasets": lambda told: told.stored(f"dataset-versions/{told.result.id}/", name="v9"),
    "approving a model version": lambda told: _is(
        [row["status"] for row in told.raw(f"model-versions/?model={told.model.id}&counter=2")["results"]], ["Approved"]
    ),
    "a pipeline's nodes and what they ran": lambda told: _is(
        told.result,
        [node["execution"]["counter"] for node in told.raw(f"pipelines/{told.project.id}:1/")["nodes"]],
    ),
    "names that can own a project": lambda told: _is(list(told.result), told.raw("projects/ownership_options/")),
    "launching a trigger, which has a login of its own": launched,
    "what came of that": lambda told: _is([execution.step for execution in told.result], ["greet"]),
    "the log of an endpoint of a deployment": lambda told: _is(bool(told.result), True),
}

SPACE, RESULT = "projects/abccorp%3Aapplication/spaces/master", "spaces/3/results/8"

CALL_CHECKS: dict[str, Callable[[Told], None]] = {
    "GET /api": lambda told: _is(told.result, told.raw("")),
    "GET /projects": lambda told: told.listed("projects"),
    "POST /projects": lambda told: told.stored(f"projects/{told.result.id}", name="made", is_private=False),
    "GET /projects/{p}": lambda told: told.stored("projects/samples", id=told.result.id),
    "PATCH /projects/{p}": lambda told: told.stored("projects/samples", description="Some words"),
    "DELETE /projects/{p}": lambda told: told.gone(f"projects/{told.key('doomed')}"),
    "GET /projects/{p}/spaces": lambda told: told.listed("projects/1/spaces"),
    "GET /projects/{p}/spaces?name=master": lambda told: told.listed("projects/1/spaces?name=master"),
    "POST /projects/{p}/spaces": lambda told: told.stored(f"spaces/{told.result.id}", name="made", min_run_period=1),
    "GET /projects/{p}/spaces/{s}": lambda told: told.stored(SPACE, id=told.result.id),
    "GET /spaces/{s}": lambda told: told.stored(SPACE, name=told.result),
    "PATCH /spaces/{s}": lambda told: told.stored(SPACE, description="Other words"),
    "DELETE /spaces/{s}": lambda told: told.gone(f"spaces/{told.key('scratch')}"),
    "GET .../results": lambda told: told.listed(f"{SPACE}/results"),
    "POST .../results": lambda told: told.stored(f"spaces/{told.scratch.id}/results/result.1", id=told.result.id),
    "GET .../results/{r}": lambda told: told.stored(RESULT, name=told.result.name),
    "PATCH .../results/{r}": lambda told: told.stored(RESULT, pinned=True),
    "DELETE .../results/{r}": lambda told: told.gone(f"spaces/{told.scratch.id}/results/result.2"),
    "GET .../results/{r}/failures": lambda told: _is(
        [failure.key for failure in told.result], [row["key"] for row in told.raw(f"{RESULT}/failures")]
    ),
    "GET .../results/{r}/contents": lambda told: told.listed(f"{RESULT}/contents"),
    "GET .../results/{r}/contents/{path}": lambda told: _is(
        told.result, next(row["status"] for row in told.raw(f"{RESULT}/contents") if row["path"] == "login")
    ),
    "DELETE .../results/{r}/contents": lambda told: _is(told.raw("spaces/2/results/build.1/contents"), []),
    "DELETE .../results/{r}/contents/{path}": lambda told: told.gone("spaces/1/results/1/contents/login"),
    "GET .../metrics": lambda told: told.listed(f"{SPACE}/metrics"),
    "POST .../metrics": lambda told: told.stored(f"spaces/{told.scratch.id}/metrics/{told.result.id}", name="M"),
    "GET .../metrics/{m}": lambda told: told.stored(f"{SPACE}/metrics/{told.result.id}", data_source="/[cases]"),
    "PATCH .../metrics/{m}": lambda told: told.stored(f"{SPACE}/metrics/{told.metric.id}", chart_type="columns"),
    "DELETE .../metrics/{m}": lambda told: _is(
        "N" in [row["name"] for row in told.raw(f"spaces/{told.scratch.id}/metrics")], False
    ),
    "GET .../metrics/{m}/datasets": lambda told: told.listed(f"{SPACE}/metrics/{told.metric.id}/datasets"),
    "GET /files/{id}": lambda told: _is(b"<test_suite" in told.result, True),
    "GET /users": lambda told: told.listed("users"),
    "GET /users/{u}": lambda told: told.stored("users/mara", id=told.result.id),
    "GET /projects/{p}/users": lambda told: _is(
        [member.user_id for member in told.result], [row["user_id"] for row in told.raw("projects/1/users")]
    ),
    "POST /projects/{p}/users": lambda told: told.stored("projects/samples/users/theo", role="member"),
    "PATCH /projects/{p}/users/{u}": lambda told: told.stored("projects/1/users/mara", role="viewer"),
    "DELETE /projects/{p}/users/{u}": lambda told: told.gone("projects/1/users/mara"),
}


def _is(left: object, right: object) -> None:
    assert left == right


LOCAL = {
    *("init", "lint", "yaml step", "yaml pipeline", "parcel", "project link", "project unlink", "logout"),
    *("pipeline convert-to-api", "update-check"),
}
"""Commands that work on files of the computer, or on the client itself."""


def commands(group: Any, context: Any, words: tuple[str, ...] = ()) -> Iterator[str]:
    """All commands of the vendor's client, as they are written."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if hasattr(command, "list_commands"):
            yield from commands(command, context, (*words, name))
        else:
            yield " ".join((*words, name)).replace("_", "-")


class TestTheTables:
    def test_they_have_a_test_for_each_row(self) -> None:
        assert COMMANDS.keys() == COMMAND_CHECKS.keys()
        assert MORE.keys() == MORE_CHECKS.keys()
        assert CALLS.keys() == CALL_CHECKS.keys()

    def test_every_command_of_valohai_cli_is_there(self) -> None:
        click = pytest.importorskip("click")
        client = pytest.importorskip("valohai_cli.cli").cli
        documented = {name.partition(" --")[0] for name in COMMANDS}
        assert documented | LOCAL == set(commands(client, click.Context(client)))

    @pytest.mark.parametrize("name", COMMAND_CHECKS)
    def test_a_command_of_valohai_cli(self, lab: sandbox.Server, vh_names: dict[str, Any], name: str) -> None:
        COMMAND_CHECKS[name](Told(lab, "api/v0", vh_names, run(COMMANDS[name], vh_names)))
        assert vh_names["vh"].pending == 0

    @pytest.mark.parametrize("name", MORE_CHECKS)
    def test_what_it_has_no_command_for(self, lab: sandbox.Server, vh_names: dict[str, Any], name: str) -> None:
        MORE_CHECKS[name](Told(lab, "api/v0", vh_names, run(MORE[name], vh_names)))
        assert vh_names["vh"].pending == 0

    @pytest.mark.parametrize("name", CALL_CHECKS)
    def test_a_call_of_the_testspace_page(self, club: sandbox.Server, ts_names: dict[str, Any], name: str) -> None:
        CALL_CHECKS[name](Told(club, "api", ts_names, run(CALLS[name], ts_names)))
        assert ts_names["ts"].pending == 0
