"""What one write knows so far besides the outcomes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from assetmeta.backends.verification import Verifier
from assetmeta.backends.versionone.options import Settings
from assetmeta.backends.versionone.reads import fetch
from assetmeta.model.plans import Change, Create, Done, Outcome
from assetmeta.model.schema import Schema
from assetmeta.model.values import Key, Oid


class WriteState:
    """*known* are real identities by provisional ones, *taken* the keys of the assets that changes and outcomes are
    about (unique over all types), *only_singly* the changes that api/asset did not take.
    """

    def __init__(self, schema: Schema, settings: Settings, changes: Sequence[Change]) -> None:
        self.schema = schema
        self.settings = settings
        self.known: dict[Oid, Oid] = {}
        self.taken: set[Key] = {change.oid.key for change in changes}
        self.only_singly: set[int] = set()

    def real(self, value: object) -> object:
        """Put the real identity in the place of a provisional one."""
        return self.known.get(value, value) if isinstance(value, Oid) else value

    @property
    def verifier(self) -> Verifier:
        """Compares what is in doubt with what the server has."""
        return Verifier(self.schema, lambda fetches: fetch(self.schema, fetches, self.settings), self.real)

    @property
    def may_bulk(self) -> bool:
        """Whether api/asset may be used: it is not turned off, and not known to be missing."""
        return self.settings.bulk and self.settings.seen.bulk is not False

    def take_over(self, outcomes: Iterable[Outcome | None]) -> None:
        """Remember the assets that writes have made or named."""
        for outcome in outcomes:
            if isinstance(outcome, Done):
                self.taken.add(outcome.oid.key)
                if isinstance(outcome.change, Create):
                    self.known[outcome.change.oid] = outcome.oid
