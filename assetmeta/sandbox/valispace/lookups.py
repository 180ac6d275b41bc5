"""Look-up paths such as `parent__project__workspace__name`: from an object, along relations, to values."""

from __future__ import annotations

from typing import Any

from .catalogue import KINDS
from .derived import value_of
from .model import Field, Kind
from .workspace import Workspace


class UnknownLookup(LookupError):
    """A path that leads nowhere; the argument is the name that is not known."""


def targets_of(kind: Kind, name: str) -> Field:
    """The field that one step of a path names; `x_id` is `x`. Raises UnknownLookup."""
    field = kind.by_name.get(name) or kind.by_name.get(name.removesuffix("_id"))
    if field is None or field.access == "wo":
        raise UnknownLookup(name)
    return field


def values(space: Workspace, kind: Kind, id: int, path: tuple[str, ...]) -> list[Any]:
    """All values at the end of a path; of relations the ids. Raises UnknownLookup."""
    row = space.store.get(kind.endpoint, id)
    if row is None:
        return []
    if path[0] in ("id", "pk"):
        return [id]
    field = targets_of(kind, path[0])
    found = value_of(space, kind.endpoint, id, row, field.name)
    if len(path) == 1:
        return list(found) if isinstance(found, list) else [found]
    if not field.targets:
        raise UnknownLookup(path[1])
    ids = found if isinstance(found, list) else [found] if found is not None else []
    return [value for target in ids for value in _beyond(space, field, target, path[1:])]


def _beyond(space: Workspace, field: Field, id: int, path: tuple[str, ...]) -> list[Any]:
    for endpoint in field.targets:
        if space.store.get(endpoint, id) is not None:
            kind = KINDS[endpoint]
            if len(field.targets) > 1 and path[0] == "unique_name" and path[0] not in kind.by_name:
                return [space.names.path(id)]
            return values(space, kind, id, path)
    return []


def last_field(kind: Kind, path: tuple[str, ...]) -> Field:
    """The field that a path ends at. Raises UnknownLookup."""
    field = KEY if path[0] in ("id", "pk") else targets_of(kind, path[0])
    for name in path[1:]:
        if not field.targets:
            raise UnknownLookup(name)
        if name in ("id", "pk"):
            return KEY
        field = _any_of(field, name)
    return field


def _any_of(field: Field, name: str) -> Field:
    for endpoint in field.targets:
        try:
            return targets_of(KINDS[endpoint], name)
        except UnknownLookup:
            continue
    raise UnknownLookup(name)


KEY = Field("id", "int", "ro")
