"""Objects of the API as cells, and back to what they say about other objects (reference 2 and 3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assetmeta.backends.responses import Json
from assetmeta.backends.rest.http import Object, text_of
from assetmeta.backends.rest.spec import Api, Field, Resource, field_of
from assetmeta.model.plans import RawValue
from assetmeta.model.schema import Schema
from assetmeta.model.texts import Cleaned, JsonText
from assetmeta.model.values import Key, Oid


@dataclass(slots=True)
class Reader:
    """Reads the objects of one endpoint."""

    schema: Schema
    table: Api
    endpoint: Resource
    _fields: dict[str, Field] = field(init=False)
    _declared: set[str] = field(init=False)

    def __post_init__(self) -> None:
        names = self.schema.type(self.endpoint.type).attributes
        fields = {name: field_of(self.endpoint, self.schema, name) for name in names}
        others = ((one.source_key, one.alternative_key) for one in fields.values())
        self._declared = {*fields, *(key for pair in others for key in pair if key)}
        self._fields = {name: one for name, one in fields.items() if one.reverse_of is None and one.kind != "File"}

    def cells(self, item: Object, cleaned: Mapping[str, str]) -> dict[str, RawValue]:
        """Return what *item* tells, by column. A key that it lacks gives no cell: it is not loaded, rather than empty.
        A key that the schema lacks is kept.

        *cleaned* are the keys that the server cleaned, with how; they come under columns of their own.
        """
        found: dict[str, RawValue] = {}
        for name, known in self._fields.items():
            key = present(item, name, known)
            if key is None:
                continue
            if key in cleaned:
                value = item[key]
                found[f"{name}.@{cleaned[key]}"] = Cleaned(value) if isinstance(value, str) else None
            elif known.kind == "Relation":
                found[name] = self._relation(item, key, known)
            else:
                found[name] = _scalar(item[key], known.kind)
        for key in item.keys() - self._declared:
            value = item[key]
            found[key] = JsonText(text_of(value)) if isinstance(value, list | dict) else value
        return found

    def _relation(self, item: Object, key: str, known: Field) -> RawValue:
        value = item[key]
        if known.many:
            return tuple(oid for oid in (self._target(one, known, item) for one in _flat(value)) if oid is not None)
        return self._target(value, known, item)

    def _target(self, value: Json, known: Field, item: Object) -> Oid | None:
        """The asset that an id leads to; None for null, and for what is no endpoint of this server."""
        number = identity(value)
        if number is None:
            return None
        if known.shape == "object" and isinstance(value, dict):
            name = content_type(self.schema, value.get("contenttype"))
        elif known.type_in is not None:
            name = content_type(self.schema, item.get(known.type_in))
        else:
            name = _target_type(known, item)
        return None if name is None else Oid(name, number)

    def project(self, item: Object) -> Key | None:
        """The project that an object is in, as far as it says so."""
        return identity(item.get("project")) if "project" in self._fields else None


def present(item: Object, name: str, known: Field) -> str | None:
    """The key under which *item* holds a field: its own, that of another, or its older or newer name."""
    key = known.source_key or name
    if key in item:
        return key
    return known.alternative_key if known.alternative_key in item else None


def identity(value: Json) -> Key | None:
    """The id in a reference: a number, a numeric text, or an object with an `id`."""
    if isinstance(value, dict):
        value = value.get("id")
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return int(value) if isinstance(value, str) and value.isdecimal() else value if isinstance(value, int) else None


def _target_type(known: Field, item: Object) -> str | None:
    return next((name for flag, name in known.when if item.get(flag)), known.to[0] if known.to else None)


def _flat(value: Json) -> list[Json]:
    """The ids of a list, or of a list of rows; null is no ids."""
    if not isinstance(value, list):
        return []
    return [cell for row in value for cell in (row if isinstance(row, list) else [row])]


def _scalar(value: Json, kind: str) -> RawValue:
    if value is None:
        return None
    return text_of(value) if kind == "Json" or isinstance(value, list | dict) else value


def content_type(schema: Schema, number: object) -> str | None:
    """The type that this server numbers so; None for a number of something that is no endpoint."""
    return next(
        (kind.name for kind in schema.types.values() if kind.number is not None and kind.number == number), None
    )
