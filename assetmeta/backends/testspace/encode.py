"""Values as the server takes them (reference 7), and which of them it takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from assetmeta.backends.rest.http import Sendable
from assetmeta.backends.rest.spec import Field, Resource
from assetmeta.backends.testspace.keys import require_key
from assetmeta.model.errors import BadValue, ReadOnly
from assetmeta.model.plans import AttributeChange
from assetmeta.model.values import Key, Oid

Real = Mapping[Oid, Oid]
"""Real identities by provisional ones."""


def resolve_oid(oid: Oid, real: Real) -> Oid:
    """Return the identity that the server knows. Raises BadValue for an asset that it does not have."""
    found = real.get(oid, oid).current
    return Oid(found.type, require_key(found))


def resolve_value(value: object, real: Real) -> object:
    """Put a real identity in the place of a provisional one."""
    return resolve_oid(value, real) if isinstance(value, Oid) else value


def parent_of(kind: Resource, deltas: Iterable[AttributeChange], real: Real) -> Key | None:
    """The key of what a new asset is to be put below; None for what is below nothing. Raises BadValue."""
    if kind.up is None:
        return None
    given = next((delta.new for delta in deltas if delta.name == kind.up), None)
    if not isinstance(given, Oid):
        raise BadValue(
            f"A new {kind.type} is put below a {kind.parent}: give {kind.up}=.", type_name=kind.type, attribute=kind.up
        )
    return resolve_oid(given, real).key


def document(kind: Resource, deltas: Iterable[AttributeChange], real: Real, *, new: bool) -> dict[str, Sendable]:
    """Return the body that makes *deltas* so; a *new* asset's parent stands in the path instead.

    Raises ReadOnly for what the server sets, and for what only new assets take.
    """
    found: dict[str, Sendable] = {}
    for delta in deltas:
        known = kind.fields[delta.name]
        _check(kind, delta.name, known, new)
        if known.access != "parent":
            found[known.written_key or delta.name] = sendable(resolve_value(delta.new, real))
    return found


def sendable(value: object) -> Sendable:
    """Return a Python value as JSON takes it. An asset is the number that the server knows it by."""
    if isinstance(value, Oid):
        return value.key
    if isinstance(value, Decimal):
        return float(value)
    return value  # type: ignore[return-value]


def _check(kind: Resource, name: str, known: Field, new: bool) -> None:
    if known.is_updatable or (new and known.is_creatable):
        return
    why = "it is chosen when the asset is made, and stays" if known.is_creatable else "the server sets it"
    raise ReadOnly(f"{kind.type}.{name} cannot be changed: {why}.", type_name=kind.type, attribute=name)
