"""Paths that belong to no kind alone: searches, the own profile, the deployment's settings."""

from __future__ import annotations

from collections.abc import Iterator

from assetmeta.sandbox.rest.answers import Answer
from assetmeta.sandbox.rest.refusals import wrong_method
from assetmeta.sandbox.rest.routing import ANY

from .call import Call, Handler
from .engine import Engine
from .media import whole, with_host
from .router import Resource
from .settings import Settings

SEARCHES = ("requirements/versions", "requirements/component-vms", "requirements/verification-methods", "files")
"""Where searches are known to exist."""

LIKELY_SEARCHES = ("components", "valis", "requirements", "requirements/requirement-vms")
"""Where they are likely to exist; the settings can take them away."""


class GeneralPaths:
    """`x/search/`, `own-profile/`, `ui/angular-settings/`, `files/create-empty/` and their like."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.engine = engine
        self.settings = settings

    def resources(self) -> Iterator[Resource]:
        """All of them."""
        for endpoint in (*SEARCHES, *LIKELY_SEARCHES):
            handlers: dict[str, Handler] = {"POST": self.search(endpoint)}
            yield Resource((*endpoint.split("/"), "search"), "Search", handlers)
        yield Resource(("files", "create-empty"), "Create Empty", {"POST": self.create_empty})
        yield Resource(("own-profile",), "Own Profile", {"GET": self.profile})
        yield Resource(("ui", "angular-settings"), "Angular Settings", {"GET": self.angular_settings})
        yield Resource(("user-tasks", ANY, "add-member"), "Add Member", {"PUT": self.add_member})

    def search(self, endpoint: str) -> Handler:
        """POST x/search/: objects by look-ups."""

        def answer(call: Call) -> Answer:
            if endpoint in LIKELY_SEARCHES and not self.settings.wide_search:
                raise wrong_method(call.request.method)
            found = self.engine.search(endpoint, call.body.value)
            return Answer(found | {"data": with_host(found["data"], call.request.origin)})

        return answer

    def create_empty(self, call: Call) -> Answer:
        """POST files/create-empty/: a link or a file without bytes."""
        made = self.engine.create_empty(call.body.value, user=call.user)
        return Answer(whole(made, call.request.origin), 201)

    def profile(self, call: Call) -> Answer:
        """GET own-profile/: the user of the token."""
        return Answer(self.engine.profile(call.user))

    def angular_settings(self, call: Call) -> Answer:
        """GET ui/angular-settings/: what the web application and the official client ask for at start."""
        return Answer({"vali_assistant": {"offline_assistant": self.settings.offline_assistant}})

    def add_member(self, call: Call) -> Answer:
        """PUT user-tasks/{id}/add-member/."""
        return Answer(self.engine.add_member(call.number(), call.body.value, user=call.user))
