"""Pending edits of one asset: what assignments, add() and remove() leave in its state, and their sum as deltas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from assetmeta.core.context import SessionContext
from assetmeta.core.relations import NullReference, member_values
from assetmeta.core.state import Edit, Instance, State, drop_decoded
from assetmeta.core.values import cell_members, cell_value, context_of, load_raw, parsed, related_oid
from assetmeta.model.errors import BadValue, ReadOnly
from assetmeta.model.plans import AttributeChange
from assetmeta.model.scalars import is_scalar
from assetmeta.model.schema import Attribute
from assetmeta.model.values import ABSENT, UNREAD, same_value


def refuse_unwritable(asset: Instance, attribute: Attribute) -> None:
    """Raise ReadOnly when *attribute* of *asset* cannot be written."""
    oid = asset._state.oid
    if oid.is_new and asset._state.gone is not None:
        raise ReadOnly(f"{oid.token} was dropped and will not be created; make a new asset.", oid=oid.token)
    if oid.moment is not None:
        reason = f"it is the asset as of {oid.moment!s}; change the asset as it is now"
    elif not attribute.writable:
        reason = f"the server works {attribute.name} out itself"
    else:
        return
    raise ReadOnly(f"{oid.token}.{attribute.name} is read-only: {reason}.", oid=oid.token, attribute=attribute.name)


def set_value(asset: Instance, attribute: Attribute, value: object) -> None:
    """Make *value* the pending value of a single-valued attribute. Setting the loaded value back drops the edit."""
    new = _single(context_of(asset), asset._state.oid.type, attribute, value)
    state = asset._state
    old = old_value(asset, attribute)
    same = old is not UNREAD and same_value(old, new) and not state.oid.is_new
    # While a commit is sending another value, setting the old one back is a change like any other.
    _store(asset, attribute.name, None if same and attribute.name not in state.sending else Edit(new))


def _single(context: SessionContext, type_name: str, attribute: Attribute, value: object) -> object:
    if type(value) is tuple and not value:
        value = None
    if value is None or not attribute.is_relation:
        return parsed(context, type_name, attribute, value)
    if isinstance(value, NullReference):
        return None
    return related_oid(context, type_name, attribute, value)


def old_value(asset: Instance, attribute: Attribute) -> object:
    """The loaded value without edits; UNREAD when it is not loaded, None for a new asset."""
    if asset._state.oid.is_new:
        return None
    cell = asset._state.cell(attribute.name)
    return UNREAD if cell is UNREAD or cell is ABSENT else cell_value(asset, attribute, cell)


def replace_members(asset: Instance, attribute: Attribute, values: Iterable[object]) -> None:
    """Make *values* the pending members of a multi-valued attribute. Loads the present ones if they are missing."""
    wanted = _checked_members(asset, attribute, values)
    before = cell_members(asset, attribute, load_raw(asset, attribute.name))
    edit = Edit(is_multi=True)
    edit.added = [value for value in wanted if value not in before]
    edit.removed = [value for value in before if value not in wanted]
    if attribute.name in asset._state.sending:
        sent = (asset._state.edits or {}).get(attribute.name, edit)
        edit.added += [value for value in sent.removed if value in wanted and value not in edit.added]
        edit.removed += [value for value in sent.added if value not in wanted and value not in edit.removed]
    _store(asset, attribute.name, edit if edit.added or edit.removed else None)


def change_members(asset: Instance, attribute: Attribute, add: Sequence[object], remove: Sequence[object]) -> None:
    """Add and remove members, pending. The present members need not be loaded; where they are, no-ops are dropped."""
    state = asset._state
    added, removed = _checked_members(asset, attribute, add), _checked_members(asset, attribute, remove)
    cell = state.cell(attribute.name)
    known = (state.oid.is_new or cell is not UNREAD) and attribute.name not in state.sending
    before = cell_members(asset, attribute, cell) if known else ()
    edit = _copied(state, attribute.name)
    for value in added:
        if value in edit.removed:
            edit.removed.remove(value)
        if value not in edit.added and not (known and value in before):
            edit.added.append(value)
    for value in removed:
        if value in edit.added:
            edit.added.remove(value)
        if value not in edit.removed and not (known and value not in before):
            edit.removed.append(value)
    _store(asset, attribute.name, edit if edit.added or edit.removed else None)


def _checked_members(asset: Instance, attribute: Attribute, values: Iterable[object]) -> list[object]:
    return checked_members(context_of(asset), asset._state.oid.type, attribute, values)


def checked_members(
    context: SessionContext, type_name: str, attribute: Attribute, values: Iterable[object]
) -> list[object]:
    """Check values that a person gave as members; return them parsed, each once, in order."""
    if attribute.is_relation:
        return member_values(context, type_name, attribute, values)
    if isinstance(values, str | bytes) or not isinstance(values, Iterable) or is_scalar(values):
        raise BadValue(
            f"{type_name}.{attribute.name} holds several values: give a list of them, or use .add().",
            type_name=type_name,
            attribute=attribute.name,
        )
    return list(dict.fromkeys(_single(context, type_name, attribute, value) for value in values))


def _copied(state: State, name: str) -> Edit:
    """A copy of the present edit, since a commit under way may hold the present one."""
    edit = Edit(is_multi=True)
    if state.edits and name in state.edits:
        edit.added, edit.removed = list(state.edits[name].added), list(state.edits[name].removed)
    return edit


def _store(asset: Instance, name: str, edit: Edit | None) -> None:
    state = asset._state
    if edit is None:
        drop_edits(asset, [name])
        return
    if state.edits is None:
        state.edits = {}
    state.edits[name] = edit
    asset.__dict__.pop(name, None)


def put(asset: Instance, changes: Iterable[AttributeChange]) -> None:
    """Make changes of attributes pending that were checked where they were made."""
    for change in changes:
        edit = Edit(change.new, is_multi=change.is_multi)
        edit.added, edit.removed = list(change.added), list(change.removed)
        _store(asset, change.name, edit)


def drop_edits(asset: Instance, names: Iterable[str]) -> None:
    """Drop pending edits, so that the loaded values are read again."""
    state = asset._state
    for name in list(names):
        if state.edits and name in state.edits:
            del state.edits[name]
            drop_decoded(asset, [name])
    if not state.edits:
        state.edits = None


def restore(asset: Instance, before: Mapping[str, Edit]) -> None:
    """Put the pending edits back to what they were."""
    state = asset._state
    for name in {*(state.edits or {}), *before}:
        asset.__dict__.pop(name, None)
    state.edits = dict(before) or None


def checked(context: SessionContext, type_name: str, name: str, value: object) -> object:
    """Return a *value* for assets of a type, with the identities of the assets that it names. Raises BadValue,
    UnknownName or ReadOnly unless it could be set. Sends nothing, except to look up a name.
    """
    attribute = context.schema.attribute(type_name, name)
    if not attribute.writable:
        raise ReadOnly(f"{type_name}.{name} is read-only: the server works it out itself.", attribute=name)
    if value is None and attribute.multi:
        return value
    take = checked_members if attribute.multi else _single
    found = take(context, type_name, attribute, value)  # type: ignore[arg-type]
    return found if attribute.is_relation else value


def deltas(asset: Instance) -> tuple[AttributeChange, ...]:
    """The pending edits of *asset* as data, with the loaded values they change."""
    state = asset._state
    attributes = context_of(asset).schema.type(state.oid.type).attributes
    found = []
    for name, edit in (state.edits or {}).items():
        if edit.is_multi:
            cell = state.cell(name)
            old = UNREAD if cell is UNREAD else cell_members(asset, attributes[name], cell)
            added, removed = tuple(edit.added), tuple(edit.removed)
            found.append(AttributeChange(name, () if state.oid.is_new else old, None, added, removed, is_multi=True))
        else:
            found.append(AttributeChange(name, old_value(asset, attributes[name]), edit.new))
    return tuple(found)
