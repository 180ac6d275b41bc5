"""Changes sent in rounds, and what becomes of them when a write is interrupted: one place for all dialects.

A round holds the changes that depend on no other open one (model.ordering). After it the scheduler records outcomes,
skips what needs a create that failed, and reports to the write's observer. Three things end or delay a write:

refused login, closed session     nothing more is sent; the rest is skipped, with the reason
temporary fault                   no connection, 408, 429, a gateway's status, a timeout. While there are changes that
                                  were never sent, the write pauses, compares updates and deletes in doubt by a read,
                                  sends again what was not saved, and continues with a single change until one is
                                  answered
interrupted by the caller         what was being sent is unknown, the rest skipped
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from assetmeta.backends.attempt import Attempt, outcome_of
from assetmeta.backends.concurrency import gather_results
from assetmeta.backends.verification import Verifier
from assetmeta.model.contract import WriteObserver
from assetmeta.model.errors import (
    AssetmetaError,
    AuthenticationFailed,
    BadValue,
    BrokenOff,
    BudgetExceeded,
    NotFound,
    SessionClosed,
    Unreachable,
)
from assetmeta.model.http import INCOMPLETE, NO_WORD, Flow, Pause
from assetmeta.model.ordering import Claims, Dependencies, ReferencesIn, references_in
from assetmeta.model.plans import Change, Create, Delete, Done, Failed, Outcome, Skipped, Unknown, Update

MOST = 64
"""Requests in one round at most."""

_INTERRUPTED = "The write was interrupted"


Outcomes = Sequence[Outcome | None]
"""One outcome per change, same order. None returns a change that was not sent, to be taken again."""


class Batch(NamedTuple):
    """Changes by their indices, and the flow that performs them."""

    indices: list[int]
    flow: Flow[Outcomes]


IsShared = Callable[[Change], bool]
"""Whether a change is sent in one request with others of its kind."""

Batches = Callable[["WriteSchedule"], list[Batch]]
"""Takes the changes of one round and divides them among flows."""


class WriteSchedule:
    """The state of one write: the outcomes so far, and which changes can be sent next.

    A dialect takes changes with `take`, in plan order. Several that are sent in one request form a group: a change that
    depends only on members of the group may be taken once they have joined it.
    """

    def __init__(
        self,
        changes: Sequence[Change],
        within: ReferencesIn = references_in,
        claims: Claims = lambda change: (),
    ) -> None:
        self.changes = changes
        self.outcomes: dict[int, Outcome] = {}
        self.held: dict[int, Failed | Unknown] = {}
        self.is_probing = False
        self._depends = Dependencies(changes, within, claims)
        self._edits = {index for index, change in enumerate(changes) if not isinstance(change, Delete)}
        self._number_of_deletes = len(changes) - len(self._edits)
        self._ready: list[int] = []
        self._ready_deletes: list[int] = []
        self._ready_in_group: list[int] = []
        self._group: set[int] = set()
        self._joined: dict[int, int] = {}
        self._taken: set[int] = set()
        self._sent: set[int] = set()
        for index in range(len(changes)):
            self._release(index)

    def take(self) -> int | None:
        """Take the next change; None when all others depend on open ones or have outcomes."""
        while heap := self._heap():
            index = heapq.heappop(heap)
            if index not in self.outcomes and index not in self._taken:
                self._taken.add(index)
                return index
        return None

    def _heap(self) -> list[int]:
        """The heap of the next change, if there is one. Deletes wait until all other changes have outcomes, or precede
        them in the same request.
        """
        if self._ready or self._ready_in_group:
            heaps = [heap for heap in (self._ready, self._ready_in_group) if heap]
            return min(heaps, key=lambda heap: heap[0])
        return self._ready_deletes if self._edits <= self._group else []

    def take_several(self, is_shared: IsShared, most: int) -> list[int]:
        """Take the changes that may be sent concurrently, *most* at most: those for which *is_shared* go into one
        request.
        """
        found: list[int] = []
        requests = 0
        while requests < (1 if self.is_probing else MOST) and len(found) < most and (index := self.take()) is not None:
            found.append(index)
            requests += not is_shared(self.changes[index])
        return found

    def put_back(self, index: int) -> None:
        """Return a taken change that was not sent."""
        self._taken.discard(index)
        self._release(index)

    def is_free(self, index: int) -> bool:
        """True when a change depends on no open one, not even on members of the group."""
        return not self._depends.before[index] and not (self._edits and isinstance(self.changes[index], Delete))

    def open_group(self) -> None:
        """Begin another request."""
        self._group.clear()
        self._joined.clear()
        self._ready_in_group.clear()

    def join(self, index: int) -> None:
        """Make a taken change a member of the group: what depends only on members may be taken now."""
        self._group.add(index)
        for later in self._depends.after[index]:
            self._joined[later] = self._joined.get(later, 0) + 1
            if self._joined[later] == len(self._depends.before[later]) and later in self._edits:
                heapq.heappush(self._ready_in_group, later)

    @property
    def is_finished(self) -> bool:
        """True when every change has an outcome."""
        return len(self.outcomes) == len(self.changes)

    @property
    def is_begun(self) -> bool:
        """True when anything was sent."""
        return bool(self._sent)

    @property
    def has_unsent(self) -> bool:
        """True when a change without an outcome was never sent."""
        return any(index not in self._sent for index in self._open())

    def settle(self, wave: Sequence[Batch], results: Sequence[Outcomes | AssetmetaError]) -> dict[int, Outcome]:
        """Record the results of a round. Returns the new outcomes by index, also of what is skipped because of them.

        Changes that met a temporary fault and may be sent again are held until it is decided how the write continues.
        """
        found: dict[int, Outcome] = {}
        again: list[int] = []
        for batch, result in zip(wave, results, strict=True):
            if isinstance(result, AssetmetaError):
                step = Attempt(wrote=result.sent)
                result = [outcome_of(self.changes[index], result, step) for index in batch.indices]
            for index, outcome in zip(batch.indices, result, strict=True):
                if outcome is None:
                    again.append(index)
                    continue
                self._sent.add(index)
                if isinstance(outcome, Failed | Unknown) and _may_be_resent(outcome):
                    self.held[index] = outcome
                else:
                    found[index] = self._cascaded(outcome)
        self._note(found)
        for index in again:
            self.put_back(index)
        return found

    def settle_held(self) -> dict[int, Outcome]:
        """Record the outcomes of the held changes as they are. Returns them by index."""
        found: dict[int, Outcome] = dict(self.held)
        self.held.clear()
        self._note(found)
        return found

    def reopen(self, verified: Sequence[Outcome | None]) -> dict[int, Outcome]:
        """Return the held changes to be sent again, except those in doubt for which *verified* has an outcome (one per
        change, same order). Returns these by index.
        """
        following = iter(verified)
        results = {index: next(following) if isinstance(h, Unknown) else None for index, h in self.held.items()}
        found = {index: outcome for index, outcome in results.items() if outcome is not None}
        self.held.clear()
        self._note(found)
        for index, outcome in results.items():
            if outcome is None:
                self.put_back(index)
        return found

    def stop(self, error: AssetmetaError) -> dict[int, Outcome]:
        """Skip all changes without outcome, because of *error*."""
        why = _unsent(error)
        found: dict[int, Outcome] = {index: self._unsettled(index, why) for index in self._open()}
        self._note(found)
        return found

    def break_off(self, under_way: Iterable[int]) -> dict[int, Outcome]:
        """Record that the caller left the write while the changes *under_way* were being sent."""
        unknown = BrokenOff(f"{_INTERRUPTED} while this was being sent; it may have been saved or not.")
        unsent = BrokenOff(f"{_INTERRUPTED} before this was sent.", sent=False)
        found: dict[int, Outcome] = {index: Unknown(self.changes[index], unknown) for index in under_way}
        found.update({index: self._unsettled(index, unsent) for index in self._open() if index not in found})
        self._note(found)
        return found

    def fail_circles(self) -> dict[int, Outcome]:
        """Fail the creates that depend on each other."""
        found: dict[int, Outcome] = {}
        for index in self._open():
            change = self.changes[index]
            if isinstance(change, Create):
                why = f"{change.oid} refers to a new asset that in turn refers to it; no order of creating them works."
                found[index] = Failed(change, BadValue(why, oid=change.oid.token))
        self._note(found)
        return found or self.stop(BadValue("These changes wait for each other."))

    def _unsettled(self, index: int, why: AssetmetaError) -> Outcome:
        """The outcome of a change that is not sent any more."""
        return self.held.pop(index, None) or Skipped(self.changes[index], error=why)

    def _open(self) -> list[int]:
        return [index for index in range(len(self.changes)) if index not in self.outcomes]

    def _note(self, found: dict[int, Outcome]) -> None:
        """Record outcomes, add to them what is skipped because of them, and release what depended on them."""
        settled_now = list(found)
        for index in settled_now:
            outcome = self.outcomes[index] = found[index]
            self._edits.discard(index)
            if not isinstance(outcome, Done) and isinstance(outcome.change, Create):
                for later in self._depends.after[index]:
                    if index in self._depends.needed[later] and later not in self.outcomes and later not in found:
                        found[later] = Skipped(self.changes[later], outcome.change.oid)
                        settled_now.append(later)
        for index in settled_now:
            for later in self._depends.after[index]:
                if index in self._depends.before[later]:
                    self._depends.before[later].discard(index)
                    self._release(later)

    def _release(self, index: int) -> None:
        """Let a change be taken that depends on no open one."""
        if not self._depends.before[index]:
            heapq.heappush(self._ready if index in self._edits else self._ready_deletes, index)

    def _cascaded(self, outcome: Outcome) -> Outcome:
        """A delete whose asset does not exist is done where others were deleted: the server deleted it with one of
        them.
        """
        is_missing = isinstance(outcome, Failed) and isinstance(outcome.error, NotFound)
        taken_along = isinstance(outcome.change, Delete) and is_missing and self._number_of_deletes > 1
        return Done(outcome.change, outcome.change.oid) if taken_along else outcome


def run_writes(
    schedule: WriteSchedule, batches: Batches, verifier: Verifier, observer: WriteObserver
) -> Flow[list[Outcome]]:
    """Write. One outcome per change, same order.

    *verifier* compares what is in doubt. Raises what prevents the first round from being sent: a closed or read-only
    session, an exhausted budget.
    """
    return _Run(schedule, batches, verifier, observer).outcomes()


@dataclass(slots=True)
class _Run:
    """One write in progress. *under_way* are the changes being sent, *attempt* is how many rounds in a row met a
    temporary fault.
    """

    schedule: WriteSchedule
    batches: Batches
    verifier: Verifier
    observer: WriteObserver
    under_way: list[int] = field(default_factory=list)
    attempt: int = 0

    def outcomes(self) -> Flow[list[Outcome]]:
        schedule = self.schedule
        try:
            while not schedule.is_finished:
                wave = self.batches(schedule)
                if wave:
                    yield from self._round(wave)
                else:
                    self._report(schedule.fail_circles())
        except BaseException:
            if self.under_way or schedule.is_begun:
                self._report(schedule.break_off(self.under_way))
            raise
        return [schedule.outcomes[index] for index in range(len(schedule.changes))]

    def _round(self, wave: list[Batch]) -> Flow[None]:
        schedule = self.schedule
        sending = [index for batch in wave for index in batch.indices]
        self.observer.on_send([schedule.changes[index] for index in sending])
        self.under_way = sending
        try:
            results = yield from gather_results([batch.flow for batch in wave])
        except AssetmetaError as error:
            # Nothing of this round was sent.
            self.under_way = []
            is_begun = schedule.is_begun
            self._report(schedule.stop(error))
            if not is_begun:
                raise
            return
        found = schedule.settle(wave, results)
        self.under_way = []
        self._report(found)
        yield from self._continue(list(found.values()))

    def _continue(self, found: list[Outcome]) -> Flow[None]:
        """Decide after a round whether the write continues, and how."""
        schedule = self.schedule
        errors = [error for error in map(_error, found) if error is not None]
        fault = next((held.error for held in schedule.held.values()), None)
        fault = fault or next((error for error in errors if _is_temporary(error)), None)
        final = next((error for error in errors if _ends_all(error)), None)
        if final is None and fault is None and found and all(isinstance(each, Unknown) for each in found):
            # A server that fails at every change of a round is sent no more.
            final = errors[0]
        if final is not None:
            self._report(schedule.stop(final))
        elif fault is None:
            self.attempt, schedule.is_probing = 0, False
        elif schedule.has_unsent:
            is_answered = any(isinstance(each, Done | Failed) for each in found)
            self.attempt = 1 if is_answered else self.attempt + 1
            schedule.is_probing = True
            yield from self._recover(fault)
        else:
            self._report(schedule.settle_held())

    def _recover(self, fault: AssetmetaError) -> Flow[None]:
        """Pause, and compare the changes that met a temporary fault by a read. Those that were not saved are sent
        again; creates and operations in doubt stay unknown.
        """
        schedule = self.schedule
        doubt = [each.change for each in schedule.held.values() if isinstance(each, Unknown)]
        try:
            yield Pause(self.attempt, fault)
            verified = yield from self.verifier.verify([each for each in doubt if isinstance(each, Update | Delete)])
        except AssetmetaError as error:
            self._report(schedule.stop(error))
        else:
            self._report(schedule.reopen(verified))

    def _report(self, found: dict[int, Outcome]) -> None:
        if found:
            self.observer.on_outcomes(list(found.values()))


def in_rounds(
    divide: Callable[[list[Change]], Iterable[tuple[list[Change], Flow[Outcomes]]]],
    is_shared: IsShared = lambda change: False,
    most: int = MOST,
) -> Batches:
    """Return a function that takes the changes that may be sent concurrently, *most* at most, and lets *divide* group
    them into flows. Those for which *is_shared* go into one request.
    """

    def batches(schedule: WriteSchedule) -> list[Batch]:
        taken = schedule.take_several(is_shared, most)
        places = {id(schedule.changes[index]): index for index in taken}
        groups = divide([schedule.changes[index] for index in taken])
        return [Batch([places[id(change)] for change in members], flow) for members, flow in groups]

    return batches


def alone(flow: Flow[Outcome]) -> Flow[list[Outcome]]:
    """The flow of a single change as that of a batch."""
    return [(yield from flow)]


def sequentially(changes: Sequence[Change], write: Callable[[Change], Flow[Outcome]]) -> Flow[Outcomes]:
    """Perform changes one after the other, for a server to which their order means something. The rest is
    returned unsent after an error that ends or delays a write.
    """
    found: list[Outcome | None] = []
    for change in changes:
        outcome = yield from write(change)
        found.append(outcome)
        error = _error(outcome)
        if error is not None and (_ends_all(error) or _is_temporary(error)):
            break
    return found + [None] * (len(changes) - len(found))


def _error(outcome: Outcome) -> AssetmetaError | None:
    return None if isinstance(outcome, Done) else outcome.error


def _may_be_resent(outcome: Failed | Unknown) -> bool:
    """True after a temporary fault, unless a create or an operation may have been performed."""
    may = isinstance(outcome, Failed) or isinstance(outcome.change, Update | Delete)
    return may and _is_temporary(outcome.error)


def _is_temporary(error: AssetmetaError) -> bool:
    """True for what another try may not meet: no connection, a request that did not arrive whole, no answer in time, a
    gateway without its server.
    """
    return (
        error.status in NO_WORD
        or error.status == INCOMPLETE
        or (isinstance(error, Unreachable) and not error.permanent)
    )


def _ends_all(error: AssetmetaError) -> bool:
    """True for an error that every further request would meet."""
    if isinstance(error, AuthenticationFailed | SessionClosed | BudgetExceeded):
        return True
    return isinstance(error, Unreachable) and error.permanent


def _unsent(error: AssetmetaError) -> AssetmetaError:
    return type(error)(f"It was not sent, after an earlier change: {error}", status=error.status, sent=False)
