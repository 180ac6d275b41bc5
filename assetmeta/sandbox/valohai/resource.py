"""A path of the API, with what its metadata is about."""

from __future__ import annotations

from dataclasses import dataclass, replace

from assetmeta.sandbox.rest import routing

from .model import Kind


@dataclass(frozen=True)
class Route(routing.Route):
    """All paths of one pattern below `/api/v0/`.

    *kind* is that of the objects that POST or PUT take, if they do. A *public* one needs no token: its calls have the
    user 0.
    """

    kind: Kind | None = None
    public: bool = False


class Router(routing.Router[Route]):
    """All routes by their patterns. A topic's route has the kind of the ordinary one that it goes before."""

    def joined(self, earlier: Route, later: Route) -> Route:
        """Two routes of one pattern as one."""
        return replace(super().joined(earlier, later), kind=earlier.kind or later.kind)
