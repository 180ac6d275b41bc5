"""The log of an execution: lines as they are kept, and the metadata that stands in them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from assetmeta.sandbox.rest.clock import spell, spell_naive

from ..fields import sound
from ..model import Row

Event = dict[str, str]


def event(moment: datetime, stream: str, message: str) -> Event:
    """One line of a log. Its time has no zone, and milliseconds as the server writes them."""
    return {
        "time": spell_naive(moment.replace(microsecond=moment.microsecond // 1000 * 1000)),
        "stream": stream,
        "message": message,
    }


def with_status(row: Row, moment: datetime, message: str) -> list[Event]:
    """The log of an execution with one more line about its state."""
    return [*row["events"], event(moment, "status", message)]


def with_lines(row: Row, lines: Sequence[tuple[datetime, str, str]]) -> dict[str, Any]:
    """The fields that *lines* (moment, stream, text) change: log, metadata, and its latest value per key."""
    points = [(moment, found) for moment, stream, text in lines if stream == "stdout" and (found := point(text))]
    changes: dict[str, Any] = {"events": [*row["events"], *told_apart(lines)]}
    if points:
        changes["metadata"] = [*row["metadata"], *({**found, "_time": spell(moment)} for moment, found in points)]
        latest = dict(row["cumulative_metadata"] or {})
        for _, found in points:
            latest.update(found)
        changes["cumulative_metadata"] = latest
    return changes


def told_apart(lines: Sequence[tuple[datetime, str, str]]) -> list[Event]:
    """*lines* as they are kept. Where the same is written twice at once, the second is a millisecond later: clients
    know lines by time, stream and text, and drop what they have seen.
    """
    found: list[Event] = []
    latest: dict[tuple[str, str], datetime] = {}
    for moment, stream, text in lines:
        before = latest.get((stream, text))
        at = moment if before is None else max(moment, before + timedelta(milliseconds=1))
        latest[stream, text] = at
        found.append(event(at, stream, text))
    return found


def point(text: str) -> dict[str, Any] | None:
    """The metadata in a line of output: a JSON object, otherwise none."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and found and sound(found) else None
