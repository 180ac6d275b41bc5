"""Values as JSON has them, and parameters by name."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import IntEnum
from typing import Any, TypedDict

from assetmeta.model.codecs import Span
from assetmeta.model.json_value import json_value
from assetmeta.model.texts import Cleaned
from assetmeta.model.values import Oid
from assetmeta.settings import keywords, names_settings


class Two(IntEnum):
    """A number of a user's own."""

    TWO = 2


class Asset:
    idref = "Story:7"


class Unset:
    def __bool__(self) -> bool:
        return False


class Other:
    def __str__(self) -> str:
        return "other"


def test_every_kind_of_value() -> None:
    cases: list[tuple[Any, Any]] = [
        (None, None),
        (True, True),
        (2.5, 2.5),
        (Cleaned("a"), "a"),
        (Two.TWO, 2),
        (Decimal("2.50"), 2.5),
        (Decimal("3.00"), 3),
        (Decimal("0.1234567890123456789"), "0.1234567890123456789"),
        (Decimal("NaN"), "NaN"),
        (date(2026, 3, 1), "2026-03-01"),
        (datetime(2026, 3, 1, 17, tzinfo=UTC), "2026-03-01T17:00:00+00:00"),
        (timedelta(minutes=1.5), 90.0),
        (Oid("Story", 5), "Story:5"),
        (Asset(), "Story:7"),
        (Unset(), None),
        (Other(), "other"),
        ({5: Decimal(1)}, {"5": 1}),
        (Span(2, "Weeks"), {"amount": 2, "unit": "Weeks"}),
        ((Asset(), None), ["Story:7", None]),
        ({Decimal(1)}, [1]),
        (b"x", "b'x'"),
        (bytearray(b"x"), "bytearray(b'x')"),
    ]
    for value, expected in cases:
        found = json_value(value)
        assert (found, type(found)) == (expected, type(expected))
        json.dumps(found)


class Settings(TypedDict, total=False):
    a: int
    b: str
    missing: int


def test_settings_are_listed_with_their_defaults() -> None:
    def taker(first: int, a: int = 5, b: str = "x", c: int = 1) -> None: ...

    @names_settings(Settings, taker)
    def maker(own: int, *, b: str = "own", **settings: Any) -> None: ...

    assert keywords(maker) == ["b", "a"]
    found = maker.__signature__.parameters  # type: ignore[attr-defined]
    assert {name: each.default for name, each in found.items() if name != "own"} == {"b": "own", "a": 5}
    assert list(found) == ["own", "b", "a"]
