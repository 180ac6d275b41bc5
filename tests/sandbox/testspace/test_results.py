"""Results: numbers within a space, the ids that follow them, counts and health."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assetmeta import sandbox
from assetmeta.sandbox.testspace.suites import FAILED, Case, Suite
from sandbox.testspace.web import Web, suite, told


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with sandbox.running("testspace") as server:
        yield Web(server)


@pytest.fixture
def space(web: Web) -> Iterator[int]:
    """An empty space for one test."""
    space = web.space(4, "fresh")
    yield space
    web.delete(f"spaces/{space}")


def ids(web: Web, space: int) -> tuple[int | None, int | None]:
    """The ids of the active and of the latest result."""
    found = web.get(f"spaces/{space}")
    return found["active_result_set_id"], found["latest_result_set_id"]


class TestCreating:
    def test_a_new_result_is_empty_and_incomplete(self, web: Web, space: int) -> None:
        answer = web.send("POST", "projects/samples/spaces/fresh/results", {"name": "r", "description": "d"})
        found = told(answer, 201)
        assert f"{web.server.url}/api/spaces/{space}/results/{found['id']}" == answer.headers["Location"]
        assert (1, "d", False, False, 1) == tuple(
            found[key] for key in ("sequence_number", "description", "complete", "pinned", "user_id")
        )
        assert ([0, 0, 0], [0] * 5, [0, 0, 0], [0] * 6) == tuple(
            found[f"{key}_counts"] for key in ("suite", "case", "annotation", "failure")
        )
        assert (0.0, None, space) == (found["duration"], found["health"], found["space_id"])
        assert (None, None, None) == (found["commit_id"], found["build_url"], found["build_status"])

    def test_numbers_count_within_the_space(self, web: Web, space: int) -> None:
        other = web.space(4, "other")
        for name in ("a", "b"):
            web.result(space, name)
            web.result(other, name)
        numbers = [row["sequence_number"] for row in web.get(f"spaces/{space}/results")]
        assert [2, 1] == numbers == [row["sequence_number"] for row in web.get(f"spaces/{other}/results")]
        web.delete(f"spaces/{other}")

    def test_names_are_unique_within_the_space(self, web: Web, space: int) -> None:
        web.result(space, "r")
        assert "name has already been taken" == web.refused("POST", f"spaces/{space}/results", 422, {"name": "r"})

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"name": ""},
            {"name": 1},
            {"name": "x", "complete": "yes"},
            {"name": "x", "complete": None},
            {"name": "x", "pinned": 1},
            {"name": "x", "build_url": ["u"]},
        ],
    )
    def test_values_that_are_refused(self, web: Web, space: int, body: dict[str, object]) -> None:
        web.refused("POST", f"spaces/{space}/results", 422, body)
        assert [] == web.get(f"spaces/{space}/results")

    def test_the_publisher_is_who_asks(self, web: Web, space: int) -> None:
        web.post("projects/samples/users", {"user_id": 2})
        result = Web(web.server, "mara").result(space, "hers")
        assert 2 == web.get(f"spaces/{space}/results/{result}")["user_id"]
        web.delete("projects/samples/users/2")


class TestActiveAndLatest:
    def test_they_follow_complete_and_deletion(self, web: Web, space: int) -> None:
        assert (None, None) == ids(web, space)
        first, second, third = (web.result(space, name) for name in "abc")
        assert (None, third) == ids(web, space)
        for result in (first, second):
            assert web.patch(f"spaces/{space}/results/{result}", {"complete": True})["complete"]
        assert (second, third) == ids(web, space)
        web.patch(f"spaces/{space}/results/b", {"complete": False})
        assert (first, third) == ids(web, space)
        web.patch(f"spaces/{space}/results/c", {"complete": True})
        assert (third, third) == ids(web, space)
        web.delete(f"spaces/{space}/results/c")
        assert (first, second) == ids(web, space)
        web.delete(f"spaces/{space}/results/{first}")
        assert (None, second) == ids(web, space)
        web.delete(f"spaces/{space}/results/{second}")
        assert (None, None) == ids(web, space)

    def test_a_result_may_be_complete_from_the_start(self, web: Web, space: int) -> None:
        result = web.result(space, "at once", complete=True)
        assert (result, result) == ids(web, space)
        assert "invalid" == web.get(f"spaces/{space}/results/{result}")["health"]["state"]

    def test_the_numbers_go_on_after_a_deletion_in_between(self, web: Web, space: int) -> None:
        for name in "abc":
            web.result(space, name)
        web.delete(f"spaces/{space}/results/b")
        web.result(space, "d")
        assert [4, 3, 1] == [row["sequence_number"] for row in web.get(f"spaces/{space}/results")]

    def test_other_changes_leave_them(self, web: Web, space: int) -> None:
        result = web.result(space, "r", complete=True)
        found = web.patch(
            f"spaces/{space}/results/r", {"name": "s", "pinned": True, "build_url": "https://ci", "description": "d"}
        )
        assert ("s", True, "https://ci", "d", True) == tuple(
            found[key] for key in ("name", "pinned", "build_url", "description", "complete")
        )
        assert (result, result) == ids(web, space)
        assert found == web.get(f"spaces/{space}/results/s")


class TestCounts:
    def test_suites_cases_and_annotations(self, web: Web, space: int) -> None:
        suites = (suite("a", x="P", y="N"), suite("b", x="F", y="E", z="P"), suite("c", x="N"), suite("d"))
        web.push(space, "r", *suites, message="nightly")
        found = web.get(f"spaces/{space}/results/r")
        assert ([1, 1, 1], [2, 1, 2, 1, 0]) == (found["suite_counts"], found["case_counts"])
        assert ([0, 0, 1], [2, 0, 0, 0, 0, 0]) == (found["annotation_counts"], found["failure_counts"])

    def test_four_entries_where_the_switch_says_so(self, web: Web, space: int) -> None:
        web.push(space, "r", suite("a", x="P", y="T"))
        web.face.settings.case_counts = 4
        try:
            older = web.get(f"spaces/{space}/results/r")
            assert [1, 0, 0, 0] == older["case_counts"] == older["session_case_counts"]
            assert [1, 0, 0, 0] == web.get(f"spaces/{space}/results/r/contents")[0]["case_counts"]
        finally:
            web.face.settings.case_counts = 5
        assert [1, 0, 0, 0, 1] == web.get(f"spaces/{space}/results/r")["case_counts"]

    def test_the_session_is_the_manual_part_where_there_is_one(self, web: Web, space: int) -> None:
        manual = Suite("hand", (Case("m", FAILED, 60.0),), manual=True)
        web.push(space, "mixed", suite("auto", x="P", y="F"), manual)
        found = web.get(f"spaces/{space}/results/mixed")
        assert ([1, 2, 0, 0, 0], [0, 1, 0, 0, 0]) == (found["case_counts"], found["session_case_counts"])
        assert ([0, 2, 0], [0, 1, 0]) == (found["suite_counts"], found["session_suite_counts"])
        assert (2, 1) == (found["failure_counts"][0], found["session_failure_counts"][0])
        assert 60.0 == found["session_duration"] == found["duration"]
        web.push(space, "automated", suite("auto", x="P"))
        found = web.get(f"spaces/{space}/results/automated")
        assert [1, 0, 0, 0, 0] == found["case_counts"] == found["session_case_counts"]


class TestHealth:
    @pytest.mark.parametrize(
        ("letters", "value", "text"),
        [
            ("PPPPFFFFFEN", 40, "6 unexpected failures! 40.0% passed (100.0% threshold)"),
            ("PPPFFFFEEN", 33, "6 unexpected failures! 33.3% passed (100.0% threshold)"),
            ("PPF", 66, "1 unexpected failure! 66.7% passed (100.0% threshold)"),
            ("F", 0, "1 unexpected failure! 0.0% passed (100.0% threshold)"),
        ],
    )
    def test_the_share_of_the_passed_is_honest(self, web: Web, space: int, letters: str, value: int, text: str) -> None:
        web.push(space, "r", suite("a", **{f"c{n}": letter for n, letter in enumerate(letters)}))
        health = web.get(f"spaces/{space}/results/r")["health"]
        opening = "Unhealthy. One or more Testspace metrics were out of range."
        assert ("failure", f"{opening}\n* Test Cases: {text}") == (health["state"], health["description"])
        assert [(value, "failing", "test")] == [(b["value"], b["status"], b["name"]) for b in health["badges"]]

    def test_all_passed(self, web: Web, space: int) -> None:
        web.push(space, "r", suite("a", x="P", y="N", z="T"))
        health = web.get(f"spaces/{space}/results/r")["health"]
        assert ("success", 100, "passing") == (health["state"], *(health["badges"][0][k] for k in ("value", "status")))

    def test_without_cases_it_is_invalid(self, web: Web, space: int) -> None:
        web.push(space, "r")
        health = web.get(f"spaces/{space}/results/r")["health"]
        assert ("invalid", None, "passing") == (health["state"], *(health["badges"][0][k] for k in ("value", "status")))

    def test_what_only_counts_as_not_applicable_has_no_share(self, web: Web, space: int) -> None:
        web.push(space, "r", suite("a", x="N"))
        assert "success" == web.get(f"spaces/{space}/results/r")["health"]["state"]

    def test_exempt_failures_do_not_count(self, web: Web, space: int) -> None:
        cases = (Case("a"), Case("b", FAILED), Case("c", FAILED, exempt=True))
        web.push(space, "r", Suite("s", cases))
        found = web.get(f"spaces/{space}/results/r")
        assert ([1, 1, 1, 0, 0], [1, 0, 0, 0, 0, 1]) == (found["case_counts"], found["failure_counts"])
        text = "1 unexpected failure! 50.0% passed (100.0% threshold and 1 exempt case)"
        assert text in found["health"]["description"]

    def test_another_threshold_is_followed_at_once(self, web: Web, space: int) -> None:
        web.push(space, "r", suite("a", x="P", y="P", z="F"))
        metric = next(row for row in web.get(f"spaces/{space}/metrics") if row["name"] == "Test Cases")
        lower = [metric["thresholds"][0] | {"expression": "(d1+d2+d4)*0.5"}]
        web.patch(f"spaces/{space}/metrics/{metric['id']}", {"thresholds": lower})
        assert "success" == web.get(f"spaces/{space}/results/r")["health"]["state"]
        web.patch(f"spaces/{space}/metrics/{metric['id']}", {"badge": metric["badge"] | {"is_enabled": False}})
        assert [] == web.get(f"spaces/{space}/results/r")["health"]["badges"]

    def test_an_incomplete_result_has_none(self, web: Web, space: int) -> None:
        web.push(space, "r", suite("a", x="P"))
        assert web.patch(f"spaces/{space}/results/r", {"complete": False})["health"] is None
        assert "success" == web.patch(f"spaces/{space}/results/r", {"complete": True})["health"]["state"]


def test_deleting_a_space_takes_its_results(web: Web) -> None:
    space = web.space(4, "short")
    web.push(space, "r", suite("a", x="F"))
    store = web.face.store
    before = store.number("SELECT COUNT(*) FROM result"), store.number("SELECT COUNT(*) FROM failure")
    web.delete(f"spaces/{space}")
    after = store.number("SELECT COUNT(*) FROM result"), store.number("SELECT COUNT(*) FROM failure")
    assert (1, 1) == (before[0] - after[0], before[1] - after[1])
