"""Changes in rounds: in which order they go out, and what goes out together.

A change waits for the create of whatever it refers to, and for earlier changes of the same asset; deletions wait for
everything else. What is ready goes out side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from assetmeta.backends.together import settled
from assetmeta.model.errors import AssetmetaError, BadValue, LoginRefused, Misuse, NotFound, Unreachable
from assetmeta.model.flows import Flow
from assetmeta.model.plans import Call, Change, Create, Delete, Done, Failed, Outcome, Skipped, Unknown, Update
from assetmeta.model.values import Oid

MOST = 64
"""Changes in one round at most."""

Batch = tuple[list[Change], Flow[list[Outcome]]]
"""Changes that go out together, and the flow that carries them out: one outcome per change, same order."""


def written(
    changes: Sequence[Change],
    needs: Callable[[Change], Iterable[Oid]],
    batches: Callable[[list[Change]], Iterable[Batch]],
) -> Flow[list[Outcome]]:
    """Write. One outcome per change, same order.

    *needs* names the provisional identities that a change refers to, *batches* divides the changes of one round among
    flows. After a refused login or a server that gave no answer nothing more is sent: the rest fails with the same
    error.
    """
    work = _Work(changes, needs)
    while len(work.outcomes) < len(changes):
        ready = work.ready(MOST)
        places = {id(changes[index]): index for index in ready}
        divided = list(batches([changes[index] for index in ready]))
        try:
            outcomes = yield from settled([flow for _, flow in divided])
        except AssetmetaError as error:
            work.lose(ready, error)
            continue
        for (members, _), outcome in zip(divided, outcomes, strict=True):
            work.settle([places[id(change)] for change in members], outcome)
    return [work.outcomes[index] for index in range(len(changes))]


def named_values(change: Change) -> list[object]:
    """Every value that a change would write, and the asset that it is about."""
    values: list[object] = [change.oid]
    if isinstance(change, Create | Update):
        values += [value for delta in change.deltas for value in (delta.new, *delta.added, *delta.removed)]
    elif isinstance(change, Call):
        values += [value for _, value in change.arguments]
    return values


def provisional(change: Change) -> list[Oid]:
    """The assets among them that the server does not have yet."""
    return [value for value in named_values(change) if isinstance(value, Oid) and value.is_new]


def alone(flow: Flow[Outcome]) -> Flow[list[Outcome]]:
    """The flow of a single change as that of a batch."""
    return [(yield from flow)]


def one_by_one(changes: Sequence[Change], carry: Callable[[Change], Flow[Outcome]]) -> Flow[list[Outcome]]:
    """Carry out changes one after the other, for a server to which their order means something.

    After a refused login or no answer the rest is not sent.
    """
    found: list[Outcome] = []
    end: AssetmetaError | None = None
    for change in changes:
        outcome = Failed(change, _unsent(end)) if end is not None else (yield from carry(change))
        found.append(outcome)
        end = end or _end(outcome)
    return found


def _end(outcome: Outcome) -> AssetmetaError | None:
    """The error after which nothing more is sent: the rest would be refused or would wait for its own timeout."""
    error = outcome.error if isinstance(outcome, Failed | Unknown) else None
    return error if isinstance(error, LoginRefused | Unreachable) else None


def _unsent(error: AssetmetaError) -> AssetmetaError:
    told = f"It was not sent, after an earlier change: {error}"
    return type(error)(told, status=error.status, sent=False)


@dataclass(slots=True)
class _Work:
    """One write under way: outcomes by index, and the error after which nothing more is sent."""

    changes: Sequence[Change]
    needs: Callable[[Change], Iterable[Oid]]
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    stopped: AssetmetaError | None = None
    _needs: list[set[Oid]] = field(init=False)
    _creates: dict[Oid, int] = field(init=False)
    _deletes: int = field(init=False)

    def __post_init__(self) -> None:
        self._deletes = sum(isinstance(change, Delete) for change in self.changes)
        self._creates = {change.oid: index for index, change in enumerate(self.changes) if isinstance(change, Create)}
        self._needs = [
            {oid for oid in self.needs(change) if not (isinstance(change, Create) and oid == change.oid)}
            for change in self.changes
        ]

    def ready(self, most: int) -> list[int]:
        """The changes of the next round, at most so many. What cannot be sent any more gets its outcome here."""
        busy: set[Oid] = set()
        found: list[int] = []
        deletes: list[int] = []
        waiting = {oid for oid, index in self._creates.items() if index not in self.outcomes}
        for index, change in enumerate(self.changes):
            if index in self.outcomes or self._is_settled(index, change):
                continue
            waits = change.oid in busy or not waiting.isdisjoint(self._needs[index])
            busy.add(change.oid)
            if not waits and len(found) < most:
                (deletes if isinstance(change, Delete) else found).append(index)
        if not found and not deletes:
            self._cut_circles()
        return found or deletes[:most]

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
            end = _end(one)
            if end is not None:
                self._stop(end)

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
        """Remember why the rest stays unsent."""
        if self.stopped is None:
            self.stopped = _unsent(error)
