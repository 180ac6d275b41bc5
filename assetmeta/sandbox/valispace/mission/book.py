"""Writes the objects of a data set straight into the store: no checks, no calculation until the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from assetmeta.sandbox.data import vocabulary
from assetmeta.sandbox.rest.clock import spell

from ..catalogue import KINDS
from ..model import Row
from ..workspace import Workspace

BEGIN = datetime(2025, 1, 6, 8, tzinfo=UTC)
STEP = timedelta(minutes=7)
words = vocabulary(__package__)


class Book:
    """Counts what it writes. Times go up step by step from a fixed one, so the same seed gives the same data."""

    def __init__(self, space: Workspace, seed: int) -> None:
        self.space = space
        self.random = Random(seed)  # noqa: S311  data, no secrets
        self.count = 0
        self._blank: dict[str, Row] = {}
        self._ticks = 0

    def add(self, endpoint: str, **values: object) -> int:
        """Store a new object with these values and defaults for the rest, and return its id."""
        if endpoint not in self._blank:
            self._blank[endpoint] = KINDS[endpoint].blank()
        self.count += 1
        return self.space.store.insert(endpoint, {**self._blank[endpoint], **values})

    def change(self, endpoint: str, id: int, **values: object) -> None:
        """Change an object that is there already."""
        self.space.store.put(endpoint, id, values)

    def tick(self) -> str:
        """The next time."""
        self._ticks += 1
        return spell(BEGIN + self._ticks * STEP)

    def first_ids(self, endpoint: str, project: int) -> list[int]:
        """The ids of a project's list, such as its states."""
        return self.space.store.pointing(endpoint, "project", project)
