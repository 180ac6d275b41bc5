"""Reading a server that knows nothing of the dialect, through a session: what comes, and for how many requests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from assetmeta import ValohaiMeta, inspect, sandbox
from assetmeta.model.errors import (
    AuthenticationFailed,
    BadValue,
    NotFound,
    RateLimited,
    ServerFailed,
    UnknownName,
    Unsupported,
)
from assetmeta.model.plans import Fetch
from assetmeta.model.values import Oid
from nonempty import nonempty

ABSENT = "01943a8e-45d0-0006-89de-ffffffffffff"


@pytest.fixture(scope="module")
def server() -> Iterator[sandbox.Server]:
    with sandbox.running("valohai", assets=1000) as running:
        running.face.clock.hold()  # type: ignore[attr-defined]  # Two reads of one list see the same runs.
        yield running


def session(server: sandbox.Server, **options: Any) -> ValohaiMeta:
    credentials: dict[str, Any] = server.credentials
    return ValohaiMeta(**credentials, **{"survey": "root", **options})


@pytest.fixture
def vh(server: sandbox.Server) -> Iterator[Any]:
    """A session that has logged in and knows the schema."""
    with session(server) as found:
        found.schema
        yield found


@pytest.fixture
def harbour(vh: Any) -> Any:
    return vh.Project("harbour-vision")


def test_owners_that_are_named_by_an_id_alone_are_looked_up_for_conditions(vh: Any) -> None:
    owners = nonempty(vh.DatasetVersion.select("dataset.owner.username"))
    assert {each["dataset.owner.username"] for each in owners} == {"harbour-lab"}
    for column in (vh.DatasetVersion.dataset.owner.username, vh.Dataset.owner.username):
        with vh.trace() as sent:
            found = column._source.where(column == "harbour-lab").all()
        assert len(found) == column._source.count() == column._source.where(column.exists()).count() > 0
        assert [entry.path.removeprefix("api/v0/") for entry in sent][-3:] == ["users/", "users/me/", "organizations/"]


class TestLists:
    """Lists in as few requests as they have pages."""

    def test_hundreds_of_executions_with_all_that_they_lead_to_are_one_request(self, vh: Any) -> None:
        with vh.trace() as sent:
            found = [
                (each.project.name, each.commit.identifier, each.environment.name, each.status, each.creator.id)
                for each in vh.Execution
            ]
        assert len(found) >= 300
        assert all(all(row) for row in found)
        assert 1 == len(sent)

    def test_pages_join_without_gaps(self, vh: Any, server: sandbox.Server) -> None:
        whole = [each.id for each in vh.Execution]
        with vh.trace() as sent:
            pages = list(vh.Execution.pages(100))
        assert whole == [each.id for page in pages for each in page]
        assert -(-len(whole) // 100) == len(sent)
        assert {100} == {len(page) for page in pages[:-1]}

    def test_the_first_one_is_a_list_of_one(self, vh: Any) -> None:
        with vh.trace() as sent:
            first = vh.Execution.first()
        [entry] = sent
        assert ("1", "false") == (dict(entry.query)["limit"], dict(entry.query)["deleted"])
        assert first.step

    def test_counting_is_the_servers_where_it_filters_exactly(self, vh: Any, harbour: Any) -> None:
        expected = sum(1 for each in harbour.executions if each.status == "complete")
        with vh.trace() as sent:
            assert expected == vh.Execution.where(project=harbour, status="complete").count()
        assert (1, "1") == (len(sent), dict(next(iter(sent)).query)["limit"])

    def test_counting_reads_where_the_server_does_not_filter(self, vh: Any, harbour: Any) -> None:
        expected = sum(1 for each in harbour.executions if each.step == "train")
        assert 0 < expected == vh.Execution.where(project=harbour, step="train").count()

    def test_windows_and_order_are_the_servers_where_it_knows_them(self, vh: Any, harbour: Any) -> None:
        counters = sorted((each.counter for each in harbour.executions), reverse=True)
        with vh.trace() as sent:
            found = [each.counter for each in vh.Execution.where(project=harbour).sort("-counter")[10:15]]
        assert counters[10:15] == found
        [entry] = sent
        assert {"ordering": "-counter", "offset": "10", "limit": "5"}.items() <= dict(entry.query).items()

    def test_other_orders_are_made_here_from_one_list(self, vh: Any, harbour: Any) -> None:
        with vh.trace() as sent:
            found = [each.duration for each in vh.Execution.where(project=harbour).sort("-duration")[:20]]
        assert 1 == len(sent)
        assert sorted(found, reverse=True) == found
        assert all(isinstance(each, dt.timedelta) for each in found)

    def test_conditions_along_relations(self, vh: Any, harbour: Any) -> None:
        with vh.trace() as sent:
            found = list(vh.Execution.where(status=["error", "stopped"], project=harbour.name))
        assert ["api/v0/projects/", "api/v0/executions/"] == [entry.path for entry in sent]
        assert harbour.id == dict(list(sent)[1].query)["project"]
        assert {"error", "stopped"} >= {each.status for each in found} != set()
        assert {harbour} == {each.project for each in found}

    def test_names_of_projects_are_looked_up_once_and_narrow_lists_counts_and_windows(
        self, vh: Any, harbour: Any
    ) -> None:
        whole = [each.id for each in harbour.executions]
        with vh.trace() as sent:
            assert whole == [each.id for page in vh.Execution.where(project=harbour.name).pages(100) for each in page]
        assert 1 + -(-len(whole) // 100) == len(sent)
        with vh.trace() as sent:
            assert len(whole) == vh.Execution.where(project=harbour.name).count()
            assert whole[3:5] == [each.id for each in vh.Execution.where(project=harbour.name)[3:5]]
            assert whole[0] == vh.Execution.where(project=harbour.name).first().id
        assert 6 == len(sent)
        for read in (list, lambda query: query.count()):
            with pytest.raises(
                BadValue, match=f"no Project with the name '{harbour.name}s'.*Did you mean {harbour.name}"
            ):
                read(vh.Execution.where(project=f"{harbour.name}s"))
        assert [] == list(vh.Execution.where({"project.name": "no such project"}))

    def test_incomplete_means_what_it_means_to_the_server(self, vh: Any) -> None:
        expected = sum(1 for each in vh.Execution if each.status in ("created", "queued", "started", "stopping"))
        with vh.trace() as sent:
            assert expected == vh.Execution.where(status="incomplete").count()
        assert 1 == len(sent)

    def test_explaining_sends_nothing_and_tells_the_requests(self, vh: Any, harbour: Any) -> None:
        query = vh.Execution.where(project=harbour, step="train").sort("-counter").select("outputs.name")[:5]
        with vh.trace() as sent:
            told = query.explain()
        assert 0 == len(sent)
        assert f"GET api/v0/executions/?project={harbour.id}&deleted=false&ordering=-counter" in told
        assert "sorted by the server" in told and "cut here" in told and "outputs: a list by output_execution" in told

    def test_what_only_pipelines_hold_has_no_list(self, vh: Any) -> None:
        with vh.trace() as sent, pytest.raises(Unsupported, match=r"use Pipeline\.nodes"):
            list(vh.PipelineNode)
        assert 0 == len(sent)
        pipeline = vh.Pipeline.first()
        assert list(pipeline.nodes) == list(vh.PipelineNode.where(pipeline=pipeline)) != []

    @pytest.mark.parametrize(
        "name",
        [
            *("Commit", "Datum", "DatumAlias", "Dataset", "DatasetVersion", "Deployment", "DeploymentVersion"),
            *("Environment", "Model", "ModelVersion", "Organization", "Pipeline", "Project", "Repository", "Store"),
            *("Task", "Team", "User"),
        ],
    )
    def test_every_type_is_listed(self, vh: Any, name: str) -> None:
        with vh.trace() as sent:
            found = list(vh[name])
        assert found and 1 == len(sent)
        assert vh[name].count() == len(found)


class TestTravelling:
    """From one asset to the next: a request per step, never per asset."""

    def test_outputs_of_all_executions_of_a_project(self, vh: Any, harbour: Any) -> None:
        executions = list(harbour.executions)
        with vh.trace() as sent:
            names = [datum.name for each in executions for datum in each.outputs]
        assert (1, True) == (len(sent), len(names) > len(executions) / 2)
        assert len(names) == vh.Datum.where(project=harbour, output_execution=executions).count()

    def test_outputs_of_one_execution(self, vh: Any, harbour: Any) -> None:
        execution = next(each for each in harbour.executions if each.n_outputs)
        alone = vh.Execution(execution.id)
        with vh.trace() as sent:
            outputs = list(alone.outputs)
        assert (1, execution.n_outputs) == (len(sent), len(outputs))
        assert {execution} == {datum.output_execution for datum in outputs}

    def test_executions_of_a_project_lead_back_to_it(self, vh: Any, harbour: Any) -> None:
        with vh.trace() as sent:
            executions = list(harbour.executions)
            assert {harbour} == {each.project for each in executions}
        assert (1, executions) == (len(sent), sorted(executions, key=lambda each: each.counter))

    def test_executions_of_all_tasks(self, vh: Any) -> None:
        tasks = list(vh.Task)
        with vh.trace() as sent:
            found = {task: [each.task for each in task.executions] for task in tasks}
        assert len(sent) <= len({task.project for task in tasks})
        assert all(members and set(members) == {task} for task, members in nonempty(found.items()))

    def test_tasks_of_all_executions(self, vh: Any) -> None:
        executions = list(vh.Execution)
        with vh.trace() as sent:
            types = {each.task.type for each in executions}
        assert len(types) > 1 and len(sent) <= 3

    def test_nodes_and_edges(self, vh: Any) -> None:
        pipeline = vh.Pipeline.first()
        with vh.trace() as sent:
            names = [(edge.source_node.name, edge.target_node.name) for edge in pipeline.edges]
            assert {node.name for node in pipeline.nodes} == {name for pair in names for name in pair}
        assert 1 == len(sent)

    def test_executions_of_which_only_the_id_is_reported(self, vh: Any) -> None:
        """Sources of model versions are ids: one of them is read to learn its project, the others by a list."""
        versions = list(vh.ModelVersion)
        with vh.trace() as sent:
            steps = [each.source_execution.step for each in versions if each.source_execution]
        assert len(steps) > 20 and all(steps)
        assert len(sent) <= 6

    def test_one_query_reads_paths_along(self, vh: Any) -> None:
        with vh.trace() as sent:
            rows = vh.Model.select("name", "versions.counter", "versions.source_execution.step").all()
            steps = [version.source_execution.step for model in rows for version in model.versions]
        # The models, the versions of each, and one execution and the list of each project.
        assert len(steps) > 20 and len(sent) <= 1 + len(rows) + 2 * 3 + 4

    def test_organizations_and_their_teams(self, vh: Any) -> None:
        with vh.trace() as sent:
            found = [team.name for organization in vh.Organization for team in organization.teams]
        assert found and 2 == len(sent)

    def test_owners_are_known_by_name_without_a_request(self, vh: Any) -> None:
        projects = list(vh.Project)
        with vh.trace() as sent:
            assert {"harbour-lab"} == {project.owner.username for project in projects}
        assert 0 == len(sent)
        assert len(projects) == vh.Project.where(owner=vh.Organization.first()).count()

    def test_repositories_of_projects(self, vh: Any) -> None:
        assert all(each.repository.url.startswith("https://") and each.repository.ref for each in nonempty(vh.Project))


class TestIdentity:
    """One asset, however it is named."""

    def test_a_number_and_an_id_are_the_same_asset(self, vh: Any, harbour: Any) -> None:
        with vh.trace() as sent:
            execution = vh.Execution(f"{harbour.id}:2")
            assert execution.counter == 2 and execution is vh.Execution(execution.id)
            assert execution is vh.Execution(f"{harbour.id}:2")
            assert execution is vh.asset_from_oid(f"Execution:{harbour.id}:2")
        assert 1 == len(sent)

    def test_the_latest_is_requested_each_time(self, vh: Any, harbour: Any) -> None:
        with vh.trace() as sent:
            latest = [vh.Execution(f"{harbour.id}:latest") for _ in range(2)]
        assert (2, max(each.counter for each in harbour.executions)) == (len(sent), latest[0].counter)
        assert latest[0] is latest[1]

    @pytest.mark.parametrize("name", ["Execution", "Task", "Pipeline"])
    def test_a_number_that_there_is_not(self, vh: Any, harbour: Any, name: str) -> None:
        with pytest.raises(NotFound):
            vh[name](f"{harbour.id}:99999")

    def test_names_slugs_and_branches(self, vh: Any, harbour: Any) -> None:
        environment = vh.Environment.first()
        assert environment is vh.Environment(environment.slug)
        commit = vh.Commit(f"{harbour.name}:main")
        assert commit in list(harbour.commits)
        assert (
            commit is vh.Commit(f"{harbour.id}/{commit.identifier}") is vh.Commit(f"{harbour.id}:{commit.identifier}")
        )
        assert commit.commit_time == max(each.commit_time for each in harbour.commits if each.ref == "main")

    def test_an_alias_and_what_it_stands_for(self, vh: Any) -> None:
        alias = next(each for each in vh.DatumAlias if each.datum)
        assert alias.datum is vh.Datum(f"{alias.project.id}:{alias.name}")
        assert alias is vh.DatumAlias(f"{alias.project.id}:{alias.name}")

    def test_a_datum_by_its_address(self, vh: Any) -> None:
        datum = vh.Datum.first()
        with vh.trace() as trace:
            assert datum is vh.Datum(f"datum://{datum.id}")
        assert len(trace) == 0
        with pytest.raises(NotFound, match="no alias 'nothing' .*<project>:<alias>"):
            vh.Datum("datum://nothing")

    def test_what_is_no_name_of_anything(self, vh: Any, harbour: Any) -> None:
        for name, text, error in [
            ("Execution", "nonsense", BadValue),
            ("Commit", "main", BadValue),
            ("Project", "no such project", NotFound),
            ("Commit", f"{harbour.id}:no-such-branch", NotFound),
            ("Datum", f"{harbour.id}:no-such-alias", NotFound),
            ("ModelVersion", "v1", BadValue),
        ]:
            with pytest.raises(error):
                vh[name](text)

    def test_many_by_identity_in_few_requests(self, vh: Any, server: sandbox.Server) -> None:
        executions = [each.id for each in vh.Execution][:250]
        oids = tuple(Oid("Execution", each) for each in executions)
        with vh.trace() as sent:
            [rows] = vh.run(vh.backend.fetch(vh.schema, [Fetch("Execution", oids=oids)]))
        assert executions == [row.oid.key for row in rows.rows]
        assert len(sent) <= 5

    def test_a_query_by_ids_takes_what_rows_tell(self, vh: Any, harbour: Any) -> None:
        ids = [each.id for each in vh.Execution.where(project=harbour)[:250]]
        with vh.trace() as sent:
            found = list(vh.Execution.where(id=ids, status="complete").select("step", "command"))
            assert 0 < len([each.step for each in found]) < 250
        assert 3 == len(sent), "a hundred numbers in one request"
        with vh.trace() as sent:
            assert all(each.command for each in nonempty(found[:1]))
        assert len(sent) >= 1, "what rows lack is read when it is looked at"

    def test_a_thing_that_is_not_there(self, vh: Any) -> None:
        assert vh.Execution.where(id=ABSENT).first() is None
        with pytest.raises(NotFound, match=ABSENT):
            _ = vh.Execution(ABSENT).step


class TestDepth:
    """A row of a list first, the whole object later."""

    def test_details_are_read_once_and_merged(self, vh: Any, harbour: Any) -> None:
        project = vh.Project.where(name=harbour.name).one()
        assert not inspect(project).would_fetch("name")
        with vh.trace() as sent:
            variables, summary, store = project.environment_variables, project.execution_summary, project.upload_store
        assert [True, True] == ["API_KEY" in variables, summary["count"] > 0]
        assert store.id and project.execution_count
        assert 1 == len(sent)

    def test_details_of_all_projects_are_read_concurrently(self, vh: Any) -> None:
        projects = list(vh.Project)
        with vh.trace() as sent:
            assert all(project.repository for project in projects)
        assert len(projects) == len(sent)

    def test_conditions_on_what_rows_lack_still_find_everything(self, vh: Any, harbour: Any) -> None:
        some = vh.Execution.where(project=harbour).sort("counter")[:3]
        command = next(each.command for each in some)
        assert command
        found = vh.Execution.where(vh.Execution.counter <= 3, project=harbour, command=command).all()
        assert [each for each in some if each.command == command] == found

    @pytest.mark.parametrize("size", [7, 1000])
    def test_what_assets_lead_to_decides_on_every_page(self, vh: Any, harbour: Any, size: int) -> None:
        # The pages have no match, so that one read goes on from each to the next, and the same runs are on many.
        data = vh.Datum.where(vh.Datum.output_execution.exists(), project=harbour)
        outputs = list(data.select("output_execution.n_comments"))
        assert len({each.output_execution for each in outputs}) < len(outputs)
        assert all(each.output_execution.n_comments is not None for each in outputs)
        without = data.where(vh.Datum.output_execution.n_comments.missing())
        assert [] == [each for page in without.pages(size) for each in page]

    def test_heavy_parts_come_when_they_are_looked_at(self, vh: Any, harbour: Any) -> None:
        execution = vh.Execution(f"{harbour.id}:1")
        with vh.trace() as sent:
            _ = execution.metadata
        assert "outputs,events" == dict(next(iter(sent)).query)["exclude"]

    def test_configurations_of_commits(self, vh: Any, harbour: Any) -> None:
        commit = harbour.commits[0]
        with vh.trace() as sent:
            assert commit.config
        assert "config" == dict(next(iter(sent)).query)["include"]


class TestErrors:
    """What goes wrong, in words."""

    @pytest.mark.parametrize(
        ("fault", "error"),
        [("500", ServerFailed), ("503", ServerFailed), ("429=9", RateLimited), ("truncate", Exception)],
    )
    def test_a_server_that_cannot(self, fault: str, error: type[Exception]) -> None:
        faults = [f"{fault}:*:GET /executions/"]
        with (
            sandbox.running("valohai", assets=100, faults=faults) as server,
            session(server, survey="none", retries=0) as vh,
            pytest.raises(error),
        ):
            list(vh.Execution)

    def test_a_wrong_token(self, server: sandbox.Server) -> None:
        with (
            ValohaiMeta(server.url, token="wrong") as vh,
            pytest.raises(AuthenticationFailed, match="refused the access token"),
        ):
            list(vh.Project)

    def test_another_users_things_are_not_there(self, server: sandbox.Server, vh: Any) -> None:
        execution = vh.Execution.first()
        with ValohaiMeta(server.url, username="outsider", password="outsider") as other:
            assert execution.id not in {each.id for each in other.Execution}
            with pytest.raises(NotFound):
                _ = other.Execution(execution.id).step

    def test_names_that_there_are_not(self, vh: Any) -> None:
        with pytest.raises(UnknownName, match="Did you mean status"):
            vh.Execution.where(statuss="error")
        with pytest.raises(UnknownName, match="Did you mean Execution"):
            _ = vh.Executions

    def test_what_the_server_cannot_do(self, vh: Any) -> None:
        with vh.trace() as sent:
            for name, argument in [("find", "train"), ("filter", "step='x'"), ("asof", "2026-01-01")]:
                with pytest.raises(Unsupported):
                    list(getattr(vh.Execution, name)(argument))
        assert 0 == len(sent)


class TestSlips:
    """What people try first, and what they are told."""

    def test_a_piece_of_json_is_one_value(self, vh: Any) -> None:
        some = next(one for one in vh.Execution[:50] if one.parameters)
        assert some in vh.Execution.where(parameters=some.parameters).all()
        assert some in vh.Execution.where(vh.Execution.parameters == some.parameters).all()
        assert [] == vh.Execution.where(parameters=[{"no": "such"}, {"nor": "this"}]).all()

    def test_what_stands_in_no_order_is_not_sorted_by(self, vh: Any) -> None:
        with pytest.raises(Unsupported, match="parameters cannot be sorted by"):
            vh.Execution.sort("parameters").all()

    def test_a_number_is_no_key_where_keys_are_uuids(self, vh: Any) -> None:
        with vh.trace() as trace:
            with pytest.raises(BadValue, match="<project>:<number>"):
                vh.Execution(25)
            with pytest.raises(BadValue, match=r"not 3\. Give the asset \(Project\(name\) finds"):
                vh.Execution.where(project=3)
        assert 0 == len(trace)
        assert "ada" == vh.User(2).username

    def test_a_number_that_no_execution_has(self, vh: Any) -> None:
        with pytest.raises(NotFound, match="no Execution 'harbour-vision:99999'"):
            vh.Execution("harbour-vision:99999")

    def test_operations_take_arguments_by_name(self, vh: Any) -> None:
        with pytest.raises(BadValue, match=r"Execution\.add_tags\(\) takes no arguments without a name"):
            vh.Execution.first().add_tags("seen")

    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("delete", "session.delete"),
            ("save", r"session\.commit"),
            ("refresh", "inspect"),
            ("limit", r"query\[:10\]"),
        ],
    )
    def test_names_that_other_libraries_have(self, vh: Any, name: str, words: str) -> None:
        for asked in (vh.Execution, vh.Execution.first()):
            with pytest.raises(UnknownName, match=rf"no attribute '{name}'.* .*{words}"):
                getattr(asked, name)
