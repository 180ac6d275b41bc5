"""The kinds of attributes and their codecs. A choice carries its values in its kind, so that the kind says it all."""

from __future__ import annotations

import json
from dataclasses import dataclass

from assetmeta.backends.base import Json
from assetmeta.backends.jsonrest import Object
from assetmeta.backends.kinds import Choice, Day, Document, Instant, Link, Real
from assetmeta.backends.valispace.markup import HtmlText
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

_OF_METADATA = {
    "boolean": "Boolean",
    "date": "Date",
    "datetime": "DateTime",
    "decimal": "Number",
    "email": "Text",
    "file upload": "File",
    "float": "Number",
    "image upload": "File",
    "integer": "Integer",
    "regex": "Text",
    "slug": "Text",
    "string": "Text",
    "url": "Text",
}


def codec_for(kind: str, related: str | None = None) -> Codec:
    """Return the codec of a kind; one that we do not know is JSON, kept as it came."""
    if kind == "Relation":
        return Link(related)
    word, _, values = kind.partition(" [")
    if word in ("Choice", "Choices"):
        return Choice(tuple((value, str(name)) for value, name in json.loads(f"[{values}")), open=word == "Choices")
    return _CODECS.get(kind, _CODECS["Json"])


def choice(names: tuple[tuple[int | str, str], ...], *, open: bool) -> str:
    """Return the kind of a choice among *names*; *open* when there may be other values too."""
    return f"{'Choices' if open else 'Choice'} {json.dumps([list(pair) for pair in names], ensure_ascii=False)}"


@dataclass(frozen=True, slots=True)
class Described:
    """What a server says about one field."""

    kind: str
    label: str = ""
    required: bool = False
    read_only: bool = False


def from_metadata(given: Object) -> Described:
    """Read one field of an OPTIONS answer (reference 7.1). Relations and computed values are both `field` there."""
    word = str(given.get("type"))
    choices = given.get("choices")
    kind = _OF_METADATA.get(word, "Json")
    if word == "choice" and isinstance(choices, list):
        kind = choice(_names(choices), open=False)
    return Described(kind, str(given.get("label") or ""), given.get("required") is True, given.get("read_only") is True)


def _names(choices: list[Json]) -> tuple[tuple[int | str, str], ...]:
    found: list[tuple[int | str, str]] = []
    for item in choices:
        value = item.get("value") if isinstance(item, dict) else None
        if isinstance(item, dict) and isinstance(value, int | str):
            found.append((value, str(item.get("display_name") or "")))
    return tuple(found)


def from_value(value: Json) -> Described:
    """Guess the kind of a field from a value that an object has there."""
    if isinstance(value, bool):
        return Described("Boolean")
    if isinstance(value, int):
        return Described("Integer")
    if isinstance(value, str):
        return Described("Html" if value.startswith("<p") else "Text")
    return Described("Json" if value is None or isinstance(value, list | dict) else "Number")
