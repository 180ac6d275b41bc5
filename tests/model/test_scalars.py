"""Scalars of numpy and pandas as Python's own, and what is no value."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy
import pandas
import pytest

from assetmeta.model.errors import BadValue
from assetmeta.model.scalars import is_scalar, json_checked, json_value, plain, shown, whole_number
from assetmeta.model.values import Oid


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (numpy.float64(2.5), 2.5),
        (numpy.float32(2.5), 2.5),
        (numpy.longdouble(2.5), 2.5),
        (numpy.int64(-7), -7),
        (numpy.uint8(200), 200),
        (numpy.bool_(True), True),
        (numpy.str_("ä"), "ä"),
        (numpy.bytes_(b"x"), b"x"),
        (numpy.array(3), 3),
        (numpy.datetime64("2026-03-01"), date(2026, 3, 1)),
        (numpy.datetime64("2026-03-01T17:30"), datetime(2026, 3, 1, 17, 30)),
        (numpy.datetime64("2026-03-01T17:30", "ns"), datetime(2026, 3, 1, 17, 30)),
        (numpy.timedelta64(90, "m"), timedelta(minutes=90)),
        (numpy.timedelta64(90_000, "ns"), timedelta(microseconds=90)),
        (pandas.Timestamp("2026-03-01T17:30Z"), datetime(2026, 3, 1, 17, 30, tzinfo=UTC)),
        (pandas.Timedelta(hours=2), timedelta(hours=2)),
    ],
)
def test_a_scalar_of_another_library_is_taken_like_pythons(value: object, expected: object) -> None:
    found = plain(value)
    assert found == expected
    assert type(found).__module__ in ("builtins", "datetime")


@pytest.mark.parametrize("value", ["nan", 5, 2.5, True, None, Decimal("2.5"), Oid("Story", 5), [1], {"a": 1}, b"x"])
def test_what_is_plain_stays_the_same(value: object) -> None:
    assert plain(value) is value


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        -math.inf,
        Decimal("nan"),
        Decimal("snan"),
        Decimal("inf"),
        numpy.float64("nan"),
        numpy.float32("inf"),
        numpy.datetime64("NaT"),
        numpy.timedelta64("NaT"),
        pandas.NA,
        pandas.NaT,
        numpy.datetime64(1, "ns"),
        numpy.timedelta64(1, "ns"),
        numpy.timedelta64(1, "M"),
        pandas.Timestamp(1),
        pandas.Timedelta(1),
    ],
)
def test_what_is_no_value_or_would_lose_something_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"None to clear|not finite|round it first|cannot be expressed"):
        plain(value)


def test_whole_numbers() -> None:
    assert [5, 5, 5] == [whole_number(value) for value in (5, numpy.int64(5), numpy.array(5))]
    assert [None] * 5 == [whole_number(value) for value in (True, numpy.bool_(True), 5.0, "5", math.nan)]
    assert [True, False, False] == [is_scalar(value) for value in (numpy.int64(5), numpy.array([5]), 5)]


def test_json_has_plain_parts_and_is_a_copy() -> None:
    inner = [1, 2]
    value: dict[Any, Any] = {
        "a": numpy.array([[1, 2], [3, 4]]),
        "b": (numpy.int64(1), numpy.bool_(False), None),
        numpy.str_("c"): inner,
        numpy.int64(1): {True: 1, None: 2},
    }
    found = json_value(value)
    assert found == {"a": [[1, 2], [3, 4]], "b": [1, False, None], "c": [1, 2], "1": {"true": 1, "null": 2}}
    assert json.loads(json.dumps(found)) == found
    inner.append(3)
    assert found["c"] == [1, 2]
    assert json_value([Oid("A", 1)], lambda part: 7 if isinstance(part, Oid) else part) == [7]
    for bad in ([pandas.NA], {"a": [math.nan]}, {(1, 2): 1}, numpy.array([1.0, math.nan])):
        with pytest.raises(ValueError, match="."):
            json_value(bad)


def test_keys_of_assets() -> None:
    assert Oid.of("Story", numpy.int64(5)) == Oid("Story", 5) == Oid.of("Story", numpy.str_("5"))
    assert type(Oid.of("Story", numpy.int64(5)).key) is int
    for bad in (math.nan, pandas.NA, numpy.float64(5), numpy.bool_(True)):
        with pytest.raises(BadValue):
            Oid.of("Story", bad)


def test_neither_library_is_imported() -> None:
    code = "import sys, assetmeta; from assetmeta.model import scalars; print({'numpy', 'pandas'} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "set()"


@pytest.mark.parametrize("value", [{1, 2}, b"x", object(), 1j, {"a": [{1}]}, {(1, 2): "a"}, float("inf"), "\ud800"])
def test_what_json_cannot_hold_is_a_value_error(value):
    with pytest.raises(ValueError):
        json_checked(value)


def test_what_is_shown_of_a_value_is_short():
    assert len(shown("x" * 500)) == len(shown("x" * 78)) == 80
    assert shown("x" * 77) == repr("x" * 77)
