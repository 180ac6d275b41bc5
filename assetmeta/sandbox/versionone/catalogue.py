"""The catalogue: every asset type of the instance, flattened once and kept."""

from __future__ import annotations

from functools import cache

from assetmeta.sandbox.data import text

from .flatten import flatten
from .notation import read_types
from .types import Catalogue, Column

SECURED_BY: dict[str, str] = {"RegressionSuite": "RegressionPlan"}
"""The single relation to the asset that a type without a Scope of its own has its SecurityScope from."""

CARRIED: dict[str, tuple[str, ...]] = {"Task": ("Scope", "Timebox", "Team"), "Test": ("Scope", "Timebox", "Team")}
"""Read-only relations that a type keeps in its own record, copied from its Parent whenever that is set or changes."""


@cache
def catalogue() -> Catalogue:
    """All asset types of the instance. The same object at every call; nobody changes it."""
    declared = read_types(text(__package__, "schema.txt"))
    types = flatten(declared)
    columns = frozenset(
        each.storage.name
        for kind in types.values()
        for each in kind.attributes.values()
        if isinstance(each.storage, Column)
    )
    return Catalogue(types, columns=columns)
