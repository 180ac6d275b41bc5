"""Lists: bare arrays, pages and their links, order, the one filter."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from assetmeta import sandbox
from sandbox.testspace.web import Web, suite


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with sandbox.running("testspace") as server:
        yield Web(server)


@pytest.fixture(scope="module")
def space(web: Web) -> int:
    """A space with 65 results."""
    space = web.space(4, "many")
    for number in range(1, 66):
        web.push(space, f"r{number}", suite("s", a="P"))
    return space


def rels(answer: requests.Response) -> dict[str, str]:
    return {rel: link["url"] for rel, link in answer.links.items()}


class TestPages:
    def test_thirty_at_a_time(self, web: Web, space: int) -> None:
        path, seen, sizes = f"{web.url(f'spaces/{space}/results')}", [], []
        while path:
            answer = web.session.get(path, timeout=30)
            sizes.append(len(answer.json()))
            seen += [row["name"] for row in answer.json()]
            path = rels(answer).get("next", "")
        assert ([30, 30, 5], [f"r{number}" for number in range(65, 0, -1)]) == (sizes, seen)

    def test_links_are_absolute_and_by_id(self, web: Web, space: int) -> None:
        root = f"{web.server.url}/api/projects/4/spaces/{space}/results?page="
        path = "projects/samples/spaces/many/results"
        assert {"first": f"{root}1", "next": f"{root}2", "last": f"{root}3"} == rels(web.send("GET", path))
        assert {"first": f"{root}1", "prev": f"{root}1", "next": f"{root}3", "last": f"{root}3"} == rels(
            web.send("GET", f"{path}?page=2")
        )
        assert {"first": f"{root}1", "prev": f"{root}2", "last": f"{root}3"} == rels(web.send("GET", f"{path}?page=3"))

    def test_flat_lists_link_to_flat_ones(self, web: Web, space: int) -> None:
        answer = web.send("GET", f"spaces/{space}/results")
        assert f"{web.server.url}/api/spaces/{space}/results?page=2" == rels(answer)["next"]

    def test_links_follow_the_host_and_keep_other_parameters(self, web: Web, space: int) -> None:
        answer = web.send("GET", f"spaces/{space}/results?a=%26+x&page=2", headers={"Host": "other.example.org"})
        wanted = f"http://other.example.org/api/spaces/{space}/results?a=%26+x&page=3"
        assert wanted == rels(answer)["next"]

    def test_a_list_of_one_page_has_no_link(self, web: Web) -> None:
        assert "Link" not in web.send("GET", "projects").headers

    def test_exactly_one_page(self, web: Web) -> None:
        space = web.space(4, "thirty")
        for number in range(30):
            web.push(space, f"r{number}", complete=False)
        answer = web.send("GET", f"spaces/{space}/results")
        assert (30, False) == (len(answer.json()), "Link" in answer.headers)
        web.push(space, "one more", complete=False)
        assert {"first", "next", "last"} == set(rels(web.send("GET", f"spaces/{space}/results")))

    def test_beyond_the_last_there_is_nothing(self, web: Web, space: int) -> None:
        answer = web.send("GET", f"spaces/{space}/results?page=9")
        assert ([], {"first", "prev", "last"}) == (answer.json(), set(rels(answer)))
        assert rels(answer)["prev"].endswith("page=3")
        assert [] == web.get(f"spaces/{space}/results?page={10**18}")

    @pytest.mark.parametrize("page", ["0", "-1", "x", "", "1.5", str(10**30)])
    def test_what_is_no_page_is_the_first(self, web: Web, space: int, page: str) -> None:
        assert "r65" == web.get(f"spaces/{space}/results?page={page}")[0]["name"]

    def test_every_list_is_paged(self, web: Web, space: int) -> None:
        cases = {f"c{number}": "F" for number in range(31)}
        result = web.push(space, "wide", suite("a", **cases), *(suite(f"s{n}", x="P") for n in range(30)))
        metric = next(row["id"] for row in web.get(f"spaces/{space}/metrics") if row["name"] == "Test Cases")
        for path in (f"results/{result}/failures", f"results/{result}/contents", f"metrics/{metric}/datasets"):
            answer = web.send("GET", f"spaces/{space}/{path}")
            assert (30, f"{web.url(f'spaces/{space}/{path}')}?page=2") == (len(answer.json()), rels(answer)["next"])
        web.delete(f"spaces/{space}/results/{result}")

    def test_another_page_size(self, web: Web) -> None:
        web.face.settings.page_size = 2
        try:
            answer = web.send("GET", "projects")
            assert (2, f"{web.server.url}/api/projects?page=2") == (len(answer.json()), rels(answer)["last"])
        finally:
            web.face.settings.page_size = 30


class TestOrder:
    def test_projects_and_metrics_by_name(self, web: Web) -> None:
        assert ["abccorp:application", "abccorp:server", "abccorp:test", "samples"] == [
            row["name"] for row in web.get("projects")
        ]
        assert ["Health", "Test Cases", "Test Failures", "Test Suites"] == [
            row["name"] for row in web.get("spaces/1/metrics")
        ]

    def test_spaces_results_and_data_sets_newest_first(self, web: Web, space: int) -> None:
        assert ["master", "feature/abc", "release"] == [row["name"] for row in web.get("projects/1/spaces")]
        numbers = [row["sequence_number"] for row in web.get("spaces/3/results")]
        assert [6, 5, 4, 3, 2, 1] == numbers
        sets = web.get("spaces/3/metrics/10/datasets")
        assert [row["id"] for row in web.get("spaces/3/results")] == [row["result_set_id"] for row in sets]


class TestTheFilter:
    def test_spaces_by_name(self, web: Web) -> None:
        assert ["feature/abc"] == [row["name"] for row in web.get("projects/1/spaces?name=feature%2Fabc")]
        assert [] == web.get("projects/1/spaces?name=feature")
        assert [] == web.get("projects/1/spaces?name=")
        assert ["master"] == [row["name"] for row in web.get("projects/abccorp%3Aserver/spaces?name=master")]

    def test_other_lists_and_other_fields_know_none(self, web: Web) -> None:
        assert 4 == len(web.get("projects?name=samples"))
        assert 6 == len(web.get("spaces/3/results?name=result.1"))
        assert 3 == len(web.get("projects/1/spaces?id=1&description=x&is_hidden=true"))

    def test_pages_of_a_filtered_list_stay_filtered(self, web: Web) -> None:
        web.face.settings.page_size = 1
        try:
            answer = web.send("GET", "projects/1/spaces?name=master")
        finally:
            web.face.settings.page_size = 30
        assert (["master"], {}) == ([row["name"] for row in answer.json()], rels(answer))
