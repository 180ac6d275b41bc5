"""The health of a result: the badges of its space's metrics, and the sentence about them.

Unhealthy is a result with a badge whose criterion is not met. Invalid is one without cases, or one that lacks what a
badge needs.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from .evaluation import evaluated, numbers
from .expressions import Value
from .standard import CASES
from .store import Row

SUCCESS, FAILURE, INVALID = "success", "failure", "invalid"
STATES = (SUCCESS, FAILURE, INVALID)

OPENINGS = {
    SUCCESS: "Healthy. All Testspace metrics were in range.",
    FAILURE: "Unhealthy. One or more Testspace metrics were out of range.",
    INVALID: "Invalid. Required data is missing.",
}


def health_of(cases: int, exempt: int, measured: Iterable[tuple[Row, Row]]) -> dict[str, object]:
    """The health of a result with *cases* cases, some *exempt*, from its metrics, each with its data set."""
    state = SUCCESS if cases else INVALID
    badges, remarks = [], []
    for metric, dataset in measured:
        values = evaluated(metric, dataset)
        met = values["bc"]
        if met is None:
            state = INVALID
        elif not met and state == SUCCESS:
            state = FAILURE
        badges.append(
            {
                "metric_id": metric["id"],
                "name": metric["badge"]["name"],
                "value": numbers(values)["b"],
                "status": "passing" if met else "failing",
            }
        )
        if not met:
            remarks.append(f"* {metric['name']}: {remark(metric, values, exempt)}")
    return {"state": state, "description": "\n".join([OPENINGS[state], *remarks]), "badges": badges}


def remark(metric: Row, values: dict[str, Value], exempt: int) -> str:
    """What is wrong, in words."""
    passed, failed, threshold = values["v1"], values["v2"], values["t1"]
    if metric["data_source"] == CASES and isinstance(passed, Fraction) and isinstance(failed, Fraction):
        total = passed + failed
        if total and isinstance(threshold, Fraction):
            excused = f" and {plural(exempt, 'exempt case')}" if exempt else ""
            return (
                f"{plural(int(failed), 'unexpected failure')}! {percent(passed / total)} passed "
                f"({percent(threshold / total)} threshold{excused})"
            )
    value = numbers(values)["b"]
    return "no data" if value is None else f"{value} is out of range"


def plural(number: int, noun: str) -> str:
    """A number with its noun."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def percent(share: Fraction) -> str:
    """A share with one decimal."""
    return f"{float(share) * 100:.1f}%"
