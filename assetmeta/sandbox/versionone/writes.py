"""Create and update: a change document checked against the schema and written at one moment, or not at all."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence

from .creation import complete
from .literals import DELETED, parse_oid, to_stored
from .problems import Problem, invalid_oid, missing, unknown_attribute, unknown_type, violation
from .ranks import placed_rank
from .records import Pen, Record
from .requests import Change, Ref, Written
from .seed import TIMEBOX_STATES
from .types import AttributeDef, Closure, Column, Computed, Link, Reverse, TypeDef

CLOSED = 128
_SHIPPED = ("Role", "State", "AssetType", "AttributeDefinition", "Operation", "Override")


class Draft:
    """One document on its way into the database: columns to set, and the links to make once the asset is there."""

    def __init__(self, pen: Pen, kind: TypeDef, record: Record | None) -> None:
        self.pen = pen
        self.kind = kind
        self.record = record
        self.values: dict[str, object] = {}
        self.later: list[tuple[AttributeDef, str, object]] = []
        self.content: bytes | None = None

    def take(self, change: Change) -> None:
        """Check one change and note what it does. Raises a 400 problem."""
        attribute = self.kind.attributes.get(change.name)
        if attribute is None:
            raise unknown_attribute(self.kind.name, change.name)
        storage = attribute.storage
        if attribute.kind == "Blob":
            self.content = self._bytes(attribute, change.value)
        elif isinstance(storage, Closure | Computed) or (attribute.readonly and not isinstance(storage, Reverse)):
            raise violation("ReadOnly", self.kind.name, attribute.name)
        elif isinstance(storage, Column):
            self._take_single(attribute, storage, change)
        else:
            self._take_several(attribute, change)

    def _take_single(self, attribute: AttributeDef, storage: Column, change: Change) -> None:
        value = change.value
        if isinstance(value, tuple):
            raise violation("Invalid", self.kind.name, attribute.name, "a single value is needed")
        if change.act == "remove":
            kept = self.values.get(storage.name, self.record.values[storage.name] if self.record else None)
            if self._stored(attribute, value) != kept:
                return
            value = None
        stored = self._stored(attribute, value)
        if stored is None and attribute.required and not (self.record and self.record.values[storage.name] is None):
            raise violation("Required", self.kind.name, attribute.name)
        present = self.record.values[storage.name] if self.record else None
        if attribute.is_relation and stored is not None and stored != present:
            self._check_target(attribute, str(stored))
            self._check_cycle(attribute, storage.name, str(stored))
        self.values[storage.name] = stored

    def _stored(self, attribute: AttributeDef, value: object) -> object:
        if attribute.is_relation:
            return self._oid(value)
        try:
            if attribute.kind == "Rank" and value not in (None, ""):
                asset = self.record.asset if self.record else None
                present = self.record.values.get("Order") if self.record else None
                self.pen.forget()  # Neighbours may move apart.
                return placed_rank(self.pen.store, str(value), asset, None if present is None else int(str(present)))
            stored = to_stored(attribute.kind, value)
            if isinstance(stored, str):
                stored.encode()
        except ValueError as cause:
            raise violation("Invalid", self.kind.name, attribute.name, str(cause)) from None
        return stored

    def _oid(self, value: object) -> str | None:
        text = value.oid if isinstance(value, Ref) else "" if value is None else str(value)
        try:
            parsed = parse_oid(text)
        except ValueError:
            raise invalid_oid(text) from None
        return None if parsed is None else f"{parsed[0]}:{parsed[1]}"

    def _check_target(self, attribute: AttributeDef, oid: str) -> None:
        """The asset named must exist, be of the related type, and be open. Anything may hang on a closed BaseAsset."""
        related = self.pen.catalogue.types[attribute.related or ""]
        target = self.pen.read(oid) if oid.partition(":")[0] in related.concrete else None
        if target is None or target.state == DELETED or (target.state == CLOSED and related.name != "BaseAsset"):
            raise violation("Invalid", self.kind.name, attribute.name, f"{oid} cannot be used here")

    def _check_cycle(self, attribute: AttributeDef, name: str, oid: str) -> None:
        if f"{attribute.name}MeAndUp" not in self.kind.attributes or self.record is None:
            return
        above: object = oid
        while above is not None:
            if above == self.record.asset:
                raise violation("Invalid", self.kind.name, attribute.name, f"{oid} is below {self.record.asset}")
            found = self.pen.read(str(above))
            above = found.values.get(name) if found else None

    def _take_several(self, attribute: AttributeDef, change: Change) -> None:
        values: Sequence[object] = change.value if isinstance(change.value, tuple) else (change.value,)
        wanted = [found for value in values if (found := self._member(attribute, value)) is not None]
        if change.act != "remove":
            for value in wanted:
                self._check_member(attribute, value)
        if change.act == "set":
            self.later.append((attribute, "set", tuple(wanted)))
        else:
            self.later.extend((attribute, change.act, value) for value in wanted)

    def _member(self, attribute: AttributeDef, value: object) -> str | None:
        if attribute.is_relation:
            return self._oid(value)
        stored = self._stored(attribute, value)
        return None if stored is None else str(stored)

    def _check_member(self, attribute: AttributeDef, value: str) -> None:
        if attribute.is_relation:
            self._check_target(attribute, value)

    def _bytes(self, attribute: AttributeDef, value: object) -> bytes | None:
        if isinstance(value, bytes):
            return value
        try:
            return base64.b64decode(str(value), validate=True) if value else None
        except (binascii.Error, ValueError) as cause:
            raise violation("Invalid", self.kind.name, attribute.name, str(cause)) from None

    def connect(self, asset: str) -> bool:
        """Make and end the links of the document. Tells whether anything changed."""
        changed = [self._connect(asset, attribute, act, value) for attribute, act, value in self.later]
        if self.content is not None and self.content != self.pen.store.read_blob(asset):
            self.pen.store.write_blob(asset, self.content)
            changed.append(True)
        return any(changed)

    def _connect(self, asset: str, attribute: AttributeDef, act: str, value: object) -> bool:
        if act == "set":
            wanted = value if isinstance(value, tuple) else ()
            present = self.present(asset, attribute)
            steps = [("remove", each) for each in present if each not in wanted]
            steps += [("add", each) for each in wanted if each not in present]
            done = [self._connect(asset, attribute, step, each) for step, each in steps]
            return any(done)
        storage = attribute.storage
        if isinstance(storage, Reverse):
            return self._turn(asset, attribute, storage, act, str(value))
        if not isinstance(storage, Link):
            raise TypeError(f"{attribute.name} holds no links")
        ends = (asset, str(value)) if storage.side == "source" else (str(value), asset)
        return (self.pen.link if act == "add" else self.pen.unlink)(storage.relation, *ends)

    def present(self, asset: str, attribute: AttributeDef) -> list[str]:
        """What a many-valued attribute of the asset holds now."""
        storage = attribute.storage
        if isinstance(storage, Link):
            return self.pen.linked(storage.relation, asset, storage.side)
        if isinstance(storage, Reverse):
            concrete = self.pen.catalogue.types[attribute.related or ""].concrete
            found = self.pen.find(f'"a_{storage.column}" = ?', asset)
            return [each.asset for each in found if each.type_name in concrete]
        return []

    def _turn(self, asset: str, attribute: AttributeDef, storage: Reverse, act: str, other: str) -> bool:
        """Write a reverse relation: set or clear the single relation of the asset at the other end."""
        record = self.pen.read(other)
        if record is None or (act == "remove" and record.values.get(storage.column) != asset):
            return False
        kind = self.pen.catalogue.types[record.type_name]
        draft = Draft(self.pen, kind, record)
        name = attribute.reciprocal.partition(".")[2] if attribute.reciprocal else storage.column
        draft.take(Change(name, "set", asset if act == "add" else None))
        return self.pen.put(other, draft.values)


def create(pen: Pen, type_name: str, changes: Iterable[Change]) -> Written:
    """Create an asset. Raises a 400 problem, and the caller's transaction then leaves nothing behind."""
    kind = pen.catalogue.find(type_name)
    if kind is None:
        raise unknown_type(type_name)
    if kind.abstract or any(name in kind.lineage for name in _SHIPPED):
        raise Problem(400, f"{type_name} assets cannot be created")
    draft = Draft(pen, kind, None)
    changes = list(changes)
    for change in changes:
        draft.take(change)
    complete(pen, kind, draft.values)
    state = TIMEBOX_STATES.get(str(draft.values.get("State")), 64) if type_name == "Timebox" else 64
    asset = pen.create(type_name, state, draft.values)
    draft.record = pen.read(asset)
    draft.connect(asset)
    return Written(asset, pen.moment, names(changes))


def update(pen: Pen, type_name: str, number: int, changes: Iterable[Change], *, deleted: bool = False) -> Written:
    """Change an asset. *deleted* reaches deleted ones too. Raises 404 when it is not there, 400 for what is refused."""
    record = locate(pen, type_name, number, deleted=deleted)
    draft = Draft(pen, pen.catalogue.types[record.type_name], record)
    changes = list(changes)
    for change in changes:
        draft.take(change)
    state = None
    if record.type_name == "Timebox" and "State" in draft.values and record.state != DELETED:
        state = TIMEBOX_STATES.get(str(draft.values["State"]))
    connected = draft.connect(record.asset)
    pen.put(record.asset, draft.values, state, touch=connected)
    after = pen.read(record.asset)
    return Written(record.asset, after.since if after else record.since, names(changes))


def locate(pen: Pen, type_name: str, number: int, *, deleted: bool = False) -> Record:
    """The record of a single asset, whose URL may name a base type of its own. Raises 404."""
    kind = pen.catalogue.find(type_name)
    if kind is None:
        raise unknown_type(type_name)
    for name in sorted(kind.concrete):
        record = pen.read(f"{name}:{number}")
        if record is not None and (deleted or record.state != DELETED):
            return record
    raise missing(f"{type_name}:{number}")


def names(changes: Iterable[Change]) -> tuple[str, ...]:
    """The changed attributes, each once, in order."""
    return tuple(dict.fromkeys(change.name for change in changes))
