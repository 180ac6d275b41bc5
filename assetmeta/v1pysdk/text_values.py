"""Values as texts: the codecs of the dialect, seen as rest-1.v1 writes values, and the dialect with these codecs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from assetmeta.backends.asset_state import AssetState
from assetmeta.backends.versionone import VersionOne
from assetmeta.backends.versionone.codecs import codec_for
from assetmeta.model.codecs import Boolean, Codec, DateTime, Raw, Secret
from assetmeta.model.http import Flow
from assetmeta.model.schema import AssetType, Attribute, Schema


class Verbatim(Struct, frozen=True):
    """A text that no codec knows how to read, and the server may: it is sent as it is, and read again afterwards."""

    text: str

    def __str__(self) -> str:
        return self.text


class AsText(Struct, frozen=True):
    """Any single value as its text, written as rest-1.v1 writes it: `3`, `true`, `64`, `2026-03-01T17:30:00.000`.

    *inner* is the codec of the typed value. What it cannot read is left to the server, as the SDK does.
    """

    inner: Codec

    @property
    def accepts(self) -> str:
        return f"the text of {self.inner.accepts}"

    def decode(self, raw: Raw) -> object:
        if raw is None or raw == "":
            return None
        if isinstance(self.inner, DateTime):
            # Times are one text in all of the server's interfaces, UTC twins with their Z.
            return str(raw)
        try:
            value = self.inner.decode(raw)
            return str(int(value)) if isinstance(value, AssetState) else self.inner.encode(value)
        except (ValueError, ArithmeticError):
            return str(raw)

    def encode(self, value: object) -> str:
        return "" if value is None else str(value)

    def parse(self, value: object) -> object:
        if value is None or value == "" or isinstance(value, Verbatim):
            return value or None
        if isinstance(value, bytes):
            return self.inner.encode(self.inner.parse(value))
        if isinstance(value, list | tuple | dict | set):
            raise ValueError(f"a {type(value).__name__} is not one value")
        if isinstance(self.inner, DateTime):
            return _moment(self.inner, value)
        try:
            return self.inner.encode(self.inner.parse(_plain(value)))
        except ValueError:
            if isinstance(self.inner, Boolean):
                raise
            return Verbatim(str(value))


def _plain(value: object) -> object:
    """What the codecs know how to read; of everything else its text, which is what the SDK sends."""
    return value if isinstance(value, str | int | float | Decimal) and not isinstance(value, bool) else str(value)


def _moment(codec: DateTime, value: object) -> object:
    """The text of a time: without a zone it is in the server's and sent so, with a zone it is sent in UTC."""
    try:
        found = datetime.fromisoformat(value.strip()) if isinstance(value, str) else value
    except ValueError:
        return Verbatim(str(value))
    if not isinstance(found, date):
        return Verbatim(str(value))
    if isinstance(found, datetime) and found.tzinfo is not None:
        return Verbatim(found.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"))
    known = codec.parse(found.replace(tzinfo=codec.tzinfo) if isinstance(found, datetime) else found)
    return codec.encode(known).removesuffix("Z")


_ALWAYS_BASIC = frozenset({"AssetType", "IsLoginDisabled", "SecurityScope"})
"""What rest-1.v1 sends where nothing is selected although it cannot be written: recorded of servers 7 to 16."""


def as_text(codec: Codec) -> Codec:
    """Return the codec of the texts of what *codec* reads. What is never read back stays as it is."""
    return codec if isinstance(codec, Secret) else AsText(codec)


# Without slots: `super` has to find the class that is written here.
@dataclass(frozen=True)
class TextVersionOne(VersionOne):
    """The VersionOne dialect with texts as values. A query that selects nothing loads long texts too."""

    def reflect(self, names: Sequence[str] | None = None) -> Flow[Schema]:
        """Read meta.v1 as VersionOne does."""
        schema = yield from super().reflect(names)
        return Schema({name: _with_texts(kind) for name, kind in schema.types.items()}, schema.version)

    def codec(self, kind: str, name: str, related: str | None = None) -> Codec:
        """Return the codec of an attribute, for a schema that was kept without its codecs."""
        found = codec_for(kind, name, self.zone, related)
        return found if related is not None else as_text(found)


def _with_texts(kind: AssetType) -> AssetType:
    attributes = {
        name: replace(
            attribute,
            codec=attribute.codec if attribute.is_relation else as_text(attribute.codec),
            basic=attribute.basic or name in _ALWAYS_BASIC or _is_long_text(attribute),
        )
        for name, attribute in kind.attributes.items()
    }
    return replace(kind, attributes=attributes)


def _is_long_text(attribute: Attribute) -> bool:
    return attribute.kind == "LongText" and attribute.writable and not attribute.multi
