"""Jobs as their journals have them, without a session: which there are, how far each has come, and its report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from msgspec import Struct

from assetmeta.core.report import Report
from assetmeta.features.journal import DONE, FAILED, PLANNED, SENT, UNKNOWN, Journal, folder_for, outcomes_of
from assetmeta.model.errors import BadValue, UsageError
from assetmeta.model.plans import Outcome
from assetmeta.model.values import Oid


class JobStatus(Struct, frozen=True):
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
            items = list(self._journal.items())
            dropped = [item for item in items if item.run < runs and item.state in (PLANNED, FAILED)]
            gone = {item.id for item in dropped}
            outcomes = outcomes_of((item for item in items if item.id not in gone), self._latest)
        notes = list(self._notes)
        if dropped:
            notes.append(f"Changes of earlier runs that were not done and are not planned any more: {len(dropped)}")
        return Report(tuple(outcomes), self._names, tuple(notes))

    def forget(self) -> None:
        """Delete the journal: the next run starts anew. Raises JobError while the job runs."""
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
