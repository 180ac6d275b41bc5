"""The paths of requirements beside the ordinary ones: whole exports, bulk updates, parents and children."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from assetmeta.sandbox.rest.answers import Answer
from assetmeta.sandbox.rest.refusals import not_found
from assetmeta.sandbox.rest.routing import ANY

from .call import Call, Handler
from .collection import Lists
from .engine import Engine
from .model import Document
from .router import Resource

BASE = "requirements"
SPECIFICATIONS = "requirements/specifications"
Change = Callable[..., Document]


class RequirementPaths:
    """`requirements/complete/`, `full_list/`, `bulk-update/`, `add-child/` and their like."""

    def __init__(self, engine: Engine, lists: Lists) -> None:
        self.engine = engine
        self.lists = lists

    def resources(self) -> Iterator[Resource]:
        """All of them."""
        yield Resource((BASE, "complete"), "Complete", {"GET": self.complete})
        yield Resource((BASE, "complete", "as_of", ANY), "Complete As Of", {"GET": self.as_of})
        for endpoint in (BASE, SPECIFICATIONS):
            handlers: dict[str, Handler] = {"GET": self.full_list(endpoint)}
            yield Resource((*endpoint.split("/"), "full_list"), "Full List", handlers)
        yield Resource((BASE, "bulk-update"), "Bulk Update", {"POST": self.update_requirements})
        yield Resource((BASE, "component-vms", "bulk-update"), "Bulk Update", {"PATCH": self.update_component_vms})
        yield Resource((BASE, ANY, "add-child"), "Add Child", {"PUT": self.family(self.engine.add_child)})
        yield Resource((BASE, ANY, "remove-child"), "Remove Child", {"PUT": self.family(self.engine.remove_child)})

    def complete(self, call: Call) -> Answer:
        """GET requirements/complete/: everything an export needs, with names instead of ids."""
        return self.lists.answer(call, self.engine.complete(call.query))

    def as_of(self, call: Call) -> Answer:
        """GET requirements/complete/as_of/{date}/: the same on a past day."""
        try:
            day = date.fromisoformat(call.arguments[0])
        except ValueError:
            raise not_found() from None
        return self.lists.answer(call, self.engine.complete(call.query, day))

    def full_list(self, endpoint: str) -> Handler:
        """GET x/full_list/: the ordinary objects with all that belongs to them."""

        def answer(call: Call) -> Answer:
            return self.lists.answer(call, self.engine.full_list(endpoint, call.query))

        return answer

    def update_requirements(self, call: Call) -> Answer:
        """POST requirements/bulk-update/: a change of its own for each id."""
        return Answer(self.engine.bulk_update_requirements(call.body.value, user=call.user))

    def update_component_vms(self, call: Call) -> Answer:
        """PATCH requirements/component-vms/bulk-update/: one change for all ids."""
        return Answer(self.engine.bulk_update_component_vms(call.body.value, user=call.user))

    def family(self, change: Change) -> Handler:
        """PUT requirements/{id}/add-child/ or remove-child/."""

        def answer(call: Call) -> Answer:
            return Answer(change(call.number(), call.body.value, user=call.user))

        return answer
