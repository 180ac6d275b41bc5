"""A dataset as a function: points in a plane, joined by lines."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from .tree import FormulaError


@dataclass(frozen=True)
class Curve:
    """The points of a dataset, ordered by their x. Of two points with one x the later counts."""

    points: tuple[tuple[float, float], ...]

    @classmethod
    def of(cls, points: Iterable[tuple[float | None, float | None]]) -> Curve:
        """The curve of those points that have both numbers."""
        known = {x: y for x, y in points if x is not None and y is not None}
        return cls(tuple(sorted(known.items())))

    def at(self, x: float) -> float:
        """The value at *x*, by linear interpolation. Raises FormulaError outside the points."""
        if not self.points or not self.points[0][0] <= x <= self.points[-1][0]:
            raise FormulaError("outside of the dataset")
        after = bisect_right(self.points, x, key=lambda point: point[0])
        (x0, y0), (x1, y1) = self.points[after - 1], self.points[min(after, len(self.points) - 1)]
        return y0 if x1 == x0 else y0 + (y1 - y0) * (x - x0) / (x1 - x0)

    def values(self) -> list[float]:
        """All values, in order of x."""
        if not self.points:
            raise FormulaError("the dataset is empty")
        return [y for _, y in self.points]
