"""All kinds by name, and how they belong to each other."""

from __future__ import annotations

from .declared import deployments, files, models, people, places, projects, runs
from .model import Kind

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        *people.KINDS,
        *projects.KINDS,
        *runs.KINDS,
        *files.KINDS,
        *models.KINDS,
        *deployments.KINDS,
        *places.KINDS,
    )
}
"""The kinds by name."""


def _belonging(owner: str) -> tuple[tuple[str, str], ...]:
    found = []
    for kind in KINDS.values():
        if kind.parent and owner in kind.by_name[kind.parent].to:
            found.append((kind.name, kind.parent))
    return tuple(found)


BELONGING: dict[str, tuple[tuple[str, str], ...]] = {name: _belonging(name) for name in KINDS}
"""For each kind, the kinds whose objects belong to one of its objects, each with the reference that says so."""
