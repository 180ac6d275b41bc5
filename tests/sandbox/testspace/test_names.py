"""Paths by id and by name, with slashes in names, in the flat and in the nested form."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from assetmeta import sandbox
from assetmeta.sandbox.testspace.targets import Target, target_of
from sandbox.testspace.web import Web

FEATURE = "projects/abccorp%3Aapplication/spaces/feature%2Fabc"
ODD = ["a/b", "100% sure?", "#1", "a b", "ä€\U0001f680", "a;b=c&d", "..", ".", "a\\b", "a%2Fb", "/", "results", "'; --"]


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with sandbox.running("testspace") as server:
        yield Web(server)


class TestIdOrName:
    def test_projects(self, web: Web) -> None:
        assert (
            web.get("projects/1")
            == web.get("projects/abccorp%3Aapplication")
            == web.get("projects/abccorp:application")
        )

    def test_spaces_below_a_project_and_flat(self, web: Web) -> None:
        """Both generations of the path mean one row."""
        forms = (FEATURE, "projects/1/spaces/2", "projects/1/spaces/feature%2Fabc", "spaces/2", "spaces/2/")
        assert {json.dumps(web.get(FEATURE))} == {json.dumps(web.get(form)) for form in forms}

    def test_flat_spaces_by_id_only(self, web: Web) -> None:
        assert web.refused("GET", "spaces/master", 404)

    def test_results(self, web: Web) -> None:
        for path in ("projects/1/spaces/master/results/result.6", "spaces/3/results/result.6", "spaces/3/results/8"):
            assert ("result.6", 8) == (web.get(path)["name"], web.get(path)["id"])

    def test_metrics_by_id_only(self, web: Web) -> None:
        assert "Test Cases" == web.get("spaces/3/metrics/10")["name"]
        web.refused("GET", "spaces/3/metrics/Test%20Cases", 404)
        web.refused("GET", "spaces/2/metrics/10", 404)

    def test_a_space_is_not_found_below_another_project(self, web: Web) -> None:
        assert web.refused("GET", "projects/1/spaces/4", 404)
        assert web.refused("GET", "projects/1/spaces/4/results", 404)

    def test_an_unknown_space_id_gives_an_empty_list_where_the_switch_says_so(self, web: Web) -> None:
        web.face.settings.empty_for_unknown_space = True
        try:
            assert [] == web.get("projects/abccorp%3Aapplication/spaces/99999/results")
            web.refused("GET", "projects/1/spaces/nobody/results", 404)
            web.refused("GET", "spaces/99999/results", 404)
        finally:
            web.face.settings.empty_for_unknown_space = False

    @pytest.mark.parametrize(
        "text", ["0", "-1", "99999", str(2**63), str(10**40), "1.0", "+1", " 1", "0x1", "٣", "%00"]
    )
    def test_what_is_nobodys_id_or_name(self, web: Web, text: str) -> None:
        for path in (f"projects/{text}", f"spaces/{text}", f"spaces/3/results/{text}", f"files/{text}"):
            assert web.refused("GET", path, 404)


class TestNamesThatAreNumbers:
    def test_without_such_an_id_the_name_counts(self, web: Web) -> None:
        assert "2024" == web.get("projects/samples/spaces/2024")["name"]

    def test_an_id_goes_before_a_name(self, web: Web) -> None:
        project = web.project("1")
        assert project != 1
        assert "abccorp:application" == web.get("projects/1")["name"]
        space = web.space(project, "77")
        twin = web.space(project, str(space))
        assert "77" == web.get(f"projects/{project}/spaces/{space}")["name"]
        result = web.result(space, "5")
        assert result == web.get(f"spaces/{space}/results/5")["id"]
        web.delete(f"projects/{project}")
        web.refused("GET", f"spaces/{twin}", 404)


class TestOddNames:
    @pytest.mark.parametrize("name", ODD)
    def test_every_name_can_be_addressed(self, web: Web, name: str) -> None:
        """The request goes out as it is spelled here: clients such as requests mend paths on their own."""
        project = web.project(f"p {name}")
        space = web.space(project, name)
        result = web.result(space, name)
        segment = quote(name, safe="").replace(".", "%2E")
        path = f"/api/projects/{quote(f'p {name}', safe='')}/spaces/{segment}/results/{segment}"
        connection = http.client.HTTPConnection(web.server.host, web.server.port, timeout=30)
        connection.request("GET", path, headers={"Authorization": f"Token {web.server.token}"})
        answer = connection.getresponse()
        assert (200, result) == (answer.status, json.loads(answer.read())["id"])
        connection.close()
        web.delete(f"projects/{project}")


class TestUnescapedSlashes:
    def test_readers_may_leave_them(self, web: Web) -> None:
        wanted = web.get(f"{FEATURE}/results")
        assert wanted == web.get("projects/abccorp:application/spaces/feature/abc/results")
        assert web.get(FEATURE) == web.get("projects/1/spaces/feature/abc")
        assert wanted[0] == web.get("projects/1/spaces/feature/abc/results/build.1")
        assert web.get("spaces/2/metrics") == web.get("projects/1/spaces/feature/abc/metrics")

    def test_writers_may_not(self, web: Web) -> None:
        web.refused("PATCH", "projects/1/spaces/feature/abc", 404, {"description": "never"})
        web.refused("DELETE", "projects/1/spaces/feature/abc", 404)
        assert web.get(FEATURE)["description"] is None

    def test_flat_paths_are_not_joined(self, web: Web) -> None:
        assert web.refused("GET", "spaces/feature/abc", 404)

    @pytest.mark.parametrize(
        ("path", "wanted"),
        [
            ("projects/p/spaces/a/b", Target("space", "p", "a/b")),
            ("projects/p/spaces/a/b/c/results", Target("results", "p", "a/b/c")),
            ("projects/p/spaces/a/b/results/1/contents/x/y", Target("content", "p", "a/b", "1", "x/y")),
            ("projects/p/spaces/a/results/b/c", Target("space", "p", "a/results/b/c")),
            ("projects/p/spaces/results/metrics", Target("metrics", "p", "results")),
            ("projects/p/users/u/x", None),
        ],
    )
    def test_what_a_path_means(self, path: str, wanted: Target | None) -> None:
        assert wanted == target_of(path.split("/"), joining=True)

    def test_a_path_that_stands_for_itself_is_never_joined(self) -> None:
        parts = ["projects", "p", "spaces", "a", "results"]
        assert Target("results", "p", "a") == target_of(parts, joining=True) == target_of(parts, joining=False)
        assert target_of(["projects", "p", "spaces", "a", "b"], joining=False) is None
