"""The calls of the vendor's tutorials and published scripts, one by one, and the shapes of the bodies they print."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from assetmeta import sandbox

RECORDED = Path(__file__).parents[3] / "shared/reference/data/valohai"
REPOSITORY = "https://git.example.org/ada/tutorial.git"
CODE = """\
- step:
    name: preprocess-dataset
    image: python:3.12
    command:
      - 'echo ''{"run_training_for": "harbor_B"}'''
      - echo id > /valohai/outputs/train.csv
    inputs:
      - name: dataset
      - name: labels
    parameters:
      - name: dataset_name
        default: harbor_A
      - name: validation_split
        type: float
        default: 0.3
- step:
    name: train
    image: python:3.12
    command:
      - 'echo ''{"epoch": 1, "accuracy": 0.5}'''
      - 'echo ''{"epoch": 2, "accuracy": 0.75}'''
      - echo model > /valohai/outputs/model.h5
    inputs:
      - name: dataset
    parameters:
      - name: dataset_name
        default: harbor_A
      - name: epochs
        type: integer
        default: 5
      - name: learning_rate
        type: float
        default: 0.001
      - name: batch_size
        type: integer
        default: 64
- step:
    name: predict-models
    image: python:3.12
    command: python predict.py {parameters}
    inputs:
      - name: dataset
    parameters:
      - name: exec_ids
        multiple: separate
      - name: harbours
        multiple: separate
- step:
    name: broken
    image: python:3.12
    command: exit 1
- endpoint:
    name: digits
    image: python:3.12
    server-command: python serve.py
    files:
      - name: model
        path: model.h5
"""


class Tutorial:
    """A reader of the tutorials: a token, a project with code, and an environment."""

    def __init__(self, server: sandbox.Server) -> None:
        self.server = server
        self.headers = {"Authorization": f"Token {server.token}"}
        self.project = self.post("projects/", {"name": "my-project", "description": ""})["id"]
        server.face.remote.push(REPOSITORY, CODE)  # type: ignore[attr-defined]
        self.send("PATCH", f"projects/{self.project}/", json={"repository": {"url": REPOSITORY}})
        self.post(f"projects/{self.project}/fetch/")
        self.environment = self.get("environments/")["results"][0]["id"]

    def send(self, method: str, path: str, **more: Any) -> requests.Response:
        """One request with the token, as the tutorials' curl sends it."""
        return requests.request(method, f"{self.server.url}/api/v0/{path}", headers=self.headers, timeout=30, **more)

    def get(self, path: str, **more: Any) -> Any:
        """The JSON of a GET that must succeed."""
        answer = self.send("GET", path, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: object = None, status: int = 201) -> Any:
        """The JSON of a POST."""
        answer = self.send("POST", path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    def run(self, step: str = "train", **more: Any) -> Any:
        """A finished execution."""
        made = self.post("executions/", {"project": self.project, "commit": "main", "step": step, **more})
        self.pass_time()
        return self.get(f"executions/{made['id']}/")

    def pass_time(self, seconds: float = 10) -> None:
        """Let the runs go on."""
        self.server.face.clock.advance(seconds)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def tutorial() -> Iterator[Tutorial]:
    """One reader for the module: every test makes what it changes."""
    with sandbox.running("valohai") as server:
        yield Tutorial(server)


def recorded(name: str) -> Any:
    """One of the recorded bodies; the test is skipped where they are not at hand."""
    path = RECORDED / name
    if not path.exists():
        pytest.skip("the recorded bodies are not at hand")
    return json.loads(path.read_text(encoding="utf-8"))


def unlike(sample: Any, found: Any, place: str = "") -> list[str]:
    """Where *found* lacks a key of *sample*, or has a value of another type. Null goes with everything."""
    if sample is None or found is None:
        return []
    if isinstance(sample, dict) and isinstance(found, dict):
        lacking = [f"{place}.{key} is missing" for key in sample if key not in found]
        return lacking + [
            bad for key in sample if key in found for bad in unlike(sample[key], found[key], f"{place}.{key}")
        ]
    if isinstance(sample, list) and isinstance(found, list):
        return unlike(sample[0], found[0], f"{place}[]") if sample and found else []
    if type(sample) is type(found) or {type(sample), type(found)} == {int, float}:
        return []
    return [f"{place}: {found!r} is not like {sample!r}"]


class TestAuthentication:
    def test_a_token_for_name_and_password(self, tutorial: Tutorial) -> None:
        form = {"username": "admin", "password": "admin"}
        answer = requests.post(f"{tutorial.server.url}/api/v0/get-token/", data=form, timeout=30)
        assert answer.json() == {"token": tutorial.server.token}

    def test_who_am_i(self, tutorial: Tutorial) -> None:
        assert unlike(recorded("minihai_users_me.json"), tutorial.get("users/me/")) == []

    def test_the_scheme_in_small_letters(self, tutorial: Tutorial) -> None:
        headers = {"Authorization": f"token {tutorial.server.token}"}
        assert requests.get(f"{tutorial.server.url}/api/v0/projects/", headers=headers, timeout=30).ok

    def test_without_a_token(self, tutorial: Tutorial) -> None:
        answer = requests.get(f"{tutorial.server.url}/api/v0/projects/", timeout=30)
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Token")

    def test_organizations(self, tutorial: Tutorial) -> None:
        assert unlike(recorded("docs_organization_list_page.json"), tutorial.get("organizations/")) == []


class TestFetchingProjects:
    def test_the_list(self, tutorial: Tutorial) -> None:
        page = tutorial.get("projects/")
        assert unlike(recorded("docs_project_list_page.json"), page) == []

    def test_one(self, tutorial: Tutorial) -> None:
        assert unlike(recorded("docs_project_detail.json"), tutorial.get(f"projects/{tutorial.project}/")) == []

    def test_environments(self, tutorial: Tutorial) -> None:
        page = tutorial.get("environments/", params={"include": "unfinished_job_count"})
        assert unlike(recorded("minihai_environment_list_page.json"), page) == []
        assert unlike(recorded("cli_environment.json"), page["results"][0]) == []


class TestExecutions:
    def test_failed_ones(self, tutorial: Tutorial) -> None:
        """The tutorial asks for a project, a state, an order and a limit."""
        made = tutorial.run("broken")
        query = {"project": tutorial.project, "status": "error", "ordering": "-counter", "limit": 1}
        page = tutorial.get("executions/", params=query)
        assert [made["id"]] == [row["id"] for row in page["results"]]

    def test_one(self, tutorial: Tutorial) -> None:
        made = tutorial.run()
        sample = recorded("cli_execution_detail.json")
        del sample["cumulative_metadata"], sample["parameters"], sample["environment"]["unfinished_job_count"]
        del sample["project"]["owner"], sample["project"]["environment_variables"]
        assert unlike(sample, made) == []

    def test_the_log(self, tutorial: Tutorial) -> None:
        log = tutorial.get(f"executions/{tutorial.run()['id']}/events/")
        assert unlike(recorded("cli_execution_events.json"), log) == []
        assert unlike(recorded("minihai_events_empty.json"), log) == []

    def test_the_metadata(self, tutorial: Tutorial) -> None:
        points = tutorial.get(f"executions/{tutorial.run()['id']}/metadata/")
        assert [(1, 0.5), (2, 0.75)] == [(point["epoch"], point["accuracy"]) for point in points]

    def test_the_full_request(self, tutorial: Tutorial) -> None:
        body = recorded("request_execution_create.json")
        body |= {"project": tutorial.project, "environment": tutorial.environment}
        made = tutorial.post("executions/", body)
        assert made["inputs"] == [{"name": "dataset", "urls": body["inputs"]["dataset"]}]
        assert (made["image"], made["environment"]["id"]) == (body["image"], tutorial.environment)

    def test_a_bad_environment(self, tutorial: Tutorial) -> None:
        body = {"project": tutorial.project, "commit": "main", "step": "train", "environment": "bluup"}
        assert tutorial.post("executions/", body, 400) == recorded("cli_error_bodies.json")[0]

    def test_metrics_of_a_task_as_a_table(self, tutorial: Tutorial) -> None:
        """The script sends GETs with JSON bodies."""
        styles = {"epochs": {"style": "multiple", "rules": {"items": [1, 2]}}}
        body = {"project": tutorial.project, "commit": "main", "step": "train", "parameters": styles}
        task = tutorial.post("tasks/", {**body, "type": "grid_search"})
        tutorial.pass_time()
        ids = tutorial.get(f"tasks/{task['id']}/execution_ids/", json={})
        text = tutorial.send("GET", "executions/multi_download_metadata_csv/", json={"ids": ids}).content.decode()
        rows = list(csv.DictReader(io.StringIO(text.replace("\r", ""))))
        assert [("1", "0.5"), ("2", "0.75")] * 2 == [(row["epoch"], row["accuracy"]) for row in rows]
        assert {"execution_id", "execution_counter", "execution_title", "_time"} < set(rows[0])


class TestPipelines:
    def test_the_request_of_the_example(self, tutorial: Tutorial) -> None:
        """What the first node finds out becomes a parameter of the second. The steps keep their own commands here,
        since the sandbox runs no Python.
        """
        body = recorded("request_pipeline_create.json")
        for node in body["nodes"]:
            node["template"]["environment"] = tutorial.environment
            del node["template"]["command"]
        made = tutorial.post("pipelines/", {**body, "project": tutorial.project})
        tutorial.pass_time()
        done = tutorial.get(f"pipelines/{made['id']}/")
        assert unlike(recorded_pipeline(), done) == []
        assert (done["status"], done["nodes"][1]["execution"]["parameters"]["dataset_name"]) == ("complete", "harbor_B")


def recorded_pipeline() -> Any:
    """The recorded pipeline without what a fixture alone has: an old execution, and a project as details show it."""
    sample = recorded("cli_pipeline_detail.json")
    del sample["project"]["owner"], sample["project"]["environment_variables"]
    for node in sample["nodes"]:
        node["execution"] = None
    return sample


class TestData:
    def test_outputs_with_addresses(self, tutorial: Tutorial) -> None:
        made = tutorial.run()
        outputs = tutorial.get(f"executions/{made['id']}/outputs/", params={"include": "download_url"})
        answer = requests.get(outputs[0]["download_url"], timeout=30)
        assert (answer.text, outputs[0]["name"]) == ("model\n", "model.h5")

    def test_one(self, tutorial: Tutorial) -> None:
        datum = tutorial.get(f"data/{tutorial.run()['outputs'][0]['id']}/")
        assert unlike(recorded("docs_datum_detail.json"), datum) == []
        assert unlike(recorded("cli_datum.json"), datum) == []

    def test_the_list(self, tutorial: Tutorial) -> None:
        page = tutorial.get("data/", params={"output_execution": tutorial.run()["id"], "limit": 5000})
        assert unlike(recorded("cli_data_list_page.json"), page) == []

    def test_the_download(self, tutorial: Tutorial) -> None:
        told = tutorial.get(f"data/{tutorial.run()['outputs'][0]['id']}/download/")
        assert unlike(recorded("cli_datum_download.json"), told) == []

    def test_properties_of_many(self, tutorial: Tutorial) -> None:
        first, second = (tutorial.run()["outputs"][0]["id"] for _ in range(2))
        properties = list(recorded("request_datum_metadata_apply.json")["datum_metadata"].values())
        body = {"datum_metadata": dict(zip((first, second), properties, strict=True))}
        tutorial.post("data/metadata/apply/", body, 200)
        assert tutorial.get(f"data/{second}/")["tags"] == ["tag1", "tag2"]
        query = {"name": "production-alias", "project": tutorial.project}
        assert tutorial.get("datum-aliases/resolve/", params=query)["datum"]["id"] == second

    def test_a_dataset_version(self, tutorial: Tutorial) -> None:
        """The script makes a version, reads it back, and makes the next from it."""
        owner = tutorial.get("organizations/")["results"][0]["id"]
        dataset = tutorial.post("datasets/", {"name": "pictures", "owner": owner})["id"]
        datum = tutorial.run()["outputs"][0]["id"]
        first = tutorial.post("dataset-versions/", {"name": "v1", "dataset": dataset, "files": [{"datum": datum}]})
        body = recorded("request_dataset_version_create.json")
        body |= {"previous_version": first["id"], "dataset": dataset, "files": [{"datum": datum}]}
        second = tutorial.post("dataset-versions/", body)
        assert tutorial.get(f"datasets/{dataset}/")["latest_version"]["id"] == second["id"]
        assert tutorial.get(f"dataset-versions/{second['id']}/")["files"][0]["datum"]["id"] == datum

    def test_adopting_a_file(self, tutorial: Tutorial) -> None:
        """Of a file that is there a datum is made, once; of another one nothing."""
        store = tutorial.get("stores/")["results"][0]
        url = f"{store['uri_prefix']}my-file.txt"
        body = {"url": url, "project": tutorial.project}
        done = tutorial.post(f"stores/{store['id']}/adopt/", body, 200)
        assert (done["ok"], tutorial.get(f"data/{done['created'][url]}/")["uri"]) == (True, url)
        again, absent = recorded("docs_store_adopt_errors.json")
        refused = tutorial.post(f"stores/{store['id']}/adopt/", body, 400)
        assert (refused.keys(), refused["code"]) == (again.keys(), again["code"])
        lost = tutorial.post(f"stores/{store['id']}/adopt/", {**body, "url": "s3://elsewhere/my-file.txt"}, 400)
        assert (lost.keys(), lost["code"]) == (absent.keys(), absent["code"])


class TestDeployments:
    def test_a_version(self, tutorial: Tutorial) -> None:
        datum = tutorial.run()["outputs"][0]["id"]
        deployment = tutorial.post("deployments/", {"name": "test", "project": tutorial.project})["id"]
        name = tutorial.get(f"deployments/{deployment}/suggest_version_name/")
        assert unlike(recorded("cli_suggest_version_name.json"), name) == []
        endpoints = {"digits": {"enabled": True, "files": {"model": datum}, "replicas": 1}}
        body = {"commit": "main", "deployment": deployment, "enabled": True, **name}
        version = tutorial.post("deployment-versions/", {**body, "endpoint_configurations": endpoints})
        detail = tutorial.get(f"deployment-versions/{version['id']}/")
        assert unlike(recorded("docs_deployment_version_detail.json"), detail) == []
        assert unlike(recorded("docs_deployment_detail.json"), tutorial.get(f"deployments/{deployment}/")) == []
        endpoint = tutorial.get(f"deployment-endpoints/{detail['endpoints'][0]['id']}/")
        assert unlike(recorded("docs_deployment_endpoint.json"), endpoint) == []

    def test_a_launch(self, tutorial: Tutorial) -> None:
        body = {"project": tutorial.project, "commit": "main", "step": "train"}
        trigger = tutorial.server.face.triggers.add("admin", ("run_execution", body))  # type: ignore[attr-defined]
        headers = {"Authorization": trigger.secret}
        url = f"{tutorial.server.url}/api/v0/launch/{trigger.id}/"
        run = requests.post(url, json={}, headers=headers, timeout=30).json()["run_id"]
        told = requests.get(f"{url}run/", params={"run_id": run}, headers=headers, timeout=30).json()
        assert unlike(recorded("docs_trigger_run_info.json")[1], told) == []
