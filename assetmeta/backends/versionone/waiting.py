"""Which changes have to wait for which: what a set of changes touches, and what comes into its way."""

from __future__ import annotations

from collections.abc import Iterable

from assetmeta.backends.versionone.documents import references
from assetmeta.model.errors import UnknownName
from assetmeta.model.plans import Change, Create, Delete, Update
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid

_RANKS = Oid("", "ranks")
"""Stands for all ranks: a move changes those of other assets too."""


class Footprint:
    """The assets that some changes are about, and those that they name."""

    def __init__(self, schema: Schema, changes: Iterable[Change] = ()) -> None:
        self._schema = schema
        self._own: set[Oid] = set()
        self._named: set[Oid] = set()
        self._edits = False
        for change in changes:
            self.add(change)

    def holds_up(self, change: Change) -> bool:
        """True when *change* has to wait for one of these: it is about an asset that they are about or name, it names
        one that they are about, or both move assets within a rank. A delete waits for all but deletes, for it may take
        an asset away from which one of them removes something first.
        """
        if self._edits and isinstance(change, Delete):
            return True
        own = self._about(change)
        return not (
            own.isdisjoint(self._own) and own.isdisjoint(self._named) and self._own.isdisjoint(references(change))
        )

    def add(self, change: Change) -> None:
        """Count *change* in."""
        self._edits = self._edits or not isinstance(change, Delete)
        self._own |= self._about(change)
        self._named.update(references(change))

    def _about(self, change: Change) -> set[Oid]:
        return {change.oid, _RANKS} if moves_rank(self._schema, change) else {change.oid}


def moves_rank(schema: Schema, change: Change) -> bool:
    """True when *change* moves its asset within a rank."""
    deltas = change.deltas if isinstance(change, Create | Update) else ()
    try:
        return any(schema.attribute(change.oid.type, delta.name).kind == "Rank" for delta in deltas)
    except UnknownName:
        # What the schema does not have is not sent; its outcome says so.
        return False
