"""The own user, and teams, whose organization has two forms."""

from __future__ import annotations

from collections.abc import Iterator

from assetmeta.sandbox.rest.answers import Answer

from . import writes
from .call import Call
from .catalogue import KINDS
from .resource import Route
from .workspace import Workspace

TEAM = KINDS["team"]


class PeoplePaths:
    """`users/me/`, `users/login_link/` and POST `teams/`."""

    def __init__(self, space: Workspace) -> None:
        self.space = space

    def routes(self) -> Iterator[Route]:
        """All of them."""
        yield Route(("users", "me"), "Me", {"GET": self.me})
        yield Route(("users", "login_link"), "Login Link", {"GET": self.login_link})
        yield Route((TEAM.path,), "Team List", {"POST": self.create_team})

    def me(self, call: Call) -> Answer:
        """GET users/me/: the user of the token."""
        return Answer(call.reader.document("user", call.user))

    def login_link(self, call: Call) -> Answer:
        """GET users/login_link/: a link by which a browser logs in as the user of the token."""
        return Answer({"url": self.space.login_links.new(call.user)})

    def create_team(self, call: Call) -> Answer:
        """POST teams/: the organization is a number in this answer, an object in all others."""
        id = writes.create(call, TEAM, call.fields(), is_form=call.body.is_form)
        organization = self.space.row("team", id)["organization"]
        return Answer({**call.reader.document("team", id), "organization": organization}, 201)
