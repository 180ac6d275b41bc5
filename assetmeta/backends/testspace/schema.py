"""The bundled table as a Schema (reference 9)."""

from __future__ import annotations

from assetmeta.backends.rest.codecs import choice_kind
from assetmeta.backends.testspace.api import Api, Field, Resource
from assetmeta.backends.testspace.codecs import codec_for
from assetmeta.model.schema import AssetType, Attribute, Schema


def schema(table: Api) -> Schema:
    """Make the schema of a table. No request: the server has no description of itself."""
    return Schema({name: _type(kind) for name, kind in table.items()}, "bundled")


def _type(kind: Resource) -> AssetType:
    attributes = {name: _attribute(name, known) for name, known in kind.fields.items()}
    return AssetType(kind.name, attributes, display=kind.display, label=kind.label, endpoint=_endpoint(kind))


def _endpoint(kind: Resource) -> str:
    """Where the type is, where that is not below something else."""
    return kind.collection if kind.parent is None else ""


def _attribute(name: str, known: Field) -> Attribute:
    kind = choice_kind(tuple((value, "") for value in known.choices), open=True) if known.choices else known.kind
    return Attribute(
        name,
        kind,
        codec_for(kind, known.to),
        related=known.to,
        reciprocal=f"{known.to}.{known.back}" if known.back else None,
        required=known.required,
        readonly=known.write is None,
        writable=known.write is not None,
        multi=known.listed or known.many,
        computed=known.computed or known.listed,
        basic=not known.listed and not known.sent_only,
        label="",
        affects_related=known.affects_related,
        cascades=known.cascades,
    )
