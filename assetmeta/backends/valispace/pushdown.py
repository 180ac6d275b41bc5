"""Which conditions the server is known to apply to a list (reference 5.1).

A parameter that a server does not know is ignored without a word, and the whole collection comes. So a condition only
goes along where the table says that it is applied, and all conditions are looked at again here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from assetmeta.backends.local.operators import equality
from assetmeta.backends.rest.http import Pairs, Sendable
from assetmeta.backends.valispace.api import Resource
from assetmeta.backends.valispace.lookup import require_key
from assetmeta.model.conditions import Term, and_terms
from assetmeta.model.values import Key, Oid

MOST_LISTS = 20
"""Lists that one read may be split into, where a parameter takes one value and several are asked for."""


@dataclass(frozen=True, slots=True)
class Pushdown:
    """How a list is asked for: *keys* where the identities are named, else one list per item of *queries*.

    *pushed* are the conditions that the server applies. *filters* say the same for a search.
    """

    queries: tuple[Pairs, ...] = ((),)
    pushed: tuple[Term, ...] = ()
    keys: tuple[Key, ...] | None = None
    filters: tuple[tuple[str, Sendable], ...] = ()


def push_down(endpoint: Resource, where: Term | None) -> Pushdown:
    """Choose the conditions among those that must all hold that the server can apply."""
    lists: list[list[tuple[str, str]]] = []
    filters: list[tuple[str, Sendable]] = []
    pushed: list[Term] = []
    for term in and_terms(where):
        path, values = equality(term) or ("", ())
        if path == "id":
            keys = tuple(value for value in values if isinstance(value, int))
            return Pushdown((), (term,), keys)
        spelled = [text for value in values for text in _spelled(value)]
        parameter = endpoint.filters.get(path)
        if parameter is None or len(spelled) < len(values) or any(parameter == name for [(name, _), *_] in lists):
            continue
        several = len(spelled) * _size(lists)
        if spelled and several <= MOST_LISTS:
            lists.append([(parameter, text) for text in spelled])
            pushed.append(term)
            if len(values) == 1:
                filters.append((parameter, _raw(values[0])))
    return Pushdown(tuple(product(*lists)), tuple(pushed), filters=tuple(filters))


def _size(lists: list[list[tuple[str, str]]]) -> int:
    size = 1
    for choices in lists:
        size *= len(choices)
    return size


def _spelled(value: object) -> Iterator[str]:
    """A value as a query parameter; none for what has no spelling there: an empty value would be no filter at all."""
    if isinstance(value, Oid):
        yield str(require_key(value.type, value.key))
    elif isinstance(value, bool):
        yield "true" if value else "false"
    elif isinstance(value, int | str) and value != "":
        yield str(value)


def _raw(value: object) -> Sendable:
    return value.key if isinstance(value, Oid) else value if isinstance(value, int | str) else str(value)
