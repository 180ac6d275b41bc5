"""What is known of a write while it runs, so that what breaks it off loses nothing."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from assetmeta.model.contract import WriteObserver
from assetmeta.model.errors import BrokenOff
from assetmeta.model.plans import Change, Outcome, Skipped, Unknown

log = logging.getLogger("assetmeta.core.commit")
"""The log of commits, of which the rounds are a part (docs/logging.md)."""


class OutcomeLog:
    """A WriteObserver that keeps the latest outcome of each change, by the change's id(), and lets another one know."""

    def __init__(self, observer: WriteObserver, *, is_commit: bool) -> None:
        self._observer = observer
        self._is_commit = is_commit
        self._rounds = 0
        self._outcomes: dict[int, Outcome] = {}
        self._sent: set[int] = set()

    @property
    def is_begun(self) -> bool:
        """True when anything may have been sent, or is settled."""
        return bool(self._sent) or any(not isinstance(outcome, Skipped) for outcome in self._outcomes.values())

    def on_send(self, changes: Sequence[Change]) -> None:
        """Note that *changes* are sent now, unless the other observer ends the write."""
        self._observer.on_send(changes)
        self._rounds += 1
        if self._is_commit:
            log.info("round %d: %d change%s", self._rounds, len(changes), "s" * (len(changes) != 1))
        self._sent.update(map(id, changes))

    def on_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """Keep *outcomes*."""
        self._outcomes.update({id(outcome.change): outcome for outcome in outcomes})
        self._sent.difference_update(id(outcome.change) for outcome in outcomes if isinstance(outcome, Skipped))
        self._observer.on_outcomes(outcomes)

    def outcome(self, change: Change, end: str) -> Outcome:
        """The outcome of a change of a write that *end* broke off."""
        known = self._outcomes.get(id(change))
        if known is not None:
            return known
        if id(change) in self._sent:
            return Unknown(change, BrokenOff(f"The commit was broken off ({end}); it may have been saved or not."))
        return Skipped(change, error=BrokenOff(f"The commit was broken off ({end}) before this was sent.", sent=False))
