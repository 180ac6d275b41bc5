"""How values are spelled: each kind, both ways, and what is none of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from assetmeta.sandbox.versionone.literals import (
    DEAD,
    DELETED,
    NUMBERS,
    STATES,
    TEXTS,
    from_stored,
    parse_boolean,
    parse_number,
    parse_oid,
    parse_state,
    parse_time,
    spell_time,
    tidy,
    to_stored,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_times() -> None:
    spelled = {
        "2026-03-01": "2026-03-01T00:00:00.000",
        " 2026-3-1 ": "2026-03-01T00:00:00.000",
        "3/1/2026": "2026-03-01T00:00:00.000",
        "2026-03-01T12:30": "2026-03-01T12:30:00.000",
        "2026-03-01 12:30:05Z": "2026-03-01T12:30:05.000",
        "2026-03-01T12:30:05.1": "2026-03-01T12:30:05.100",
        "2026-03-01T12:30:05.123456789Z": "2026-03-01T12:30:05.123",
    }
    assert spelled == {text: spell_time(parse_time(text)) for text in spelled}
    assert datetime(2026, 3, 1, 12, 30, 5, 120_000, tzinfo=UTC) == parse_time("2026-03-01T12:30:05.12")
    east = timezone(timedelta(hours=5))
    assert ["2026-03-01T12:00:00.000"] * 2 + ["2026-03-01T00:00:00.000"] == [
        spell_time(each) for each in (NOON, NOON.astimezone(east), date(2026, 3, 1))
    ]
    for wrong in (
        "",
        "2026",
        "2026-13-01",
        "13/1/2026",
        "2026-03-01T12",
        "2026-03-01T12:30:05.",
        "26-3-1",
        "٢٠٢٦-03-01",
    ):
        with pytest.raises(ValueError, match="."):
            parse_time(wrong)


def test_numbers() -> None:
    read = {
        "5": 5,
        " +5 ": 5,
        "-5": -5,
        "1.5": 1.5,
        ".5": 0.5,
        "5.": 5,
        "1e3": 1000,
        "0.1": 0.1,
        "9" * 18: int("9" * 18),
    }
    assert read == {text: parse_number(text) for text in read}
    assert [int, int, float] == [type(parse_number(text)) for text in ("5", "5.0", "5.5")]
    for wrong in ("", "x", "1,5", "1e9999", "0x5", "٥", "1 5", "--5", "nan", "inf"):
        with pytest.raises(ValueError, match="."):
            parse_number(wrong)
    assert (0.3, 1e15, 2, -2) == (tidy(0.1 + 0.2), tidy(1e15), tidy(2.0), tidy(-2.0000000001))
    assert (int, float) == (type(tidy(999_999_999_999_999.0)), type(tidy(1e15)))
    for odd in (float("inf"), float("-inf"), float("nan")):
        with pytest.raises(ValueError, match="not a finite number"):
            tidy(odd)


def test_booleans_states_and_tokens() -> None:
    assert [1, 1, 1, 0, 0, 0] == [parse_boolean(text) for text in ("true", " TRUE", "1", "False", "0", "fALSE ")]
    assert [64, 64, 208, 255, 3, -1] == [
        parse_state(text) for text in ("Active", "64", "Broken Down", "deleted", " 3", "-1")
    ]
    tokens = {"Story:5": ("Story", 5), " A_1:-5:77 ": ("A_1", -5), "NULL": None, "": None, " ": None}
    assert tokens == {text: parse_oid(text) for text in tokens}
    for parse, wrong in ((parse_boolean, "yes"), (parse_state, "odd"), (parse_oid, "Story"), (parse_oid, "Story:5:x")):
        with pytest.raises(ValueError, match="not a"):
            parse(wrong)  # type: ignore[operator]


def test_what_the_database_holds_and_what_results_have() -> None:
    stored = [
        ("Date", "2026-03-01", "2026-03-01T00:00:00.000"),
        ("Date", NOON, "2026-03-01T12:00:00.000"),
        ("Boolean", True, 1),
        ("Boolean", "false", 0),
        ("Numeric", 1.5, 1.5),
        ("Numeric", "1.50", 1.5),
        ("LongInt", "5.0", 5),
        ("State", "Closed", 128),
        ("Text", True, "true"),
        ("Text", False, "false"),
        ("Text", 5, "5"),
        ("Text", "x" * 4000, "x" * 4000),
        ("LongText", "x" * 4001, "x" * 4001),
        ("Duration", "2 Weeks", "2 Weeks"),
        ("Guid", "01943a8e-45d0-0006-89de-38def875223b", "01943a8e-45d0-0006-89de-38def875223b"),
        *((kind, empty, None) for kind in ("Text", "Date", "Numeric") for empty in (None, "")),
    ]
    for kind, value, expected in stored:
        found = to_stored(kind, value)
        assert (expected, type(expected)) == (found, type(found)), (kind, value)
    for kind, wrong in (
        ("Text", "x" * 4001),
        ("Text", ["x"]),
        ("LongInt", "1.5"),
        ("Rank", 1.5),
        ("Duration", "2 weeks"),
        ("Duration", "2"),
        ("Guid", "x"),
        ("Date", "x"),
        ("Boolean", 2),
    ):
        with pytest.raises(ValueError, match="."):
            to_stored(kind, wrong)
    results = [
        ("CreateDate", "Date", "2026-03-01T12:00:00.123", "2026-03-01T12:00:00.123"),
        ("CreateDate", "Date", "2026-03-01T00:00:00.000", "2026-03-01"),
        ("CreateDateUTC", "Date", "2026-03-01T00:00:00.123", "2026-03-01T00:00:00.1230000Z"),
        ("IsDead", "Boolean", 0, False),
        ("Estimate", "Numeric", 1.5, 1.5),
        ("Estimate", "Numeric", "2.0", 2),
        ("Name", "Text", "x", "x"),
        ("Content", "Blob", b"x", b"x"),
        ("Name", "Text", None, None),
        ("AssetState", "State", 64, 64),
    ]
    for name, kind, value, result in results:
        found = from_stored(name, kind, value)
        assert (result, type(result)) == (found, type(found)), (name, value)


def test_the_words_by_heart() -> None:
    assert {"Text", "LongText", "LocalizerTag", "Password", "AssetType", "Guid", "Duration"} == TEXTS
    assert {"Numeric", "LongInt", "Rank", "Opaque"} == NUMBERS
    names = ("future", "active", "closed", "template", "brokendown", "guestcollaborator", "deleted")
    assert dict(zip(names, (0, 64, 128, 200, 208, 209, 255), strict=True)) == STATES
    assert (192, 255) == (DEAD, DELETED)
