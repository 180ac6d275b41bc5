"""What an earlier commit sent without getting an answer, compared with what the server has now."""

from __future__ import annotations

from collections.abc import Sequence

from assetmeta.core.context import SessionContext
from assetmeta.core.state import Instance, forget
from assetmeta.core.unit_of_work import UnitOfWork
from assetmeta.core.values import cell_members, cell_value
from assetmeta.model.errors import AssetmetaError
from assetmeta.model.plans import AttributeChange, Change, Create, Delete, Done, Failed, Outcome, Unknown, Update
from assetmeta.model.values import Missing, Oid


class Reconciliation:
    """Finds out what became of the changes of one session that were sent and not answered."""

    def __init__(self, context: SessionContext, unit: UnitOfWork) -> None:
        self._context = context
        self._unit = unit

    def read(self, changes: Sequence[Change]) -> None:
        """Read what those of *changes* that were sent before would have written, all at once."""
        unanswered = self._unit.unanswered
        self._read_again([change for change in changes if change.oid in unanswered and not change.oid.is_new])

    def outcome(self, change: Change) -> Outcome | None:
        """What became of a change, as far as `read` shows: None where it was not sent before or not saved. A create is
        Unknown: no read shows whether it was saved.
        """
        if change.oid not in self._unit.unanswered:
            return None
        if isinstance(change, Create):
            return Unknown(change, self._unit.errors[change.oid])
        return self._saved(self._context.asset(change.oid), change)

    def look_up(self, changes: Sequence[Change]) -> list[Outcome | None]:
        """Read what became of updates and deletes. One outcome each, same order; None for what was not saved. As few
        requests as there are types and chunks of assets.
        """
        held = [self._context.asset(change.oid) for change in changes]
        self._read_again(changes)
        return [self._saved(asset, change) for asset, change in zip(held, changes, strict=True)]

    def _read_again(self, changes: Sequence[Change]) -> None:
        context = self._context
        updates = [change for change in changes if isinstance(change, Update)]
        deleted = [change.oid for change in changes if isinstance(change, Delete)]
        names = list(dict.fromkeys(delta.name for change in updates for delta in change.deltas))
        with context.lock:
            for change in changes:
                forget(context.asset(change.oid), [*names, *self._marks(change.oid)])
        context.loader.load([change.oid for change in updates], names)
        for marks in dict.fromkeys(self._marks(oid) for oid in deleted):
            context.loader.load([oid for oid in deleted if self._marks(oid) == marks], marks)

    def _marks(self, oid: Oid) -> tuple[str, ...]:
        """The attribute that marks a deleted asset, where such assets can still be read."""
        mark = self._context.schema.type(oid.type).deleted
        return (mark,) if mark else ()

    def _saved(self, asset: Instance, change: Change) -> Outcome | None:
        gone = asset._state.gone
        if isinstance(change, Delete):
            marked = any(asset._state.cell(name) is True for name in self._marks(change.oid))
            return Done(change, change.oid) if gone is not None or marked else None
        if isinstance(gone, AssetmetaError):
            return Failed(change, gone)
        if isinstance(change, Update) and all(self._holds(asset, delta) for delta in change.deltas):
            return Done(change, change.oid)
        return None

    def _holds(self, asset: Instance, delta: AttributeChange) -> bool:
        attribute = self._context.schema.attribute(asset._state.oid.type, delta.name)
        cell = asset._state.cell(delta.name)
        if isinstance(cell, Missing):
            return False
        read = cell_members if delta.is_multi else cell_value
        return delta.holds(read(asset, attribute, cell))
