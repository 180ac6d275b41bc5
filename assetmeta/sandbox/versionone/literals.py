"""How values are spelled in requests, in the database, and in results, for each kind of attribute.

In the database numbers are numbers, Booleans 0 and 1, dates `2017-09-06T15:06:26.753` (UTC, milliseconds, one width, so
that text order is time order), relations OID tokens, and empty texts NULL.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

TEXTS = frozenset({"Text", "LongText", "LocalizerTag", "Password", "AssetType", "Guid", "Duration"})
NUMBERS = frozenset({"Numeric", "LongInt", "Rank", "Opaque"})

STATES = {
    "future": 0,
    "active": 64,
    "closed": 128,
    "template": 200,
    "brokendown": 208,
    "guestcollaborator": 209,
    "deleted": 255,
}
DEAD = 192
DELETED = 255

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_OID = re.compile(r"([A-Za-z0-9_]+):(-?\d{1,18})(:\d{1,18})?", re.ASCII)
_ISO = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)(?:[T ](\d\d?):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?(Z)?", re.ASCII)
_US = re.compile(r"(\d\d?)/(\d\d?)/(\d{4})", re.ASCII)
_DURATION = re.compile(r"(\d{1,6}) (Days|Weeks|Months)", re.ASCII)
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)


def parse_time(text: str) -> datetime:
    """Read an ISO date, an ISO date-time with or without fraction and `Z`, or a US date, as a time in UTC.

    Raises ValueError for anything else.
    """
    text = text.strip()
    if found := _US.fullmatch(text):
        month, day, year = (int(part) for part in found.groups())
        return datetime(year, month, day, tzinfo=UTC)
    if not (found := _ISO.fullmatch(text)):
        raise ValueError(f"not a date: {text}")
    numbers = [int(part or 0) for part in found.groups()[:6]]
    micro = int((found[7] or "0").ljust(6, "0")[:6])
    return datetime(*numbers, micro, tzinfo=UTC)  # type: ignore[misc,arg-type]


def spell_time(value: date) -> str:
    """Spell a date or time as the database holds it."""
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    elif value.tzinfo is not None:
        value = value.astimezone(UTC)
    return value.replace(tzinfo=None).isoformat(timespec="milliseconds")


def parse_number(text: str) -> int | float:
    """Read an invariant decimal number; integers stay exact. Raises ValueError."""
    text = text.strip()
    if _INTEGER.fullmatch(text):
        return int(text)
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"not a number: {text}")
    return tidy(float(text))


def tidy(value: float) -> int | float:
    """The integer of the same value if there is one, otherwise the number without binary dust."""
    if value in (float("inf"), float("-inf")) or value != value:
        raise ValueError("not a finite number")
    value = round(value, 9)
    return int(value) if value == int(value) and abs(value) < 1e15 else value


def parse_boolean(text: str) -> int:
    """Read true, false, 1 or 0 in any case. Raises ValueError."""
    found = {"true": 1, "1": 1, "false": 0, "0": 0}.get(text.strip().casefold())
    if found is None:
        raise ValueError(f"not a Boolean: {text}")
    return found


def parse_state(text: str) -> int:
    """Read a state by number or by name. Raises ValueError; "Dead", which is many states, is for the caller."""
    found = STATES.get(text.replace(" ", "").casefold())
    return (
        found if found is not None else int(text) if _INTEGER.fullmatch(text.strip()) else _no(f"not a state: {text}")
    )


def _no(message: str) -> int:
    raise ValueError(message)


def parse_oid(text: str) -> tuple[str, int] | None:
    """Read `Type:id` or `Type:id:moment` as type and id; None for the null OID. Raises ValueError."""
    text = text.strip()
    if text in ("", "NULL"):
        return None
    if not (found := _OID.fullmatch(text)):
        raise ValueError(f"not an OID token: {text}")
    return found[1], int(found[2])


def to_stored(kind: str, value: object) -> object:
    """Convert the value of a change to what the database holds. Raises ValueError; None and "" are no value."""
    if value is None or value == "":
        return None
    if kind == "Date":
        return spell_time(value if isinstance(value, date) else parse_time(_text(value)))
    if kind == "Boolean":
        return int(value) if isinstance(value, bool) else parse_boolean(_text(value))
    if kind in NUMBERS:
        number = tidy(value) if isinstance(value, float) else parse_number(_text(value))
        return number if kind == "Numeric" or isinstance(number, int) else _no(f"not an integer: {value}")
    if kind == "State":
        return parse_state(_text(value))
    text = _text(value)
    if kind == "Text" and len(text) > 4000:
        raise ValueError("a Text has at most 4000 characters")
    if (kind == "Duration" and not _DURATION.fullmatch(text)) or (kind == "Guid" and not _GUID.fullmatch(text)):
        raise ValueError(f"not a {kind}: {text}")
    return text


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise ValueError(f"not a single value: {value!r}")


def from_stored(name: str, kind: str, value: object) -> str | int | float | bool | bytes | None:
    """Convert what the database holds to the value of a result. *name* tells the UTC twins of dates apart."""
    if value is None or isinstance(value, bytes):
        return value
    if kind == "Date":
        text = str(value)
        if name.endswith("UTC"):
            return f"{text}0000Z"
        return text[:10] if text.endswith("T00:00:00.000") else text
    if kind == "Boolean":
        return bool(value)
    if kind in NUMBERS:
        return value if isinstance(value, int) else tidy(float(str(value)))
    return value if isinstance(value, int | float) else str(value)
