"""The attribute types of a VersionOne schema (meta.v1: attributetype) and the codec of each."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import ClassVar

from msgspec import Struct

from assetmeta.backends.asset_state import AssetState
from assetmeta.backends.markup import HtmlText
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
    Raw,
    Secret,
    Text,
)
from assetmeta.model.errors import BadValue
from assetmeta.model.values import Oid

_STATES = {state.name.casefold(): state for state in AssetState}
_NAMES = dict(AssetState.__members__)
_NUMBERS = {int(state): state for state in AssetState}


class State(Struct, frozen=True):
    """An AssetState. rest-1.v1 sends its number and query.v1 its name; an unknown number stays an int and an unknown
    name stays text.
    """

    accepts: str = "an AssetState, its number or its name ('Active', 'Closed', 'Dead' ...)"

    def decode(self, raw: Raw) -> object:
        if raw is None or raw == "":
            return None
        text = str(raw)
        if text in _NAMES:
            return _NAMES[text]
        if re.fullmatch(r"-?[0-9]+", text):
            return _NUMBERS.get(int(text), int(text))
        return _STATES.get(text.replace(" ", "").casefold(), text)

    def encode(self, value: object) -> str:
        if value is None:
            return ""
        if value is AssetState.Dead:
            return "Dead"
        return str(int(value)) if isinstance(value, int) else str(value)

    def parse(self, value: object) -> object:
        if isinstance(value, bool) or not isinstance(value, int | str | None):
            raise ValueError(f"{value!r} is not a state")
        found = self.decode(value)
        if isinstance(found, str):
            raise ValueError(f"{value!r} is not a state; there are {', '.join(AssetState.__members__)}")
        return found


class Reference(Struct, frozen=True):
    """The other end of a relation, as an Oid. A bare key is taken where the schema names the type."""

    related: str | None = None
    accepts: str = "an asset, its Oid, or its token such as 'Scope:0'"

    def decode(self, raw: Raw) -> object:
        if raw is None or raw in ("", "NULL"):
            return None
        return Oid.parse(str(raw))

    def encode(self, value: object) -> str:
        return value.current.token if isinstance(value, Oid) else "" if value is None else str(value)

    def parse(self, value: object) -> object:
        if value is None or isinstance(value, Oid):
            return value
        try:
            if isinstance(value, int) and not isinstance(value, bool) and self.related:
                return Oid.of(self.related, value)
            return Oid.parse(value if isinstance(value, str) else "")
        except BadValue:
            raise ValueError(f"{value!r} is neither an asset nor a token such as 'Scope:0'") from None


class Rank(Struct, frozen=True):
    """A place in an order. It is read as an int, and written as the rank of a neighbour with a sign."""

    accepts: str = "'N+' for the place right after the asset of rank N, 'N-' for the one right before it, or a number"

    def decode(self, raw: Raw) -> object:
        return None if raw is None or raw == "" else int(raw)

    def encode(self, value: object) -> str:
        return "" if value is None else str(value)

    def parse(self, value: object) -> object:
        if value is None:
            return None
        text = str(value).strip()
        if isinstance(value, bool) or not re.fullmatch(r"-?[0-9]+[+-]?", text):
            raise ValueError(f"{value!r} is not a rank")
        return text if text.endswith(("+", "-")) else int(text)


class Opaque(Struct, frozen=True):
    """A number in most cases (Key, Moment); anything else stays text."""

    accepts: str = "a whole number or text"

    def decode(self, raw: Raw) -> object:
        if raw is None or raw == "":
            return None
        return int(raw) if re.fullmatch(r"-?[0-9]{1,18}", str(raw)) else raw

    def encode(self, value: object) -> str:
        return "" if value is None else str(value)

    def parse(self, value: object) -> object:
        if value is None or (isinstance(value, int | str | Decimal) and not isinstance(value, bool)):
            return self.decode(value)
        raise ValueError(f"{value!r} is neither a number nor text")


class Localized(Text, frozen=True):
    """The tag of a text that the server has in several languages, such as `Role.Name'Observer`."""

    localized: ClassVar[bool] = True
    """Conditions may be on the last part of the tag alone."""


class UtcDateTime(DateTime, frozen=True):
    """The value of an attribute that is in UTC whatever the member's zone; it is sent with a `Z`."""

    def encode(self, value: object) -> str:
        text = super().encode(value)
        return f"{text}Z" if "T" in text else text


# Null and the empty text are one value in this dialect: both are an empty element in XML.
_TEXT = Text(empty_is_null=True)
_HTML = HtmlText(empty_is_null=True)

_CODECS: dict[str, Codec] = {
    "AssetType": _TEXT,
    "Blob": Binary(),
    "Boolean": Boolean(),
    "Duration": Duration(),
    "Guid": Guid(),
    "LocalizerTag": Localized(empty_is_null=True),
    "LongInt": Integer(),
    "LongText": _HTML,
    "Numeric": Number(),
    "Opaque": Opaque(),
    "Password": Secret(),
    "Rank": Rank(),
    "State": State(),
    "Text": _TEXT,
}
_UTC = UtcDateTime()
_ANY = AnyValue()

# A schema has thousands of relations and dates, and few codecs for them.
_reference = lru_cache(maxsize=1000)(Reference)
_date = lru_cache(maxsize=100)(DateTime)


def is_unknown(kind: str) -> bool:
    """True for a kind without a codec of its own: its values can be anything."""
    return kind not in _CODECS and kind not in ("Relation", "Date")


def codec_for(kind: str, name: str, zone: str = "UTC", related: str | None = None) -> Codec:
    """Return the codec of an attribute.

    A date without offset is in the member's zone *zone*, except in attributes whose *name* ends in UTC. Values of
    unknown kinds stay as the server sends them.
    """
    if kind == "Relation":
        return _reference(related)
    if kind == "Date":
        return _UTC if name.endswith("UTC") else _date(zone)
    return _CODECS.get(kind, _ANY)
