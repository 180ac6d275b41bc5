"""What a kind may add to the plain way of writing its objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..lookups import Finder
from ..model import Key, Row
from ..workspace import Workspace


class Rule:
    """The hooks of one write, in the transaction of its request. Every one may raise a Problem.

    *body* is what was sent, {} for a deletion.
    """

    def __init__(self, space: Workspace, finder: Finder, user: int, body: Mapping[str, Any]) -> None:
        self.space = space
        self.finder = finder
        self.user = user
        self.body = body

    def before(self, values: Row, old: Row | None) -> None:
        """Mend or complete the *values* to be stored; *old* is the row so far, None for a new object."""

    def after(self, id: Key, old: Row | None) -> None:
        """The object *id* was stored."""

    def removing(self, id: Key) -> None:
        """The object *id* is about to be deleted."""
