"""Numbers with a unit and a range: what formulas are calculated with."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import product
from typing import TypeVar

from .tree import Cancelled, FormulaError
from .units import ONE, Unit, combined, difference, raised

Point = TypeVar("Point")


@dataclass(frozen=True, slots=True)
class Quantity:
    """*value* in base units, between *low* and *high* in the worst cases. *unit* is the one to show it in.

    A *bare* quantity is a mere number that never had a unit: it takes the unit of what it is added to.
    """

    value: float
    low: float
    high: float
    unit: Unit = ONE
    bare: bool = False

    def __add__(self, other: Quantity) -> Quantity:
        left, right = agree(self, other)
        bare = left.bare and right.bare
        return Quantity(left.value + right.value, left.low + right.low, left.high + right.high, left.unit, bare)

    def __sub__(self, other: Quantity) -> Quantity:
        left, right = agree(self, other)
        both_offset = self.unit.offset != 0.0 and other.unit.offset != 0.0
        shown = difference(left.unit) if both_offset else left.unit
        bare = left.bare and right.bare
        return Quantity(left.value - right.value, left.low - right.high, left.high - right.low, shown, bare)

    def __neg__(self) -> Quantity:
        return Quantity(-self.value, -self.high, -self.low, self.unit, self.bare)

    def __mul__(self, other: Quantity) -> Quantity:
        corners = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        shown = combined(self.unit, other.unit, 1)
        return Quantity(self.value * other.value, min(corners), max(corners), shown, self.bare and other.bare)

    def __truediv__(self, other: Quantity) -> Quantity:
        if other.value == 0:
            raise FormulaError("division by zero")
        shown = combined(self.unit, other.unit, -1)
        value, bare = self.value / other.value, self.bare and other.bare
        if other.low <= 0 <= other.high:
            return Quantity(value, value, value, shown, bare)
        corners = [a / b for a in (self.low, self.high) for b in (other.low, other.high)]
        return Quantity(value, min(corners), max(corners), shown, bare)

    def __pow__(self, other: Quantity) -> Quantity:
        exponent = mere(other)
        if not self.unit.plain and (exponent.low != exponent.high or abs(exponent.value) > 64):
            raise Cancelled("the power of a unit must be a small constant")
        shown = raised(self.unit, exponent.value) if not self.unit.plain else self.unit
        value = power(self.value, exponent.value)
        points = possible(lambda ends: power(*ends), product((self.low, self.high), (exponent.low, exponent.high)))
        if self.low < 0 < self.high:
            points.append(power(0.0, exponent.value) if exponent.value > 0 else value)
        return Quantity(value, min(*points, value), max(*points, value), shown, self.bare)


def exact(value: float, unit: Unit = ONE, *, bare: bool = False) -> Quantity:
    """A quantity without a range, *value* in base units."""
    return Quantity(value, value, value, unit, bare)


def agree(left: Quantity, right: Quantity) -> tuple[Quantity, Quantity]:
    """Two quantities of the same dimension, the bare one of them taken in the other's unit. Raises Cancelled."""
    if left.unit.dimensions != right.unit.dimensions:
        if left.bare:
            left = taken_in(left, right.unit)
        elif right.bare:
            right = taken_in(right, left.unit)
    if left.unit.dimensions != right.unit.dimensions:
        raise Cancelled(f"{left.unit.text or 'a number'!r} and {right.unit.text or 'a number'!r} do not fit")
    return left, right


def taken_in(number: Quantity, unit: Unit) -> Quantity:
    """A bare number as a difference in a unit: `$temperature + 5` is five degrees warmer."""
    factor = unit.factor
    return Quantity(number.value * factor, number.low * factor, number.high * factor, unit)


def given_in(number: Quantity, unit: Unit) -> Quantity:
    """A bare number as a value in a unit: `20` of a vali in degC."""
    ends = sorted((unit.to_base(number.low), unit.to_base(number.high)))
    return Quantity(unit.to_base(number.value), ends[0], ends[1], unit)


def mere(quantity: Quantity) -> Quantity:
    """The quantity, which must be a number without a dimension. Raises Cancelled and FormulaError."""
    if not quantity.unit.plain:
        raise Cancelled(f"{quantity.unit.text!r} where a number is needed")
    return finite(quantity)


def power(base: float, exponent: float) -> float:
    """A power of floats. Raises FormulaError where it has no real value."""
    try:
        result = base**exponent
    except (ZeroDivisionError, OverflowError) as error:
        raise FormulaError("no value") from error
    if isinstance(result, complex):
        raise FormulaError("no real value")
    return float(result)


def through(function: Callable[[float], float], number: Quantity, turns: tuple[float, ...] = ()) -> Quantity:
    """A function of a number. *turns* are inner points where its least and greatest values may be."""
    found = possible(function, (number.value,))
    if not found:
        raise FormulaError("no value")
    points = [*found, *possible(function, (number.low, number.high, *turns))]
    return Quantity(found[0], min(points), max(points), bare=number.bare)


def possible(function: Callable[[Point], float], points: Iterable[Point]) -> list[float]:
    """The values of a function at those points where it has any: worst cases may lie where it has none."""
    found = []
    for point in points:
        with suppress(FormulaError, ValueError, OverflowError):
            found.append(function(point))
    return found


def finite(quantity: Quantity) -> Quantity:
    """The quantity, if its value is a number. An endless range falls back to the value. Raises FormulaError."""
    if not math.isfinite(quantity.value):
        raise FormulaError("no finite value")
    if math.isfinite(quantity.low) and math.isfinite(quantity.high):
        return quantity
    return replace(quantity, low=quantity.value, high=quantity.value)
