"""Filters of the query (section 4 of the protocol): known ones compare, all others are ignored."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

from . import ids
from .catalogue import KINDS
from .lookups import numbered
from .model import INCOMPLETE, LISTED, Field, Filter, Key, Kind, Row
from .problems import Leaf, Refused, leaf
from .query import Query, flag
from .reader import Reader

Test = Callable[[Key, Row], bool]

PSEUDO_STATUSES = {"incomplete": INCOMPLETE}
"""Words that stand for several statuses."""


class BadValue(ValueError):
    """A value that cannot be one of the field's; the argument is a leaf of the answer."""

    def __init__(self, problem: Leaf) -> None:
        super().__init__(problem)
        self.leaf = problem


def select(reader: Reader, kind: Kind, query: Query) -> list[Key]:
    """The keys of the objects that the user sees and all known filters admit, in the order they were made in.

    What is deleted is shown unless `deleted=false` is asked for, which the vendor's client does in all its lists.
    Raises Refused for a value of the wrong type.
    """
    errors: dict[str, object] = {}
    tests: list[Test] = []
    pool: Iterable[Key] = reader.space.store.ids(kind.name)
    for name, filter in kind.filters.items():
        texts = query.all(name)
        if not texts:
            continue
        try:
            wanted = _wanted(_field(kind, filter), filter, texts)
        except BadValue as error:
            errors[name] = [error.leaf]
            continue
        if filter.how == "equal" and kind.by_name.get(filter.field) in kind.relations and len(wanted) == 1:
            pool = reader.space.store.pointing(kind.name, filter.field, next(iter(wanted)))
        tests.append(_test(reader, kind, filter, wanted))
    if errors:
        raise Refused(errors)
    rows, sees = reader.space.store.rows(kind.name), reader.rights.sees
    return [id for id in pool if all(test(id, rows[id]) for test in tests) and sees(kind, id)]


def _field(kind: Kind, filter: Filter) -> Field:
    """The field at the end of a filter's path."""
    first, _, rest = filter.field.partition(".")
    field = kind.by_name[first]
    return field if not rest else _field(KINDS[field.to[0]], Filter(rest))


def _wanted(field: Field, filter: Filter, texts: list[str]) -> Collection[Any]:
    if filter.how == "words":
        return {word.strip() for text in texts for word in text.split(",") if word.strip()}
    if filter.how == "contains":
        return [text.lower() for text in texts]
    if filter.how == "status":
        return {status for text in texts for status in PSEUDO_STATUSES.get(text, (text,))}
    return {_value(field, text) for text in texts}


def _value(field: Field, text: str) -> Any:
    """One value as rows have it. Raises BadValue."""
    found: object = text
    if field.type == "bool":
        found = flag(text)
    elif field.type in ("int", "number") or (field.type == "ref" and KINDS[field.to[0]].numbered):
        found = numbered(text)
    elif field.type in ("id", "ref"):
        found = ids.read(text)
    if found is None:
        raise BadValue(leaf(BAD[field.type], "invalid"))
    return found


BAD = {
    "bool": "Enter true or false.",
    "int": "Enter a number.",
    "number": "Enter a number.",
    "id": "Enter a valid UUID.",
    "ref": "Enter a valid key.",
}


def _test(reader: Reader, kind: Kind, filter: Filter, wanted: Collection[Any]) -> Test:
    get = _getter(reader, kind, filter.field)
    if filter.how == "contains":
        return lambda id, row: all(part in str(get(id, row)).lower() for part in wanted)
    if filter.how in ("words", "member"):
        return lambda id, row: not set(wanted).isdisjoint(get(id, row) or ())
    return lambda id, row: get(id, row) in wanted


def _getter(reader: Reader, kind: Kind, path: str) -> Callable[[Key, Row], Any]:
    """Reads the stored value at the end of *path*, or works it out where it is not stored."""
    name, _, rest = path.partition(".")
    field = kind.by_name[name]
    if rest:
        target = KINDS[field.to[0]]
        further = _getter(reader, target, rest)
        return lambda _, row: further(row[name], reader.space.row(target.name, row[name]))
    if field.stored:
        return lambda _, row: row[name]
    return lambda id, row: reader.value(kind, field, id, row, LISTED)
