"""Reading a result page by page, with no more than a page in memory, and noticing when it moved meanwhile.

Unsorted results go on from the last key that was read, where the server can filter by it: then nothing is read twice or
left out, whatever happens to the list. Other results overlap by one asset from page to page, which has to be the same
one. A result that needs more than one page is counted after the first, and must not turn out shorter. A dialect that
cuts windows itself marks where its answer ends, and looks after all this on its own.

From the second page on, the next one is under way while the consumer works on this one (see core.read_ahead). Where
several may be, overlapping windows are requested of sorted and unsorted results alike; an unsorted one of which a
window does not begin with the last asset is continued by key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

from msgspec.structs import replace

from assetmeta.core.cohort import Cohort, join
from assetmeta.core.context import SessionContext
from assetmeta.core.read_ahead import ReadAhead
from assetmeta.core.state import Instance
from assetmeta.model.conditions import And, Compare
from assetmeta.model.errors import ResultChanged
from assetmeta.model.paths import Path, Step
from assetmeta.model.plans import Fetch, Row, Rows
from assetmeta.model.processes import collector_paused
from assetmeta.model.values import Oid, chunks


def run(context: SessionContext, fetch: Fetch) -> Rows:
    """Perform one fetch."""
    [rows] = context.fetch([fetch])
    return rows


def totals(context: SessionContext, fetches: Sequence[Fetch]) -> list[int]:
    """Count the matches of each of *fetches*, their windows aside. One request for one, which carries no assets.
    Several share requests where the server takes several queries in one, unless more match than a page holds.
    """
    asked = [replace(fetch, select=(), sort=(), start=0, size=0, counted=True) for fetch in fetches]
    answers = [rows for some in chunks(asked, context.fetches_together) for rows in context.fetch(some)]
    return [rows.total or 0 for rows in answers]


def merge_page(
    context: SessionContext, rows: Rows, since: int, with_deleted: bool = False, cohort: Cohort | None = None
) -> list[Instance]:
    """Merge the rows of one result; its assets become one cohort, or belong to that of a larger result."""
    context.know((*rows.rows, *rows.related))
    with context.lock, collector_paused():
        assets = context.merge_rows(rows.rows, since)
        if cohort is None:
            cohort = Cohort([asset._state.oid for asset in assets], with_deleted=with_deleted)
        cohort.keep(context.merge_rows(rows.related, since))
        for asset in assets:
            state = asset._state
            if state.cohort is None:
                state.cohort = cohort
            else:
                join(context, cohort, asset)
    return assets


def sizes(context: SessionContext, fetches: Sequence[Fetch]) -> list[int]:
    """How many assets each of *fetches* has, its window included. Requests: those of `totals`."""
    matches = zip(fetches, totals(context, fetches), strict=True)
    return [_in_window(fetch, total) for fetch, total in matches]


def _in_window(fetch: Fetch, total: int) -> int:
    rest = max(total - fetch.start, 0)
    return rest if fetch.size is None else min(rest, fetch.size)


def pages(
    context: SessionContext, fetches: Sequence[Fetch], page_size: int, counted: Sequence[int] = ()
) -> Iterator[list[Instance]]:
    """Yield the pages of several fetches, one fetch after the other.

    Their first pages come together, where the server takes several queries in one request. *counted* are their sizes,
    where these are known, so that they need not be counted again.
    """
    together = context.fetches_together
    for start in range(0, len(fetches), together):
        streams = [Pager(context, fetch, page_size) for fetch in fetches[start : start + together]]
        for stream, size in zip(streams, counted[start : start + together], strict=False):
            stream.counted = size
        if len(streams) > 1 and all(fetch.size != 0 for fetch in fetches):
            begin(context, streams)
        for stream in streams:
            yield from stream.pages()


class Begun(NamedTuple):
    """The first page of a result, and its assets."""

    rows: Rows
    assets: list[Instance]


def begin(context: SessionContext, streams: Sequence[Pager]) -> None:
    """Read the first page of each of *streams*, in as few requests as the server allows. Their assets are one cohort,
    so that a walk loads what is missing for all moments of a query together.
    """
    since = context.writes
    answers = context.fetch([stream.next_fetch() for stream in streams])
    pages = [replace(rows, rows=rows.rows[: stream.whole.size]) for stream, rows in zip(streams, answers, strict=True)]
    cohort = Cohort([row.oid for rows in pages for row in rows.rows], with_deleted=streams[0].whole.deleted)
    for stream, rows in zip(streams, pages, strict=True):
        stream.begun = Begun(rows, merge_page(context, rows, since, cohort=cohort))


class Pager:
    """The pages of one fetch. *received* counts assets so far, *expected* what the server counted, once
    known, *counted* what it had counted before."""

    def __init__(self, context: SessionContext, whole: Fetch, page_size: int) -> None:
        self.context = context
        self.whole = whole
        self.page_size = page_size
        self.received = 0
        self.expected: int | None = None
        self.counted: int | None = None
        self.last: Oid | None = None
        self.begun: Begun | None = None
        self._by_windows = False
        self._sent_up_to = 0
        self._ahead = ReadAhead(context)

    def pages(self) -> Iterator[list[Instance]]:
        """Yield the assets page by page, one request each, and one more to count when there are several pages.

        Raises ResultChanged when the result changed in a way that a page can show, or turned out shorter than it was
        counted.
        """
        try:
            yield from self._windows() if self.context.backend.can.windows else self._server_parts()
        finally:
            self._ahead.leave()

    def _windows(self) -> Iterator[list[Instance]]:
        more = self.whole.size != 0
        while more:
            begun, self.begun = self.begun, None
            rows, since = self._read() if begun is None else (begun.rows, self.context.writes)
            fresh = self._new(rows)
            if fresh is None:
                self._by_windows = False
                continue
            found = fresh[: self._left()]
            more = rows.more and bool(found) and self._left() != len(found)
            self.received += len(found)
            if found:
                self.last = found[-1].oid
                if more and self.expected is not None and not self._has_grown:
                    self._send_ahead()
                self._ahead.hand_over()
                if begun is None:
                    yield from self._parts(replace(rows, rows=tuple(found)), since)
                else:
                    yield from chunks(begun.assets, self.page_size)
            if more and self.expected is None:
                # What was counted before may have changed since; too small a number ends nothing.
                is_enough = self.counted is not None and self.counted > self.received
                expected = self.counted if self.counted is not None and is_enough else self._counted()
                self.expected, more = expected, self.received < expected
                self._by_windows = self._ahead.most > 1
            if more and self._has_grown:
                # It may have grown; what does not end at what is counted now repeats itself.
                self.expected = self._counted()
                if self._has_grown:
                    self._moved("the server sends more than it counts")
        if self.expected is not None and self.expected == self.counted and self.received < self.expected:
            self.expected = self._counted()
        if self.expected is not None and self.received < self.expected:
            self._moved(f"{self.expected} were counted and {self.received} received")

    @property
    def _has_grown(self) -> bool:
        """Whether more came than was counted, of a result that a repetition could prolong for ever."""
        return self.expected is not None and self.received > self.expected and not self._by_key()

    def _read(self) -> tuple[Rows, int]:
        """The next answer, and how many writes had been made when it was requested."""
        if self._by_windows:
            self._send_ahead()
        return self._ahead.take(self.received, self.next_fetch())

    def _send_ahead(self) -> None:
        """Send what is to come after the assets received: the next page, or as many windows as may be under way."""
        if self._ahead.is_empty:
            self._sent_up_to = self.received
        while self._ahead.has_room and self._is_due:
            fetch = self.next_fetch() if self._sent_up_to == self.received else self._window(self._sent_up_to)
            self._ahead.send(self._sent_up_to, fetch)
            self._sent_up_to += (fetch.size or 1) - 1

    @property
    def _is_due(self) -> bool:
        """Whether the page after those under way is to be sent: the next one always, others as far as was counted."""
        return self._ahead.is_empty or (self._by_windows and self._sent_up_to < (self.expected or 0))

    def _server_parts(self) -> Iterator[list[Instance]]:
        """The answers of a dialect that goes through its lists itself."""
        fetch, place = replace(self.whole, page_size=self.page_size), 0
        while True:
            rows, since = self._ahead.take(place, fetch)
            if rows.next_cursor is not None:
                fetch, place = replace(fetch, cursor=rows.next_cursor), place + 1
                if place > 1 and self._ahead.has_room:
                    self._ahead.send(place, fetch)
            self._ahead.hand_over()
            yield from self._parts(rows, since)
            if rows.next_cursor is None:
                return

    def _parts(self, rows: Rows, since: int) -> list[list[Instance]]:
        """The pages of one answer: several where it is longer than one."""
        return chunks(merge_page(self.context, rows, since, self.whole.deleted), self.page_size)

    def _left(self) -> int | None:
        return None if self.whole.size is None else self.whole.size - self.received

    def next_fetch(self) -> Fetch:
        """The fetch of the next page."""
        left = self._left()
        size = self.page_size if left is None else min(left, self.page_size)
        if self.last is None:
            return replace(self.whole, size=size)
        if self._by_key() and not self._by_windows:
            beyond = Compare(Path((Step(self.context.backend.can.keyset_column or ""),)), ">", (self.last.key,))
            where = beyond if self.whole.where is None else And((self.whole.where, beyond))
            return replace(self.whole, where=where, start=0, size=size)
        return self._window(self.received)

    def _window(self, place: int) -> Fetch:
        """The window that begins with the last of *place* assets."""
        left = self.page_size if self.whole.size is None else self.whole.size - place
        size = max(min(left + 1, self.page_size + 1, self.context.backend.can.max_page), 2)
        return replace(self.whole, start=self.whole.start + place - 1, size=size)

    def _by_key(self) -> bool:
        return bool(self.context.backend.can.keyset_column) and not self.whole.sort and self.whole.find is None

    def _new(self, rows: Rows) -> Sequence[Row] | None:
        """The rows of a page without the one that it shares with the page before; None where it does not, and the
        result can be gone on with by key.
        """
        if self.last is None:
            return rows.rows
        by_key = self._by_key()
        fresh = rows.rows
        if self._by_windows or not by_key:
            if not rows.rows or rows.rows[0].oid != self.last:
                if by_key:
                    return None
                self._moved(f"{self.last.token} is not at its place any more")
            fresh = rows.rows[1:]
        last = self.last.key
        if by_key and isinstance(last, int) and any(isinstance(key, int) and key <= last for key in map(_key, fresh)):
            self._moved("the server sent again what it had sent")
        return fresh

    def _counted(self) -> int:
        return sizes(self.context, [self.whole])[0]

    def _moved(self, what: str) -> None:
        raise ResultChanged(
            f"The {self.whole.type_name} result changed while it was being read: {what}. Read it again.",
            type_name=self.whole.type_name,
            expected=self.expected or 0,
            received=self.received,
        )


_key = attrgetter("oid.key")
