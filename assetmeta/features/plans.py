"""Plans that are made without writing, and plans that are committed as they stand: from a file, or after a review."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from msgspec.structs import replace

from assetmeta.core.commit import Committer
from assetmeta.core.conflicts import clashes_now
from assetmeta.core.context import SessionContext
from assetmeta.core.plan import Plan
from assetmeta.core.plan_names import annotated
from assetmeta.core.report import Report
from assetmeta.core.unit_of_work import UnitOfWork
from assetmeta.model.changes_json import Withheld
from assetmeta.model.contract import UNOBSERVED, WriteObserver
from assetmeta.model.errors import AssetmetaError, BadValue, Conflict, ReadOnly, UsageError
from assetmeta.model.identities import resolve_change
from assetmeta.model.plans import Change, Create, Update
from assetmeta.model.scalars import shown

_QUOTED = 10
"""Clashes that a message names."""


class Planning:
    """A block in which nothing is written: `plan` is what became pending inside, once the block has ended."""

    def __init__(self) -> None:
        self.plan = Plan()

    @property
    def landed(self) -> Sequence[Change]:
        """Nothing."""
        return ()

    def refusal(self, what: str) -> AssetmetaError:
        """The error for what would write inside."""
        return ReadOnly(f"{what}: nothing is written inside of planning(). The block's plan lists what is pending.")


@contextmanager
def planning(context: SessionContext, unit: UnitOfWork, writer: Committer) -> Iterator[Planning]:
    """Let what becomes pending in a block be listed in its plan, and then be dropped. What was pending before is
    pending again after the block. Inside, commit(), create() and operations raise ReadOnly.
    """
    block = Planning()
    with writer.block(block):
        try:
            yield block
        finally:
            plan = annotated(context, unit.plan())
            # The assets of the plan are dropped now, and made again where it is committed.
            block.plan = replace(plan, origin=replace(plan.origin, session=None))


def commit_plan(
    context: SessionContext,
    unit: UnitOfWork,
    writer: Committer,
    plan: Plan,
    conflicts: str | None,
    observer: WriteObserver = UNOBSERVED,
) -> Report:
    """Send exactly the changes of *plan*; other pending changes stay as they are. Requests: those of a commit, and one
    read of the values that the plan replaces.

    Raises UsageError for a plan of another server, or whose new assets are not pending any more, BadValue for secrets
    that a file left out, and, unless *conflicts* is given, Conflict where a value has changed since the plan was made.
    Nothing was sent then.
    """
    check_plan(context, plan)
    changes = _pending(unit, plan) if plan.origin.session == context.mark else _renumbered(context, unit, plan)
    if conflicts is None:
        _refuse_changed(context, changes)
    return writer.commit(conflicts or "overwrite", plan=replace(plan, changes=changes), observer=observer)


def check_plan(context: SessionContext, plan: object) -> None:
    """Raise UsageError for a plan of another server, BadValue for what is no plan and for secrets that a file left out,
    UnknownName and ReadOnly for what cannot be written. Sends nothing.
    """
    if not isinstance(plan, Plan):
        raise BadValue(f"commit() takes a plan, not {shown(plan)}; conflicts= is given by name.")
    if plan.origin.server not in ("", context.server):
        raise UsageError(
            f"This plan was made for {plan.origin.server}, and this session is logged in at "
            f"{context.server}. Make a plan here."
        )
    check_changes(context, plan.changes)
    for change in plan.changes:
        for name in withheld(change):
            raise BadValue(
                f"{change.oid.token}.{name} is a secret, which the file of the plan does not contain. Set it in a "
                "session.",
                attribute=name,
                oid=change.oid.token,
            )


def check_changes(context: SessionContext, changes: Sequence[Change]) -> None:
    """Raise UnknownName or ReadOnly for what cannot be sent to this server. Sends nothing."""
    for change in changes:
        kind = context.schema.type(change.oid.type)
        for delta in change.deltas if isinstance(change, Create | Update) else ():
            if not kind.attribute(delta.name).writable:
                raise ReadOnly(
                    f"{change.oid.token}.{delta.name} is read-only: the server works it out itself.",
                    attribute=delta.name,
                    oid=change.oid.token,
                )


def withheld(change: Change) -> list[str]:
    """The attributes of a change whose values are secrets that a file left out."""
    deltas = change.deltas if isinstance(change, Create | Update) else ()
    return [delta.name for delta in deltas if any(isinstance(each, Withheld) for each in (delta.new, *delta.added))]


def _pending(unit: UnitOfWork, plan: Plan) -> tuple[Change, ...]:
    """The changes of a plan of this session. Raises UsageError for new assets that are none any more."""
    for change in plan.changes:
        if change.oid.is_new and unit.tracked(change.oid) is None:
            raise UsageError(
                f"{change.oid.token} of this plan is not pending any more: it was created or dropped since. Make a new "
                "plan.",
                oid=change.oid.token,
            )
    return plan.changes


def _renumbered(context: SessionContext, unit: UnitOfWork, plan: Plan) -> tuple[Change, ...]:
    """The changes of a plan from elsewhere, with provisional identities of this session."""
    fresh = {change.oid: unit.fresh_oid(change.oid.type) for change in plan.changes if isinstance(change, Create)}
    return tuple(resolve_change(change, fresh, context.references_in) for change in plan.changes)


def _refuse_changed(context: SessionContext, changes: Sequence[Change]) -> None:
    """Raise Conflict unless what *changes* replace is still there. One read."""
    found = clashes_now(context, [change for change in changes if isinstance(change, Update)])
    if not found:
        return
    lines = [f"  {oid.token}: {clash}" for oid, clashes in found.items() for clash in clashes]
    more = [f"  … and {len(lines) - _QUOTED} more"] if len(lines) > _QUOTED else []
    raise Conflict(
        "\n".join(
            [
                "Values have changed since the plan was made; nothing was sent.",
                *lines[:_QUOTED],
                *more,
                "Make a new plan, or choose what to do about them: commit(plan, conflicts=...).",
            ]
        ),
        clashes=tuple(clash for clashes in found.values() for clash in clashes),
    )
