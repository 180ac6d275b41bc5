"""Codecs of VersionOne's attribute types: what the wire says, what a person writes, what is sent."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from assetmeta.backends.asset_state import AssetState
from assetmeta.backends.versionone.codecs import codec_for, is_unknown
from assetmeta.model.codecs import AnyValue, Span
from assetmeta.model.values import Oid

GUID = "98771fb4-71b8-42ec-be8b-69414daa020e"
SUMMER = datetime(2026, 7, 1, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "wire", "value"),
    [
        ("Text", "a\n", "a\n"),
        ("Text", "", None),
        ("LongText", "<b>x</b>", "<b>x</b>"),
        ("LocalizerTag", "Role.Name'Observer", "Role.Name'Observer"),
        ("Numeric", "9.30", Decimal("9.3")),
        ("Numeric", "", None),
        ("Boolean", "True", True),
        ("Boolean", "false", False),
        ("Boolean", None, None),
        ("Duration", "1 Days", Span(1, "Days")),
        ("Rank", "-17", -17),
        ("Opaque", "1389", 1389),
        ("Opaque", "x1", "x1"),
        ("LongInt", "5", 5),
        ("Guid", GUID, uuid.UUID(GUID)),
        ("Guid", "", None),
        ("Blob", "iVBORw0KGgo=", b"\x89PNG\r\n\x1a\n"),
        ("Password", None, None),
        ("AssetType", "Story", "Story"),
        ("State", "64", AssetState.Active),
        ("State", 64, AssetState.Active),
        ("State", "Active", AssetState.Active),
        ("State", "Broken Down", AssetState.BrokenDown),
        ("State", "BrokenDown", AssetState.BrokenDown),
        ("State", "77", 77),
        ("State", "Frozen", "Frozen"),
        ("State", "", None),
        ("Relation", "Scope:0", Oid("Scope", 0)),
        ("Relation", "NULL", None),
        ("Whatever", "x", "x"),
    ],
)
def test_what_the_wire_says(kind: str, wire: object, value: object) -> None:
    assert codec_for(kind, "A").decode(wire) == value  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "given", "wire"),
    [
        ("State", "dead", "Dead"),
        ("State", AssetState.Closed, "128"),
        ("State", 128, "128"),
        ("State", "Guest Collaborator", "209"),
        ("State", 77, "77"),
        ("State", None, ""),
        ("Rank", "454+", "454+"),
        ("Rank", " -3- ", "-3-"),
        ("Rank", 7, "7"),
        ("Numeric", 1e-3, "0.001"),
        ("Numeric", "1E3", "1000"),
        ("Relation", "Scope:0", "Scope:0"),
        ("Relation", Oid("Scope", 0, 77), "Scope:0"),
        ("Relation", 5, "Story:5"),
        ("Relation", None, ""),
        ("Guid", GUID.upper(), GUID),
        ("Opaque", "12", "12"),
        ("Duration", "2 weeks", "2 Weeks"),
    ],
)
def test_what_a_person_writes(kind: str, given: object, wire: str) -> None:
    codec = codec_for(kind, "A", related="Story" if kind == "Relation" else None)
    assert codec.encode(codec.parse(given)) == wire


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("State", "Activ"),
        ("State", True),
        ("State", 1.5),
        ("Rank", "first"),
        ("Rank", True),
        ("Relation", "Done"),
        ("Relation", "Scope"),
        ("Relation", 5),
        ("Relation", True),
        ("Relation", 1.5),
        ("Opaque", True),
        ("Text", "a\x00b"),
        ("Password", 5),
    ],
)
def test_what_is_refused(kind: str, given: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        codec_for(kind, "A").parse(given)


def test_dates_without_offset_are_in_the_member_s_zone() -> None:
    berlin = codec_for("Date", "ChangeDate", "Europe/Berlin")
    assert berlin.decode("2026-07-01T12:00:00.000") == SUMMER
    assert berlin.encode(SUMMER) == "2026-07-01T12:00:00.000"
    assert berlin.encode(berlin.parse(date(2026, 7, 1))) == "2026-07-01"
    assert berlin.decode("2026-07-01") == datetime(2026, 7, 1, tzinfo=timezone(timedelta(hours=2)))


def test_utc_dates_are_utc_whatever_the_zone() -> None:
    utc = codec_for("Date", "ChangeDateUTC", "Europe/Berlin")
    assert utc.decode("2026-07-01T10:00:00.0000000Z") == SUMMER
    assert utc.decode("2026-07-01T10:00:00.000") == SUMMER
    assert utc.encode(SUMMER) == "2026-07-01T10:00:00.000Z"


def test_states_are_ordered_up_to_death() -> None:
    assert AssetState.Closed < AssetState.Dead <= AssetState.Template < AssetState.Deleted


def test_a_state_is_shown_by_its_name_and_counts_as_its_number() -> None:
    assert (str(AssetState.Closed), f"{AssetState.Closed:>8}", AssetState.Closed + 0) == ("Closed", "  Closed", 128)


def test_an_unknown_kind_keeps_everything() -> None:
    assert codec_for("Quaternion", "A") == AnyValue()


def test_a_rank_says_how_it_is_moved() -> None:
    assert "N+" in codec_for("Rank", "Order").accepts


KINDS = (
    *("AssetType", "Blob", "Boolean", "Date", "Duration", "Guid", "LocalizerTag", "LongInt", "LongText", "Numeric"),
    *("Opaque", "Password", "Rank", "Relation", "State", "Text"),
)


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_element_and_null_are_no_value(kind: str) -> None:
    """XML writes null as an empty element; None clears an attribute, and is sent as nothing."""
    codec = codec_for(kind, "A", related="Story")
    assert (None, None) == (codec.decode(None), codec.decode(""))
    assert not is_unknown(kind)
    assert "" == codec.encode(codec.parse(None))


def test_only_kinds_without_a_codec_are_unknown() -> None:
    assert [is_unknown(kind) for kind in ("Quaternion", "Html", "")] == [True] * 3


def test_an_opaque_number_of_many_digits_stays_text() -> None:
    codec = codec_for("Opaque", "A")
    assert (int("9" * 18), "9" * 19, "-1x", -1) == tuple(map(codec.decode, ("9" * 18, "9" * 19, "-1x", "-1")))


@pytest.mark.parametrize("kind", ["Opaque", "Rank", "State", "Relation"])
def test_values_of_other_sorts_are_refused(kind: str) -> None:
    codec = codec_for(kind, "A", related="Story")
    for value in (True, False, 1.5, [1], b"x", object()):
        with pytest.raises(ValueError, match=r"."):
            codec.parse(value)
