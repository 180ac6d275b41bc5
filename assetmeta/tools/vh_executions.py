"""What executions write while they run: their log, their metadata, their outputs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from assetmeta.backends.valohai import events as flows
from assetmeta.backends.valohai import questions
from assetmeta.backends.valohai.events import COMPLETE, Event, Told
from assetmeta.core.state import forget
from assetmeta.model.errors import BadValue
from assetmeta.tools.plain import plain
from assetmeta.tools.vh_dialect import shared, valohai, workspace_of

POLLING = 10.0
"""Seconds between two looks at a log; limits are not published, and no faster than this is the usual advice."""

STREAMS = ("stdout", "stderr")
"""What the code itself writes; "status" are the words of Valohai."""

_TAIL = 100


def events(
    execution: Any,
    *,
    limit: int = 0,
    follow: bool = False,
    interval: float = POLLING,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Event]:
    """Yield the log of an execution, oldest line first: (time, stream, message), times in UTC.

    One request. *limit* is how many of the last lines to begin with, 0 for all. With *follow* the log is looked at
    again every *interval* seconds, each line is yielded once, and the end comes when the execution has ended and all
    was told: two requests each time, and a third where more was written meanwhile than is looked at. Leaving the loop
    ends it. Raises BadValue, NotFound.
    """
    workspace = workspace_of(execution, "Execution")
    if limit < 0 or interval < 0:
        raise BadValue(f"limit={limit} and interval={interval} must not be negative.")
    return _followed(execution, limit, interval, sleep) if follow else _read(workspace, execution, limit)


def _read(workspace: Any, execution: Any, limit: int) -> Iterator[Event]:
    yield from workspace.run(flows.log(execution._state.oid, limit, valohai(workspace.backend))).events


def _followed(execution: Any, limit: int, interval: float, sleep: Callable[[float], None]) -> Iterator[Event]:
    workspace = execution._workspace
    oid, settings, told = execution._state.oid, valohai(workspace.backend), Told()
    first = True
    while True:
        # The state is asked for first: what an execution had written when it ended is then in the log.
        state = workspace.run(flows.status(oid, settings))
        log = workspace.run(flows.log(oid, limit if first else _TAIL, settings))
        if not first and not told.overlaps(log):
            log = workspace.run(flows.log(oid, 0, settings))
        yield from told.fresh(log.events)
        if state in COMPLETE:
            break
        first = False
        sleep(interval)
    with workspace.lock:
        forget(execution)


def logs(
    execution: Any,
    *,
    streams: Iterable[str] = STREAMS,
    limit: int = 0,
    follow: bool = False,
    interval: float = POLLING,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[str]:
    """Yield what an execution wrote, line by line, of the given *streams*; all else as for events()."""
    wanted = frozenset(streams)
    found = events(execution, limit=limit, follow=follow, interval=interval, sleep=sleep)
    return (event.message for event in found if event.stream in wanted)


def status_events(execution: Any, limit: int | None = None) -> list[Event]:
    """Return what Valohai itself wrote to the log of an execution, the first *limit* lines or all. One request."""
    workspace = workspace_of(execution, "Execution")
    flow = flows.status_events(execution._state.oid, limit, valohai(workspace.backend))
    return list(workspace.run(flow).events)


def metadata(execution: Any) -> Any:
    """Return all metadata of an execution in the order in which it was written, as the server tells it: mostly a list
    with a dict for each line. One request. (`execution.cumulative_metadata` has the latest value of each name.)
    """
    workspace = workspace_of(execution, "Execution")
    return plain(workspace.run(questions.metadata(execution._state.oid, valohai(workspace.backend))))


def metadata_csv(executions: Iterable[Any]) -> str:
    """Return the metadata of several executions as one table, the text of a CSV file. One request for all of them.

    Raises BadValue for none.
    """
    given = list(executions)
    workspace = shared(given, "Execution")
    oids = [execution._state.oid for execution in given]
    return workspace.run(questions.metadata_csv(oids, valohai(workspace.backend)))


def outputs(executions: Iterable[Any]) -> dict[Any, list[Any]]:
    """Return the outputs of several executions by execution, in as few requests as for `execution.outputs` of all of
    them: one list per project at best, none where they are loaded.
    """
    given = list(executions)
    if given:
        workspace = shared(given, "Execution")
        missing = [one._state.oid for one in given if "outputs" not in set(one._state.names())]
        workspace.loader.load(missing, ["outputs"])
    return {execution: list(execution.outputs) for execution in given}
