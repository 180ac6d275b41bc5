"""Copies of assets, as the operations Copy, DeepCopy, Split, MakeTemplate and their like make them."""

from __future__ import annotations

from .creation import next_number
from .ranks import last_rank
from .records import Pen, Record
from .types import Column, Link

_NOT_COPIED = frozenset({"SplitFrom", "GeneratedFrom", "DuplicateOf"})


def copy_asset(pen: Pen, record: Record, changed: dict[str, object] | None = None, state: int = 64) -> str:
    """A new asset with the record's values and links, a number and the last rank of its own."""
    kind = pen.catalogue.types[record.type_name]
    kept = {
        each.storage.name: record.values[each.storage.name]
        for each in kind.attributes.values()
        if isinstance(each.storage, Column) and each.name not in _NOT_COPIED
    }
    if kind.number_prefix:
        kept["Number"] = next_number(pen, kind)
    if kept.get("Order") is not None:
        kept["Order"] = last_rank(pen.store)
    asset = pen.create(record.type_name, state, {**kept, **(changed or {})})
    for each in kind.attributes.values():
        if isinstance(each.storage, Link) and each.storage.side == "source":
            for target in pen.linked(each.storage.relation, record.asset):
                pen.link(each.storage.relation, asset, target)
    return asset


def children(pen: Pen, asset: str) -> list[Record]:
    """The Tasks and Tests of a work item that are not deleted."""
    return pen.find("\"a_Parent\" = ? AND type IN ('Task', 'Test')", asset)


def deep_copy(pen: Pen, record: Record, state: int = 64) -> str:
    """A copy with copies of the children."""
    asset = copy_asset(pen, record, state=state)
    for child in children(pen, record.asset):
        copy_asset(pen, child, {"Parent": asset})
    return asset
