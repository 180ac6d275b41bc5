"""From the value of a formula to the computed fields of its vali."""

from __future__ import annotations

import math

from .formula.quantity import Quantity, given_in
from .formula.tree import Cancelled, FormulaError
from .formula.units import ONE, Unit, unit
from .model import Row

EMPTY: Row = {
    "value": None,
    "baseunit": "",
    "value_baseunit": None,
    "wc_plus": None,
    "wc_minus": None,
    "totalmargin_plus": None,
    "totalmargin_minus": None,
    "low": None,
    "high": None,
    "shown_unit": None,
}
"""The computed fields of an empty vali. The last three are for the engine only."""


def outcome(row: Row, found: Quantity | None) -> Row:
    """The computed fields of a vali, empty ones for no value. Raises Cancelled when the unit does not fit."""
    if found is None:
        return EMPTY
    found = shown_in(found, row["unit"])
    value = found.unit.from_base(found.value)
    plus, minus = worst(found, row["margin_plus"], row["margin_minus"])
    low, high = sorted((found.unit.to_base(plus), found.unit.to_base(minus)))
    after = {
        "value": value,
        "baseunit": found.unit.base,
        "value_baseunit": found.value,
        "wc_plus": plus,
        "wc_minus": minus,
        "totalmargin_plus": percent(plus, value, 1),
        "totalmargin_minus": percent(minus, value, -1),
        "low": low,
        "high": high,
        "shown_unit": None if row["unit"] else found.unit.text or None,
    }
    numbers = (number for number in after.values() if isinstance(number, float))
    return after if all(math.isfinite(number) for number in numbers) else EMPTY


def shown_in(found: Quantity, text: str) -> Quantity:
    """A value in the display unit of its vali; without one, in the unit that came out of the formula.

    A bare number is a number of that unit. Raises Cancelled when the unit does not fit, FormulaError when it is none.
    """
    if not text.strip():
        return found
    wanted = unit(text)
    if found.bare:
        return given_in(found, wanted) if wanted != ONE else found
    if wanted.dimensions != found.unit.dimensions:
        raise Cancelled(f"{found.unit.text!r} is not convertible to {text!r}")
    return Quantity(found.value, found.low, found.high, wanted)


def worst(found: Quantity, margin_plus: float, margin_minus: float) -> tuple[float, float]:
    """`wc_plus` and `wc_minus`: the worst cases of the formula, and the own margins on top of them.

    Margins are relative to the value, so those of a negative value lie the other way: its `wc_plus` is the lesser one.
    """
    low, high = found.unit.from_base(found.low), found.unit.from_base(found.high)
    away, near = (low, high) if found.unit.from_base(found.value) < 0 else (high, low)
    return away * (1 + margin_plus / 100), near * (1 - margin_minus / 100)


def percent(worst_case: float, value: float, sign: int) -> float | None:
    """A total margin: how far a worst case is from the value, in percent. Of zero there is none but zero."""
    if worst_case == value:
        return 0.0
    return None if value == 0 else round((worst_case / value - 1) * 100 * sign, 10)


def unit_of_row(row: Row) -> Unit:
    """The unit a vali is shown in. Raises FormulaError when its text is no unit."""
    text = row["unit"] or row.get("shown_unit") or ""
    try:
        return unit(text)
    except FormulaError:
        return ONE
