"""Projects and spaces: creating, changing, deleting, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from assetmeta import sandbox
from sandbox.testspace.web import Web, recorded, suite, told


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with sandbox.running("testspace") as server:
        yield Web(server)


class TestProjects:
    def test_a_project_of_its_own(self, web: Web) -> None:
        answer = web.send("POST", "projects", {"name": "own", "description": "d", "is_private": True})
        found = told(answer, 201)
        assert f"{web.server.url}/api/projects/{found['id']}" == answer.headers["Location"]
        assert ("own", "d", True, False) == tuple(
            found[key] for key in ("name", "description", "is_private", "archived")
        )
        assert (None, None) == (found["source_repo_url"], found["issues_provider"])
        assert f"{answer.headers['Location']}/spaces" == found["spaces_url"]
        assert [] == requests.get(found["spaces_url"], auth=("admin", "admin"), timeout=30).json()
        web.delete("projects/own")

    def test_a_connected_one(self, web: Web) -> None:
        body = recorded("action_project_create_request.json") or {
            "name": "user:project",
            "source_repo": "github:user/project",
            "is_private": False,
        }
        found = web.post("projects", body)
        assert "https://github.com/user/project" == found["source_repo_url"]
        assert "github:user/project" == found["issues_provider"]
        assert "source_repo" not in found
        web.delete("projects/user%3Aproject")

    @pytest.mark.parametrize(
        ("name", "source"),
        [
            ("other", "github:user/project"),
            ("user:project", "gitlab:user/project"),
            ("user:project", "github:user"),
            ("user:project", "github:user/a/b"),
            ("user:project", "https://github.com/user/project"),
            ("user:project", 5),
        ],
    )
    def test_repositories_that_are_refused(self, web: Web, name: str, source: object) -> None:
        assert web.refused("POST", "projects", 422, {"name": name, "source_repo": source})
        assert web.refused("GET", "projects/user%3Aproject", 404)

    @pytest.mark.parametrize("changed", [{"name": "x"}, {"description": "x"}, {"is_private": True}])
    @pytest.mark.parametrize("method", ["PATCH", "PUT"])
    def test_a_connected_one_follows_its_repository(self, web: Web, changed: dict[str, Any], method: str) -> None:
        before = web.get("projects/2")
        assert "follows its repository" in web.refused(method, "projects/2", 422, changed)
        assert before == web.get("projects/2")

    def test_sending_a_connected_one_back_as_it_is_does_no_harm(self, web: Web) -> None:
        before = web.get("projects/2")
        after = web.patch("projects/2", before)
        assert before | {"updated_at": after["updated_at"]} == after

    def test_a_project_is_connected_on_creation_only(self, web: Web) -> None:
        assert "on creation only" in web.refused("PATCH", "projects/4", 422, {"source_repo": "github:a/b"})

    def test_changing(self, web: Web) -> None:
        project = web.project("before")
        found = web.patch(f"projects/{project}", {"name": "after", "description": None, "is_private": True})
        assert (project, "after", None, True) == (found["id"], found["name"], found["description"], found["is_private"])
        assert found == web.get("projects/after")
        web.delete(f"projects/{project}")

    def test_deleting_takes_all_with_it(self, web: Web) -> None:
        project = web.project("doomed")
        space = web.space(project, "s")
        result = web.push(space, "r", suite("x", a="F"))
        file = web.get(f"spaces/{space}/results/{result}/contents/x")["download_url"]
        web.post(f"projects/{project}/users", {"user_id": 2})
        store = web.face.store
        tables = ("project", "space", "result", "content", "failure", "metric", "dataset", "member")
        before = {table: store.number(f"SELECT COUNT(*) FROM {table}") for table in tables}
        web.delete(f"projects/{project}")
        after = {table: store.number(f"SELECT COUNT(*) FROM {table}") for table in tables}
        gone = {table: before[table] - after[table] for table in tables}
        assert {**dict.fromkeys(tables, 1), "metric": 4, "dataset": 4} == gone
        web.refused("GET", f"spaces/{space}", 404)
        assert 404 == requests.get(file, auth=("admin", "admin"), timeout=30).status_code

    def test_ids_are_not_given_twice(self, web: Web) -> None:
        first = web.project("one")
        web.delete(f"projects/{first}")
        assert first < web.project("one")
        web.delete("projects/one")


class TestSpaces:
    def test_a_new_one(self, web: Web) -> None:
        answer = web.send("POST", "projects/samples/spaces", {"name": "new"})
        found = told(answer, 201)
        assert f"{web.server.url}/api/spaces/{found['id']}" == answer.headers["Location"]
        wanted = {
            "name": "new",
            "project_id": 4,
            "description": None,
            "type": None,
            "is_hidden": False,
            "sandbox": False,
        }
        wanted |= {"min_run_period": 0, "stale": False, "result_set_aggregation": False}
        wanted |= {"active_result_set_id": None, "latest_result_set_id": None}
        assert wanted == {name: found[name] for name in wanted}
        web.delete(f"spaces/{found['id']}")

    def test_changing_by_either_path(self, web: Web) -> None:
        space = web.space(4, "either")
        web.patch(f"spaces/{space}", {"is_hidden": True, "min_run_period": 7})
        found = web.patch("projects/samples/spaces/either", {"name": "n/e/w", "result_set_aggregation": True})
        assert (True, 7, "n/e/w", True) == tuple(
            found[key] for key in ("is_hidden", "min_run_period", "name", "result_set_aggregation")
        )
        assert found == web.get(f"spaces/{space}")
        web.delete("projects/4/spaces/n%2Fe%2Fw")
        web.refused("GET", f"spaces/{space}", 404)

    def test_names_are_unique_within_a_project(self, web: Web) -> None:
        assert "name has already been taken" == web.refused("POST", "projects/1/spaces", 422, {"name": "master"})
        assert "name has already been taken" == web.refused("PATCH", "spaces/1", 422, {"name": "master"})
        assert "master" == web.patch("spaces/3", {"name": "master"})["name"]
        space = web.space(4, "master")
        web.delete(f"spaces/{space}")

    @pytest.mark.parametrize(
        "body",
        [
            {},
            *({"name": value} for value in (None, "", "  ", 5, True, [], {}, "x" * 256, "a\0", "\ud800")),
            *({"name": "x", "is_hidden": value} for value in (None, 1, "true", [])),
            *({"name": "x", "min_run_period": value} for value in (None, -1, 1.5, "1", True, 2**63)),
            *({"name": "x", "description": value} for value in (1, False, [], "\0", "x" * 70_000)),
        ],
    )
    def test_values_that_are_refused(self, web: Web, body: dict[str, object]) -> None:
        before = web.get("projects/4/spaces")
        assert web.refused("POST", "projects/4/spaces", 422, body)
        assert before == web.get("projects/4/spaces")

    def test_a_refused_value_changes_nothing_of_the_rest(self, web: Web) -> None:
        before = web.get("spaces/1")
        web.refused("PATCH", "spaces/1", 422, {"description": "never", "min_run_period": -1})
        assert before == web.get("spaces/1")

    @pytest.mark.parametrize("name", ["type", "sandbox", "stale", "active_result_set_id", "project_id", "id"])
    def test_read_only_keys_are_left_alone(self, web: Web, name: str) -> None:
        before = web.get("spaces/1")
        assert before[name] == web.patch("spaces/1", {name: 99})[name]


class TestTime:
    def test_a_change_moves_updated_at_only(self, web: Web) -> None:
        before = web.get("spaces/2")
        after = web.patch("spaces/2", {"description": "moved"})
        assert (before["created_at"], True) == (after["created_at"], before["updated_at"] < after["updated_at"])

    def test_the_spelling_follows_the_readers_zone(self, web: Web) -> None:
        """Administrators sit at the Pacific, theo in the east, mara reads UTC; clocks change in between."""
        created = [web.get(f"spaces/3/results/result.{number}")["created_at"] for number in (5, 6)]
        assert ["2024-03-10T10:32:00.000-07:00", "2024-03-11T10:32:00.000-07:00"] == created
        assert "2024-03-09T09:32:00.000-08:00" == web.get("spaces/3/results/result.4")["created_at"]
        theo = Web(web.server, "theo").get("spaces/3/results/result.4")
        assert "2024-03-09T12:32:00.000-05:00" == theo["created_at"]
        assert "2024-03-09T17:32:00Z" == Web(web.server, "mara").get("spaces/3/results/result.4")["created_at"]
        assert "2024-03-09T09:32:00.000-08:00" == Web(web.server, None).get("spaces/3/results/result.4")["created_at"]
