"""How failures are tracked: letter by letter as in the recorded bodies, and over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from assetmeta import sandbox
from assetmeta.sandbox.testspace.failure_states import Track, followed
from assetmeta.sandbox.testspace.suites import FAILED, Case, Suite
from nonempty import nonempty
from sandbox.testspace.web import STATUSES, Web, outcomes, recorded, suite

LETTERS = {
    "not tracked": {"passed": "PPPPPP", "not applicable": "NNNNNN"},
    "consistent": {"failed": "FFFFFF", "failed with missing": "FFMFMF", "errored": "EEEEEE"},
    "flaky": {
        "alternating passed/failed": "FFPFPF",
        "failed with errored": "FFEFFF",
        "failed with not_applicable": "FFFNFF",
        "Passing with errored": "PEPPEP",
    },
    "passing": {"latest passed": "FFFFFP"},
    "resolved": {"five passed": "FPPPPP"},
}
"""The outcomes of six results that the recorded failures, counts and states all fit."""

FIRST = round(datetime.fromisoformat("2019-09-26T21:39:02.496+00:00").timestamp() * 1000)


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with sandbox.running("testspace") as server:
        yield Web(server)


@pytest.fixture(scope="module")
def told(web: Web) -> str:
    """The path of the results of a space to which the six were published, a second between two of them."""
    space = web.space(4, "told")
    for number in range(6):
        suites = [
            suite(path, **{name: letters[number] for name, letters in cases.items() if letters[number] != "M"})
            for path, cases in LETTERS.items()
        ]
        web.push(space, f"result.{number + 1}", *suites, moment=FIRST + 1000 * number, message="pushed")
    return f"spaces/{space}/results"


def track(letters: str, before: str = "") -> list[Track | None]:
    """A case's failure after each of some results."""
    found: list[Track | None] = []
    last: Track | None = None
    for moment, letter in enumerate(letters):
        last = followed(last, before + letters[:moment], STATUSES.get(letter), moment)
        found.append(last)
    return found


def states(letters: str) -> list[str | None]:
    return [None if each is None else each.state for each in track(letters)]


class TestTheRecordedSpace:
    def test_failures(self, web: Web, told: str) -> None:
        sample = recorded("py_failures.json")
        if sample is None:
            pytest.skip("the recorded bodies are not at hand")
        found = {row["key"]: row for row in web.get(f"{told}/result.6/failures")}
        timed = ("failed_at", "passed_at")
        assert found.keys() == {row["key"] for row in sample}
        for row in sample:
            mine = found[row["key"]]
            assert {k: v for k, v in row.items() if k not in timed} == {k: v for k, v in mine.items() if k not in timed}

    def test_times(self, web: Web, told: str) -> None:
        """Each recorded time belongs to one result; the same one is told here."""
        sample = recorded("py_failures.json")
        if sample is None:
            pytest.skip("the recorded bodies are not at hand")
        starts = ["39:02", "39:04", "39:04", "39:06", "39:08", "39:12"]
        found = {row["key"]: row for row in web.get(f"{told}/result.6/failures")}
        for row in sample:
            for name in ("failed_at", "passed_at"):
                mine, theirs = found[row["key"]][name], row[name]
                assert (mine is None) == (theirs is None), (row["key"], name)
                if mine is not None:
                    number = (round(datetime.fromisoformat(mine).timestamp() * 1000) - FIRST) // 1000
                    assert theirs[14:].startswith(starts[number]), (row["key"], name, number)

    def test_counts(self, web: Web, told: str) -> None:
        sample = recorded("py_results.json")
        if sample is None:
            pytest.skip("the recorded bodies are not at hand")
        web.face.settings.case_counts = 4
        try:
            found = web.get(told)
        finally:
            web.face.settings.case_counts = 5
        names = ("name", "sequence_number", "suite_counts", "case_counts", "annotation_counts", "failure_counts")
        assert [{k: row[k] for k in names} for row in sample] == [{k: row[k] for k in names} for row in found]
        badges = [[(b["name"], b["value"], b["status"]) for b in row["health"]["badges"]] for row in sample]
        assert badges == [[(b["name"], b["value"], b["status"]) for b in row["health"]["badges"]] for row in found]

    def test_health_in_words(self, web: Web, told: str) -> None:
        sample = recorded("py_results.json")
        if sample is None:
            pytest.skip("the recorded bodies are not at hand")
        wanted = [row["health"]["description"].replace("(100% ", "(100.0% ") for row in sample]
        assert wanted == [row["health"]["description"] for row in web.get(told)]

    def test_contents(self, web: Web, told: str) -> None:
        sample = recorded("py_contents.json")
        if sample is None:
            pytest.skip("the recorded bodies are not at hand")
        names = ("name", "path", "type", "annotation_counts", "failure_counts", "status", "custom_data", "description")
        found = web.get(f"{told}/result.6/contents")
        assert [{k: row[k] for k in names} for row in sample] == [{k: row[k] for k in names} for row in found]
        assert [row["case_counts"] for row in sample] == [row["case_counts"][:4] for row in found]

    def test_times_are_in_utc_to_the_millisecond(self, web: Web, told: str) -> None:
        found = {row["key"]: row for row in web.get(f"{told}/result.6/failures")}
        assert "2019-09-26T21:39:02.496+00:00" == found["consistent().failed"]["failed_at"]


class TestStates:
    @pytest.mark.parametrize(
        ("letters", "wanted"),
        [
            ("P", [None]),
            ("N", [None]),
            ("PF", [None, "new"]),
            ("FF", ["new", "consistent"]),
            ("FEE", ["new", "flaky", "flaky"]),
            ("FP", ["new", "passing"]),
            ("FPF", ["new", "passing", "flaky"]),
            ("FNN", ["new", "passing", "passing"]),
            ("FPPPPP", ["new", "passing", "passing", "passing", "passing", "resolved"]),
            ("FPPPPPP", ["new", "passing", "passing", "passing", "passing", "resolved", None]),
            ("FPPPPPF", ["new", "passing", "passing", "passing", "passing", "resolved", "new"]),
            ("FMMMMM", ["new", "consistent", "consistent", "consistent", "consistent", None]),
            ("FMP", ["new", "consistent", "passing"]),
            ("FTTF", ["new", "consistent", "consistent", "consistent"]),
        ],
    )
    def test_one_after_the_other(self, letters: str, wanted: list[str | None]) -> None:
        assert wanted == states(letters)

    def test_what_was_before_the_failure_is_in_its_history_only(self) -> None:
        first, second = track("FF", before="PPPPPP")
        assert first is not None and second is not None
        assert ("PPPPF", "new", 1) == (first.history, first.state, first.tracked_count)
        assert ("PPPFF", "consistent", 2) == (second.history, second.state, second.tracked_count)

    def test_results_are_counted_until_the_failure_is_resolved(self) -> None:
        assert [1, 2, 3, 4, 5, 0, None, 1] == [each and each.tracked_count for each in track("FPPPPPPF")]

    def test_times(self) -> None:
        seen = [(each.failed_at, each.passed_at) for each in track("FFPPFMF") if each is not None]
        assert [(0, None), (0, None), (0, 2), (0, 2), (4, None), (4, 5), (4, 5)] == seen


class TestOverHttp:
    def test_history_agrees_with_the_results_before(self, web: Web) -> None:
        """Every letter is the outcome of that case in that result, as its suite's file tells it."""
        rows = web.get("spaces/3/results")
        before = [outcomes(web, f"spaces/3/results/{row['id']}") for row in reversed(rows)]
        for number in range(1, 7):
            for failure in nonempty(web.get(f"spaces/3/results/result.{number}/failures")):
                known = [cases.get(failure["key"], "M") for cases in before[:number]][-5:]
                assert known == failure["history"], failure

    def test_reopening_takes_them_back(self, web: Web) -> None:
        space = web.space(4, "reopened")
        web.push(space, "r", suite("a", x="F"))
        before = web.get(f"spaces/{space}/results/r/failures")
        web.patch(f"spaces/{space}/results/r", {"complete": False})
        assert [] == web.get(f"spaces/{space}/results/r/failures")
        web.patch(f"spaces/{space}/results/r", {"complete": True})
        after = web.get(f"spaces/{space}/results/r/failures")
        assert [before[0]["key"], before[0]["state"]] == [after[0]["key"], after[0]["state"]]

    def test_messages_and_exemptions(self, web: Web) -> None:
        space = web.space(4, "excused")
        cases = (Case("a", FAILED, message="boom"), Case("b", FAILED, exempt=True))
        web.push(space, "r", Suite("s", cases))
        web.push(space, "t", suite("s"))
        for name in ("r", "t"):
            found = web.get(f"spaces/{space}/results/{name}/failures")
            assert [("boom", False), (None, True)] == [(row["message"], row["exempt"]) for row in found]
        assert [["F", "M"], ["F", "M"]] == [row["history"] for row in found]
