"""From a path to who answers it: routes with their handlers, and the router that finds them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Generic, TypeVar

from .answers import Answer

ORDER = ("GET", "POST", "PUT", "PATCH", "DELETE")
ANY = None
"""A part of a pattern that any text fits."""

Pattern = tuple[str | None, ...]


@dataclass(frozen=True)
class Route:
    """All paths of one *pattern*. *handlers* are given the call of their system, by method."""

    pattern: Pattern
    name: str
    handlers: Mapping[str, Callable[[Any], Answer]]

    @cached_property
    def allow(self) -> str:
        """The Allow header."""
        methods = [method for method in ORDER if method in self.handlers]
        head = ["HEAD"] if "GET" in self.handlers else []
        return ", ".join([*methods, *head, "OPTIONS"])

    def handler(self, method: str) -> Callable[[Any], Answer] | None:
        """Who answers *method*; HEAD is answered like GET."""
        return self.handlers.get("GET" if method == "HEAD" else method)


R = TypeVar("R", bound=Route)


@dataclass(frozen=True)
class Match(Generic[R]):
    """A route with the texts that stood at the variable parts, and the format that the path's ending named."""

    route: R
    arguments: tuple[str, ...] = ()
    suffix: str = ""


class Router(Generic[R]):
    """All routes by their patterns: fixed paths first, then patterns, the more fixed parts the earlier.

    Routes of the same pattern are joined: methods of an earlier one count more.
    """

    def __init__(self, routes: Iterable[R]) -> None:
        joined: dict[Pattern, R] = {}
        for route in routes:
            earlier = joined.get(route.pattern)
            joined[route.pattern] = route if earlier is None else self.joined(earlier, route)
        self._fixed = {pattern: route for pattern, route in joined.items() if ANY not in pattern}
        self._patterns: dict[int, list[R]] = {}
        for pattern, route in joined.items():
            if ANY in pattern:
                self._patterns.setdefault(len(pattern), []).append(route)
        for same_length in self._patterns.values():
            same_length.sort(key=lambda route: route.pattern.count(ANY))

    def joined(self, earlier: R, later: R) -> R:
        """Two routes of one pattern as one."""
        return replace(earlier, handlers={**later.handlers, **earlier.handlers})

    def fits(self, route: R, texts: Sequence[str]) -> bool:
        """Whether the variable parts of a path may be *texts*."""
        return True

    def match(self, parts: tuple[str, ...]) -> Match[R] | None:
        """The route of the decoded parts of a path, or None."""
        fixed = self._fixed.get(parts)
        if fixed is not None:
            return Match(fixed)
        for route in self._patterns.get(len(parts), ()):
            pairs = list(zip(route.pattern, parts, strict=True))
            if all(wanted in (ANY, part) for wanted, part in pairs):
                texts = tuple(part for wanted, part in pairs if wanted is ANY)
                if self.fits(route, texts):
                    return Match(route, texts)
        return None
