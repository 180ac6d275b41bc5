"""One authenticated request on its way to a handler."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl

from assetmeta.sandbox.messages import Request
from assetmeta.sandbox.rest.answers import Answer
from assetmeta.sandbox.rest.bodies import Body, read_body
from assetmeta.sandbox.rest.refusals import not_found

LARGEST_ID = 2**63


@dataclass(frozen=True)
class Call:
    """A request of *user* for a path whose variable parts are *arguments*.

    *suffix* is the format that the path's ending names ("json"), "" for none.
    """

    request: Request
    user: int
    arguments: tuple[str, ...] = ()
    suffix: str = ""

    @cached_property
    def query(self) -> dict[str, str]:
        """The query parameters; of a repeated one the last counts."""
        return parameters(self.request.query)

    @cached_property
    def body(self) -> Body:
        """The body as data. Raises Refusal where it cannot be read."""
        return read_body(self.request)

    def number(self, place: int = 0) -> int:
        """A variable part of the path that is an id. Raises Refusal (404) where it is not a number."""
        text = self.arguments[place]
        if not text.isdecimal() or not text.isascii() or len(text) > len(str(LARGEST_ID)) or int(text) >= LARGEST_ID:
            raise not_found()
        return int(text)


Handler = Callable[[Call], Answer]


def parameters(query: str) -> dict[str, str]:
    """A query as a dictionary; of a repeated parameter the last counts."""
    return dict(parse_qsl(query, keep_blank_values=True))
