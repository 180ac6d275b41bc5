"""The names that a plan shows: what people call the assets that it mentions, as far as that is loaded."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from assetmeta.core.context import SessionContext
from assetmeta.core.ownership import oids_in, taken_along
from assetmeta.core.plan import Plan
from assetmeta.core.state import Instance
from assetmeta.model.plans import AttributeChange, Change, Create, Delete, Update
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid

_NUMBER = "Number"
"""What servers that do not name an attribute for it number their assets by."""


def annotated(context: SessionContext, plan: Plan) -> Plan:
    """Return *plan* with the names and numbers of all assets that it mentions, what its deletes take along, as far as
    that is loaded, and the required attributes that it leaves empty. Sends nothing.
    """
    deleted = [change.oid for change in plan.changes if isinstance(change, Delete)]
    with context.lock:
        along = taken_along(context.schema, context.identity, deleted)
        mentioned = {oid for change in plan.changes for oid in _mentioned(change)}
        mentioned.update(oid for taken in along.values() for oid in taken.known)
        found = [(oid, asset) for oid in mentioned if (asset := context.identity.get(oid)) is not None]
        listed = context.vocabulary.names_of(mentioned) if context.vocabulary else {}
        names = listed | {oid: name for oid, asset in found if (name := name_of(context, asset))}
        numbers = {oid: number for oid, asset in found if (number := _number_of(context, asset))}
    required = {change.oid: empty for change in plan.changes if (empty := _empty(context.schema, change))}
    return replace(plan, names={**plan.names, **names}, along=along, numbers=numbers, required=required)


def _empty(schema: Schema, change: Change) -> tuple[str, ...]:
    """The attributes that the schema requires and a change clears, or a new asset does not have. What a new asset gets
    from a context is known to the server alone.
    """
    known = schema.type(change.oid.type).attributes
    if isinstance(change, Create):
        if change.context is not None:
            return ()
        given = {delta.name: delta for delta in change.deltas}
        wanted = [attribute.name for attribute in known.values() if attribute.required and attribute.writable]
        return tuple(name for name in wanted if name not in given or _is_empty(given[name]))
    if isinstance(change, Update):
        cleared = [delta.name for delta in change.deltas if _is_empty(delta)]
        return tuple(name for name in cleared if name in known and known[name].required)
    return ()


def _is_empty(delta: AttributeChange) -> bool:
    return not delta.is_multi and (delta.new is None or delta.new == "")


def name_of(context: SessionContext, asset: Instance) -> str | None:
    """Return what people call an asset, where it is loaded: the display name, or else the short one that they give."""
    kind = context.schema.type(asset._state.oid.type)
    given = [kind.display, kind.short if kind.short and kind.attribute(kind.short).writable else None]
    for name in filter(None, given):
        edit = (asset._state.edits or {}).get(name)
        cell = edit.new if edit else asset._state.cell(name)
        if isinstance(cell, str):
            return cell
    return None


def _number_of(context: SessionContext, asset: Instance) -> str | None:
    """The number that the server gave an asset for people to know it by, where it is loaded."""
    kind = context.schema.type(asset._state.oid.type)
    given = [kind.attributes[name] for name in (_NUMBER, kind.short) if name and name in kind.attributes]
    cells = (asset._state.cell(attribute.name) for attribute in given if not attribute.writable)
    return next((str(cell) for cell in cells if isinstance(cell, str | int)), None)


def _mentioned(change: Change) -> Iterator[Oid]:
    """Yield the identities that a change is about and that its values name."""
    yield change.oid
    for delta in change.deltas if isinstance(change, Create | Update) else ():
        for value in (delta.new, delta.old, *delta.added, *delta.removed):
            yield from (oid.current for oid in oids_in(value))
