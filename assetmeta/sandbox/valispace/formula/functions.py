"""The functions of formulas. `sumsub`, `arange` and `strformat`, whose meaning nothing states, are not among them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import reduce

from .quantity import Quantity, agree, exact, mere, through
from .tree import FormulaError

Arguments = Sequence[Quantity]

CHILDREN = {
    "soc": "sum",
    "sum_of_children": "sum",
    "aoc": "average",
    "average_of_children": "average",
    "minoc": "least",
    "maxoc": "greatest",
}
"""The functions over the valis of child components, and what they do with them."""

DATASETS = {
    "sod": "sum",
    "sum_of_datasets": "sum",
    "aod": "average",
    "average_of_datasets": "average",
}
"""The functions over the values of a dataset, and what they do with them."""


def total(values: Arguments) -> Quantity:
    """The sum. Of nothing it is 0."""
    return reduce(lambda left, right: left + right, values) if values else exact(0.0, bare=True)


def average(values: Arguments) -> Quantity:
    """The mean. Raises FormulaError for no values."""
    return total(_some(values)) / exact(float(len(values)), bare=True)


def least(values: Arguments) -> Quantity:
    """The least, of the values as of the worst cases."""
    return reduce(lambda left, right: _pick(min, *agree(left, right)), _some(values))


def greatest(values: Arguments) -> Quantity:
    """The greatest, of the values as of the worst cases."""
    return reduce(lambda left, right: _pick(max, *agree(left, right)), _some(values))


def absolute(values: Arguments) -> Quantity:
    """The value without its sign."""
    one = _single(values)
    ends = (abs(one.low), abs(one.high))
    low = 0.0 if one.low <= 0 <= one.high else min(ends)
    return Quantity(abs(one.value), low, max(ends), one.unit, one.bare)


def product(values: Arguments) -> Quantity:
    """The product of all arguments."""
    return reduce(lambda left, right: left * right, _some(values))


def norm(values: Arguments) -> Quantity:
    """The Euclidean length of a vector."""
    two = exact(2.0, bare=True)
    return total([value**two for value in _some(values)]) ** exact(0.5, bare=True)


def logarithm(values: Arguments) -> Quantity:
    """The logarithm of the first argument to the base of the second."""
    if len(values) != 2:
        raise FormulaError("a number and a base are needed")
    base = mere(values[1]).value
    if base <= 0 or base == 1:
        raise FormulaError("no logarithm to this base")
    return through(lambda number: math.log(number) / math.log(base), mere(values[0]))


def _some(values: Arguments) -> Arguments:
    if not values:
        raise FormulaError("a value is needed")
    return values


def _single(values: Arguments) -> Quantity:
    if len(values) != 1:
        raise FormulaError("one argument is needed")
    return values[0]


def _pick(choose: Callable[[float, float], float], left: Quantity, right: Quantity) -> Quantity:
    return Quantity(
        choose(left.value, right.value),
        choose(left.low, right.low),
        choose(left.high, right.high),
        left.unit,
        left.bare and right.bare,
    )


def _real(function: Callable[[float], float]) -> Callable[[Arguments], Quantity]:
    return lambda values: through(function, mere(_single(values)))


def _wave(function: Callable[[float], float], first: float) -> Callable[[Arguments], Quantity]:
    """A function with turning points at *first* and every half turn from there."""

    def apply(values: Arguments) -> Quantity:
        angle = mere(_single(values))
        begin = math.ceil((angle.low - first) / math.pi)
        return through(
            function,
            angle,
            tuple(first + step * math.pi for step in (begin, begin + 1) if first + step * math.pi <= angle.high),
        )

    return apply


FUNCTIONS: dict[str, Callable[[Arguments], Quantity]] = {
    "sqrt": lambda values: _single(values) ** exact(0.5, bare=True),
    "exp": _real(math.exp),
    "log10": _real(math.log10),
    "ln": _real(math.log),
    "log": _real(math.log),
    "logbase": logarithm,
    "sin": _wave(math.sin, math.pi / 2),
    "cos": _wave(math.cos, 0.0),
    "tan": _real(math.tan),
    "asin": _real(math.asin),
    "acos": _real(math.acos),
    "atan": _real(math.atan),
    "abs": absolute,
    "max": greatest,
    "min": least,
    "vsum": total,
    "vprod": product,
    "vnorm": norm,
}
"""The functions of plain arguments, by name. Angles are in radians unless they have a unit."""

COLLECTED: dict[str, Callable[[Arguments], Quantity]] = {
    "sum": total,
    "average": average,
    "least": least,
    "greatest": greatest,
}
"""What the functions over children and datasets do with the values."""
