"""The description of a REST server: its resources, their fields, filters and actions, read from one JSON format.

    {"unions": {"Owner": {"members": ["Organization", "User"], "display": "username"}},
     "types": {"Execution": {"path": "executions", "key": "uuid", "filters": {"project": "project", ...},
                             "fields": {"commit": {"kind": "Relation", "to": "Commit", "access": "new", ...}, ...},
                             "actions": {"stop": {"method": "POST", "path": "stop"}}}}}

The keys of the JSON are the attributes of the classes below; what is left out has their default. A list of one text may
be that text alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from assetmeta.model.errors import UnknownName
from assetmeta.model.schema import Attribute, Schema

ACCESSES = ("ro", "rw", "new", "parent", "wo", "wn")
"""How a field is accessed: read only; written at any time; written on create; written on create as a part of the path;
written and never read, at any time or on create alone."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a resource.

    A relation leads *to* these types, the likeliest first; *union* names the abstract type of several. *reciprocal* is
    the relation at the far side. A relation *cascades* when the object is deleted with the one that it leads to.
    *choices* are (value, name) pairs. *access* is one of ACCESSES. The value of a *computed* field can change with any
    write; a write of one that *affects_related* changes values of other objects. Values of the object are computed from
    what a relation that is a *source* leads to.

    Reading. *source_key* is the key of the value where that is not the name of the field, *alternative_key* the
    other name that older or newer servers use. *shape* is the form of the value: "object" (`{"id", "contenttype"}`),
    "matrix" (rows of ids), "inputs" (a list that is written as a map), "uris" (`datum://` addresses among them),
    "source" (an object whose `type` names what its `id` is of), "letters" (a text of single values), "file" (the
    address of a file, whose name is that of the object). Members of a list with a *wrap* are objects that contain the
    asset under that key. *when* maps Boolean fields to the type that the relation leads to if they are true, *type_in*
    names the field with the content type of the target.

    *reverse_of* is the field at the far side by which a list is read that no object contains, *sublist* the path of
    such a list below the object (empty: the object's own path). Rows of lists do not have what is *detail_only*; no
    answer has what must be requested by *include*, and what is *unshown*. Single objects are requested without what is
    *heavy* unless it is selected. In an object that is embedded in another one, null does not mean that a field that is
    *null_when_embedded* is null. A missing key of an *optional* field means null. A *hidden* field is loaded only when
    it is selected.

    Writing. *write_as* is the form of a relation: "id", "name", "identifier" or "slug". *written_key* is the key to
    write under where that is not the name of the field. Fields that are *always_sent* are part of every PUT. The value
    of a *secret* field is never shown. *action* is the call that adds one member, under the key *argument*.
    """

    kind: str
    to: tuple[str, ...] = ()
    union: str | None = None
    many: bool = False
    access: str = "ro"
    required: bool = False
    nullable: bool = False
    computed: bool = False
    affects_related: bool = False
    cascades: bool = False
    source: bool = False
    reciprocal: str | None = None
    choices: tuple[tuple[int | str, str], ...] = ()
    source_key: str | None = None
    alternative_key: str | None = None
    shape: str | None = None
    wrap: str | None = None
    when: tuple[tuple[str, str], ...] = ()
    type_in: str | None = None
    reverse_of: str | None = None
    sublist: str | None = None
    detail_only: bool = False
    include: bool = False
    unshown: bool = False
    heavy: bool = False
    null_when_embedded: bool = False
    optional: bool = False
    hidden: bool = False
    write_as: str = "id"
    written_key: str | None = None
    always_sent: bool = False
    secret: bool = False
    action: str | None = None
    argument: str | None = None
    listed_separately: bool = field(init=False, default=False)
    """True for a list that is read by a request of its own, and is not part of the object."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "listed_separately", self.reverse_of is not None or self.sublist is not None)

    @property
    def is_updatable(self) -> bool:
        """True for what an update may change."""
        return self.access in ("rw", "wo")

    @property
    def is_creatable(self) -> bool:
        """True for what a create may set."""
        return self.access != "ro"

    @property
    def is_readable(self) -> bool:
        """True for what answers contain, if not each of them."""
        return self.access not in ("wo", "wn") and not self.unshown


@dataclass(frozen=True, slots=True)
class Action:
    """A call on one object: `METHOD <object>/<path>/`, or the object's own link of the name *link* in `urls`.

    *arguments* are the keys of its body, of which *needed* must be given (None: any); with *bare* the only argument is
    the body. One that *makes* something answers with a new object of the same type. *concealed* arguments are never
    shown.
    """

    method: str
    path: str
    arguments: tuple[str, ...] | None = None
    needed: tuple[str, ...] = ()
    bare: bool = False
    makes: bool = False
    link: str | None = None
    concealed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Filter:
    """A query parameter that the server is known to apply to a list. A *repeatable* one takes several values, an
    *inexact* one may find more than what is equal, the value of a *lowercased* one is sent in lower case.
    """

    parameter: str
    repeatable: bool = False
    inexact: bool = False
    lowercased: bool = False


@dataclass(frozen=True, slots=True)
class NestedIn:
    """Objects that are read as part of the *field* of the objects of another *type*."""

    type: str
    field: str


@dataclass(frozen=True, slots=True)
class Resource:
    """One type, and the path of its objects below the API or, where it has a *parent*, below an object of that type;
    *up* is the relation to the parent.

    *key* is the form of its keys: "int", "uuid", "commit" (a project and an identifier), "member" (the object that they
    are nested in, and an id), and below a parent "number", "path" or "text". *own* is the key of a body that identifies
    it among its siblings. *alias* is what other texts that find an object are: a "counter" or an "identifier" (with the
    project), an "alias", or the value of a field ("name", "slug" ...). *model* is the server's name for the type.

    *filters* are the query parameters that the server is known to apply, by attribute path. *words* are values that
    only filters have, with their meaning. *orders* are the fields by which it sorts. *no_count*: it can leave out
    counting. Without *listed* there is no list, without *single* no object by its key. A *short_list* is small enough
    to be read whole. *fields_parameter*: lists take `fields`; *cleans*: they take `clean_text` and `clean_html`;
    *search*: there is `search/`.

    *writes* are the changes that the server has a request for. New objects are posted to *create_path* below the path.
    *soft*: deleted objects stay, marked so. Objects are *part_of* those of other types that no relation of theirs leads
    to, and are deleted with them. The server makes and removes *derived* objects by itself, with writes to what they
    are part of. *choices*: the objects are few, change rarely, and are chosen by name. *bulk* is
    "each" (changes by id) or "same" (one change for several ids).
    *page* is the address of an object in a browser, made of the parts of its key.
    """

    type: str
    path: str
    parent: str | None = None
    up: str | None = None
    key: str = "int"
    own: str = "id"
    alias: str | None = None
    model: str = ""
    label: str = ""
    display: str | None = None
    short: str | None = None
    filters: Mapping[str, Filter] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    orders: tuple[str, ...] = ()
    no_count: bool = False
    listed: bool = True
    single: bool = True
    short_list: bool = False
    fields_parameter: bool = False
    cleans: bool = False
    search: bool = False
    nested_in: NestedIn | None = None
    writes: tuple[str, ...] = ("create", "update", "delete")
    create_path: str | None = None
    soft: bool = False
    part_of: tuple[str, ...] = ()
    derived: bool = False
    choices: bool = False
    bulk: str | None = None
    page: str | None = None
    fields: Mapping[str, Field] = field(default_factory=dict)
    actions: Mapping[str, Action] = field(default_factory=dict)
    is_flat: bool = field(init=False, default=True)
    """True when the key of an object does not contain that of its parent."""
    lists: frozenset[str] = field(init=False, default=frozenset())
    """The names of the lists that are read by requests of their own."""
    unlisted: frozenset[str] = field(init=False, default=frozenset())
    """The names of what rows of lists do not contain: these lists, and what is detail only."""

    def __post_init__(self) -> None:
        known = self.fields.items()
        object.__setattr__(self, "is_flat", self.parent is None or self.key == "int")
        object.__setattr__(self, "lists", frozenset(name for name, one in known if one.listed_separately))
        detail = frozenset(name for name, one in known if one.detail_only)
        object.__setattr__(self, "unlisted", self.lists | detail)

    def has_parameter(self, parameter: str) -> bool:
        """True when the server is known to apply a query parameter."""
        return any(one.parameter == parameter for one in self.filters.values())


@dataclass(frozen=True, slots=True)
class Union:
    """An abstract type: its *members* (none: all types), and the attribute that users know its assets by."""

    members: tuple[str, ...] = ()
    display: str | None = None


@dataclass(frozen=True, slots=True)
class Api:
    """All resources, by type and by path, and the abstract types. *key* is the form of the keys of other resources.

    *ignored* are paths that the API root may list and that are no resources of their own. With *partial_root* the root
    does not list all resources. Its *root_refusals* are statuses with which a user may be kept from reading it.
    *options_tell_required*: OPTIONS reports which fields are required. *embeds*: objects contain related objects.
    """

    types: Mapping[str, Resource]
    paths: Mapping[str, Resource] = field(default_factory=dict)
    unions: Mapping[str, Union] = field(default_factory=dict)
    key: str = "int"
    ignored: frozenset[str] = frozenset()
    partial_root: bool = False
    root_refusals: frozenset[int] = frozenset()
    options_tell_required: bool = False
    embeds: bool = False

    def resource(self, schema: Schema, type_name: str) -> Resource:
        """Return the resource of a concrete type, also of one that only the server describes. Raises UnknownName."""
        found = self.types.get(type_name)
        if found is not None:
            return found
        kind = schema.type(type_name)
        if not kind.endpoint:
            raise UnknownName(f"{type_name} comprises several types; use one of them.", type_name=type_name)
        fields = {name: _derive_field(attribute) for name, attribute in kind.attributes.items()}
        key = "int" if kind.attributes["id"].kind == "Integer" else "uuid"
        return Resource(type_name, kind.endpoint, key=key, label=kind.label, display=kind.display, fields=fields)


def field_of(resource: Resource, schema: Schema, name: str) -> Field:
    """Return the description of a field, also of one that only the server describes. Raises UnknownName."""
    found = resource.fields.get(name)
    return found if found is not None else _derive_field(schema.attribute(resource.type, name))


def _derive_field(attribute: Attribute) -> Field:
    to = (attribute.related,) if attribute.related else ()
    return Field(attribute.kind, to, many=attribute.multi, access="rw" if attribute.writable else "ro")


@cache
def bundled(package: str) -> Api:
    """Return the description that is part of a dialect: the file `api.json` in its package. It is read once."""
    return read_api(json.loads(files(package).joinpath("api.json").read_text(encoding="utf-8")))


def read_api(document: Mapping[str, Any]) -> Api:
    """Read a description. Raises TypeError for a key that there is not."""
    given = dict(document)
    types = {name: _resource(name, item) for name, item in given.pop("types").items()}
    paths = {resource.path: resource for resource in types.values() if resource.parent is None}
    unions = {name: Union(**_made(item, members=_texts)) for name, item in given.pop("unions", {}).items()}
    return Api(types, paths, unions, **_made(given, ignored=frozenset, root_refusals=frozenset))


def _resource(name: str, given: Mapping[str, Any]) -> Resource:
    made = _made(
        given,
        filters=_each(_filter),
        words=_each(_each(_texts)),
        orders=_texts,
        part_of=_texts,
        nested_in=lambda item: NestedIn(**item),
        writes=_texts,
        fields=_each(_field),
        actions=_each(lambda item: Action(**_made(item, arguments=_texts, needed=_texts, concealed=_texts))),
    )
    return Resource(name, **made)


def _field(given: Mapping[str, Any]) -> Field:
    return Field(**_made(given, to=_texts, choices=_choices, when=lambda item: tuple(item.items())))


def _filter(given: Any) -> Filter:
    return Filter(given) if isinstance(given, str) else Filter(**given)


def _choices(given: Any) -> tuple[tuple[int | str, str], ...]:
    """A list of values, or a map from numbers to their names."""
    if isinstance(given, dict):
        return tuple((int(value), name) for value, name in given.items())
    return tuple((value, "") for value in given)


def _texts(given: Any) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _each(make: Callable[[Any], Any]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    return lambda given: {name: make(item) for name, item in given.items()}


def _made(given: Mapping[str, Any], **makers: Callable[[Any], Any]) -> dict[str, Any]:
    """The items of a JSON object, each converted to what its attribute takes."""
    return {name: makers[name](item) if name in makers else item for name, item in given.items()}
