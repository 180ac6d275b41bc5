"""Jobs as their journals have them, without a session: which there are, how far each has come, and its report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from assetmeta.core.report import Report
from assetmeta.features.journal import (
    DONE,
    FAILED,
    KEPT,
    PLANNED,
    SENT,
    UNKNOWN,
    Item,
    Journal,
    folder_for,
    state_of,
)
from assetmeta.model import errors
from assetmeta.model.errors import AssetmetaError, BadValue, BrokenOff, UsageError
from assetmeta.model.plans import Done, Failed, Outcome, Skipped, Unknown, Update
from assetmeta.model.printable import OwnRepr, printable
from assetmeta.model.values import Oid


class JobStatus(OwnRepr, Struct, frozen=True):
    """How far a job has come: *state* is "new", "running" (by *process*), "unfinished" or "finished". *counts* are the
    items of the latest plan by state: planned, sent, done, failed, unknown.
    """

    name: str
    state: str
    counts: Mapping[str, int]
    runs: int = 0
    server: str | None = None
    user: str | None = None
    started: str | None = None
    ended: str | None = None
    process: str | None = None

    def __repr__(self) -> str:
        return printable(f"<JobStatus {self}>")

    def __str__(self) -> str:
        total = sum(self.counts.values())
        found = [f"{self.name}: {self.state}"]
        if self.runs:
            others = [f"{number} {state}" for state, number in self.counts.items() if state != DONE and number]
            found.append(", ".join([f"{self.counts.get(DONE, 0)} of {total} done", *others]))
            found.append(f"{self.runs} run{'s' * (self.runs != 1)}, the latest from {self.started}")
        return "; ".join(found if self.process is None else [*found, f"run by {self.process}"])


class JobRecord:
    """The journal of the job *name*, to be looked at and to be deleted. *folder* is as in Session.job."""

    def __init__(self, name: str, folder: str | Path | None = None) -> None:
        if not isinstance(name, str) or not name.strip():
            raise BadValue(f"A job is called by a text, not {name!r:.80}.")
        self.name = name
        self._journal = Journal(name, folder_for(folder))
        self._stack: ExitStack | None = None
        self._latest: dict[int, Outcome] = {}
        self._notes: list[str] = []
        self._names: Mapping[Oid, str] = {}

    def __repr__(self) -> str:
        return printable(f"<{type(self).__name__} {self.name!r} in {self._journal.file}>")

    @property
    def status(self) -> JobStatus:
        """How far the job has come, also while another process runs it. Sends nothing. Raises JobError."""
        with self._open() as is_there:
            if not is_there:
                return JobStatus(self.name, "new", {})
            about = self._journal.about
            runs = int(about.get("runs", 0))
            counts = self._journal.counts(runs)
        process = self._journal.holder
        finished = runs > 0 and counts.keys() <= {DONE}
        state = "running" if process else "finished" if finished else "unfinished" if runs else "new"
        ordered = {word: counts[word] for word in (PLANNED, SENT, DONE, FAILED, UNKNOWN) if word in counts}
        known = {name: about.get(name) for name in ("server", "user", "started", "ended")}
        return JobStatus(self.name, state, ordered, runs, process=process, **known)

    @property
    def report(self) -> Report:
        """The outcomes of all runs together: the latest one of each change. Sends nothing. Raises JobError."""
        with self._open() as is_there:
            if not is_there:
                return Report()
            runs = int(self._journal.about.get("runs", 0))
            dropped: list[int] = []
            outcomes = tuple(_outcomes(self._planned(runs, dropped), self._latest))
        notes = list(self._notes)
        if dropped:
            notes.append(f"Changes of earlier runs that were not done and are not planned any more: {len(dropped)}")
        if any(isinstance(outcome, Unknown) for outcome in outcomes):
            notes.append("What is unknown is looked up by the next run, before anything is sent.")
        return Report(outcomes, self._names, tuple(notes), advice="")

    def _planned(self, run: int, dropped: list[int]) -> Iterator[Item]:
        """Yield the items of the plan of a run and what else was done or is in doubt; note the others in *dropped*."""
        for item in self._journal.items():
            if item.run < run and item.state in (PLANNED, FAILED):
                dropped.append(item.id)
            else:
                yield item

    def forget(self) -> None:
        """Delete the journal: the next run starts again. Raises JobError while the job runs."""
        self._refuse_in_block()
        self._journal.lock()
        self._journal.forget()

    def _refuse_in_block(self) -> None:
        if self._stack is not None:
            raise UsageError(f"The block of the job {self.name!r} is open.")

    @contextmanager
    def _open(self) -> Iterator[bool]:
        """The journal, opened where it is not; False where there is none."""
        if self._stack is not None or not self._journal.exists:
            yield self._journal.is_open
            return
        self._journal.open()
        try:
            yield True
        finally:
            self._journal.close()


def _outcomes(items: Iterable[Item], latest: Mapping[int, Outcome]) -> Iterator[Outcome]:
    """Yield what came of items: one outcome per change, in the order in which they were planned. *latest* are outcomes
    of this process.
    """
    for _, some in groupby(items, key=_group):
        outcome, *others = (_outcome(item, latest.get(item.id)) for item in some)
        change = outcome.change
        for other in others:
            # Attributes of one update.
            assert isinstance(change, Update) and isinstance(other.change, Update)
            change = replace(change, deltas=(*change.deltas, *other.change.deltas))
        yield replace(outcome, change=change)


def _group(item: Item) -> tuple[object, ...]:
    """What the attributes of one update have in common, when the same came of them."""
    return (item.run, item.place, type(item.change), item.change.oid, item.state, item.error)


def _outcome(item: Item, latest: Outcome | None) -> Outcome:
    change, token = item.change, item.change.oid.token
    if latest is not None and state_of(latest) == item.state:
        return replace(latest, change=change)
    if item.state == DONE:
        return Done(change, item.oid or change.oid, notes=tuple(item.error["notes"]) if item.error else ())
    error = _error(item.error) if item.error else None
    if item.state == FAILED and error is not None:
        return Failed(change, error)
    if item.state in (SENT, UNKNOWN):
        why = "It was sent, and the run was broken off before an answer was noted. Run the job again to look it up."
        return Unknown(change, error or BrokenOff(why, oid=token))
    why = "It is planned and was not sent yet. Run the job again."
    return Skipped(change, error=error or BrokenOff(why, oid=token, sent=False))


def _error(found: Mapping[str, Any]) -> AssetmetaError:
    """The error of an item as it was noted."""
    kind = getattr(errors, found["kind"], AssetmetaError)
    known = kind if isinstance(kind, type) and issubclass(kind, AssetmetaError) else AssetmetaError
    return known(found["text"], **{name: value for name, value in found.items() if name in KEPT})
