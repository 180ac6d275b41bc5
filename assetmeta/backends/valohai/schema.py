"""The bundled table, and what a server said about itself, as a Schema (reference 11).

The table knows relations, what is read-only and which filters there are; the server which endpoints there are, and the
labels and choices of fields. What the table calls read-only stays so, whatever the server says. Endpoints and fields
that only the server knows are added.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from assetmeta.backends.rest.codecs import choice_kind
from assetmeta.backends.rest.discovery import FieldInfo, Fields, union, unused_name
from assetmeta.backends.valohai.api import Api, Field, Resource
from assetmeta.backends.valohai.codecs import codec_for, is_uuid, status_kind
from assetmeta.model.errors import UnknownName
from assetmeta.model.schema import AssetType, Attribute, Operation, Schema


@dataclass(frozen=True, slots=True)
class Discovery:
    """What a server said: the *endpoints* of its root, and *fields* by endpoint and name."""

    endpoints: tuple[str, ...] = ()
    fields: Mapping[str, Fields] = field(default_factory=dict)


def schema(table: Api, survey: Discovery) -> Schema:
    """Merge the table with what the server said. Endpoints that its root does not list stay: not all are listed."""
    types: dict[str, AssetType] = {}
    for path in dict.fromkeys((*table.endpoints, *survey.endpoints)):
        known = table.endpoints.get(path)
        endpoint = known or Resource(path, unused_name(path, {*types, *table.by_type, *table.unions}))
        types[endpoint.type] = _type(endpoint, table, survey.fields.get(path, {}))
    for name, members in table.unions.items():
        types[name] = union(name, members, types, "username")
    return Schema(types)


def _type(endpoint: Resource, table: Api, said: Fields) -> AssetType:
    attributes = {
        name: _attribute(name, known, said.get(name), table, tuple(endpoint.words.get(name, ())))
        for name, known in endpoint.fields.items()
    }
    taken = {*attributes, *(known.written for known in endpoint.fields.values())}
    attributes.update({name: _found(name, told, table) for name, told in said.items() if name not in taken})
    if "id" not in attributes and endpoint.key != "commit":
        attributes["id"] = Attribute("id", "Uuid", codec_for("Uuid"), readonly=True, writable=False, basic=True)
    display = next((name for name in (endpoint.display, "name", "title", "id") if name in attributes), None)
    return AssetType(
        endpoint.type,
        attributes,
        {name: Operation(name) for name in endpoint.actions},
        display=display,
        short=endpoint.short,
        label=endpoint.label,
        endpoint=endpoint.path,
        deleted="deleted" if endpoint.soft else None,
    )


def _attribute(name: str, known: Field, said: FieldInfo | None, table: Api, words: tuple[str, ...] = ()) -> Attribute:
    """One field of the table. What rows of lists lack, or is made by asking for it, is not read without being asked."""
    kind = _kind(known, said, words)
    related = (known.union or table.endpoints[known.to[0]].type) if known.kind == "Relation" else None
    writable = known.creatable and not (said is not None and said.read_only)
    hidden = known.elsewhere or known.detail or known.include or known.heavy or not known.readable
    return Attribute(
        name,
        kind,
        codec_for(kind, related),
        related=related,
        reciprocal=f"{related}.{known.back}" if related and known.back else None,
        required=known.required,
        readonly=not writable,
        writable=writable,
        multi=known.many,
        computed=known.computed,
        basic=not hidden,
        label=said.label if said else "",
        cascades=known.cascades,
    )


def _kind(known: Field, said: FieldInfo | None, words: tuple[str, ...]) -> str:
    if known.kind == "Status":
        return status_kind(known.choices, words)
    if known.kind == "Choice":
        return choice_kind(tuple((value, "") for value in known.choices), open=True)
    if known.secret:
        return "SecretJson"
    return said.kind if said is not None and said.kind.startswith("Choice") and known.kind == "Text" else known.kind


def _found(name: str, said: FieldInfo, table: Api) -> Attribute:
    """A field that only the server knows. OPTIONS does not tell relations; one that bears the name of a type is one."""
    to = next((one for one in table.by_type.values() if one.type.lower() == name.replace("_", "")), None)
    related = to.type if to is not None and said.kind in ("Json", "Uuid", "Integer") else None
    # OPTIONS calls a UUID a `field`, as it calls all that it has no word for.
    kind = "Relation" if related else "Uuid" if name == "id" and said.kind == "Json" else said.kind
    return Attribute(
        name,
        kind,
        codec_for(kind, related),
        related=related,
        required=said.required and not said.read_only,
        readonly=said.read_only,
        writable=not said.read_only,
        computed=said.read_only and name != "id",
        basic=True,
        label=said.label,
    )


def endpoint_of(table: Api, known: Schema, type_name: str) -> Resource:
    """Return the endpoint of a concrete type, also of one that the table does not know. Raises UnknownName."""
    found = table.by_type.get(type_name)
    if found is not None:
        return found
    kind = known.type(type_name)
    if not kind.endpoint:
        raise UnknownName(f"{type_name} stands for several types; ask for one of them.", type_name=type_name)
    fields = {name: _derived(known, attribute) for name, attribute in kind.attributes.items()}
    key = "int" if kind.attributes["id"].kind == "Integer" else "uuid"
    return Resource(
        kind.endpoint,
        type_name,
        kind.label,
        kind.display,
        key=key,
        create=True,
        update=True,
        delete=True,
        fields=fields,
    )


def field_of(endpoint: Resource, known: Schema, name: str) -> Field:
    """Return what is known of one field, whether the table has it or not. Raises UnknownName."""
    found = endpoint.fields.get(name)
    return found if found is not None else _derived(known, known.attribute(endpoint.type, name))


def _derived(known: Schema, attribute: Attribute) -> Field:
    to = (known.type(attribute.related).endpoint,) if attribute.related else ()
    return Field(attribute.kind, to, many=attribute.multi, access="rw" if attribute.writable else "ro")


def from_sample(name: str, said: FieldInfo, value: object) -> FieldInfo:
    """What a sample object tells of a field: its id and its times are the server's own."""
    if isinstance(value, str) and is_uuid(value):
        return replace(said, kind="Uuid", read_only=name == "id")
    if name in ("ctime", "mtime"):
        return replace(said, kind="DateTime", read_only=True)
    return replace(said, read_only=name in ("id", "url", "urls"))
