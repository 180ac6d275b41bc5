"""Identities put in the place of others: mostly real ones in the place of those of new assets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from assetmeta.model.ordering import ReferencesIn, references_in
from assetmeta.model.plans import AttributeChange, Change, Create, Update
from assetmeta.model.values import Oid

_PROVISIONAL = re.compile(r"(?<!\w)new-[0-9]+(?!\w)")


def resolve_value(value: object, real: Mapping[Oid, Oid], within: ReferencesIn = references_in) -> object:
    """Return *value* with the identities of *real*, also in formulas, of which *within* finds the assets."""
    if isinstance(value, Oid):
        return real.get(value, value)
    if not isinstance(value, str) or "new-" not in value:
        return value
    keys = {str(oid.key): str(real[oid].key) for oid in within(AttributeChange("", None, value)) if oid in real}
    return _PROVISIONAL.sub(lambda found: keys.get(found[0], found[0]), value) if keys else value


def resolve_deltas(
    deltas: Iterable[AttributeChange], real: Mapping[Oid, Oid], within: ReferencesIn = references_in
) -> tuple[AttributeChange, ...]:
    """Return *deltas* with the identities of *real*. What attributes were before stays as it is."""
    return tuple(
        AttributeChange(
            delta.name,
            delta.old,
            resolve_value(delta.new, real, within),
            tuple(resolve_value(value, real, within) for value in delta.added),
            tuple(resolve_value(value, real, within) for value in delta.removed),
            delta.is_multi,
        )
        for delta in deltas
    )


def resolve_change(change: Change, real: Mapping[Oid, Oid], within: ReferencesIn = references_in) -> Change:
    """Return *change* with the identities of *real*: its asset, the assets that its values name, and its context."""
    oid = real.get(change.oid, change.oid)
    if isinstance(change, Update):
        return Update(oid, resolve_deltas(change.deltas, real, within), change.comment)
    if isinstance(change, Create):
        context = change.context and real.get(change.context, change.context)
        return Create(oid, resolve_deltas(change.deltas, real, within), context, change.comment)
    return replace(change, oid=oid)
