"""Which change waits for which, and the order of a write: one place for plans, commits and dialects.

A change waits for the create of every asset that it refers to, for earlier changes of the same asset and of assets that
it names, and for earlier changes that name its asset. Deletes wait for everything else.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence

from assetmeta.model.plans import AttributeChange, Call, Change, Create, Delete, Update
from assetmeta.model.values import Oid

ReferencesIn = Callable[[AttributeChange], Iterable[Oid]]
"""Returns the assets that a delta names. A dialect whose texts name assets has one of its own, which finds more."""

Claims = Callable[[Change], Iterable[Oid]]
"""Returns what a change touches besides its own asset."""


def references_in(delta: AttributeChange) -> list[Oid]:
    """Return the assets that a delta sets, adds or removes."""
    several = isinstance(delta.new, tuple) and not isinstance(delta.new, Oid)
    values = delta.new if several else (delta.new,)
    return [value for value in (*values, *delta.added, *delta.removed) if isinstance(value, Oid)]  # type: ignore[misc]


def references(change: Change, within: ReferencesIn = references_in) -> list[Oid]:
    """Return all assets that a change names besides its own."""
    if isinstance(change, Call):
        return [value for _, value in change.arguments if isinstance(value, Oid)]
    if isinstance(change, Delete):
        return []
    context = [change.context] if isinstance(change, Create) and change.context is not None else []
    return [*context, *(oid for delta in change.deltas for oid in within(delta))]


def needs(change: Change, within: ReferencesIn = references_in) -> set[Oid]:
    """Return the provisional identities that must exist before *change* can be sent."""
    own = () if isinstance(change, Create) else (change.oid,)
    return {oid for oid in (*own, *references(change, within)) if oid.is_new}


def in_order(changes: Sequence[Change], within: ReferencesIn = references_in) -> list[Change]:
    """Return *changes* in an order that works: creates before what refers to them, deletes last.

    The order of the input is kept wherever it can be. Creates that refer to each other in a circle are cut: the
    reference is left out of one and set by an update once all of them exist.
    """
    creates = [change for change in changes if isinstance(change, Create)]
    ordered, later = _creates_in_order(creates, within)
    others = [change for change in changes if not isinstance(change, Create | Delete)]
    deletes = [change for change in changes if isinstance(change, Delete)]
    return [*ordered, *later, *others, *deletes]


def _creates_in_order(creates: list[Create], within: ReferencesIn) -> tuple[list[Create], list[Update]]:
    waiting = {create.oid: create for create in creates}
    places = {create.oid: place for place, create in enumerate(creates)}
    blockers = {create.oid: needs(create, within) & waiting.keys() for create in creates}
    dependents: dict[Oid, list[Oid]] = {oid: [] for oid in waiting}
    for oid, needed in blockers.items():
        for other in needed:
            dependents[other].append(oid)
    ready = [places[oid] for oid, needed in blockers.items() if not needed]
    ordered: list[Create] = []
    later: list[Update] = []
    while waiting:
        if not ready:
            # A circle: its first create goes without what it refers to, which an update adds.
            first = next(iter(waiting))
            waiting[first], cut = _cut(waiting[first], waiting, within)
            later.append(cut)
            blockers[first] = set()
            ready.append(places[first])
        oid = creates[heapq.heappop(ready)].oid
        if oid not in waiting:
            continue
        ordered.append(waiting.pop(oid))
        for dependent in dependents[oid]:
            blockers[dependent].discard(oid)
            if not blockers[dependent] and dependent in waiting:
                heapq.heappush(ready, places[dependent])
    return ordered, later


def _cut(create: Create, waiting: Mapping[Oid, Create], within: ReferencesIn) -> tuple[Create, Update]:
    """Split a create into one without references to *waiting* creates, and the update that adds them."""
    kept = tuple(delta for delta in create.deltas if waiting.keys().isdisjoint(within(delta)))
    cut = tuple(delta for delta in create.deltas if not waiting.keys().isdisjoint(within(delta)))
    context = None if create.context in waiting else create.context
    return Create(create.oid, kept, context, create.comment), Update(create.oid, cut, create.comment)


class Dependencies:
    """What each of some changes waits for, by index.

    *before* are the changes that must be settled before one is sent, *after* those that wait for one, and *needed* the
    indices of the creates without which one cannot be sent at all.
    """

    def __init__(
        self,
        changes: Sequence[Change],
        within: ReferencesIn = references_in,
        claims: Claims = lambda change: (),
    ) -> None:
        self.before: list[set[int]] = []
        self.needed: list[list[int]] = []
        self.after: list[list[int]] = [[] for _ in changes]
        creates = {change.oid: index for index, change in enumerate(changes) if isinstance(change, Create)}
        claimed: dict[Oid, int] = {}
        named_by: dict[Oid, list[int]] = {}
        for index, change in enumerate(changes):
            own = {change.oid, *claims(change)}
            named = set(references(change, within)) - own
            needed = [creates[oid] for oid in (*own, *named) if oid in creates and creates[oid] != index]
            earlier = {*needed, *(claimed[oid] for oid in (*own, *named) if oid in claimed)}
            for oid in named:
                named_by.setdefault(oid, []).append(index)
            for oid in own:
                # What names a new asset waits for its create, not the other way round.
                users = () if creates.get(oid) == index else named_by.pop(oid, ())
                earlier.update(user for user in users if user != index)
                claimed[oid] = index
            self.before.append(earlier)
            self.needed.append(needed)
            for other in earlier:
                self.after[other].append(index)
