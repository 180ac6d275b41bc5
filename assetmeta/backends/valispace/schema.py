"""The bundled table, and what a server said about itself, as a Schema (reference 7).

The table knows relations, markup and filters, the server which fields there are, their labels and choices. What the
table calls read-only stays so, whatever the server says; an endpoint or field that only the server knows is added.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assetmeta.backends.rest.codecs import choice_kind
from assetmeta.backends.rest.discovery import FieldInfo, union, unused_name
from assetmeta.backends.valispace.api import Api, Field, Resource
from assetmeta.backends.valispace.codecs import codec_for
from assetmeta.model.errors import UnknownName
from assetmeta.model.schema import AssetType, Attribute, Operation, Schema

ANYTHING = "Anything"
"""The abstract type of what a content type and an id lead to."""


@dataclass(frozen=True, slots=True)
class Discovery:
    """What a server said: *fields* by endpoint and name, the *content_types* by model, and all its *endpoints*.

    *whole* are the endpoints whose fields are all known.
    """

    endpoints: tuple[str, ...] = ()
    fields: Mapping[str, Mapping[str, FieldInfo]] = field(default_factory=dict)
    whole: frozenset[str] = frozenset()
    content_types: Mapping[str, int] = field(default_factory=dict)


def schema(table: Api, survey: Discovery) -> Schema:
    """Merge the table with what the server said."""
    models = {endpoint.model: endpoint.type for endpoint in table.endpoints.values() if endpoint.model}
    types: dict[str, AssetType] = {}
    for path in dict.fromkeys((*table.endpoints, *survey.endpoints)):
        endpoint = table.endpoints.get(path) or Resource(
            path, unused_name(path, {*types, *table.by_type, *table.unions})
        )
        types[endpoint.type] = _type(endpoint, table, survey, models)
    for name, members in table.unions.items():
        among = members or tuple(types)
        types[name] = union(name, among, types, "name" if name == ANYTHING else types[among[0]].display)
    return Schema(types)


def _type(endpoint: Resource, table: Api, survey: Discovery, models: Mapping[str, str]) -> AssetType:
    said = survey.fields.get(endpoint.path, {})
    whole = endpoint.path in survey.whole
    attributes = {
        name: _attribute(name, known, said.get(name), table, missing=whole and name not in said)
        for name, known in endpoint.fields.items()
    }
    for name, described in said.items():
        if name not in attributes and name.isidentifier():
            attributes[name] = _found(name, described, models)
    attributes.setdefault("id", Attribute("id", "Integer", codec_for("Integer"), readonly=True, writable=False))
    display = next((name for name in (endpoint.display, "name", "title", "id") if name in attributes), None)
    return AssetType(
        endpoint.type,
        attributes,
        {name: Operation(name) for name in endpoint.actions},
        display=display,
        short=endpoint.short,
        label=endpoint.label,
        endpoint=endpoint.path,
        number=survey.content_types.get(endpoint.model) if endpoint.model else None,
    )


def _attribute(name: str, known: Field, said: FieldInfo | None, table: Api, *, missing: bool) -> Attribute:
    """One field of the table. One that is *missing* in the server's own description is not read without being asked."""
    kind = choice_kind(known.choices, open=True) if known.choices else known.kind
    if said is not None and said.kind.startswith("Choice"):
        kind = said.kind
    related = (known.union or table.endpoints[known.to[0]].type) if known.kind == "Relation" else None
    hidden = known.via is not None or known.same_as is not None or known.kind == "File"
    readonly = known.read_only or (said is not None and said.read_only and known.action is None)
    return Attribute(
        name,
        kind,
        codec_for(kind, related),
        related=related,
        reciprocal=f"{related}.{known.back}" if related and known.back else None,
        required=known.required or (said is not None and said.required and not readonly),
        readonly=readonly,
        writable=not readonly and known.kind != "File",
        multi=known.many,
        computed=known.computed,
        basic=not hidden and not missing,
        label=said.label if said else "",
        affects_related=known.affects_related,
        cascades=known.cascades,
    )


def _found(name: str, said: FieldInfo, models: Mapping[str, str]) -> Attribute:
    """A field that only the server knows. A relation is recognised by the name of a model; anything else is JSON."""
    related = models.get(name.replace("_", "")) if said.kind in ("Json", "Integer") else None
    kind = "Relation" if related else said.kind
    return Attribute(
        name,
        kind,
        codec_for(kind, related),
        related=related,
        required=said.required and not said.read_only,
        readonly=said.read_only,
        writable=not said.read_only and kind != "File",
        computed=said.read_only and name != "id",
        basic=kind != "File",
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
    return Resource(kind.endpoint, type_name, label=kind.label, display=kind.display, fields=fields)


def field_of(endpoint: Resource, known: Schema, name: str) -> Field:
    """Return what is known of one field, whether the table has it or not."""
    found = endpoint.fields.get(name)
    return found if found is not None else _derived(known, known.attribute(endpoint.type, name))


def _derived(known: Schema, attribute: Attribute) -> Field:
    to = (known.type(attribute.related).endpoint,) if attribute.related else ()
    return Field(attribute.kind, to, many=attribute.multi, read_only=not attribute.writable)


def content_type(known: Schema, number: object) -> str | None:
    """The type that this server numbers so; None for a number of something that is no endpoint."""
    return next((kind.name for kind in known.types.values() if kind.number is not None and kind.number == number), None)
