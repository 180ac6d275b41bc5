"""The value of a formula, with its unit and its worst cases (section 4.3 of the protocol)."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from itertools import product
from typing import Protocol

from .curve import Curve
from .functions import CHILDREN, COLLECTED, DATASETS, FUNCTIONS
from .quantity import Quantity, agree, exact, finite, given_in, mere
from .tree import (
    At,
    Binary,
    Call,
    FormulaError,
    Name,
    Negative,
    Node,
    Number,
    Reference,
    references,
    spine,
)
from .units import Unit, unit

CONSTANTS = {"pi": math.pi, "e": math.e}
PINNED_AT_MOST = 5
"""So many repeated references are tried in both worst cases, each one twice the work."""


class Surroundings(Protocol):
    """What a formula can look at."""

    def quantity(self, reference: Reference) -> Quantity:
        """The referenced value. Raises FormulaError when there is none."""

    def children(self) -> list[Quantity]:
        """The values of the like-named valis of child components."""

    def curve(self, reference: Reference | None) -> tuple[Curve, Unit]:
        """A dataset and the unit of its values, the vali's own for None. Raises FormulaError when it is none."""


def evaluate(node: Node, around: Surroundings) -> Quantity:
    """The value of a formula. Raises FormulaError when it has none.

    The range is exact where every reference occurs once. The worst cases of those that occur more often are tried one
    by one, so that `$a - $a` has no range.
    """
    counted = Counter(reference.target for reference in references(node))
    repeated = sorted(target for target, times in counted.items() if times > 1)
    nominal = finite(_value(node, around))
    if not repeated or len(repeated) > PINNED_AT_MOST:
        return nominal
    low, high = math.inf, -math.inf
    for ends in product((False, True), repeat=len(repeated)):
        try:
            case = finite(_value(node, _Pinned(around, dict(zip(repeated, ends, strict=True)))))
        except FormulaError:
            continue
        low, high = min(low, case.low), max(high, case.high)
    return replace(nominal, low=min(low, nominal.value), high=max(high, nominal.value))


class _Pinned:
    """Surroundings in which some references stand at one end of their range."""

    def __init__(self, around: Surroundings, ends: dict[str, bool]) -> None:
        self._around = around
        self._ends = ends

    def quantity(self, reference: Reference) -> Quantity:
        found = self._around.quantity(reference)
        upper = self._ends.get(reference.target)
        if upper is None:
            return found
        end = found.high if upper else found.low
        return replace(found, value=end, low=end, high=end)

    def children(self) -> list[Quantity]:
        return self._around.children()

    def curve(self, reference: Reference | None) -> tuple[Curve, Unit]:
        return self._around.curve(reference)


def _value(node: Node, around: Surroundings) -> Quantity:
    match node:
        case Number(text):
            return exact(float(text), bare=True)
        case Reference():
            return around.quantity(node)
        case Name(name):
            return _named(name)
        case Negative(operand):
            return -_value(operand, around)
        case Binary():
            first, rest = spine(node)
            found = _value(first, around)
            for operator, operand in rest:
                found = _applied(operator, found, operand, around)
            return found
        case Call(function, arguments):
            return _called(function, arguments, around)
        case At(dataset, point):
            return _read_off(dataset, _value(point, around), around)


def _named(name: str) -> Quantity:
    if name in CONSTANTS:
        return exact(CONSTANTS[name], bare=True)
    found = unit(name)
    return exact(found.factor, found)


def _applied(operator: str, left: Quantity, right: Node, around: Surroundings) -> Quantity:
    return _with_unit(left, right, around) if operator == "of" else _operated(operator, left, _value(right, around))


def _with_unit(number: Quantity, node: Node, around: Surroundings) -> Quantity:
    """A number right before a unit: only there does the zero of degC count."""
    if isinstance(node, Name) and node.name not in CONSTANTS:
        return given_in(number, unit(node.name))
    return number * _value(node, around)


def _operated(operator: str, left: Quantity, right: Quantity) -> Quantity:
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / right
        case "^":
            return left**right
        case "and":
            return exact(float(bool(left.value) and bool(right.value)), bare=True)
        case "or":
            return exact(float(bool(left.value) or bool(right.value)), bare=True)
    return exact(float(_compared(operator, *agree(left, right))), bare=True)


def _compared(operator: str, left: Quantity, right: Quantity) -> bool:
    match operator:
        case "<":
            return left.value < right.value
        case "<=":
            return left.value <= right.value
        case ">":
            return left.value > right.value
        case ">=":
            return left.value >= right.value
        case "==":
            return left.value == right.value
    return left.value != right.value


def _called(function: str, arguments: tuple[Node, ...], around: Surroundings) -> Quantity:
    if function == "if":
        if len(arguments) != 3:
            raise FormulaError("a condition and two values are needed")
        condition = mere(_value(arguments[0], around))
        return _value(arguments[1] if condition.value else arguments[2], around)
    if function in CHILDREN:
        return COLLECTED[CHILDREN[function]](around.children())
    if function in DATASETS:
        curve, shown = around.curve(_dataset_of(arguments))
        return COLLECTED[DATASETS[function]]([exact(shown.to_base(y), shown) for y in curve.values()])
    if function not in FUNCTIONS:
        raise FormulaError(f"there is no function {function!r}")
    return FUNCTIONS[function]([_value(argument, around) for argument in arguments])


def _dataset_of(arguments: tuple[Node, ...]) -> Reference | None:
    if not arguments:
        return None
    if len(arguments) == 1 and isinstance(arguments[0], Reference):
        return arguments[0]
    raise FormulaError("one dataset is needed")


def _read_off(dataset: Reference, point: Quantity, around: Surroundings) -> Quantity:
    """The dataset's value where its x is the point, both in the units that they are shown in."""
    curve, shown = around.curve(dataset)
    middle, low, high = (point.unit.from_base(x) for x in (point.value, point.low, point.high))
    value = curve.at(middle)
    ends = [_at_or(curve, x, value) for x in (low, high)]
    inner = [y for x, y in curve.points if low <= x <= high]
    bounds = [shown.to_base(y) for y in (*ends, *inner, value)]
    return Quantity(shown.to_base(value), min(bounds), max(bounds), shown, shown.plain)


def _at_or(curve: Curve, x: float, otherwise: float) -> float:
    try:
        return curve.at(x)
    except FormulaError:
        return otherwise
