"""The description of a server, completed by what the server reports about itself, as a Schema.

The description has relations, forms and filters, the server its fields, their labels and choices. What the description
calls read-only stays so, whatever the server reports; types and fields that only the server has are added.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from assetmeta.backends.rest.codecs import choice_kind, status_kind
from assetmeta.backends.rest.discovery import NOTHING, Discovery, FieldInfo, unused_name
from assetmeta.backends.rest.spec import Api, Field, Resource
from assetmeta.model.codecs import Codec
from assetmeta.model.schema import AssetType, Attribute, Operation, Schema

CodecFor = Callable[[str, str, str | None], Codec]
"""Returns the codec of a kind, for the attribute of a name and the type that a relation leads to."""


_MAY_BE_CHOICES = frozenset({"Text", "Integer", "Choice"})
"""Kinds of the description for which the server may list the values."""


def build_schema(api: Api, codec_for: CodecFor, found: Discovery = NOTHING, version: str = "") -> Schema:
    """Merge a description with what the server reports."""
    models = {resource.model or resource.type.lower(): resource.type for resource in api.types.values()}
    types: dict[str, AssetType] = {}
    resources = list(api.types.values())
    for path in found.paths:
        if path not in api.paths:
            resources.append(Resource(unused_name(path, {*(one.type for one in resources), *api.unions}), path))
    for resource in resources:
        types[resource.type] = _type(api, resource, codec_for, found, models)
    for name, union in api.unions.items():
        members = union.members or tuple(types)
        types[name] = _union(name, members, types, union.display)
    return Schema(types, version)


def _type(api: Api, resource: Resource, codec_for: CodecFor, found: Discovery, models: Mapping[str, str]) -> AssetType:
    reported = found.fields.get(resource.path, {})
    attributes: dict[str, Attribute] = {}
    for name, known in resource.fields.items():
        info = reported.get(name)
        attribute = _from_description(api, name, known, info, tuple(resource.words.get(name, ())), codec_for)
        is_missing = info is None and resource.path in found.complete
        attributes[name] = replace(attribute, basic=False) if is_missing else attribute
    written = {known.written_key for known in resource.fields.values()}
    for name, info in reported.items():
        if name not in attributes and name not in written and name.isidentifier():
            attributes[name] = _from_discovery(name, info, models, codec_for)
    if "id" not in attributes and resource.own == "id":
        kind = "Integer" if api.key == "int" else "Uuid"
        attributes["id"] = Attribute("id", kind, codec_for(kind, "id", None), readonly=True, writable=False, basic=True)
    display = next((name for name in (resource.display, "name", "title", "id") if name in attributes), None)
    return AssetType(
        resource.type,
        attributes,
        {name: Operation(name) for name in resource.actions},
        display=display,
        short=resource.short,
        label=resource.label,
        endpoint=resource.path if resource.parent is None else "",
        number=found.content_types.get(resource.model) if resource.model else None,
        deleted="deleted" if resource.soft else None,
        part_of=resource.part_of,
        derived=resource.derived,
        choices=resource.choices,
    )


def _from_description(
    api: Api, name: str, known: Field, info: FieldInfo | None, words: tuple[str, ...], codec_for: CodecFor
) -> Attribute:
    """One field of the description. What is not part of every answer is loaded only when it is selected."""
    kind = _kind(known, info, words)
    related = (known.union or known.to[0]) if known.kind == "Relation" else None
    readonly = not known.is_creatable or (info is not None and info.read_only and known.action is None)
    is_partial = known.detail_only or known.include or known.heavy or known.hidden or known.kind == "File"
    is_reported = api.options_tell_required and info is not None and info.required
    return Attribute(
        name,
        kind,
        codec_for(kind, name, related),
        related=related,
        reciprocal=f"{related}.{known.reciprocal}" if related and known.reciprocal else None,
        required=known.required or (is_reported and not readonly),
        readonly=readonly,
        writable=not readonly and known.kind != "File",
        multi=known.many,
        computed=known.computed,
        basic=known.is_readable and not known.listed_separately and not is_partial,
        label=info.label if info else "",
        affects_related=known.affects_related,
        cascades=known.cascades,
        source=known.source,
    )


def _kind(known: Field, info: FieldInfo | None, words: tuple[str, ...]) -> str:
    if known.kind == "Status":
        return status_kind(tuple(str(value) for value, _ in known.choices), words)
    if known.secret:
        return "SecretJson"
    if info is not None and info.kind.startswith("Choice") and known.kind in _MAY_BE_CHOICES:
        return info.kind
    return choice_kind(known.choices, open=True) if known.choices else known.kind


def _from_discovery(name: str, info: FieldInfo, models: Mapping[str, str], codec_for: CodecFor) -> Attribute:
    """A field that only the server has. OPTIONS does not report relations; one with the name of a model is one."""
    related = models.get(name.replace("_", "").lower()) if info.kind in ("Json", "Uuid", "Integer") else None
    # OPTIONS calls a UUID a `field`, as it calls all that it has no word for.
    kind = "Relation" if related else "Uuid" if name == "id" and info.kind == "Json" else info.kind
    return Attribute(
        name,
        kind,
        codec_for(kind, name, related),
        related=related,
        required=info.required and not info.read_only,
        readonly=info.read_only,
        writable=not info.read_only and kind != "File",
        computed=info.read_only and name != "id",
        basic=kind != "File",
        label=info.label,
    )


def _union(name: str, members: tuple[str, ...], types: Mapping[str, AssetType], display: str | None) -> AssetType:
    """The abstract type of several: it has what any of them has, for use in paths."""
    attributes: dict[str, Attribute] = {}
    for member in members:
        for attribute in types[member].attributes.values():
            only_id = attribute.name == "id"
            attributes.setdefault(attribute.name, replace(attribute, writable=False, readonly=True, basic=only_id))
    return AssetType(name, attributes, abstract=True, display=display, members=members)
