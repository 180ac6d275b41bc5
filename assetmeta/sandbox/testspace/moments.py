"""Moments in time: milliseconds since 1970 inside, three spellings of ISO 8601 outside.

Objects show the reader's own time zone (`2019-09-24T14:55:40.000-07:00`), or `2014-10-06T18:02:54Z` to readers whose
zone is UTC; failures are always in UTC with milliseconds (`2019-09-26T21:39:02.496+00:00`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

PACIFIC = "Pacific Time (US & Canada)"
EASTERN = "Eastern Time (US & Canada)"
COORDINATED = "UTC"
STANDARD_HOURS = {PACIFIC: -8, EASTERN: -5}

Clock = Callable[[], int]


def now() -> int:
    """The present moment."""
    return int(datetime.now(UTC).timestamp() * 1000)


def moment_of(when: datetime) -> int:
    """The moment of an aware datetime."""
    return round(when.timestamp() * 1000)


def in_zone(moment: int | None, zone: str) -> str | None:
    """A moment to the second, as seen in *zone*; an unknown zone is read as UTC."""
    if moment is None:
        return None
    there = datetime.fromtimestamp(moment // 1000, UTC)
    hours = STANDARD_HOURS.get(zone)
    if hours is None:
        return there.strftime("%Y-%m-%dT%H:%M:%SZ")
    local = timezone(timedelta(hours=hours + is_summer(there, hours)))
    return there.astimezone(local).isoformat(timespec="milliseconds")


def to_the_millisecond(moment: int | None) -> str | None:
    """A moment in UTC with milliseconds."""
    if moment is None:
        return None
    seconds, milliseconds = divmod(moment, 1000)
    when = datetime.fromtimestamp(seconds, UTC).replace(microsecond=milliseconds * 1000)
    return when.isoformat(timespec="milliseconds")


def is_summer(when: datetime, standard: int) -> bool:
    """Whether daylight saving time holds in a zone of the United States that is *standard* hours off UTC otherwise.

    It begins on the second Sunday of March and ends on the first Sunday of November, at two o'clock local time.
    """
    begin = sunday(when.year, 3, 2) + timedelta(hours=2 - standard)
    end = sunday(when.year, 11, 1) + timedelta(hours=1 - standard)
    return begin <= when < end


def sunday(year: int, month: int, count: int) -> datetime:
    """Midnight of the *count*-th Sunday of a month."""
    first = datetime(year, month, 1, tzinfo=UTC)
    return first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (count - 1))
