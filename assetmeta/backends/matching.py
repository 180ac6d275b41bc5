"""Conditions evaluated over what is known: the part of a query that a server cannot do, or cannot be trusted with."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

from assetmeta.backends.known import Known
from assetmeta.model.errors import Unsupported
from assetmeta.model.paths import Path
from assetmeta.model.terms import And, Compare, Exists, Not, Or, RawFilter, Term, leaves
from assetmeta.model.values import Oid

_ORDERS: dict[str, Callable[[Any, Any], object]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def admits(term: Term | None, known: Known, oid: Oid) -> bool:
    """True when *oid* satisfies *term*.

    `=` and the orders hold when any value that the path reaches matches any of the term's; `!=` when none does, also
    where there is no value. `~=` looks for a part of the text, letter case aside. Raises Unsupported for filter text.
    """
    if term is None:
        return True
    if isinstance(term, And):
        return all(admits(part, known, oid) for part in term.terms)
    if isinstance(term, Or):
        return any(admits(part, known, oid) for part in term.terms)
    if isinstance(term, Not):
        return not admits(term.term, known, oid)
    if isinstance(term, RawFilter):
        raise Unsupported("This server has no filter language of its own.")
    values = known.values(oid, term.path)
    if isinstance(term, Exists):
        return bool([value for value in values if value != ""]) is term.present
    if term.operator == "!=":
        return not any(value == wanted for value in values for wanted in term.values)
    return any(_holds(term.operator, value, wanted) for value in values for wanted in term.values)


def _holds(word: str, value: object, wanted: object) -> bool:
    if word == "=":
        return value == wanted
    if word == "~=":
        return str(wanted).casefold() in str(value).casefold()
    try:
        return bool(_ORDERS[word](value, wanted))
    except TypeError:
        # Values of different kinds stand in no order.
        return False


def asked_paths(term: Term | None) -> Iterator[Path]:
    """Yield the paths that a condition looks at."""
    for leaf in () if term is None else leaves(term):
        if not isinstance(leaf, RawFilter):
            yield leaf.path


def conjunction(term: Term | None) -> tuple[Term, ...]:
    """The terms that must all hold."""
    if term is None:
        return ()
    if isinstance(term, And):
        return tuple(part for inner in term.terms for part in conjunction(inner))
    return (term,)


def wanted_values(term: Term) -> tuple[str, tuple[object, ...]] | None:
    """The path and the values of a plain `path = any of values`; None for every other term."""
    if isinstance(term, Compare) and term.operator == "=" and term.path.is_plain and term.values:
        return str(term.path), term.values
    return None
