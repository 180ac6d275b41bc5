"""A path of the API: what it is called, which methods it takes, and what its metadata says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from .call import Handler
from .model import Field

ORDER = ("GET", "POST", "PUT", "PATCH", "DELETE")
ANY = None
"""A part of a pattern that any text fits."""

Pattern = tuple[str | None, ...]


@dataclass(frozen=True)
class Resource:
    """One path, or all paths of one pattern, below `/rest/`.

    *fields* are those of the objects that POST or PUT take here, none for actions. *filters* are the query parameters
    that the page for browsers offers. *formats* False keeps a dot in the last part of the path as it is.
    """

    name: str
    handlers: Mapping[str, Handler]
    fields: Sequence[Field] = ()
    filters: Sequence[str] = ()
    formats: bool = True
    description: str = ""

    @cached_property
    def allow(self) -> str:
        """The Allow header."""
        methods = [method for method in ORDER if method in self.handlers]
        head = ["HEAD"] if "GET" in self.handlers else []
        return ", ".join([*methods, *head, "OPTIONS"])

    def handler(self, method: str) -> Handler | None:
        """Who answers *method*; HEAD is answered like GET."""
        return self.handlers.get("GET" if method == "HEAD" else method)
