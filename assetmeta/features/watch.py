"""Watching: the changes that others make, each once and in order, also across restarts."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from assetmeta.core.query import Query
from assetmeta.features import EVERY
from assetmeta.features.asset_changes import AssetChange
from assetmeta.features.change_reader import ChangeReader, Found
from assetmeta.features.comparison_reader import ComparisonReader, RecentReader
from assetmeta.features.cursor import CursorFile
from assetmeta.features.history_reader import HistoryReader
from assetmeta.model.conditions import is_exact
from assetmeta.model.contract import ChangeMarks, SupportsChanges
from assetmeta.model.errors import (
    BadValue,
    ResultChanged,
    ServerFailed,
    Unreachable,
)
from assetmeta.model.scalars import shown

log = logging.getLogger(__name__)


def reader_for(query: Query) -> ChangeReader:
    """Return the reader that takes the fewest requests for a query: by history where the server has one that these
    conditions can search, then by the time of the last change, else by comparison. Sends nothing.
    """
    context, kind = query.context, query.schema.type(query.type_name)
    backend = context.backend
    marks = backend.change_marks if isinstance(backend, SupportsChanges) else ChangeMarks()
    names = (name if name in kind.attributes else None for name in (marks.at, marks.by, marks.prior, marks.deleted))
    at, by, prior, deleted = names
    marks = ChangeMarks(at, by, prior, deleted, marks.listed_by)
    by_history = backend.can.history and marks.at and marks.prior and query.finding is None
    if by_history and not any(is_exact(term) for term in query.terms):
        return HistoryReader(query, marks)
    if marks.at and kind.name in marks.listed_by and query.finding is None and not query.with_deleted:
        return RecentReader(query, marks)
    return ComparisonReader(query, marks)


class Watcher:
    """The changes of what a query selects; see Session.watch. Iterating goes on until the session is closed, one round
    every *every* seconds; poll() reads once. *since* is the file that holds the position.

    Making it reads the starting point, unless the file has one. Raises BadValue for a query that cannot be watched, and
    for a file of another one.
    """

    def __init__(self, query: Query, every: float = EVERY, since: str | Path | None = None) -> None:
        if not every > 0:
            raise BadValue(f"every={every} is a number of seconds above 0.")
        if query.moments or query.size is not None or query.start:
            raise BadValue(f"{query!r}: a watch takes conditions and select(), but no page and no past.")
        for path in query.fetch().select:
            if not path.is_name:
                raise BadValue(f"A watch compares attributes of the asset itself, not {path}.", attribute=str(path))
        # The order of a result is not watched.
        query = query.sort() if query.sorts else query
        self._context = query.context
        self._every = every
        self._reader = reader_for(query)
        self._queue: deque[Found] = deque()
        names = [str(path) for path in query.fetch().select]
        about = {"server": self._context.server, "query": repr(query), "selected": names, "way": self._reader.way}
        self._cursor = CursorFile(since, about)
        kept = self._cursor.load()
        if kept is None:
            self._reader.start()
        else:
            self._restore(since, *kept)
        self._cursor.save(self._reader.state)

    def _restore(self, since: object, state: object, finished: list[object]) -> None:
        """Take up where the file *since* stopped: at *state*, and behind the changes *finished* after it."""
        try:
            self._reader.state = state
            for one in finished:
                self._reader.finish(one)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadValue(f"{since} is no cursor file that can be read ({shown(error, 200)}).") from None

    def explain(self) -> str:
        """Explain how changes are found, and how many requests that takes per round. Sends nothing."""
        return f"every {self._every:g} seconds\n{self._reader.explain()}"

    def poll(self) -> Iterator[AssetChange]:
        """Read once, and yield what changed since, in order. A change is finished, and the cursor written, when the
        consumer comes back for the next one; one that was not finished comes again. Raises what reading raises.
        """
        if not self._queue:
            self._queue.extend(self._reader.read())
        while self._queue:
            found = self._queue[0]
            yield found.change
            self._reader.finish(found.finished)
            self._cursor.add(found.finished)
            self._queue.popleft()
        if self._reader.end_round():
            self._cursor.save(self._reader.state)

    def __iter__(self) -> Iterator[AssetChange]:
        while not self._context.closed:
            if not self._queue:
                self._fill()
            yield from self.poll() if self._queue else ()
            if not self._context.wait(self._every):
                return

    def _fill(self) -> None:
        """Read one round. A passing error is logged, and the next round reads what this one did not."""
        try:
            self._queue.extend(self._reader.read())
        except (Unreachable, ServerFailed, ResultChanged) as error:
            if getattr(error, "permanent", False):
                raise
            if not self._context.closed:
                log.warning("watch: a round could not be read and is left to the next one: %s", error)
