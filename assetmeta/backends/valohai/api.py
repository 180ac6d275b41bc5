"""The bundled table of the API, which publishes no schema: schema.json, read once (reference 7, 8, 11).

Endpoints stand by their path below the API root:

    "executions": {"type": "Execution", "display": "step", "create": true, "filters": {attribute path: query parameter},
                   "fields": {"commit": {"kind": "Relation", "to": "commits", "write": "identifier", ...}, ...}}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

ACCESSES = ("ro", "rw", "new", "wo", "wn")
"""How a field is reached: read only; written at any time; written on create; written and never read, at any time or
on create alone."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an endpoint. *to* are the endpoints that a relation leads to, the likeliest first; *union* names
    the abstract type of several. *access* is one of ACCESSES.

    Reading: *key* is the key of a body that holds the value, where that is not the field's name. *shape* tells how it
    lies there: "inputs" (a list that is written as a map), "uris" (`datum://` addresses among them), "source" (an
    object whose `type` says what its `id` is of). Members of a list with a *wrap* are objects that hold the asset under
    that key. *via* is the field at the other end by which a reverse list is made, *sublist* the path below the object
    of a list of its own. Rows of lists lack what is *detail*, every body lacks what must be asked for by *include* and
    what is *unshown*; details come without what is *heavy* unless it is wanted. In objects embedded in others, null
    does not mean that a *blanked* field is null.

    Writing: *write* is the form of a relation: "id", "name", "identifier" or "slug" (or an id). *written* is the key to
    write under, where that is another one. Fields that are *whole* go along with every PUT. A *secret* is not shown.
    """

    kind: str
    to: tuple[str, ...] = ()
    union: str | None = None
    many: bool = False
    access: str = "ro"
    required: bool = False
    nullable: bool = False
    computed: bool = False
    choices: tuple[str, ...] = ()
    key: str | None = None
    shape: str | None = None
    wrap: str | None = None
    via: str | None = None
    sublist: str | None = None
    detail: bool = False
    include: bool = False
    unshown: bool = False
    heavy: bool = False
    blanked: bool = False
    write: str = "id"
    written: str | None = None
    whole: bool = False
    secret: bool = False
    back: str | None = None
    cascades: bool = False

    @property
    def updatable(self) -> bool:
        """True for what an update may change."""
        return self.access in ("rw", "wo")

    @property
    def creatable(self) -> bool:
        """True for what a create may set."""
        return self.access != "ro"

    @property
    def readable(self) -> bool:
        """True for what bodies hold, if not each of them."""
        return self.access not in ("wo", "wn") and not self.unshown

    @property
    def elsewhere(self) -> bool:
        """True for what lies in a list of its own and not in the object."""
        return self.via is not None or self.sublist is not None


@dataclass(frozen=True, slots=True)
class Action:
    """A call on one object: `METHOD <object>/<path>/`, or the object's own link of the name *link* in `urls`.

    *arguments* are the keys of its body, of which *needed* must be given; with *bare* the only argument is the body.
    One that *makes* something answers with a new object of the same type. *concealed* arguments are shown nowhere.
    """

    method: str
    path: str
    arguments: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()
    bare: bool = False
    makes: bool = False
    link: str | None = None
    concealed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NestedIn:
    """Objects that stand in a *field* of the objects at another *endpoint*, and nowhere else."""

    endpoint: str
    field: str


@dataclass(frozen=True, slots=True)
class Resource:
    """One endpoint and its type.

    *key* is what its objects are known by: "uuid", "int", "commit" (a project and an identifier) or "member" (the
    object that they stand in, and an id). *alias* is what other texts that find them are: a "counter" (with the
    project), an "identifier" or branch (with the project), an "alias", or the value of a field ("name", "slug" ...).

    *filters* maps attribute paths to the query parameters that the server is known to apply; of these *several* take
    repeated values, *loose* ones may find more than what is equal, *lowered* ones are sent in lower case. *words* are
    values that only filters know, with what they stand for. *orders* are the fields by which it sorts. *no_count* is
    whether it can leave out counting. An endpoint that is not *listed* has no list, one that is not *single* no
    objects by id. A *short_list* is small enough to be read whole. *soft* objects stay when they are deleted, marked
    so. *update* is by PATCH with what changed, or PUT where that is not known.
    """

    path: str
    type: str
    label: str = ""
    display: str | None = None
    short: str | None = None
    key: str = "uuid"
    alias: str | None = None
    filters: Mapping[str, str] = field(default_factory=dict)
    several: tuple[str, ...] = ()
    loose: tuple[str, ...] = ()
    lowered: tuple[str, ...] = ()
    words: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    orders: tuple[str, ...] = ()
    no_count: bool = False
    listed: bool = True
    single: bool = True
    short_list: bool = False
    soft: bool = False
    within: NestedIn | None = None
    create: bool = False
    update: bool = False
    delete: bool = False
    fields: Mapping[str, Field] = field(default_factory=dict)
    actions: Mapping[str, Action] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Api:
    """All endpoints by path and by type, and the members of the abstract types."""

    endpoints: Mapping[str, Resource]
    by_type: Mapping[str, Resource]
    unions: Mapping[str, tuple[str, ...]]


@cache
def bundled() -> Api:
    """Return the table that comes with the package; the first call reads it from disk."""
    text = files(__package__).joinpath("schema.json").read_text(encoding="utf-8")
    document = json.loads(text)
    endpoints = {path: _endpoint(path, given) for path, given in document["endpoints"].items()}
    unions = {name: tuple(members) for name, members in document["unions"].items()}
    return Api(endpoints, {endpoint.type: endpoint for endpoint in endpoints.values()}, unions)


def _endpoint(path: str, given: dict[str, Any]) -> Resource:
    fields = {name: _field(item) for name, item in given.pop("fields").items()}
    actions = {name: _action(item) for name, item in given.pop("actions", {}).items()}
    within = NestedIn(**given.pop("within")) if "within" in given else None
    words = {
        name: {word: tuple(values) for word, values in meant.items()} for name, meant in given.pop("words", {}).items()
    }
    lists: dict[str, Any] = {name: tuple(given.pop(name, ())) for name in ("several", "loose", "lowered", "orders")}
    return Resource(path=path, fields=fields, actions=actions, within=within, words=words, **lists, **given)


def _field(given: dict[str, Any]) -> Field:
    to = given.pop("to", ())
    return Field(to=(to,) if isinstance(to, str) else tuple(to), choices=tuple(given.pop("choices", ())), **given)


def _action(given: dict[str, Any]) -> Action:
    lists: dict[str, Any] = {name: tuple(given.pop(name, ())) for name in ("arguments", "needed", "concealed")}
    return Action(**lists, **given)
