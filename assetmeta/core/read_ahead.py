"""Pages under way while the loop works on the one before.

Nothing is read ahead for a loop that has come for one page only, nor for one that wrote something while it worked on
the last page: what was sent before a write shows the server as it was, and is read again after it. So a loop finds the
same as if each page were requested when the loop comes for it.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from assetmeta.core.context import BackgroundCall, SessionContext
from assetmeta.model.plans import Fetch, Rows


class _Sent(NamedTuple):
    """A page under way: its place in the result, and how many writes had been made when it was sent."""

    place: object
    since: int
    call: BackgroundCall[list[Rows]]


class ReadAhead:
    """The pages of one result that are under way, in their order; `most` of them at a time."""

    def __init__(self, context: SessionContext) -> None:
        self.most = context.prefetch
        self._context = context
        self._sent: deque[_Sent] = deque()
        self._writes = context.writes

    @property
    def has_room(self) -> bool:
        """Whether one more may be sent: there is room, and nothing was written since the last page was handed over."""
        return len(self._sent) < self.most and self._writes == self._context.writes

    @property
    def is_empty(self) -> bool:
        """Whether nothing is under way."""
        return not self._sent

    def send(self, place: object, fetch: Fetch) -> None:
        """Send the fetch of the page at *place* after those under way."""
        context = self._context
        self._sent.append(_Sent(place, context.writes, context.start(lambda: context.fetch([fetch]))))

    def take(self, place: object, fetch: Fetch) -> tuple[Rows, int]:
        """Return the page at *place*, and how many writes had been made when it was sent: the next one under way, or,
        where that is another one or something was written meanwhile, the answer to *fetch*, which is sent now.
        """
        context = self._context
        if self._sent and self._sent[0].place == place and self._sent[0].since == context.writes and not context.closed:
            [rows] = self._sent[0].call.result()
            return rows, self._sent.popleft().since
        self.leave()
        since = context.writes
        [rows] = context.fetch([fetch])
        return rows, since

    def hand_over(self) -> None:
        """Note that the consumer goes on with a page."""
        self._writes = self._context.writes

    def leave(self) -> None:
        """Await nothing any more that is under way."""
        while self._sent:
            self._sent.popleft().call.leave()
