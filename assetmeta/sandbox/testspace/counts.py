"""How much of what is in a result: suites, cases, annotations and failures, summed over its contents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .failure_states import STATES
from .store import Row, Store
from .suites import COUNTED, SEVERITIES

SUMS = ", ".join(f"SUM({column}) AS {column}" for column in (*COUNTED, *SEVERITIES))
VERDICTS = """
    SUM(failed + errored > 0) AS bad,
    SUM(failed + errored = 0 AND passed > 0) AS good,
    SUM(failed + errored + passed = 0 AND not_applicable > 0) AS idle
"""
OF_CONTENTS = f"""
    SELECT result_id, manual, {SUMS}, {VERDICTS}, SUM(duration) AS duration
    FROM content WHERE type = 'suite' AND result_id IN ? GROUP BY result_id, manual
"""
OF_FAILURES = """
    SELECT failure.result_id, COALESCE(manual, 0) AS manual, state, exempt, COUNT(*) AS number
    FROM failure LEFT JOIN content ON content.result_id = failure.result_id AND content.path = failure.suite
    WHERE failure.result_id IN ? GROUP BY failure.result_id, COALESCE(manual, 0), state, exempt
"""
OF_ITEM = """
    SELECT state, exempt, COUNT(*) AS number FROM failure
    WHERE result_id = ? AND (suite = ? OR substr(suite, 1, ?) = ?) GROUP BY state, exempt
"""


@dataclass
class Counts:
    """*suites*: passed, failed, not applicable. *cases*: these, errored and untested. *annotations*: by severity.
    *failures*: by state, then the exempt ones. *duration* in seconds.
    """

    suites: list[int]
    cases: list[int]
    annotations: list[int]
    failures: list[int]
    duration: float = 0.0

    @property
    def exempt(self) -> int:
        """How many failures are exempt."""
        return self.failures[-1]

    @property
    def total(self) -> int:
        """How many cases there are."""
        return sum(self.cases)


def none() -> Counts:
    """The counts of nothing."""
    return Counts([0] * 3, [0] * len(COUNTED), [0] * len(SEVERITIES), [0] * (len(STATES) + 1))


def counts_of(store: Store, results: Iterable[Row]) -> dict[int, tuple[Counts, Counts]]:
    """By id of each result its counts, and those of its session.

    The session is the manual part of a result that has one, and all of any other.
    """
    rows = {row["id"]: row for row in results}
    parts = {(key, manual): none() for key in rows for manual in (0, 1)}
    for row in store.among(OF_CONTENTS, rows):
        parts[row["result_id"], row["manual"]] = of_contents(row)
    for row in store.among(OF_FAILURES, rows):
        place = len(STATES) if row["exempt"] else STATES.index(row["state"])
        parts[row["result_id"], row["manual"]].failures[place] += row["number"]
    found = {}
    for key, row in rows.items():
        whole = added(parts[key, 0], parts[key, 1])
        session = parts[key, 1] if parts[key, 1].total else whole
        whole.annotations[SEVERITIES.index("info")] += row["notes"]
        found[key] = (whole, session)
    return found


def of_failures(store: Store, item: Row) -> list[int]:
    """The counts of the failures in a suite, or below a folder."""
    found, path = none().failures, item["path"]
    for row in store.all(OF_ITEM, item["result_id"], path, len(path) + 1, f"{path}/"):
        found[len(STATES) if row["exempt"] else STATES.index(row["state"])] += row["number"]
    return found


def of_contents(row: Row) -> Counts:
    """The counts of the suites that a row sums up."""
    found = none()
    found.suites = [row["good"], row["bad"], row["idle"]]
    found.cases = [row[column] for column in COUNTED]
    found.annotations = [row[severity] for severity in SEVERITIES]
    found.duration = round(row["duration"], 6)
    return found


def added(one: Counts, other: Counts) -> Counts:
    """Both together."""
    return Counts(
        summed(one.suites, other.suites),
        summed(one.cases, other.cases),
        summed(one.annotations, other.annotations),
        summed(one.failures, other.failures),
        round(one.duration + other.duration, 6),
    )


def summed(one: list[int], other: list[int]) -> list[int]:
    """The sums of the numbers at the same places."""
    return [left + right for left, right in zip(one, other, strict=True)]
