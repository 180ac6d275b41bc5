"""The catalogue: every asset type of the instance, flattened once and kept."""

from __future__ import annotations

from functools import cache

from .declared import EVERY_ROOT, EVERY_TYPE, FAMILIES
from .flatten import flatten
from .notation import read_types
from .rules import CARRIED, RULES
from .types import Catalogue, Column

__all__ = ["CARRIED", "RULES", "catalogue"]


@cache
def catalogue() -> Catalogue:
    """All asset types of the instance. The same object at every call; nobody changes it."""
    types = flatten(read_types(FAMILIES), EVERY_TYPE, EVERY_ROOT)
    columns = frozenset(
        each.storage.name
        for kind in types.values()
        for each in kind.attributes.values()
        if isinstance(each.storage, Column)
    )
    return Catalogue(types, columns=columns)
