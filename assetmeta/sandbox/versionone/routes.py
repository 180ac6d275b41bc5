"""From a token to a route: each part with the attribute it names and the type it reaches."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .literals import NUMBERS
from .problems import unknown_type
from .tokens import Part, Token
from .types import AttributeDef, Catalogue, TypeDef

_RESULT_KIND = {
    "Count": "Numeric",
    "DistinctCount": "Numeric",
    "MinDate": "Date",
    "MaxDate": "Date",
    "And": "Boolean",
    "Or": "Boolean",
    "MaxState": "State",
}
_TAKES = {
    "Sum": NUMBERS,
    "Min": NUMBERS,
    "Max": NUMBERS,
    "MinDate": {"Date"},
    "MaxDate": {"Date"},
    "And": {"Boolean"},
    "Or": {"Boolean"},
    "MaxState": {"State"},
}


class Unresolved(Exception):
    """A token names something the schema does not have; *definition* is what was looked for, `Type.Attribute`."""

    def __init__(self, definition: str) -> None:
        super().__init__(definition)
        self.definition = definition


@dataclass(frozen=True, slots=True)
class Hop:
    """One part of a token with its attribute; *reached* is the type behind a relation, None behind a scalar."""

    part: Part
    attribute: AttributeDef
    reached: TypeDef | None


@dataclass(frozen=True, slots=True)
class Route:
    """A resolved token. *only* holds the concrete types it applies to when a qualifier narrows the query's type."""

    token: Token
    hops: tuple[Hop, ...]
    only: frozenset[str] | None = None

    @property
    def last(self) -> AttributeDef:
        """The attribute reached."""
        return self.hops[-1].attribute

    @property
    def aggregate(self) -> str | None:
        """The aggregate at the end, if any."""
        return self.token.aggregate

    @property
    def multi(self) -> bool:
        """Whether the token has a list of values."""
        return self.aggregate is None and any(hop.attribute.multi for hop in self.hops)

    @property
    def kind(self) -> str:
        """The kind of the values: that of the attribute reached, or what the aggregate makes of it."""
        return self.last.kind if self.aggregate is None else _RESULT_KIND.get(self.aggregate, "Numeric")

    def definition(self) -> AttributeDef:
        """What the route's values are, as an attribute of its own name."""
        reached = self.hops[-1].reached
        related = reached.name if reached and self.aggregate is None else None
        return replace(self.last, name=self.token.text, kind=self.kind, multi=self.multi, related=related)


def resolve(token: Token, kind: TypeDef, catalogue: Catalogue) -> Route:
    """Resolve a token on a type. A first part that is no attribute of it may be a type qualifier. Raises Unresolved."""
    first = token.parts[0]
    if first.name in kind.attributes or len(token.parts) == 1 or not first.plain:
        return Route(token, _hops(token, kind, catalogue))
    named = catalogue.find(first.name)
    if named is None:
        raise Unresolved(f"{kind.name}.{first.name}")
    rest = token.unqualified()
    if kind.name in named.lineage:
        return Route(rest, _hops(rest, named, catalogue), None if named is kind else named.concrete)
    if named.name not in kind.lineage:
        raise Unresolved(f"{kind.name}.{first.name}")
    return Route(rest, _hops(rest, kind, catalogue))


def _hops(token: Token, kind: TypeDef, catalogue: Catalogue) -> tuple[Hop, ...]:
    hops: list[Hop] = []
    here: TypeDef | None = kind
    for part in token.parts:
        if here is None:
            raise Unresolved(f"{hops[-1].attribute.name}.{part.name}")
        attribute = here.attributes.get(part.name)
        if attribute is None:
            raise Unresolved(f"{here.name}.{part.name}")
        here = _reached(part, attribute, catalogue)
        hops.append(Hop(part, attribute, here))
    takes = _TAKES.get(token.aggregate or "")
    if takes is not None and hops[-1].attribute.kind not in takes:
        raise Unresolved(f"{kind.name}.{token.text}")
    return tuple(hops)


def _reached(part: Part, attribute: AttributeDef, catalogue: Catalogue) -> TypeDef | None:
    if attribute.related is None:
        if not part.plain:
            raise Unresolved(f"{attribute.declared_by}.{part.name}")
        return None
    name = part.downcast or attribute.related
    found = catalogue.find(name)
    if found is None:
        raise unknown_type(name)
    return found
