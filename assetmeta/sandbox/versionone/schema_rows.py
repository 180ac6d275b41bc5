"""The schema as data: rows of AssetType, the definition types, Operation and Override, worked out from the catalogue.

An attribute is one row, of the type that first declares it; a type that changes an inherited attribute has an Override
row instead. The generated ends of a relation (its reverse, its closures) have no rows of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from .requests import LoadRow
from .types import AttributeDef, Catalogue, Closure, Column, Computed, Link, Reverse, TypeDef

_EVERYWHERE = frozenset({"ID", "AssetType", "Key", "Moment", "CanUpdate"})


def schema_rows(catalogue: Catalogue) -> Iterator[LoadRow]:
    """One row for each type, attribute, operation and override. Their negative ids depend on the catalogue alone."""
    ids = count(-1, -1)
    types = {name: f"AssetType:{next(ids)}" for name in catalogue.types}
    for place, kind in enumerate(catalogue.types.values(), start=1):
        yield _row(types[kind.name], _type_values(kind, types, place))
    for kind in catalogue.types.values():
        for attribute in kind.attributes.values():
            found = _definition(kind, attribute, types)
            if found is not None:
                definition, values = found
                yield _row(f"{definition}:{next(ids)}", values)
        for operation in kind.operations.values():
            if kind.base is None or operation.name not in catalogue.types[kind.base].operations:
                yield _row(
                    f"Operation:{next(ids)}", _operation_values(kind, types, operation.name, operation.validator)
                )


def _row(asset: str, values: dict[str, object]) -> LoadRow:
    return LoadRow(asset, since=0, state=64, values=values)


def _type_values(kind: TypeDef, types: dict[str, str], place: int) -> dict[str, object]:
    hierarchy = next(
        (each.storage.column for each in kind.attributes.values() if isinstance(each.storage, Closure)), None
    )
    return {
        "Name": kind.name,
        "Order": place,
        "Base": types[kind.base] if kind.base else None,
        "IsAbstract": kind.abstract,
        "IsCustom": kind.name.startswith("Custom_"),
        "NumberPattern": f"{kind.number_prefix}-{{0:00000}}" if kind.number_prefix else None,
        "NameResolutionAttributes": kind.display_by,
        "DefaultOrderByAttribute": kind.order_by,
        "DefaultHierarchyAttribute": hierarchy,
        "ShortNameAttribute": kind.short_name,
        "SecurityScopeRelation": "SecurityScope" if "SecurityScope" in kind.attributes else None,
        "UpdateRights": "Update",
        "ViewRights": "View",
    }


def _definition(kind: TypeDef, attribute: AttributeDef, types: dict[str, str]) -> tuple[str, dict[str, object]] | None:
    """The definition type and the values of one attribute's row; None when the attribute has no row at *kind*."""
    if attribute.declared_by != kind.name or (attribute.name in _EVERYWHERE and kind.base is not None):
        return None
    definition = _definition_type(kind, attribute)
    if definition is None:
        return None
    if attribute.base is not None:
        return "Override", _override_values(attribute, types)
    values = _attribute_values(attribute, types)
    if definition.endswith("RelationDefinition"):
        values |= {
            "RelatedAssetType": types[attribute.related or ""],
            "ReverseName": attribute.reciprocal.partition(".")[2] if attribute.reciprocal else None,
            "ReverseIsBasic": False,
        }
    return definition, values


def _definition_type(kind: TypeDef, attribute: AttributeDef) -> str | None:
    storage = attribute.storage
    if isinstance(storage, Computed):
        return "SyntheticAttributeDefinition"
    if isinstance(storage, Reverse | Closure) or (isinstance(storage, Link) and storage.side == "target"):
        return None
    if not attribute.is_relation:
        return "SimpleAttributeDefinition"
    if isinstance(storage, Link):
        return "ManyToManyRelationDefinition"
    return "HierarchyRelationDefinition" if _is_hierarchy(kind, storage) else "OneToManyRelationDefinition"


def _is_hierarchy(kind: TypeDef, storage: Column) -> bool:
    return any(
        isinstance(each.storage, Closure) and each.storage.column == storage.name for each in kind.attributes.values()
    )


def _attribute_values(attribute: AttributeDef, types: dict[str, str]) -> dict[str, object]:
    return {
        "Asset": types[attribute.declared_by],
        "Name": attribute.name,
        "AttributeType": attribute.kind,
        "NativeValue": type(attribute.storage).__name__,
        "IsBasic": attribute.basic,
        "IsCustom": attribute.custom,
        "IsReadOnly": attribute.readonly,
        "IsRequired": attribute.required,
    }


def _override_values(attribute: AttributeDef, types: dict[str, str]) -> dict[str, object]:
    return {
        "Asset": types[attribute.declared_by],
        "Name": attribute.name,
        "IsReadOnly": attribute.readonly,
        "IsRequired": attribute.required,
        "RelatedAssetType": types[attribute.related] if attribute.related else None,
    }


def _operation_values(kind: TypeDef, types: dict[str, str], name: str, validator: str | None) -> dict[str, object]:
    return {
        "Asset": types[kind.name],
        "Name": name,
        "Validator": validator,
        "Implementation": f"{kind.name}.{name}",
        "ExecuteRights": "Update",
    }
