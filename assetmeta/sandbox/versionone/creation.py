"""What a new asset gets without being asked: number, rank and default values; and what it may not lack."""

from __future__ import annotations

from .catalogue import CARRIED
from .literals import spell_time
from .problems import violation
from .ranks import last_rank
from .records import Pen
from .types import Column, TypeDef


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
