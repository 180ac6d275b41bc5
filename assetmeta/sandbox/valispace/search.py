"""The search endpoints (section 5.4 of the protocol): look-ups in a body, an answer of chosen fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from assetmeta.sandbox.rest.refusals import Refused
from assetmeta.sandbox.rest.values import as_object

from . import lookups
from .model import Document, Kind
from .reader import document
from .workspace import Workspace

Compare = Callable[[Any, Any], bool]


def _same(value: Any, wanted: Any) -> bool:
    if isinstance(value, int) and not isinstance(value, bool) and isinstance(wanted, str) and wanted.isdigit():
        return value == int(wanted)
    return bool(value == wanted)


def _ordered(compare: Callable[[Any, Any], bool]) -> Compare:
    def apply(value: Any, wanted: Any) -> bool:
        numbers = isinstance(value, (int, float)) and isinstance(wanted, (int, float))
        return (numbers or (isinstance(value, str) and isinstance(wanted, str))) and compare(value, wanted)

    return apply


OPERATORS: dict[str, Compare] = {
    "exact": _same,
    "iexact": lambda value, wanted: str(value).casefold() == str(wanted).casefold(),
    "in": lambda value, wanted: any(_same(value, one) for one in wanted),
    "isnull": lambda value, wanted: (value is None) == bool(wanted),
    "contains": lambda value, wanted: value is not None and str(wanted) in str(value),
    "icontains": lambda value, wanted: value is not None and str(wanted).casefold() in str(value).casefold(),
    "startswith": lambda value, wanted: value is not None and str(value).startswith(str(wanted)),
    "endswith": lambda value, wanted: value is not None and str(value).endswith(str(wanted)),
    "gt": _ordered(lambda value, wanted: bool(value > wanted)),
    "gte": _ordered(lambda value, wanted: bool(value >= wanted)),
    "lt": _ordered(lambda value, wanted: bool(value < wanted)),
    "lte": _ordered(lambda value, wanted: bool(value <= wanted)),
}
"""The comparisons of look-ups, by the last part of their names."""


def search(space: Workspace, kind: Kind, body: object) -> Document:
    """Objects that pass all `query_filters`, at most `size` of them (all for -1 or without), as `includes` says."""
    body = as_object(body)
    asked = body.get("query_filters") or {}
    includes = body.get("includes") or []
    size = body.get("size", -1)
    if not isinstance(asked, Mapping):
        raise Refused.of("query_filters", f'Expected a dictionary of items but got type "{type(asked).__name__}".')
    if not isinstance(includes, list):
        raise Refused.of("includes", f'Expected a list of items but got type "{type(includes).__name__}".')
    if not all(isinstance(name, str) for name in includes):
        raise Refused.of("includes", "Not a valid string.")
    if isinstance(size, bool) or not isinstance(size, int):
        raise Refused.of("size", "A valid integer is required.")
    tests = [_test(space, kind, str(name), wanted) for name, wanted in asked.items()]
    ids = [id for id in space.store.ids(kind.endpoint) if all(test(id) for test in tests)]
    found = (document(space, kind, id) for id in (ids if size < 0 else ids[:size]))
    return {"data": [{name: one[name] for name in includes if name in one} if includes else one for one in found]}


def _test(space: Workspace, kind: Kind, name: str, wanted: Any) -> Callable[[int], bool]:
    path = tuple(name.split("__"))
    operator = "exact"
    if len(path) > 1 and path[-1] in OPERATORS:
        path, operator = path[:-1], path[-1]
    try:
        lookups.last_field(kind, path)
    except lookups.UnknownLookup as error:
        raise Refused.of("query_filters", f"Cannot resolve keyword '{error}' into field.") from error
    if operator == "in" and not isinstance(wanted, list):
        raise Refused.of("query_filters", f"A list is needed for '{name}'.")
    compare = OPERATORS[operator]

    def passes(id: int) -> bool:
        return any(compare(value, wanted) for value in lookups.values(space, kind, id, path) or [None])

    return passes
