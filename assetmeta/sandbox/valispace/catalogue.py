"""All kinds, how they point at each other, their older names, and the content types."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from assetmeta.sandbox.rest.schema import declared

from .model import Field, Kind

KINDS: dict[str, Kind] = {name: Kind(endpoint=name, **kind) for name, kind in declared(__package__, Field).items()}
"""The kinds by endpoint, in the order of the API root."""

ALIASES: dict[str, str] = {
    "vali": "valis",
    "component": "components",
    "textvali": "textvalis",
    "matrix": "matrices",
    "tags": "tag",
    "vstates": "requirements/states",
    "requirements/specifications/labels": "requirements/specifications/folders",
    "requirements/component-requirements": "requirements/requirement-vms",
    "requirements/verifications": "requirements/component-vms",
    "analysis": "analyses",
    "data/custom-field": "data/custom-fields",
}
"""Names of other years, and names used beside the usual one, under which endpoints also answer."""

SHOWN_ALIASES = ("vstates", "tags")
"""The aliases that are in use today and stand in the API root."""

_free = count(300)
CONTENT_TYPES: dict[str, int] = {kind.model: kind.content_type or next(_free) for kind in KINDS.values()}
"""Ids of content types by model: those that one deployment had, the others are free ids from 300 up."""

BY_CONTENT_TYPE: dict[int, Kind] = {CONTENT_TYPES[kind.model]: kind for kind in KINDS.values()}
"""The kinds by the id of their content type."""

CONTAINERS: tuple[str, ...] = tuple(kind.endpoint for kind in KINDS.values() if kind.space == "container")
"""The endpoints whose objects can own valis and share one range of ids."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A field of some kind that points at another kind."""

    kind: Kind
    field: Field


REFERENCES: dict[str, tuple[Reference, ...]] = {
    endpoint: tuple(
        Reference(kind, field) for kind in KINDS.values() for field in kind.relations if endpoint in field.targets
    )
    for endpoint in KINDS
}
"""For each endpoint, the stored fields anywhere that point at it."""


def find(endpoint: str) -> Kind | None:
    """The kind of an endpoint, by its name of today or an older one."""
    return KINDS.get(ALIASES.get(endpoint, endpoint))
