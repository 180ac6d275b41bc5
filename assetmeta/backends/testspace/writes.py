"""The flow of every write (reference 10): one request per change, what is ready side by side; parents before what is
below them, deletions last. Results of one space are created one after the other: the server numbers them as they come,
and the last is the latest. There are no transactions: what landed stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assetmeta.backends.testspace import queries
from assetmeta.backends.testspace.encode import resolve_value
from assetmeta.backends.testspace.options import Settings
from assetmeta.backends.testspace.writer import ChangeWriter
from assetmeta.backends.verification import Verifier
from assetmeta.backends.write_scheduler import Outcomes, WriteSchedule, in_rounds, run_writes, sequentially
from assetmeta.model.contract import WriteObserver
from assetmeta.model.http import Flow
from assetmeta.model.plans import Change, Create, Outcome
from assetmeta.model.schema import Schema


def write(
    schema: Schema, changes: Sequence[Change], settings: Settings, observer: WriteObserver
) -> Flow[list[Outcome]]:
    """Write. One outcome per change, same order; see assetmeta.backends.write_scheduler for order and failures."""
    changer = ChangeWriter(schema, settings)

    def divide(ready: list[Change]) -> Iterator[tuple[list[Change], Flow[Outcomes]]]:
        for queue in _queues(ready):
            yield queue, sequentially(queue, changer.write)

    verifier = Verifier(
        schema,
        lambda fetches: queries.fetch(schema, fetches, settings),
        lambda value: resolve_value(value, changer.real),
    )
    return run_writes(WriteSchedule(changes), in_rounds(divide), verifier, observer)


def _queues(ready: Sequence[Change]) -> list[list[Change]]:
    """Changes that go out one after the other."""
    found: dict[object, list[Change]] = {}
    for change in ready:
        found.setdefault(_queue(change), []).append(change)
    return list(found.values())


def _queue(change: Change) -> object:
    """What a change has in common with those that it may not overtake."""
    if isinstance(change, Create) and change.oid.type == "Result":
        return next((("results", delta.new) for delta in change.deltas if delta.name == "space"), change.oid)
    return change.oid
