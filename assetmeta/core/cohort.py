"""Cohorts: assets that were loaded together and load together what is missing.

    for story in v1.Story:              the stories of a page are one cohort
        story.Super.Scope.Name          their epics are the cohort "Super of the stories", those epics' scopes the next

A cohort names its members by identity. What is loaded for members that are not in use yet is kept in the cohort, so
that it is still there when the walk arrives at them.

    stories = [v1.Story(key) for key in keys]       assets that the program names itself are a cohort as well
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assetmeta.core.context import SessionContext
from assetmeta.core.state import Instance, at_moment_of
from assetmeta.model.values import Oid


class Cohort:
    """The assets of one result, those that were *named* one after the other, or (with a *parent*) what a relation of
    another cohort's members leads to.
    """

    __slots__ = ("_met", "_oids", "_parent", "_relation", "_through", "kept", "named", "with_deleted")

    def __init__(
        self,
        oids: Sequence[Oid] = (),
        parent: Cohort | None = None,
        relation: str = "",
        with_deleted: bool = False,
        named: bool = False,
    ) -> None:
        self._oids = oids
        self._parent = parent
        self._relation = relation
        self._through: dict[str, Cohort] = {}
        self._met: dict[Oid, None] = {}
        self.with_deleted = with_deleted
        self.named = named
        self.kept: dict[Oid, Instance] = {}

    def members(self, context: SessionContext) -> Iterator[Oid]:
        """Yield the identities of all members known so far, each once, in order.

        Members behind a relation are those that a walk has met, whatever became of the assets it came from, and those
        that the parent's cells name by now.
        """
        if self._parent is None:
            yield from dict.fromkeys((*self._oids, *self._met))
            return
        yield from tuple(self._met)
        seen: set[Oid] = set(self._met)
        for oid in self._parent.members(context):
            parent = context.identity.get(oid)
            if parent is None:
                continue
            for target in targets(parent, self._relation):
                if target not in seen:
                    seen.add(target)
                    yield target

    @property
    def is_through(self) -> bool:
        """True for what a relation leads to: its members need not have been met yet."""
        return self._parent is not None

    @property
    def root(self) -> Cohort:
        """The result that the cohort goes back to."""
        return self if self._parent is None else self._parent.root

    @property
    def trail(self) -> tuple[str, ...]:
        """The relations that lead here from the result."""
        return () if self._parent is None else (*self._parent.trail, self._relation)

    def advice(self, name: str) -> str:
        """The call that would have brought *name* of the members along."""
        path = ".".join([*self.trail, name])
        root = self.root._oids
        if len(root) == 1 or self.root.named:
            return f"query the {root[0].type} assets together, with .select({path!r})"
        return f"add .select({path!r}) to the {root[0].type} query" if root else f"select {path!r}"

    def preferred_over(self, other: Cohort, context: SessionContext) -> bool:
        """True when an asset that belongs to *other* is better off in this cohort: it goes back to a larger result, or
        no asset of the other is in use any more. A result comes before what was only named.
        """
        if self.root.named != other.root.named:
            return other.root.named
        theirs = other.root._oids
        if len(self.root._oids) > len(theirs):
            return True
        # A look at both ends shows well enough whether a result is still held, whatever its size.
        return not any(context.identity.get(oid) is not None for oid in (*theirs[:4], *theirs[-4:]))

    def through(self, relation: str) -> Cohort:
        """The cohort of what *relation* of the members leads to."""
        found = self._through.get(relation)
        if found is None:
            found = self._through[relation] = Cohort(parent=self, relation=relation)
        return found

    def add_member(self, oid: Oid) -> None:
        """Remember a member that a walk has come to."""
        self._met[oid] = None

    def has_room(self, context: SessionContext) -> bool:
        """Whether one read takes one more member."""
        return len(self._met) < context.backend.can.max_keys

    def keep(self, assets: Sequence[Instance]) -> None:
        """Keep *assets* alive as long as this cohort is in use."""
        for asset in assets:
            self.kept[asset._state.oid] = asset


def cohort_of(asset: Instance) -> Cohort | None:
    """The cohort of *asset*; None for one that was fetched alone."""
    found = asset._state.cohort
    return found if isinstance(found, Cohort) else None


def targets(asset: Instance, relation: str) -> tuple[Oid, ...]:
    """The identities that the loaded or pending *relation* of *asset* holds, at the asset's own moment."""
    cell: object = asset._state.cell(relation)
    edit = (asset._state.edits or {}).get(relation)
    if edit is not None and not edit.is_multi:
        cell = edit.new
    found = cell if isinstance(cell, tuple) and not isinstance(cell, Oid) else (cell,)
    added = edit.added if edit is not None else ()
    return tuple(at_moment_of(asset, oid) for oid in (*found, *added) if isinstance(oid, Oid))


def resolve_related(context: SessionContext, asset: Instance, relation: str, oid: Oid) -> Instance:
    """Return the related asset *oid* of *asset*, and make it a member of the cohort that crossing *relation* makes."""
    with context.lock:
        related = context.asset(oid)
        context.identity.touch(related)
        # The owner of a relation represents itself when it came alone, so that its members still form one cohort.
        owner = cohort_of(asset) or Cohort((asset._state.oid,))
        asset._state.cohort = owner
        present = cohort_of(related)
        if present is None or owner.preferred_over(present, context):
            related._state.cohort = owner.through(relation)
        owner.through(relation).add_member(oid)
        return related


def join_named(context: SessionContext, asset: Instance) -> None:
    """Keep *asset*, which the program named itself, alive for a while. It loads together with what else of its type was
    named since the last load of these, as far as the program still has it, and as one request takes.
    """
    with context.lock:
        context.identity.touch(asset)
        if cohort_of(asset) is not None:
            return
        kind = asset._state.oid.type
        cohort = context.named_cohorts.get(kind)
        if not isinstance(cohort, Cohort) or not cohort.has_room(context):
            cohort = context.named_cohorts[kind] = Cohort((asset._state.oid,), named=True)
        cohort.add_member(asset._state.oid)
        asset._state.cohort = cohort


def join(context: SessionContext, cohort: Cohort, asset: Instance) -> None:
    """Make *asset* a member of *cohort*, unless it is better off where it is."""
    present = cohort_of(asset)
    if present is None or cohort.preferred_over(present, context):
        asset._state.cohort = cohort
