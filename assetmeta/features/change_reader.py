"""Readers of changes: what each of them is, and what they share.

read()          the changes of a round, each with a note for its reader
finish(note)    after the consumer has taken the change; a change that was not finished comes again
end_round()     after the last one
state           into the cursor file, out of which another process goes on
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple, Protocol

from assetmeta.core.query import Query
from assetmeta.features.asset_changes import AssetChange
from assetmeta.model.paths import Path, Step

OVERLAP = timedelta(minutes=10)
"""How far back each round reads again: the clocks of a server's computers differ, and writes end late."""


class Found(NamedTuple):
    """A change, and the note, JSON of the reader's own, that `finish` takes once the consumer has taken the change."""

    change: AssetChange
    finished: Any


class ChangeReader(Protocol):
    """Finds changes round by round; its state goes into the cursor file."""

    @property
    def way(self) -> str:
        """Its name in cursor files: "history" or "comparison"; a file of another one is refused."""
        ...

    def start(self) -> None:
        """Take the starting point: what is there now is no change. Sends the requests of one reading."""
        ...

    def read(self) -> list[Found]:
        """Return what has changed since, oldest first. Requests: those that `explain` names. Raises what reads do."""
        ...

    def finish(self, finished: Any) -> None:
        """Take a change as seen. Raises ValueError, KeyError or TypeError for what no reader noted."""
        ...

    def end_round(self) -> bool:
        """Close a round whose changes were all finished; return whether the state is another one now, to be saved."""
        ...

    @property
    def state(self) -> Any:
        """The state as JSON; setting it goes on from there."""
        ...

    @state.setter
    def state(self, kept: Any) -> None: ...

    def explain(self) -> str:
        """What is read, and how many requests that takes."""
        ...


def selected_names(query: Query) -> tuple[str, ...]:
    """The attributes that a query selects, in its order: those that are watched."""
    return tuple(path.head for path in query.fetch().select)


def path_to(name: str) -> Path:
    """The path of an attribute of the watched assets themselves."""
    return Path((Step(name),))
