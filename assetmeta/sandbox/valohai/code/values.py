"""Which JSON values can be kept: texts that can be encoded, finite numbers, no depths without end."""

from __future__ import annotations

import math

DEEPEST = 60


def sound(value: object) -> bool:
    """Whether *value* can be written as JSON, as text and to a file."""
    left = [(value, 0)]
    while left:
        each, depth = left.pop()
        if isinstance(each, dict):
            left.extend((key, depth + 1) for key in each)
            left.extend((item, depth + 1) for item in each.values())
        elif isinstance(each, list):
            left.extend((item, depth + 1) for item in each)
        if depth > DEEPEST or not sound_atom(each):
            return False
    return True


def sound_atom(value: object) -> bool:
    """Whether a single value is no endless number, and no text with half of a surrogate pair in it."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, str):
        return not any("\ud800" <= letter <= "\udfff" for letter in value)
    return True
