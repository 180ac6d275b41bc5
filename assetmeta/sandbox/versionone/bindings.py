"""What the parts of one compiled query share: bound values, alias names, and the place from which a path sets out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .problems import bad_parameter
from .store import FOREVER
from .types import Catalogue, TypeDef


@dataclass(frozen=True, slots=True)
class Place:
    """One record in a query: its alias, its declared type, and the moment at which it sees its relations.

    *time* None is the present; otherwise it is SQL, either a number or an expression of an outer record (history).
    """

    alias: str
    kind: TypeDef
    time: str | None = None

    @property
    def settled(self) -> bool:
        """True when the moment is the same for all rows of the query."""
        return self.time is None or self.time.isdigit()


@dataclass(slots=True)
class Binding:
    """The values of one statement. Whatever comes from a request enters the SQL through `bind` and nowhere else."""

    catalogue: Catalogue
    member: str
    now: str
    variables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    context: str | None = None
    values: dict[str, object] = field(default_factory=dict)
    aliases: int = 0

    def bind(self, value: str | int | float | bytes | None) -> str:
        """Keep one value and return its placeholder."""
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f":{name}"

    def bind_list(self, values: Sequence[str | int | float]) -> str:
        """Keep several values as one and return the right side of an IN."""
        if len(values) == 1:
            return f"({self.bind(values[0])})"
        return f"(SELECT value FROM json_each({self.bind(json.dumps(values))}))"

    def alias(self, letter: str = "r") -> str:
        """A table alias not used yet."""
        self.aliases += 1
        return f"{letter}{self.aliases}"

    def named(self, variable: str) -> tuple[str, ...]:
        """The values of a variable. Raises a 400 problem when it has none."""
        found = self.variables.get(variable)
        if found is None:
            raise bad_parameter("WITH", f"Unknown variable: ${variable}")
        return found


def during(alias: str, time: str | None) -> str:
    """The condition that a record or link holds at *time*."""
    if time is None:
        return f"{alias}.until = {FOREVER}"
    return f"{alias}.since <= {time} AND {alias}.until > {time}"


def among(alias: str, names: frozenset[str]) -> str:
    """The condition that a record is of one of the catalogue's types *names*."""
    if len(names) == 1:
        return f"{alias}.type = '{next(iter(names))}'"
    return f"{alias}.type IN ({', '.join(repr(name) for name in sorted(names))})" if names else "0"
