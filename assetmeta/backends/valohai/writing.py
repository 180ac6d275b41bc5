"""The flow of every write: changes in rounds, each its own request, and properties of data together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assetmeta.backends.valohai import fetching, properties
from assetmeta.backends.valohai.changing import Changer
from assetmeta.backends.valohai.encoding import real_value
from assetmeta.backends.valohai.settings import Settings
from assetmeta.backends.valohai.table import Table
from assetmeta.backends.verification import Verifier
from assetmeta.backends.write_scheduler import Outcomes, WriteSchedule, alone, in_rounds, run_writes
from assetmeta.model.contract import WriteObserver
from assetmeta.model.flows import Flow
from assetmeta.model.plans import Change, Outcome
from assetmeta.model.schema import Schema


def write(
    schema: Schema, changes: Sequence[Change], table: Table, settings: Settings, observer: WriteObserver
) -> Flow[list[Outcome]]:
    """Write. One outcome per change, same order; see assetmeta.backends.write_scheduler for order and failures."""
    changer = Changer(schema, table, settings)

    def divide(ready: list[Change]) -> Iterator[tuple[list[Change], Flow[Outcomes]]]:
        together, singles = properties.grouped(ready)
        for change in singles:
            yield [change], alone(changer.carried_out(change))
        if together:
            yield list(together), properties.applied(together, settings)

    verifier = Verifier(
        schema,
        lambda fetches: fetching.fetch(schema, fetches, table, settings),
        lambda value: real_value(value, changer.real),
    )
    batches = in_rounds(divide, properties.is_whole, properties.MOST)
    return run_writes(WriteSchedule(changes), batches, verifier, observer)
