"""From a path to its resource: fixed paths first, then patterns, longer ones before shorter ones."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from .resource import ANY, Pattern, Resource

ENDING = re.compile(r"([^/.]+)\.([a-z0-9]+)")


@dataclass(frozen=True)
class Match:
    """A resource with the texts that stood at the variable parts, and the format that the ending named."""

    resource: Resource
    arguments: tuple[str, ...] = ()
    suffix: str = ""


class Router:
    """All resources by their patterns."""

    def __init__(self, resources: Iterable[tuple[Pattern, Resource]]) -> None:
        self._fixed: dict[Pattern, Resource] = {}
        self._patterns: dict[int, list[tuple[Pattern, Resource]]] = {}
        for pattern, resource in resources:
            if ANY in pattern:
                self._patterns.setdefault(len(pattern), []).append((pattern, resource))
            else:
                self._fixed[pattern] = resource
        for same_length in self._patterns.values():
            same_length.sort(key=lambda pair: pair[0].count(ANY))

    def match(self, path: str) -> Match | None:
        """The resource of a decoded path below `/rest/`, or None. Every path ends with a slash unless it names a
        format by its ending."""
        slashed = path.endswith("/") or not path
        parts = tuple(path.removesuffix("/").split("/")) if path else ()
        if slashed:
            found = self._plain(parts)
            if found is not None:
                return found
        return self._ending(parts)

    def _plain(self, parts: Pattern) -> Match | None:
        fixed = self._fixed.get(parts)
        if fixed is not None:
            return Match(fixed)
        if "" in parts:
            return None
        for pattern, resource in self._patterns.get(len(parts), ()):
            if all(wanted in (ANY, part) for wanted, part in zip(pattern, parts, strict=True)):
                variable = tuple(part for wanted, part in zip(pattern, parts, strict=True) if wanted is ANY)
                texts = tuple(part for part in variable if part is not None)
                if resource.formats and any("." in text for text in texts):
                    continue
                return Match(resource, texts)
        return None

    def _ending(self, parts: tuple[str, ...]) -> Match | None:
        """A path such as `tag.json` or `tag/1.json`; the root's is `.json`."""
        if not parts:
            return None
        if parts[0].startswith(".") and len(parts) == 1:
            root = self._fixed.get(())
            return Match(root, (), parts[0][1:]) if root is not None else None
        ending = ENDING.fullmatch(parts[-1])
        found = self._plain((*parts[:-1], ending[1])) if ending else None
        if found is None or ending is None or not found.resource.formats:
            return None
        return Match(found.resource, found.arguments, ending[2])
