"""Writing to a Valohai: whole lives of assets against the sandbox, with the number of requests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assetmeta import (
    BadValue,
    NotFound,
    ReadOnly,
    Rejected,
    Skipped,
    Unknown,
    Unreachable,
    Unsupported,
    ValohaiMeta,
    inspect,
    sandbox,
)
from assetmeta.tools import valohai
from backends.valohai.request_lines import lines

CONFIG = """
- step:
    name: train
    image: python:3.11
    command: python train.py {parameters}
    parameters:
      - name: epochs
        type: integer
        default: 3
      - name: rate
        type: float
        default: 0.5
- endpoint:
    name: predict
    image: python:3.11
    port: 8000
    server-command: python serve.py
"""


@pytest.fixture(scope="module")
def server() -> Iterator[sandbox.Server]:
    with sandbox.running("valohai", assets=0) as running:
        yield running


@pytest.fixture
def vh(server: sandbox.Server) -> Iterator[Any]:
    with ValohaiMeta(**server.token_credentials, survey="none") as session:
        yield session


@pytest.fixture
def organization(vh: Any) -> Any:
    return vh.Organization.one()


@pytest.fixture
def project(vh: Any, organization: Any, request: pytest.FixtureRequest) -> Any:
    """A project of the test's own."""
    return vh.Project.create(name=request.node.name[:200], owner=organization.name)


@pytest.fixture
def commit(project: Any, tmp_path: Path) -> Any:
    (tmp_path / "valohai.yaml").write_text(CONFIG)
    return valohai.upload_code(project, tmp_path)


@pytest.fixture
def datum(vh: Any, project: Any) -> Any:
    """A file that was adopted from the store."""
    store = vh.Store.first()
    return valohai.adopt(store, project, f"{store.uri_prefix}{project.id}/a.txt")


class TestProjects:
    """Made, changed, deleted, with variables and commits."""

    def test_a_life(self, vh: Any, organization: Any) -> None:
        with vh.trace() as trace:
            project = vh.Project.create(name="Life", owner=organization, description="a")
            assert organization == project.owner
            project.description = "b"
            project.default_environment = "harbour-gpu"
            plan = str(vh.plan())
            vh.commit().raise_if_failed()
            vh.delete(project)
            vh.commit().raise_if_failed()
        assert "'a' → 'b'" in plan
        assert "None → Environment:harbour-gpu" in plan
        assert [
            "GET organizations/",
            "POST projects/",
            "GET environments/",
            "PATCH projects/*/",
            "DELETE projects/*/",
        ] == lines(trace)
        with pytest.raises(NotFound):
            project.name

    def test_what_was_written_is_what_another_session_reads(
        self, server: sandbox.Server, vh: Any, project: Any
    ) -> None:
        project.description = "ünïcode <b>&"
        project.default_environment = "harbour-gpu"
        vh.commit().raise_if_failed()
        with ValohaiMeta(**server.token_credentials, survey="none") as other:
            again = other.Project(project.id)
            assert ("ünïcode <b>&", "harbour-gpu") == (again.description, again.default_environment.slug)

    def test_variables(self, vh: Any, project: Any) -> None:
        with vh.trace() as trace:
            valohai.set_variable(project, "A", "1")
            valohai.set_variable(project, "S", "hush", secret=True)
            found = valohai.variables(project)
            valohai.delete_variable(project, "A")
        assert {"A": valohai.Variable("1", False), "S": valohai.Variable(None, True)} == found
        assert {"S"} == valohai.variables(project).keys()
        assert ["POST", "POST", "GET", "DELETE"] == [entry.method for entry in trace.ledger]
        with pytest.raises(NotFound):
            valohai.delete_variable(project, "A")

    def test_a_secret_that_is_refused_is_in_no_error(self, vh: Any, project: Any) -> None:
        with pytest.raises(Rejected) as caught:
            valohai.set_variable(project, "", "hush", secret=True)
        assert "name" == caught.value.attribute
        assert "hush" not in str(caught.value) + repr(vars(caught.value))

    def test_commits_are_fetched(self, server: sandbox.Server, vh: Any, project: Any) -> None:
        assert ([], ("The project has no repository.",)) == valohai.fetch(project)
        url = f"https://git.example.org/{project.id}.git"
        identifier = server.face.remote.push(url, CONFIG, message="First")
        repository = vh.Repository.where(project=project).one()
        repository.url = url
        vh.commit().raise_if_failed()
        with vh.trace() as trace:
            found = valohai.fetch(project)
            assert [(identifier, "First")] == [(one.identifier, one.description) for one in found.commits]
        assert ["POST projects/*/fetch/"] == lines(trace)
        assert [identifier] == [one.identifier for one in project.commits]


class TestRuns:
    """Executions, tasks and pipelines."""

    def test_a_create_that_the_server_broke_at_is_not_sent_again(
        self, server: sandbox.Server, vh: Any, project: Any, commit: Any
    ) -> None:
        new = vh.Execution.new(project=project, commit=commit, step="train")
        server.add_fault("500:1:POST /executions/")
        report = vh.commit()
        assert [outcome.change.oid for outcome in report.unknown] == [new._state.oid]
        with vh.trace() as trace:
            assert vh.commit()
        assert "POST executions/" not in lines(trace)
        inspect(new).retry()
        assert not vh.commit()

    def test_an_update_that_the_server_broke_at_may_be_sent_again(
        self, server: sandbox.Server, vh: Any, project: Any
    ) -> None:
        project.description = "again"
        server.add_fault("500:1:PATCH /projects/")
        assert len(vh.commit().failed) == 1
        assert not vh.commit()

    def test_what_the_server_adds_to_parameters_is_no_note(self, vh: Any, project: Any, commit: Any) -> None:
        new = vh.Execution.new(project=project, commit=commit, step="train", parameters={"epochs": 2})
        [outcome] = vh.commit().done
        assert () == outcome.notes
        assert new.parameters.items() > {"epochs": 2}.items()

    def test_what_was_deleted_is_not_found_by_id_unless_it_is_requested(
        self, vh: Any, project: Any, commit: Any
    ) -> None:
        kept, gone = (vh.Execution.create(project=project, commit=commit, step="train") for _ in range(2))
        vh.delete(gone)
        vh.commit().raise_if_failed()
        query = vh.Execution.where(id=[kept.intid, gone.intid])
        assert [kept] == query.all()
        assert [kept, gone] == query.deleted().all()
        assert [gone] == query.where(deleted=True).all()

    def test_an_execution(self, vh: Any, project: Any, commit: Any) -> None:
        with vh.trace() as trace:
            execution = vh.Execution.create(
                project=project,
                commit=commit,
                step="train",
                environment="harbour-gpu",
                parameters={"epochs": 2},
                tags=["first"],
                title="Try",
            )
            assert ("Try", 1) == (execution.title, execution.counter)
            assert commit == execution.commit
            assert ["first"] == list(execution.tags)
            assert {"epochs": 2, "rate": 0.5} == execution.parameters
        assert ["POST executions/"] == lines(trace)
        assert "harbour-gpu" == execution.environment.slug

    def test_a_branch_does_for_a_commit(self, server: sandbox.Server, vh: Any, project: Any) -> None:
        url = f"https://git.example.org/{project.id}.git"
        identifier = server.face.remote.push(url, CONFIG)
        vh.Repository.where(project=project).one().url = url
        vh.commit().raise_if_failed()
        valohai.fetch(project)
        execution = vh.Execution.create(project=project, commit="main", step="train")
        assert identifier == execution.commit.identifier

    def test_stop_and_tags_are_methods(self, vh: Any, project: Any, commit: Any) -> None:
        execution = vh.Execution.create(project=project, commit=commit, step="train", tags=["a"])
        with vh.trace() as trace:
            execution.stop()
            execution.add_tags(tags=["b"])
            assert ["a", "b"] == list(execution.tags)
            assert execution.status in ("stopping", "stopped")
        assert ["POST executions/*/stop/", "POST executions/*/tags/", "GET executions/*/"] == lines(trace)

    def test_a_copy_is_a_new_one(self, vh: Any, project: Any, commit: Any) -> None:
        execution = vh.Execution.create(project=project, commit=commit, step="train", parameters={"epochs": 5})
        with vh.trace() as trace:
            again = execution.copy()
            assert (2, {"epochs": 5, "rate": 0.5}) == (again.counter, again.parameters)
        assert ["POST executions/*/copy/", "GET executions/*/"] == lines(trace)
        assert execution.id != again.id

    def test_many_are_stopped_by_a_query(self, vh: Any, project: Any, commit: Any) -> None:
        for _ in range(3):
            vh.Execution.create(project=project, commit=commit, step="train")
        report = vh.Execution.where(project=project).execute("stop")
        assert (3, False) == (len(report.done), bool(report))

    def test_tags_and_titles_are_edited(self, vh: Any, project: Any, commit: Any) -> None:
        execution = vh.Execution.create(project=project, commit=commit, step="train", tags=["a", "b"])
        execution.title = "New"
        execution.tags.add("c")
        execution.tags.remove("a")
        with vh.trace() as trace:
            vh.commit().raise_if_failed()
            assert ("New", ["b", "c"]) == (execution.title, list(execution.tags))
        assert ["PATCH executions/*/"] == lines(trace)

    def test_what_is_set_on_create_alone_stays(self, vh: Any, project: Any, commit: Any) -> None:
        execution = vh.Execution.create(project=project, commit=commit, step="train")
        execution.step = "other"
        with vh.trace() as trace:
            [error] = vh.commit()
        assert isinstance(error, ReadOnly)
        assert [] == lines(trace)
        inspect(execution).revert()

    def test_deletion_leaves_the_record(self, vh: Any, project: Any, commit: Any) -> None:
        execution = vh.Execution.create(project=project, commit=commit, step="train")
        vh.delete(execution)
        vh.commit().raise_if_failed()
        assert [] == vh.Execution.where(project=project).all()
        assert [execution] == vh.Execution.where(project=project, deleted=True).deleted().all()

    def test_a_task(self, vh: Any, project: Any, commit: Any) -> None:
        epochs = {"style": "multiple", "rules": {"items": [1, 2]}}
        with vh.trace() as trace:
            task = vh.Task.create(
                project=project, commit=commit, step="train", type="grid_search", parameters={"epochs": epochs}
            )
            assert (1, "grid_search") == (task.counter, task.type)
        assert ["POST tasks/"] == lines(trace)
        assert {1, 2} == {execution.parameters["epochs"] for execution in task.executions}
        task.stop()
        assert task.status in ("stopping", "stopped")

    def test_a_pipeline(self, vh: Any, project: Any, commit: Any) -> None:
        template = {"commit": commit.identifier, "step": "train"}
        nodes = [{"name": name, "type": "execution", "template": template} for name in ("a", "b")]
        edge = {"source_node": "a", "source_type": "output", "source_key": "*", "target_node": "b"}
        edges = [{**edge, "target_type": "dependency", "target_key": ""}]
        with vh.trace() as trace:
            pipeline = vh.Pipeline.create(project=project, title="Both", new_nodes=nodes, new_edges=edges)
            [found] = pipeline.edges
            assert ("a", "b") == (found.source_node.name, found.target_node.name)
            assert ["a", "b"] == sorted(node.name for node in pipeline.nodes)
        assert ["POST pipelines/", "GET pipelines/*/"] == lines(trace)
        pipeline.stop()
        assert pipeline.status in ("stopping", "stopped")

    def test_a_mistake_deep_inside_is_named(self, vh: Any, project: Any, commit: Any) -> None:
        node = {"name": "a", "type": "execution", "template": {"commit": commit.identifier, "step": "nope"}}
        with pytest.raises(Rejected) as caught:
            vh.Pipeline.create(project=project, new_nodes=[node], new_edges=[])
        assert ("new_nodes", "nodes.0.template.step", 400) == (
            caught.value.attribute,
            caught.value.findings[0].path,
            caught.value.status,
        )


class TestData:
    """Adopted, pointed at, labelled, purged."""

    def test_an_adopted_file(self, vh: Any, project: Any) -> None:
        store = vh.Store.first()
        url = f"{store.uri_prefix}{project.id}/x.txt"
        with vh.trace() as trace:
            datum = valohai.adopt(store, project, url)
        assert ["POST stores/*/adopt/"] == lines(trace)
        assert (url, project, store) == (datum.uri, datum.project, datum.store)
        with pytest.raises(Rejected, match="already exists"):
            valohai.adopt(store, project, url)
        with pytest.raises(Rejected) as caught:
            valohai.adopt(store, project, f"{store.uri_prefix}missing.txt")
        assert "adoptable_file_not_found" == caught.value.code

    def test_aliases(self, vh: Any, project: Any, datum: Any) -> None:
        alias = vh.DatumAlias.create(name="production", datum=datum, project=project)
        with vh.trace() as trace:
            assert datum == valohai.resolve_alias(project, "production")
            assert datum.name
        assert ["GET datum-aliases/resolve/"] == lines(trace)
        alias.datum = None
        vh.commit().raise_if_failed()
        assert alias.datum is None or not alias.datum
        with pytest.raises(NotFound):
            valohai.resolve_alias(project, "production")

    def test_properties(self, vh: Any, project: Any, datum: Any) -> None:
        other = valohai.adopt(vh.Store.first(), project, f"{datum.uri}.more")
        given = {datum: {"valohai.tags": ["a"], "valohai.alias": "best"}, other: {"valohai.tags": ["b"]}}
        with vh.trace() as trace:
            assert not valohai.apply_metadata(given)
            assert not valohai.apply_metadata(given), "safe to do again"
        assert ["POST data/metadata/apply/"] * 2 == lines(trace)
        assert (["a"], ["b"]) == (list(datum.tags), list(other.tags))
        assert datum == valohai.resolve_alias(project, "best")
        datum.set_metadata(metadata={"valohai.tags": ["c"]})
        assert ["c"] == list(datum.tags)

    def test_refused_properties_are_reported(self, vh: Any, datum: Any) -> None:
        with vh.trace() as trace, pytest.raises(BadValue, match="JSON"):
            valohai.apply_metadata({datum: {"a": float("nan")}})
        with pytest.raises(BadValue, match="JSON"):
            datum.set_metadata(metadata={"a": {1, 2}})
        assert [] == lines(trace)
        report = valohai.apply_metadata({datum: {"valohai.tags": "no list"}})
        [error] = report
        assert "valohai.tags" in error.findings[0].path

    def test_properties_by_a_query(self, vh: Any, project: Any, datum: Any) -> None:
        valohai.adopt(vh.Store.first(), project, f"{datum.uri}.more")
        with vh.trace() as trace:
            report = vh.Datum.where(project=project).execute("set_metadata", metadata={"valohai.tags": ["q"]})
        assert 2 == len(report.done)
        assert ["GET data/", "POST data/metadata/apply/"] == lines(trace)

    def test_purged_data_keep_their_record(self, vh: Any, datum: Any) -> None:
        datum.purge()
        assert datum.purged is True
        with pytest.raises(NotFound):
            datum.file_data
        vh.delete(datum)
        [error] = vh.commit()
        assert isinstance(error, Unsupported)
        inspect(datum).revert()

    def test_datasets_and_their_versions(self, vh: Any, organization: Any, project: Any, datum: Any) -> None:
        with vh.trace() as trace:
            dataset = vh.Dataset.new(name=f"set {project.id}", owner=organization)
            version = vh.DatasetVersion.new(name="v1", dataset=dataset, files=[datum])
            vh.commit().raise_if_failed()
        assert ["POST datasets/", "POST dataset-versions/"] == lines(trace)
        assert [datum] == list(version.files)
        second = vh.DatasetVersion.create(name="v2", dataset=dataset, previous_version=version, files=[datum])
        assert second == dataset.latest_version
        assert version == second.previous_version


class TestServing:
    """Deployments, models."""

    def test_a_deployment(self, vh: Any, project: Any, commit: Any) -> None:
        deployment = vh.Deployment.create(name="Serve", project=project)
        name = valohai.suggest_version_name(deployment)
        with vh.trace() as trace:
            version = vh.DeploymentVersion.create(
                deployment=deployment,
                commit=commit,
                name=name,
                endpoint_configurations={"predict": {"enabled": True, "files": {}}},
                environment_variables={"A": "1"},
            )
            alias = vh.DeploymentVersionAlias.create(deployment=deployment, target=version, name="production")
        assert ["POST deployment-versions/", "POST deployment-version-aliases/"] == lines(trace)
        assert ["predict"] == [endpoint.name for endpoint in version.endpoints]
        second = vh.DeploymentVersion.create(deployment=deployment, commit=commit, name="second")
        alias.target = second
        vh.commit().raise_if_failed()
        assert second == alias.target
        version.enabled = False
        vh.commit().raise_if_failed()
        assert version.enabled is False
        assert valohai.endpoint_logs(next(iter(version.endpoints)))

    def test_a_model(self, vh: Any, organization: Any, project: Any) -> None:
        model = vh.Model.create(name=f"Model {project.id}", owner=organization.name)
        version = vh.ModelVersion.create(model=model)
        version.status = "Approved"
        vh.commit().raise_if_failed()
        assert ("Approved", 1) == (version.status, version.counter)
        assert [version] == vh.ModelVersion.where(model=model, status="approved").all()


class TestPlaces:
    """Stores, teams, registry credentials."""

    def test_a_store(self, vh: Any, organization: Any, project: Any) -> None:
        secret = {"bucket": "b", "secret_access_key": "hush"}
        store = vh.Store.new(name="Mine", type="s3", owner=organization, configuration=secret)
        assert "hush" not in str(vh.plan()) + repr(vh.plan().changes)
        report = vh.commit()
        assert not report
        assert "hush" not in str(report) + repr(report.outcomes)
        team = vh.Team.create(name=f"Team {project.id}", organization=organization)
        store.access_mode = "teams"
        store.teams.add(team)
        vh.commit().raise_if_failed()
        assert [team] == list(store.teams)
        vh.delete(store)
        vh.delete(team)
        vh.commit().raise_if_failed()

    def test_a_team_gets_its_organization_either_way(self, vh: Any, organization: Any, project: Any) -> None:
        team = vh.Team.create(name=f"T {project.id}", organization=organization)
        assert organization == team.organization
        inspect(team).refresh()
        assert organization == team.organization
        team.name = f"U {project.id}"
        vh.commit().raise_if_failed()

    def test_registry_credentials(self, vh: Any, organization: Any) -> None:
        docker = {"version": "1", "username": "u", "password": "hush"}
        made = vh.RegistryCredential.create(
            type="docker", image_pattern="x/*", owner=organization, configuration=docker
        )
        made.image_pattern = "y/*"
        vh.commit().raise_if_failed()
        assert "y/*" == made.image_pattern
        vh.delete(made)
        vh.commit().raise_if_failed()


class TestWhatGoesWrong:
    """Reports tell it, nothing is sent twice, and what did not land stays pending."""

    def test_a_commit_in_part(self, vh: Any, organization: Any, project: Any, datum: Any) -> None:
        taken = vh.Dataset.create(name=f"taken {project.id}", owner=organization)
        again = vh.Dataset.new(name=taken.name, owner=organization)
        version = vh.DatasetVersion.new(name="v1", dataset=again, files=[datum])
        project.description = "landed"
        report = vh.commit()
        assert (1, 1, 1) == (len(report.done), len(report.failed), len(report.skipped))
        assert isinstance(report.skipped[0], Skipped)
        assert "landed" == project.description
        again.name = f"free {project.id}"
        with vh.trace() as trace:
            vh.commit().raise_if_failed()
        assert ["POST datasets/", "POST dataset-versions/"] == lines(trace), "what landed is not sent again"
        assert version in list(again.versions)

    def test_a_create_without_an_answer_is_not_sent_again(
        self, server: sandbox.Server, vh: Any, organization: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = vh.Project.new(name="Lost", owner=organization.name)
        line = vh._driver._sender._transport
        exchange = line.exchange

        def broken(request: Any, *, login: bool = True) -> Any:
            exchange(request, login=login)
            raise Unreachable("The connection broke.")

        monkeypatch.setattr(line, "exchange", broken)
        report = vh.commit()
        monkeypatch.undo()
        assert [Unknown] == [type(outcome) for outcome in report.outcomes]
        with vh.trace() as trace:
            vh.commit()
        assert [] == lines(trace)
        assert 1 == len(vh.Project.where(name="Lost").all())
        inspect(made).revert()

    def test_a_server_that_asks_to_wait_gets_each_create_once(self, server: sandbox.Server, vh: Any) -> None:
        """What is turned away with 429 did not land, and is sent again when the server says so."""
        settings, waited = server.face.settings, []

        def sleep(seconds: float) -> None:
            waited.append(seconds)
            settings.throttle = None

        session = ValohaiMeta(**server.token_credentials, survey="none", sleep=sleep, clock=lambda: sum(waited))
        made = []
        try:
            for number in range(3):
                settings.throttle = 1
                made.append(session.Project.create(name=f"RateLimited {number}"))
        finally:
            settings.throttle = None
            session.close()
        assert [201, 429, 201, 429, 201] == [entry.status for entry in session.ledger]
        found = [one for one in vh.Project.all() if one.name.startswith("RateLimited")]
        assert sorted(one.id for one in made) == sorted(one.id for one in found)

    def test_a_reader_is_refused(self, server: sandbox.Server, project: Any) -> None:
        token = server.face.user_token("reader")
        with ValohaiMeta(server.url, token=token, survey="none") as vh:
            own = vh.Project(project.id)
            own.description = "x"
            [error] = vh.commit()
            inspect(own).revert()
        assert (403, Rejected) == (error.status, type(error))

    def test_a_stranger_finds_nothing(self, server: sandbox.Server, project: Any) -> None:
        token = server.face.user_token("outsider")
        with ValohaiMeta(server.url, token=token, survey="none") as vh:
            other = vh.Project(project.id)
            other.description = "x"
            [error] = vh.commit()
            inspect(other).revert()
        assert isinstance(error, NotFound)

    def test_a_read_only_session_sends_nothing_that_writes(self, server: sandbox.Server, project: Any) -> None:
        with ValohaiMeta(**server.token_credentials, survey="none", read_only=True) as vh:
            own = vh.Project(project.id)
            datum = vh.Datum(project.id)
            for attempt in (
                lambda: own.fetch(),
                lambda: valohai.set_variable(own, "A", "b"),
                lambda: valohai.apply_metadata({datum: {"a": 1}}),
            ):
                with pytest.raises(ReadOnly):
                    attempt()
            assert 0 == len(list(vh.ledger))

    def test_what_a_server_cannot_do_is_said_before_anything_is_sent(self, vh: Any, project: Any) -> None:
        with vh.trace() as trace, pytest.raises(Unsupported, match="upload_code"):
            vh.Commit.create()
        assert [] == lines(trace)


def test_a_relation_takes_the_name_that_an_asset_is_looked_up_by(vh: Any, project: Any) -> None:
    with vh.trace() as trace:
        deployment = vh.Deployment.new(project=project.name, name="live")
    assert (project, 1) == (deployment.project, len(trace))
    with vh.trace() as trace:
        vh.commit().raise_if_failed()
    assert 1 == len(trace)
    assert project.id == deployment.project.id


def test_a_name_that_nothing_has_is_named_with_the_attribute(vh: Any, project: Any) -> None:
    with pytest.raises(BadValue, match="Deployment.project: No Project has the name 'nonsense'") as refused:
        vh.Deployment.create(project="nonsense", name="live")
    assert ("project", 0) == (refused.value.attribute, vh.pending)
    with pytest.raises(NotFound, match="Execution\\('nonsense:3'\\): No Project has the name 'nonsense'"):
        vh.Execution("nonsense:3")
    with pytest.raises(NotFound, match="There is no alias 'unheard-of' of a datum"):
        vh.Datum(f"{project.name}:unheard-of")


def test_names_and_keys_in_one_condition_send_nothing_before_the_query_runs(vh: Any, project: Any) -> None:
    with vh.trace() as trace:
        query = vh.Deployment.where(project=["nonsense", project.id])
    assert 0 == len(trace)
    made = vh.Deployment.create(project=project, name="one of both")
    assert [made] == query.all()


@pytest.mark.parametrize("several", [True, False], ids=["a list", "alone"])
def test_inputs_take_files_of_the_server(vh: Any, project: Any, commit: Any, datum: Any, several: bool) -> None:
    given = [datum] if several else datum
    run = vh.Execution.create(project=project, commit=commit, step="train", inputs={"data": given})
    assert [f"datum://{datum.id}"] == run.inputs["data"]
    assert [datum] == list(run.input_data)
    with pytest.raises(BadValue, match="is not a file; give a Datum"):
        vh.Execution.new(project=project, commit=commit, step="train", inputs={"data": [run]})
    assert 0 == vh.pending
