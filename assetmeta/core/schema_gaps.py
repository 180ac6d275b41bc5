"""Types and attributes that the answers of a server name and the schema does not have: it is older than the server, or
the server does not describe them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, groupby
from operator import attrgetter

from assetmeta.model.codecs import AnyValue
from assetmeta.model.plans import Row
from assetmeta.model.schema import Attribute, Schema
from assetmeta.model.values import Oid

_SHAPES = 10_000
"""Shapes of answers that are remembered as looked at."""


class SchemaGaps:
    """Finds what a schema does not have. Each type, and each set of columns of a type, is looked at once."""

    def __init__(self) -> None:
        self._familiar: dict[tuple[str, tuple[str, ...]], tuple[int, ...]] = {}
        self._types: set[str] = set()

    def named_in(self, schema: Schema, rows: Iterable[Row], oids: Iterable[Oid] = ()) -> dict[tuple[str, str], None]:
        """Return the types and attributes, as (type, attribute or ""), that *rows* and *oids* name and *schema* does
        not have, each once. Sends nothing.
        """
        missing: dict[tuple[str, str], None] = {}
        types = self._types
        for oid in oids:
            if oid.type not in types:
                self._look_at(schema, oid.type, (), missing)
        for columns, group in groupby(rows, attrgetter("columns")):
            alike = list(group)
            places: set[int] = set()
            for type_name in {row.oid.type for row in alike}:
                places.update(self._look_at(schema, type_name, columns, missing))
            for place in places:
                for type_name in _types_in([row.values[place] for row in alike]) - types:
                    self._look_at(schema, type_name, (), missing)
        return missing

    def _look_at(
        self, schema: Schema, type_name: str, columns: tuple[str, ...], missing: dict[tuple[str, str], None]
    ) -> tuple[int, ...]:
        """Add what the schema does not have to *missing*; return the places of the columns that may name assets."""
        found = self._familiar.get((type_name, columns))
        if found is not None:
            return found
        kind = schema.types.get(type_name)
        if kind is None:
            missing[type_name, ""] = None
        attributes = {} if kind is None else kind.attributes
        for name in columns if kind else ():
            if name.isidentifier() and name not in attributes:
                missing[type_name, name] = None
        self._types.add(type_name)
        if len(self._familiar) >= _SHAPES:
            self._familiar.clear()
        places = tuple(place for place, name in enumerate(columns) if _may_name_assets(attributes.get(name)))
        self._familiar[type_name, columns] = places
        return places


def _may_name_assets(attribute: Attribute | None) -> bool:
    """True for relations, and for values of which the schema does not show what they are."""
    return attribute is None or attribute.is_relation or isinstance(attribute.codec, AnyValue)


def _types_in(column: Sequence[object]) -> set[str]:
    """The types of the assets that a column of raw values names. Most hold texts alone, which are not looked at."""
    kinds = set(map(type, column))
    found = {cell.type for cell in column if type(cell) is Oid} if Oid in kinds else set()
    if tuple in kinds:
        members = chain.from_iterable(cell for cell in column if type(cell) is tuple)
        found |= {member.type for member in members if type(member) is Oid}
    return found
