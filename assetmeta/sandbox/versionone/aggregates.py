"""Chains of steps in the tied form, and the aggregates over them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .bindings import Binding, Place, during
from .computed import listed, scalar
from .routes import Hop, Route
from .steps import Step, take_step
from .types import Link

Restrict = Callable[[Hop, Step, Binding], str]

_FUNCTIONS = {
    "Sum": "SUM({})",
    "Min": "MIN({})",
    "Max": "MAX({})",
    "MinDate": "MIN({})",
    "MaxDate": "MAX({})",
    "And": "MIN({})",
    "Or": "MAX({})",
    "MaxState": "MAX({})",
    "Count": "COUNT({})",
    "DistinctCount": "COUNT(DISTINCT {})",
}


@dataclass(frozen=True, slots=True)
class Chain:
    """A route as FROM, WHERE and one value per row. *source* is empty when the record itself has the value."""

    source: str
    where: str
    value: str
    order: tuple[str, ...]
    place: Place


def aggregate(route: Route, place: Place, binding: Binding, restrict: Restrict) -> str:
    """The aggregate of a route as one scalar expression."""
    chain = follow(route.hops, place, binding, restrict)
    if not chain.source:
        # An aggregate without a table of its own would count the rows of the query around it.
        return f"({chain.value} IS NOT NULL)" if route.aggregate in ("Count", "DistinctCount") else chain.value
    value = _FUNCTIONS[route.aggregate or "Count"].format(chain.value)
    return f"(SELECT {value} FROM {chain.source} WHERE {chain.where})"


def follow(hops: tuple[Hop, ...], place: Place, binding: Binding, restrict: Restrict) -> Chain:
    """Join the steps of *hops*, starting at the record of *place*, which is an outer table."""
    sources: list[str] = []
    where: list[str] = []
    order: list[str] = []
    value = f"{place.alias}.asset"
    for hop in hops:
        storage = hop.attribute.storage
        if hop.reached is not None:
            step = take_step(place, hop, binding)
            sources.append(step.source)
            where += [step.match, step.conditions, restrict(hop, step, binding)]
            order += step.order
            place, value = step.place, step.oid
        elif isinstance(storage, Link):
            link = binding.alias("l")
            sources.append(f"link {link}")
            where += [
                f"{link}.relation = {binding.bind(storage.relation)}",
                f"{link}.source = {place.alias}.asset",
                during(link, place.time),
            ]
            value = listed(link, hop.attribute)
            order.append(f"{link}.rowid")
        else:
            value = scalar(hop.attribute, place, binding)
    return Chain(" CROSS JOIN ".join(sources), " AND ".join(where) or "1", value, tuple(order), place)
