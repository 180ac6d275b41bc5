"""The flow of every write: changes in rounds, each its own request, and properties of data together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assetmeta.backends.rest.spec import Api
from assetmeta.backends.valohai import properties, queries
from assetmeta.backends.valohai.encode import resolve_value
from assetmeta.backends.valohai.options import Settings
from assetmeta.backends.valohai.writer import ChangeWriter
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
        together, singles = properties.grouped(ready)
        for change in singles:
            yield [change], alone(changer.write(change))
        if together:
            yield list(together), properties.applied(together, settings)

    verifier = Verifier(
        schema,
        lambda fetches: queries.fetch(schema, fetches, table, settings),
        lambda value: resolve_value(value, changer.real),
    )
    batches = in_rounds(divide, properties.is_whole, properties.MOST)
    return run_writes(WriteSchedule(changes), batches, verifier, observer)
