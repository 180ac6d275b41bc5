"""What every reader of changes is, and what they share."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NamedTuple, Protocol

from assetmeta.core.query import Query
from assetmeta.features.asset_changes import (
    AssetChange,
)
from assetmeta.model.paths import Path, Step

OVERLAP = timedelta(minutes=10)
"""How far back each round reads again: the clocks of a server's computers differ, and writes end late."""


class Found(NamedTuple):
    """A change, and what is noted when the consumer has finished it."""

    change: AssetChange
    finished: Any


class ChangeReader(Protocol):
    """Finds changes round by round; its state goes into the cursor file."""

    @property
    def way(self) -> str:
        """Its name in cursor files."""
        ...

    def start(self) -> None:
        """Take the starting point."""
        ...

    def read(self) -> list[Found]:
        """Return what is new, in order."""
        ...

    def finish(self, finished: Any) -> None:
        """Take a change as seen. Raises ValueError, KeyError or TypeError for what no reader noted."""
        ...

    def end_round(self) -> bool:
        """All changes of a round were finished: return whether the state is another one now."""
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
    return tuple(path.head for path in query.fetch().select)


def path_to(name: str) -> Path:
    return Path((Step(name),))
