"""Codecs: how one kind of value is read from the wire, written to it, and taken from a person.

Each codec is a frozen value with four members:

    accepts        what a person may write, in words
    decode(raw)    wire -> Python; raw is a text, a number, a Boolean or None, as JSON and XML give them
    encode(value)  Python -> canonical wire text ("" clears)
    parse(value)   what a person wrote -> Python; raises ValueError with the reason
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from typing import ClassVar, NamedTuple, Protocol, runtime_checkable
from uuid import UUID

from msgspec import Struct

from assetmeta.model.scalars import MOST_DIGITS, shown
from assetmeta.model.texts import LOSES, Cleaned, Hidden, writable_text
from assetmeta.model.values import Oid
from assetmeta.model.zones import exists_there, wall_time, zone_named

Raw = str | int | float | bool | Decimal | None


class Codec(Protocol):
    """The shape of every codec; see the module docstring."""

    @property
    def accepts(self) -> str: ...
    def decode(self, raw: Raw) -> object: ...
    def encode(self, value: object) -> str: ...
    def parse(self, value: object) -> object: ...


@runtime_checkable
class Composite(Protocol):
    """A codec of values with named parts."""

    @property
    def parts(self) -> Mapping[str, Codec]:
        """The codecs of the parts, by their names."""
        ...


@runtime_checkable
class Choices(Protocol):
    """A codec of a kind whose values the server lists, though it may come to know others."""

    @property
    def listed(self) -> tuple[object, ...]:
        """The values, and the words that conditions may have for several of them."""
        ...


@runtime_checkable
class Lengths(Protocol):
    """A codec of lengths of time in several units."""

    def in_one_unit(self, values: Sequence[object]) -> list[Span]:
        """Return *values*, same order, in one unit. Raises ValueError where they have none in common."""
        ...


@runtime_checkable
class ReadsText(Protocol):
    """A codec of values that tables of texts (CSV) spell in more ways than a person would in a program."""

    def from_text(self, text: str) -> object:
        """Return the value that *text* in a cell means, to be parsed; *text* itself where that is nothing else."""
        ...


class AnyValue(Struct, frozen=True):
    """A kind that we do not know: kept as the server sent it, and written back the same."""

    accepts: str = "any text, number or Boolean"

    def decode(self, raw: Raw) -> object:
        return raw

    def encode(self, value: object) -> str:
        return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)

    def parse(self, value: object) -> object:
        if value is None or isinstance(value, str | int | float | bool | Decimal):
            return value
        raise ValueError(f"{type(value).__name__} cannot be sent")


class Text(Struct, frozen=True):
    """Text, kept character for character. An empty text and null differ only where they do on the wire."""

    accepts: str = "text"
    empty_is_null: bool = False

    def decode(self, raw: Raw) -> object:
        if type(raw) is str and raw:
            return raw
        if raw is None or (self.empty_is_null and raw == ""):
            return None
        return raw if isinstance(raw, str) else str(raw)

    def encode(self, value: object) -> str:
        return "" if value is None else str(value)

    def parse(self, value: object) -> object:
        if value is None or (self.empty_is_null and value == ""):
            return None
        if isinstance(value, bool | bytes) or not isinstance(value, str | int | float | Decimal):
            raise ValueError(f"{type(value).__name__} is not text")
        if isinstance(value, Cleaned):
            raise ValueError(LOSES)
        return writable_text(str(value))


def wire_text(codec: Codec, value: object, *, in_condition: bool = False) -> str:
    """Return the wire text of a parsed *value*. Raises ValueError for what cannot be sent."""
    try:
        return writable_text(condition_text(codec, value) if in_condition else codec.encode(value))
    except ValueError:
        raise
    except Exception as error:
        # Whatever a codec raises is about the one value, and must not break what goes along with it.
        raise ValueError(f"{type(error).__name__}: {error}") from error


def condition_text(codec: Codec, value: object) -> str:
    """Return the text of a parsed *value* in a condition, where that is not always the text that is written."""
    return codec.condition_text(value) if isinstance(codec, DateTime) else codec.encode(value)


def _bounded(number: Decimal) -> Decimal:
    """Return a finite number. Raises ValueError for one with too many digits."""
    if number and (abs(number.adjusted()) > MOST_DIGITS or len(number.as_tuple().digits) > MOST_DIGITS):
        raise ValueError(f"a number has {MOST_DIGITS} digits at most")
    return number


class Number(Struct, frozen=True):
    """A decimal number, exact."""

    is_number: ClassVar[bool] = True
    accepts: str = "a number: int, Decimal, float or text such as '2.5'"

    def decode(self, raw: Raw) -> object:
        if raw is None or raw == "":
            return None
        return Decimal(raw if type(raw) is str else str(raw))

    def encode(self, value: object) -> str:
        return "" if value is None else plain_decimal(Decimal(str(value)))

    def parse(self, value: object) -> object:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
            raise ValueError(f"{type(value).__name__} is not a number")
        try:
            number = Decimal(str(value).strip())
        except InvalidOperation:
            raise ValueError(f"{value!r} is not a number") from None
        if not number.is_finite():
            raise ValueError(f"{value!r} is not a finite number")
        return _bounded(number)


class Integer(Struct, frozen=True):
    """A whole number."""

    is_number: ClassVar[bool] = True
    accepts: str = "a whole number"

    def decode(self, raw: Raw) -> object:
        if raw is None or raw == "":
            return None
        return int(_bounded(raw)) if isinstance(raw, Decimal) else int(raw)

    def encode(self, value: object) -> str:
        return "" if value is None else str(value)

    def parse(self, value: object) -> object:
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**MOST_DIGITS:
            return int(value)
        text = str(value).strip() if isinstance(value, str | float | Decimal) else ""
        if len(text) > MOST_DIGITS or (isinstance(value, int) and not isinstance(value, bool)):
            raise ValueError(f"a number has {MOST_DIGITS} digits at most")
        if not re.fullmatch(r"-?[0-9]+", text, re.ASCII):
            raise ValueError(f"{value!r} is not a whole number")
        return int(text)

    def from_text(self, text: str) -> object:
        """`3.0` is 3: whole numbers beside missing ones are often kept and exported as floats."""
        return re.sub(r"\.0+\Z", "", text)


_BOOLEANS = {"True": True, "False": False, "true": True, "false": False, "1": True, "0": False}


class Boolean(Struct, frozen=True):
    """True or False; the wire's spelling does not matter."""

    accepts: str = "True or False (or 'true', 'false')"

    def decode(self, raw: Raw) -> object:
        found = _BOOLEANS.get(raw) if type(raw) is str else None
        return found if found is not None else None if raw is None or raw == "" else self.parse(raw)

    def encode(self, value: object) -> str:
        return "" if value is None else "true" if value else "false"

    def parse(self, value: object) -> object:
        if value is None or isinstance(value, bool):
            return value
        found = _BOOLEANS.get(str(value).strip().lower())
        if found is None:
            raise ValueError(f"{value!r} is neither true nor false")
        return found

    def from_text(self, text: str) -> object:
        """Spreadsheets have `yes` and `no`."""
        return {"yes": True, "no": False}.get(text.lower(), text)


_MILLISECONDS = len("2026-03-01T17:30:00.000")
_from_iso, _combine = datetime.fromisoformat, datetime.combine
"""Bound once: times are by far the slowest scalars to decode."""


class DateTime(Struct, frozen=True):
    """A point in time, always aware. *zone* is where a wire value without an offset is at home (an IANA name)."""

    zone: str = "UTC"
    accepts: str = "an aware datetime, a date (midnight in the server's zone), or ISO text of either"

    @property
    def tzinfo(self) -> tzinfo:
        return zone_named(self.zone)

    def decode(self, raw: Raw) -> object:
        if raw is None or raw == "":
            return None
        text = raw if type(raw) is str else str(raw)
        if self.zone == "UTC" and len(text) == _MILLISECONDS:
            try:
                return _from_iso(f"{text}Z")
            except ValueError:
                # It has an offset, or it is no time.
                pass
        found = _from_iso(text)
        # What replace(tzinfo=...) does, four times as fast.
        return found if found.tzinfo else _combine(found, found.time(), zone_named(self.zone))

    def encode(self, value: object) -> str:
        if value is None:
            return ""
        if not isinstance(value, datetime):
            raise ValueError(f"{value!r} is not a datetime")
        if value.tzinfo is self.tzinfo and value.time() == time() and not value.fold:
            # A date is sent as such, also where clocks were changed at midnight.
            return value.date().isoformat()
        local = wall_time(value, self.tzinfo)
        if local.time() == time():
            return local.date().isoformat()
        return local.isoformat(timespec="microseconds" if local.microsecond % 1000 else "milliseconds")

    def condition_text(self, value: object) -> str:
        """The text in a condition: an hour that comes twice is given in UTC, which conditions take."""
        try:
            return self.encode(value)
        except ValueError:
            if not isinstance(value, datetime):
                raise
            return f"{wall_time(value, UTC).isoformat(timespec='milliseconds')}Z"

    def parse(self, value: object) -> object:
        if value is None:
            return None
        if isinstance(value, str):
            value = self._read(value.strip())
        if isinstance(value, datetime):
            if value.tzinfo is None:
                raise ValueError(
                    f"{value.isoformat()} has no time zone: give it one (tzinfo=datetime.UTC, or .astimezone() for the "
                    "zone of this computer), or write a date alone"
                )
            return exists_there(value)
        if isinstance(value, date):
            return datetime.combine(value, time(), self.tzinfo)
        raise ValueError(f"{value!r} is not a point in time")

    def _read(self, text: str) -> date | datetime:
        try:
            return date.fromisoformat(text) if len(text) <= 10 else datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(f"{text!r} is not an ISO date or time such as 2026-03-01 or 2026-03-01T17:30Z") from None


class Span(NamedTuple):
    """A length of time as servers state it: an amount of Days, Weeks or Months."""

    amount: int
    unit: str

    def __str__(self) -> str:
        return f"{self.amount} {self.unit}"


class Duration(Struct, frozen=True):
    """A Span; the wire's unit is always plural ("1 Days")."""

    accepts: str = "a duration such as '2 Weeks' (Days, Weeks or Months), a Span or a timedelta of whole days"

    def decode(self, raw: Raw) -> object:
        if raw is None or raw == "":
            return None
        try:
            return self.parse(raw)
        except ValueError:
            return raw

    def encode(self, value: object) -> str:
        return "" if value is None else str(value)

    def parse(self, value: object) -> object:
        if value is None:
            return None
        if isinstance(value, timedelta):
            if value % _DAY or value < timedelta():
                raise ValueError(f"the server keeps whole days, and {value} is {_not_whole(value, 'days')}")
            return Span(value // _DAY, "Days")
        text = str(value) if isinstance(value, str | Span) else ""
        match = re.fullmatch(r"\s*([0-9]{1,18})\s+(day|week|month)s?\s*", text, re.IGNORECASE | re.ASCII)
        if match is None:
            raise ValueError(f"{value!r} is not a duration")
        return Span(int(match[1]), match[2].capitalize() + "s")

    def in_one_unit(self, values: Sequence[object]) -> list[Span]:
        """Weeks become Days beside those. Raises ValueError for Months beside others, and for what is no Span."""
        spans = [value for value in values if isinstance(value, Span)]
        units = {span.unit for span in spans}
        if len(spans) < len(values):
            odd = next(value for value in values if not isinstance(value, Span))
            raise ValueError(f"{shown(odd, 40)} is not a length of time")
        if len(units) < 2:
            return spans
        if not units.issubset(_DAYS):
            raise ValueError(f"{' and '.join(sorted(units))} have no unit in common")
        return [Span(span.amount * _DAYS[span.unit], "Days") for span in spans]


_DAYS = {"Days": 1, "Weeks": 7}

_DAY = timedelta(days=1)


def _not_whole(length: timedelta, unit: str) -> str:
    return "negative" if length < timedelta() else f"no whole number of {unit}"


class Binary(Struct, frozen=True):
    """Bytes, base64 on the wire."""

    accepts: str = "bytes"

    def decode(self, raw: Raw) -> object:
        if raw is None or raw == "":
            return None
        try:
            return base64.b64decode(str(raw), validate=True)
        except binascii.Error:
            return raw

    def encode(self, value: object) -> str:
        return base64.b64encode(value).decode("ascii") if isinstance(value, bytes) else ""

    def parse(self, value: object) -> object:
        if value is None or isinstance(value, bytes):
            return value
        if value == "":
            return None
        raise ValueError(f"{type(value).__name__} is not bytes")

    def from_text(self, text: str) -> object:
        """Bytes are base64 in texts."""
        return base64.b64decode(text, validate=True)


def document_part(value: object) -> object:
    """What represents a part of a document in it: the id of an asset, all else as it is. Raises ValueError."""
    if isinstance(value, Cleaned):
        raise ValueError(LOSES)
    if not isinstance(value, Oid):
        return value
    if value.is_new:
        raise ValueError(f"{value.token} has no id yet; commit it first")
    return value.key


class Guid(Struct, frozen=True):
    """A UUID; null is an empty text on the wire."""

    accepts: str = "a UUID or its text"

    def decode(self, raw: Raw) -> object:
        return None if raw is None or raw == "" else UUID(str(raw))

    def encode(self, value: object) -> str:
        return "" if value is None else str(value)

    def parse(self, value: object) -> object:
        if value is None or isinstance(value, UUID):
            return value
        try:
            return UUID(str(value))
        except ValueError:
            raise ValueError(f"{value!r} is not a UUID") from None


class Secret(Struct, frozen=True):
    """Written, never read: what the server keeps to itself."""

    accepts: str = "text; it can be written and never read back"

    def decode(self, raw: Raw) -> object:
        return None

    def encode(self, value: object) -> str:
        return "" if value is None else str(value)

    def parse(self, value: object) -> object:
        if value is None or isinstance(value, str):
            return None if value is None else Hidden(value)
        raise ValueError("a secret is text")


def plain_decimal(number: Decimal) -> str:
    """Spell a number without exponent, grouping or needless zeros: 5, 9.3, 0.01, -2."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text
