"""The ordinary pair of paths of a kind: its list `x/` and its objects `x/{id}/`, with five methods."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from assetmeta.sandbox.rest.answers import NOTHING, Answer
from assetmeta.sandbox.rest.bodies import Body
from assetmeta.sandbox.rest.routing import ANY

from .call import Call, Handler
from .engine import Engine
from .files import Upload
from .media import whole, with_host
from .metadata import view_name
from .model import Document, Kind
from .paging import paged
from .router import Resource
from .settings import Settings
from .validation import value_of

OF_LIST = ("GET", "POST")
CONTENT = "file"
"""The part of a multipart body that holds the bytes."""


class Lists:
    """Answers with lists: as one array, or in pages and slowly where the settings say so."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def answer(self, call: Call, rows: Sequence[Document]) -> Answer:
        """The rows of a list. Raises Refusal (404) for a page that is too far."""
        settings, request = self.settings, call.request
        if settings.slow_lists:
            time.sleep(settings.slow_lists)
        if settings.page_size is None:
            return Answer(rows)
        url = f"{request.origin}{request.path}"
        return Answer(paged(rows, url, request.query, settings.page_size, settings.page_style))


class Collection:
    """The handlers of one kind under *endpoint*, its name of today or an older one."""

    def __init__(self, engine: Engine, kind: Kind, endpoint: str, lists: Lists) -> None:
        self.engine = engine
        self.kind = kind
        self.endpoint = endpoint
        self.lists = lists
        self._has_content = any(field.type == "file" for field in kind.fields)

    def resources(self) -> Iterator[Resource]:
        """The list and the single object."""
        pattern = tuple(self.endpoint.split("/"))
        kind, filters = self.kind, tuple(self.kind.filters)
        of_list: dict[str, Handler] = {"GET": self.list, "POST": self.create}
        of_one: dict[str, Handler] = {"GET": self.get, "PUT": self.put, "PATCH": self.patch, "DELETE": self.delete}
        yield Resource(pattern, view_name(kind, "List"), self._allowed(of_list), kind.fields, filters)
        yield Resource((*pattern, ANY), view_name(kind, "Instance"), self._allowed(of_one), kind.fields)

    def list(self, call: Call) -> Answer:
        """GET x/: those that fit the filters."""
        rows = self.engine.find(self.endpoint, call.query)
        return self.lists.answer(call, with_host(rows, call.request.origin) if self._has_content else rows)

    def get(self, call: Call) -> Answer:
        """GET x/{id}/."""
        return self._shown(call, self.engine.get(self.endpoint, call.number(), call.query))

    def create(self, call: Call) -> Answer:
        """POST x/: 201 with the whole new object."""
        value = value_of(call.body, self.kind)
        if self._has_content:
            return self._with_content(call, value)
        return Answer(self.engine.create(self.endpoint, value, user=call.user), 201)

    def put(self, call: Call) -> Answer:
        """PUT x/{id}/: all required fields are needed."""
        return self._update(call, partial=False)

    def patch(self, call: Call) -> Answer:
        """PATCH x/{id}/: only the fields given change."""
        return self._update(call, partial=True)

    def delete(self, call: Call) -> Answer:
        """DELETE x/{id}/: 204 without a body."""
        self.engine.delete(self.endpoint, call.number(), user=call.user)
        return NOTHING

    def _update(self, call: Call, *, partial: bool) -> Answer:
        number, value = call.number(), value_of(call.body, self.kind)
        changed = self.engine.update(self.endpoint, number, value, user=call.user, partial=partial)
        content = upload_of(call.body) if self._has_content else None
        if content is not None:
            changed = self.engine.replace_content(self.endpoint, number, content, user=call.user)
        return self._shown(call, changed)

    def _with_content(self, call: Call, value: object) -> Answer:
        """POST with bytes: files have a call of their own for it, other kinds get them once they exist."""
        content = upload_of(call.body)
        if self.kind.endpoint == "files" and call.body.is_form and isinstance(value, dict):
            return self._shown(call, self.engine.upload(value, content, user=call.user), 201)
        made = self.engine.create(self.endpoint, value, user=call.user)
        if content is not None:
            made = self.engine.replace_content(self.endpoint, made["id"], content, user=call.user)
        return self._shown(call, made, 201)

    def _shown(self, call: Call, document: Document, status: int = 200) -> Answer:
        return Answer(whole(document, call.request.origin) if self._has_content else document, status)

    def _allowed(self, handlers: dict[str, Handler]) -> dict[str, Handler]:
        return {method: handler for method, handler in handlers.items() if method in self.kind.methods}


def upload_of(body: Body) -> Upload | None:
    """The file of a multipart body, or None where there is none."""
    found = body.files.get(CONTENT)
    return Upload(found.name, found.content, found.media_type) if found is not None else None
