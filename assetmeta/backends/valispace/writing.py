"""The flow of every write: in which order, and what goes out together (reference 5.5, 8.1).

Changes go out in rounds. A change waits for the create of whatever it refers to, formulas included, and for earlier
changes of the same asset; deletions wait for everything else. What is ready goes out side by side, or in one request
where an endpoint takes several.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from assetmeta.backends.together import settled
from assetmeta.backends.valispace import bulk
from assetmeta.backends.valispace.changing import Changer
from assetmeta.backends.valispace.encoding import references
from assetmeta.backends.valispace.settings import Settings
from assetmeta.backends.valispace.table import Table
from assetmeta.model.errors import AssetmetaError, BadValue, LoginRefused, Misuse, NotFound, Unreachable
from assetmeta.model.flows import Flow
from assetmeta.model.plans import Change, Create, Delete, Done, Failed, Outcome, Skipped, Unknown
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid

MOST = 64
"""Changes in one round at most."""


def write(schema: Schema, changes: Sequence[Change], table: Table, settings: Settings) -> Flow[list[Outcome]]:
    """Write. One outcome per change, same order.

    After a refused login or a server that gave no answer nothing more is sent: the rest fails with the same error.
    """
    work = _Work(Changer(schema, table, settings), changes)
    while len(work.outcomes) < len(changes):
        ready = work.ready()
        groups, singles = bulk.grouped(work.changer, [changes[index] for index in ready])
        flows = [_listed(work.changer.carried_out(change)) for change in singles]
        flows += [bulk.carried_out(work.changer, group) for group in groups]
        members: list[list[Change]] = [[change] for change in singles]
        members += [[part.change for part in group] for group in groups]
        places = {id(changes[index]): index for index in ready}
        try:
            outcomes = yield from settled(flows)
        except AssetmetaError as error:
            work.lose(ready, error)
            continue
        for several, outcome in zip(members, outcomes, strict=True):
            work.settle([places[id(change)] for change in several], outcome)
    return [work.outcomes[index] for index in range(len(changes))]


def _listed(flow: Flow[Outcome]) -> Flow[list[Outcome]]:
    return [(yield from flow)]


@dataclass(slots=True)
class _Work:
    """One write under way: outcomes by index, and the error after which nothing more is sent."""

    changer: Changer
    changes: Sequence[Change]
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    stopped: AssetmetaError | None = None
    _needs: list[set[Oid]] = field(init=False)
    _creates: dict[Oid, int] = field(init=False)
    _deletes: int = field(init=False)

    def __post_init__(self) -> None:
        self._deletes = sum(isinstance(change, Delete) for change in self.changes)
        self._creates = {change.oid: index for index, change in enumerate(self.changes) if isinstance(change, Create)}
        self._needs = [
            {oid for oid in references(change) if not (isinstance(change, Create) and oid == change.oid)}
            for change in self.changes
        ]

    def ready(self) -> list[int]:
        """The changes of the next round. What cannot be sent any more gets its outcome here."""
        busy: set[Oid] = set()
        found: list[int] = []
        deletes: list[int] = []
        waiting = {oid for oid, index in self._creates.items() if index not in self.outcomes}
        for index, change in enumerate(self.changes):
            if index in self.outcomes or self._is_settled(index, change):
                continue
            waits = change.oid in busy or not waiting.isdisjoint(self._needs[index])
            busy.add(change.oid)
            if not waits and len(found) < MOST:
                (deletes if isinstance(change, Delete) else found).append(index)
        if not found and not deletes:
            self._cut_circles()
        return found or deletes[:MOST]

    def _is_settled(self, index: int, change: Change) -> bool:
        """Settle a change whose outcome is clear without a request."""
        if self.stopped is not None:
            self.outcomes[index] = Failed(change, self.stopped)
            return True
        for oid in self._needs[index]:
            create = self._creates.get(oid)
            if create is not None and create in self.outcomes and not isinstance(self.outcomes[create], Done):
                self.outcomes[index] = Skipped(change, oid)
                return True
        return False

    def _cut_circles(self) -> None:
        for index, change in enumerate(self.changes):
            if index in self.outcomes or not isinstance(change, Create):
                continue
            why = f"{change.oid} refers to a new asset that in turn refers to it; no order of creating them works."
            self.outcomes[index] = Failed(change, BadValue(why, oid=change.oid.token))

    def settle(self, indices: Sequence[int], outcome: list[Outcome] | AssetmetaError) -> None:
        """Take what came of one flow, which carried out the changes at *indices*."""
        if isinstance(outcome, AssetmetaError):
            members = [self.changes[index] for index in indices]
            outcome = [Unknown(c, outcome) if outcome.sent else Failed(c, outcome) for c in members]
        for index, one in zip(indices, outcome, strict=True):
            self.outcomes[index] = self._cascaded(self.changes[index], one)
            error = one.error if isinstance(one, Failed | Unknown) else None
            if isinstance(error, LoginRefused | Unreachable):
                self._stop(error)

    def _cascaded(self, change: Change, outcome: Outcome) -> Outcome:
        """A deleted asset that is gone already went with another one that was deleted here."""
        gone = isinstance(outcome, Failed) and isinstance(outcome.error, NotFound)
        taken_along = isinstance(change, Delete) and gone and self._deletes > 1
        return Done(change, change.oid) if taken_along else outcome

    def lose(self, indices: Sequence[int], error: AssetmetaError) -> None:
        """Take that a round came to nothing as a whole, as when the session was closed meanwhile.

        Before anything has landed the error is the caller's; later on, the outcomes are worth more.
        """
        if not any(isinstance(outcome, Done) for outcome in self.outcomes.values()):
            raise error
        for index in indices:
            change = self.changes[index]
            self.outcomes[index] = Failed(change, error) if isinstance(error, Misuse) else Unknown(change, error)
        self._stop(error)

    def _stop(self, error: AssetmetaError) -> None:
        """Remember why the rest stays unsent: each would be refused or would wait for its own timeout."""
        if self.stopped is None:
            told = f"It was not sent, after an earlier change: {error}"
            self.stopped = type(error)(told, status=error.status, sent=False)
