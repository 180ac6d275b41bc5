"""The flow of every write: many changes together through api/asset, where it takes them, all else one by one
(writing; bulk).

chunks     up to max_bulk commands; several requests are sent at the same time, as none waits for another
singly     a single change, and what api/asset does not take: one POST to rest-1.v1 each
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from assetmeta.backends.versionone.bulk_request import BulkRequest, Command, fits
from assetmeta.backends.versionone.bulk_writes import write_chunk
from assetmeta.backends.versionone.options import Settings
from assetmeta.backends.versionone.rest_request import unsupported
from assetmeta.backends.versionone.single_writes import WriteState, write_singly
from assetmeta.backends.write_scheduler import Batch, Outcomes, WriteSchedule, alone, run_writes
from assetmeta.model.contract import WriteObserver
from assetmeta.model.errors import UnknownName, UsageError
from assetmeta.model.http import Flow
from assetmeta.model.plans import Call, Change, Create, Failed, Outcome, Update
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid

_RANKS = Oid("", "ranks")
"""All ranks: a move changes those of other assets too."""


def write(
    schema: Schema, changes: Sequence[Change], settings: Settings, observer: WriteObserver
) -> Flow[list[Outcome]]:
    """Write. One outcome per change, same order; a single change takes one request to rest-1.v1. See
    assetmeta.backends.write_scheduler for order and failures.

    Raises Unsupported, before anything is sent, for an operation with arguments where bulk writing is off or missing.
    """
    state = WriteState(schema, settings, changes)
    for change in changes:
        if isinstance(change, Call) and change.arguments and not state.may_bulk:
            raise unsupported(change)
    schedule = WriteSchedule(changes, claims=lambda change: _ranks(schema, change))
    return run_writes(schedule, lambda each: _Wave(state, each).batches(), state.verifier, observer)


def _ranks(schema: Schema, change: Change) -> Iterable[Oid]:
    """All ranks, for a change that moves its asset."""
    deltas = change.deltas if isinstance(change, Create | Update) else ()
    try:
        moves = any(schema.attribute(change.oid.type, delta.name).kind == "Rank" for delta in deltas)
    except UnknownName:
        # What the schema does not have is not sent; its outcome is the error.
        return ()
    return (_RANKS,) if moves else ()


class _Wave:
    """The requests of one round: chunks, and changes that are sent singly."""

    def __init__(self, state: WriteState, schedule: WriteSchedule) -> None:
        self._state = state
        self._schedule = schedule
        self._chunks: list[BulkRequest] = []
        self._singles: list[int] = []
        self._refused: list[Batch] = []
        self._lanes = state.settings.max_lanes if state.settings.seen.bulk else 1
        self._open_chunk()

    def _open_chunk(self) -> None:
        self._chunk = BulkRequest(self._state.schema, self._state.known, self._state.settings.max_bulk)
        self._schedule.open_group()

    def batches(self) -> list[Batch]:
        """Take the changes of the round. One change alone is sent singly: that answer contains more."""
        most = 1 if self._schedule.is_probing else self._state.settings.max_batch
        is_open = True
        while is_open and len(self._singles) < most and (index := self._schedule.take()) is not None:
            is_open = self._add(index)
        if len(self._chunks) == 1 and not self._singles and self._chunks[0].is_simple:
            self._singles = self._chunks.pop().indices
        changes = self._schedule.changes
        chunks = [Batch(chunk.indices, write_chunk(self._state, chunk)) for chunk in self._chunks]
        singles = [Batch([index], alone(write_singly(self._state, changes[index]))) for index in self._singles]
        return sorted([*chunks, *singles, *self._refused], key=lambda batch: batch.indices[0])

    def _add(self, index: int) -> bool:
        """Put a change into a request. False when the round is full."""
        state, change = self._state, self._schedule.changes[index]
        if state.may_bulk and index not in state.only_singly and fits(state.schema, change):
            try:
                return self._add_command(index, self._chunk.build(index, change))
            except UsageError as error:
                self._refused.append(Batch([index], _failed(change, error)))
        elif self._schedule.is_free(index):
            self._singles.append(index)
        else:
            # It needs what a chunk of this round creates.
            self._schedule.put_back(index)
        return True

    def _add_command(self, index: int, command: Command) -> bool:
        if not self._chunk.has_room(command):
            self._schedule.put_back(index)
            if len(self._chunks) == self._lanes:
                return False
            self._open_chunk()
            return True
        if not self._chunk.commands:
            self._chunks.append(self._chunk)
        self._chunk.add(command)
        self._schedule.join(index)
        return not self._schedule.is_probing


def _failed(change: Change, error: UsageError) -> Flow[Outcomes]:
    """A flow without requests for what cannot be sent."""
    yield from ()
    return [Failed(change, error)]
