"""A path of the API: what it is called, which methods it takes, and what its metadata says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from .call import Handler
from .model import Kind

ORDER = ("GET", "POST", "PUT", "PATCH", "DELETE")
ANY = None
"""A part of a pattern that any text fits."""

Pattern = tuple[str | None, ...]


@dataclass(frozen=True)
class Route:
    """All paths of one *pattern* below `/api/v0/`.

    *kind* is that of the objects that POST or PUT take, if they do. A *public* one needs no token: its calls have the
    user 0.
    """

    pattern: Pattern
    name: str
    handlers: Mapping[str, Handler]
    kind: Kind | None = None
    public: bool = False

    @cached_property
    def allow(self) -> str:
        """The Allow header."""
        methods = [method for method in ORDER if method in self.handlers]
        head = ["HEAD"] if "GET" in self.handlers else []
        return ", ".join([*methods, *head, "OPTIONS"])

    def handler(self, method: str) -> Handler | None:
        """Who answers *method*; HEAD is answered like GET."""
        return self.handlers.get("GET" if method == "HEAD" else method)

    def over(self, other: Route) -> Route:
        """This route, and what *other* answers beyond it."""
        return replace(self, handlers={**other.handlers, **self.handlers}, kind=self.kind or other.kind)
