"""A rule: what surrounds the change of one object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..model import Row
from ..workspace import Workspace


class Rule:
    """Made for one change of one object. *id* and *old* are None when the object is new."""

    def __init__(self, space: Workspace, id: int | None, old: Row | None) -> None:
        self.space = space
        self.id = id
        self.old = old

    def before(self, row: Row, given: Mapping[str, Any]) -> None:
        """Complete the row that will be stored, in place. Raises Refused for what may not be."""

    def after(self, id: int, row: Row, given: Mapping[str, Any]) -> None:
        """Draw the consequences of the stored row."""

    def differs(self, row: Row, *names: str) -> bool:
        """Whether any of the fields is new or changed."""
        return self.old is None or any(self.old.get(name) != row.get(name) for name in names)
