"""What a metric makes of a data set: its variables, thresholds and badge, worked out by its expressions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from fractions import Fraction

from .expressions import RAW, THRESHOLDS, VARIABLES, Value, evaluate, plain
from .standard import PARTS
from .store import Row

LEADING = re.compile(r"\s*(-?\d+(?:\.\d+)?)")
BADGE, CRITERIA = "b", "bc"


def read_metric(row: Row) -> Row:
    """A metric's row with its lists and objects as data."""
    return row | {name: None if row[name] is None else json.loads(row[name]) for name in PARTS}


def figures_of(row: Row) -> dict[str, float | None]:
    """The raw values d1..d10 of a data set."""
    given = json.loads(row["figures"])
    return dict(zip(RAW, (*given, *[None] * len(RAW)), strict=False))


def evaluated(metric: Row, dataset: Row) -> dict[str, Value]:
    """v1..v5, t1, t2, the badge's value `b` and its criterion `bc`, from a metric as data and a data set's row.

    Whatever the metric does not define, or the data do not give, is None.
    """
    raw: dict[str, Value] = {
        name: None if value is None else Fraction(value) for name, value in figures_of(dataset).items()
    }
    found = filled(VARIABLES, metric["variables"], raw) | filled(THRESHOLDS, metric["thresholds"], raw)
    badge = metric["badge"] or {}
    known = raw | found
    for name, key in ((BADGE, "value_expression"), (CRITERIA, "criteria_expression")):
        found[name] = evaluate(badge[key], known) if badge.get(key) else None
    if not isinstance(found[CRITERIA], bool):
        found[CRITERIA] = None
    return found


def filled(names: Iterable[str], defined: list[Row], raw: dict[str, Value]) -> dict[str, Value]:
    """The values of v1..v5 or t1, t2, None for those that are not defined."""
    values = [evaluate(entry["expression"], raw) for entry in defined]
    return {name: values[place] if place < len(values) else None for place, name in enumerate(names)}


def numbers(values: dict[str, Value]) -> dict[str, int | float | bool | None]:
    """Values as JSON shows them: a text counts by the number it begins with."""
    return {name: value if isinstance(value, bool) else number(value) for name, value in values.items()}


def number(value: Value) -> int | float | None:
    """One value as a number, None where it is none."""
    if isinstance(value, str):
        found = LEADING.match(value)
        value = None if found is None else Fraction(found[1])
    return plain(value) if isinstance(value, Fraction) else None
