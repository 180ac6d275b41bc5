"""What each codec reads, writes and takes: both ends of every rule, side by side."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import IntEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from assetmeta.model.codecs import (
    AnyValue,
    Binary,
    Boolean,
    Codec,
    DateTime,
    Duration,
    Guid,
    Integer,
    Number,
    Secret,
    Span,
    Text,
    condition_text,
    document_part,
    plain_decimal,
    wire_text,
)
from assetmeta.model.errors import BadValue
from assetmeta.model.texts import JsonText
from assetmeta.model.zones import checked_moment, exists_there, local_moment, zone_named

UUID_TEXT = "7f1c2f7e-4a7b-4d57-8a36-5f0f0e1c2b3a"
BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALL: list[Codec] = [AnyValue(), Text(), Number(), Integer(), Boolean(), DateTime(), Duration(), Binary(), Guid()]


class Two(IntEnum):
    """A number of a user's own."""

    TWO = 2


def refusal(codec: Codec, value: object) -> str:
    with pytest.raises(ValueError) as caught:
        codec.parse(value)
    return str(caught.value)


def test_nothing_is_nothing_everywhere() -> None:
    for codec in [*ALL, Secret()]:
        assert codec.decode(None) is None
        assert codec.parse(None) is None
        assert codec.encode(None) == ""
        assert wire_text(codec, None) == ""
    for codec in ALL[2:]:
        assert codec.decode("") is None
    assert (Text().decode(""), Text(empty_is_null=True).decode("")) == ("", None)
    assert (Text().parse(""), Text(empty_is_null=True).parse("")) == ("", None)
    assert Text(empty_is_null=True).parse("a") == Text(empty_is_null=True).decode("a") == "a"
    assert Binary().parse("") is None


@pytest.mark.parametrize(
    ("codec", "raw", "value"),
    [
        (AnyValue(), "5", "5"),
        (AnyValue(), True, True),
        (Text(), 5, "5"),
        (Text(), "a", "a"),
        (Number(), "2.50", Decimal("2.50")),
        (Number(), 2.5, Decimal("2.5")),
        (Number(), 3, Decimal(3)),
        (Integer(), "-7", -7),
        (Integer(), 7.0, 7),
        (Integer(), Decimal(7), 7),
        (Boolean(), "True", True),
        (Boolean(), "False", False),
        (Boolean(), "true", True),
        (Boolean(), "false", False),
        (Boolean(), "1", True),
        (Boolean(), "0", False),
        (Boolean(), True, True),
        (Boolean(), 0, False),
        (DateTime(), "2026-03-01T12:00:00Z", NOON),
        (DateTime("Europe/Berlin"), "2026-03-01T12:00:00", datetime(2026, 3, 1, 12, tzinfo=BERLIN)),
        (DateTime("Europe/Berlin"), "2026-03-01T12:00:00+00:00", NOON),
        (Duration(), "2 Weeks", Span(2, "Weeks")),
        (Duration(), "soon", "soon"),
        (Binary(), "eA==", b"x"),
        (Binary(), "not base64!", "not base64!"),
        (Guid(), UUID_TEXT, UUID(UUID_TEXT)),
        (Secret(), "s", None),
    ],
    ids=str,
)
def test_what_is_read(codec: Codec, raw: Any, value: object) -> None:
    found = codec.decode(raw)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("codec", "value", "text"),
    [
        (AnyValue(), True, "true"),
        (AnyValue(), 5, "5"),
        (AnyValue(), False, "false"),
        (AnyValue(), "Text", "Text"),
        (Text(), "a", "a"),
        (Number(), Decimal("2.50"), "2.5"),
        (Number(), Decimal("1E+3"), "1000"),
        (Integer(), 5, "5"),
        (Boolean(), True, "true"),
        (Boolean(), False, "false"),
        (DateTime(), NOON, "2026-03-01T12:00:00.000"),
        (DateTime(), NOON.replace(microsecond=500), "2026-03-01T12:00:00.000500"),
        (DateTime(), NOON.replace(microsecond=5000), "2026-03-01T12:00:00.005"),
        (DateTime(), datetime(2026, 3, 1, tzinfo=UTC), "2026-03-01"),
        (DateTime("Europe/Berlin"), datetime(2026, 2, 28, 23, tzinfo=UTC), "2026-03-01"),
        (DateTime("Europe/Berlin"), NOON, "2026-03-01T13:00:00.000"),
        (Duration(), Span(1, "Days"), "1 Days"),
        (Binary(), b"x", "eA=="),
        (Guid(), UUID(UUID_TEXT), UUID_TEXT),
        (Secret(), "s", "s"),
    ],
    ids=str,
)
def test_what_is_written(codec: Codec, value: object, text: str) -> None:
    assert codec.encode(value) == wire_text(codec, value) == text == condition_text(codec, value)


def test_an_hour_that_comes_twice_is_given_in_utc_in_a_condition() -> None:
    twice = datetime(2026, 10, 25, 0, 30, 0, 5000, tzinfo=UTC)
    codec = DateTime("Europe/Berlin")
    assert wire_text(codec, twice, in_condition=True) == "2026-10-25T00:30:00.005Z"
    for in_condition in (True, False):
        with pytest.raises(ValueError, match="'x' is not a datetime"):
            wire_text(codec, "x", in_condition=in_condition)
    midnight = datetime(2026, 10, 25, 0, tzinfo=BERLIN, fold=1)
    assert codec.encode(midnight) == "2026-10-25"


@pytest.mark.parametrize(
    ("codec", "given", "value"),
    [
        (AnyValue(), Decimal(1), Decimal(1)),
        (AnyValue(), 1.5, 1.5),
        (AnyValue(), True, True),
        (Text(), 5, "5"),
        (Text(), 2.5, "2.5"),
        (Text(), Decimal("2.50"), "2.50"),
        (Number(), " 2.50 ", Decimal("2.50")),
        (Number(), 2.1, Decimal("2.1")),
        (Integer(), " -7 ", -7),
        (Integer(), Two.TWO, 2),
        (Integer(), Decimal(7), 7),
        (Boolean(), " TRUE ", True),
        (Boolean(), "0", False),
        (Boolean(), 1, True),
        (DateTime(), " 2026-03-01T12:00Z ", NOON),
        (DateTime(), NOON, NOON),
        (DateTime(), "2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        (DateTime("Europe/Berlin"), date(2026, 3, 1), datetime(2026, 3, 1, tzinfo=BERLIN)),
        (Duration(), timedelta(days=3), Span(3, "Days")),
        (Duration(), timedelta(0), Span(0, "Days")),
        (Duration(), " 1 month ", Span(1, "Months")),
        (Duration(), "9" * 18 + " DAYS", Span(int("9" * 18), "Days")),
        (Binary(), b"x", b"x"),
        (Guid(), UUID_TEXT.upper(), UUID(UUID_TEXT)),
        (Guid(), UUID(UUID_TEXT), UUID(UUID_TEXT)),
    ],
    ids=str,
)
def test_what_is_taken(codec: Codec, given: object, value: object) -> None:
    found = codec.parse(given)
    assert (found, type(found)) == (value, type(value))


def test_what_is_refused_is_named_with_the_reason() -> None:
    for codec, given, words in (
        (AnyValue(), b"x", "bytes cannot be sent"),
        (AnyValue(), [1], "list cannot be sent"),
        (Text(), True, "bool is not text"),
        (Text(), b"x", "bytes is not text"),
        (Text(), NOON, "datetime is not text"),
        (Text(), "a\x00", "it contains U+0000, which no document can carry"),
        (Number(), True, "bool is not a number"),
        (Number(), NOON, "datetime is not a number"),
        (Number(), "a", "'a' is not a number"),
        (Number(), "nan", "'nan' is not a finite number"),
        (Number(), "1e400", ""),
        (Number(), "1e401", "a number has 400 digits at most"),
        (Number(), "1." + "1" * 400, "a number has 400 digits at most"),
        (Integer(), True, "True is not a whole number"),
        (Integer(), 2.5, "2.5 is not a whole number"),
        (Integer(), 10**400, "a number has 400 digits at most"),
        (Integer(), -(10**400), "a number has 400 digits at most"),
        (Integer(), "1" * 401, "a number has 400 digits at most"),
        (Integer(), "٣", "'٣' is not a whole number"),
        (Integer(), "5\n6", "'5\\n6' is not a whole number"),
        (Boolean(), "yes", "'yes' is neither true nor false"),
        (Boolean(), 2, "2 is neither true nor false"),
        (DateTime(), datetime(2026, 3, 1), "2026-03-01T00:00:00 has no time zone"),
        (DateTime(), "2026-03-01T12:00", "2026-03-01T12:00:00 has no time zone"),
        (DateTime(), "soon", "'soon' is not an ISO date or time"),
        (DateTime(), 5, "5 is not a point in time"),
        (Duration(), timedelta(hours=30), "the server keeps whole days, and 1 day, 6:00:00 is no whole number of days"),
        (Duration(), timedelta(days=-1), "the server keeps whole days, and -1 day, 0:00:00 is negative"),
        (Duration(), "9" * 19 + " Days", f"'{'9' * 19} Days' is not a duration"),
        (Duration(), "1Days", "'1Days' is not a duration"),
        (Binary(), "x", "str is not bytes"),
        (Guid(), "x", "'x' is not a UUID"),
        (Secret(), 5, "a secret is text"),
    ):
        if words:
            assert refusal(codec, given).startswith(words)
        else:
            codec.parse(given)
    assert Integer().parse(10**400 - 1) == 10**400 - 1
    assert Number().parse("0e999999") == 0


def test_whatever_a_codec_raises_is_about_the_value() -> None:
    class Broken(Text, frozen=True):
        def encode(self, value: object) -> str:
            raise KeyError(value)

    with pytest.raises(ValueError, match="^KeyError: 'x'$"):
        wire_text(Broken(), "x")
    with pytest.raises(ValueError, match="U\\+0001"):
        wire_text(Text(), "\x01")


def test_what_tables_of_texts_spell() -> None:
    booleans = [Boolean().from_text(text) for text in ("yes", "NO", "Yes", "maybe")]
    assert booleans == [True, False, True, "maybe"]
    assert [Integer().from_text(text) for text in ("3.0", "3.00", "3.5", "3.05", "30")] == [
        *("3", "3", "3.5", "3.05", "30")
    ]
    assert Binary().from_text("eA==") == b"x"
    with pytest.raises(ValueError, match="."):
        Binary().from_text("not base64!")


def test_numbers_are_spelt_without_exponent_or_needless_zeros() -> None:
    cases = {"5": "5", "5.00": "5", "9.30": "9.3", "0.01": "0.01", "-2": "-2", "-0.0": "0", "-0": "0", "1E+2": "100"}
    assert {text: plain_decimal(Decimal(text)) for text in [*cases, "0E-5", "100"]} == {
        **cases,
        "0E-5": "0",
        "100": "100",
    }


def test_what_represents_a_part_of_a_document() -> None:
    text = JsonText("x")
    assert document_part(text) is text
    assert (Number.is_number, Integer.is_number, str(Span(2, "Weeks"))) == (True, True, "2 Weeks")


def test_moments_of_the_past_as_people_give_them() -> None:
    aware = datetime(2026, 3, 1, 17, 30, tzinfo=BERLIN)
    for given in ("2026-03-01", "2026-03-01T17:30", "2026-03-01T17:30Z", datetime(2026, 3, 1), aware):
        assert checked_moment(given) == given
    assert checked_moment(date(2026, 3, 1)) == "2026-03-01"
    ends = [datetime.max, datetime.min, "9999-12-31", "0001-01-01T00:00"]
    for bad in (*ends, "soon", datetime(2026, 3, 29, 2, 30, tzinfo=BERLIN), float("nan")):
        with pytest.raises(BadValue, match=r"^asof\(.*Give a date or time such as"):
            checked_moment(bad)
    for bad in (None, 3.5, True, 5):
        with pytest.raises(BadValue, match=r"^asof\(.*give a datetime, a date, or ISO text\.$"):
            checked_moment(bad)
    with pytest.raises(BadValue) as caught:
        checked_moment("x" * 500)
    assert len(str(caught.value)) < 400


def test_zones_and_the_times_that_clocks_skip() -> None:
    assert zone_named("UTC") is UTC
    assert zone_named("Europe/Berlin") is zone_named("Europe/Berlin")
    fixed = timezone(timedelta(hours=2))
    for moment in (NOON, NOON.astimezone(BERLIN), NOON.astimezone(fixed), datetime.max.replace(tzinfo=UTC)):
        assert exists_there(moment) is moment
    assert local_moment(datetime(2026, 3, 1, 13), BERLIN) == NOON
    for wall, words in ((datetime(2026, 3, 29, 2, 30), "does not exist"), (datetime(2026, 10, 25, 2, 30), "twice")):
        with pytest.raises(ValueError, match=words):
            local_moment(wall, BERLIN)
