"""The flow of every write (reference 5.5, 8.1): changes in rounds, in one request where an endpoint takes several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assetmeta.backends import rounds
from assetmeta.backends.valispace import bulk
from assetmeta.backends.valispace.changing import Changer
from assetmeta.backends.valispace.encoding import references
from assetmeta.backends.valispace.settings import Settings
from assetmeta.backends.valispace.table import Table
from assetmeta.model.flows import Flow
from assetmeta.model.plans import Change, Outcome
from assetmeta.model.schema import Schema


def write(schema: Schema, changes: Sequence[Change], table: Table, settings: Settings) -> Flow[list[Outcome]]:
    """Write. One outcome per change, same order; see assetmeta.backends.rounds for order and failures."""
    changer = Changer(schema, table, settings)

    def batches(ready: list[Change]) -> Iterator[rounds.Batch]:
        groups, singles = bulk.grouped(changer, ready)
        for change in singles:
            yield [change], rounds.alone(changer.carried_out(change))
        for group in groups:
            yield [part.change for part in group], bulk.carried_out(changer, group)

    return rounds.written(changes, references, batches)
