"""The dialect in a session, against a server that knows nothing of it: every kind of read and write over real HTTP."""

from __future__ import annotations

import base64
import io
import itertools
import pickle
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from assetmeta import (
    AuthenticationFailed,
    BadValue,
    Cassette,
    Done,
    InvalidResponse,
    NotFound,
    ReadOnly,
    Rejected,
    ResultChanged,
    ServerFailed,
    TestspaceMeta,
    Unknown,
    UnknownName,
    Unsupported,
    V1Meta,
    inspect,
    sandbox,
)
from assetmeta.backends.testspace import files
from assetmeta.backends.testspace.codecs import CaseCounts, Mark
from assetmeta.model import paths
from assetmeta.model.conditions import Compare
from assetmeta.model.plans import Fetch
from assetmeta.model.values import Oid
from assetmeta.sandbox.testspace import app
from assetmeta.sandbox.testspace.publication import publish
from assetmeta.sandbox.testspace.suites import Annotation, Case, Suite
from assetmeta.tools import testspace

NUMBERS = itertools.count(1)
MOMENT = 1_700_000_000_000
NAMES = ("feature/abc", "a b", "100% sure", "%2F", "?x=1#y", "a;b&c=d", "ü😀", '"\\<>', ":@!$'()*+,", "2024")


@pytest.fixture(scope="module")
def server() -> Iterator[sandbox.Server]:
    with sandbox.running("testspace", assets=1500) as running:
        yield running


@pytest.fixture
def ts(server: sandbox.Server) -> Iterator[Any]:
    session = TestspaceMeta(**server.token_credentials)
    yield session
    session.close()


@contextmanager
def requests(session: Any, *expected: str) -> Iterator[None]:
    """Check which requests a block takes."""
    with session.trace() as trace:
        yield
    assert list(expected) == [f"{entry.method} {entry.path}" for entry in trace]


@contextmanager
def counted(session: Any, number: int) -> Iterator[None]:
    """Check how many requests a block takes."""
    with session.trace() as trace:
        yield
    assert number == len(trace), trace


def fresh(word: str) -> str:
    return f"{word}_{next(NUMBERS)}"


@pytest.fixture
def project(ts: Any) -> Any:
    return ts.Project.create(name=fresh("project"))


@pytest.fixture
def space(ts: Any, project: Any) -> Any:
    return ts.Space.create(name=fresh("space"), project=project)


def push(server: sandbox.Server, space: Any, name: str, *suites: Suite) -> int:
    """Publish a result as the vendor's command-line client does, past the API."""
    face = server.face
    assert isinstance(face, app.Testspace)
    with face.store.lock, face.store.transaction():
        return publish(face.store, space.id, name, suites, moment=MOMENT + next(NUMBERS) * 1000, user=1)


def suite(path: str, *statuses: str) -> Suite:
    return Suite(path, tuple(Case(f"case {number}", status) for number, status in enumerate(statuses)))


class TestWalks:
    """Lists below lists, each once."""

    def test_projects_spaces_and_results_are_a_list_each(self, ts: Any) -> None:
        projects, spaces = len(list(ts.Project)), len(list(ts.Space))
        with ts.trace() as trace:
            found = [(result.space.project.name, result.space.name, result.name) for result in ts.Result]
        further = sum("page" in dict(entry.query) for entry in trace)
        assert 1 + projects + spaces + further == len(trace)
        assert len(found) == len(set(found)) > 60

    def test_selecting_the_same_costs_the_same(self, ts: Any) -> None:
        with ts.trace() as lazily:
            one = [(result.space.project.name, result.name) for result in ts.Result]
        with ts.trace() as selected:
            rows = ts.Result.select("name", "space.project.name")
            other = [(result.space.project.name, result.name) for result in rows]
        assert (one, len(lazily)) == (other, len(selected))

    def test_down_the_relations_a_list_for_each_parent(self, ts: Any) -> None:
        spaces = len(list(ts.Space))
        with ts.trace() as trace:
            names = [
                (result.name, failure.key)
                for project in ts.Project
                for space in project.spaces
                for result in space.results
                if space.name == "master"
                for failure in result.failures
            ]
        lists = [entry.path for entry in trace if "page" not in dict(entry.query)]
        assert spaces == sum(path.endswith("/results") for path in lists)
        assert len(lists) == len(set(lists))
        assert names

    def test_the_active_results_of_many_spaces(self, ts: Any) -> None:
        spaces = [space for space in ts.Space if space.active_result_set]
        with ts.trace() as trace:
            assert all(space.active_result_set.complete for space in spaces)
            assert all(space.latest_result_set.name for space in spaces)
        # One each, of which the server has no list, and those that are not the latest.
        differing = sum(space.active_result_set is not space.latest_result_set for space in spaces)
        assert len(spaces) + differing >= len(trace) >= len(spaces)
        assert not any(entry.path.endswith("/results") for entry in trace)

    def test_two_results_of_a_space_are_its_list(self, ts: Any, server: sandbox.Server, space: Any) -> None:
        keys = [push(server, space, name) for name in ("a", "b", "c")]
        results = [ts.Result(f"{space.id}/{key}") for key in keys]
        with requests(ts, f"GET api/spaces/{space.id}/results"):
            ts.populate(results, "name")
        assert ["a", "b", "c"] == [result.name for result in results]

    def test_users_of_results_are_read_once(self, ts: Any, space: Any, server: sandbox.Server) -> None:
        for number in range(70):
            push(server, space, f"r{number}")
        ts_results = ts.Result.where(space=space).select("name", "user.username")
        with counted(ts, 3 + 1):
            assert {"admin"} == {result.user.username for result in ts_results}

    def test_the_space_of_a_result_that_came_alone(self, ts: Any, server: sandbox.Server, space: Any) -> None:
        key = push(server, space, "alone")
        result = ts.Result(f"{space.id}/{key}")
        assert (space, "alone") == (result.space, result.name)


class TestQueries:
    """Conditions choose lists; windows end early; nothing is cut short."""

    def test_pages_to_the_end(self, ts: Any, server: sandbox.Server, space: Any) -> None:
        for number in range(95):
            push(server, space, f"r{number}")
        with counted(ts, 4):
            names = [result.name for result in ts.Result.where(space=space)]
        assert [f"r{number}" for number in reversed(range(95))] == names
        with requests(ts, f"GET api/spaces/{space.id}/results"):
            assert "r94" == ts.Result.where(space=space).first().name
        with counted(ts, 2):
            assert ["r64", "r63"] == [result.name for result in ts.Result.where(space=space)[30:32]]
        with counted(ts, 4):
            assert 95 == ts.Result.where(space=space).count()
        with counted(ts, 4):
            assert 95 == len(space.results)

    def test_the_first_of_all_results_takes_three_requests(self, ts: Any) -> None:
        with counted(ts, 3):
            assert ts.Result.first() is not None

    def test_spaces_by_name_are_filtered_by_the_server(self, ts: Any, project: Any) -> None:
        for name in NAMES:
            ts.Space.new(name=name, project=project)
        ts.commit().raise_if_failed()
        for name in NAMES:
            with ts.trace() as trace:
                [found] = ts.Space.where(project=project, name=name)
            assert name == found.name
            assert [f"api/projects/{project.id}/spaces"] == [entry.path for entry in trace]

    def test_parents_are_passed_over(self, ts: Any, project: Any, server: sandbox.Server) -> None:
        wanted = ts.Space.create(name="master", project=project)
        ts.Space.create(name="other", project=project)
        push(server, wanted, "r")
        pages = -(-len(list(ts.Project)) // 30)
        with counted(ts, pages + 2):
            [found] = ts.Result.where(ts.Result.space.project.name == project.name, ts.Result.space.name == "master")
        assert "r" == found.name

    def test_every_condition_is_the_same_as_in_python(self, ts: Any) -> None:
        everything = list(ts.Result)
        for name, test in {
            "complete": lambda result: result.complete is False,
            "sequence_number": lambda result: result.sequence_number == 2,
        }.items():
            value = False if name == "complete" else 2
            assert [one for one in everything if test(one)] == list(ts.Result.where(**{name: value}))
        late = max(result.created_at for result in everything)
        assert [one for one in everything if one.created_at >= late] == list(
            ts.Result.where(ts.Result.created_at >= late)
        )

    def test_order_is_made_here(self, ts: Any) -> None:
        names = [space.name for space in ts.Space.sort("-name")]
        assert sorted(names, key=str.casefold, reverse=True) == names

    def test_counting_along_relations(self, ts: Any, space: Any, server: sandbox.Server) -> None:
        push(server, space, "r", suite("a", "passed"), suite("b", "failed"))
        [row] = ts.Result.where(space=space).select(ts.Result.contents.count(), ts.Result.failures.count())
        assert (2, 1) == (row["contents.@Count"], row["failures.@Count"])

    def test_nothing_below_what_is_not_there(self, ts: Any) -> None:
        assert [] == list(ts.Result.where(space=999_999_999))
        with pytest.raises(NotFound):
            ts.Space(999_999_999).name

    def test_what_was_read_is_explained(self, ts: Any, space: Any) -> None:
        with counted(ts, 0):
            words = ts.Result.where(space=space, name="x").explain()
        assert f"GET api/spaces/{space.id}/results" in words

    def test_a_list_that_became_shorter_meanwhile(self, ts: Any, server: sandbox.Server, space: Any) -> None:
        for number in range(61):
            push(server, space, f"r{number}")
        backend = ts.backend
        flow = backend.fetch(ts.schema, [ts_fetch(ts, space)])
        [first] = ts.run(flow)
        assert (30, True) == (len(first.rows), first.next_cursor is not None)
        for row in first.rows[:10]:
            ts.delete(ts.asset_from_oid(row.oid))
        ts.commit().raise_if_failed()
        with pytest.raises(ResultChanged):
            ts.run(backend.fetch(ts.schema, [ts_fetch(ts, space, cursor=first.next_cursor, page_size=1000)]))


def ts_fetch(session: Any, space: Any, **other: Any) -> Any:
    where = Compare(paths.Path.parse("space"), "=", (Oid("Space", space.id),))
    return Fetch("Result", where=where, **{"page_size": 1, **other})


class TestContents:
    """Trees of folders, suite files, failures."""

    @pytest.fixture
    def result(self, ts: Any, server: sandbox.Server, space: Any) -> Any:
        note = Annotation("output", "error", "what it wrote", b"line\nline")
        told = Suite("unit/deep & far/one", (Case("adds", "failed", annotations=(note,)), Case("a <b>", "passed", 1.5)))
        manual = Suite("by hand", (Case("looks good", "tbd"),), manual=True)
        key = push(server, space, "r", told, suite("unit/100% two", "passed", "errored"), manual, Suite("figures"))
        return ts.Result(f"{space.id}/{key}")

    def test_the_tree_is_walked_a_request_per_folder(self, ts: Any, result: Any) -> None:
        with counted(ts, 3):
            found = {content.path: content for content in ts.Content.where(result=result)}
        assert {"unit", "unit/deep & far", "unit/deep & far/one", "unit/100% two", "by hand", "figures"} == found.keys()
        assert found["unit/deep & far"] is found["unit/deep & far/one"].folder
        assert not found["unit"].folder

    def test_level_by_level(self, ts: Any, result: Any) -> None:
        assert "r" == result.name
        with counted(ts, 1):
            top = {content.name: content for content in result.contents}
        # Which of them are folders is looked up in the list, and each folder is asked for what is in it.
        with counted(ts, 2):
            inner = {content.name: content for content in top["unit"].contents}
        with counted(ts, 0):
            assert [] == list(top["figures"].contents)
        assert {"deep & far", "100% two"} == inner.keys()
        assert CaseCounts(1, 0, 0, 1, 0) == inner["100% two"].case_counts

    def test_one_by_its_path(self, ts: Any, result: Any) -> None:
        found = ts.Content(f"{inspect(result).oid.key}/unit/deep & far/one")
        assert ("one", "failed", result) == (found.name, found.status, found.result)
        assert found is ts.asset_from_oid(found.idref)
        with pytest.raises(NotFound):
            ts.Content(f"{inspect(result).oid.key}/unit/number three")
        with pytest.raises(NotFound):
            ts.Content(f"{inspect(result).oid.key}/unit/three").name

    def test_cases(self, ts: Any, result: Any) -> None:
        with ts.trace() as trace:
            found = {(content.path, case.name): case for content, case in testspace.cases(result)}
        assert 3 == sum("/files/" in entry.path for entry in trace)
        assert ("failed", "passed", 1.5) == (
            found["unit/deep & far/one", "adds"].status,
            found["unit/deep & far/one", "a <b>"].status,
            found["unit/deep & far/one", "a <b>"].duration,
        )
        [note] = found["unit/deep & far/one", "adds"].annotations
        assert ("error", "line\nline") == (note.level, note.text)
        assert "tbd" == found["by hand", "looks good"].status

    def test_cases_of_one_content(self, ts: Any, result: Any) -> None:
        tree = {content.path: content for content in ts.Content.where(result=result)}
        assert 4 == len(list(testspace.cases(tree["unit"])))
        assert testspace.suite(tree["unit"]) is None
        assert "manual" == testspace.suite(tree["by hand"]).type

    def test_untested_cases_of_a_server_that_does_not_count_them(
        self, ts: Any, server: sandbox.Server, space: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(server.face.settings, "case_counts", 4)  # type: ignore[attr-defined]
        push(server, space, "r", suite("a", "tbd"))
        assert ["tbd"] == [case.status for _, case in testspace.cases(ts.Result.where(space=space).one())]

    def test_files(self, ts: Any, result: Any, tmp_path: Path) -> None:
        tree = {content.path: content for content in ts.Content.where(result=result)}
        with counted(ts, 1):
            first = testspace.download(tree["unit/deep & far/one"], tmp_path)
        second = testspace.download(tree["unit/deep & far/one"], tmp_path)
        assert ("one", "one-2", first.read_bytes()) == (first.name, second.name, second.read_bytes())
        file = tree["unit/deep & far/one"].file
        assert first.read_bytes() == file.file_data
        assert "one" == inspect(file).save(tmp_path / "..").name.partition("-")[0]
        with pytest.raises(BadValue, match="no file"):
            testspace.download(tree["unit"], tmp_path)
        with pytest.raises(NotFound):
            ts.File(999_999).file_data
        with pytest.raises(Unsupported):
            file.file_data = b"x"

    def test_failures(self, ts: Any, result: Any) -> None:
        [first, second] = result.failures
        assert (result, "new", [Mark.FAILED]) == (first.result, first.state, [first.history[-1]])
        assert {("unit/deep & far/one", "adds"), ("unit/100% two", "case 1")} == {
            testspace.suite_and_case(failure) for failure in (first, second)
        }
        assert first is ts.Failure(f"{inspect(result).oid.key}/{first.key}")
        assert [second] == list(ts.Failure.where(result=result, history=second.history[-1], key=second.key))

    def test_deleting_contents(self, ts: Any, result: Any) -> None:
        tree = {content.path: content for content in ts.Content.where(result=result)}
        with requests(ts, f"DELETE api/{path_of(tree['unit/deep & far'])}"):
            ts.delete(tree["unit/deep & far"])
            ts.commit().raise_if_failed()
        assert "unit/deep & far/one" not in {content.path for content in ts.Content.where(result=result)}
        with counted(ts, 1):
            testspace.clear(result)
        assert [] == list(result.contents) == list(result.failures)


def path_of(content: Any) -> str:
    space, result, path = str(inspect(content).oid.key).split("/", 2)
    return f"spaces/{space}/results/{result}/contents/{path}"


class TestMetrics:
    """Metrics and their data sets."""

    def test_a_space_is_born_with_four(self, ts: Any, space: Any, server: sandbox.Server) -> None:
        push(server, space, "r", suite("a", "passed", "failed"))
        with counted(ts, 1 + 4):
            metrics = {metric.name: metric for metric in space.metrics}
            sets = {name: list(metric.datasets) for name, metric in metrics.items()}
        assert {"Test Suites", "Test Cases", "Test Failures", "Health"} == set(metrics)
        [found] = sets["Test Cases"]
        assert (1, metrics["Test Cases"], "r") == (found.raw_variables["d1"], found.metric, found.result_set.name)

    def test_by_name_which_the_server_cannot(self, ts: Any, space: Any) -> None:
        with requests(ts, f"GET api/spaces/{space.id}/metrics"):
            found = ts.Metric(f"{space.id}/Test Cases")
        assert (space, "/[cases]") == (found.space, found.data_source)

    def test_badges_are_not_shown(self, ts: Any, space: Any) -> None:
        found = ts.Metric(f"{space.id}/Test Cases")
        badge = {"name": "b", "value_expression": "v1", "criteria_expression": "v1 > 0", "is_enabled": True}
        found.badge = badge
        ts.commit().raise_if_failed()
        assert badge == found.badge
        assert "token=" in found.badge_url
        assert "token=" not in repr(found.badge_url) + repr(found)

    def test_create_change_and_delete(self, ts: Any, space: Any) -> None:
        metric = ts.Metric.create(name="m", data_source="/a[b]", space=space)
        metric.variables = [{"name": "A", "color": "#008000", "expression": "d1"}]
        metric.units = "ms"
        with requests(ts, f"PATCH api/spaces/{space.id}/metrics/{metric.id}"):
            ts.commit().raise_if_failed()
        assert ("d1", "ms") == (metric.variables[0]["expression"], metric.units)
        with pytest.raises(ReadOnly, match=r"variables is not changed in place.*assign"):
            metric.variables.append("lost")
        with pytest.raises(ReadOnly, match=r"variables is not changed in place"):
            metric.variables[0]["name"] = "lost"
        assert (1, 0) == (len(metric.variables), ts.pending)
        metric.variables = [{"name": "A", "color": "#008000", "expression": "d1 +"}]
        [error] = ts.commit()
        assert isinstance(error, Rejected)
        inspect(metric).revert()
        ts.delete(metric)
        ts.commit().raise_if_failed()
        assert metric not in space.metrics


class TestChanges:
    """One request per change, and what came of it."""

    def test_a_project_a_space_and_a_result_in_one_commit(self, ts: Any) -> None:
        project = ts.Project.new(name=fresh("p"), description="d", is_private=True)
        space = ts.Space.new(name="feature/abc", project=project, min_run_period=3)
        result = ts.Result.new(name="r/1", space=space)
        with counted(ts, 3):
            ts.commit().raise_if_failed()
        with counted(ts, 0):
            assert (True, 3, 1) == (project.is_private, space.min_run_period, result.sequence_number)
            assert (project, space) == (space.project, result.space)
        assert [space] == list(project.spaces)

    @pytest.mark.parametrize("name", NAMES)
    def test_hostile_names_go_there_and_back(self, name: str, ts: Any) -> None:
        project = ts.Project.create(name=f"{name} {fresh('p')}")
        space = ts.Space.create(name=name, project=project)
        result = ts.Result.create(name=name, space=space)
        safe = [part.replace("%", "%25").replace("/", "%2F") for part in (project.name, name, name)]
        assert project is ts.Project(safe[0])
        if name != "2024":
            # Digits are an id, before they are a name.
            assert space is ts.Space("/".join(safe[:2]))
            assert result is ts.Result("/".join(safe))
        space.name = f"{name}!"
        ts.commit().raise_if_failed()
        assert [f"{name}!"] == [one.name for one in ts.Space.where(project=project)]
        ts.delete(space)
        ts.commit().raise_if_failed()
        assert [] == list(project.spaces)

    def test_completing_a_result_moves_what_the_space_shows(self, ts: Any, space: Any) -> None:
        first = ts.Result.create(name="a", space=space)
        first.complete = True
        ts.commit().raise_if_failed()
        assert first is space.active_result_set
        second = ts.Result.create(name="b", space=space)
        inspect(space).refresh()
        assert (first, second) == (space.active_result_set, space.latest_result_set)
        second.complete = True
        ts.commit().raise_if_failed()
        assert second is space.active_result_set

    def test_only_what_changed_is_sent(self, ts: Any, server: sandbox.Server, space: Any) -> None:
        space.description = "new"
        with ts.trace() as trace:
            ts.commit().raise_if_failed()
        [entry] = trace
        assert ("PATCH", 205, len('{"description":"new"}')) == (entry.method, entry.status, entry.bytes_sent)

    def test_an_answer_without_a_body_is_read_again_when_looked_at(
        self, ts: Any, server: sandbox.Server, space: Any
    ) -> None:
        assert isinstance(server.face, app.Testspace)
        server.face.settings.body_of_205 = False
        try:
            space.name = "renamed"
            with counted(ts, 1):
                ts.commit().raise_if_failed()
            with requests(ts, f"GET api/spaces/{inspect(space).oid.key}"):
                assert ("renamed", None) == (space.name, space.description)
        finally:
            server.face.settings.body_of_205 = True

    def test_what_is_chosen_once_stays(self, ts: Any, space: Any) -> None:
        space.project = ts.Project.create(name=fresh("p"))
        [error] = ts.commit()
        assert isinstance(error, ReadOnly)

    def test_what_the_server_sets_cannot_be_set(self, ts: Any, space: Any) -> None:
        for name in ("id", "created_at", "project_id", "active_result_set"):
            with pytest.raises(ReadOnly):
                setattr(space, name, None)

    def test_connected_projects_follow_their_repository(self, ts: Any) -> None:
        owner = fresh("owner").replace("_", "-")
        project = ts.Project.create(name=f"{owner}:repo", source_repo=f"github:{owner}/repo")
        assert f"https://github.com/{owner}/repo" == project.source_repo_url
        project.description = "mine"
        [error] = ts.commit()
        assert isinstance(error, Rejected)
        assert "follows its repository" in str(error)
        assert "mine" == project.description

    def test_names_that_are_taken(self, ts: Any, space: Any) -> None:
        ts.Space.new(name=space.name, project=space.project)
        [error] = ts.commit()
        assert (422, "name has already been taken") == (error.status, error.server_message)

    def test_members_of_projects(self, ts: Any, project: Any) -> None:
        user = ts.User("mara")
        member = ts.ProjectUser.create(project=project, user=user, role="member")
        assert (f"ProjectUser:{project.id}/{user.id}", user, project) == (member.idref, member.user, member.project)
        assert member in project.users
        ts.delete(member)
        ts.commit().raise_if_failed()
        assert member not in project.users

    def test_deleting_a_project_takes_all_along(self, ts: Any, space: Any) -> None:
        ts.delete(space.project, space)
        assert [] == list(ts.commit())
        with pytest.raises(NotFound):
            assert space.name

    def test_results_are_numbered_in_the_order_in_which_they_were_made(self, ts: Any, project: Any) -> None:
        spaces = [ts.Space.new(project=project, name=fresh("space")) for _ in range(3)]
        made = [ts.Result.new(space=space, name=f"result.{number}") for number in range(30) for space in spaces]
        ts.commit().raise_if_failed()
        for place, space in enumerate(spaces):
            assert list(range(1, 31)) == [result.sequence_number for result in made[place::3]]
            assert space.latest_result_set is made[-3 + place]

    def test_results_after_one_without_an_answer_keep_their_order(
        self, ts: Any, server: sandbox.Server, space: Any
    ) -> None:
        made = [ts.Result.new(space=space, name=f"result.{number}") for number in range(5)]
        server.add_fault("drop", method="POST", path=f"/spaces/{space.id}/results")
        with counted(ts, 5):
            report = ts.commit()
        assert [Unknown, Done, Done, Done, Done] == [type(outcome) for outcome in report.outcomes]
        named = sorted((result.id, result.name) for result in ts.Result.where(space=space))
        assert [f"result.{number}" for number in range(5)] == [name for _, name in named]
        ts.revert(*made)

    def test_there_are_no_operations(self, ts: Any, space: Any) -> None:
        with pytest.raises(UnknownName):
            space.publish()


class TestLogins:
    """Three ways to log in, and what is told to those who may not."""

    def test_ways(self, server: sandbox.Server) -> None:
        token = server.token_credentials["token"]
        for given in (
            {"token": token},
            {"token": f"{token}:"},
            {"token": lambda: token},
            {"token": token, "scheme": "Token"},
            {"username": server.user, "password": server.secret},
            {"auth": (server.user, server.secret)},
        ):
            with TestspaceMeta(server.url, **given) as session:  # type: ignore[arg-type]
                assert "projects_url" in testspace.links(session)

    def test_a_token_is_never_shown(self, server: sandbox.Server, tmp_path: Path) -> None:
        token = str(server.token_credentials["token"])
        kept = tmp_path / "recorded.yaml"
        with TestspaceMeta(server.url, token=token, cassette=Cassette.record(kept)) as session:
            list(session.Project)
            assert token not in repr(session._driver._auth)
            session.close()
        written = "".join(file.read_text() for file in tmp_path.rglob("*") if file.is_file())
        assert written
        assert token not in written
        assert base64.b64encode(f"{token}:".encode()).decode() not in written

    @pytest.mark.parametrize("scheme", ["Basic", "Token"])
    def test_a_token_that_was_renewed_elsewhere(self, scheme: str, server: sandbox.Server) -> None:
        """The server says 403 to an old one; the function is asked again, and a write is done once."""
        tokens = ["old", server.token, "worse"]
        with TestspaceMeta(server.url, token=lambda: tokens.pop(0), scheme=scheme) as session:
            name = fresh("project")
            assert session.Project.create(name=name) is session.Project(name)
            assert ["worse"] == tokens

    def test_assets_are_no_sequences(self, ts: Any) -> None:
        with counted(ts, 0):
            for slip in (list, iter, len, lambda asset: "name" in asset):
                with pytest.raises(TypeError, match="Space"):
                    slip(ts.Space(3))

    def test_a_token_of_a_badge_is_kept_nowhere(self, ts: Any, server: sandbox.Server, tmp_path: Path) -> None:
        metric = next(metric for metric in ts.Metric if metric.badge_url)
        secret = metric.badge_url.rpartition("=")[2]
        assert len(secret) > 20
        with TestspaceMeta(**server.credentials, cassette=Cassette.record(tmp_path / "recorded.yaml")) as session:
            assert metric.badge_url == session.asset_from_oid(metric.idref).badge_url
            session.close()
        written = "".join(file.read_text() for file in tmp_path.rglob("*") if file.is_file())
        assert "badge_url" in written
        shown = f"{written}{metric!r}{inspect(metric)!r}{metric.data!r}{pickle.dumps(metric)!r}{list(ts.Metric)!r}"
        assert secret not in shown
        assert metric.name == pickle.loads(pickle.dumps(metric)).values["name"]

    def test_wrong_ones(self, server: sandbox.Server) -> None:
        for given in ({"token": "wrong"}, {"username": "admin", "password": "wrong"}):
            with (
                TestspaceMeta(server.url, **given) as session,  # type: ignore[arg-type]
                pytest.raises((AuthenticationFailed, Rejected), match="check the login|refused the"),
            ):
                list(session.Project)

    def test_a_wrong_one_is_tried_once_and_no_more(self, server: sandbox.Server) -> None:
        session: Any = TestspaceMeta(server.url, token="wrong")
        spaces = [session.Space.new(name=f"wrong_{number}", project=1) for number in range(100)]
        with session.trace() as trace:
            report = session.commit()
        assert ["POST api/projects/1/spaces"] == [f"{entry.method} {entry.path}" for entry in trace]
        assert (1, len(spaces) - 1) == (len(report.failed), len(report.skipped))
        assert {AuthenticationFailed} == {type(error) for error in report.errors}
        session.revert()
        session.close()

    def test_a_missing_right_is_no_wrong_login(self, server: sandbox.Server) -> None:
        with TestspaceMeta(server.url, token=server.face.user_token("theo")) as session:
            session.Space.new(name=f"forbidden_{next(NUMBERS)}", project=3)
            session.Space.new(name=f"forbidden_{next(NUMBERS)}", project=3)
            report = session.commit()
            assert [Rejected, Rejected] == [type(outcome.error) for outcome in report.failed]
            session.revert()

    def test_what_is_public_needs_none(self, server: sandbox.Server) -> None:
        with TestspaceMeta(server.url) as session:
            assert list(session.Project)

    def test_plain_http_to_another_computer(self) -> None:
        with pytest.raises(BadValue, match="unprotected"):
            TestspaceMeta("http://abccorp.testspace.com", token="x")

    def test_ways_that_contradict(self) -> None:
        with pytest.raises(BadValue):
            TestspaceMeta("abccorp", token="x", username="ann", password="y")
        with pytest.raises(BadValue):
            TestspaceMeta("abccorp", token="ann:y")

    def test_a_name_alone(self) -> None:
        with TestspaceMeta("abccorp", token="x") as session:
            assert "https://abccorp.testspace.com" == session._driver.base_url

    def test_tools_for_another_server(self, ts: Any) -> None:
        with V1Meta(instance_url="https://host/x", token="y") as v1, pytest.raises(Unsupported):
            testspace.links(v1)
        with pytest.raises(BadValue):
            testspace.suite(ts.Space(1))


class Elsewhere(BaseHTTPRequestHandler):
    """A server of somebody else, which hands out a file and remembers what it was sent."""

    def do_GET(self) -> None:
        self.server.heard.append((self.path, {name.lower() for name in self.headers}))  # type: ignore[attr-defined]
        body = b"<test_suite name='s'/>"
        self.send_response(200)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[Any]]]:
    """Another origin's address, and the requests that came there: path and names of headers."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as other:
        other.heard = []  # type: ignore[attr-defined]
        threading.Thread(target=other.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{other.server_port}", other.heard  # type: ignore[attr-defined]
        other.shutdown()


class TestTrouble:
    """What goes wrong on the way."""

    def test_a_file_elsewhere_is_fetched_without_credentials(self, ts: Any, elsewhere: Any) -> None:
        url, heard = elsewhere
        sink = io.BytesIO()
        assert "application/xml" == ts.run(files.download_link(f"{url}/api/files/1?signature=x", sink, ts.backend))
        assert b"<test_suite name='s'/>" == sink.getvalue()
        [(path, headers)] = heard
        assert "/api/files/1?signature=x" == path
        assert "authorization" not in headers

    def test_a_list_that_goes_on_elsewhere_asks_nobody_there(
        self, ts: Any, elsewhere: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        url, heard = elsewhere
        link = {"next": f"{url}/api/projects?page=2"}
        monkeypatch.setattr("assetmeta.backends.testspace.pages.relations", lambda header: link)
        with pytest.raises(InvalidResponse, match="does not end"):
            list(ts.Project)
        link["next"] = f"{url}/projects?page=2"
        with pytest.raises(InvalidResponse, match="not followed"):
            list(ts.Project)
        assert [] == heard

    def test_a_server_that_fails(self) -> None:
        with (
            sandbox.running("testspace", faults=["500:*:GET /api/projects"]) as broken,
            TestspaceMeta(**broken.token_credentials, retries=0) as session,
            pytest.raises(ServerFailed),
        ):
            list(session.Project)

    def test_a_page_of_another_site(self, server: sandbox.Server) -> None:
        with (
            sandbox.running("versionone") as other,
            TestspaceMeta(other.url, token="x") as session,
            pytest.raises((InvalidResponse, NotFound, AuthenticationFailed, Rejected)),
        ):
            list(session.Project)


class TestSlips:
    """What people try first, and what they are told."""

    def test_a_value_with_parts_is_one_value(self, ts: Any) -> None:
        result = ts.Result("abccorp:application/master/result.6")
        assert result in ts.Result.where(case_counts=result.case_counts).all()
        assert result not in ts.Result.where(case_counts=result.case_counts._replace(passed=99)).all()
        assert result in ts.Result.where({"case_counts.failed": result.case_counts.failed}).all()
        with pytest.raises(UnknownName, match="case_counts"):
            ts.Result.where({"case_counts.fialed": 1})

    def test_a_number_is_no_key_where_keys_have_parts(self, ts: Any) -> None:
        with ts.trace() as trace, pytest.raises(BadValue, match=r"Result\('3'\): it takes space id"):
            ts.Result(3)
        assert 0 == len(trace)
        assert "abccorp:application" == ts.Project(1).name

    def test_what_has_no_cases_is_refused_at_once(self, ts: Any) -> None:
        with pytest.raises(BadValue, match="takes a Result or a Content, not Space"):
            testspace.cases(ts.Space(3))

    def test_what_has_no_list(self, ts: Any) -> None:
        with pytest.raises(Unsupported, match="Testspace has no list of all assets of type File"):
            ts.File.all()


class TestSlashesInNames:
    def test_the_last_name_may_hold_slashes(self, ts: Any) -> None:
        project = ts.Project.create(name="Qualität/Über")
        assert project is ts.Project("Qualität/Über") is ts.Project("Qualität%2FÜber")
        space = ts.Space.create(name=fresh("space"), project=project)
        result = ts.Result.create(space=space, name="nightly/7")
        with counted(ts, 1):
            assert result is ts.Result(f"Qualität%2FÜber/{space.name}/nightly/7")
        with counted(ts, 2):
            assert result is ts.Result(f"{space.id}/nightly/7")

    def test_a_project_a_space_and_a_result_are_looked_for_first(self, ts: Any, project: Any) -> None:
        space = ts.Space.create(name="nightly", project=project)
        result = ts.Result.create(space=space, name="7")
        with counted(ts, 1):
            assert result is ts.Result(f"{project.id}/nightly/7")

    def test_what_is_not_found_says_how_slashes_are_written(self, ts: Any) -> None:
        with pytest.raises(NotFound, match="Result 'a/b/c'.*written %2F"):
            ts.Result("a/b/c")
        with pytest.raises(NotFound) as refused:
            ts.Project("a/b")
        assert "%2F" not in str(refused.value)
