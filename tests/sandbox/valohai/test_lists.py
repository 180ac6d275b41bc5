"""Lists: pages, order, filters, include and exclude, bare arrays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from assetmeta import sandbox
from sandbox.valohai.web import Web

NOWHERE = "01900000-0000-7000-8000-000000000000"


class Lab:
    """Two projects; the first has executions one to seven in different states, the second has one."""

    STATES = ("complete", "error", "stopped", "started", "queued", "created", "stopping")

    def __init__(self, web: Web) -> None:
        self.web = web
        self.one, self.two = web.project("One"), web.project("Two")
        self.task = web.put_in("task", project=self.one, type="grid_search", status="complete", creator=1)
        self.runs = [
            web.execution(self.one, status=status, step=f"s{number % 2}", creator=1 + number % 2, task=None)
            for number, status in enumerate(self.STATES)
        ]
        self.other = web.execution(self.two, task=self.task)
        self.gone = web.execution(self.two)
        web.send("DELETE", f"executions/{self.gone}/")
        self.data = [web.datum(self.one, name, size=size) for name, size in (("b", 2), ("a", 1), ("c/d", 3))]
        web.patch(f"data/{self.data[0]}/", {"tags": ["x", "y"]})

    def ids(self, path: str) -> list[str]:
        return [row["id"] for row in self.web.rows(path)]

    def counters(self, query: str) -> list[int]:
        return [row["counter"] for row in self.web.rows(f"executions/?project={self.one}&{query}")]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with sandbox.running("valohai") as server:
        yield Lab(Web(server))


class TestPages:
    def test_the_envelope(self, lab: Lab) -> None:
        page = lab.web.get(f"executions/?project={lab.one}")
        assert (page["count"], page["next"], page["previous"]) == (7, None, None)
        assert [row["id"] for row in page["results"]] == lab.runs

    def test_next_and_previous_are_followed_as_they_are(self, lab: Lab) -> None:
        first = lab.web.get(f"executions/?project={lab.one}&limit=3&status=incomplete&status=error")
        second = lab.web.get(first["next"])
        assert first["count"] == second["count"] == 5
        assert [row["counter"] for row in first["results"] + second["results"]] == [2, 4, 5, 6, 7]
        assert second["next"] is None
        asked = parse_qs(urlsplit(first["next"]).query)
        assert asked == {"project": [lab.one], "limit": ["3"], "offset": ["3"], "status": ["incomplete", "error"]}
        assert lab.web.get(second["previous"])["results"] == first["results"]

    def test_walking_by_pages_gives_every_row_once(self, lab: Lab) -> None:
        url, seen = f"executions/?project={lab.one}&limit=2&ordering=step", []
        while url:
            page = lab.web.get(url)
            seen += [row["id"] for row in page["results"]]
            url = page["next"]
        assert sorted(seen) == sorted(lab.runs)

    def test_beyond_the_end(self, lab: Lab) -> None:
        page = lab.web.get(f"executions/?project={lab.one}&offset=100&limit=5")
        assert (page["count"], page["next"], page["results"]) == (7, None, [])
        assert page["previous"].endswith(f"limit=5&offset=95&project={lab.one}")

    @pytest.mark.parametrize(
        "query", ["limit=0", "limit=-1", "limit=x", "limit=", "offset=-1", "offset=x", "limit=9" * 9]
    )
    def test_odd_limits_are_no_matter(self, lab: Lab, query: str) -> None:
        assert lab.counters(query)[0] == 1

    def test_a_hundred_rows_by_default_and_ten_thousand_when_requested(self, lab: Lab) -> None:
        store = lab.web.face.space.store
        with store.lock, store.transaction():
            ids = [lab.web.face.space.add("datum", name=str(number), project=lab.two) for number in range(120)]
        page = lab.web.get(f"data/?project={lab.two}")
        assert (page["count"], len(page["results"])) == (120, 100)
        assert page["next"] == lab.web.url(f"data/?limit=100&offset=100&project={lab.two}")
        assert lab.ids(f"data/?project={lab.two}&limit=10000") == ids

    def test_without_a_count(self, lab: Lab) -> None:
        for flag in ("true", "True", "1"):
            page = lab.web.get(f"data/?project={lab.one}&no_count={flag}&limit=2")
            assert page["count"] is None and len(page["results"]) == 2 and page["next"]
        assert lab.web.get(f"data/?project={lab.one}&no_count=false")["count"] == 3


class TestOrder:
    @pytest.mark.parametrize(
        ("ordering", "names"),
        [("name", "a b c/d"), ("-name", "c/d b a"), ("size", "a b c/d"), ("-ctime", "c/d a b"), ("ctime", "b a c/d")],
    )
    def test_by_a_plain_field(self, lab: Lab, ordering: str, names: str) -> None:
        rows = lab.web.rows(f"data/?project={lab.one}&ordering={ordering}")
        assert [row["name"] for row in rows] == names.split(" ")

    def test_by_counter(self, lab: Lab) -> None:
        assert lab.counters("ordering=-counter") == [7, 6, 5, 4, 3, 2, 1]

    def test_by_several_and_ties_stay_as_they_were(self, lab: Lab) -> None:
        assert lab.counters("ordering=step") == [1, 3, 5, 7, 2, 4, 6]
        assert lab.counters("ordering=step,-counter") == [7, 5, 3, 1, 6, 4, 2]

    def test_projects_by_name_and_by_what_is_worked_out(self, lab: Lab) -> None:
        assert [row["name"] for row in lab.web.rows("projects/?ordering=-name")] == ["Two", "One"]
        assert [row["name"] for row in lab.web.rows("projects/?ordering=execution_count")] == ["Two", "One"]

    @pytest.mark.parametrize("ordering", ["", "nope", "-", "project", "inputs", "secret", "name;drop", "-nope,"])
    def test_names_of_nothing_are_passed_over(self, lab: Lab, ordering: str) -> None:
        assert lab.counters(f"ordering={ordering}") == [1, 2, 3, 4, 5, 6, 7]

    def test_null_is_the_largest(self, lab: Lab) -> None:
        idle = lab.web.project("Idle")
        try:
            upwards = lab.web.rows("projects/?ordering=last_execution_ctime")
            downwards = lab.web.rows("projects/?ordering=-last_execution_ctime")
        finally:
            lab.web.delete(f"projects/{idle}/")
        times = [row["last_execution_ctime"] for row in upwards]
        assert (times[0] is None, upwards[-1]["id"], downwards[0]["id"]) == (False, idle, idle)
        assert times[:-1] == sorted(times[:-1])


class TestFilters:
    @pytest.mark.parametrize(
        ("query", "counters"),
        [
            ("counter=2", [2]),
            ("counter=1&counter=3", [1, 3]),
            ("status=error", [2]),
            ("status=error&status=stopped", [2, 3]),
            ("status=incomplete", [4, 5, 6, 7]),
            ("status=incomplete&status=complete", [1, 4, 5, 6, 7]),
            ("status=nope", []),
            ("creator=1", [1, 3, 5, 7]),
            ("creator=2&creator=99", [2, 4, 6]),
            ("step=s1", [2, 4, 6]),
            ("step=s1&status=error", [2]),
            ("task=01900000-0000-7000-8000-000000000000", []),
            ("deleted=false", [1, 2, 3, 4, 5, 6, 7]),
            ("deleted=False", [1, 2, 3, 4, 5, 6, 7]),
            ("counter=", [1, 2, 3, 4, 5, 6, 7]),
            ("nope=1&project__name=x&page=2&format=json", [1, 2, 3, 4, 5, 6, 7]),
        ],
    )
    def test_executions(self, lab: Lab, query: str, counters: list[int]) -> None:
        assert lab.counters(query) == counters

    def test_by_project_and_task(self, lab: Lab) -> None:
        assert lab.ids(f"executions/?project={lab.two}&deleted=false") == [lab.other]
        assert set(lab.ids(f"executions/?project={lab.one}&project={lab.two}")) == {*lab.runs, lab.other, lab.gone}
        assert lab.ids(f"executions/?task={lab.task}") == [lab.other]
        assert lab.ids(f"executions/?project={NOWHERE}") == []

    def test_deleted_ones_unless_they_are_not_wanted(self, lab: Lab) -> None:
        assert lab.gone in lab.ids("executions/")
        assert lab.gone not in lab.ids("executions/?deleted=false")
        for flag in ("true", "True", "TRUE", "1"):
            assert lab.ids(f"executions/?deleted={flag}") == [lab.gone]

    @pytest.mark.parametrize(
        ("path", "field"),
        [
            ("executions/?project=x", "project"),
            ("executions/?counter=x", "counter"),
            ("executions/?counter=1&counter=1.5", "counter"),
            ("executions/?creator=ada", "creator"),
            ("executions/?deleted=maybe", "deleted"),
            ("data/?store=harbour-data", "store"),
            ("commits/?adhoc=2", "adhoc"),
        ],
    )
    def test_a_value_of_the_wrong_type_is_reported(self, lab: Lab, path: str, field: str) -> None:
        body = lab.web.get(path, 400)
        assert list(body) == [field] and list(body[field][0]) == ["message", "code"]

    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ("tag=x", ["b"]),
            ("tag=x&tag=q", ["b"]),
            ("tag=q", []),
            ("name=c/d", ["c/d"]),
            ("name=A", []),
            ("name=c", []),
        ],
    )
    def test_data(self, lab: Lab, query: str, names: list[str]) -> None:
        assert [row["name"] for row in lab.web.rows(f"data/?project={lab.one}&{query}")] == names

    def test_data_by_store_and_execution(self, lab: Lab) -> None:
        store = lab.web.rows("stores/")[0]["id"]
        output = lab.web.datum(lab.two, "out", output_execution=lab.other)
        assert lab.ids(f"data/?output_execution={lab.other}") == [output]
        assert set(lab.ids(f"data/?project={lab.one}&store={store}")) == set(lab.data)

    def test_commits(self, lab: Lab) -> None:
        lab.web.commit(lab.two, "~" + "ab" * 32, ref="adhoc", adhoc=True)
        rows = lab.web.rows(f"commits/?project={lab.two}&adhoc=True")
        assert [row["identifier"] for row in rows] == ["~" + "ab" * 32]
        assert [row["adhoc"] for row in lab.web.rows(f"commits/?project={lab.two}&adhoc=false")] == [False]

    def test_tasks_and_pipelines(self, lab: Lab) -> None:
        web = lab.web
        for number in range(2):
            web.put_in("pipeline", project=lab.one, creator=number + 1, status="started", nodes=[], edges=[])
        assert [row["counter"] for row in web.rows(f"pipelines/?project={lab.one}&creator=2")] == [2]
        assert [row["counter"] for row in web.rows(f"pipelines/?project={lab.one}&status=incomplete")] == [1, 2]
        assert [row["counter"] for row in web.rows(f"tasks/?project={lab.one}&counter=1&counter=2")] == [1]
        assert web.rows(f"tasks/?project={lab.one}&status=incomplete") == []


@pytest.fixture(scope="module")
def models(lab: Lab) -> dict[str, str]:
    made = {}
    for name, tags in (("Sentiment BERT", ["nlp", "a"]), ("Vision", ["a"]), ("bert-2", [])):
        made[name] = lab.web.post("models/", {"name": name, "tags": tags, "owner": 7})["id"]
    return made


class TestModels:
    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ("name=bert", ["Sentiment BERT", "bert-2"]),
            ("name=bert&name=2", ["bert-2"]),
            ("name=nope", []),
            ("tags=nlp", ["Sentiment BERT"]),
            ("tags=nlp,zzz", ["Sentiment BERT"]),
            ("tags=a", ["Sentiment BERT", "Vision"]),
            ("ordering=-name", ["bert-2", "Vision", "Sentiment BERT"]),
        ],
    )
    def test_models(self, lab: Lab, models: dict[str, str], query: str, names: list[str]) -> None:
        assert [row["name"] for row in lab.web.rows(f"models/?{query}")] == names

    def test_versions_are_filtered_in_lower_case_and_returned_in_capitals(
        self, lab: Lab, models: dict[str, str]
    ) -> None:
        model = models["Vision"]
        for status in ("approved", "Rejected", "pending"):
            lab.web.post("model-versions/", {"model": model, "status": status, "tags": [status.lower()]})

        def told(query: str) -> list[tuple[int, str]]:
            rows = lab.web.rows(f"model-versions/?model={model}&{query}")
            return [(row["counter"], row["status"]) for row in rows]

        assert told("") == [(1, "Approved"), (2, "Rejected"), (3, "Pending")]
        assert told("status=approved&status=pending") == [(1, "Approved"), (3, "Pending")]
        assert told("status=Approved") == []
        assert told("counter=2") == told("tags=rejected,nope") == [(2, "Rejected")]


class TestFieldControl:
    def test_exclude_with_and_without_blanks(self, lab: Lab) -> None:
        path = f"executions/{lab.runs[0]}/"
        every = set(lab.web.get(path))
        assert {"metadata", "events", "outputs"} <= every
        for query in ("metadata,events", "metadata, events", "metadata,%20events,nope"):
            assert set(lab.web.get(f"{path}?exclude={query}")) == every - {"metadata", "events"}
        assert set(lab.web.get(f"{path}?exclude=outputs&exclude=tags,id")) == every - {"outputs", "tags"}

    def test_include(self, lab: Lab) -> None:
        commit = lab.web.commit(lab.two, "c0ffee")
        path = f"commits/{commit}/?project={lab.two}"
        assert "config" not in lab.web.get(path)
        assert lab.web.get(f"{path}&include=config")["config"] == [{"step": {"name": "train"}}]
        assert "config" not in lab.web.rows(f"commits/?project={lab.two}")[0]

    def test_include_in_a_list(self, lab: Lab) -> None:
        default = lab.web.rows("environments/?include=unfinished_job_count")[0]
        assert default["unfinished_job_count"] == 4
        assert "unfinished_job_count" not in lab.web.rows("environments/")[0]

    def test_hidden_fields_cannot_be_included(self, lab: Lab) -> None:
        names = "secret,refusal,members,creator,configuration,endpoint_configurations,time_limit"
        for path in ("users/", "organizations/", "stores/", "projects/"):
            plain, asked = lab.web.rows(path)[0], lab.web.rows(f"{path}?include={names}")[0]
            assert set(asked) == set(plain)


class TestRowsAndBodies:
    @pytest.mark.parametrize(
        ("path", "only_in_body"),
        [
            (
                "projects/",
                {"environment_variables", "execution_summary", "repository", "read_only", "tags", "yaml_path"},
            ),
            ("executions/", {"outputs", "events", "metadata", "inputs", "command", "interpolated_command"}),
            ("data/", {"aliases"}),
            ("stores/", {"configuration", "paths"}),
        ],
    )
    def test_rows_lack_what_bodies_have(self, lab: Lab, path: str, only_in_body: set[str]) -> None:
        row = lab.web.rows(path)[0]
        body = lab.web.get(f"{path}{row['id']}/")
        assert only_in_body <= set(body) - set(row)
        assert set(row) <= set(body)

    def test_the_same_relation_changes_its_depth(self, lab: Lab) -> None:
        row, body = lab.web.rows(f"data/?project={lab.one}")[0], lab.web.get(f"data/{lab.data[0]}/")
        assert row["project"] == body["project"]["id"] == lab.one
        assert lab.web.rows("tasks/")[0]["project"] == lab.one
        assert lab.web.rows("executions/")[0]["project"]["id"] == lab.one

    def test_counts_are_null_in_embedded_copies(self, lab: Lab) -> None:
        embedded: dict[str, Any] = lab.web.rows("executions/")[0]["project"]
        assert embedded["execution_count"] is None and "environment_variables" not in embedded
        assert lab.web.get(f"projects/{lab.one}/")["execution_count"] == 7


class TestBareArrays:
    def test_commits_of_a_project_latest_first(self, lab: Lab) -> None:
        project = lab.web.project("Three")
        for number in range(3):
            lab.web.commit(project, f"c{number}", commit_time=f"2025-0{number + 1}-01T00:00:00Z")
        found = lab.web.get(f"projects/{project}/commits/")
        assert [commit["identifier"] for commit in found] == ["c2", "c1", "c0"]

    def test_ownership_options(self, lab: Lab) -> None:
        assert lab.web.get("projects/ownership_options/") == ["admin", "harbour-lab"]
        assert Web(lab.web.server, "outsider").get("projects/ownership_options/") == ["outsider"]
        assert Web(lab.web.server, "reader").get("projects/ownership_options/") == ["reader"]
