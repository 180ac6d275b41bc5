"""Which assets in memory a write reaches along relations: what a deleted asset takes along, and what counts a written
asset among its own. Where a relation was never read, any asset of the type that it leads to may be meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Any, NamedTuple

from assetmeta.core.identity_map import IdentityMap
from assetmeta.core.state import Instance, LoadedValue
from assetmeta.model.schema import Attribute, Schema
from assetmeta.model.values import UNREAD, Oid


def oids_in(cell: object) -> Iterator[Oid]:
    """Yield the identities that a raw cell holds."""
    for found in cell if isinstance(cell, tuple) and not isinstance(cell, Oid) else (cell,):
        if isinstance(found, Oid):
            yield found


class Owning(dict[str, list[Attribute]]):
    """The relations that lead to what assets of a type are part of, by type."""

    def __init__(self, schema: Schema) -> None:
        super().__init__()
        self._schema = schema

    def __missing__(self, name: str) -> list[Attribute]:
        attributes = self._schema.type(name).attributes.values()
        found = self[name] = [attribute for attribute in attributes if attribute.cascades]
        return found


class Owners:
    """What written assets refer to, and what that is part of in turn: lists, counts and sums there may be different."""

    def __init__(self, schema: Schema, identity: IdentityMap) -> None:
        self._schema = schema
        self._identity = identity
        self._oids: dict[Oid, set[str]] = {}
        self._types: dict[str, set[str]] = {}
        self._matching: dict[str, set[str] | None] = {}
        self._next: dict[Oid | str, None] = {}
        self._owning = Owning(schema)

    def add(self, asset: Instance) -> None:
        """Note what *asset* refers to. To be called before anything of it is forgotten."""
        state = asset._state
        attributes = self._schema.type(state.oid.type).attributes
        for name, cell in zip(state.layout.names, state.cells, strict=True):
            if name in attributes and attributes[name].is_relation:
                self._lead(attributes[name], cell)
        for attribute in self._owning[state.oid.type]:
            self._lead(attribute, state.cell(attribute.name))

    def add_values(self, type_name: str, cells: Mapping[str, LoadedValue]) -> None:
        """Note what an asset with these *cells* refers to, which may be there or not."""
        attributes = self._schema.type(type_name).attributes
        for name, cell in cells.items():
            if attributes[name].is_relation:
                self._lead(attributes[name], cell)

    def close(self) -> None:
        """Go on from what was noted to what that is part of, as far as it goes."""
        seen: set[Oid | str] = set()
        while self._next:
            reached, _ = self._next.popitem()
            if reached in seen:
                continue
            seen.add(reached)
            asset = self._identity.get(reached) if isinstance(reached, Oid) else None
            name = reached.type if isinstance(reached, Oid) else reached
            for attribute in self._owning[name]:
                self._lead(attribute, UNREAD if asset is None else asset._state.cell(attribute.name))

    def _lead(self, attribute: Attribute, cell: LoadedValue) -> None:
        back = (attribute.reciprocal or "").rpartition(".")[2]
        reached: list[Oid | str] = [oid.current for oid in oids_in(cell)]
        if cell is UNREAD and attribute.cascades and attribute.related is not None:
            reached = [attribute.related]
        for found in reached:
            noted: dict[Any, set[str]] = self._oids if isinstance(found, Oid) else self._types
            noted.setdefault(found, set()).add(back)
            if attribute.cascades:
                self._next[found] = None

    def lists_of(self, oid: Oid) -> set[str] | None:
        """The lists in which *oid* may have the written assets; None for what they do not belong to."""
        by_type = self._by_type(oid.type) if self._types else None
        by_oid = self._oids.get(oid.current)
        return None if by_oid is None and by_type is None else (by_oid or set()) | (by_type or set())

    def _by_type(self, name: str) -> set[str] | None:
        if name not in self._matching:
            found = [backs for owner, backs in self._types.items() if self._schema.is_a(name, owner)]
            self._matching[name] = set().union(*found) if found else None
        return self._matching[name]


class Parts:
    """What went with deleted assets, or may have: what is part of them, and of that in turn."""

    def __init__(self, schema: Schema, identity: IdentityMap, deleted: Iterable[Oid]) -> None:
        self._schema = schema
        self._identity = identity
        self._known: dict[Oid, bool] = dict.fromkeys(deleted, True)
        self._deleted_types = {oid.type for oid in self._known}
        self._reaching: dict[str, bool] = {}
        self._owning = Owning(schema)
        self._holders: dict[Oid, list[Oid]] | None = None

    def holds(self, oid: Oid) -> bool:
        """True when *oid* is part of what was deleted, or may be."""
        found = self._known.get(oid)
        if found is None:
            # Relations of old values may lead in a circle.
            self._known[oid] = False
            asset = self._identity.get(oid)
            relations = self._owning[oid.type]
            holders = self._named_by(oid) if self._schema.type(oid.type).part_of and not relations else []
            if holders:
                found = all(map(self.holds, holders))
            elif self._may_go_unsaid(oid.type, relations):
                found = True
            elif asset is None:
                found = any(self._leads_down(attribute.related or "") for attribute in relations)
            else:
                found = any(self._is_below(attribute, asset._state.cell(attribute.name)) for attribute in relations)
            self._known[oid] = found
        return found

    def is_sure(self, oid: Oid, deleted: Set[Oid], seen: frozenset[Oid] = frozenset()) -> bool:
        """True when loaded relations lead from *oid* to one of *deleted*."""
        if oid in deleted:
            return True
        asset = None if oid in seen else self._identity.get(oid)
        return asset is not None and any(
            self.is_sure(owner.current, deleted, seen | {oid})
            for attribute in self._owning[oid.type]
            for owner in oids_in(asset._state.cell(attribute.name))
        )

    def _named_by(self, oid: Oid) -> list[Oid]:
        """The loaded assets whose relations lead to *oid*, of those types that it can go with."""
        if self._holders is None:
            self._holders = {}
            for asset in self._identity:
                holder = asset._state.oid
                for part in parts_named(self._schema, asset) if holder.moment is None else ():
                    self._holders.setdefault(part, []).append(holder)
        return self._holders.get(oid, [])

    def _may_go_unsaid(self, name: str, relations: Sequence[Attribute]) -> bool:
        """True when an asset of a type may be part of what was deleted though no relation of it shows that."""
        holders = self._schema.type(name).part_of
        if relations:
            # What it is part of by a relation is looked at there.
            return any(self._schema.is_a(gone, holder) for holder in holders for gone in self._deleted_types)
        return any(map(self._leads_down, holders))

    def _is_below(self, attribute: Attribute, cell: LoadedValue) -> bool:
        if cell is UNREAD:
            return self._leads_down(attribute.related or "")
        return any(self.holds(owner) for owner in oids_in(cell))

    def _leads_down(self, name: str) -> bool:
        """True when an asset of a type may be one of those deleted, or part of one."""
        found = self._reaching.get(name)
        if found is None:
            self._reaching[name] = False
            relations = self._owning[name]
            found = (
                any(self._schema.is_a(gone, name) for gone in self._deleted_types)
                or self._may_go_unsaid(name, relations)
                or any(self._leads_down(attribute.related or "") for attribute in relations)
            )
            self._reaching[name] = found
        return found


def parts_named(schema: Schema, asset: Instance) -> Iterator[Oid]:
    """Yield what goes with *asset* though only relations of its own show that."""
    name = asset._state.oid.type
    for cell in asset._state.cells:
        for oid in oids_in(cell):
            kind = schema.types.get(oid.type)
            if kind is not None and any(schema.is_a(name, holder) for holder in kind.part_of):
                yield oid.current


class TakenAlong(NamedTuple):
    """What goes with a deleted asset: those *known* here, and the *types* of all that can be part of it."""

    known: tuple[Oid, ...] = ()
    types: tuple[str, ...] = ()


def taken_along(schema: Schema, identity: IdentityMap, deleted: Sequence[Oid]) -> dict[Oid, TakenAlong]:
    """Return what goes with each of *deleted* where its server deletes what is part of an asset, as far as it is loaded
    and the schema shows. Sends nothing.
    """
    if not deleted:
        return {}
    owning = Owning(schema)
    parts_of = _known_parts(schema, identity, owning)
    found: dict[Oid, TakenAlong] = {}
    below: dict[str, tuple[str, ...]] = {}
    gone = frozenset(deleted)
    for oid in deleted:
        known: dict[Oid, None] = {}
        waiting = [oid]
        while waiting:
            parts = [part for part in parts_of.get(waiting.pop(), ()) if part != oid and part not in known]
            known.update(dict.fromkeys(parts))
            waiting += parts
        if oid.type not in below:
            below[oid.type] = tuple(sorted(_types_below(schema, owning, oid.type)))
        if below[oid.type]:
            found[oid] = TakenAlong(tuple(part for part in known if part not in gone), below[oid.type])
    return found


def _known_parts(schema: Schema, identity: IdentityMap, owning: Owning) -> dict[Oid, dict[Oid, None]]:
    """The assets that are part of each, by the loaded relations, those of the parts and those to them."""
    found: dict[Oid, dict[Oid, None]] = {}
    for asset in identity:
        oid = asset._state.oid
        if oid.moment is not None or asset._state.gone is not None:
            continue
        for attribute in owning[oid.type]:
            for owner in oids_in(asset._state.cell(attribute.name)):
                found.setdefault(owner.current, {})[oid] = None
        attributes = schema.type(oid.type).attributes
        for name, cell in zip(asset._state.layout.names, asset._state.cells, strict=True):
            if name in attributes and _leads_to_parts(schema, attributes[name]):
                found.setdefault(oid, {}).update((part.current, None) for part in oids_in(cell))
    return found


def _leads_to_parts(schema: Schema, attribute: Attribute) -> bool:
    name, _, back = (attribute.reciprocal or "").rpartition(".")
    kind = schema.types.get(name) if attribute.is_relation else None
    return kind is not None and back in kind.attributes and kind.attributes[back].cascades


def _types_below(schema: Schema, owning: Owning, name: str) -> set[str]:
    """The types of which assets are part of one of type *name*, or of such a part."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        above = waiting.pop()
        for below in schema.types:
            owners = [*(one.related or "" for one in owning[below]), *schema.type(below).part_of]
            if below not in found and any(schema.is_a(above, owner) for owner in owners):
                found.add(below)
                waiting.append(below)
    return {name for name in found if not schema.type(name).abstract}
