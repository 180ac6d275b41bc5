"""What writes mean for what is loaded: written values become loaded, whatever the server works out is forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from assetmeta.core.context import SessionContext
from assetmeta.core.ownership import Owners, Parts, parts_named
from assetmeta.core.state import Instance, LoadedValue, forget, merge_row
from assetmeta.model.errors import NotFound
from assetmeta.model.plans import AttributeChange, Change, Create, Delete, Row, Update
from assetmeta.model.schema import AssetType, Attribute
from assetmeta.model.values import UNREAD, Oid


class Invalidation:
    """Takes over the outcomes of one commit or call. What other assets must forget is gathered, and done once by
    `close()`: one pass over all assets in memory, however many were written.
    """

    def __init__(self, context: SessionContext) -> None:
        self._context = context
        self._written: set[Oid] = set()
        self._gone: set[Oid] = set()
        self._deleted: set[Oid] = set()
        self._surely_deleted: set[Oid] = set()
        self._affecting: set[Oid] = set()
        self._carried: dict[Oid, Oid] = {}
        self._found_owners: Owners | None = None
        self._relations_of: dict[str, frozenset[str]] = {}
        self._affects_related = False
        context.writes += 1

    def after_write(
        self,
        asset: Instance,
        deltas: Sequence[AttributeChange],
        row: Row | None,
        context_oid: Oid | None = None,
        *,
        is_new: bool,
    ) -> None:
        """Take over what a create (*is_new*) or update of *asset* wrote; *row* is what the server's answer contains."""
        context = self._context
        oid = asset._state.oid
        kind = context.schema.type(oid.type)
        written = {delta.name: _cell(kind.attributes[delta.name], delta) for delta in deltas}
        self._note_written(oid, kind, written)
        forget(asset, [*written, *computed_names(kind, asset._state.layout.names)])
        known = {name: cell for name, cell in written.items() if cell is not UNREAD}
        merge_row(asset, Row(oid, tuple(known), tuple(known.values())), context.layouts)  # type: ignore[arg-type]
        if row is not None:
            merge_row(asset, row._replace(oid=oid), context.layouts)
        if is_new:
            self._owners.add(asset)
        asset._state.changed = context.writes
        for delta in deltas:
            if kind.attributes[delta.name].is_relation:
                self._forget_far_side(kind.attributes[delta.name], delta)
        self._forget_members(context_oid)

    def after_unknown(self, asset: Instance, change: Change) -> None:
        """Forget what is different if a change was saved that was sent and not answered. What is pending stays so, and
        what it replaces is forgotten when it is reverted.
        """
        oid = asset._state.oid
        kind = self._context.schema.type(oid.type)
        if isinstance(change, Delete):
            self._left(asset)
        elif isinstance(change, Create | Update):
            self._note_written(oid, kind, [delta.name for delta in change.deltas])
            forget(asset, computed_names(kind, asset._state.layout.names))
            if isinstance(change, Create):
                cells = {delta.name: _cell(kind.attributes[delta.name], delta) for delta in change.deltas}
                self._owners.add_values(oid.type, cells)
                self._forget_members(change.context)
            for delta in change.deltas:
                if kind.attributes[delta.name].is_relation:
                    self._forget_far_side(kind.attributes[delta.name], delta)
        else:
            self.after_call(asset)

    def _note_written(self, oid: Oid, kind: AssetType, names: Iterable[str]) -> None:
        self._written.add(oid)
        if any(kind.attributes[name].affects_related for name in names):
            self._affects_related = True
            self._affecting.add(oid)

    def after_call(self, asset: Instance) -> None:
        """Forget what was loaded of *asset*: an operation may have changed anything."""
        self._unsettle(asset)
        forget(asset)
        asset._state.changed = self._context.writes
        self._written.add(asset._state.oid)
        self._affecting.add(asset._state.oid)
        self._gone.add(asset._state.oid)

    def after_delete(self, asset: Instance) -> None:
        """Forget a deleted asset; reading it again raises NotFound."""
        oid = asset._state.oid
        self._surely_deleted.add(oid)
        self._note_carried(asset)
        self._left(asset)
        asset._state.gone = NotFound(f"{oid.token} was deleted by this session.", oid=oid.token, status=404)

    def _note_carried(self, asset: Instance) -> None:
        """Note what goes with an asset that is gone by its own relations: nothing of those leads back."""
        for oid in parts_named(self._context.schema, asset):
            self._carried[oid] = asset._state.oid

    def _left(self, asset: Instance) -> None:
        """Forget what was loaded of an asset that is deleted, surely or perhaps."""
        oid = asset._state.oid
        self._unsettle(asset)
        forget(asset)
        asset._state.changed = self._context.writes
        self._written.add(oid)
        self._gone.add(oid)
        self._deleted.add(oid)

    def _forget_members(self, context_oid: Oid | None) -> None:
        """Forget the lists of the asset that a new one was made in the context of."""
        giver = None if context_oid is None else self._context.identity.get(context_oid)
        if giver is not None:
            members = self._context.schema.type(giver._state.oid.type).attributes
            forget(giver, [name for name in giver._state.layout.names if name in members and members[name].multi])

    @property
    def _owners(self) -> Owners:
        # Made when it is needed: a commit of nothing reads no schema.
        if self._found_owners is None:
            self._found_owners = Owners(self._context.schema, self._context.identity)
        return self._found_owners

    def _unsettle(self, asset: Instance) -> None:
        """Note what depends on *asset*, of which anything may be different now."""
        kind = self._context.schema.type(asset._state.oid.type)
        self._affects_related |= any(attribute.affects_related for attribute in kind.attributes.values())
        self._owners.add(asset)

    def close(self) -> None:
        """Let all other assets forget what may be different now: whatever the server works out of what was written (of
        the asset itself, of what it is part of, through a relation, or under a text of its own), and relations to what
        may be gone. What may have gone along with a deleted asset is forgotten altogether and read again.
        """
        # Not list(identity), which would count them first, in a pass of its own.
        others = list(iter(self._context.identity))
        if self._found_owners is not None:
            self._found_owners.close()
        below = self._below(others) | self._derived(others)
        self._gone |= below
        types = self._context.schema.types if others else {}
        for other in others:
            names = self._outdated(other, types.get(other._state.oid.type))
            if other._state.oid in below:
                forget(other)
            elif names:
                forget(other, names)
            else:
                continue
            other._state.changed = self._context.writes
        for oid, holder in self._carried.items():
            asset = self._context.identity.get(oid)
            if asset is not None:
                asset._state.gone = NotFound(f"{oid.token} went with {holder.token}.", oid=oid.token, status=404)

    def _below(self, others: Sequence[Instance]) -> set[Oid]:
        """Those of *others* that may have gone with what was deleted."""
        if not self._deleted:
            return set()
        parts = Parts(self._context.schema, self._context.identity, self._deleted)
        oids = {other._state.oid for other in others} - self._deleted
        found = {oid for oid in oids if oid.moment is None and not oid.is_new and parts.holds(oid)}
        for other in others:
            if other._state.oid in found and parts.is_sure(other._state.oid, self._surely_deleted):
                self._note_carried(other)
        return found

    def _derived(self, others: Sequence[Instance]) -> set[Oid]:
        """Those of *others* that the server itself may have removed, or made again, with what was written."""
        schema = self._context.schema
        oids = [other._state.oid for other in others] if self._affecting else []
        derived = {name for name in {oid.type for oid in oids} if name in schema.types and schema.type(name).derived}
        parts = Parts(schema, self._context.identity, self._affecting)
        return {oid for oid in oids if oid.type in derived and oid.moment is None and parts.holds(oid)}

    def _outdated(self, other: Instance, kind: AssetType | None) -> list[str]:
        """The names of what may be different now of *other*."""
        names = list(other._state.layout.tokens)
        if kind is not None:
            related, lost = self._relations(other, kind)
            owners = self._found_owners if other._state.oid.moment is None else None
            lists = owners.lists_of(other._state.oid) if owners is not None else None
            names += [*lost, *(lists or ())]
            if related or self._affects_related or lists is not None:
                names += computed_names(kind, other._state.layout.names)
        return names

    def _relations(self, other: Instance, kind: AssetType) -> tuple[bool, list[str]]:
        """Whether *other* refers to anything written, and its relations to what may be gone."""
        related, lost = False, []
        relations = self._relations_of.get(kind.name)
        if relations is None:
            found = (name for name, attribute in kind.attributes.items() if attribute.related is not None)
            relations = self._relations_of[kind.name] = frozenset(found)
        for name, cell in zip(other._state.layout.names, other._state.cells, strict=True):
            if name in relations:
                members = cell if isinstance(cell, tuple) and not isinstance(cell, Oid) else (cell,)
                related = related or not self._written.isdisjoint(members)
                if not self._gone.isdisjoint(members):
                    lost.append(name)
        return related, lost

    def _forget_far_side(self, attribute: Attribute, delta: AttributeChange) -> None:
        back = (attribute.reciprocal or "").rpartition(".")[2]
        for value in (delta.old, delta.new, *delta.added, *delta.removed):
            far = self._context.identity.get(value) if isinstance(value, Oid) else None
            if far is not None:
                kind = self._context.schema.type(far._state.oid.type)
                forget(far, [back, *computed_names(kind, far._state.layout.names)])
                far._state.changed = self._context.writes


def computed_names(kind: AssetType, names: Iterable[str]) -> Iterator[str]:
    """The names among *names* whose values change without being written: computed attributes, tokens, ranks."""
    for name in names:
        attribute = kind.attributes.get(name)
        if attribute is None or attribute.computed or attribute.kind == "Rank":
            yield name


def _cell(attribute: Attribute, delta: AttributeChange) -> LoadedValue:
    """The raw cell that a written value becomes; UNREAD where only the server has it."""
    if delta.is_multi:
        # Not the loaded members: a merge builds on those that the server had just before the write.
        if not isinstance(delta.old, tuple) or not attribute.is_relation:
            return UNREAD
        return delta.applied_to(delta.old)  # type: ignore[return-value]
    if isinstance(delta.new, Oid):
        return delta.new
    if delta.new is None:
        return None
    text = attribute.codec.encode(delta.new)
    try:
        return text if attribute.codec.decode(text) == delta.new else UNREAD
    except ValueError:
        # What is written is not always what is read: a rank is set by naming a neighbour's.
        return UNREAD
