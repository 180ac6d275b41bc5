"""From a path to its route: fixed paths first, then patterns, the more fixed parts the earlier."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .resource import ANY, Pattern, Route


@dataclass(frozen=True)
class Match:
    """A route with the texts that stood at the variable parts."""

    route: Route
    arguments: tuple[str, ...] = ()


class Router:
    """All routes by their patterns. Routes of the same pattern are joined; the first has the last word."""

    def __init__(self, routes: Iterable[Route]) -> None:
        joined: dict[Pattern, Route] = {}
        for route in routes:
            earlier = joined.get(route.pattern)
            joined[route.pattern] = route if earlier is None else earlier.over(route)
        self._fixed = {pattern: route for pattern, route in joined.items() if ANY not in pattern}
        self._patterns: dict[int, list[Route]] = {}
        for pattern, route in joined.items():
            if ANY in pattern:
                self._patterns.setdefault(len(pattern), []).append(route)
        for same_length in self._patterns.values():
            same_length.sort(key=lambda route: route.pattern.count(ANY))

    def match(self, parts: tuple[str, ...]) -> Match | None:
        """The route of the decoded parts of a path below `/api/v0/`, or None."""
        fixed = self._fixed.get(parts)
        if fixed is not None:
            return Match(fixed)
        for route in self._patterns.get(len(parts), ()):
            pairs = list(zip(route.pattern, parts, strict=True))
            if all(wanted in (ANY, part) for wanted, part in pairs):
                return Match(route, tuple(part for wanted, part in pairs if wanted is ANY))
        return None
