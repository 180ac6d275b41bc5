"""How a comparison tests one value, for each kind of attribute."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from .bindings import Binding
from .literals import DEAD, NUMBERS, TEXTS, parse_boolean, parse_number, parse_oid, parse_state, parse_time, spell_time
from .types import TypeDef

Leaf = Callable[[str], str]


def matcher(
    kind: str, op: str, values: Sequence[str], related: TypeDef | None, binding: Binding
) -> tuple[Leaf | None, bool]:
    """The test of one value against several (any of them), and whether "no value" passes too.

    *op* is any operator but `!=`. The test is None when only "no value" can pass. Raises ValueError when a value is not
    of the kind, or when the operator has no meaning for it.
    """
    if op == "~=":
        return _containing(kind, values, binding), "" in values
    if op != "=":
        return _ordered(kind, op, values, binding), False
    kept = [value for value in values if value != "" and not (kind == "Relation" and value == "NULL")]
    null = len(kept) < len(values)
    if not kept:
        return None, null
    if kind == "State":
        return _states(kept, binding), null
    if kind == "Relation":
        oids = [oid for value in kept for oid in _spellings(value, related)]
        return _one_of("{}", oids, binding), null
    folded = kind in TEXTS
    return _one_of("fold({})" if folded else "{}", [_literal(kind, value) for value in kept], binding), null


def _one_of(template: str, values: Sequence[str | int | float], binding: Binding) -> Leaf:
    bound = binding.bind_list(values)
    return lambda value: f"{template.format(value)} IN {bound}"


def _states(values: Sequence[str], binding: Binding) -> Leaf:
    numbers = [parse_state(value) for value in values if value.casefold() != "dead"]
    dead = len(numbers) < len(values)
    bound = binding.bind_list(numbers)
    return lambda value: f"({value} IN {bound}{f' OR {value} >= {DEAD}' if dead else ''})"


def _spellings(value: str, related: TypeDef | None) -> list[str]:
    """The tokens an asset may have that the text names: a base type stands for all its concrete types."""
    parsed = parse_oid(value)
    if parsed is None:
        return []
    name, number = parsed
    kinds = [name] if related is None or related.name != name else sorted(related.concrete | {name})
    return [f"{kind}:{number}" for kind in kinds]


def _literal(kind: str, value: str) -> str | int | float:
    if kind in NUMBERS:
        return parse_number(value)
    if kind == "Boolean":
        return parse_boolean(value)
    if kind == "Date":
        return spell_time(parse_time(value))
    if kind == "State":
        return DEAD if value.casefold() == "dead" else parse_state(value)
    value.encode()
    return value.casefold()


def _ordered(kind: str, op: str, values: Sequence[str], binding: Binding) -> Leaf:
    if kind in ("Relation", "Boolean", "Blob"):
        raise ValueError(f"{op} has no meaning for {kind}")
    literals = [_literal(kind, value) for value in values]
    furthest = max(literals) if op in ("<", "<=") else min(literals)
    bound = binding.bind(furthest)
    template = "fold({})" if kind in TEXTS else "{}"
    return lambda value: f"{template.format(value)} {op} {bound}"


def _containing(kind: str, values: Sequence[str], binding: Binding) -> Leaf:
    if kind in ("Relation", "Blob"):
        raise ValueError(f"~= has no meaning for {kind}")
    for value in values:
        value.encode()
    wanted = [value.casefold() for value in values]
    if "" in wanted:
        return lambda value: f"{value} IS NOT NULL"
    bound = binding.bind(json.dumps(wanted))
    return lambda value: f"contains(CAST({value} AS TEXT), {bound})"
