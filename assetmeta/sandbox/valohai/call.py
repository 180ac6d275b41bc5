"""One authenticated request on its way to a handler."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from assetmeta.sandbox.messages import Request
from assetmeta.sandbox.rest.answers import Answer
from assetmeta.sandbox.rest.bodies import Body, read_body
from assetmeta.sandbox.rest.refusals import forbidden, not_found

from .catalogue import KINDS
from .derived import DERIVED
from .fields import Fields
from .lookups import Finder
from .model import Key
from .problems import Refused
from .query import Query
from .reader import Reader
from .rights import Rights
from .workspace import Workspace


@dataclass(frozen=True)
class Call:
    """A request of *user* for a path whose variable parts are *arguments*, decoded."""

    request: Request
    space: Workspace
    user: int
    arguments: tuple[str, ...] = ()

    @property
    def origin(self) -> str:
        """Scheme and host as the client named them."""
        return self.request.origin

    @cached_property
    def query(self) -> Query:
        """The query parameters."""
        return Query(self.request.query)

    @cached_property
    def body(self) -> Body:
        """The body as data. Raises Refusal where it cannot be read."""
        return read_body(self.request)

    @cached_property
    def rights(self) -> Rights:
        """What the user may."""
        return Rights(self.space, self.user)

    @cached_property
    def finder(self) -> Finder:
        """Finds what the user sees."""
        return Finder(self.space, self.rights)

    @cached_property
    def reader(self) -> Reader:
        """Renders objects for this request, with its `include` and `exclude`."""
        include, exclude = self.query.words("include"), self.query.words("exclude")
        return Reader(self.space, self.rights, DERIVED, self.origin, include, exclude)

    def fields(self) -> Mapping[str, Any]:
        """The body as an object, {} for no body. Raises Refusal for a body that cannot be read or is no object."""
        value = self.body.value
        if not isinstance(value, Mapping):
            message = f"Invalid data. Expected a dictionary, but got {type(value).__name__}."
            raise Refused.whole(message)
        return value

    def body_fields(self) -> Fields:
        """The body, to be read field by field."""
        return Fields(self.fields(), is_form=self.body.is_form)

    def find(self, kind_name: str, text: str | None = None) -> Key:
        """The object that *text*, by default the first variable part of the path, means. Raises Refusal (404)."""
        kind = KINDS[kind_name]
        project: Key | None = None
        named = self.query.one("project") if kind.name == "commit" else None
        if named:
            project = self.finder.find(KINDS["project"], named)
            if project is None:
                raise not_found()
        found = self.finder.find(kind, self.arguments[0] if text is None else text, project)
        if found is None:
            raise not_found()
        return found

    def find_writable(self, kind_name: str) -> Key:
        """The object that the path means, which the user may change. Raises Refusal (404, 403)."""
        id = self.find(kind_name)
        self.writable(kind_name, id)
        return id

    def writable(self, kind_name: str, id: Key) -> None:
        """Raises Refusal (403) unless the user may change the object."""
        if not self.rights.changes(KINDS[kind_name], id):
            raise forbidden()


Handler = Callable[[Call], Answer]
