"""The flow of every write (reference 5.5, 8.1): changes in rounds, in one request where an endpoint takes several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assetmeta.backends.rest.spec import Api
from assetmeta.backends.valispace import bulk, queries
from assetmeta.backends.valispace.encode import references_in, resolve_value
from assetmeta.backends.valispace.options import Settings
from assetmeta.backends.valispace.writer import ChangeWriter
from assetmeta.backends.verification import Verifier
from assetmeta.backends.write_scheduler import Outcomes, WriteSchedule, alone, in_rounds, run_writes
from assetmeta.model.contract import WriteObserver
from assetmeta.model.http import Flow
from assetmeta.model.plans import Change, Outcome
from assetmeta.model.schema import Schema


def write(
    schema: Schema, changes: Sequence[Change], table: Api, settings: Settings, observer: WriteObserver
) -> Flow[list[Outcome]]:
    """Write. One outcome per change, same order; see assetmeta.backends.write_scheduler for order and failures."""
    changer = ChangeWriter(schema, table, settings)

    def divide(ready: list[Change]) -> Iterator[tuple[list[Change], Flow[Outcomes]]]:
        groups, singles = bulk.grouped(changer, ready)
        for change in singles:
            yield [change], alone(changer.write(change))
        for group in groups:
            yield [part.change for part in group], bulk.write(changer, group)

    verifier = Verifier(
        schema,
        lambda fetches: queries.fetch(schema, fetches, table, settings),
        lambda value: resolve_value(value, changer.real),
    )
    return run_writes(WriteSchedule(changes, references_in), in_rounds(divide), verifier, observer)
