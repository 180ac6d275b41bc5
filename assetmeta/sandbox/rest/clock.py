"""The time, as a system asks for it and as answers spell it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def spell(moment: datetime) -> str:
    """ISO 8601 with microseconds and Z, so that texts sort like times."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def spell_naive(moment: datetime) -> str:
    """The same without a zone, as the lines of a log have it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


def read(text: str) -> datetime:
    """The moment that `spell` wrote."""
    return datetime.fromisoformat(text)
