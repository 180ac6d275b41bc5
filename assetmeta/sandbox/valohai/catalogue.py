"""All kinds by name, and how they belong to each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assetmeta.sandbox.rest.schema import declared

from .model import Field, Filter, Kind


def _kind(name: str, filters: Mapping[str, Any] = {}, **more: Any) -> Kind:
    """A kind of `schema.json`, where a filter is the name of its field, or that and how it compares."""
    read = {each: Filter(*((how,) if isinstance(how, str) else how)) for each, how in filters.items()}
    return Kind(name=name, filters=read, **more)


KINDS: dict[str, Kind] = {name: _kind(name, **kind) for name, kind in declared(__package__, Field).items()}
"""The kinds by name."""


def _belonging(owner: str) -> tuple[tuple[str, str], ...]:
    found = []
    for kind in KINDS.values():
        if kind.parent and owner in kind.by_name[kind.parent].to:
            found.append((kind.name, kind.parent))
    return tuple(found)


BELONGING: dict[str, tuple[tuple[str, str], ...]] = {name: _belonging(name) for name in KINDS}
"""For each kind, the kinds whose objects belong to one of its objects, each with the reference that says so."""
