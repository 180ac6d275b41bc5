"""Filters of the query string (section 5.1 of the protocol): known ones compare, all others are ignored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from assetmeta.sandbox.rest.refusals import Refused

from . import lookups
from .model import Field, Kind
from .workspace import Workspace

BAD_CHOICE = "Select a valid choice. That choice is not one of the available choices."
BAD_NUMBER = "Enter a number."
SHARED = ("requirements/verification-statuses",)
"""Lists whose entries without a project belong to every project."""


def select(space: Workspace, kind: Kind, query: Mapping[str, str]) -> list[int]:
    """The ids of the objects that all known filters of the query admit, in order. Raises Refused for a bad value."""
    chosen = {name: value for name, value in query.items() if name in kind.filters and value != ""}
    errors: dict[str, object] = {}
    tests = []
    for name, text in chosen.items():
        path = tuple(kind.filters[name].split("__"))
        try:
            wanted = _wanted(space, name, lookups.last_field(kind, path), text)
        except ValueError as error:
            errors[name] = [str(error)]
            continue
        tests.append((path, wanted))
    if errors:
        raise Refused(errors)
    return _passing(space, kind, tests)


def _passing(space: Workspace, kind: Kind, tests: list[tuple[tuple[str, ...], set[Any]]]) -> list[int]:
    """The ids that pass all tests; where a test compares a stored reference, the index finds them."""
    ids: Iterable[int] = space.store.ids(kind.endpoint)
    for path, wanted in tests:
        if len(path) == 1 and path[0] in {field.name for field in kind.relations} and kind.endpoint not in SHARED:
            found = {id for target in wanted for id in space.store.pointing(kind.endpoint, path[0], target)}
            ids = [id for id in ids if id in found]
        else:
            passes = _test(space, kind, path, wanted)
            ids = [id for id in ids if passes(id)]
    return list(ids)


def _test(space: Workspace, kind: Kind, path: tuple[str, ...], wanted: set[Any]) -> Callable[[int], bool]:
    accepted = wanted | {None} if kind.endpoint in SHARED and path == ("project",) else wanted
    return lambda id: not accepted.isdisjoint(lookups.values(space, kind, id, path))


def _wanted(space: Workspace, name: str, field: Field, text: str) -> set[Any]:
    """The values a parameter asks for. Raises ValueError with the message of a bad one."""
    if field.name == "id":
        return _ids(text)
    if field.targets:
        id = int(text) if text.isascii() and text.isdigit() else None
        if id is None or not _exists(space, field.targets, id):
            raise ValueError(BAD_CHOICE)
        return {id}
    return {text}


def _ids(text: str) -> set[Any]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise ValueError(BAD_NUMBER)
    return {int(part) for part in parts}


def _exists(space: Workspace, targets: tuple[str, ...], id: int) -> bool:
    return any(space.store.get(endpoint, id) is not None for endpoint in targets)
