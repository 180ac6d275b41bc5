"""A schema as text and back. Types are rebuilt when first looked up, so that reading a large schema is quick."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from assetmeta.model.codecs import Codec
from assetmeta.model.schema import AssetType, Attribute, Operation, Schema

FORMAT = 8

_FLAGS = (
    "required",
    "readonly",
    "writable",
    "multi",
    "custom",
    "computed",
    "basic",
    "affects_related",
    "cascades",
    "source",
)
_ABOUT = (
    "base",
    "abstract",
    "display",
    "short",
    "order",
    "label",
    "endpoint",
    "number",
    "deleted",
    "choices",
    "derived",
)

Codecs = Callable[[str, str, "str | None"], Codec]
"""Makes the codec of an attribute from its kind, its name and the type it relates to."""


def to_text(schema: Schema) -> str:
    """Write a schema as JSON."""
    types = {name: _packed(kind) for name, kind in schema.types.items()}
    return json.dumps({"format": FORMAT, "version": schema.version, "types": types}, separators=(",", ":"))


def from_text(text: str, codecs: Codecs) -> Schema:
    """Read what to_text wrote. Raises ValueError for anything else."""
    types, version = _parsed(text)
    return Schema(KeptTypes(types, codecs), version)


@lru_cache(maxsize=4)
def _parsed(text: str) -> tuple[dict[str, Any], str]:
    """Return the packed types and the version. Sessions that take the same text share them; nothing changes them."""
    try:
        document = json.loads(text)
        if document["format"] != FORMAT:
            raise ValueError(f"the schema was written in another format, {document['format']!r}")
        types, version = document["types"], document["version"]
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError("this is not a schema that was kept") from error
    if not isinstance(types, dict) or not all(map(_is_whole, types.values())):
        raise ValueError("this is not a schema that was kept: a type of it is broken")
    return types, str(version)


class KeptTypes(Mapping[str, AssetType]):
    """Types by name, each built from its packed form at the first look-up."""

    def __init__(self, packed: dict[str, Any], codecs: Codecs) -> None:
        self._packed = packed
        self._codecs = codecs
        self._built: dict[str, AssetType] = {}

    def __getitem__(self, name: str) -> AssetType:
        found = self._built.get(name)
        if found is None:
            found = self._built[name] = _unpacked(name, self._packed[name], self._codecs)
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._packed

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)


def _packed(kind: AssetType) -> list[Any]:
    attributes = [
        [one.name, one.kind, one.related, one.reciprocal, _bits(one), one.label] for one in kind.attributes.values()
    ]
    operations = [[one.name, one.validator] for one in kind.operations.values()]
    about = [*(getattr(kind, name) for name in _ABOUT), list(kind.members), list(kind.part_of)]
    return [about, operations, attributes]


def _is_whole(packed: object) -> bool:
    """True when a packed type has its parts; looked at before any is unpacked, which is when it is needed."""
    match packed:
        case [[*about, list(), list()], list() as operations, list() as attributes]:
            return (
                len(about) == len(_ABOUT)
                and all(type(one) is list and len(one) == 2 and type(one[0]) is str for one in operations)
                and all(map(_is_attribute, attributes))
            )
    return False


def _is_attribute(one: object) -> bool:
    return type(one) is list and len(one) == 6 and type(one[0]) is str and type(one[1]) is str and type(one[4]) is int


def _unpacked(name: str, packed: list[Any], codecs: Codecs) -> AssetType:
    (*about, members, part_of), operations, attributes = packed
    return AssetType(
        name=name,
        attributes={one[0]: _attribute(one, codecs) for one in attributes},
        operations={one: Operation(one, validator) for one, validator in operations},
        members=tuple(members),
        part_of=tuple(part_of),
        **dict(zip(_ABOUT, about, strict=True)),
    )


def _attribute(packed: list[Any], codecs: Codecs) -> Attribute:
    name, kind, related, reciprocal, bits, label = packed
    flags = {flag: bool(bits >> place & 1) for place, flag in enumerate(_FLAGS)}
    codec = codecs(kind, name, related)
    return Attribute(name, kind, codec, related=related, reciprocal=reciprocal, label=label, **flags)


def _bits(attribute: Attribute) -> int:
    return sum(getattr(attribute, flag) << place for place, flag in enumerate(_FLAGS))
