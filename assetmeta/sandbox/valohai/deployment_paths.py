"""What a deployment suggests to call its next version."""

from __future__ import annotations

from collections.abc import Iterator

from assetmeta.sandbox.rest.answers import Answer
from assetmeta.sandbox.rest.routing import ANY

from .call import Call
from .life.releases import next_name
from .resource import Route
from .workspace import Workspace


class DeploymentPaths:
    """`deployments/<id>/suggest_version_name/`."""

    def __init__(self, space: Workspace) -> None:
        self.space = space

    def routes(self) -> Iterator[Route]:
        """The only one."""
        yield Route(("deployments", ANY, "suggest_version_name"), "Suggest Version Name", {"GET": self.suggest})

    def suggest(self, call: Call) -> Answer:
        """GET: {"name"}, the day and a running number."""
        return Answer({"name": next_name(self.space, call.find("deployment"))})
