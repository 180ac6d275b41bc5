"""The calls that the vendor's pages and tools make, one by one, as plain requests against the sandbox.

The vendor's Python client is not on the package index; the last part sends what it sends, call by call.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests

from assetmeta import sandbox
from sandbox.testspace.web import JSON, Web, suite

PROJECT, SPACE = "abccorp:application", "master"


@pytest.fixture(scope="module")
def server() -> Iterator[sandbox.Server]:
    """One organization for the module: every test makes what it changes."""
    with sandbox.running("testspace") as running:
        yield running


@pytest.fixture(scope="module")
def api(server: sandbox.Server) -> str:
    """The base address, `https://domain.testspace.com/api` on the vendor's page."""
    return f"{server.url}/api"


def curl(server: sandbox.Server, method: str, url: str, user: str | None = None, **more: Any) -> requests.Response:
    """A request with `-u user`; the administrator's token without a password where none is given."""
    name, _, password = (user or f"{server.token}:").partition(":")
    return requests.request(method, url, auth=(name, password), timeout=30, **more)


class TestAuthentication:
    @pytest.mark.parametrize("kind", ["user", "token"])
    def test_curl_u(self, server: sandbox.Server, api: str, kind: str) -> None:
        """curl -u <credentials> "$API/projects", either as user:password or as token: with the colon."""
        user = f"{server.user}:{server.secret}" if kind == "user" else f"{server.token}:"
        assert 200 == curl(server, "GET", f"{api}/projects", user).status_code

    def test_the_header_by_hand(self, server: sandbox.Server, api: str) -> None:
        """curl -H "Authorization: Basic <base64>"."""
        encoded = base64.b64encode(f"{server.token}:".encode()).decode()
        answer = requests.get(f"{api}/projects", headers={"Authorization": f"Basic {encoded}"}, timeout=30)
        assert (200, 4) == (answer.status_code, len(answer.json()))

    def test_the_newer_header(self, server: sandbox.Server, api: str) -> None:
        """curl -H "Authorization: Token <token>"."""
        headers = {"Authorization": f"Token {server.token}"}
        assert 4 == len(requests.get(f"{api}/projects", headers=headers, timeout=30).json())

    def test_calls_are_limited_to_what_the_user_may(self, server: sandbox.Server, api: str) -> None:
        assert 404 == curl(server, "GET", f"{api}/projects/3", "vera:vera").status_code
        assert 403 == curl(server, "DELETE", f"{api}/projects/1", "vera:vera").status_code


class TestRequests:
    def test_a_parameter_in_the_query(self, server: sandbox.Server, api: str) -> None:
        """curl "$API/projects/123/spaces?name=ABC": the id in the path, the name in the query."""
        found = curl(server, "GET", f"{api}/projects/1/spaces?name=master").json()
        assert [(1, "master")] == [(row["project_id"], row["name"]) for row in found]

    def test_parameters_in_a_json_body(self, server: sandbox.Server, api: str) -> None:
        """curl "$API/spaces/1234" -X PATCH -H "Content-Type: application/json" -d '{"description": ...}'."""
        headers = {"Content-Type": "application/json"}
        answer = curl(server, "PATCH", f"{api}/spaces/1", data='{"description":"some words"}', headers=headers)
        assert (205, "some words") == (answer.status_code, answer.json()["description"])

    @pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
    def test_without_the_content_type(self, server: sandbox.Server, api: str, method: str) -> None:
        """curl -d without -H sends a form: 415."""
        path = "projects" if method == "POST" else "projects/4"
        answer = curl(server, method, f"{api}/{path}", data={"name": "x"})
        assert (415, ["message"]) == (answer.status_code, list(answer.json()))

    @pytest.mark.parametrize("method", ["PATCH", "PUT"])
    def test_two_words_for_modifying(self, server: sandbox.Server, api: str, method: str) -> None:
        answer = curl(server, method, f"{api}/spaces/1", json={"is_hidden": method == "PUT"})
        assert (205, method == "PUT") == (answer.status_code, answer.json()["is_hidden"])


class TestResponses:
    def test_errors_have_a_message(self, server: sandbox.Server, api: str) -> None:
        answer = curl(server, "GET", f"{api}/projects/99999")
        assert (404, {"message": "Not Found"}) == (answer.status_code, answer.json())

    def test_one_is_an_object_and_many_are_an_array(self, server: sandbox.Server, api: str) -> None:
        many = curl(server, "GET", f"{api}/projects").json()
        assert [row["id"] for row in many] == [curl(server, "GET", row["spaces_url"][:-7]).json()["id"] for row in many]

    def test_create_update_delete(self, server: sandbox.Server, api: str) -> None:
        """POST /projects/12/spaces: 201 and Location; PATCH /spaces/1234: 205 and the space; DELETE: 204, empty."""
        answer = curl(server, "POST", f"{api}/projects/4/spaces", json={"name": "MySpace"})
        space = answer.json()
        assert (201, f"{api}/spaces/{space['id']}") == (answer.status_code, answer.headers["Location"])
        assert ("MySpace", 4) == (space["name"], space["project_id"])
        answer = curl(server, "PATCH", f"{api}/spaces/{space['id']}", json={"name": "NewSpace"})
        assert (205, space["id"], "NewSpace") == (answer.status_code, answer.json()["id"], answer.json()["name"])
        answer = curl(server, "DELETE", f"{api}/spaces/{space['id']}")
        assert (204, b"") == (answer.status_code, answer.content)
        assert 404 == curl(server, "GET", f"{api}/spaces/{space['id']}").status_code


class TestProjectsAndSpaces:
    def test_the_four_calls_of_a_project(self, server: sandbox.Server, api: str) -> None:
        body = {"name": "MyProject", "description": "Some words", "is_private": True}
        made = curl(server, "POST", f"{api}/projects", json=body)
        assert (201, body) == (made.status_code, {key: made.json()[key] for key in body})
        one = f"{api}/projects/{made.json()['id']}"
        assert one == made.headers["Location"]
        assert made.json() == curl(server, "GET", one).json()
        assert "Other words" == curl(server, "PATCH", one, json={"description": "Other words"}).json()["description"]
        assert 204 == curl(server, "DELETE", one).status_code

    def test_the_fields_of_a_space(self, server: sandbox.Server, api: str) -> None:
        body = {"name": "S", "description": "Some words", "is_hidden": True, "min_run_period": 1}
        made = curl(server, "POST", f"{api}/projects/4/spaces", json=body)
        assert body == {key: made.json()[key] for key in body}
        assert 204 == curl(server, "DELETE", made.headers["Location"]).status_code

    def test_the_action_that_connects_a_repository(self, server: sandbox.Server, api: str) -> None:
        """It lists the projects, looks for the repository, and creates what is not there: 200, then exactly 201."""
        headers = {"Authorization": f"Token {server.token}"}
        listed = requests.get(f"{api}/projects", headers=headers, timeout=30)
        address = "https://github.com/user/project"
        assert (200, False) == (listed.status_code, address in [row["source_repo_url"] for row in listed.json()])
        body = {"name": "user:project", "source_repo": "github:user/project", "is_private": False}
        made = requests.post(f"{api}/projects", json=body, headers=headers, timeout=30)
        assert (201, address) == (made.status_code, made.json()["source_repo_url"])
        assert 204 == curl(server, "DELETE", f"{api}/projects/user%3Aproject").status_code


class TestBadgeServices:
    """What a public badge service asks: results, without credentials, the space's name as it stands."""

    def counts(self, api: str, project: str, space: str) -> Any:
        answer = requests.get(f"{api}/projects/{quote(project, safe='')}/spaces/{space}/results", timeout=30)
        return answer.json()[0]["case_counts"] if answer.status_code == 200 else answer.status_code

    def test_counts(self, api: str) -> None:
        assert [5, 2, 2, 1, 0] == self.counts(api, PROJECT, SPACE)

    def test_a_branch_with_a_slash(self, api: str) -> None:
        assert [5, 2, 2, 1, 0] == self.counts(api, PROJECT, "feature/abc")

    def test_what_is_not_there(self, api: str) -> None:
        assert [404, 404] == [self.counts(api, PROJECT, "nope"), self.counts(api, "abccorp:nope", SPACE)]

    def test_a_closed_organization(self, server: sandbox.Server, api: str) -> None:
        settings = Web(server).face.settings
        settings.anonymous = False
        try:
            assert 403 == self.counts(api, PROJECT, SPACE)
        finally:
            settings.anonymous = True


NAMED = f"projects/{quote(PROJECT, safe='')}/spaces/{SPACE}"
READ = [
    *("", "projects", "projects/", "projects/abccorp:application", "users", "users/", "users/admin"),
    *("projects/abccorp:application/spaces", "projects/abccorp:application/users", "projects/1/users/mara"),
    *("spaces/3", "spaces/3/results", "spaces/3/results/result.1/failures", "spaces/3/metrics"),
    *(f"{NAMED}/results", f"{NAMED}/results/result.1", f"{NAMED}/results/3", f"{NAMED}/results/result.1/failures"),
    *(f"{NAMED}/results/result.1/contents", f"{NAMED}/results/result.1/contents/login", f"{NAMED}/metrics"),
    *(f"{NAMED}/metrics/10", f"{NAMED}/metrics/10/datasets"),
]
"""The paths of the vendor's list of API tests and of its Python client, with and without a slash at the end."""


class TestThePythonClientsCalls:
    @pytest.mark.parametrize("path", READ)
    def test_reading(self, server: sandbox.Server, api: str, path: str) -> None:
        answer = curl(server, "GET", f"{api}/{path}")
        assert (200, JSON) == (answer.status_code, answer.headers["Content-Type"])
        assert answer.json()

    def test_following_pages_by_its_own_rule(self, server: sandbox.Server, api: str) -> None:
        """It puts its base before any address that does not contain it, so `next` must."""
        web = Web(server)
        space = web.space(4, "paged")
        for number in range(61):
            web.push(space, f"r{number}", suite("s", a="P"))
        answer = curl(server, "GET", f"{api}/projects/samples/spaces/paged/results")
        rows = answer.json()
        while "next" in answer.links:
            url = answer.links["next"]["url"]
            assert api in url
            answer = curl(server, "GET", url)
            rows += answer.json()
        assert 61 == len({row["id"] for row in rows}) == len(rows)

    def test_a_list_of_one_page_has_no_links_at_all(self, server: sandbox.Server, api: str) -> None:
        """It cuts lists with links, and only those, to its limit."""
        assert {} == curl(server, "GET", f"{api}/projects").links

    def test_writing(self, server: sandbox.Server, api: str) -> None:
        """Its payloads: names alone, one changed field, and the metric of its manual."""
        calls = [
            ("POST", "projects", {"name": "new project name"}, 201),
            ("PATCH", "projects/new project name", {"description": "Awesome project"}, 205),
            ("POST", "projects/new project name/spaces", {"name": "new space name"}, 201),
            ("PATCH", "projects/new project name/spaces/new space name", {"description": "CI"}, 205),
            ("POST", "projects/new project name/spaces/new space name/results", {"name": "result.1"}, 201),
            ("PATCH", "projects/new project name/spaces/new space name/results/result.1", {"complete": False}, 205),
            ("DELETE", "projects/new project name/spaces/new space name/results/result.1", None, 204),
        ]
        for method, path, body, status in calls:
            assert status == curl(server, method, f"{api}/{path}", json=body).status_code, path
        space = f"{api}/projects/new project name/spaces/new space name"
        metric = {"name": "MyMetric", "data_source": "/path/to/suite[dataset_label]"}
        made = curl(server, "POST", f"{space}/metrics", json=metric)
        assert (201, metric) == (made.status_code, {key: made.json()[key] for key in metric})
        one = f"{space}/metrics/{made.json()['id']}"
        assert 205 == curl(server, "PATCH", one, json={"data_source": "/other[label]"}).status_code
        assert 204 == curl(server, "DELETE", one).status_code
        assert 204 == curl(server, "DELETE", space).status_code
        assert 204 == curl(server, "DELETE", f"{api}/projects/new project name").status_code

    def test_project_users(self, server: sandbox.Server, api: str) -> None:
        users = f"{api}/projects/samples/users"
        assert 201 == curl(server, "POST", users, json={"user_id": 3}).status_code
        assert 205 == curl(server, "PATCH", f"{users}/theo", json={"role": "viewer"}).status_code
        assert ["viewer"] == [row["role"] for row in curl(server, "GET", users).json()]
        assert 204 == curl(server, "DELETE", f"{users}/theo").status_code

    def test_walking_a_result_to_its_cases(self, server: sandbox.Server, api: str) -> None:
        """Contents from the top, folders by their path, an object taken for a list of one, files by their address."""
        web = Web(server)
        space = web.space(4, "deep")
        web.push(space, "r", suite("a/b/c", x="P", y="F"), suite("d", z="P"))
        waiting, seen = ["contents"], []
        while waiting:
            found = curl(server, "GET", f"{api}/spaces/{space}/results/r/{waiting.pop()}").json()
            for item in [found] if isinstance(found, dict) else found:
                if item["type"].startswith("folder"):
                    waiting.append(f"contents/{item['path']}")
                elif sum(item["case_counts"]) and "download_url" in item:
                    seen.append(curl(server, "GET", item["download_url"]).content.count(b"<test_case "))
        assert [1, 2] == sorted(seen)
