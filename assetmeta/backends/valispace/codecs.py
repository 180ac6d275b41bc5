"""The codecs of Valispace, and what samples show of fields that only a deployment has."""

from __future__ import annotations

from dataclasses import replace

from assetmeta.backends.markup import HtmlText
from assetmeta.backends.responses import Json
from assetmeta.backends.rest.codecs import CodecTable
from assetmeta.backends.rest.discovery import FieldInfo, from_value
from assetmeta.model.codecs import Text

codec_for = CodecTable({"Formula": Text(accepts="a formula: '$Fan.Mass*2', '5', 5"), "Html": HtmlText()})
"""Returns the codec of a kind; values of an unknown one are JSON."""


def from_sample(name: str, value: Json) -> FieldInfo:
    """Guess the kind of a field from a value that an object has there; texts with markup are recognised."""
    found = from_value(value)
    return replace(found, kind="Html") if isinstance(value, str) and value.startswith("<p") else found
