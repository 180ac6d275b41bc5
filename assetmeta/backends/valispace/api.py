"""The bundled table of what a server does not tell about itself: schema.json, read once (reference 2 and 7.3).

It alone is enough to work. Endpoints stand by their path below the API root:

    "valis": {"type": "Vali", "model": "vali", "display": "name", "filters": {attribute path: query parameter},
              "fields": {"parent": {"kind": "Relation", "to": [...], ...}, ...}}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an endpoint. *to* are the endpoints that a relation leads to, the likeliest first.

    *union* names the abstract type of what it may lead to. *when* maps a Boolean field to the endpoint that the
    relation leads to if that is true; *type_in* names the field with the content type of what it leads to. *shape* is
    "object" for `{"id", "contenttype"}` and "matrix" for rows of ids. *same_as* is the key that the value comes under,
    *either* the other name that older or newer servers use, *via* the field over there by which a reverse list is made
    here. *action* is the call that adds one member, under the key *argument*. *back* is the field at the far side. A
    relation *cascades* when the object goes with the one that it leads to.
    """

    kind: str
    to: tuple[str, ...] = ()
    many: bool = False
    read_only: bool = False
    computed: bool = False
    required: bool = False
    affects_related: bool = False
    cascades: bool = False
    nullable: bool = False
    union: str | None = None
    when: tuple[tuple[str, str], ...] = ()
    type_in: str | None = None
    shape: str | None = None
    same_as: str | None = None
    either: str | None = None
    via: str | None = None
    action: str | None = None
    argument: str | None = None
    back: str | None = None
    choices: tuple[tuple[int | str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Action:
    """A call on one object."""

    path: str
    method: str


@dataclass(frozen=True, slots=True)
class Resource:
    """One endpoint and its type.

    *filters* maps attribute paths to the query parameters that a server is known to apply. *sparse* endpoints know
    `fields`, those with *cleans* `clean_text` and `clean_html`, *search* endpoints answer `search/`. One that is not
    *listed* has no list. A *short_list* is small enough to be read whole. *create* is where new objects are posted to.
    *bulk* is "each" (changes by id) or "same" (one change for several ids).
    """

    path: str
    type: str
    model: str = ""
    label: str = ""
    display: str | None = None
    short: str | None = None
    filters: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, Field] = field(default_factory=dict)
    actions: Mapping[str, Action] = field(default_factory=dict)
    sparse: bool = False
    cleans: bool = False
    search: bool = False
    listed: bool = True
    short_list: bool = False
    create: str | None = None
    bulk: str | None = None


@dataclass(frozen=True, slots=True)
class Api:
    """All endpoints by path and by type, and the members of the abstract types. *aliases* are other paths of some
    endpoints, mostly what they were called before.
    """

    endpoints: Mapping[str, Resource]
    unions: Mapping[str, tuple[str, ...]]
    by_type: Mapping[str, Resource]
    aliases: frozenset[str] = frozenset()


@cache
def bundled() -> Api:
    """Return the table that comes with the package; the first call reads it from disk."""
    text = files(__package__).joinpath("schema.json").read_text(encoding="utf-8")
    document = json.loads(text)
    endpoints = {path: _endpoint(path, given) for path, given in document["endpoints"].items()}
    unions = {name: tuple(members) for name, members in document["unions"].items()}
    by_type = {endpoint.type: endpoint for endpoint in endpoints.values()}
    return Api(endpoints, unions, by_type, frozenset(document["aliases"]))


def _endpoint(path: str, given: dict[str, Any]) -> Resource:
    fields = {name: _field(item) for name, item in given.pop("fields").items()}
    actions = {name: Action(**item) for name, item in given.pop("actions", {}).items()}
    return Resource(path=path, fields=fields, actions=actions, **given)


def _field(given: dict[str, Any]) -> Field:
    to = given.pop("to", ())
    choices = tuple((int(value), name) for value, name in given.pop("choices", {}).items())
    when = tuple(given.pop("when", {}).items())
    return Field(to=(to,) if isinstance(to, str) else tuple(to), choices=choices, when=when, **given)
