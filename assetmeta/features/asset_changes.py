"""What a watch returns: changes of assets, and their values as a cursor file keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from assetmeta.core.context import SessionContext
from assetmeta.core.state import Instance, LoadedValue
from assetmeta.core.values import cell_members, cell_value
from assetmeta.model.errors import BadValue
from assetmeta.model.json_value import json_value
from assetmeta.model.printable import printable
from assetmeta.model.texts import JsonText
from assetmeta.model.values import ABSENT, UNREAD, Oid

CREATED, CHANGED, DELETED = "created", "changed", "deleted"


class ValueChange(NamedTuple):
    """A value before and after; UNREAD where it is not known."""

    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class AssetChange:
    """One change of one asset. *kind* is "created", "changed" or "deleted". *attributes* holds those of the watched
    attributes that changed, by name: all of them for a created asset (before: None) and a deleted one (after: None).
    *at* is when, by the server's clock, and *by* is who, where the server has that; else None.
    """

    asset: Any
    kind: str
    attributes: Mapping[str, ValueChange] = field(default_factory=dict)
    at: datetime | None = None
    by: Any = None

    def to_dict(self) -> dict[str, Any]:
        """Return the change as json.dumps takes it: assets by their token, times in ISO form. Sends nothing."""
        values = {name: {"before": _plain(was), "after": _plain(now)} for name, (was, now) in self.attributes.items()}
        return {
            "kind": self.kind,
            "asset": self.asset.idref,
            "at": json_value(self.at),
            "by": json_value(self.by),
            "attributes": values,
        }

    def __str__(self) -> str:
        values = ", ".join(f"{name}: {was!r} -> {now!r}" for name, (was, now) in self.attributes.items())
        who = "" if self.by is None else f" by {self.by.idref}"
        when = "" if self.at is None else f" at {self.at}"
        return printable(f"{self.asset.idref} {self.kind}{who}{when}{': ' if values else ''}{values}")


def _plain(value: Any) -> Any:
    return None if value is UNREAD else json_value(value)


class Cells:
    """The raw values of the watched attributes of one type: how they are compared, decoded and kept."""

    def __init__(self, context: SessionContext, type_name: str, names: tuple[str, ...]) -> None:
        self._context = context
        self._attributes = [context.schema.attribute(type_name, name) for name in names]

    def differences(
        self, asset: Instance, before: tuple[LoadedValue, ...] | None, after: tuple[LoadedValue, ...] | None
    ) -> dict[str, ValueChange]:
        """What became of the values; None for all of them where there was, or is, no asset."""
        found = {}
        for place, attribute in enumerate(self._attributes):
            was, now = (None if row is None else row[place] for row in (before, after))
            if before is None or after is None or comparable(was) != comparable(now):
                found[attribute.name] = ValueChange(self._value(asset, place, was), self._value(asset, place, now))
        return found

    def _value(self, asset: Instance, place: int, cell: LoadedValue) -> Any:
        if cell is UNREAD or cell is None:
            return cell
        attribute = self._attributes[place]
        if attribute.multi:
            return tuple(self._related(member) for member in cell_members(asset, attribute, cell))
        return self._related(cell_value(asset, attribute, cell))

    def _related(self, value: Any) -> Any:
        return self._context.asset(value) if isinstance(value, Oid) else value


def without_moment(cell: LoadedValue) -> LoadedValue:
    """A raw value without the moment of the record that it was read from."""
    if isinstance(cell, Oid):
        return cell.current
    if isinstance(cell, tuple):
        return tuple(member.current if isinstance(member, Oid) else member for member in cell)  # type: ignore[return-value]
    return UNREAD if cell is ABSENT else cell


def comparable(cell: LoadedValue) -> object:
    """Equal for equal values: the order of related assets does not count."""
    if isinstance(cell, tuple) and any(isinstance(member, Oid) for member in cell):
        return sorted(member.token for member in cell if isinstance(member, Oid))
    return () if cell is None else cell


def to_json(cell: object) -> Any:
    """A raw value as a cursor file keeps it."""
    if cell is UNREAD or cell is ABSENT:
        return {"unread": True}
    if isinstance(cell, Oid):
        return {"asset": [cell.type, cell.key]}
    if isinstance(cell, tuple):
        return [to_json(member) for member in cell]
    if isinstance(cell, JsonText):
        return {"document": str(cell)}
    return {"number": str(cell)} if isinstance(cell, Decimal) else cell


def from_json(kept: Any) -> Any:
    """The raw value that to_json() kept. Raises BadValue for anything else."""
    if isinstance(kept, list):
        return tuple(from_json(member) for member in kept)
    if not isinstance(kept, dict):
        return kept
    match kept:
        case {"unread": True}:
            return UNREAD
        case {"asset": [str(kind), int() | str() as key]}:
            return Oid(kind, key)
        case {"document": str(text)}:
            return JsonText(text)
        case {"number": str(text)}:
            return Decimal(text)
    raise BadValue(f"{kept!r:.80} is no value of a cursor file.")
