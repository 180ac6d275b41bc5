"""The flow of every write: changes in rounds, each its own request, and properties of data together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assetmeta.backends import rounds
from assetmeta.backends.valohai import properties
from assetmeta.backends.valohai.changing import Changer
from assetmeta.backends.valohai.settings import Settings
from assetmeta.backends.valohai.table import Table
from assetmeta.model.flows import Flow
from assetmeta.model.plans import Change, Outcome
from assetmeta.model.schema import Schema


def write(schema: Schema, changes: Sequence[Change], table: Table, settings: Settings) -> Flow[list[Outcome]]:
    """Write. One outcome per change, same order; see assetmeta.backends.rounds for order and failures."""
    whole, others = properties.grouped(changes)
    if not others:
        return properties.applied(whole, settings)
    changer = Changer(schema, table, settings)

    def batches(ready: list[Change]) -> Iterator[rounds.Batch]:
        together, singles = properties.grouped(ready)
        for change in singles:
            yield [change], rounds.alone(changer.carried_out(change))
        if together:
            yield list(together), properties.applied(together, settings)

    return rounds.written(changes, rounds.provisional, batches)
