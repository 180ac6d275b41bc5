"""What a formula is once it is read."""

from __future__ import annotations

from dataclasses import dataclass


class FormulaError(Exception):
    """A formula that cannot be read or has no value. Its vali is empty."""


class Cancelled(FormulaError):
    """Units that do not fit together."""


@dataclass(frozen=True, slots=True)
class Number:
    """A literal; *text* as it was written."""

    text: str


@dataclass(frozen=True, slots=True)
class Name:
    """A unit or a constant."""

    name: str


@dataclass(frozen=True, slots=True)
class Reference:
    """`$12`, `$Fan.Mass` or `$Fan.Mass\\max`: *target* without the dollar, *part* without the backslash."""

    target: str
    part: str = ""


@dataclass(frozen=True, slots=True)
class Negative:
    """Unary minus."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Binary:
    """An operation of two operands: `+ - * / ^`, a comparison, `and`, `or`."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Call:
    """A function of arguments."""

    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class At:
    """A dataset at a point: `$Fan.Thrust(5)`."""

    dataset: Reference
    point: Node


Node = Number | Name | Reference | Negative | Binary | Call | At


def spine(node: Node) -> tuple[Node, list[tuple[str, Node]]]:
    """A chain such as `a + b - c` as its first operand and the (operator, operand) pairs behind it.

    Chains can be much longer than functions may call each other, so nothing descends them step by step.
    """
    rest = []
    while isinstance(node, Binary):
        rest.append((node.operator, node.right))
        node = node.left
    return node, rest[::-1]


def references(node: Node) -> list[Reference]:
    """All references of a formula, in order, repeated ones repeatedly."""
    if isinstance(node, Reference):
        return [node]
    if isinstance(node, Negative):
        return references(node.operand)
    if isinstance(node, Binary):
        first, rest = spine(node)
        return references(first) + [found for _, operand in rest for found in references(operand)]
    if isinstance(node, Call):
        return [found for argument in node.arguments for found in references(argument)]
    if isinstance(node, At):
        return [node.dataset, *references(node.point)]
    return []


def functions(node: Node) -> set[str]:
    """The names of all functions a formula calls."""
    if isinstance(node, Negative):
        return functions(node.operand)
    if isinstance(node, Binary):
        first, rest = spine(node)
        return functions(first).union(*(functions(operand) for _, operand in rest))
    if isinstance(node, Call):
        return {node.function}.union(*(functions(argument) for argument in node.arguments))
    if isinstance(node, At):
        return functions(node.point)
    return set()
