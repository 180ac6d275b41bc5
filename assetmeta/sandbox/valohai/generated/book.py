"""Where the generated objects are written: chance, a clock of its own, and a count."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from assetmeta.sandbox.data import vocabulary

from ..model import Key
from ..workspace import Workspace

START = datetime(2025, 1, 6, 7, 30, tzinfo=UTC)
T = TypeVar("T")

words = vocabulary(__package__)


class Book:
    """Adds objects and counts them. The clock moves on with every object, so keys sort as things happened."""

    def __init__(self, space: Workspace, seed: int) -> None:
        self.space = space
        self.random = random.Random(seed)  # noqa: S311 - made-up data
        self.count = 0
        self.moment = START

    def clock(self) -> datetime:
        """The moment that the next object is made at."""
        return self.moment

    def add(self, kind_name: str, **values: object) -> Key:
        """A new object, some seconds after the last."""
        self.pass_seconds(self.random.uniform(1, 600))
        self.count += 1
        return self.space.add(kind_name, **values)

    def pass_seconds(self, seconds: float) -> None:
        """Move the clock on."""
        self.moment += timedelta(seconds=round(seconds, 6))

    def one(self, choices: Sequence[T]) -> T:
        """Any of them."""
        return self.random.choice(choices)

    def some(self, choices: Sequence[T], most: int) -> list[T]:
        """None up to *most* of them, in their order."""
        count = self.random.randint(0, min(most, len(choices)))
        chosen = set(self.random.sample(range(len(choices)), count))
        return [each for place, each in enumerate(choices) if place in chosen]
