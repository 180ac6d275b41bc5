"""The kinds of attributes and their codecs. A choice carries its values in its kind, so that the kind says it all."""

from __future__ import annotations

from dataclasses import replace

from assetmeta.backends.markup import HtmlText
from assetmeta.backends.responses import Json
from assetmeta.backends.rest.codecs import Day, Document, Instant, Real, find_codec
from assetmeta.backends.rest.discovery import FieldInfo, from_value
from assetmeta.model.codecs import Boolean, Codec, Integer, Text

_CODECS: dict[str, Codec] = {
    "Boolean": Boolean(),
    "Date": Day(),
    "DateTime": Instant(),
    "File": Text(),
    "Formula": Text(accepts="a formula: '$Fan.Mass*2', '5', 5"),
    "Html": HtmlText(),
    "Integer": Integer(),
    "Json": Document(),
    "Number": Real(),
    "Text": Text(),
}


def codec_for(kind: str, related: str | None = None) -> Codec:
    """Return the codec of a kind; one that we do not know is JSON, kept as it came."""
    return find_codec(_CODECS, kind, related, _CODECS["Json"])


def from_sample(name: str, value: Json) -> FieldInfo:
    """Guess the kind of a field from a value that an object has there; texts with markup are recognised."""
    found = from_value(value)
    return replace(found, kind="Html") if isinstance(value, str) and value.startswith("<p") else found
