"""Progress and logs of what takes long: commits, jobs, downloads, uploads, queries.

`progress=True` draws a bar with rich in a terminal and (with ipywidgets) in a notebook, and writes plain lines
otherwise. A function is called with how much is done, of how much (None: not known), and what it is.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TextIO

from assetmeta.core.context import ProgressOption
from assetmeta.model import optional
from assetmeta.model.changes_json import change_to_json
from assetmeta.model.contract import UNOBSERVED, WriteObserver
from assetmeta.model.errors import BadValue, Unsupported
from assetmeta.model.plans import Call, Change, Done, Outcome, Skipped
from assetmeta.model.scalars import shown

_STEPS = 10
"""Lines that are written about something whose size is known, the first one aside."""


class Meter(Protocol):
    """Shows how far one thing has come."""

    def update(self, done: int, total: int | None) -> None: ...
    def close(self) -> None: ...


class FunctionMeter:
    """Calls a function of the user's own."""

    def __init__(self, function: Callable[[int, int | None, str], object], what: str) -> None:
        self._function = function
        self._what = what

    def update(self, done: int, total: int | None) -> None:
        """Call the function."""
        self._function(done, total, self._what)

    def close(self) -> None:
        """Do nothing."""


class LineMeter:
    """Writes a line at the beginning, at every tenth part (each time it has doubled, where the size is not known), and
    at the end.
    """

    def __init__(self, what: str, unit: str, stream: TextIO) -> None:
        self._what = f"{what}: "
        self._unit = f" {unit}" if unit else ""
        self._stream = stream
        self._next = 0
        self._last = ""

    def update(self, done: int, total: int | None) -> None:
        """Write a line when enough has been done since the last one."""
        of = "" if total is None else f" of {total}"
        self._last = f"{self._what}{done}{of}{self._unit}"
        if done >= self._next or done == total:
            step = max(done, 1) if total is None else max(total // _STEPS, 1)
            self._next = done + step
            self._write()

    def _write(self) -> None:
        if self._last:
            print(self._last, file=self._stream, flush=True)
        self._last = ""

    def close(self) -> None:
        """Write how far it came, unless that was written."""
        self._write()


class BarMeter:
    """A bar of rich."""

    def __init__(self, rich: Any, console: Any, what: str, unit: str) -> None:
        amount = rich.DownloadColumn() if unit == "bytes" else rich.MofNCompleteColumn()
        columns = (rich.TextColumn("{task.description}"), rich.BarColumn(), amount, rich.TimeRemainingColumn())
        self._bars = rich.Progress(*columns, console=console)
        self._task = self._bars.add_task(what, total=None)
        self._bars.start()

    def update(self, done: int, total: int | None) -> None:
        """Move the bar."""
        self._bars.update(self._task, completed=done, total=total)

    def close(self) -> None:
        """Leave the bar as it is."""
        self._bars.refresh()
        self._bars.stop()


def meter(progress: object, what: str, unit: str = "") -> Meter | None:
    """Return what shows the progress of *what*, counted in *unit*; None to show none. Raises BadValue."""
    if progress is None or progress is False:
        return None
    if callable(progress):
        return FunctionMeter(progress, what)
    if progress is not True:
        raise BadValue(f"progress= takes True or a function of (done, total, what), not {shown(progress)}.")
    is_notebook = _is_notebook()
    try:
        console = optional.load("rich.console", extra="cli").Console(stderr=not is_notebook)
        if is_notebook:
            # What rich draws its bars into there.
            optional.load("ipywidgets", extra="cli")
        if console.is_terminal or is_notebook:
            return BarMeter(optional.load("rich.progress", extra="cli"), console, what, unit)
    except Unsupported:
        pass
    return LineMeter(what, unit, sys.stdout if is_notebook else sys.stderr)


def _is_notebook() -> bool:
    """True in a notebook, which shows what is written to stderr as errors."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return type(shell).__name__ == "ZMQInteractiveShell"


@contextmanager
def metered(progress: object, what: str, total: int | None, unit: str) -> Iterator[Callable[[int], None]]:
    """Give a block a function to be called with how much is done. Raises BadValue."""
    shown = meter(progress, what, unit)
    if shown is None:
        yield lambda done: None
        return
    try:
        shown.update(0, total)
        yield lambda done: shown.update(done, total)
    finally:
        shown.close()


class CommitProgress:
    """A CommitObserver that shows how many changes have an outcome. Several commits, as those of a job, go on from each
    other.
    """

    def __init__(self, progress: object, what: str) -> None:
        meter(None if progress is True else progress, what)
        self._progress = progress
        self._what = what
        self._meter: Meter | None = None
        self._before = 0
        self._total = 0
        self._settled: set[int] = set()
        self._done: set[int] = set()

    def on_start(self, changes: Sequence[Change]) -> None:
        """Show that so many changes are to be sent."""
        # What is not done is among the changes again.
        self._before += len(self._done)
        self._settled, self._done = set(), set()
        self._total = self._before + len(changes)
        if changes:
            self._meter = meter(self._progress, self._what, "changes")
            self._show()

    def on_send(self, changes: Sequence[Change]) -> None:
        """Do nothing: what counts is what was answered."""

    def on_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """Show how many changes have an outcome now."""
        self._settled.update(id(outcome.change) for outcome in outcomes if not isinstance(outcome, Skipped))
        self._done.update(id(outcome.change) for outcome in outcomes if isinstance(outcome, Done))
        self._show()

    def on_end(self, outcomes: Sequence[Outcome]) -> None:
        """Leave it at that."""
        shown, self._meter = self._meter, None
        if shown is not None:
            shown.close()

    def _show(self) -> None:
        if self._meter is not None:
            self._meter.update(self._before + len(self._settled), self._total)


class OutcomeFile:
    """A CommitObserver that appends one line of JSON per outcome to a file, as soon as it is known.

        {"time": "2026-03-01T02:00:07+00:00", "outcome": "done", "asset": "Task:2071", "create": ["Task", "new-1"], ...}

    A later line about the same change replaces the earlier one. Secrets are left out, and the file is private.
    """

    def __init__(self, path: str | Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._path = Path(path).expanduser()
        self._clock = clock
        self._written: dict[int, tuple[type, Change]] = {}
        self._write(())

    def on_start(self, changes: Sequence[Change]) -> None:
        """Begin with another commit."""
        self._written = {}

    def on_send(self, changes: Sequence[Change]) -> None:
        """Do nothing."""

    def on_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """Append what came of changes."""
        self._write(outcomes)

    def on_end(self, outcomes: Sequence[Outcome]) -> None:
        """Append what is not in the file yet: the outcomes of changes that were not sent."""
        self._write(
            [each for each in outcomes if self._written.get(id(each.change), (None, None))[0] is not type(each)]
        )

    def _write(self, outcomes: Sequence[Outcome]) -> None:
        lines = [json.dumps(self._line(each), ensure_ascii=False) + "\n" for each in outcomes]
        with open(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as file:
            file.writelines(lines)
        # The change is kept, so that no other one has its id.
        self._written.update({id(each.change): (type(each), each.change) for each in outcomes})

    def _line(self, outcome: Outcome) -> dict[str, Any]:
        change = outcome.change
        found: dict[str, Any] = {
            "time": self._clock().isoformat(timespec="milliseconds"),
            "outcome": type(outcome).__name__.lower(),
            "asset": (outcome.oid if isinstance(outcome, Done) else change.oid).token,
        }
        found |= {"call": change.operation} if isinstance(change, Call) else change_to_json(change)
        if isinstance(outcome, Done):
            return {**found, "notes": list(outcome.notes)} if outcome.notes else found
        if isinstance(outcome, Skipped) and outcome.needs is not None:
            found["needs"] = outcome.needs.token
        if outcome.error is not None:
            error = outcome.error
            found["error"] = {"type": type(error).__name__, "message": str(error), "status": error.status}
        return found


class _Several:
    """Passes on to several CommitObservers what one is given."""

    def __init__(self, observers: Sequence[Any]) -> None:
        self._observers = observers

    def on_start(self, changes: Sequence[Change]) -> None:
        for each in self._observers:
            each.on_start(changes)

    def on_send(self, changes: Sequence[Change]) -> None:
        for each in self._observers:
            each.on_send(changes)

    def on_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        for each in self._observers:
            each.on_outcomes(outcomes)

    def on_end(self, outcomes: Sequence[Outcome]) -> None:
        for each in self._observers:
            each.on_end(outcomes)


def follower(progress: ProgressOption, log: str | Path | None, what: str = "commit") -> WriteObserver:
    """Return what follows a commit or a job, by its options. Raises BadValue, and OSError for a log that cannot
    be written, so that both are known before anything is sent.
    """
    observers: list[Any] = [OutcomeFile(log)] if log is not None else []
    if progress is not None and progress is not False:
        observers.append(CommitProgress(progress, what))
    return _Several(observers) if observers else UNOBSERVED
