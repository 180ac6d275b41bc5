"""Time zones by name, and the times that clocks in them show."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache

from assetmeta.model import optional
from assetmeta.model.errors import BadValue
from assetmeta.model.scalars import plain, shown
from assetmeta.model.values import AsOf

_TWO_DAYS = timedelta(days=2)
"""More than any two zones are apart."""


@lru_cache(maxsize=100)
def zone_named(name: str) -> tzinfo:
    """The zone of an IANA name. Raises KeyError or ValueError for an unknown name."""
    if name == "UTC":
        return UTC
    # Loaded when a server keeps another time, since it is slow to import.
    found: tzinfo = optional.load("zoneinfo").ZoneInfo(name)
    return found


def wall_time(moment: datetime, zone: tzinfo) -> datetime:
    """Return what clocks in *zone* show at an aware *moment*, without zone. Raises ValueError when they show it twice,
    so that the two cannot be distinguished, and for a moment outside the years 1 to 9999 there.
    """
    there = _shifted(moment, zone)
    if there.replace(fold=0).utcoffset() != there.replace(fold=1).utcoffset():
        raise ValueError(
            f"{there:%Y-%m-%d %H:%M} comes twice in {zone}, where clocks are put back, and the server takes times "
            "without an offset; give a time before or after that hour, or a date alone"
        )
    return there.replace(tzinfo=None, fold=0)


def local_moment(wall: datetime, zone: tzinfo) -> datetime:
    """Return the moment at which clocks in *zone* show *wall*. Raises ValueError when they show it never or twice."""
    moment = exists_there(wall.replace(tzinfo=zone))
    wall_time(moment, zone)
    return moment


def exists_there(moment: datetime) -> datetime:
    """Return an aware *moment*. Raises ValueError for a time that clocks in its own zone skip, or that has no UTC."""
    zone = moment.tzinfo
    if (
        zone is not UTC
        and zone is not None
        and _shifted(moment, zone).replace(tzinfo=None) != moment.replace(tzinfo=None)
    ):
        raise ValueError(f"{moment:%Y-%m-%d %H:%M} does not exist in {zone}, where clocks are put forward")
    return moment


def _shifted(moment: datetime, zone: tzinfo) -> datetime:
    try:
        # By way of UTC: Python takes a time that is in the zone already as it is.
        return moment.astimezone(UTC).astimezone(zone)
    except OverflowError:
        raise ValueError(f"{moment.replace(tzinfo=None)} is outside the years 1 to 9999 in {zone} or in UTC") from None


def checked_moment(given: object) -> AsOf:
    """Check a moment that a person gave: a datetime, a date or ISO text of either."""
    try:
        given = plain(given)
        if isinstance(given, str):
            _within_years(datetime.fromisoformat(given))
            return given
        if isinstance(given, datetime):
            return _within_years(given)
    except ValueError as error:
        raise BadValue(
            f"asof({shown(given)}): {str(error)[:200]}. Give a date or time such as 2026-03-01 or 2026-03-01T17:30."
        ) from None
    if isinstance(given, date):
        return given.isoformat()
    raise BadValue(f"asof({shown(given)}): give a datetime, a date, or ISO text.")


def _within_years(moment: datetime) -> datetime:
    """Return a moment that exists in every zone. Raises ValueError."""
    try:
        moment - _TWO_DAYS, moment + _TWO_DAYS
    except OverflowError:
        raise ValueError("it is at the end of the years that can be expressed") from None
    return exists_there(moment) if moment.tzinfo is not None else moment
