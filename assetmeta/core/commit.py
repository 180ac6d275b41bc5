"""Writing: sends changes through the backend and lets every asset know what came of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

from msgspec.structs import replace

from assetmeta.core.conflicts import split
from assetmeta.core.context import BlockProtocol, SessionContext
from assetmeta.core.invalidation import Invalidation
from assetmeta.core.lost_values import LostValues
from assetmeta.core.outcome_log import OutcomeLog
from assetmeta.core.plan import Plan
from assetmeta.core.plan_text import counted
from assetmeta.core.reconciliation import Reconciliation
from assetmeta.core.report import Report, error_of
from assetmeta.core.state import Edit, Instance, forget
from assetmeta.core.unit_of_work import UnitOfWork
from assetmeta.core.values import identified
from assetmeta.model.codecs import document_part, wire_text
from assetmeta.model.contract import UNOBSERVED, CommitObserver, SupportsTemplates, WriteObserver
from assetmeta.model.errors import BadValue, ReadOnly, Unsupported, UsageError
from assetmeta.model.http import T
from assetmeta.model.identities import resolve_deltas
from assetmeta.model.ordering import needs, references
from assetmeta.model.plans import (
    AttributeChange,
    Call,
    Change,
    Create,
    Delete,
    Done,
    Failed,
    Outcome,
    Skipped,
    Unknown,
    Update,
)
from assetmeta.model.processes import renew_in_child
from assetmeta.model.scalars import json_checked, plain
from assetmeta.model.texts import Cleaned, writable_text
from assetmeta.model.values import Oid

log = logging.getLogger(__name__)


class Committer:
    """Performs the writes of one session: commits, immediate creates, and operations."""

    def __init__(self, context: SessionContext, unit: UnitOfWork) -> None:
        self._context = context
        self._unit = unit
        self._reconciliation = Reconciliation(context, unit)
        self.after_fork()
        renew_in_child(self)

    def after_fork(self) -> None:
        """Free the lock: a commit of the parent does not go on here."""
        self._committing = threading.Lock()
        self._block: BlockProtocol | None = None
        self.last_report: Report | None = None

    @contextmanager
    def block(self, block: BlockProtocol) -> Iterator[None]:
        """Let only *block* write until the `with` block ends, and give it pending changes of its own. What the block
        did not write is dropped then, and what was pending before is pending again. Raises the outer block's
        refusal of blocks within it.
        """
        self._refuse_block("another block")
        outer, self._block = self._block, block
        self._unit.set_aside()
        try:
            yield
        finally:
            self._block = outer
            self._unit.put_back(block.landed)

    def _refuse_block(self, what: str, by: BlockProtocol | None = None) -> None:
        if self._block is not None and self._block is not by:
            raise self._block.refusal(what)

    def commit(
        self,
        conflicts: str = "overwrite",
        *,
        plan: Plan | None = None,
        observer: WriteObserver = UNOBSERVED,
        by: BlockProtocol | None = None,
    ) -> Report:
        """Send all pending changes and return one outcome for each; single failures are not raised. Requests: the
        backend's, at most one per asset, with a policy for *conflicts* one read (see core.conflicts), and a read of
        values that are computed from what is deleted (see core.lost_values).

        What an earlier commit sent without getting an answer is never sent again blindly: an update is first compared
        with what the server has now (one read), a create waits until the user reverts it or allows it with `retry()`.

        A *plan* is sent in the place of all that is pending. *observer* follows the write. *by* is the block whose
        changes these are.
        """
        self._refuse_block("commit()", by)
        with self._committing:
            with self._context.lock:
                is_given = plan is not None
                plan = self._unit.plan() if plan is None else plan
                edits = {change.oid: self._edits_of(change, is_given) for change in plan.changes}
            changes, held = split(self._context, plan.changes, conflicts)
            outcomes = [held.get(place) or known for place, known in enumerate(self._settled_before(changes))]
            to_send = [change for change, known in zip(changes, outcomes, strict=True) if known is None]
            lost: list[LostValues] = []

            def finish(answers: Sequence[Outcome]) -> Report:
                following = iter(answers)
                outcomes_now = [known or next(following) for known in outcomes]
                with self._context.lock:
                    lost.append(LostValues(self._context, outcomes_now))
                    complete = lost[0].noted(outcomes_now)
                    self._take_over(complete, edits)
                self.last_report = Report(complete, plan.names, self._unit.notes())
                if plan.changes:
                    log.info("commit ended: %s", self.last_report.counts)
                if isinstance(observer, CommitObserver):
                    observer.on_end(complete)
                return self.last_report

            if plan.changes:
                log.info("commit of %s", counted(plan.changes))
            if isinstance(observer, CommitObserver):
                observer.on_start(to_send)
            try:
                report = self._sent(to_send, finish, observer)
                self.last_report = replace(report, outcomes=lost[0].noted_beyond(report.outcomes))
                return self.last_report
            except BaseException:
                if isinstance(observer, CommitObserver):
                    observer.on_end(())
                raise

    def take_over(self, outcomes: Sequence[Outcome]) -> None:
        """Let assets know what came of their pending changes, without sending anything."""
        with self._committing, self._context.lock:
            self._take_over(outcomes, {outcome.change.oid: self._edits_of(outcome.change) for outcome in outcomes})

    def execute(self, oids: Sequence[Oid], operation: str, arguments: Mapping[str, object]) -> Report:
        """Execute an operation on several assets at once; one outcome each, same order. Requests: the backend's."""
        self._refuse_block(f"{operation}()")
        self._refuse_operation(oids[0].type if oids else "", operation)
        given = self._given(arguments)

        def finish(outcomes: Sequence[Outcome]) -> Report:
            with self._context.lock:
                invalidation = Invalidation(self._context)
                for outcome in outcomes:
                    if isinstance(outcome, Done | Unknown):
                        invalidation.after_call(self._context.asset(outcome.change.oid))
                invalidation.close()
            self.last_report = Report(tuple(outcomes))
            return self.last_report

        return self._performed([Call(oid, operation, given) for oid in oids], finish)

    def _refuse_operation(self, type_name: str, operation: str) -> None:
        if not self._context.backend.can.operations:
            raise Unsupported(f"{self._context.backend.name} has no operations.", type_name=type_name)
        if type_name:
            self._context.schema.type(type_name).operation(operation)

    def create(self, type_name: str, values: Mapping[str, object], context_oid: Oid | None) -> Any:
        """Create an asset at once and return it. One request. Raises the server's error when it is turned down."""
        self._refuse_block("create()")
        oid = self._unit.fresh_oid(type_name)
        # A commit in another thread must not take the asset for one of its own.
        with self._committing:
            asset = self._unit.register_new(oid, values, context_oid)
            try:
                change = self._unit.change_of(asset)
                waiting = needs(change) | self._new_in_texts(change)
                if waiting:
                    token = next(iter(waiting)).token
                    raise UsageError(f"{type_name}.create: {token} does not exist yet; commit first, or use new().")

                def finish(outcomes: Sequence[Outcome]) -> Outcome:
                    with self._context.lock:
                        self._take_over(outcomes, {oid: self._edits_of(change)})
                    return outcomes[0]

                outcome = self._performed([change], finish)
            finally:
                # Once it is there, what other users have edited meanwhile is a change like any other.
                if asset._state.oid.is_new:
                    self._unit.drop(asset)
        if not isinstance(outcome, Done):
            raise error_of(outcome)
        return asset

    def call(self, asset: Instance, operation: str, arguments: Mapping[str, object]) -> Any:
        """Execute an operation at once; return the asset that the server names in its answer (mostly the same). One
        request. Pending changes of the asset stay pending.
        """
        oid = asset._state.oid
        self._refuse_block(f"{operation}()")
        if oid.is_new:
            raise UsageError(f"{oid.token}.{operation}: commit the new asset first.", oid=oid.token)
        if oid.moment is not None:
            raise ReadOnly(f"{oid.token}.{operation}: this is the asset as of {oid.moment!s}.", oid=oid.token)
        self._refuse_operation(oid.type, operation)

        def finish(outcomes: Sequence[Outcome]) -> Outcome:
            if isinstance(outcomes[0], Done | Unknown):
                with self._context.lock:
                    invalidation = Invalidation(self._context)
                    invalidation.after_call(asset)
                    invalidation.close()
            return outcomes[0]

        outcome = self._performed([Call(oid, operation, self._given(arguments))], finish)
        if not isinstance(outcome, Done):
            raise error_of(outcome)
        return self._context.asset(outcome.oid)

    def new_from_template(self, type_name: str, context_oid: Oid | None, values: Mapping[str, object]) -> Any:
        """Return a new pending asset with the server's suggested values and *values* over them. One request."""
        context = self._context
        if not context.backend.can.templates:
            raise Unsupported(f"{context.backend.name} suggests no values for new assets.", type_name=type_name)
        oid = self._unit.fresh_oid(type_name)
        backend = cast(SupportsTemplates, context.backend)
        deltas = context.run(backend.template(context.schema, type_name, context_oid))
        suggestions = {delta.name: delta.added if delta.is_multi else delta.new for delta in deltas}
        return self._unit.register_new(oid, {**suggestions, **values}, None)

    def _new_in_texts(self, change: Change) -> set[Oid]:
        """The pending new assets that a change names, also within formulas."""
        named = references(change, self._context.references_in)
        return {oid for oid in named if oid.is_new and self._unit.tracked(oid) is not None}

    def _write(self, changes: Sequence[Change], observer: WriteObserver = UNOBSERVED) -> list[Outcome]:
        if not changes:
            return []
        context = self._context
        outcomes = context.run(context.backend.write(context.schema, changes, observer))
        if len(outcomes) != len(changes):
            raise AssertionError(f"{context.backend.name} gave {len(outcomes)} outcomes for {len(changes)} changes")
        done = [outcome for outcome in outcomes if isinstance(outcome, Done)]
        rows = [outcome.row for outcome in done if outcome.row is not None and not outcome.row.oid.is_new]
        context.know(rows, [outcome.oid for outcome in done])
        return outcomes

    def _sent(
        self, changes: Sequence[Change], finish: Callable[[Sequence[Outcome]], Report], observer: WriteObserver
    ) -> Report:
        """Send changes of the commit. An edit that is made while it is under way is not taken for a part of it."""
        names: dict[Oid, set[str]] = {}
        for change in changes:
            names.setdefault(change.oid, set()).update(delta.name for delta in getattr(change, "deltas", ()))
        self._unit.begin_sending(names)
        try:
            return self._performed(changes, finish, observer, is_commit=True)
        finally:
            self._unit.end_sending(names)

    def _performed(
        self,
        changes: Sequence[Change],
        finish: Callable[[Sequence[Outcome]], T],
        observer: WriteObserver = UNOBSERVED,
        *,
        is_commit: bool = False,
    ) -> T:
        """Send changes and let *finish* take over the outcomes, one per change, same order.

        Whatever breaks the write off, an interrupt included, is raised after that: what was answered counts, and what
        was sent is unknown, so that none of it is sent again blindly. Before anything was sent, it is just raised.
        """
        known = OutcomeLog(observer, is_commit=is_commit)
        try:
            outcomes = self._write(changes, known)
        except BaseException as error:
            if known.is_begun:
                finish([known.outcome(change, type(error).__name__) for change in changes])
            raise
        return finish(outcomes)

    def _edits_of(self, change: Change, is_given: bool = False) -> dict[str, Edit]:
        """The edits that a change is made of. An edit that was made after the plan is none of a given one."""
        asset = self._unit.tracked(change.oid)
        found = dict(asset._state.edits or {}) if asset else {}
        if not is_given or not isinstance(change, Create | Update):
            return found
        return {each.name: found[each.name] for each in change.deltas if each.name in found and _makes(found, each)}

    def _settled_before(self, changes: Sequence[Change]) -> list[Outcome | None]:
        """The outcomes that need no sending; None for every change that is to be sent.

        What an earlier commit sent without an answer is compared with what the server has now, all in one read.
        """
        self._reconciliation.read(changes)
        created = {change.oid for change in changes if isinstance(change, Create)}
        held: set[Oid] = set()
        found: list[Outcome | None] = []
        for change in changes:
            outcome = self._reconciliation.outcome(change) or self._unsendable(change)
            needed = needs(change) if isinstance(change, Create | Update) else set()
            # An asset that was dropped will never be there.
            waiting = ((needed | self._new_in_texts(change)) & held) | (needed - created)
            if outcome is None and waiting:
                outcome = Skipped(change, next(iter(waiting)))
            if isinstance(change, Create) and outcome is not None:
                held.add(change.oid)
            found.append(outcome)
        return found

    def look_up(self, changes: Sequence[Change]) -> list[Outcome | None]:
        """Read what became of updates and deletes that were sent and not answered, as `Reconciliation.look_up` does."""
        with self._committing:
            return self._reconciliation.look_up(changes)

    def _unsendable(self, change: Change) -> Outcome | None:
        """The outcome of a change with a value that its codec cannot write, which is then that change's alone."""
        kind = self._context.schema.type(change.oid.type)
        for delta in change.deltas if isinstance(change, Create | Update) else ():
            attribute = kind.attributes.get(delta.name)
            for value in (delta.new, *delta.added) if attribute is not None and not attribute.is_relation else ():
                try:
                    if not isinstance(value, bytes):
                        wire_text(attribute.codec, value)  # type: ignore[union-attr]
                except ValueError as error:
                    why = f"{change.oid.token}.{delta.name} cannot be sent: {error}."
                    return Failed(change, BadValue(why, oid=change.oid.token, attribute=delta.name))
        return None

    def _take_over(self, outcomes: Sequence[Outcome], sent: Mapping[Oid, Mapping[str, Edit]]) -> None:
        if not outcomes:
            # Nothing was written: the schema, which is not read yet perhaps, is not needed.
            return
        real = {outcome.change.oid: outcome.oid for outcome in outcomes if isinstance(outcome, Done)}
        created = {provisional: oid for provisional, oid in real.items() if provisional.is_new}
        assets = {outcome.change.oid: self._context.asset(outcome.change.oid) for outcome in outcomes}
        for provisional, oid in created.items():
            self._unit.rename(assets[provisional], oid)
        self._unit.substitute(created)
        invalidation = Invalidation(self._context)
        for outcome in outcomes:
            asset = assets[outcome.change.oid]
            if isinstance(outcome, Done):
                self._saved(asset, outcome, sent.get(outcome.change.oid, {}), created, invalidation)
                continue
            # What a create that waits for its answer may have changed was forgotten when it was sent.
            waits = isinstance(outcome.change, Create) and outcome.change.oid in self._unit.unanswered
            self._unit.note_failure(asset, outcome)
            if isinstance(outcome, Unknown) and not waits:
                invalidation.after_unknown(asset, outcome.change)
        invalidation.close()

    def _saved(
        self,
        asset: Instance,
        outcome: Done,
        sent: Mapping[str, Edit],
        created: Mapping[Oid, Oid],
        invalidation: Invalidation,
    ) -> None:
        change = outcome.change
        if isinstance(change, Delete):
            self._unit.discard(asset)
            invalidation.after_delete(asset)
        elif isinstance(change, Create | Update):
            names = {delta.name for delta in change.deltas}
            self._unit.settle(asset, {name: edit for name, edit in sent.items() if name in names})
            context_oid = change.context if isinstance(change, Create) else None
            is_new = isinstance(change, Create)
            deltas = resolve_deltas(change.deltas, created, self._context.references_in) if created else change.deltas
            invalidation.after_write(asset, deltas, outcome.row, context_oid, is_new=is_new)
            if outcome.stale:
                forget(asset)

    def _given(self, arguments: Mapping[str, object]) -> tuple[tuple[str, object], ...]:
        """Operation arguments as data: assets by their identities. Raises BadValue for those of another session, for
        cleaned texts, and for what no document can carry.
        """
        return tuple((name, self._argument(name, value)) for name, value in arguments.items())

    def _argument(self, name: str, value: object) -> object:
        if isinstance(value, Cleaned):
            raise BadValue(f"{name}= does not take a cleaned text; write str(text) if that is meant.", attribute=name)
        try:
            found = identified(self._context, plain(value))
            if isinstance(found, str):
                return writable_text(found)
            whole = isinstance(found, Mapping | list) or (isinstance(found, tuple) and not isinstance(found, Oid))
            return json_checked(found, document_part) if whole or hasattr(found, "tolist") else found
        except (ValueError, RecursionError) as error:
            if isinstance(error, BadValue):
                raise
            raise BadValue(f"{name}= cannot be sent: {error}.", attribute=name) from error


def _makes(edits: Mapping[str, Edit], delta: AttributeChange) -> bool:
    """True when the edit of an attribute is the one in a plan."""
    edit = edits[delta.name]
    if edit.is_multi:
        return (tuple(edit.added), tuple(edit.removed)) == (delta.added, delta.removed)
    return edit.new is delta.new or edit.new == delta.new
