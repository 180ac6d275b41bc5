"""A filter as an SQL condition on a record.

On several values a comparison holds when it holds for any of them; `!=` is its negation, so it means "none of".
A condition may be NULL where it means false; whoever negates one makes that explicit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .aggregates import aggregate
from .bindings import Binding, Place, among, during
from .comparisons import matcher
from .computed import listed, scalar
from .problems import bad_filter
from .routes import Hop, Route, Unresolved, resolve
from .steps import Step, origins, take_step
from .tokens import Combined, Comparison, Filter, Presence, Truth, uses_context
from .types import AttributeDef, Link

Leaf = Callable[[str], str]


def condition(found: Filter, place: Place, binding: Binding) -> str:
    """The condition of a whole filter on the record at *place*. Raises a 400 problem."""
    if isinstance(found, Combined):
        return balanced([_gathered(terms, place, binding) for terms in _alike(found)], found.word.upper())
    try:
        return _simple(found, place, binding)
    except (Unresolved, ValueError) as cause:
        raise bad_filter(found.text or found.token.text, str(cause)) from None


def _alike(found: Combined) -> list[list[Filter]]:
    """The terms in order, those together that compare one token so that a list of values says the same.

    `A='1'|A='2'` is `A='1','2'`, `A!='1';A!='2'` is `A!='1','2'`. As separate terms the database would try each of
    them on each record.
    """
    groups: dict[object, list[Filter]] = {}
    for place, term in enumerate(found.terms):
        together = isinstance(term, Comparison) and term.variable != "" and (term.op == "!=") == (found.word == "and")
        key = (term.token, term.op) if together and isinstance(term, Comparison) else place
        groups.setdefault(key, []).append(term)
    return list(groups.values())


def _gathered(terms: list[Filter], place: Place, binding: Binding) -> str:
    """The condition of terms that are alike. What is wrong is reported of the term it is wrong with."""
    if len(terms) == 1:
        return condition(terms[0], place, binding)
    compared = [term for term in terms if isinstance(term, Comparison)]
    values = tuple(value for each in compared for value in _values(each, binding))
    try:
        return _simple(Comparison(compared[0].token, compared[0].op, values), place, binding)
    except (Unresolved, ValueError):
        for each in compared:
            condition(each, place, binding)
        raise


def _values(found: Comparison, binding: Binding) -> tuple[str, ...]:
    return found.values if found.variable is None else binding.named(found.variable)


def balanced(terms: Sequence[str], word: str) -> str:
    """Join many terms as a shallow tree: the database limits how deep an expression may nest."""
    if len(terms) <= 8:
        return f"({f' {word} '.join(terms)})"
    half = len(terms) // 2
    return f"({balanced(terms[:half], word)} {word} {balanced(terms[half:], word)})"


def _simple(found: Comparison | Presence | Truth, place: Place, binding: Binding) -> str:
    route = resolve(found.token, place.kind, binding.catalogue)
    if isinstance(found, Comparison):
        sql = _comparison(found, route, place, binding)
    else:
        sql = _presence(found, route, place, binding)
    return sql if route.only is None else f"({among(place.alias, route.only)} AND {sql})"


def _comparison(found: Comparison, route: Route, place: Place, binding: Binding) -> str:
    negated = found.op == "!="
    op = "=" if negated else found.op
    if found.variable == "":
        if route.kind != "Relation" or op != "=" or binding.context is None:
            raise ValueError("the context asset compares with relations only")
        context = binding.context
        sql = _any(route, place, binding, lambda value: f"{value} = {context}", tied=True)
        return _not(sql) if negated else sql
    values = _values(found, binding)
    related = route.hops[-1].reached if route.kind == "Relation" else None
    leaf, null = matcher(route.kind, op, values, related, binding)
    choices = []
    if leaf is not None:
        choices.append(_any(route, place, binding, leaf, tied=_needs_tie(route)))
    if null:
        choices.append(_not(_exists(route, place, binding)))
    sql = balanced(choices, "OR")
    return _not(sql) if negated else sql


def _presence(found: Presence | Truth, route: Route, place: Place, binding: Binding) -> str:
    if isinstance(found, Truth) and route.kind == "Boolean":
        return _any(route, place, binding, lambda value: value, tied=False)
    sql = _exists(route, place, binding)
    return _not(sql) if isinstance(found, Presence) and not found.present else sql


def _not(sql: str) -> str:
    return f"NOT IFNULL({sql}, 0)"


def _exists(route: Route, place: Place, binding: Binding) -> str:
    filtered = any(hop.part.where is not None for hop in route.hops)
    return _any(route, place, binding, lambda value: f"{value} IS NOT NULL", tied=not filtered or _needs_tie(route))


def _needs_tie(route: Route) -> bool:
    return any(uses_context(hop.part.where) for hop in route.hops)


def _any(route: Route, place: Place, binding: Binding, leaf: Leaf, *, tied: bool) -> str:
    """The condition that *leaf* holds for any value of the route."""
    if route.aggregate is not None:
        return leaf(aggregate(route, place, binding, restrict))
    return _along(route.hops, place, binding, leaf, tied=tied)


def _along(hops: tuple[Hop, ...], place: Place, binding: Binding, leaf: Leaf, *, tied: bool) -> str:
    hop, rest = hops[0], hops[1:]
    if hop.reached is None:
        return _scalar(hop.attribute, place, binding, leaf)
    if not rest and hop.attribute.name == "ID" and hop.part.where is None and hop.part.downcast is None:
        return f"({leaf(f'{place.alias}.asset')})"
    step = take_step(place, hop, binding)
    inside = [_along(rest, step.place, binding, leaf, tied=tied) if rest else leaf(step.oid)]
    if hop.part.where is not None:
        inside.append(restrict(hop, step, binding))
    wanted = " AND ".join(inside)
    settled = None if tied else origins(step, wanted, binding)
    if settled is not None:
        return f"({step.outer} IN ({settled}))"
    return f"EXISTS (SELECT 1 FROM {step.source} WHERE {step.match} AND {step.conditions} AND {wanted})"


def restrict(hop: Hop, step: Step, binding: Binding) -> str:
    """The condition of the filter in brackets of *hop*, on the record its step reaches; `1` without one."""
    return "1" if hop.part.where is None else condition(hop.part.where, step.place, binding)


def _scalar(attribute: AttributeDef, place: Place, binding: Binding, leaf: Leaf) -> str:
    if isinstance(attribute.storage, Link):
        link = binding.alias("l")
        relation = binding.bind(attribute.storage.relation)
        wanted = f"{during(link, place.time)} AND {leaf(listed(link, attribute))}"
        tie = f"{link}.relation = {relation} AND {link}.source = {place.alias}.asset"
        return f"EXISTS (SELECT 1 FROM link {link} WHERE {tie} AND {wanted})"
    return f"({leaf(scalar(attribute, place, binding))})"
