"""Conditions, order and windows evaluated over what is known: the part of a query that a server cannot do, or may not
have done.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from assetmeta.backends.local.records import RowStore
from assetmeta.model.conditions import ENDS, EXACT, STARTS, And, Compare, Exists, Not, Or, RawFilter, Term, leaves
from assetmeta.model.errors import Unsupported
from assetmeta.model.paths import Path
from assetmeta.model.plans import Sort
from assetmeta.model.values import Oid

_ORDERS: dict[str, Callable[[Any, Any], object]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


Test = Callable[[RowStore, Oid], bool]


def matches(term: Term | None, known: RowStore, oid: Oid) -> bool:
    """True when *oid* satisfies *term*; see `admission`."""
    return admission(term)(known, oid)


def matching(term: Term | None, known: RowStore, oids: Iterable[Oid]) -> list[Oid]:
    """The assets among *oids* that satisfy *term*, same order; see `admission`."""
    test = admission(term)
    return [oid for oid in oids if test(known, oid)]


def admission(term: Term | None) -> Test:
    """Return the test of whether an asset satisfies *term*, to be used for many assets.

    `=` and the orders hold when any value that the path reaches matches any of the term's; `!=` when none does, also
    where there is no value. `~=` looks for a part of the text, letter case aside. Raises Unsupported for filter text.
    """
    if term is None:
        return lambda known, oid: True
    if isinstance(term, And | Or):
        parts = [admission(part) for part in term.terms]
        enough = all if isinstance(term, And) else any
        return lambda known, oid: enough(part(known, oid) for part in parts)
    if isinstance(term, Not):
        inner = admission(term.term)
        return lambda known, oid: not inner(known, oid)
    if isinstance(term, RawFilter):
        raise Unsupported("This server has no filter language of its own.")
    path = term.path
    if isinstance(term, Exists):
        present = term.present
        return lambda known, oid: any(value != "" for value in known.values(oid, path)) is present
    if any(isinstance(value, Path) for value in term.values):
        return _between(term)
    holds = _comparison(term)
    if term.operator == "!=":
        return lambda known, oid: not any(map(holds, known.values(oid, path)))
    return lambda known, oid: any(map(holds, known.values(oid, path)))


def _between(term: Compare) -> Test:
    """The test of a condition that compares attributes of an asset with each other."""

    def holds(known: RowStore, oid: Oid) -> bool:
        wanted = (known.values(oid, value) if isinstance(value, Path) else [value] for value in term.values)
        values = tuple(one for several in wanted for one in several)
        found = any(map(_comparison(replace(term, values=values)), known.values(oid, term.path)))
        return found is not (term.operator == "!=")

    return holds


def _comparison(term: Compare) -> Callable[[object], bool]:
    """The test of one value: whether it matches any of the term's values (for `!=`: equals one)."""
    word, wanted = term.operator, term.values
    if word in ("=", "!=", EXACT):
        return _membership(wanted)
    if word == "~=":
        parts = [str(part).casefold() for part in wanted]
        return lambda value: any(part in str(value).casefold() for part in parts)
    if word in (STARTS, ENDS):
        edges = tuple(str(part).casefold() for part in wanted)
        if word == STARTS:
            return lambda value: str(value).casefold().startswith(edges)
        return lambda value: str(value).casefold().endswith(edges)
    order = _ORDERS[word]
    return lambda value: any(_in_order(order, value, other) for other in wanted)


def _membership(wanted: Sequence[object]) -> Callable[[object], bool]:
    """Whether a value is one of *wanted*, however many they are. Pieces of JSON have no hash and are compared."""
    try:
        known = frozenset(wanted)
    except TypeError:
        return lambda value: value in wanted

    def holds(value: object) -> bool:
        try:
            return value in known
        except TypeError:
            return value in wanted

    return holds


def _in_order(order: Callable[[Any, Any], object], value: object, other: object) -> bool:
    try:
        return bool(order(value, other))
    except TypeError:
        # Values of different kinds cannot be compared.
        return False


def compares_attributes(term: Term) -> bool:
    """True when a part of *term* compares an attribute with another one."""
    return any(isinstance(leaf, Compare) and any(isinstance(one, Path) for one in leaf.values) for leaf in leaves(term))


def paths_in(term: Term | None) -> Iterator[Path]:
    """Yield the paths in a condition."""
    for leaf in () if term is None else leaves(term):
        if not isinstance(leaf, RawFilter):
            yield leaf.path
            if isinstance(leaf, Compare):
                yield from (value for value in leaf.values if isinstance(value, Path))


def equality(term: Term) -> tuple[str, tuple[object, ...]] | None:
    """The path and the values of a plain `path = any of values`; None for every other term."""
    if not isinstance(term, Compare) or any(isinstance(value, Path) for value in term.values):
        return None
    if term.operator == "=" and term.path.is_plain and term.values:
        return str(term.path), term.values
    return None


def sort_rows(oids: Sequence[Oid], sorts: Sequence[Sort], known: RowStore) -> list[Oid]:
    """Return *oids* sorted; the first key counts most, equals stay in their order, letter case counts last.

    Assets without a value come last, whichever the direction. Of several values the smallest counts (or the largest,
    when descending). Raises Unsupported for values that cannot be compared, such as dicts.
    """
    found = list(oids)
    for sort in reversed(sorts):
        try:
            keys = {oid: _key(known.values(oid, sort.path), sort.descending) for oid in found}
            present = [oid for oid in found if keys[oid] is not None]
            present.sort(key=keys.__getitem__, reverse=sort.descending)
        except TypeError:
            raise Unsupported(f"{sort.path} cannot be sorted by: its values cannot be compared.") from None
        found = present + [oid for oid in found if keys[oid] is None]
    return found


def _key(values: Sequence[object], descending: bool) -> Any:
    """A key that orders values of one kind, and keeps kinds apart, which cannot be compared."""
    keys = [_comparable(value) for value in values]
    if not keys:
        return None
    return max(keys) if descending else min(keys)


def _comparable(value: object) -> tuple[str, Any, Any]:
    if isinstance(value, str):
        return ("text", value.casefold(), str(value))
    if isinstance(value, int | float | Decimal):
        return ("number", value, 0)
    if isinstance(value, Oid):
        return ("asset", (value.type, str(type(value.key)), value.key), 0)
    return (type(value).__name__, value, 0)


def slice_rows(oids: Sequence[Oid], start: int, size: int | None) -> tuple[list[Oid], bool]:
    """Return the part of a list from *start* on, at most *size* long, and whether there is more behind it."""
    end = None if size is None else start + size
    return list(oids[start:end]), end is not None and end < len(oids)
