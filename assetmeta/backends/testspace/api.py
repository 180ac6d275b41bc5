"""The bundled table of types, schema.json, read once (reference 6 to 9): a server tells nothing about itself.

    "Space": {"collection": "spaces", "flat": true, "parent": "Project", "up": "project", "fields": {"name": {...}}}

Requests are made of it alone: an asset's path is that of its parent, the collection, and its own part.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

ALWAYS, CREATE, PARENT = "always", "create", "parent"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a type. *to* is what a relation leads to; *of* the key with its id, where the body has one.

    *listed* relations are lists of their own, one request for each asset; *back* is the relation at the far side. A
    relation *cascades* when the object goes with the one that it leads to.
    *write* is "always" for what may be sent at any time, "create" for what only a new asset takes, "parent" for what
    is sent as part of the path; None for what the server sets. *sent_only* fields are never read back. An *optional*
    key is left out of bodies where there is nothing to say. *choices* are the values seen so far.
    """

    kind: str
    to: str | None = None
    of: str | None = None
    back: str | None = None
    write: str | None = None
    listed: bool = False
    many: bool = False
    required: bool = False
    computed: bool = False
    affects_related: bool = False
    cascades: bool = False
    sent_only: bool = False
    optional: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Resource:
    """One type: its *collection* below the *parent*'s path, and *up*, the relation that leads there.

    *flat* types have numbers as keys and paths of their own: no parent is needed to reach them. *own* is the field that
    tells siblings apart. Those without *item* are read from lists only, those not *listable* never. *filters* are the
    query parameters that a list is known to apply, *writes* what can be done, *page* is where people see it.
    """

    name: str
    collection: str
    fields: Mapping[str, Field] = field(default_factory=dict)
    parent: str | None = None
    up: str | None = None
    own: str = "id"
    display: str | None = None
    label: str = ""
    page: str | None = None
    flat: bool = False
    item: bool = True
    listable: bool = True
    filters: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()

    @property
    def place(self) -> Field | None:
        """The field that leads to the parent."""
        return self.fields[self.up] if self.up else None


Api = Mapping[str, Resource]


@cache
def bundled() -> Api:
    """Return the table that comes with the package, by type; the first call reads it from disk."""
    document = json.loads(files(__package__).joinpath("schema.json").read_text(encoding="utf-8"))
    return {name: _kind(name, given) for name, given in document.items()}


def resource_of(type_name: str) -> Resource:
    """The table's entry of a type."""
    return bundled()[type_name]


def _field(given: dict[str, Any]) -> Field:
    return Field(**{**given, "choices": tuple(given.get("choices", ()))})


def _kind(name: str, given: dict[str, Any]) -> Resource:
    fields = {key: _field(item) for key, item in given.pop("fields").items()}
    filters, writes = (tuple(given.pop(word, ())) for word in ("filters", "writes"))
    return Resource(name, fields=fields, filters=filters, writes=writes, **{"label": name, **given})
