"""Which conditions the server is known to apply to a list (reference 4).

A parameter that a server does not know is ignored without a word, and the whole collection comes. So a condition only
goes along where the table says that it is applied, and all conditions are looked at again here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from assetmeta.backends.local.operators import equality
from assetmeta.backends.rest.http import Pairs
from assetmeta.backends.valohai.api import Api, Resource
from assetmeta.backends.valohai.keys import parse_key
from assetmeta.model.conditions import And, Compare, Not, Or, Term, and_terms
from assetmeta.model.paths import resolve
from assetmeta.model.plans import Fetch, RawValue
from assetmeta.model.schema import Schema
from assetmeta.model.values import Key, Oid

MOST_LISTS = 20
"""Lists that one read may be split into, where a parameter takes one value and several are asked for."""

MOST_VALUES = 100
"""Values of one parameter in one request."""


@dataclass(frozen=True, slots=True)
class Pushdown:
    """How a list is asked for: *keys* where the identities are named, else one list per item of *queries*.

    *pushed* are the conditions that the server applies; *exact* when they are all there are and it finds nothing else.
    *told* are values that all assets of the list must have, whether their rows show them or not.
    """

    queries: tuple[Pairs, ...] = ((),)
    pushed: tuple[Term, ...] = ()
    keys: tuple[Key, ...] | None = None
    exact: bool = False
    told: Mapping[str, RawValue] = field(default_factory=dict)


def push_down(endpoint: Resource, wanted: Fetch) -> Pushdown:
    """Choose the conditions among those that must all hold that the server can apply."""
    terms = and_terms(wanted.where)
    lists: list[list[Pairs]] = []
    pushed: list[Term] = []
    told: dict[str, RawValue] = {}
    taken: set[str] = set()
    for term in terms:
        path, values = equality(term) or ("", ())
        if path == "id":
            return Pushdown((), (term,), _keys(endpoint, values))
        parameter = endpoint.filters.get(path, "")
        choices = list(_choices(endpoint, parameter, values)) if parameter not in taken else []
        several = len(choices) * _size(lists)
        # Lists that may overlap would hold an asset twice.
        if not choices or several > MOST_LISTS or (len(choices) > 1 and parameter in endpoint.loose):
            continue
        lists.append(choices)
        pushed.append(term)
        taken.add(parameter)
        if len(values) == 1 and parameter not in endpoint.loose and "." not in path:
            told[path] = _cell(values[0])
    if "deleted" in endpoint.filters.values() and "deleted" not in taken and not wanted.deleted:
        lists.append([(("deleted", "false"),)])
    exact = len(pushed) == len(terms) and taken.isdisjoint(endpoint.loose) and _size(lists) == 1
    queries = tuple(tuple(pair for pairs in some for pair in pairs) for some in product(*lists))
    return Pushdown(queries, tuple(pushed), exact=exact, told=told)


def _keys(endpoint: Resource, values: tuple[object, ...]) -> tuple[Key, ...]:
    found = (parse_key(endpoint, str(value)) for value in values)
    return tuple(key for key in found if key is not None)


def _choices(endpoint: Resource, parameter: str, values: tuple[object, ...]) -> Iterator[Pairs]:
    """The values of one parameter, in one list or in several; none at all where one of them has no spelling there."""
    spelled = [text for value in values for text in _spelled(value)] if parameter else []
    if len(spelled) < len(values):
        return
    spelled = [text.lower() for text in spelled] if parameter in endpoint.lowered else spelled
    step = MOST_VALUES if parameter in endpoint.several else 1
    for start in range(0, len(spelled), step):
        yield tuple((parameter, text) for text in spelled[start : start + step])


def _size(lists: list[list[Pairs]]) -> int:
    size = 1
    for choices in lists:
        size *= len(choices)
    return size


def _spelled(value: object) -> Iterator[str]:
    """A value as a query parameter; none for what has no spelling there: an empty value would be no filter at all, and
    a comma would make several of it.
    """
    if isinstance(value, Oid):
        yield str(value.key)
    elif isinstance(value, bool):
        yield "true" if value else "false"
    elif isinstance(value, int):
        yield str(value)
    elif isinstance(value, str) and value and "," not in value:
        yield value


def _cell(value: object) -> RawValue:
    return value if isinstance(value, Oid | str | int) else None


def meant(schema: Schema, table: Api, endpoint: Resource, term: Term) -> Term:
    """Put what is meant in the place of words that only filters know (`incomplete`), and of owners: whether an id is a
    user's or an organization's, bodies do not say.
    """
    if isinstance(term, And | Or):
        return type(term)(tuple(meant(schema, table, endpoint, inner) for inner in term.terms))
    if isinstance(term, Not):
        return Not(meant(schema, table, endpoint, term.term))
    if not isinstance(term, Compare):
        return term
    words = endpoint.words.get(str(term.path), {})
    values = [one for value in term.values for one in words.get(str(value), (value,))]
    kinds = table.unions.get(resolve(schema, endpoint.type, term.path).attribute.related or "", ())
    values += [Oid(name, value.key) for value in values if isinstance(value, Oid) for name in kinds]
    return Compare(term.path, term.operator, _once(values), term.owner)


def _once(values: Sequence[object]) -> tuple[object, ...]:
    """Each value once, as far as that shows: pieces of JSON have no hash."""
    try:
        return tuple(dict.fromkeys(values))
    except TypeError:
        return tuple(values)
