"""Which values codecs take and refuse, apart from any server."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from assetmeta.backends.rest.codecs import Document, Instant, Real
from assetmeta.backends.valispace import Html
from assetmeta.backends.valohai.codecs import Seconds, codec_for
from assetmeta.backends.versionone.tokens import asof_text
from assetmeta.model.codecs import DateTime, Duration, Integer, Number, Span, Text, wire_text
from assetmeta.model.errors import BadValue
from assetmeta.model.texts import Cleaned
from assetmeta.model.values import Oid

BERLIN = ZoneInfo("Europe/Berlin")
LOCAL = DateTime("Europe/Berlin")
TWICE = [
    datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    datetime(2026, 10, 25, 2, 0, tzinfo=BERLIN),
    datetime(2026, 10, 25, 2, 59, 59, tzinfo=BERLIN, fold=1),
]
NEVER = [datetime(2026, 3, 29, 2, 0, tzinfo=BERLIN), datetime(2026, 3, 29, 2, 59, 59, tzinfo=BERLIN)]


@pytest.mark.parametrize("moment", TWICE)
def test_an_hour_that_comes_twice_cannot_be_said_without_an_offset(moment: datetime) -> None:
    with pytest.raises(ValueError, match=r"comes twice in Europe/Berlin.*before or after"):
        wire_text(LOCAL, LOCAL.parse(moment))
    with pytest.raises(BadValue, match="comes twice"):
        asof_text(moment, "Europe/Berlin")
    assert wire_text(LOCAL, moment, in_condition=True) == f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"
    assert wire_text(Instant("Europe/Berlin"), moment).startswith("2026-10-25T02:")
    assert asof_text(moment, "UTC").startswith("2026-10-25T0")


@pytest.mark.parametrize("moment", NEVER)
def test_an_hour_that_does_not_exist_is_refused(moment: datetime) -> None:
    for codec in (LOCAL, DateTime(), Instant()):
        with pytest.raises(ValueError, match="does not exist in Europe/Berlin"):
            codec.parse(moment)


def test_local_texts_of_the_past_are_checked_as_well() -> None:
    assert asof_text("2026-10-25", "Europe/Berlin") == "2026-10-25"
    assert asof_text("2026-10-25T03:00", "Europe/Berlin") == "2026-10-25T03:00"
    for text, why in (("2026-10-25T02:30", "comes twice"), ("2026-03-29 02:30", "does not exist")):
        with pytest.raises(BadValue, match=why):
            asof_text(text, "Europe/Berlin")
        assert asof_text(text, "UTC") == text


def test_the_hours_around_are_taken() -> None:
    for hour, minute, text in ((0, 29, "02:29"), (1, 0, "03:00")):
        moment = datetime(2026, 3, 29, hour, minute, tzinfo=UTC)
        expected = "01:29" if hour == 0 else text
        assert wire_text(LOCAL, LOCAL.parse(moment)) == f"2026-03-29T{expected}:00.000"
    assert wire_text(LOCAL, datetime(2026, 10, 25, 2, 0, tzinfo=UTC)) == "2026-10-25T03:00:00.000"
    assert wire_text(LOCAL, datetime(2026, 10, 24, 23, 59, tzinfo=UTC)) == "2026-10-25T01:59:00.000"


@pytest.mark.parametrize(
    ("zone", "day"), [("America/Sao_Paulo", date(2018, 11, 4)), ("America/Havana", date(2026, 11, 1))]
)
def test_a_date_is_sent_as_one_where_midnight_is_skipped_or_repeated(zone: str, day: date) -> None:
    codec = DateTime(zone)
    assert wire_text(codec, codec.parse(day)) == day.isoformat()


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Los_Angeles"])
def test_the_ends_of_the_calendar(zone: str) -> None:
    codec = DateTime(zone)
    refused = 0
    for moment in (datetime.min, datetime.max):
        for offset in (-14, 0, 14):
            given = moment.replace(tzinfo=timezone(timedelta(hours=offset)))
            try:
                wire_text(codec, codec.parse(given))
            except ValueError as error:
                assert "outside the years 1 to 9999" in str(error)
                refused += 1
    assert refused == 3
    for bad in (datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))), datetime.min.replace(tzinfo=BERLIN)):
        with pytest.raises(BadValue, match="outside the years"):
            asof_text(bad, zone)


@pytest.mark.parametrize(
    "length",
    [
        timedelta(hours=10),
        timedelta(days=1, hours=10),
        timedelta(microseconds=1),
        timedelta(days=-1),
        -timedelta(hours=1),
    ],
)
def test_a_part_of_a_day_is_no_number_of_days(length: timedelta) -> None:
    with pytest.raises(ValueError, match="the server keeps whole days"):
        Duration().parse(length)


@pytest.mark.parametrize("given", ["-1 Days", "1.5 Weeks", Span(-1, "Days"), Span(1, "Years"), "9" * 5000 + " Days", 5])
def test_what_is_no_duration(given: object) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        Duration().parse(given)


def test_whole_days_are_durations() -> None:
    assert [Span(0, "Days"), Span(10, "Days"), Span(2, "Weeks")] == [
        Duration().parse(given) for given in (timedelta(), timedelta(hours=240), Span(2, "week"))
    ]


def test_seconds() -> None:
    assert timedelta(seconds=1.5) == Seconds().parse(1.5) == Seconds().parse("1.5")
    for bad in (timedelta(seconds=-1), -0.5, "-3"):
        with pytest.raises(ValueError, match="negative"):
            Seconds().parse(bad)
    for bad in (1e300, "1e20"):
        with pytest.raises(ValueError, match="too long"):
            Seconds().parse(bad)


@pytest.mark.parametrize("codec", [Integer(), Number()])
def test_numbers_of_thousands_of_digits(codec: Integer | Number) -> None:
    for bad in ("9" * 401, Decimal("1e401"), "1e999999", "1e-999999", Decimal(10) ** 500):
        with pytest.raises(ValueError, match=r"400 digits at most|not a whole number"):
            codec.parse(bad)
    assert 10**400 - 1 == codec.parse("9" * 400)
    assert 5 == codec.parse(5) == codec.parse("5") == codec.parse(Decimal(5))


def test_a_number_that_would_take_minutes_is_unreadable() -> None:
    with pytest.raises(ValueError, match="400 digits"):
        Integer().decode(Decimal("1e999999"))
    assert Integer().decode(Decimal("1e5")) == 100000


@pytest.mark.parametrize("codec", [Text(), codec_for("Json"), codec_for("Uuid"), codec_for("Status []"), Real()])
def test_half_of_a_surrogate_pair_is_never_sent(codec: Text) -> None:
    with pytest.raises(ValueError, match="."):
        wire_text(codec, codec.parse("a\ud800"))


class TestCleaned:
    """Texts that lost something."""

    def test_what_is_made_of_a_cleaned_text_is_one(self) -> None:
        text = Html("<p>$Ref is  <b>bold</b></p>").plain
        assert text == "$Ref is bold"
        for made in (text.strip(), text.replace("is", "was"), text + "!", "!" + text, text[:4], Cleaned("a%s") % "b"):
            assert type(made) is Cleaned
            with pytest.raises(ValueError, match=r"cleaned text.*str\(text\)"):
                Text().parse(made)
        assert type(str(text)) is str
        assert Text().parse(str(text)) == "$Ref is bold"
        assert hash(text) == hash("$Ref is bold")
        assert Cleaned("a").strip.__name__ == "strip"

    @pytest.mark.parametrize(
        "name, given",
        [
            *((name, ()) for name in ("capitalize", "casefold", "expandtabs", "lower", "lstrip", "rstrip", "strip")),
            *((name, ()) for name in ("swapcase", "title", "upper")),
            ("removeprefix", ("a",)),
            ("removesuffix", ("b",)),
            ("replace", ("a", "b")),
            ("translate", ({97: "b"},)),
            *((name, (9,)) for name in ("center", "ljust", "rjust", "zfill", "__mul__", "__rmul__")),
            ("__mod__", ((),)),
            ("format", ()),
            ("format_map", ({},)),
            ("join", (["x", "y"],)),
        ],
    )
    def test_whatever_makes_a_text_of_one_makes_a_cleaned_text(self, name: str, given: tuple[Any, ...]) -> None:
        made = getattr(Cleaned(" a\tB "), name)(*given)
        assert type(made) is Cleaned
        assert made == getattr(" a\tB ", name)(*given)

    @pytest.mark.parametrize("name", ["split", "rsplit", "splitlines", "partition", "rpartition"])
    def test_and_so_do_its_pieces(self, name: str) -> None:
        given = ("b",) if "partition" in name else ()
        made = getattr(Cleaned("a b\nc"), name)(*given)
        assert made == getattr("a b\nc", name)(*given)
        assert {Cleaned} == {type(piece) for piece in made}

    def test_nor_is_it_a_part_of_a_document(self) -> None:
        with pytest.raises(ValueError, match="cleaned text"):
            Document().parse({"a": [Cleaned("x")]})


class TestDocuments:
    """Assets within JSON."""

    def test_assets_are_written_as_ids(self) -> None:
        given = {"one": Oid("Vali", 5), "more": [Oid("Project", "0175-uuid")]}
        assert Document().parse(given) == {"one": 5, "more": ["0175-uuid"]}
        assert codec_for("Json").parse([Oid("Commit", "-/abc"), Oid("Datum", "x")]) == ["abc", "x"]

    def test_a_new_asset_has_no_id(self) -> None:
        with pytest.raises(ValueError, match=r"Vali:new-1 has no id yet; commit it first"):
            Document().parse([Oid.new("Vali", 1)])


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("2026-03-01T17:30:00.000", None),
        ("2026-03-01T17:30:00.00Z", 0),
        ("2026-03-01T17:30+01:00", 1),
        ("2026-03-01 17:30:0+01:0", ValueError),
        ("2026-03-01T17:30:00", None),
        ("2026-03-01T17:30:00.000000+01:00", 1),
    ],
)
def test_a_time_is_at_home_in_the_zone_unless_it_has_an_offset(text: str, offset: Any, zone: str) -> None:
    if offset is ValueError:
        with pytest.raises(ValueError, match="Invalid isoformat"):
            DateTime(zone).decode(text)
        return
    hours = {None: int(zone != "UTC")}.get(offset, offset)
    assert datetime(2026, 3, 1, 17, 30, tzinfo=timezone(timedelta(hours=hours))) == DateTime(zone).decode(text)
