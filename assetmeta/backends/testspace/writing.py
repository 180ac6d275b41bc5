"""The flow of every write (reference 10): one request per change, what is ready side by side; parents before what is
below them, deletions last. There are no transactions: what landed stays.
"""

from __future__ import annotations

from collections.abc import Sequence

from assetmeta.backends import rounds
from assetmeta.backends.testspace.changing import Changer
from assetmeta.backends.testspace.settings import Settings
from assetmeta.model.flows import Flow
from assetmeta.model.plans import Change, Outcome
from assetmeta.model.schema import Schema


def write(schema: Schema, changes: Sequence[Change], settings: Settings) -> Flow[list[Outcome]]:
    """Write. One outcome per change, same order; see assetmeta.backends.rounds for order and failures."""
    changer = Changer(schema, settings)
    return rounds.written(
        changes,
        rounds.provisional,
        lambda ready: [([change], rounds.alone(changer.carried_out(change))) for change in ready],
    )
