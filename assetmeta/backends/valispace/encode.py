"""Python values as the server takes them: ids for assets, null or an empty text for nothing, numbers as numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

from assetmeta.backends.rest.echo import apply_list_change
from assetmeta.backends.rest.http import Sendable
from assetmeta.backends.rest.spec import Api, Field, Resource
from assetmeta.backends.valispace.lookup import require_key
from assetmeta.backends.valispace.options import ServerMemory
from assetmeta.model import ordering
from assetmeta.model.errors import BadValue, ReadOnly
from assetmeta.model.plans import AttributeChange
from assetmeta.model.schema import Attribute, Schema
from assetmeta.model.values import Oid

_PROVISIONAL = re.compile(r"\$(new-[0-9]+)")
_TEXTS = frozenset({"Text", "Html", "Formula"})

Real = Mapping[Oid, Oid]
"""Real identities by provisional ones."""


def references_in(delta: AttributeChange) -> list[Oid]:
    """The assets that a delta names, also new valis within formulas."""
    texts = [value for value in (delta.new, *delta.added) if isinstance(value, str) and "$new-" in value]
    return [*ordering.references_in(delta), *(Oid("Vali", key) for text in texts for key in _PROVISIONAL.findall(text))]


def resolve_oid(oid: Oid, real: Real) -> Oid:
    """Return the identity that the server knows. Raises BadValue for an asset that it does not have."""
    found = real.get(oid, oid).current
    return Oid(found.type, require_key(found.type, found.key))


def resolve_value(value: object, real: Real) -> object:
    """Put real identities in the place of provisional ones; in a formula, `$205` in the place of `$new-1`."""
    if isinstance(value, Oid):
        return resolve_oid(value, real)
    if isinstance(value, str) and "$new-" in value:
        return _PROVISIONAL.sub(lambda match: _dollar(match[0], Oid("Vali", match[1]), real), value)
    return value


def _dollar(text: str, oid: Oid, real: Real) -> str:
    # `$new-1` that was never created here is a property called "new", less one.
    return f"${real[oid].key}" if oid in real else text


def sendable(schema: Schema, table: Api, endpoint: Resource, attribute: Attribute, value: object) -> Sendable:
    """Return a Python value as JSON. Raises BadValue for an asset of a type that the field does not take."""
    known = endpoint.fields.get(attribute.name)
    if isinstance(value, Oid):
        return _reference(schema, table, endpoint, attribute.name, known, value)
    if value is None:
        return "" if attribute.kind in _TEXTS and not (known and known.nullable) else None
    if attribute.kind == "Json" or isinstance(value, bool | int | float):
        return value  # type: ignore[return-value]
    if isinstance(value, Decimal):
        return float(value)
    return attribute.codec.encode(value)


def _reference(schema: Schema, table: Api, endpoint: Resource, name: str, known: Field | None, oid: Oid) -> Sendable:
    types = known.to if known else ()
    if types and oid.type not in types:
        raise BadValue(
            f"{endpoint.type}.{name} takes a {' or a '.join(types)}, not {oid.token}.",
            type_name=endpoint.type,
            attribute=name,
        )
    if known is not None and known.shape == "object":
        return {"id": require_key(oid.type, oid.key), "contenttype": number_of(schema, oid)}
    return require_key(oid.type, oid.key)


def number_of(schema: Schema, oid: Oid) -> int:
    """The content type id of an asset's type on this server. Raises BadValue where it has none, or where the session
    did not ask for them.
    """
    number = schema.type(oid.type).number
    if number is None and all(kind.number is None for kind in schema.types.values()):
        raise BadValue(
            f"{oid.token} cannot be referred to: that takes the content type of {oid.type}, and this session knows "
            'none. survey="none" does not ask for them; ValispaceMeta(..., survey="root") does (two requests).',
            oid=oid.token,
        )
    if number is None:
        raise BadValue(f"This server names no content type for {oid.type}; {oid.token} cannot be referred to.")
    return number


def document(
    schema: Schema,
    table: Api,
    endpoint: Resource,
    deltas: Iterable[AttributeChange],
    lists: Mapping[str, tuple[object, ...]],
    learned: ServerMemory,
    real: Real,
) -> dict[str, Sendable]:
    """Return the body that makes *deltas* so. *lists* are the present members of lists that are written whole.

    Raises ReadOnly for what the server works out itself, BadValue.
    """
    found: dict[str, Sendable] = {}
    for delta in deltas:
        attribute = schema.attribute(endpoint.type, delta.name)
        known = endpoint.fields.get(delta.name)
        if not attribute.writable:
            raise ReadOnly(
                f"{endpoint.type}.{delta.name} is read-only: the server works it out itself.", attribute=delta.name
            )
        if known is not None and known.action is not None:
            continue
        key = written_key(endpoint, delta.name, known, learned)
        if delta.is_multi:
            members = [resolve_value(value, real) for value in apply_list_change(delta, lists.get(delta.name, ()))]
            found[key] = [sendable(schema, table, endpoint, attribute, value) for value in members]
            continue
        value = resolve_value(delta.new, real)
        found[key] = sendable(schema, table, endpoint, attribute, value)
        if known is not None and known.type_in is not None:
            found.setdefault(known.type_in, number_of(schema, value) if isinstance(value, Oid) else None)
    return found


def written_key(endpoint: Resource, name: str, known: Field | None, learned: ServerMemory) -> str:
    """The key to write a field under: of an old and a new name, the one that this server's objects have."""
    seen = learned.present.get(endpoint.path, set())
    if known is not None and known.alternative_key is not None and name not in seen and known.alternative_key in seen:
        return known.alternative_key
    return name
