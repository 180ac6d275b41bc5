"""What a new asset gets without being asked: number, rank and default values; what it may not lack; and copies."""

from __future__ import annotations

from .catalogue import CARRIED
from .literals import spell_time
from .problems import violation
from .ranks import last_rank
from .records import Pen, Record
from .types import Column, Link, TypeDef

_NOT_COPIED = frozenset({"SplitFrom", "GeneratedFrom", "DuplicateOf"})


def complete(pen: Pen, kind: TypeDef, values: dict[str, object]) -> None:
    """Fill the defaults of a new asset into *values*, then check that nothing required is missing."""
    for name, value in _defaults(pen, kind).items():
        if values.get(name) is None:
            values[name] = value
    for attribute in kind.attributes.values():
        storage = attribute.storage
        if not attribute.required or not isinstance(storage, Column) or attribute.name in CARRIED.get(kind.name, ()):
            continue
        if values.get(storage.name) is None:
            raise violation("Required", kind.name, attribute.name)
    if kind.number_prefix:
        values["Number"] = next_number(pen, kind)


def next_number(pen: Pen, kind: TypeDef) -> str:
    """A fresh number: the prefix and five digits or more."""
    return f"{kind.number_prefix}-{pen.store.reserve(1, f'number {kind.name}', 1001):05d}"


def _defaults(pen: Pen, kind: TypeDef) -> dict[str, object]:
    found: dict[str, object] = {}
    order = kind.attributes.get("Order")
    if order is not None and order.kind == "Rank":
        found["Order"] = last_rank(pen.store)
    if kind.name == "Timebox":
        found["State"] = "State:100"
    if kind.name in ("Note", "Expression"):
        found["Author"] = pen.member
    if kind.name == "Expression":
        found["AuthoredAt"] = spell_time(pen.now)
    return found


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
