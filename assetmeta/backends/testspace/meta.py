"""The bundled table as a Schema (reference 9)."""

from __future__ import annotations

from assetmeta.backends.kinds import choice_kind
from assetmeta.backends.testspace.kinds import codec_for
from assetmeta.backends.testspace.table import Field, Kind, Table
from assetmeta.model.schema import AssetType, Attribute, Schema


def schema(table: Table) -> Schema:
    """Make the schema of a table. No request: the server has no description of itself."""
    return Schema({name: _type(kind) for name, kind in table.items()}, "bundled")


def _type(kind: Kind) -> AssetType:
    attributes = {name: _attribute(name, known) for name, known in kind.fields.items()}
    return AssetType(kind.name, attributes, display=kind.display, label=kind.label, endpoint=_endpoint(kind))


def _endpoint(kind: Kind) -> str:
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
        ripples=known.ripples,
        cascades=known.cascades,
    )
