"""Which conditions a server is known to apply to a list.

A parameter that a server does not know is ignored without an error, and the whole list is sent. So a condition is sent
only where the description has a filter for it, and all conditions are evaluated again in the client.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from math import prod

from msgspec.structs import replace as struct_replace

from assetmeta.backends.local.operators import compares_attributes, equality, paths_in
from assetmeta.backends.rest.http import Pairs, Sendable
from assetmeta.backends.rest.spec import Filter, Resource
from assetmeta.model.conditions import And, Compare, Exists, Not, Or, Term, and_terms
from assetmeta.model.paths import Path
from assetmeta.model.plans import Fetch, RawValue
from assetmeta.model.values import Key, Oid, chunks

MOST_LISTS = 20
"""Lists that one read may be split into, where a parameter takes one value and several are wanted."""

MOST_VALUES = 100
"""Values of one parameter in one request."""

ParseKey = Callable[[Resource, object], Key | None]
"""Returns the key that a value in a condition is; None for what is not a key."""

FilterText = Callable[[object], str | None]
"""Returns the text of a value as a query parameter; None for what cannot be one."""


@dataclass(frozen=True, slots=True)
class Pushdown:
    """How a list is read: *keys* where the assets are named, else one list for each of *queries*.

    *pushed* are the conditions that the server applies; *exact* when they are all there are and it finds nothing else.
    *implied* are values that all assets of the list must have, whether their rows contain them or not. *look_ups* are
    the conditions for a search. *whole* is true where the server sends all there are.
    """

    queries: tuple[Pairs, ...] = ((),)
    pushed: tuple[Term, ...] = ()
    keys: tuple[Key, ...] | None = None
    exact: bool = False
    implied: Mapping[str, RawValue] = field(default_factory=dict)
    look_ups: Mapping[str, Sendable] = field(default_factory=dict)
    whole: bool = True


def push_down(resource: Resource, wanted: Fetch, parse_key: ParseKey, filter_text: FilterText) -> Pushdown:
    """Choose the conditions of a fetch that the server can apply. What was deleted is left out unless it is wanted."""
    found = push_down_terms(resource, and_terms(wanted.where), parse_key, filter_text)
    is_given = any(name == "deleted" for query in found.queries for name, _ in query)
    if found.keys is not None or wanted.deleted or is_given or not resource.has_parameter("deleted"):
        return found
    return replace(found, queries=tuple((*query, ("deleted", "false")) for query in found.queries))


def push_down_terms(
    resource: Resource, terms: Sequence[Term], parse_key: ParseKey, filter_text: FilterText
) -> Pushdown:
    """Choose the conditions that the server can apply, among *terms*, all of which must be true."""
    lists: list[list[Pairs]] = []
    pushed: list[Term] = []
    implied: dict[str, RawValue] = {}
    look_ups: dict[str, Sendable] = {}
    taken: dict[str, Filter] = {}
    for term in terms:
        path, values = equality(term) or ("", ())
        if path == "id":
            keys = (parse_key(resource, value) for value in values)
            return Pushdown((), (term,), tuple(key for key in keys if key is not None))
        known = resource.filters.get(path)
        choices = list(_choices(known, values, filter_text)) if known and known.parameter not in taken else []
        # An asset that matches several of the lists would be found twice, unless they exclude each other.
        if not known or not choices or len(choices) * _number(lists) > MOST_LISTS:
            continue
        if known.inexact and len(choices) > 1:
            continue
        lists.append(choices)
        pushed.append(term)
        taken[known.parameter] = known
        if len(values) == 1:
            look_ups[known.parameter] = _scalar(values[0])
            if not known.inexact and "." not in path:
                implied[path] = values[0] if isinstance(values[0], Oid | str | int) else None
    is_exact = len(pushed) == len(terms) and _number(lists) == 1 and not any(one.inexact for one in taken.values())
    queries = tuple(tuple(pair for pairs in some for pair in pairs) for some in product(*lists))
    return Pushdown(queries, tuple(pushed), exact=is_exact, implied=implied, look_ups=look_ups)


def rebase(resource: Resource, prefix: str, terms: Sequence[Term]) -> Iterator[Term]:
    """The conditions on nothing but the assets that a relation path leads to (*prefix*, with a dot at the end), as
    conditions on those, which are of *resource*.
    """
    for term in terms:
        paths = [str(path) for path in paths_in(term)]
        names = [path.removeprefix(prefix) for path in paths if path.startswith(prefix)]
        own = [name for name in names if name in resource.fields and name not in resource.lists]
        if own and len(own) == len(paths) and not compares_attributes(term):
            yield _without_steps(term, prefix.count("."))


def _without_steps(term: Term, steps: int) -> Term:
    """A term without the first *steps* of its paths."""
    if isinstance(term, And | Or):
        return type(term)(tuple(_without_steps(part, steps) for part in term.terms))
    if isinstance(term, Not):
        return Not(_without_steps(term.term, steps))
    if isinstance(term, Compare | Exists):
        return struct_replace(term, path=Path(term.path.steps[steps:], term.path.aggregate))
    return term


def _choices(known: Filter, values: Sequence[object], filter_text: FilterText) -> Iterator[Pairs]:
    """The values of one parameter, in one list or in several; none at all where one of them cannot be a parameter."""
    texts = [text for text in map(filter_text, values) if text]
    if len(texts) < len(values):
        return
    if known.lowercased:
        texts = [text.lower() for text in texts]
    for some in chunks(texts, MOST_VALUES if known.repeatable else 1):
        yield tuple((known.parameter, text) for text in some)


def _number(lists: Sequence[Sequence[Pairs]]) -> int:
    return prod(map(len, lists))


def _scalar(value: object) -> Sendable:
    return value.key if isinstance(value, Oid) else value if isinstance(value, int | str) else str(value)


def plain_text(value: object) -> str | None:
    """The text of a number, a Boolean or a text as a query parameter; None for all else, and for an empty text, which
    would be no filter at all.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | str) and value != "" else None
