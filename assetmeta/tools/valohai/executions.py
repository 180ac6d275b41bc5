"""What executions write while they run: their log, their metadata, their outputs."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, cast

from assetmeta.backends.valohai import calls
from assetmeta.backends.valohai import logs as flows
from assetmeta.backends.valohai.logs import COMPLETE, Event, Log, LogReader
from assetmeta.core.state import forget
from assetmeta.model import optional
from assetmeta.model.errors import BadValue, ServerFailed
from assetmeta.model.http import Flow, T
from assetmeta.tools.common import plain
from assetmeta.tools.valohai.dialect import require_context, several, shared, valohai

if TYPE_CHECKING:
    import pyarrow

POLLING = 10.0
"""Seconds between two looks at a log; limits are not published, and no faster than this is the usual advice."""

STREAMS = ("stdout", "stderr")
"""What the code itself writes; "status" are the words of Valohai."""

_ALL_STREAMS = frozenset({*STREAMS, "status"})
_TAIL = 100

_FAILURES = 5
"""How often in a row a server may fail while a log is followed."""
_AROUND = 20
"""How many lines of other streams may stand among the last ones before the whole log is read for them."""


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
    was read: two requests each time, and a third where more was written meanwhile than is looked at. A server that
    fails is asked again, a few times in a row. Leaving the loop ends it. Raises BadValue, NotFound.
    """
    return _lines(execution, _ALL_STREAMS, limit, interval, sleep if follow else None)


def logs(
    execution: Any,
    *,
    streams: str | Iterable[str] = STREAMS,
    limit: int = 0,
    follow: bool = False,
    interval: float = POLLING,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[str]:
    """Yield what an execution wrote, line by line, of the given *streams* ("stdout", "stderr", "status").

    *limit* is how many of the last lines of these streams to begin with; one request more where so many are not among
    the last of all. All else is as for events().
    """
    wanted = frozenset([streams] if isinstance(streams, str) else streams)
    for unknown in sorted(wanted - _ALL_STREAMS, key=str):
        raise BadValue(f"There is no stream {unknown!r}; there are stdout, stderr and status.")
    found = _lines(execution, wanted, limit, interval, sleep if follow else None)
    return (event.message for event in found)


def _lines(
    execution: Any, wanted: frozenset[str], limit: int, interval: float, sleep: Callable[[float], None] | None
) -> Iterator[Event]:
    """The lines of a log in the *wanted* streams, followed where there is a *sleep*. Raises at once."""
    context = require_context(execution, "Execution")
    if limit < 0 or interval < 0:
        raise BadValue(f"limit={limit} and interval={interval} must not be negative.")
    if sleep is not None:
        return _followed(execution, wanted, limit, interval, sleep)
    return _read(context, execution, wanted, limit)


def _read(context: Any, execution: Any, wanted: frozenset[str], limit: int) -> Iterator[Event]:
    yield from _cut(_end(context, execution, wanted, limit, limit).events, wanted, limit)


def _end(context: Any, execution: Any, wanted: frozenset[str], limit: int, least: int) -> Log:
    """A log's last lines, at least so many: those *limit* of the *wanted* streams are among them. The whole of it with
    limit 0.
    """
    oid, settings = execution._state.oid, valohai(context.backend)
    others = 0 if wanted == _ALL_STREAMS else _AROUND
    log: Log = context.run(flows.log(oid, max(limit + others, least) if limit else 0, settings))
    if limit and log.truncated and len(_cut(log.events, wanted, limit)) < limit:
        log = context.run(flows.log(oid, 0, settings))
    return log


def _cut(events: Iterable[Event], wanted: frozenset[str], limit: int) -> list[Event]:
    """The events of the *wanted* streams, the last *limit* of them or all."""
    kept = [event for event in events if wanted == _ALL_STREAMS or event.stream in wanted]
    return kept[-limit:] if limit else kept


def _followed(
    execution: Any, wanted: frozenset[str], limit: int, interval: float, sleep: Callable[[float], None]
) -> Iterator[Event]:
    context = execution._context
    oid, settings, page = execution._state.oid, valohai(context.backend), LogReader()
    # The state is read first: what an execution had written when it ended is then in the log.
    state = context.run(flows.status(oid, settings))
    log = _end(context, execution, wanted, limit, _TAIL)
    # What lies before the first look was not wanted then, and is not later.
    before = max(log.total - len(log.events), 0) if log.total is not None else 0
    yield from _cut(page.fresh(log.events), wanted, limit)
    while state not in COMPLETE:
        sleep(interval)
        state = _looked(context, lambda: flows.status(oid, settings), interval, sleep)
        log = _looked(context, lambda: flows.log(oid, _TAIL, settings), interval, sleep)
        if not page.overlaps(log):
            whole = _looked(context, lambda: flows.log(oid, 0, settings), interval, sleep)
            log = whole._replace(events=whole.events[before:])
        yield from _cut(page.fresh(log.events), wanted, 0)
    with context.lock:
        forget(execution)


def _looked(context: Any, flow: Callable[[], Flow[T]], interval: float, sleep: Callable[[float], None]) -> T:
    """Read something once more; what was read so far is not lost to a server that fails now and then."""
    for _ in range(_FAILURES):
        try:
            return cast(T, context.run(flow()))
        except ServerFailed:
            sleep(interval)
    return cast(T, context.run(flow()))


def status_events(execution: Any, limit: int | None = None) -> list[Event]:
    """Return what Valohai itself wrote to the log of an execution, the first *limit* lines or all. One request."""
    context = require_context(execution, "Execution")
    flow = flows.status_events(execution._state.oid, limit, valohai(context.backend))
    return list(context.run(flow).events)


def metadata(execution: Any) -> Any:
    """Return all metadata of an execution in the order in which it was written, as the server returns it: mostly a list
    with a dict for each line. One request. (`execution.cumulative_metadata` has the latest value of each name.)
    """
    context = require_context(execution, "Execution")
    return plain(context.run(calls.metadata(execution._state.oid, valohai(context.backend))))


def metadata_csv(executions: Iterable[Any]) -> str:
    """Return the metadata of several executions as one table, the text of a CSV file. One request for all of them.

    Raises BadValue for none.
    """
    given = several(executions, "Execution")
    context = shared(given, "Execution")
    oids = [execution._state.oid for execution in given]
    return context.run(calls.metadata_csv(oids, valohai(context.backend)))


def metadata_frame(executions: Iterable[Any]) -> pyarrow.Table:
    """Return the metadata of several executions as one Arrow table: a row per line of metadata, with the execution's
    id, counter and title, which are text, number and text whatever they look like. Other numbers and times have columns
    of their types; only an empty cell is no value. One request for all of them.

    Raises BadValue for no execution, Unsupported without the extra `arrow`.
    """
    reader, arrow = optional.load("pyarrow.csv", extra="arrow"), optional.load("pyarrow", extra="arrow")
    own = {"execution_id": arrow.string(), "execution_counter": arrow.int64(), "execution_title": arrow.string()}
    text = metadata_csv(executions).encode()
    table: pyarrow.Table = reader.read_csv(
        io.BytesIO(text),
        parse_options=reader.ParseOptions(newlines_in_values=True),
        convert_options=reader.ConvertOptions(
            column_types=own, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
        ),
    )
    return table


def outputs(executions: Iterable[Any]) -> dict[Any, list[Any]]:
    """Return the outputs of several executions by execution, in as few requests as for `execution.outputs` of all of
    them: one list per project at best, none where they are loaded.
    """
    given = several(executions, "Execution")
    if given:
        shared(given, "Execution").loader.populate(given, ["outputs"])
    return {execution: list(execution.outputs) for execution in given}
