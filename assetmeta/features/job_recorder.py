"""Notes in the journal of a job what is about to be sent and what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from assetmeta.features.journal import Journal
from assetmeta.model.contract import CommitObserver, Mark, WriteObserver
from assetmeta.model.plans import Change, Create, Done, Outcome, Update
from assetmeta.model.values import Oid


class Recorder:
    """A CommitObserver of one run of a job. It sends nothing; its file is written to before each request.

    *index* maps an asset of the block and a slot of it (see `features.recognition.Part`) to the number of an item.
    *done* are the numbers of items that are done, *latest* the outcomes of others by number, *saved* the changes that
    were written, in order. *marks* are what the server had before, by type (see `model.contract.Mark`).
    """

    def __init__(self, journal: Journal, observer: WriteObserver) -> None:
        self._journal, self._observer = journal, observer
        self.index: dict[tuple[Oid, str], int] = {}
        self._cut: dict[Oid, list[str]] = {}
        self.done: set[int] = set()
        self.latest: dict[int, Outcome] = {}
        self.saved: list[Change] = []
        self.marks: dict[str, Mark] = {}

    def enter(self, items: Iterable[tuple[tuple[Oid, str], int]]) -> None:
        """Enter items into the index: pairs of (asset, slot) and the item's number."""
        for (oid, slot), number in items:
            self.index[oid, slot] = number
            if oid.is_new and slot != "+":
                self._cut.setdefault(oid, []).append(slot)

    def items_of(self, change: Change) -> list[int]:
        """The numbers of the items that a change consists of; none for what is not of this job."""
        index, oid = self.index, change.oid
        if isinstance(change, Create):
            # What was cut out of it once may be in it now.
            names = {delta.name for delta in change.deltas} if oid in self._cut else ()
            return [index[oid, slot] for slot in ("+", *(slot for slot in self._cut.get(oid, ()) if slot in names))]
        slots = [delta.name for delta in change.deltas] if isinstance(change, Update) else ["-"]
        return [index[oid, slot] for slot in slots if (oid, slot) in index]

    def on_start(self, changes: Sequence[Change]) -> None:
        """Let the other observer know what the job is about to send, again after each passing fault."""
        if isinstance(self._observer, CommitObserver):
            self._observer.on_start(changes)

    def on_end(self, outcomes: Sequence[Outcome]) -> None:
        """Let the other observer know what came of it."""
        if isinstance(self._observer, CommitObserver):
            self._observer.on_end(outcomes)

    def on_send(self, changes: Sequence[Change]) -> None:
        """Note what is about to be sent. Raises JobError where the journal cannot be written: then nothing is sent."""
        marks = {name: json.dumps(mark) for name, mark in self.marks.items()}
        self._journal.mark_sent(
            [(number, marks.get(each.oid.type)) for each in changes for number in self.items_of(each)]
        )
        self._observer.on_send(changes)

    def on_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """Note what came of changes."""
        self.note(outcomes)
        self._observer.on_outcomes(outcomes)

    def note(self, outcomes: Sequence[Outcome]) -> None:
        """Note what came of changes; what is done already stays so."""
        rows: list[tuple[int, Outcome]] = []
        for outcome in outcomes:
            items = [number for number in self.items_of(outcome.change) if number not in self.done]
            if not items:
                continue
            rows += [(number, outcome) for number in items]
            if isinstance(outcome, Done):
                self.take_done(outcome, items)
            else:
                self.latest |= dict.fromkeys(items, outcome)
        if rows:
            self._journal.record_outcomes(rows)
            self._advance(outcome.oid for _, outcome in rows if isinstance(outcome, Done))

    def take_done(self, outcome: Done, items: Sequence[int]) -> None:
        """Keep in mind that items are done, and by which identity their asset is known now."""
        self.done.update(items)
        self.saved.append(outcome.change)
        if self.latest:
            for number in items:
                self.latest.pop(number, None)
        before = outcome.change.oid
        if before in self._cut and isinstance(outcome.change, Create):
            for slot in self._cut[before]:
                self.index[outcome.oid, slot] = self.index[before, slot]

    def _advance(self, saved: Iterable[Oid]) -> None:
        """Move the marks on to assets that were just created: what is created later has a higher number."""
        highest: dict[str, int] = {}
        for kind, key, _ in saved:
            number = key if isinstance(key, int) else _number(key)
            if number > highest.get(kind, 0):
                highest[kind] = number
        for kind, number in highest.items():
            mark = self.marks.get(kind, {})
            if "after" in mark:
                self.marks[kind] = {**mark, "after": max(mark["after"], number)}


def _number(key: str) -> int:
    """The number at the end of a key such as `7/12`; 0 where there is none."""
    last = key.rpartition("/")[2]
    return int(last) if last.isdigit() else 0
