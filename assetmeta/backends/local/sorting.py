"""Sorting and cutting lists that a server sends whole."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from assetmeta.backends.local.records import RowStore
from assetmeta.model.errors import Unsupported
from assetmeta.model.plans import Sort
from assetmeta.model.values import Oid


def sort_rows(oids: Sequence[Oid], sorts: Sequence[Sort], known: RowStore) -> list[Oid]:
    """Return *oids* sorted; the first key counts most, equals stay in their order, letter case counts last.

    Assets without a value come last, whichever the direction. Of several values the smallest counts (or the largest,
    when descending). Raises Unsupported for values that stand in no order, such as dicts.
    """
    found = list(oids)
    for sort in reversed(sorts):
        try:
            keys = {oid: _key(known.values(oid, sort.path), sort.descending) for oid in found}
            present = [oid for oid in found if keys[oid] is not None]
            present.sort(key=keys.__getitem__, reverse=sort.descending)
        except TypeError:
            raise Unsupported(f"{sort.path} cannot be sorted by: its values stand in no order.") from None
        found = present + [oid for oid in found if keys[oid] is None]
    return found


def _key(values: Sequence[object], descending: bool) -> Any:
    """A key that orders values of one kind, and keeps kinds apart, since they stand in no order."""
    keys = [_comparable(value) for value in values]
    if not keys:
        return None
    return max(keys) if descending else min(keys)


def _comparable(value: object) -> tuple[str, Any, Any]:
    if isinstance(value, str):
        return ("text", value.casefold(), str(value))
    if isinstance(value, int | float | Decimal):
        return ("number", value, 0)
    if isinstance(value, Oid):
        return ("asset", (value.type, str(type(value.key)), value.key), 0)
    return (type(value).__name__, value, 0)


def slice_rows(oids: Sequence[Oid], start: int, size: int | None) -> tuple[list[Oid], bool]:
    """Return the part of a list from *start* on, at most *size* long, and whether there is more behind it."""
    end = None if size is None else start + size
    return list(oids[start:end]), end is not None and end < len(oids)
