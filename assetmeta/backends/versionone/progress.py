"""What came of the changes of one write so far."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from assetmeta.backends.versionone.documents import references
from assetmeta.backends.versionone.settings import Settings
from assetmeta.model.errors import AssetmetaError, LoginRefused, Misuse, SessionClosed
from assetmeta.model.plans import Change, Create, Done, Failed, Outcome, Skipped, Unknown
from assetmeta.model.schema import Schema
from assetmeta.model.values import Key, Oid


@dataclass(slots=True)
class Progress:
    """Outcomes by index, real identities by provisional ones, creates that did not land, the error after which nothing
    more is sent, and the keys of the assets that the changes and their outcomes are about: unique over all types.
    """

    schema: Schema
    settings: Settings
    changes: Sequence[Change]
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    known: dict[Oid, Oid] = field(default_factory=dict)
    lost: set[Oid] = field(default_factory=set)
    stopped: AssetmetaError | None = None
    taken: set[Key] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.taken.update(change.oid.key for change in self.changes)

    def is_due(self, index: int) -> bool:
        """True when a change is to be sent; otherwise its outcome is clear without that, and is noted."""
        change = self.changes[index]
        needs = self.missing(change)
        if needs is not None:
            self.end(index, Skipped(change, needs))
        elif self.stopped is not None:
            self.end(index, Failed(change, self.stopped))
        return index not in self.outcomes

    def missing(self, change: Change) -> Oid | None:
        """The first asset that *change* needs and whose create did not land."""
        return next((oid for oid in (change.oid, *references(change)) if oid in self.lost), None)

    def end(self, index: int, outcome: Outcome) -> None:
        """Note what came of a change."""
        self.outcomes[index] = outcome
        if isinstance(outcome, Done):
            self.taken.add(outcome.oid.key)
        if isinstance(outcome.change, Create):
            if isinstance(outcome, Done):
                self.known[outcome.change.oid] = outcome.oid
            else:
                self.lost.add(outcome.change.oid)

    def unanswered(self, indices: Iterable[int], error: AssetmetaError) -> None:
        """Take that the request of these changes came to nothing: they failed when the server surely did nothing, else
        nobody knows. Nothing more is sent.
        """
        harmless = not error.sent or isinstance(error, LoginRefused)
        for index in indices:
            change = self.changes[index]
            self.end(index, Failed(change, error) if harmless else Unknown(change, error))
        self.stop(error)

    def lose(self, indices: Iterable[int], error: AssetmetaError) -> None:
        """Take that a batch came to nothing as a whole, as when the session was closed meanwhile.

        Before anything has landed the error is the caller's; later on, the outcomes are worth more.
        """
        if not any(isinstance(outcome, Done) for outcome in self.outcomes.values()):
            raise error
        unsent = isinstance(error, Misuse) and not isinstance(error, SessionClosed)
        for index in indices:
            change = self.changes[index]
            self.end(index, Failed(change, error) if unsent else Unknown(change, error))
        self.stop(error)

    def stop(self, error: AssetmetaError) -> None:
        """Remember why the rest stays unsent: each would be refused or would wait for its own timeout."""
        if self.stopped is None:
            self.stopped = type(error)(
                f"It was not sent, after an earlier change: {error}", status=error.status, sent=False
            )
