"""Identities as the server takes them, and the order that they give to rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from assetmeta.model.errors import BadValue
from assetmeta.model.plans import Row
from assetmeta.model.values import Oid


def require_key(oid: Oid) -> Oid:
    """Return *oid* without its moment, safe to stand in a path or a filter.

    Raises BadValue for an asset that was not created yet, and for what no VersionOne asset is called: ids are numbers.
    """
    if oid.is_new:
        raise BadValue(f"{oid} is not on the server yet.", oid=oid.token)
    if not isinstance(oid.key, int) or not oid.type.isidentifier():
        raise BadValue(f"{oid.token!r} is not the identity of a VersionOne asset: its id is a number.", oid=oid.token)
    return oid.current


def place(oid: Oid) -> str:
    """Return `Story/1005`. Raises BadValue like `checked`."""
    found = require_key(oid)
    return f"{found.type}/{found.key}"


def in_order(oids: Iterable[Oid], rows: Iterable[Row]) -> list[Row]:
    """The rows in the order of *oids*; the server may name a more exact type, but keys are unique over all types."""
    by_key: dict[object, list[Row]] = {}
    for row in rows:
        by_key.setdefault(row.oid.key, []).append(row)
    return [row for key in dict.fromkeys(oid.key for oid in oids) for row in by_key.get(key, ())]


def oldest_first(rows: Sequence[Row]) -> list[Row]:
    """Records of histories by asset, then by moment: what the server does on its own differs between its endpoints."""
    return sorted(rows, key=_by_time)


def _by_time(row: Row) -> tuple[int, int]:
    key, moment = row.oid.key, row.oid.moment
    return key if isinstance(key, int) else 0, moment if isinstance(moment, int) else 0
