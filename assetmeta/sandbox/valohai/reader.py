"""Objects as answers show them, in each of their shapes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from .catalogue import KINDS
from .model import DETAIL, LISTED, NESTED, ON_REQUEST, Document, Field, Key, Kind, Row
from .rights import Rights
from .workspace import Workspace

API = "/api/v0/"


class Reader:
    """Renders what is stored, for one request.

    *origin* is scheme and host as the client named them; all addresses start with it. *include* and *exclude* are the
    field names of the query; they count for the object asked for, not for what is embedded in it.
    """

    def __init__(
        self,
        space: Workspace,
        rights: Rights,
        derived: Mapping[tuple[str, str], Deriver],
        origin: str,
        include: frozenset[str] = frozenset(),
        exclude: frozenset[str] = frozenset(),
    ) -> None:
        self.space = space
        self.rights = rights
        self.origin = origin
        self.include = include
        self.exclude = exclude
        self._derived = derived

    def document(self, kind_name: str, id: Key) -> Document:
        """The body of one object."""
        return self._asked_for(kind_name, id, DETAIL)

    def row(self, kind_name: str, id: Key) -> Document:
        """The row of one object in a list."""
        return self._asked_for(kind_name, id, LISTED)

    def nested(self, kind_name: str, id: Key | None) -> Document | None:
        """The object as it stands in another one; null where there is none."""
        return self.show(kind_name, id, NESTED)

    def show(self, kind_name: str, id: Key | None, shape: str) -> Document | None:
        """The object in any shape; null where there is none."""
        row = self.space.store.get(kind_name, id)
        if row is None or id is None:
            return None
        kind = KINDS[kind_name]
        return {field.name: self.value(kind, field, id, row, shape) for field in kind.shape(shape)}

    def picked(self, kind_name: str, id: Key | None, names: tuple[str, ...]) -> Document | None:
        """Some keys of an object; null where there is none."""
        row = self.space.store.get(kind_name, id)
        if row is None or id is None:
            return None
        kind = KINDS[kind_name]
        return {name: self.value(kind, kind.by_name[name], id, row, NESTED) for name in names}

    def value(self, kind: Kind, field: Field, id: Key, row: Row, shape: str) -> Any:
        """One value in *shape* of its object."""
        if shape in field.blanked:
            return None
        derive = self._derived.get((kind.name, field.name))
        if derive is not None:
            return derive(self, id, row)
        found = row[field.name]
        if field.type != "ref" or found is None:
            return found
        return self._reference(field, found, shape)

    def url(self, kind_name: str, id: Key) -> str:
        """The address of an object."""
        return f"{self.origin}{API}{KINDS[kind_name].path}/{quote(str(id), safe='')}/"

    def page(self, *parts: str) -> str:
        """The address of a page of the web application."""
        return f"{self.origin}/{'/'.join(quote(part, safe='~') for part in parts)}/"

    def _asked_for(self, kind_name: str, id: Key, shape: str) -> Document:
        kind, row = KINDS[kind_name], self.space.row(kind_name, id)
        found = {}
        for field in kind.fields:
            wanted = shape in field.shapes or (ON_REQUEST in field.shapes and field.name in self.include)
            if wanted and field.shown and (field.name not in self.exclude or field.name == "id"):
                found[field.name] = self.value(kind, field, id, row, shape)
        return found

    def _reference(self, field: Field, id: Key, shape: str) -> Any:
        form = field.form(shape)
        if form == "id":
            return id
        if form == "str":
            return str(id)
        target = field.to[0] if len(field.to) == 1 else self.space.owner_kind(id)
        return self.picked(target, id, form) if isinstance(form, tuple) else self.show(target, id, form)


Deriver = Callable[[Reader, Any, Row], object]
"""Works out one value of the object with this key and row."""
