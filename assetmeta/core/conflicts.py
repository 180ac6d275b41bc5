"""Detects that another user changed the same attribute since it was loaded: was / mine / theirs.

The server has no version check, so this is a read just before the write. It narrows the gap and cannot close it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from assetmeta.core.context import SessionContext
from assetmeta.core.loading import fetches
from assetmeta.core.plan_text import shown
from assetmeta.core.values import cell_members, cell_value
from assetmeta.model.errors import BadValue, Conflict, NotFound
from assetmeta.model.plans import AttributeChange, Change, Failed, RawValue, Update
from assetmeta.model.printable import printable
from assetmeta.model.values import UNREAD, Oid

POLICIES = ("overwrite", "error", "merge")


class Clash(Struct, frozen=True):
    """One attribute that moved: what it *was* when it was loaded, what *mine* and *theirs* make of it.

    Multi-value attributes are tuples.
    """

    name: str
    was: object
    mine: object
    theirs: object

    def __str__(self) -> str:
        return printable(
            f"{self.name} was {_words(self.was)}, you want {_words(self.mine)}, and now it is {_words(self.theirs)}"
        )


def split(context: SessionContext, changes: Sequence[Change], policy: str) -> tuple[list[Change], dict[int, Failed]]:
    """Return what is to be sent, and an outcome for each change that is held back because it clashes, by its place.

    "overwrite" reads nothing and sends all. "error" holds back a change in which any attribute clashes, "merge" only
    the clashing attributes: the change is then two, in its place; members added and removed by both are merged. One
    read for all changes. Raises BadValue.
    """
    if policy not in POLICIES:
        raise BadValue(f"There is no conflict policy {policy!r}; there are {', '.join(POLICIES)}.")
    updates = [change for change in changes if isinstance(change, Update) and not change.oid.is_new]
    if policy == "overwrite" or not updates:
        return list(changes), {}
    theirs = _present(context, updates)
    result: list[Change] = []
    held: dict[int, Failed] = {}
    for change in changes:
        present = theirs.get(change.oid, {})
        if policy == "merge" and isinstance(change, Update):
            change = _on_top(context, change, present)
        clashes = _clashes(context, change, present) if isinstance(change, Update) else []
        if not clashes or not isinstance(change, Update):
            result.append(change)
            continue
        names = {clash.name for clash in clashes} if policy == "merge" else {delta.name for delta in change.deltas}
        kept = tuple(delta for delta in change.deltas if delta.name not in names)
        if kept:
            result.append(Update(change.oid, kept, change.comment))
        rest = Update(change.oid, tuple(delta for delta in change.deltas if delta.name in names), change.comment)
        result.append(rest)
        held[len(result) - 1] = Failed(rest, _error(change.oid, clashes))
    return result, held


def clashes_now(context: SessionContext, updates: Sequence[Update]) -> dict[Oid, list[Clash]]:
    """Return the attributes that have changed since *updates* were planned, by asset. One read."""
    present = _present(context, updates) if updates else {}
    found = {update.oid: _clashes(context, update, present.get(update.oid, {})) for update in updates}
    return {oid: clashes for oid, clashes in found.items() if clashes}


def _present(context: SessionContext, updates: Sequence[Update]) -> dict[Oid, dict[str, RawValue]]:
    """Read the attributes that *updates* change, as they are now; nothing is merged into the assets."""
    names = list(dict.fromkeys(delta.name for update in updates for delta in update.deltas))
    wanted = list(fetches(context, [update.oid for update in updates], names))
    try:
        found = context.read(wanted)
    except NotFound:
        # The only asset that was read is gone; the write will report it.
        found = []
    return {row.oid: dict(zip(row.columns, row.values, strict=True)) for rows in found for row in rows.rows}


def _on_top(context: SessionContext, change: Update, present: Mapping[str, RawValue]) -> Update:
    """The same additions and removals, on top of the members that are there now: those of both then stay."""
    asset = context.asset(change.oid)
    deltas = []
    for delta in change.deltas:
        if delta.is_multi and delta.name in present:
            attribute = context.schema.attribute(change.oid.type, delta.name)
            delta = replace(delta, old=cell_members(asset, attribute, present[delta.name]))
        deltas.append(delta)
    return replace(change, deltas=tuple(deltas))


def _clashes(context: SessionContext, change: Update, present: Mapping[str, RawValue]) -> list[Clash]:
    asset = context.asset(change.oid)
    found = []
    for delta in change.deltas:
        if delta.old is UNREAD or delta.name not in present:
            continue
        attribute = context.schema.attribute(change.oid.type, delta.name)
        read = cell_members if delta.is_multi else cell_value
        clash = Clash(delta.name, delta.old, _mine(delta), read(asset, attribute, present[delta.name]))
        if not _same(clash.was, clash.theirs) and not _same(clash.mine, clash.theirs):
            found.append(clash)
    return found


def _mine(delta: AttributeChange) -> object:
    return delta.applied_to(delta.old) if delta.is_multi and isinstance(delta.old, tuple) else delta.new


def _same(one: object, other: object) -> bool:
    if isinstance(one, Oid) or not isinstance(one, tuple) or not isinstance(other, tuple):
        return one == other
    return set(one) == set(other)


def _error(oid: Oid, clashes: Sequence[Clash]) -> Conflict:
    listed = "; ".join(map(str, clashes))
    return Conflict(
        f"{oid.token} was changed by another user: {listed}. commit(conflicts='overwrite') writes yours, "
        "inspect(asset).revert() and refresh() take theirs.",
        oid=oid.token,
        attribute=clashes[0].name,
        clashes=tuple(clashes),
    )


def _words(value: object) -> str:
    if isinstance(value, tuple) and not isinstance(value, Oid):
        return f"[{', '.join(map(shown, value))}]"
    return shown(value)
