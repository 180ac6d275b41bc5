"""What a whole attribute token is: the definition that meta.v1 makes for `Task/Parent.Name` or `Actuals.Value.@Sum`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .problems import Problem
from .tokens import Combined, Filter, Part, Token, parse_token
from .types import AttributeDef, Catalogue, TypeDef

_NUMBERS = frozenset({"Numeric", "LongInt", "Rank", "Opaque"})
_AGGREGATES: dict[str, tuple[str, frozenset[str] | None]] = {
    "Count": ("Numeric", None),
    "DistinctCount": ("Numeric", None),
    "Sum": ("Numeric", _NUMBERS),
    "Min": ("Numeric", _NUMBERS),
    "Max": ("Numeric", _NUMBERS),
    "MinDate": ("Date", frozenset({"Date"})),
    "MaxDate": ("Date", frozenset({"Date"})),
    "And": ("Boolean", frozenset({"Boolean"})),
    "Or": ("Boolean", frozenset({"Boolean"})),
    "MaxState": ("State", frozenset({"State"})),
}
"""The kind of each aggregate, and the kinds it takes (None: every kind)."""


@dataclass(frozen=True, slots=True)
class PathDefinition:
    """The definition of a token on one type.

    *reached* is the last attribute and *reached_on* the type it was found on. *related* is the type of the assets that
    the token ends in, None for scalars and aggregates. *plain* is true for a bare attribute name.
    """

    type_name: str
    name: str
    kind: str
    multi: bool
    reached: AttributeDef
    reached_on: str
    related: str | None
    aggregate: bool
    plain: bool


def define(catalogue: Catalogue, type_name: str, text: str) -> PathDefinition | None:
    """The definition of the token *text* on *type_name*; None where the type, a step, or the grammar forbids it."""
    kind = catalogue.find(type_name)
    try:
        token = parse_token(text)
    except Problem:
        return None
    return _define(catalogue, kind, token) if kind else None


def _define(catalogue: Catalogue, kind: TypeDef, token: Token) -> PathDefinition | None:
    here, multi, reached, reached_on = kind, False, None, kind.name
    for place, part in enumerate(token.parts):
        if place and (reached is None or not reached.is_relation):
            return None
        reached, reached_on = here.attributes.get(part.name), here.name
        related = _step(catalogue, reached, part)
        if reached is None or related is None:
            return None
        here, multi = related, multi or reached.multi
    if reached is None or not _can_aggregate(reached, token.aggregate):
        return None
    aggregate = token.aggregate is not None
    return PathDefinition(
        type_name=kind.name,
        name=token.text,
        kind=_AGGREGATES[token.aggregate][0] if token.aggregate else reached.kind,
        multi=multi and not aggregate,
        reached=reached,
        reached_on=reached_on,
        related=here.name if reached.is_relation and not aggregate else None,
        aggregate=aggregate,
        plain=len(token.parts) == 1 and token.parts[0].plain and not aggregate,
    )


def _step(catalogue: Catalogue, attribute: AttributeDef | None, part: Part) -> TypeDef | None:
    """The type one step leads to; for a bare scalar any type, as nothing can follow. None for an impossible step."""
    if attribute is None:
        return None
    related = catalogue.find(attribute.related or "")
    if related is None:
        return catalogue.types["BaseAsset"] if part.plain else None
    if part.downcast is not None:
        cast = catalogue.find(part.downcast)
        if cast is None or not cast.concrete & related.concrete:
            return None
        related = cast
    inner = _tokens_of(part.where) if part.where else ()
    return related if all(_define(catalogue, related, each) for each in inner) else None


def _tokens_of(where: Filter) -> Iterator[Token]:
    if isinstance(where, Combined):
        for term in where.terms:
            yield from _tokens_of(term)
    else:
        yield where.token


def _can_aggregate(reached: AttributeDef, aggregate: str | None) -> bool:
    if aggregate is None:
        return True
    takes = _AGGREGATES[aggregate][1]
    return takes is None or reached.kind in takes
