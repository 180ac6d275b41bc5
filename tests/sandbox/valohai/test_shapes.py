"""Bodies against recorded ones: every recorded key is there, with a value of the same JSON type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from assetmeta import sandbox
from nonempty import nonempty
from sandbox.valohai.web import Web, keys_missing, recorded

OLD_PROJECT_KEYS = (".project.owner: dict for number", ".project.environment_variables")
"""One old fixture has a number for the owner of an embedded project, and its variables."""


class Sample:
    """A populated installation, with one object of each kind at hand."""

    def __init__(self, web: Web) -> None:
        self.web = web
        self.project = next(row for row in web.rows("projects/") if row["execution_count"] > 9)["id"]

    def body(self, path: str, query: str = "") -> Any:
        row = self.web.rows(f"{path}/?limit=1{query}")[0]
        return self.web.get(f"{path}/{row['id']}/")


@pytest.fixture(scope="module")
def sample() -> Iterator[Sample]:
    with sandbox.running("valohai", assets=300) as server:
        yield Sample(Web(server))


def known(name: str) -> Any:
    found = recorded(name)
    if found is None:
        pytest.skip("the recorded bodies are not at hand")
    return found


def without_old_parts(missing: list[str]) -> list[str]:
    return [path for path in missing if not path.endswith(OLD_PROJECT_KEYS)]


class TestProjects:
    def test_list_page(self, sample: Sample) -> None:
        page = sample.web.get("projects/?ordering=-execution_count")
        assert keys_missing(known("docs_project_list_page.json"), page) == []
        assert keys_missing(known("cli_project_list_item.json"), page["results"][0]) == []

    def test_body(self, sample: Sample) -> None:
        body = sample.web.get(f"projects/{sample.project}/")
        assert keys_missing(known("docs_project_detail.json"), body) == []
        assert keys_missing(known("cli_project_created.json"), body) == []
        assert set(known("docs_project_detail.json")["execution_summary"]) == set(body["execution_summary"])

    def test_embedded_copy_has_the_recorded_keys_and_no_others(self, sample: Sample) -> None:
        embedded = sample.body("data", f"&project={sample.project}")["project"]
        assert set(embedded) == set(known("docs_datum_detail.json")["project"])

    def test_the_counts_add_up(self, sample: Sample) -> None:
        summary = sample.web.get(f"projects/{sample.project}/")["execution_summary"]
        count = sample.web.get(f"executions/?project={sample.project}")["count"]
        assert summary["count"] == count == sum(summary.values()) - summary["count"]

    def test_organizations(self, sample: Sample) -> None:
        assert keys_missing(known("docs_organization_list_page.json"), sample.web.get("organizations/")) == []


class TestRuns:
    def test_execution(self, sample: Sample) -> None:
        body = sample.body("executions", "&status=complete")
        wanted = {**known("cli_execution_detail.json"), "parameters": {}, "cumulative_metadata": {}}
        missing = without_old_parts(keys_missing(wanted, body))
        assert missing == [".environment.unfinished_job_count"]
        assert body["task"] is None or isinstance(body["task"], str)

    def test_what_every_execution_must_hold(self, sample: Sample) -> None:
        for row in nonempty(sample.web.rows("executions/?limit=1000")):
            assert (
                row["project"]["name"] and row["environment"]["name"] and row["urls"]["stop"] and row["urls"]["display"]
            )
            body = sample.web.get(row["url"])
            assert isinstance(body["inputs"], list) and isinstance(body["outputs"], list)
            assert isinstance(body["parameters"], dict)
            assert all(set(each) == {"name", "urls"} for each in body["inputs"])
            assert body["creator_id"] is None or isinstance(body["creator_id"], str)

    def test_pipeline(self, sample: Sample) -> None:
        body, wanted = sample.body("pipelines"), known("cli_pipeline_detail.json")
        assert without_old_parts(keys_missing({**wanted, "nodes": []}, body)) == []
        node = next(node for node in wanted["nodes"] if node["execution"])
        assert set(node) <= set(body["nodes"][0])
        assert {edge["source_node"] for edge in body["edges"]} <= {node["id"] for node in body["nodes"]}

    def test_commits(self, sample: Sample) -> None:
        commit = sample.web.get(f"projects/{sample.project}/commits/")[0]
        assert keys_missing(known("cli_project_fetch.json")["commits"][0], commit) == []


class TestData:
    def test_list_page_and_body(self, sample: Sample) -> None:
        page = sample.web.get("data/?limit=1&no_count=false")
        assert keys_missing(known("cli_data_list_page.json"), page) == []
        body = sample.web.get(f"data/{page['results'][0]['id']}/")
        assert keys_missing(known("cli_datum.json"), body) == []
        assert keys_missing(known("docs_datum_detail.json"), body) == []
        assert set(body["output_execution"]) == {"id", "counter"}

    def test_environments(self, sample: Sample) -> None:
        page = sample.web.get("environments/?include=unfinished_job_count")
        assert keys_missing(known("minihai_environment_list_page.json"), page) == []
        assert keys_missing(known("cli_environment.json"), page["results"][0]) == []


class TestProducts:
    def test_models(self, sample: Sample) -> None:
        assert keys_missing(known("cli_model_detail.json"), sample.body("models")) == []

    def test_model_versions(self, sample: Sample) -> None:
        body = sample.body("model-versions")
        assert keys_missing(known("cli_model_version.json"), body) == []
        found = sample.web.get(f"model-versions/{body['id']}/source-executions/")
        assert keys_missing(known("cli_model_version_source_executions.json"), found) == []
        assert body["execution_count"] == len(found["results"]) == 1
        data = sample.web.get(f"model-versions/{body['id']}/source-data/")["results"]
        assert all(set(each) == {"id", "name", "size", "ctime"} for each in nonempty(data)) and data

    def test_deployments(self, sample: Sample) -> None:
        body = sample.body("deployments")
        assert keys_missing(known("docs_deployment_detail.json"), body) == []
        assert set(body["versions"][0]) == set(known("docs_deployment_detail.json")["versions"][0])
        assert isinstance(body["owner"], int) and isinstance(body["project"]["owner"], dict)

    def test_deployment_versions(self, sample: Sample) -> None:
        body, wanted = sample.body("deployment-versions"), known("docs_deployment_version_detail.json")
        wanted["endpoint_urls"] = {}
        assert keys_missing(wanted, body) == []
        datum = body["endpoints"][0]["files"][0]["datum"]
        assert set(datum) == set(wanted["endpoints"][0]["files"][0]["datum"])
        assert set(body["commit"]) == set(wanted["commit"])

    def test_deployment_endpoints(self, sample: Sample) -> None:
        body = sample.body("deployment-endpoints")
        assert keys_missing(known("docs_deployment_endpoint.json"), body) == []
        datum = body["files"][0]["datum"]
        assert isinstance(datum["project"], dict) and "aliases" in datum and "uri" in datum
        version = sample.web.get(f"deployment-versions/{body['version']}/")
        assert isinstance(version["endpoints"][0]["files"][0]["datum"]["project"], str)
