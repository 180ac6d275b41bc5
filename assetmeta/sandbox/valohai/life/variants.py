"""What the children of a task are run with: the values of every parameter's style, combined as the task's type says.

A style is `{"style": word, "rules": {...}}`: single (value), multiple (items), linear (start, end, step), logspace
(min and max as exponents, count, base) and random (min, max, distribution, integerify). A bare value counts as single.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from typing import Any

TYPES = ("bayesian_tpe", "distributed", "grid_search", "manual_search", "random_search")
STYLES = ("linear", "logspace", "multiple", "random", "single")
MOST = 1000
DRAWN = ("bayesian_tpe", "random_search")
USUAL_COUNT = 10

Values = dict[str, Any]


def expanded(type_name: str, parameters: Mapping[str, Any], count: int | None, seed: int) -> list[Values]:
    """One map of values per child, in order. Raises ValueError naming the parameter and what is wrong with it."""
    if type_name == "distributed":
        return [{name: first(name, style) for name, style in parameters.items()} for _ in range(limited(count or 1))]
    if type_name in DRAWN:
        draw = random.Random(seed)  # noqa: S311
        children = range(limited(count or USUAL_COUNT))
        return [{name: drawn(name, style, draw) for name, style in parameters.items()} for _ in children]
    choices = {name: listed(name, style) for name, style in parameters.items()}
    if type_name == "manual_search":
        length = max((len(each) for each in choices.values()), default=1)
        return [{name: each[min(at, len(each) - 1)] for name, each in choices.items()} for at in range(limited(length))]
    total = 1
    for each in choices.values():
        total = limited(total * len(each))
    return [dict(zip(choices, row, strict=True)) for row in itertools.product(*choices.values())]


def limited(count: int) -> int:
    """*count*. Raises ValueError where it is no possible number of children."""
    if not 1 <= count <= MOST:
        raise ValueError(f"a task has 1 to {MOST} executions, not {count}")
    return count


def rules_of(name: str, style: object) -> tuple[str, Mapping[str, Any]]:
    """Style and rules of one parameter. Raises ValueError for an unknown style."""
    if not isinstance(style, Mapping) or "style" not in style:
        return "single", {"value": style}
    rules = style.get("rules", {})
    if style["style"] not in STYLES:
        raise ValueError(f"{name}: {style['style']!r} is not a valid style")
    if not isinstance(rules, Mapping):
        raise ValueError(f"{name}: rules must be a mapping")
    return style["style"], rules


def first(name: str, style: object) -> Any:
    """The only or the first value of a style."""
    return listed(name, style)[0]


def listed(name: str, style: object) -> list[Any]:
    """All values of a style, at least one. A random one gives a single value, the middle of its range."""
    word, rules = rules_of(name, style)
    if word == "single":
        if "value" not in rules:
            raise ValueError(f"{name}: the rules lack value")
        return [rules["value"]]
    if word == "multiple":
        items = rules.get("items")
        if not isinstance(items, list) or not items:
            raise ValueError(f"{name}: items must be a list with at least one value")
        return items
    if word == "random":
        low, high = bounds(name, rules)
        return [whole((low + high) / 2, rules)]
    return stepped(name, rules) if word == "linear" else powers(name, rules)


def stepped(name: str, rules: Mapping[str, Any]) -> list[Any]:
    """Evenly spaced values from start to end, both included where they are hit."""
    low, high = bounds(name, rules)
    if "step" in rules:
        step = number(name, rules, "step")
        if step <= 0:
            raise ValueError(f"{name}: step must be more than 0")
        count = limited(int((high - low) / step + 1e-9) + 1)
    else:
        count = limited(int(number(name, rules, "count")))
        step = (high - low) / (count - 1) if count > 1 else 0.0
    return [tidy(low + at * step, rules) for at in range(count)]


def powers(name: str, rules: Mapping[str, Any]) -> list[Any]:
    """Values whose exponents are evenly spaced."""
    base = float(rules["base"]) if isinstance(rules.get("base"), int | float) else 10.0
    exponents = stepped(name, {"count": 5, **rules, "integerify": False})
    try:
        return [whole(float(f"{base**exponent:.12g}"), rules) for exponent in exponents]
    except (ArithmeticError, TypeError, ValueError) as error:
        raise ValueError(f"{name}: the exponents lead out of range") from error


def drawn(name: str, style: object, draw: random.Random) -> Any:
    """One value of a style, by chance."""
    word, rules = rules_of(name, style)
    if word != "random":
        return draw.choice(listed(name, style))
    low, high = bounds(name, rules)
    return whole(draw.uniform(low, high), rules)


def bounds(name: str, rules: Mapping[str, Any]) -> tuple[float, float]:
    """Where a range starts and ends, told as min and max or as start and end."""
    low = number(name, rules, "min" if "min" in rules else "start")
    high = number(name, rules, "max" if "max" in rules else "end")
    if high < low:
        raise ValueError(f"{name}: the range ends before it starts")
    return low, high


def number(name: str, rules: Mapping[str, Any], key: str) -> float:
    """The number under *key*. Raises ValueError where there is none."""
    value = rules.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e300:
        raise ValueError(f"{name}: {key} must be a number")
    return float(value)


def whole(value: float, rules: Mapping[str, Any]) -> Any:
    """*value*, as an integer where the rules ask for it."""
    return round(value) if rules.get("integerify") else value


def tidy(value: float, rules: Mapping[str, Any]) -> Any:
    """*value* without the dust of adding: 0.3, not 0.30000000000000004; whole numbers as integers."""
    clean = float(f"{value:.12g}")
    return int(clean) if clean.is_integer() and abs(clean) < 1e15 else whole(clean, rules)
