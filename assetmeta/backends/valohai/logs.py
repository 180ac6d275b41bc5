"""The log of an execution (reference 7.2): events without an id, of which a server sends the last ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from assetmeta.backends.responses import Json
from assetmeta.backends.rest.codecs import Instant
from assetmeta.backends.rest.http import Pairs, fetch_object
from assetmeta.backends.valohai.connection import Settings
from assetmeta.backends.valohai.keys import path_key
from assetmeta.model.http import Flow
from assetmeta.model.values import Oid

COMPLETE = frozenset({"complete", "error", "crashed", "stopped"})
"""The states in which an execution writes nothing any more (reference 9)."""

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class Event(NamedTuple):
    """One line of a log. *stream* is "status" (from Valohai itself), "stdout" or "stderr"; *time* is aware."""

    time: datetime
    stream: str
    message: str


class Log(NamedTuple):
    """The part of a log that one answer has: events in order, how many there are, and whether the first ones are
    missing.
    """

    events: tuple[Event, ...] = ()
    total: int | None = None
    truncated: bool = False


@dataclass(slots=True)
class LogReader:
    """Which events were returned already. Equal ones are returned as often as one answer has them."""

    _seen: Counter[Event] = field(default_factory=Counter)

    def fresh(self, events: Sequence[Event]) -> Iterator[Event]:
        """Yield the events that were not returned yet, in order."""
        here: Counter[Event] = Counter()
        for event in events:
            here[event] += 1
            if here[event] > self._seen[event]:
                self._seen[event] = here[event]
                yield event

    def overlaps(self, log: Log) -> bool:
        """True when nothing can be missing between what was returned and this answer."""
        return not log.truncated or any(self._seen[event] for event in log.events)


def log(oid: Oid, limit: int | None, settings: Settings) -> Flow[Log]:
    """Read the last *limit* events of an execution; all of them with 0, as many as the server likes with None.

    One request.
    """
    query: Pairs = () if limit is None else (("limit", str(limit)),)
    found = yield from fetch_object(settings.endpoint_path("executions", path_key(oid), "events"), query)
    total = found.get("total")
    return Log(
        tuple(_event(item) for item in _items(found.get("events"))),
        total if isinstance(total, int) else None,
        found.get("truncated") is True,
    )


def status_events(oid: Oid, limit: int | None, settings: Settings) -> Flow[Log]:
    """Read the first *limit* events that Valohai itself wrote to the log of an execution; None for all. One request."""
    query: Pairs = () if limit is None else (("limit", str(limit)),)
    place = settings.endpoint_path("executions", path_key(oid), "status-events")
    found = yield from fetch_object(place, query)
    total = found.get("total")
    events = tuple(_event(item, "status") for item in _items(found.get("status_events")))
    return Log(events, total if isinstance(total, int) else None, isinstance(total, int) and total > len(events))


def status(oid: Oid, settings: Settings) -> Flow[str]:
    """Read the state of an execution, without its heavy parts. One request."""
    query = (("exclude", "metadata,events,outputs"),)
    found = yield from fetch_object(settings.endpoint_path("executions", path_key(oid)), query)
    return str(found.get("status") or "")


def _items(found: Json) -> list[dict[str, Json]]:
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _event(item: dict[str, Json], stream: str = "") -> Event:
    return Event(_moment(item.get("time")), str(item.get("stream") or stream), str(item.get("message") or ""))


def _moment(raw: Json) -> datetime:
    """A time of the log, which comes without a zone and means UTC."""
    try:
        found = Instant().decode(raw if isinstance(raw, str) else None)
    except ValueError:
        found = None
    return found if isinstance(found, datetime) else _BEGINNING
