"""Bodies that the vendor's own tools and manuals show, as cells."""

from __future__ import annotations

import json
from pathlib import Path as File
from typing import Any

import pytest

from assetmeta.backends.valohai import Valohai
from assetmeta.backends.valohai.connection import bundled
from assetmeta.model.plans import RawValue
from assetmeta.model.schema import Schema
from assetmeta.model.texts import JsonText
from assetmeta.model.values import Oid

BODIES = File(__file__).resolve().parents[3].parent / "shared" / "reference" / "data" / "valohai"
PROJECT = Oid("Project", "0190a000-0000-7000-8000-000000000010")
EXECUTION = Oid("Execution", "0190a000-0000-7000-8000-000000000007")

DECLARED = {
    "cli_project.json": "Project",
    "cli_project_list_item.json": "Project",
    "docs_project_detail.json": "Project",
    "docs_project_list_page.json": "Project",
    "cli_execution_detail.json": "Execution",
    "cli_pipeline_detail.json": "Pipeline",
    "cli_environment.json": "Environment",
    "minihai_environment_list_page.json": "Environment",
    "cli_datum.json": "Datum",
    "cli_data_list_page.json": "Datum",
    "docs_datum_detail.json": "Datum",
    "docs_deployment_detail.json": "Deployment",
    "docs_deployment_version_detail.json": "DeploymentVersion",
    "docs_deployment_endpoint.json": "DeploymentEndpoint",
    "docs_organization_list_page.json": "Organization",
    "cli_model_detail.json": "Model",
    "cli_model_version.json": "ModelVersion",
    "cli_users_me.json": "User",
    "minihai_users_me.json": "User",
}
"""The bodies whose type is clear, by file."""

reference = pytest.mark.skipif(not BODIES.exists(), reason="the recorded bodies are not at hand")


class Told:
    """What one reader was told."""

    def __init__(self, schema: Schema) -> None:
        self.backend = Valohai()
        self.reader = self.backend.reader(schema)
        self.known = self.reader.known

    def body(self, name: str) -> Oid:
        """Read a body of the reference; of a page its last row."""
        document = json.loads((BODIES / name).read_text(encoding="utf-8"))
        found = [self.take(DECLARED[name], item) for item in document.get("results", [document])]
        return found[-1]

    def take(self, type_name: str, item: dict[str, Any]) -> Oid:
        found = self.reader.take_one(bundled().types[type_name], item)
        assert found is not None
        return found

    def cell(self, oid: Oid, name: str) -> RawValue:
        return self.known.cells[oid][name]


@pytest.fixture
def told(vh_schema: Schema) -> Told:
    return Told(vh_schema)


@reference
@pytest.mark.parametrize("name", DECLARED)
def test_every_key_that_bodies_have_is_declared(told: Told, vh_schema: Schema, name: str) -> None:
    told.body(name)
    for oid, cells in told.known.cells.items():
        declared = vh_schema.type(oid.type).attributes.keys()
        assert set() == cells.keys() - declared, oid


@reference
class TestExecution:
    """An execution embeds its project, commit, environment and outputs."""

    def test_what_is_embedded_becomes_assets(self, told: Told) -> None:
        assert EXECUTION == told.body("cli_execution_detail.json")
        commit = Oid("Commit", f"{PROJECT.key}/000")
        environment = Oid("Environment", "0190a000-0000-7000-8000-000000000006")
        datum = Oid("Datum", "0190a000-0000-7000-8000-000000000003")
        assert [PROJECT, commit, environment, (datum,), None] == [
            told.cell(EXECUTION, name) for name in ("project", "commit", "environment", "outputs", "task")
        ]
        assert ["nyan", "master", PROJECT] == [
            told.cell(PROJECT, "name"),
            told.cell(commit, "ref"),
            told.cell(commit, "project"),
        ]
        assert EXECUTION == told.cell(datum, "output_execution")
        assert Oid("User", 1) == told.cell(PROJECT, "owner")

    def test_what_is_missing_gives_no_cell(self, told: Told) -> None:
        told.body("cli_execution_detail.json")
        assert {"title", "image", "tags", "pipeline"}.isdisjoint(told.known.cells[EXECUTION])

    def test_where_it_is_is_remembered_with_its_number(self, told: Told) -> None:
        told.body("cli_execution_detail.json")
        learned = told.backend.memory
        assert (PROJECT.key, 34) == learned.places[EXECUTION]
        assert EXECUTION == learned.numbered["Execution", PROJECT.key, 34]


@reference
class TestDepth:
    """The same relation is an object here and a bare id there."""

    def test_a_datum_names_its_project_either_way(self, told: Told) -> None:
        whole = told.body("docs_datum_detail.json")
        project = told.cell(whole, "project")
        fresh = Told(told.known.schema)
        version = fresh.body("docs_deployment_version_detail.json")
        [endpoint] = fresh.known.related_ids([version], "endpoints")
        [datum] = fresh.known.related_ids([endpoint], "data")
        assert (whole, project) == (datum, fresh.cell(datum, "project"))
        assert version == fresh.cell(endpoint, "version")

    def test_an_owner_is_an_object_or_a_number(self, told: Told) -> None:
        deployment = told.body("docs_deployment_detail.json")
        project = told.cell(deployment, "project")
        assert isinstance(project, Oid)
        assert Oid("User", 123) == told.cell(deployment, "owner") == told.cell(project, "owner")
        assert "sample" == told.cell(Oid("User", 123), "username")

    def test_null_in_an_embedded_project_means_nothing(self, told: Told) -> None:
        deployment = told.body("docs_deployment_detail.json")
        project = told.cell(deployment, "project")
        assert isinstance(project, Oid)
        assert {"execution_count", "last_execution_ctime"}.isdisjoint(told.known.cells[project])
        row = told.body("docs_project_list_page.json")
        assert told.known.cells[row]["last_execution_ctime"] is None

    def test_commits_of_versions_are_in_the_project_of_the_deployment(self, told: Told) -> None:
        deployment = told.body("docs_deployment_detail.json")
        project = told.cell(deployment, "project")
        versions = told.known.related_ids([deployment], "versions")
        version = told.body("docs_deployment_version_detail.json")
        assert isinstance(project, Oid)
        for commit in told.known.related_ids([*versions, version], "commit"):
            assert str(commit.key).startswith(f"{project.key}/~")

    def test_a_repository_without_a_number_is_known_by_its_project(self, told: Told) -> None:
        project = told.body("docs_project_detail.json")
        repository = Oid("Repository", project.key)
        assert repository == told.cell(project, "repository")
        assert "master, main" == told.cell(repository, "ref")


@reference
class TestPipeline:
    """Nodes and edges stand in their pipeline."""

    def test_nodes_and_edges_lead_to_each_other(self, told: Told) -> None:
        pipeline = told.body("cli_pipeline_detail.json")
        nodes, edges = (told.known.related_ids([pipeline], name) for name in ("nodes", "edges"))
        assert (3, 5) == (len(nodes), len(edges))
        assert set(told.known.related_ids(edges, "source_node")) | set(
            told.known.related_ids(edges, "target_node")
        ) == set(nodes)
        assert {pipeline} == set(told.known.related_ids([*nodes, *edges], "pipeline"))
        assert [EXECUTION] == told.known.related_ids(nodes, "execution")


class TestShapes:
    """Values that lie otherwise than they are used."""

    def test_inputs_are_read_as_they_are_written(self, told: Told) -> None:
        as_list = told.take("Execution", {"id": "a", "inputs": [{"name": "x", "urls": ["s3://b/1"]}]})
        as_map = told.take("Execution", {"id": "b", "inputs": {"x": ["s3://b/1"]}})
        assert '{"x":["s3://b/1"]}' == told.cell(as_list, "inputs") == told.cell(as_map, "inputs")

    def test_a_source_leads_to_what_it_says_it_is(self, told: Told) -> None:
        version = told.take("ModelVersion", {"id": "a", "source": {"type": "execution", "id": "e"}})
        by_hand = told.take("ModelVersion", {"id": "b", "source": {"type": "manual"}})
        assert [Oid("Execution", "e"), None] == [told.cell(version, f"source_{n}") for n in ("execution", "pipeline")]
        assert told.cell(by_hand, "source_execution") is None

    def test_files_of_a_version_hold_objects_or_ids(self, told: Told) -> None:
        version = told.take(
            "DatasetVersion", {"id": "a", "files": [{"datum": {"id": "d"}}, {"datum": "e"}, {"datum": None}]}
        )
        assert (Oid("Datum", "d"), Oid("Datum", "e")) == told.cell(version, "files")

    def test_tags_are_words_also_where_they_come_as_objects(self, told: Told) -> None:
        datum = told.take("Datum", {"id": "a", "tags": [{"name": "x", "color": "red"}, "y"]})
        assert ("x", "y") == told.cell(datum, "tags")

    def test_a_creator_is_a_number_in_a_text(self, told: Told) -> None:
        execution = told.take("Execution", {"id": "a", "creator_id": "12", "creator_name": "Ann"})
        assert [Oid("User", 12), "12"] == [told.cell(execution, name) for name in ("creator", "creator_id")]

    def test_an_owner_that_was_met_as_an_organization_is_one(self, told: Told) -> None:
        told.take("Organization", {"id": 7, "name": "lab"})
        project = told.take("Project", {"id": "a", "owner": {"id": 7, "username": "lab"}})
        assert Oid("Organization", 7) == told.cell(project, "owner")
        # Lists give the name alone, which is what the organization is called as an owner.
        assert "lab" == told.cell(Oid("Organization", 7), "username")

    def test_keys_that_nobody_declared_are_kept(self, told: Told) -> None:
        datum = told.take("Datum", {"id": "a", "shade": "red", "sizes": [1, 2.5]})
        assert "red" == told.cell(datum, "shade")
        sizes = told.cell(datum, "sizes")
        assert isinstance(sizes, JsonText) and "[1,2.5]" == sizes

    def test_a_number_under_the_name_of_a_list_is_no_list(self, told: Told) -> None:
        """Lists that are made by asking for them are not known to be empty because a body has a count there."""
        project = told.take("Project", {"id": "a", "executions": 12, "data": "https://host/", "commits": None})
        assert not {"executions", "data", "commits"} & told.known.cells[project].keys()

    def test_a_key_does_not_hide_the_relation_of_its_name(self, told: Told) -> None:
        execution = told.take("Execution", {"id": "a", "creator_id": "3", "creator": {"id": 3, "username": "ann"}})
        assert Oid("User", 3) == told.cell(execution, "creator")

    def test_what_is_only_written_elsewhere_is_read_where_a_body_has_it(self, told: Told) -> None:
        body = {"id": "a", "project": PROJECT.key, "step": "train", "commit": {"identifier": "f00d"}}
        task = told.take("Task", body)
        assert ("train", Oid("Commit", f"{PROJECT.key}/f00d")) == (told.cell(task, "step"), told.cell(task, "commit"))

    def test_a_commit_of_an_unknown_project_can_still_be_requested(self, told: Told) -> None:
        version = told.take("DeploymentVersion", {"id": "a", "commit": {"identifier": "~f00d"}})
        assert Oid("Commit", "-/~f00d") == told.cell(version, "commit")
        assert "api/v0/commits/~f00d/" == told.backend.address(Oid("Commit", "-/~f00d"))


class TestEmbeddedAgain:
    """Most rows embed the same few objects, which are read once as long as nothing about them differs."""

    OTHER = Oid("Project", "0190a000-0000-7000-8000-000000000011")

    def test_other_values_count(self, told: Told) -> None:
        for run, name in (("a", "old"), ("b", "old"), ("c", "new")):
            told.take("Execution", {"id": run, "project": {"id": PROJECT.key, "name": name}})
        assert "new" == told.cell(PROJECT, "name")

    def test_after_the_rows_of_a_page_were_returned_they_are_read_again(self, told: Told) -> None:
        row = {"id": "a", "project": {"id": PROJECT.key, "name": "nyan"}}
        told.take("Execution", row)
        told.known.cells.clear()
        told.take("Execution", {**row, "id": "b"})
        assert "nyan" == told.cell(PROJECT, "name")

    def test_one_identifier_is_a_commit_of_each_project(self, told: Told) -> None:
        commit = {"identifier": "abc"}
        runs = [
            told.take("Execution", {"id": run, "project": {"id": project.key}, "commit": commit})
            for run, project in (("a", PROJECT), ("b", self.OTHER), ("c", PROJECT))
        ]
        expected = [Oid("Commit", f"{project.key}/abc") for project in (PROJECT, self.OTHER, PROJECT)]
        assert expected == [told.cell(run, "commit") for run in runs]

    def test_one_number_is_a_node_of_each_pipeline(self, told: Told) -> None:
        pipelines = [told.take("Pipeline", {"id": key, "nodes": [{"id": 1, "name": "train"}]}) for key in ("p", "q")]
        expected = [(Oid("PipelineNode", f"{key}/1"),) for key in ("p", "q")]
        assert expected == [told.cell(pipeline, "nodes") for pipeline in pipelines]
