"""Parameters of a step: what is declared, what is given, and the command with both filled in.

Declared is `{name, type, default, min, max, choices, multiple, pass-as, ...}` with the types string, integer, float
and flag. In commands `{parameters}` stands for all of them, `{parameter:NAME}` for one as it is passed,
`{parameter-value:NAME}` for its bare value.
"""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Mapping
from typing import Any

from .config import Item, listed

PLACE = re.compile(r"\{(parameters|params|parameter(?:-value)?:[^{}]+)\}")
FIELD = re.compile(r"\{(name|value|v)\}")


def declared(step: Mapping[str, Any]) -> dict[str, Item]:
    """The declarations of a step by name."""
    return {str(each["name"]): each for each in listed(step, "parameters") if each.get("name") is not None}


def merged(step: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Values for all parameters: what is *given*, else the declared default. Flags have no default.

    Raises ValueError with the parameter's name and the reason where a given value does not fit, or where the step lists
    its parameters and this one is not among them.
    """
    known = declared(step)
    unknown = [name for name in given if name not in known] if known else []
    if unknown:
        raise ValueError(f"{unknown[0]}: the step has no such parameter")
    values = {
        name: default(one) for name, one in known.items() if one.get("default") is not None and kind(one) != "flag"
    }
    for name, value in given.items():
        values[name] = checked(known[name], value) if name in known and value is not None else value
    return {name: value for name, value in values.items() if value is not None}


def default(one: Item) -> Any:
    """The declared default, a list for a parameter that takes several values."""
    value = one["default"]
    return value if not one.get("multiple") or isinstance(value, list) else [value]


def kind(one: Item) -> str:
    """The declared type."""
    return str(one.get("type", "string"))


def checked(one: Item, value: Any) -> Any:
    """*value* in the declared type. Raises ValueError where it does not fit."""
    if one.get("multiple"):
        return [atom(one, each) for each in (value if isinstance(value, list) else [value])]
    if isinstance(value, list):
        raise ValueError(f"{one['name']}: only a single value is allowed")
    return atom(one, value)


def atom(one: Item, value: Any) -> Any:
    """One value in the declared type."""
    try:
        typed = cast(kind(one), value)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{one['name']}: {value!r} is not a valid {kind(one)}") from error
    low, high, choices = one.get("min"), one.get("max"), one.get("choices")
    if isinstance(typed, int | float):
        if isinstance(low, int | float) and typed < low:
            raise ValueError(f"{one['name']}: {typed} is less than the minimum allowed ({low})")
        if isinstance(high, int | float) and typed > high:
            raise ValueError(f"{one['name']}: {typed} is greater than the maximum allowed ({high})")
    if isinstance(choices, list) and choices and typed not in choices:
        raise ValueError(f"{one['name']}: {typed!r} is not among the choices allowed")
    return typed


def cast(type_name: str, value: Any) -> Any:
    """*value* as the type says. Raises ValueError where it cannot be."""
    if type_name == "integer":
        return int(str(value), 10)
    if type_name == "float":
        return finite(float(str(value)))
    if type_name == "flag":
        return value if isinstance(value, bool) else boolean(str(value))
    return value


def finite(value: float) -> float:
    """*value*. Raises ValueError for what JSON cannot say."""
    if not math.isfinite(value):
        raise ValueError(value)
    return value


def boolean(text: str) -> bool:
    """A flag written as text."""
    word = text.strip().lower()
    if word in ("true", "t", "yes", "y", "1", "on"):
        return True
    if word in ("false", "f", "no", "n", "0", "off", ""):
        return False
    raise ValueError(text)


def filled(step: Mapping[str, Any], command: object, values: Mapping[str, Any]) -> str:
    """The command lines, each with the parameters in their places, as one that stops at the first failure."""
    lines = command if isinstance(command, list) else [command]
    known = declared(step)

    def place(match: re.Match[str]) -> str:
        what, _, name = match[1].partition(":")
        if what in ("parameters", "params"):
            return " ".join(shlex.quote(each) for one in known for each in arguments(known[one], values.get(one)))
        if what == "parameter" and name in known:
            return " ".join(shlex.quote(each) for each in arguments(known[name], values.get(name)))
        if what == "parameter-value" and values.get(name) is not None:
            return shlex.quote(str(values[name]))
        return match[0]

    return " && ".join(done for line in lines if (done := PLACE.sub(place, str(line)).strip()))


def arguments(one: Item, value: Any) -> list[str]:
    """How one parameter is passed: the words of its pass-as, none where it has no value."""
    if value is None:
        return []
    template = str(one.get("pass-as") or ("--{name}" if kind(one) == "flag" else "--{name}={value}"))
    if kind(one) == "flag":
        said = one.get("pass-true-as") if value else one.get("pass-false-as")
        if said or not value or one.get("pass-false-as"):
            template = str(said or "")
        return worded(template, one, value)
    if not isinstance(value, list):
        return worded(template, one, value)
    if one.get("multiple") == "repeat":
        return [word for each in value for word in worded(template, one, each)]
    separator = str(one.get("multiple-separator") or ",")
    return worded(template, one, separator.join(str(each) for each in value)) if value else []


def worded(template: str, one: Item, value: Any) -> list[str]:
    """The words of *template* with name and value filled in."""
    fields = {"name": str(one["name"]), "value": str(value), "v": str(value)}
    return [FIELD.sub(lambda match: fields[match[1]], word) for word in template.split()]
