"""The ordinary pair of paths of a kind: its list `x/` and its objects `x/{id}/`."""

from __future__ import annotations

from collections.abc import Iterator

from assetmeta.sandbox.rest.answers import NOTHING, Answer
from assetmeta.sandbox.rest.routing import ANY

from . import filters, lists, writes
from .call import Call, Handler
from .model import Kind
from .resource import Route

DELETED = {"ok": True}


class Collection:
    """The handlers of one kind."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind

    def routes(self) -> Iterator[Route]:
        """The list, and the single object where the kind has such a path."""
        of_list: dict[str, Handler] = {"GET": self.list, "POST": self.create}
        of_one: dict[str, Handler] = {"GET": self.get, "PUT": self.change, "PATCH": self.change, "DELETE": self.delete}
        kind = self.kind
        yield Route((kind.path,), f"{kind.title} List", self._allowed(of_list), kind)
        if kind.single:
            yield Route((kind.path, ANY), f"{kind.title} Instance", self._allowed(of_one), kind)

    def list(self, call: Call) -> Answer:
        """GET x/: a page of those that fit the filters."""
        return lists.paged(call, self.kind, filters.select(call.reader, self.kind, call.query))

    def get(self, call: Call) -> Answer:
        """GET x/{id}/."""
        return Answer(call.reader.document(self.kind.name, call.find(self.kind.name)))

    def create(self, call: Call) -> Answer:
        """POST x/: 201 with the whole new object."""
        id = writes.create(call, self.kind, call.fields(), is_form=call.body.is_form)
        return Answer(call.reader.document(self.kind.name, id), 201)

    def change(self, call: Call) -> Answer:
        """PUT and PATCH x/{id}/: only the fields given change."""
        id = call.find(self.kind.name)
        writes.update(call, self.kind, id, call.fields(), is_form=call.body.is_form)
        return Answer(call.reader.document(self.kind.name, id))

    def delete(self, call: Call) -> Answer:
        """DELETE x/{id}/: a short answer where the object is only marked, none where it is gone."""
        writes.delete(call, self.kind, call.find(self.kind.name))
        return Answer(DELETED) if self.kind.soft else NOTHING

    def _allowed(self, handlers: dict[str, Handler]) -> dict[str, Handler]:
        return {method: handler for method, handler in handlers.items() if method in self.kind.methods}
