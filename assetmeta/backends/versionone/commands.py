"""Changes as commands of api/asset (bulk: create, update, execute), and which changes it cannot be trusted with.

Relations are named by identity alone, since any other text would be looked up as a name. New values of single
attributes stand as they are; those of several values are added and removed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal

from assetmeta.backends.responses import Json
from assetmeta.backends.versionone.rest_request import moves
from assetmeta.model.codecs import plain_decimal
from assetmeta.model.errors import BadValue, UsageError
from assetmeta.model.plans import AttributeChange, Call, Change, Create, Delete, Update
from assetmeta.model.schema import Attribute, Schema
from assetmeta.model.values import Oid

Name = Callable[[Oid], str]
"""How an asset is called in the request: by its token or an alias. Raises BadValue for one that is not there yet."""

_SINGLY = frozenset({"Blob", "Rank"})
_CONTEXT = "#ContextOid"
"""The asset in whose context another is made, as the projection of nested creates has it; such a list can be posted."""

_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML has no way to say: sent in JSON it might be stored, and could not be read again."""


def fits(schema: Schema, change: Change) -> bool:
    """True when api/asset does exactly what *change* means. It clears nothing, keeps no comment, takes no bytes and no
    ranks in figures; and a text that begins with @ might be taken for an alias.
    """
    if change.oid.moment is not None:
        return False
    if isinstance(change, Delete | Call):
        return True
    created = isinstance(change, Create)
    if change.comment is not None or not (created or change.deltas):
        return False
    try:
        return all(_fits(schema.attribute(change.oid.type, delta.name), delta, created) for delta in change.deltas)
    except (UsageError, ValueError):
        # What cannot be sent at all is sent the other way, which says why.
        return False


def _fits(attribute: Attribute, delta: AttributeChange, created: bool) -> bool:
    if attribute.kind in _SINGLY or (delta.is_multi and not attribute.multi):
        return False
    if not attribute.multi:
        return _is_safe(attribute, delta.new)
    added, removed = moves(delta)
    values = (*added, *removed)
    return bool(values) and not (created and removed) and all(_is_safe(attribute, value) for value in values)


def _is_safe(attribute: Attribute, value: object) -> bool:
    if attribute.is_relation:
        return isinstance(value, Oid)
    text = attribute.codec.encode(value)
    return bool(text) and not text.lstrip().startswith("@") and not _UNWRITABLE.search(text)


def command(schema: Schema, change: Change, name: Name) -> dict[str, Json]:
    """Spell a change that fits. Raises BadValue."""
    if isinstance(change, Create):
        context: dict[str, Json] = {} if change.context is None else {_CONTEXT: name(change.context)}
        return {"AssetType": change.oid.type, **_values(schema, change, name), **context}
    if isinstance(change, Update):
        return {"from": name(change.oid), "update": _values(schema, change, name)}
    operation = change.operation if isinstance(change, Call) else "Delete"
    # Deleted assets are hidden from a command unless it asks for them.
    hidden: dict[str, Json] = {"where": {"IsDeleted": True}} if operation == "Undelete" else {}
    return {"from": name(change.oid), **hidden, "execute": _execution(change, operation, name)}


def _execution(change: Call | Delete, operation: str, name: Name) -> Json:
    if not isinstance(change, Call) or not change.arguments:
        return operation
    return {"op": operation, "args": {key: _argument(change, key, value, name) for key, value in change.arguments}}


def _argument(call: Call, key: str, value: object, name: Name) -> Json:
    if isinstance(value, Oid):
        return name(value)
    if isinstance(value, bool | int) or (isinstance(value, str) and not value.lstrip().startswith("@")):
        return value
    if isinstance(value, Decimal | float):
        return plain_decimal(Decimal(str(value)))
    if isinstance(value, date):
        return value.isoformat()
    raise BadValue(
        f"{call.oid.token}.{call.operation}: {key}={value!r:.80} cannot be an argument; give an asset, a number, a"
        " date, True, False, or text that does not begin with @.",
        oid=call.oid.token,
        attribute=call.operation,
    )


def _values(schema: Schema, change: Create | Update, name: Name) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for delta in change.deltas:
        attribute = schema.attribute(change.oid.type, delta.name)
        if not attribute.multi:
            found[delta.name] = _value(attribute, delta.new, name)
            continue
        added, removed = (_several(attribute, values, name) for values in moves(delta))
        acts: dict[str, Json] = {"add": added, "remove": removed}
        found[delta.name] = added if isinstance(change, Create) else {act: acts[act] for act in acts if acts[act]}
    return found


def _several(attribute: Attribute, values: Iterable[object], name: Name) -> list[Json]:
    return [_value(attribute, value, name) for value in values]


def _value(attribute: Attribute, value: object, name: Name) -> Json:
    """One value: an asset by its name, a Boolean as such, all else in the text that rest-1.v1 takes too."""
    if isinstance(value, Oid):
        return name(value)
    text = attribute.codec.encode(value)
    return text == "true" if attribute.kind == "Boolean" else text
