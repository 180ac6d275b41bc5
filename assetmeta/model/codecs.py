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
from datetime import date, datetime, time, tzinfo
from decimal import Decimal, InvalidOperation
from typing import ClassVar, NamedTuple, Protocol

from assetmeta.model.record import Record
from assetmeta.model.zones import zone_named

Raw = str | int | float | bool | Decimal | None


class JsonText(str):
    """A list or an object as JSON text: the raw value of a key that the schema does not know."""

    __slots__ = ()


class Codec(Protocol):
    """The shape of every codec; see the module docstring."""

    @property
    def accepts(self) -> str: ...
    def decode(self, raw: Raw) -> object: ...
    def encode(self, value: object) -> str: ...
    def parse(self, value: object) -> object: ...


class AnyValue(Record):
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


class Text(Record):
    """Text, kept character for character. An empty text and null are told apart only where the wire does."""

    accepts: str = "text"
    empty_is_null: bool = False

    def decode(self, raw: Raw) -> object:
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
        text = str(value)
        if _UNWRITABLE.search(text):
            raise ValueError("it holds a control character that no document can carry")
        return text


# XML 1.0 forbids these, and a server that stored one could never send it back.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class Number(Record):
    """A decimal number, exact."""

    is_number: ClassVar[bool] = True
    accepts: str = "a number: int, Decimal, float or text such as '2.5'"

    def decode(self, raw: Raw) -> object:
        if raw is None or raw == "":
            return None
        return Decimal(str(raw))

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
        return number


class Integer(Record):
    """A whole number."""

    is_number: ClassVar[bool] = True
    accepts: str = "a whole number"

    def decode(self, raw: Raw) -> object:
        return None if raw is None or raw == "" else int(raw)

    def encode(self, value: object) -> str:
        return "" if value is None else str(value)

    def parse(self, value: object) -> object:
        if value is None:
            return None
        if isinstance(value, bool) or not re.fullmatch(r"\s*-?[0-9]+\s*", str(value)):
            raise ValueError(f"{value!r} is not a whole number")
        return int(str(value))


class Boolean(Record):
    """True or False; the wire's spelling does not matter."""

    accepts: str = "True or False (or 'true', 'false')"

    def decode(self, raw: Raw) -> object:
        return None if raw is None or raw == "" else self.parse(raw)

    def encode(self, value: object) -> str:
        return "" if value is None else "true" if value else "false"

    def parse(self, value: object) -> object:
        if value is None or isinstance(value, bool):
            return value
        found = {"true": True, "1": True, "false": False, "0": False}.get(str(value).strip().lower())
        if found is None:
            raise ValueError(f"{value!r} is neither true nor false")
        return found


class DateTime(Record):
    """A point in time, always aware. *zone* is where a wire value without an offset is at home (an IANA name)."""

    zone: str = "UTC"
    accepts: str = "an aware datetime, a date (midnight in the server's zone), or ISO text of either"

    @property
    def tzinfo(self) -> tzinfo:
        return zone_named(self.zone)

    def decode(self, raw: Raw) -> object:
        if raw is None or raw == "":
            return None
        found = datetime.fromisoformat(_six_decimals(str(raw)))
        return found if found.tzinfo else found.replace(tzinfo=self.tzinfo)

    def encode(self, value: object) -> str:
        if value is None:
            return ""
        if not isinstance(value, datetime):
            raise ValueError(f"{value!r} is not a datetime")
        local = value.astimezone(self.tzinfo).replace(tzinfo=None)
        if local.time() == time():
            return local.date().isoformat()
        return local.isoformat(timespec="microseconds" if local.microsecond % 1000 else "milliseconds")

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
            return value
        if isinstance(value, date):
            return datetime.combine(value, time(), self.tzinfo)
        raise ValueError(f"{value!r} is not a point in time")

    def _read(self, text: str) -> date | datetime:
        try:
            return date.fromisoformat(text) if len(text) <= 10 else datetime.fromisoformat(_six_decimals(text))
        except ValueError:
            raise ValueError(f"{text!r} is not an ISO date or time such as 2026-03-01 or 2026-03-01T17:30Z") from None


def _six_decimals(text: str) -> str:
    """datetime takes at most six decimals and some servers send seven."""
    return re.sub(r"(\.[0-9]{6})[0-9]+", r"\1", text)


class Span(NamedTuple):
    """A length of time as servers state it: an amount of Days, Weeks or Months."""

    amount: int
    unit: str

    def __str__(self) -> str:
        return f"{self.amount} {self.unit}"


class Duration(Record):
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
        if value is None or isinstance(value, Span):
            return value
        days = getattr(value, "days", None)
        if isinstance(days, int) and str(value).endswith("0:00:00"):
            return Span(days, "Days")
        match = re.fullmatch(r"\s*([0-9]+)\s+(day|week|month)s?\s*", str(value), re.IGNORECASE)
        if match is None:
            raise ValueError(f"{value!r} is not a duration")
        return Span(int(match[1]), match[2].capitalize() + "s")


class Binary(Record):
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


class Hidden(str):
    """A text that no repr shows, and so no plan, error or log."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


class Secret(Record):
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
