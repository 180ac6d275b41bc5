"""Which conditions a server is known to apply to a list.

A parameter that a server does not know is ignored without an error, and the whole list is sent. So a condition is sent
only where the description has a filter for it, and all conditions are evaluated again in the client.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import prod

from assetmeta.backends.local.operators import equality
from assetmeta.backends.rest.http import Pairs, Sendable
from assetmeta.backends.rest.spec import Filter, Resource
from assetmeta.model.conditions import Term, and_terms
from assetmeta.model.plans import Fetch, RawValue
from assetmeta.model.values import Key, Oid

MOST_LISTS = 20
"""Lists that one read may be split into, where a parameter takes one value and several are wanted."""

MOST_VALUES = 100
"""Values of one parameter in one request."""

ParseKey = Callable[[Resource, object], Key | None]
"""Returns the key that a value in a condition is; None for what is not a key."""

Spell = Callable[[object], str | None]
"""Returns the text of a value as a query parameter; None for what has no spelling there."""


@dataclass(frozen=True, slots=True)
class Pushdown:
    """How a list is read: *keys* where the assets are named, else one list for each of *queries*.

    *pushed* are the conditions that the server applies; *exact* when they are all there are and it finds nothing else.
    *implied* are values that all assets of the list must have, whether their rows contain them or not. *look_ups* are
    the conditions for a search.
    """

    queries: tuple[Pairs, ...] = ((),)
    pushed: tuple[Term, ...] = ()
    keys: tuple[Key, ...] | None = None
    exact: bool = False
    implied: Mapping[str, RawValue] = field(default_factory=dict)
    look_ups: Mapping[str, Sendable] = field(default_factory=dict)


def push_down(resource: Resource, wanted: Fetch, parse_key: ParseKey, spell: Spell) -> Pushdown:
    """Choose the conditions that the server can apply, among those that must all hold."""
    terms = and_terms(wanted.where)
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
        choices = list(_choices(known, values, spell)) if known and known.parameter not in taken else []
        # Lists that may overlap would hold an asset twice.
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
    if resource.has_parameter("deleted") and "deleted" not in taken and not wanted.deleted:
        lists.append([(("deleted", "false"),)])
    is_exact = len(pushed) == len(terms) and _number(lists) == 1 and not any(one.inexact for one in taken.values())
    queries = tuple(tuple(pair for pairs in some for pair in pairs) for some in product(*lists))
    return Pushdown(queries, tuple(pushed), exact=is_exact, implied=implied, look_ups=look_ups)


def _choices(known: Filter, values: Sequence[object], spell: Spell) -> Iterator[Pairs]:
    """The values of one parameter, in one list or in several; none at all where one of them has no spelling."""
    spelled = [text for text in map(spell, values) if text]
    if len(spelled) < len(values):
        return
    if known.lowercased:
        spelled = [text.lower() for text in spelled]
    step = MOST_VALUES if known.repeatable else 1
    for start in range(0, len(spelled), step):
        yield tuple((known.parameter, text) for text in spelled[start : start + step])


def _number(lists: Sequence[Sequence[Pairs]]) -> int:
    return prod(map(len, lists))


def _scalar(value: object) -> Sendable:
    return value.key if isinstance(value, Oid) else value if isinstance(value, int | str) else str(value)


def spell_plain(value: object) -> str | None:
    """The text of a number, a Boolean or a text as a query parameter; None for all else, and for an empty text, which
    would be no filter at all.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | str) and value != "" else None
