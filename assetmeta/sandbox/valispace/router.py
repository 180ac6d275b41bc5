"""Paths below `/rest/` and what is there. Every path ends with a slash unless it names a format by its ending."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assetmeta.sandbox.rest import routing
from assetmeta.sandbox.rest.routing import Match, Route

from .model import Field

ENDING = re.compile(r"([^/.]+)\.([a-z0-9]+)")


@dataclass(frozen=True)
class Resource(Route):
    """All paths of one pattern below `/rest/`.

    *fields* are those of the objects that POST or PUT take here, none for actions. *filters* are the query parameters
    that the page for browsers offers. *formats* False keeps a dot in the last part of the path as it is.
    """

    fields: Sequence[Field] = ()
    filters: Sequence[str] = ()
    formats: bool = True
    description: str = ""


class Router(routing.Router[Resource]):
    """All resources by their patterns."""

    def fits(self, route: Resource, texts: Sequence[str]) -> bool:
        """No part of a path is empty, and one with a dot names a format."""
        return "" not in texts and not (route.formats and any("." in text for text in texts))

    def find(self, path: str) -> Match[Resource] | None:
        """The resource of a decoded path, or None."""
        parts = tuple(path.removesuffix("/").split("/")) if path else ()
        found = self.match(parts) if path.endswith("/") or not path else None
        return found or self._ending(parts)

    def _ending(self, parts: tuple[str, ...]) -> Match[Resource] | None:
        """A path such as `tag.json` or `tag/1.json`; the root's is `.json`."""
        if len(parts) == 1 and parts[0].startswith("."):
            root = self.match(())
            return root and Match(root.route, (), parts[0][1:])
        ending = ENDING.fullmatch(parts[-1]) if parts else None
        found = self.match((*parts[:-1], ending[1])) if ending else None
        if found is None or ending is None or not found.route.formats:
            return None
        return Match(found.route, found.arguments, ending[2])
