"""The unit of work: which assets of a session have pending edits, are new, or are to go. It keeps them alive."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from assetmeta.core import edits
from assetmeta.core.context import SessionContext
from assetmeta.core.plan import Origin, Plan
from assetmeta.core.plan_names import name_of
from assetmeta.core.report import error_of
from assetmeta.core.state import NOTHING_SENT, Edit, Instance, forget
from assetmeta.core.values import require_asset
from assetmeta.model.errors import AssetmetaError, NotFound, ReadOnly, Unsupported, UsageError
from assetmeta.model.identities import resolve_change, resolve_value
from assetmeta.model.ordering import in_order
from assetmeta.model.plans import Change, Create, Delete, Failed, Skipped, Unknown, Update
from assetmeta.model.processes import renew_in_child
from assetmeta.model.schema import Attribute
from assetmeta.model.values import Oid

log = logging.getLogger(__name__)


@dataclass(slots=True)
class PendingChanges:
    """What is pending, by asset: *dirty* ones have edits or are new, *deleted* ones are to go. *contexts* are the
    assets that new ones are made in, *errors* are why changes were not saved, *unanswered* are those that may have
    been saved. *edits* are those of assets that were set aside.
    """

    dirty: dict[Oid, Instance] = field(default_factory=dict)
    deleted: dict[Oid, Instance] = field(default_factory=dict)
    contexts: dict[Oid, Oid] = field(default_factory=dict)
    errors: dict[Oid, AssetmetaError] = field(default_factory=dict)
    unanswered: dict[Oid, Change] = field(default_factory=dict)
    edits: dict[Oid, dict[str, Edit]] = field(default_factory=dict)

    def tables(self) -> tuple[dict[Oid, Any], ...]:
        """Everything by asset."""
        return (self.dirty, self.deleted, self.contexts, self.errors, self.unanswered)


class UnitOfWork:
    """Pending changes of one session. Nothing here sends a request, except that replacing all members of a
    multi-valued attribute loads the present ones.
    """

    def __init__(self, context: SessionContext) -> None:
        self._context = context
        self._pending = PendingChanges()
        self._aside: tuple[PendingChanges, ...] = ()
        self._numbers = count(1)
        self._process = os.getpid()
        self._left: tuple[str, ...] = ()
        renew_in_child(self)

    @property
    def _dirty(self) -> dict[Oid, Instance]:
        return self._pending.dirty

    @property
    def _deleted(self) -> dict[Oid, Instance]:
        return self._pending.deleted

    @property
    def _context_oids(self) -> dict[Oid, Oid]:
        return self._pending.contexts

    @property
    def errors(self) -> dict[Oid, AssetmetaError]:
        """Why changes that are pending were not saved."""
        return self._pending.errors

    @property
    def unanswered(self) -> dict[Oid, Change]:
        """The pending changes that were sent before and may have been saved."""
        return self._pending.unanswered

    def set_aside(self) -> None:
        """Begin a block with changes of its own: what is pending now is set aside until `put_back`. Assets show the
        values of the server meanwhile; new ones show their own, and cannot be changed.
        """
        with self._context.lock:
            for oid, asset in self._dirty.items():
                if not oid.is_new:
                    self._pending.edits[oid] = dict(asset._state.edits or {})
                    edits.drop_edits(asset, list(asset._state.edits or ()))
            self._aside = (*self._aside, self._pending)
            self._pending = PendingChanges()

    def put_back(self, saved: Iterable[Change] = ()) -> None:
        """End the block: its own changes that were not saved are dropped, and what was set aside is pending again,
        except edits of what the block wrote later (*saved*).
        """
        written = {(change.oid, delta.name) for change in saved for delta in getattr(change, "deltas", ())}
        gone = {change.oid for change in saved if isinstance(change, Delete)}
        with self._context.lock:
            self.revert()
            *aside, self._pending = self._aside
            self._aside = tuple(aside)
            for oid, before in self._pending.edits.items():
                kept = {name: edit for name, edit in before.items() if edit.is_multi or (oid, name) not in written}
                asset = self._pending.dirty[oid]
                edits.restore(asset, {} if oid in gone else kept)
                self._track(asset)
            self._pending.edits = {}

    def _refuse_set_aside(self, asset: Instance) -> None:
        oid = asset._state.oid
        if self._aside and oid.is_new and any(oid in before.dirty for before in self._aside):
            raise UsageError(
                f"{oid.token} was made before this block and is not committed. Commit or revert it first, or make it "
                "within the block.",
                oid=oid.token,
            )

    def after_fork(self) -> None:
        """Leave what is pending to the process that made it, which alone commits it. Nothing is pending here then:
        assets show their values on the server, and new ones raise NotFound.
        """
        maker, self._process = self._process, os.getpid()
        every = [table for one in (*self._aside, self._pending) for table in (one.dirty, one.deleted)]
        pending = {asset._state.oid: asset for table in every for asset in table.values()}
        self._pending, self._aside = PendingChanges(), tuple(PendingChanges() for _ in self._aside)
        for oid, asset in pending.items():
            self.discard(asset)
            if oid.is_new:
                asset._state.gone = NotFound(
                    f"{oid.token} was made by process {maker}, which alone creates it; this process was forked before."
                    " Create it here, or look it up once it is there.",
                    oid=oid.token,
                )
        for asset in self._context.identity:
            asset._state.sending = NOTHING_SENT
        if pending:
            number = f"{len(pending)} pending change{'s' * (len(pending) != 1)}"
            self._left = (f"{number} of process {maker}, made before the fork, are left to that process.",)

    def notes(self) -> tuple[str, ...]:
        """The notes of a commit of this process about changes that it does not send, once."""
        notes, self._left = self._left, ()
        for note in notes:
            log.warning(note)
        return notes

    def assign(self, asset: Instance, attribute: Attribute, value: object) -> None:
        """Make *value* pending. Raises BadValue and ReadOnly; then nothing is changed."""
        self._refuse_set_aside(asset)
        edits.refuse_unwritable(asset, attribute)
        if attribute.multi:
            edits.replace_members(asset, attribute, () if value is None else value)  # type: ignore[arg-type]
        else:
            edits.set_value(asset, attribute, value)
        self._track(asset)

    def checked(self, type_name: str, values: Mapping[str, object]) -> dict[str, object]:
        """Return *values* for assets of a type, with the identities of the assets that they name. Raises what assigning
        them would raise.
        """
        return {name: edits.checked(self._context, type_name, name, value) for name, value in values.items()}

    def assign_all(self, asset: Instance, values: Mapping[str, object]) -> None:
        """Make several values pending; when one of them is refused, none is."""
        type_name = asset._state.oid.type
        before = dict(asset._state.edits or {})
        try:
            for name, value in values.items():
                self.assign(asset, self._context.schema.attribute(type_name, name), value)
        except BaseException:
            edits.restore(asset, before)
            self._track(asset)
            raise

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Let what a `with` block makes pending be dropped when it raises; what was pending before stays."""
        before = {oid: (asset, dict(asset._state.edits or {})) for oid, asset in self._dirty.items()}
        try:
            yield
        except BaseException:
            made = [asset for oid, asset in self._dirty.items() if oid not in before]
            self.revert([asset for asset in made if asset._state.oid.is_new])
            for asset, known in [*((asset, {}) for asset in made), *before.values()]:
                if asset._state.gone is None:
                    edits.restore(asset, known)
                    self._track(asset)
            raise

    def edit_members(
        self, asset: Instance, attribute: Attribute, add: Sequence[object], remove: Sequence[object]
    ) -> None:
        """Make additions and removals of members pending. Raises BadValue and ReadOnly; then nothing is changed."""
        self._refuse_set_aside(asset)
        edits.refuse_unwritable(asset, attribute)
        edits.change_members(asset, attribute, add, remove)
        self._track(asset)

    def _track(self, asset: Instance) -> None:
        oid = asset._state.oid
        with self._context.lock:
            if asset._state.edits or (oid.is_new and asset._state.gone is None):
                self._dirty[oid] = asset
            elif oid in self._dirty and self._dirty[oid]._state is asset._state:
                del self._dirty[oid]
                self.errors.pop(oid, None)

    def fresh_oid(self, type_name: str) -> Oid:
        """A provisional identity for a new asset. Raises BadValue for an abstract type."""
        if self._context.schema.type(type_name).abstract:
            raise UsageError(f"{type_name} is abstract: create an asset of a concrete type.", type_name=type_name)
        return Oid.new(type_name, next(self._numbers))

    def register_new(self, oid: Oid, values: Mapping[str, object], context_oid: Oid | None) -> Any:
        """Return a new asset with pending *values*; None leaves an attribute unset."""
        asset = self._context.asset(oid)
        try:
            for name, value in values.items():
                attribute = self._context.schema.attribute(oid.type, name)
                if value is not None:
                    self.assign(asset, attribute, value)
        except Exception:
            self.drop(asset)
            raise
        if context_oid is not None:
            self._context_oids[oid] = context_oid
        self._track(asset)
        return asset

    def add(self, changes: Sequence[Change]) -> dict[Oid, Oid]:
        """Make changes that were made elsewhere pending as they are, and return the identities that their new assets
        have here. Sends nothing. Raises UnknownName, Unsupported.
        """
        fresh = {change.oid: self.fresh_oid(change.oid.type) for change in changes if isinstance(change, Create)}
        for given in changes:
            change = resolve_change(given, fresh, self._context.references_in)
            asset = self._context.asset(change.oid)
            if isinstance(change, Delete):
                self.delete(asset)
                continue
            assert isinstance(change, Create | Update), "calls are never pending"
            edits.put(asset, change.deltas)
            if isinstance(change, Create) and change.context is not None:
                self._context_oids[change.oid] = change.context
            self._track(asset)
        return fresh

    def delete(self, *assets: Instance) -> None:
        """Make the deletion of *assets* pending; new assets are simply dropped. Raises BadValue, Unsupported and
        ReadOnly; then nothing is changed.
        """
        chosen = [require_asset(self._context, asset, "delete()") for asset in assets]
        for asset in chosen:
            oid = asset._state.oid
            self._refuse_set_aside(asset)
            if oid.moment is not None:
                raise ReadOnly(
                    f"{oid.token} as of {oid.moment!s} cannot be deleted; delete the asset as it is now.", oid=oid.token
                )
            if not oid.is_new and not self._context.backend.can.delete:
                raise Unsupported(f"{self._context.backend.name} deletes nothing.", oid=oid.token)
        with self._context.lock:
            self.revert([asset for asset in chosen if asset._state.oid.is_new])
            self._deleted.update({asset._state.oid: asset for asset in chosen if not asset._state.oid.is_new})

    def revert(self, assets: Iterable[Instance] | None = None) -> None:
        """Drop what is pending for *assets*, or for all. New assets are dropped altogether."""
        given = list(assets if assets is not None else [*self._dirty.values(), *self._deleted.values()])
        chosen = [require_asset(self._context, asset, "revert()") for asset in given]
        with self._context.lock:
            for asset in chosen:
                if asset._state.oid in self.unanswered:
                    # It was sent, and may have been saved: what was loaded before is out of date.
                    forget(asset)
                self.discard(asset)
                if asset._state.oid.is_new:
                    token = asset._state.oid.token
                    asset._state.gone = NotFound(f"{token} was dropped before it was created.", oid=token)

    def drop(self, asset: Instance) -> None:
        """Stop tracking *asset*."""
        oid = asset._state.oid
        with self._context.lock:
            for table in self._pending.tables():
                table.pop(oid, None)

    def discard(self, asset: Instance) -> None:
        """Drop everything that is pending about an asset that is deleted."""
        edits.drop_edits(asset, list(asset._state.edits or ()))
        self.drop(asset)

    def begin_sending(self, names: Mapping[Oid, set[str]]) -> None:
        """Note which edits are on their way, so that none made meanwhile is taken for a return to what was."""
        with self._context.lock:
            for oid, sent in names.items():
                self._context.asset(oid)._state.sending |= frozenset(sent)

    def end_sending(self, names: Mapping[Oid, set[str]]) -> None:
        """Nothing is on its way any more."""
        with self._context.lock:
            for oid in names:
                self._context.asset(oid)._state.sending = NOTHING_SENT

    def is_pending(self, asset: Instance) -> bool:
        """True when a commit would do something about *asset*."""
        return asset._state.oid in self._dirty or asset._state.oid in self._deleted

    def __len__(self) -> int:
        return len(self._dirty.keys() | self._deleted.keys())

    def tracked(self, oid: Oid) -> Instance | None:
        """The pending asset of *oid*."""
        return self._dirty.get(oid) or self._deleted.get(oid)

    def change_of(self, asset: Instance) -> Create | Update:
        """The pending edits of *asset* as one change."""
        oid = asset._state.oid
        if oid.is_new:
            return Create(oid, edits.deltas(asset), self._context_oids.get(oid))
        return Update(oid, edits.deltas(asset))

    def plan(self) -> Plan:
        """All pending changes in the order in which a commit sends them."""
        with self._context.lock:
            changes: list[Change] = [
                self.change_of(asset) for oid, asset in self._dirty.items() if oid not in self._deleted
            ]
            changes += [Delete(oid) for oid in self._deleted]
            pending = [*self._dirty.values(), *self._deleted.values()]
            names = {asset._state.oid: name for asset in pending if (name := name_of(self._context, asset))}
        context = self._context
        origin = Origin.here(context.server, context.user, context.mark)
        return Plan(tuple(in_order(changes, context.references_in)), names, origin=origin)

    def settle(self, asset: Instance, sent: Mapping[str, Edit]) -> None:
        """Drop the edits that were *sent*; one that was made since the sending stays pending."""
        current = asset._state.edits or {}
        edits.drop_edits(asset, [name for name, edit in sent.items() if current.get(name) is edit])
        self.errors.pop(asset._state.oid, None)
        self.unanswered.pop(asset._state.oid, None)
        self._track(asset)

    def note_failure(self, asset: Instance, outcome: Failed | Skipped | Unknown) -> None:
        """Remember why the changes of *asset* were not saved; they stay pending."""
        oid = asset._state.oid
        if isinstance(self.unanswered.get(oid), Create) and not isinstance(outcome.change, Create):
            # What was cut from a create that may have been saved waits with it, and shows nothing about it.
            return
        self.errors[oid] = error_of(outcome)
        self.unanswered.pop(oid, None)
        if isinstance(outcome, Unknown):
            self.unanswered[oid] = outcome.change

    def retry(self, asset: Instance) -> None:
        """Let the next commit send a create again that was sent before and never answered."""
        with self._context.lock:
            self.unanswered.pop(asset._state.oid, None)

    def rename(self, asset: Instance, oid: Oid) -> None:
        """Give a created asset its real identity everywhere."""
        before = asset._state.oid
        self._context.identity.rename(asset, oid)
        if before in self._dirty:
            # What was cut out of its create is still pending, and names other new assets.
            self._dirty[oid] = self._dirty.pop(before)
        for table in (self._context_oids, self.errors, self.unanswered):
            table.pop(before, None)

    def substitute(self, real: Mapping[Oid, Oid]) -> None:
        """Put real identities in the place of provisional ones in all edits that are still pending."""
        if not real:
            return
        within = self._context.references_in
        for asset in self._dirty.values():
            for edit in (asset._state.edits or {}).values():
                edit.new = resolve_value(edit.new, real, within)
                edit.added = [resolve_value(value, real, within) for value in edit.added]
        for oid, context_oid in self._context_oids.items():
            self._context_oids[oid] = real.get(context_oid, context_oid)
