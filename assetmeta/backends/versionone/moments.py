"""Points in time as the server takes them: ISO text in the member's zone, without offset (query parameters: asof)."""

from __future__ import annotations

import re
from datetime import datetime

from assetmeta.model.errors import BadValue
from assetmeta.model.values import AsOf, Oid
from assetmeta.model.zones import local_moment, wall_time, zone_named

_DATE = len("2026-03-01")
_LOCAL = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?\Z", re.ASCII)


def asof_text(moment: AsOf, zone: str) -> str:
    """Return `asof` for a time: a datetime goes into the member's *zone*, text without offset goes as it is.

    Raises BadValue for a datetime without zone, for local times that clocks show twice or never, for text that is no
    ISO time, and for change numbers, which only reads of single assets take.
    """
    if isinstance(moment, int):
        raise BadValue(f"{moment} is a change number: it reads single assets; a list takes a date or a time.")
    try:
        if isinstance(moment, str):
            found = _read(moment)
            if _LOCAL.match(moment):
                if len(moment) > _DATE:
                    local_moment(found, zone_named(zone))
                return moment
            moment = found
        if moment.tzinfo is None:
            raise BadValue(f"{moment.isoformat()} has no time zone; give it one, or write the time as text.")
        local = wall_time(moment, zone_named(zone))
    except ValueError as error:
        if isinstance(error, BadValue):
            raise
        raise BadValue(f"asof: {error}.") from error
    return local.isoformat(timespec="milliseconds" if local.microsecond % 1000 == 0 else "microseconds")


def _read(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise BadValue(f"{text!r} is not an ISO date or time such as 2026-03-01 or 2026-03-01T17:30:00.") from None


def asked_moment(asof: AsOf | None, oids: tuple[Oid, ...] | None) -> AsOf | None:
    """The moment that a fetch is about: its own, or the one that its assets carry."""
    return asof if asof is not None or not oids else oids[0].moment
