"""The answer to a request: what was made, changed, operated on and found, and what went wrong."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from ..problems import Problem
from .document import Command

TICKS = 10_000_000
"""Times are counted in units of a hundred nanoseconds."""

Json = dict[str, object]


@dataclass(slots=True)
class Report:
    """What became of a request so far. OID tokens are without moment, in the order they were dealt with."""

    started: int = field(default_factory=lambda: time.time_ns() // 100)
    created: list[str] = field(default_factory=list)
    modified: list[str] = field(default_factory=list)
    operated: list[str] = field(default_factory=list)
    failed: list[Json] = field(default_factory=list)
    results: list[list[Json]] = field(default_factory=list)
    asked: bool = False
    counts_only: bool = False

    def fail(self, command: Command, problem: Problem) -> None:
        """Note a failed command in the form in which it can be mended and posted again."""
        error = {"message": problem.reason, "sourceCommandIndex": command.source}
        self.failed.append({command.alias or "@config": command.body, "error": error})

    def document(self, *, failures: bool = True) -> Json:
        """The answer. *failures* False leaves out `commandFailures`, as the first servers did."""
        ended = max(time.time_ns() // 100, self.started)
        document: Json = {
            "requestId": str(uuid4()),
            "createdDate": spelled(self.started),
            "completedDate": spelled(ended),
            "duration": duration(ended - self.started),
            "durationSeconds": (ended - self.started) / TICKS,
            "complete": True,
            "processing": False,
            "assetsCreated": self._section(self.created),
            "assetsModified": self._section(self.modified),
            "assetsOperatedOn": self._section(self.operated),
        }
        if failures:
            document["commandFailures"] = {"commands": self.failed, "count": len(self.failed)}
        document["queryResult"] = {"results": self.results, "count": len(self.results) if self.asked else -1}
        return document

    def _section(self, oids: list[str]) -> Json:
        return {"count": len(oids)} if self.counts_only else {"oidTokens": oids, "count": len(oids)}


def spelled(ticks: int) -> str:
    """A time in UTC with seven decimals: "2020-07-23T16:19:38.8076045Z"."""
    seconds, rest = divmod(ticks, TICKS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:07d}Z"


def duration(ticks: int) -> str:
    """A length of time: "00:00:00.0375192"."""
    seconds, rest = divmod(ticks, TICKS)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}.{rest:07d}"
