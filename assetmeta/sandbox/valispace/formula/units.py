"""Units: texts of the pint library, read once each and reduced to what calculating needs."""

from __future__ import annotations

import math
import re
import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pint

from .tree import FormulaError

_registry: pint.UnitRegistry[Any] = pint.UnitRegistry()
_guard = threading.Lock()

LONGEST = 200
EXPONENT = re.compile(r"(?:\^|\*\*)\s*\(?\s*[-+]?\d{1,2}(?:\.\d{1,3}|/\d)?(?![\d.])\s*\)?")
WORD = re.compile(r"[^\W\d]\w*|[%°µΩ]\w*")
REST = re.compile(r"[\s*/()1]*")
"""What may be between units and small exponents. Anything more would be arithmetic, which can take for ever."""


@dataclass(frozen=True, slots=True)
class Unit:
    """*text* as shown. A value in it is `value * factor + offset` in *base* units of the *dimensions*."""

    text: str
    factor: float
    offset: float
    base: str
    dimensions: tuple[tuple[str, float], ...]

    @property
    def plain(self) -> bool:
        """Whether it measures a mere number (percent and degrees do, too)."""
        return not self.dimensions

    def to_base(self, value: float) -> float:
        """The same quantity in base units."""
        return value * self.factor + self.offset

    def from_base(self, value: float) -> float:
        """A quantity in base units, in this unit: of the values that are the same quantity, the shortest."""
        if self.factor == 1.0 and self.offset == 0.0:
            return value
        shown = (value - self.offset) / self.factor
        short = float(f"{shown:.14g}")
        return short if abs(self.to_base(short) - value) <= 2 * math.ulp(value) else shown


ONE = Unit("", 1.0, 0.0, "dimensionless", ())


@lru_cache(maxsize=4096)
def unit(text: str) -> Unit:
    """The unit of a text. Raises FormulaError for a text that is no unit."""
    if not text.strip():
        return ONE
    rest = WORD.sub("", EXPONENT.sub("", text))
    if len(text) > LONGEST or "**" in rest or not REST.fullmatch(rest):
        raise FormulaError(f"{text[:LONGEST]!r} is not a unit")
    with _guard:
        try:
            return _reduced(text, _registry.Unit(text.replace("^", "**").replace("µ", "u")))
        except Exception as error:
            raise FormulaError(f"{text!r} is not a unit") from error


def is_unit(text: str) -> bool:
    """Whether the text names a unit. The empty text does."""
    try:
        unit(text)
    except FormulaError:
        return False
    return True


@lru_cache(maxsize=65536)
def combined(left: Unit, right: Unit, exponent: int) -> Unit:
    """The unit to show a product (*exponent* 1) or a quotient (-1) in. Percent and angles do not show in it."""
    left, right = _without_offset(left), _without_offset(right)
    if right.plain:
        return ONE if left.plain else left
    if left.plain and exponent == 1:
        return right
    found = _parsed(right) ** exponent if left.plain else _parsed(left) * _parsed(right) ** exponent
    shown = unit_of(found)
    return ONE if shown.plain else shown


@lru_cache(maxsize=4096)
def raised(base: Unit, exponent: float) -> Unit:
    """The unit of a power."""
    base = _without_offset(base)
    if not base.text:
        return base
    return unit_of(_parsed(base) ** exponent)


@lru_cache(maxsize=4096)
def difference(base: Unit) -> Unit:
    """The unit of the difference of two values in a unit with an offset."""
    return _without_offset(base)


def unit_of(found: Any) -> Unit:
    """The unit for one of the library's, with the shortest spelling."""
    with _guard:
        return _reduced(f"{found:~C}".replace("**", "^"), found)


def _reduced(text: str, found: Any) -> Unit:
    zero = _registry.Quantity(0.0, found).to_base_units()
    once = _registry.Quantity(1.0, found).to_base_units()
    powers: Any = once.dimensionality
    dimensions = tuple(sorted((name, float(power)) for name, power in powers.items()))
    offset = float(zero.magnitude)
    return Unit(text, float(once.magnitude) - offset, offset, str(once.units), dimensions)


def _parsed(known: Unit) -> Any:
    with _guard:
        return _registry.Unit(known.text.replace("^", "**").replace("µ", "u"))


def _without_offset(known: Unit) -> Unit:
    return known if known.offset == 0.0 else unit(known.base)
