"""The fields of one body, read one by one; what is wrong with them is gathered and refused together."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from .problems import Refused, leaf

REQUIRED = "This field is required."
NOT_BLANK = "This field may not be blank."
MOST_TEXT = 100_000
DEEPEST = 60

Problems = dict[str, list[Any]]


class Fields:
    """Reads *given*, a decoded JSON object or a form. Hyphens in names count as underscores."""

    def __init__(self, given: Mapping[str, Any], *, is_form: bool = False) -> None:
        self.problems: Problems = {}
        self._given = {name.replace("-", "_"): value for name, value in given.items()}
        self._is_form = is_form
        for name, value in self._given.items():
            if not sound(value):
                self.refuse(name, "The value holds text or numbers that cannot be kept.")
                self._given[name] = None

    def without(self, *names: str) -> Fields:
        """The same body without some of its fields; what is wrong with the others is noted here too."""
        rest = Fields({name: value for name, value in self._given.items() if name not in names}, is_form=self._is_form)
        rest.problems = self.problems
        return rest

    def refuse(self, name: str, message: str, code: str = "invalid") -> None:
        """Note that something is wrong with the field *name*."""
        self.note(name, leaf(message, code))

    def note(self, name: str, problem: Any) -> None:
        """Note a problem as it is shown: a leaf, or what nests some."""
        self.problems.setdefault(name, []).append(problem)

    def done(self) -> None:
        """Raise Refused if anything was wrong."""
        if self.problems:
            raise self.refusal()

    def refusal(self) -> Refused:
        """All that was wrong."""
        return Refused(self.problems)

    def has(self, name: str) -> bool:
        """Whether the field is there and not null."""
        return self._given.get(name) is not None

    def raw(self, name: str) -> Any:
        """The value as it came, None where it is missing. A form's JSON is read where it looks like a list or map."""
        value = self._given.get(name)
        if self._is_form and isinstance(value, str) and value[:1] in ("{", "["):
            try:
                return json.loads(value)
            except (ValueError, RecursionError):
                return value
        return value

    def needed(self, name: str) -> str:
        """A text that must be there; "" after a refusal."""
        if not self.has(name):
            self.refuse(name, REQUIRED, "required")
            return ""
        value = self.text(name)
        if not value and name not in self.problems:
            self.refuse(name, NOT_BLANK, "blank")
        return value

    def text(self, name: str, default: str = "") -> str:
        """A text; numbers count as such."""
        value = self._given.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            self.refuse(name, "Not a valid string.")
            return default
        if len(str(value)) > MOST_TEXT:
            self.refuse(name, f"Ensure this field has no more than {MOST_TEXT} characters.", "max_length")
            return default
        return str(value)

    def lines(self, name: str, default: Any) -> Any:
        """A text or a list of texts, as commands are."""
        value = self.raw(name)
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return value or default
        return self.text(name) or default

    def flag(self, name: str, default: bool) -> bool:
        """A bool."""
        value = self._given.get(name)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        if str(value).lower() in ("true", "1", "false", "0"):
            return str(value).lower() in ("true", "1")
        self.refuse(name, "Must be a valid boolean.")
        return default

    def number(self, name: str, *, least: float | None = None) -> float | None:
        """A number, None where there is none."""
        value = self._given.get(name)
        if self._is_form and isinstance(value, str):
            value = numeric(value)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e15:
            self.refuse(name, "A valid number is required.")
            return None
        if least is not None and value < least:
            self.refuse(name, f"Ensure this value is greater than or equal to {least:g}.", "min_value")
            return None
        return value

    def integer(self, name: str, *, least: int | None = None) -> int | None:
        """A whole number, None where there is none."""
        value = self.number(name, least=least)
        if value is None or value == int(value):
            return None if value is None else int(value)
        self.refuse(name, "A valid integer is required.")
        return None

    def words(self, name: str) -> list[str]:
        """A list of texts; a single one counts as a list of one."""
        value = self.raw(name)
        if value is None or value == "":
            return []
        found = value if isinstance(value, list) else [value]
        if all(isinstance(each, str) for each in found):
            return list(found)
        self.refuse(name, "Expected a list of strings.", "not_a_list")
        return []

    def items(self, name: str, *, required: bool = False) -> list[Any]:
        """A list of anything."""
        value = self.raw(name)
        if isinstance(value, list):
            return value
        if value is not None:
            self.refuse(name, f'Expected a list of items but got type "{type(value).__name__}".', "not_a_list")
        elif required:
            self.refuse(name, REQUIRED, "required")
        return []

    def map(self, name: str) -> dict[str, Any]:
        """A map, empty where there is none."""
        value = self.raw(name)
        if value is None or value == "":
            return {}
        if isinstance(value, dict):
            return value
        self.refuse(name, f'Expected a dictionary of items but got type "{type(value).__name__}".', "not_a_dict")
        return {}

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        """One of *choices*."""
        value = self.text(name, default) or default
        if value not in choices:
            self.refuse(name, f'"{value}" is not a valid choice.', "invalid_choice")
        return value


def numeric(text: str) -> float | str | None:
    """A number written as text; the text itself where it is none, None for an empty one."""
    try:
        value = float(text)
    except ValueError:
        return text or None
    return value if math.isfinite(value) else text


def sound(value: object) -> bool:
    """Whether *value* can be kept: texts that can be encoded, finite numbers, no depths without end."""
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
