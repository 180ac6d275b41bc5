"""Python values in the form in which the server takes them (reference 7, 8, 14.1): never as a body was read.

Relations are written as ids, commits as their identifier (or a branch), environments as an id or a slug, owners of
projects by name; members of some lists stand in an object of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from decimal import Decimal

from assetmeta.backends.rest.echo import apply_list_change
from assetmeta.backends.rest.http import Sendable
from assetmeta.backends.rest.spec import Api, Field, Resource
from assetmeta.backends.valohai.codecs import DOCUMENTS, is_uuid
from assetmeta.backends.valohai.keys import commit_parts, parse_key
from assetmeta.model.errors import BadValue, ReadOnly
from assetmeta.model.frozen import ConcealedDict, ConcealedList, frozen
from assetmeta.model.plans import AttributeChange, Call, Change, Create, Update
from assetmeta.model.schema import Attribute, Schema
from assetmeta.model.texts import Hidden
from assetmeta.model.values import Key, Oid

Real = Mapping[Oid, Oid]
"""Real identities by provisional ones."""

Names = Mapping[Oid, str]
"""Names of owners."""

_LEAST = 4
"""Characters of a text that can be a secret; shorter ones would be found in any words."""


def resolve_oid(oid: Oid, real: Real) -> Oid:
    """Return the identity that the server knows. Raises BadValue for an asset that it does not have yet."""
    found = real.get(oid, oid).current
    if found.is_new:
        raise BadValue(f"{found.token} is not on the server yet.", oid=found.token, type_name=found.type)
    return found


def resolve_value(value: object, real: Real) -> object:
    """Put the real identity in the place of a provisional one."""
    return resolve_oid(value, real) if isinstance(value, Oid) else value


def secrets_of(change: Change, concealed: Iterable[str] = ()) -> tuple[str, ...]:
    """The texts that a change writes and that are shown to nobody; *concealed* names such arguments of a call."""
    if isinstance(change, Create | Update):
        values: list[object] = [delta.new for delta in change.deltas]
    else:
        arguments = change.arguments if isinstance(change, Call) else ()
        values = [frozen([value], concealed=True) if name in concealed else value for name, value in arguments]
    return tuple(text for value in values for text in _hidden(value, within=False) if len(text) >= _LEAST)


def secrets_in(value: object) -> tuple[str, ...]:
    """The texts in a value that is secret as a whole."""
    return tuple(text for text in _hidden(value, within=True) if len(text) >= _LEAST)


def _hidden(value: object, *, within: bool) -> Iterator[str]:
    """The texts in a value that no repr shows; *within* one of those that are secret as a whole, all of them."""
    if isinstance(value, Hidden) or (within and isinstance(value, str)):
        yield str(value)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _hidden(item, within=within or isinstance(value, ConcealedDict))
    elif isinstance(value, list):
        for item in value:
            yield from _hidden(item, within=within or isinstance(value, ConcealedList))


def path_key(oid: Oid) -> Key:
    """Return an asset's key as it stands in a path. Raises BadValue for what is no id, such as an alias."""
    if isinstance(oid.key, int) or is_uuid(oid.key):
        return oid.key
    raise BadValue(f"{oid.token} is no asset's identity: ids are numbers or UUIDs.", oid=oid.token, type_name=oid.type)


def is_alias(table: Api, oid: Oid) -> bool:
    """True for an asset that is named by something else than its key; the server resolves that."""
    endpoint = table.types.get(oid.type)
    return isinstance(oid.key, str) and (endpoint is None or parse_key(endpoint, oid.key) is None)


def named_by_id(table: Api, endpoint: Resource, deltas: Iterable[AttributeChange]) -> list[Oid]:
    """The owners among the new values that have to be written by name and are known by their id."""
    found: list[Oid] = []
    for delta in deltas:
        known = endpoint.fields.get(delta.name)
        if (
            known is not None
            and known.write_as == "name"
            and isinstance(delta.new, Oid)
            and not is_alias(table, delta.new)
        ):
            found.append(delta.new)
    return found


def identified_by_alias(table: Api, endpoint: Resource, deltas: Iterable[AttributeChange]) -> list[Oid]:
    """The assets among the new values that have to be written by id and are known by an alias."""
    found: dict[Oid, None] = {}
    for delta in deltas:
        known = endpoint.fields.get(delta.name)
        for value in (delta.new, *delta.added) if known is None or known.write_as == "id" else ():
            if isinstance(value, Oid) and not value.is_new and is_alias(table, value):
                found[value] = None
    return list(found)


def document(
    schema: Schema,
    table: Api,
    endpoint: Resource,
    deltas: Iterable[AttributeChange],
    lists: Mapping[str, tuple[object, ...]],
    real: Real,
    names: Names,
    *,
    creating: bool,
) -> dict[str, Sendable]:
    """Return the body that makes *deltas* so. *lists* are the present members of lists that are written whole, *names*
    those of owners that are written by name.

    Raises ReadOnly for what the server works out itself, or takes only while an asset is created; BadValue.
    """
    found: dict[str, Sendable] = {}
    for delta in deltas:
        attribute = schema.attribute(endpoint.type, delta.name)
        known = endpoint.fields.get(delta.name)
        _check_access(endpoint, attribute, known, creating=creating)
        key = known.written_key or delta.name if known else delta.name
        if delta.is_multi:
            members = [resolve_value(value, real) for value in apply_list_change(delta, lists.get(delta.name, ()))]
            written = [sendable(table, endpoint, attribute, value, names) for value in members]
            found[key] = [{known.wrap: value} for value in written] if known and known.wrap else written
        else:
            found[key] = sendable(table, endpoint, attribute, resolve_value(delta.new, real), names)
    return found


def _check_access(endpoint: Resource, attribute: Attribute, known: Field | None, *, creating: bool) -> None:
    allowed = attribute.writable if known is None else known.is_creatable if creating else known.is_updatable
    if allowed:
        return
    only_new = known is not None and known.is_creatable
    why = "it is set while the asset is created and never after" if only_new else "the server works it out itself"
    raise ReadOnly(
        f"{endpoint.type}.{attribute.name} is read-only: {why}.", type_name=endpoint.type, attribute=attribute.name
    )


def sendable(table: Api, endpoint: Resource, attribute: Attribute, value: object, names: Names) -> Sendable:
    """Return one Python value as JSON. Raises BadValue for an asset of a type that the field does not take."""
    known = endpoint.fields.get(attribute.name)
    if isinstance(value, Oid):
        return _reference(table, endpoint, attribute.name, known, value, names)
    if value is None:
        return "" if attribute.kind == "Text" and not (known and known.nullable) else None
    if known is not None and known.shape == "inputs":
        return inputs(value)
    if attribute.kind in DOCUMENTS:
        return value  # type: ignore[return-value]
    written = _plain(attribute, value)
    return written.lower() if isinstance(written, str) and _is_lowercased(endpoint, attribute.name) else written


def _is_lowercased(endpoint: Resource, name: str) -> bool:
    known = endpoint.filters.get(name)
    return known is not None and known.lowercased


def _plain(attribute: Attribute, value: object) -> Sendable:
    """A plain value: numbers as numbers, lengths of time as seconds, times and decimals as texts."""
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
        return int(seconds) if seconds.is_integer() else seconds
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, Decimal) and attribute.kind == "Number":
        return float(value)
    return attribute.codec.encode(value)


def inputs(value: object) -> Sendable:
    """Return inputs as a map from names to lists of addresses, also where they are given as they are read (a list of
    `name` and `urls`) or with a single address for a list.
    """
    if isinstance(value, list) and all(isinstance(item, Mapping) and "name" in item for item in value):
        value = {item["name"]: item.get("urls", []) for item in value}
    if not isinstance(value, Mapping):
        raise BadValue(f"Inputs are a dict from names to lists of addresses, not {value!r:.80}.", attribute="inputs")
    return {str(name): [urls] if isinstance(urls, str) else urls for name, urls in value.items()}


def _reference(table: Api, endpoint: Resource, name: str, known: Field | None, oid: Oid, names: Names) -> Sendable:
    types = known.to if known else ()
    if types and oid.type not in types and not (known and oid.type == known.union):
        raise BadValue(
            f"{endpoint.type}.{name} takes a {' or a '.join(types)}, not {oid.token}.",
            type_name=endpoint.type,
            attribute=name,
        )
    if known is not None and known.write_as == "name":
        return names.get(oid, oid.key)
    return commit_parts(oid.key)[1] if oid.type == "Commit" and not is_alias(table, oid) else oid.key


def as_read(attribute: Attribute, known: Field, cell: object) -> Sendable:
    """Return what an object holds in the form in which it is written back, as a PUT of the whole object needs."""
    if isinstance(cell, Oid):
        return cell.key
    if isinstance(cell, tuple):
        members = [as_read(attribute, known, member) for member in cell]
        return [{known.wrap: member} for member in members] if known.wrap else members
    if attribute.kind in DOCUMENTS and isinstance(cell, str):
        return attribute.codec.decode(cell)  # type: ignore[return-value]
    return float(cell) if isinstance(cell, Decimal) else cell  # type: ignore[return-value]
