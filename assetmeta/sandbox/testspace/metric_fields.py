"""What may be set of a metric: its series and its badge have expressions, which are read before they are stored."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .expressions import RAW, THRESHOLDS, VARIABLES, compiled
from .fields import Check, Field, count, flag, name_text, text
from .refusals import invalid
from .standard import CASES, COLUMNS, FAILURES, HEALTH, RANGE, SUITES

BUILT_IN = (SUITES, CASES, FAILURES, HEALTH)
SOURCE = re.compile(r"/[^\[\]]+\[[^\[\]]+\]")
KNOWN_IN_BADGES = (*RAW, *VARIABLES, *THRESHOLDS)
ENTRY = ("name", "color", "expression")
BADGE = ("name", "value_expression", "criteria_expression")


def data_source(name: str, value: object) -> str:
    """One of the built-in sources, or `/path/to/suite[label]`."""
    found = name_text(name, value)
    if found not in BUILT_IN and SOURCE.fullmatch(found) is None:
        raise invalid(f"{name} must be {', '.join(BUILT_IN)} or /path/to/suite[label]")
    return found


def expression(name: str, value: object, known: tuple[str, ...]) -> str:
    """An expression over the names *known*."""
    found = text(name, value)
    try:
        compiled(found, known)
    except ValueError as error:
        raise invalid(f"{name}: {error}") from None
    return found


def series(most: int) -> Check:
    """A list of at most *most* objects with name, colour and an expression over the raw values."""

    def check(name: str, value: object) -> list[dict[str, str]]:
        if not isinstance(value, list) or len(value) > most:
            raise invalid(f"{name} must be a list of {most} at most")
        return [entry(name, each) for each in value]

    return check


def entry(name: str, value: object) -> dict[str, str]:
    """One variable or threshold."""
    given = parts(name, value, ENTRY)
    return {
        "name": text(f"{name}.name", given["name"]),
        "color": text(f"{name}.color", given["color"]),
        "expression": expression(f"{name}.expression", given["expression"], RAW),
    }


def badge(name: str, value: object) -> dict[str, object]:
    """A badge: its expressions also know the variables and thresholds."""
    given = parts(name, value, BADGE)
    found: dict[str, object] = {"name": text(f"{name}.name", given["name"])}
    for key in BADGE[1:]:
        found[key] = expression(f"{name}.{key}", given[key], KNOWN_IN_BADGES)
    return found | {"is_enabled": bool(flag(f"{name}.is_enabled", given.get("is_enabled", True)))}


def parts(name: str, value: object, keys: tuple[str, ...]) -> Mapping[str, object]:
    """An object that has all of *keys*."""
    if not isinstance(value, dict) or not set(keys) <= value.keys():
        raise invalid(f"{name} must have {', '.join(keys)}")
    return value


FIELDS = (
    Field("name", name_text, required=True),
    Field("data_source", data_source, required=True),
    Field("chart_type", name_text, default=COLUMNS),
    Field("max_range", count, default=RANGE),
    Field("max_range_limit", count, nullable=True),
    Field("units", text, nullable=True),
    Field("variables", series(len(VARIABLES)), default=()),
    Field("thresholds", series(len(THRESHOLDS)), default=()),
    Field("badge", badge, nullable=True),
)
