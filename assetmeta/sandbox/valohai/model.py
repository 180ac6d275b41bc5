"""The vocabulary of the object model: fields and kinds, declared as data in `declared` and gathered in `catalogue`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

Row = dict[str, Any]
"""What the store keeps of one object: its stored fields, references as keys of the store."""

Document = dict[str, Any]
"""One object as answers show it."""

Key = str | int
"""What the store knows an object by: a uuid, or a number for users, organizations, repositories and commits."""

DETAIL, LISTED, NESTED, DEEP = "d", "r", "n", "l"
"""The shapes of an object: on its own, as a row of a list, embedded in another one, embedded in an embedded one."""

ON_REQUEST = "i"
"""Beside the shapes: only where `include=` names the field."""

ALL = ("GET", "POST", "PUT", "PATCH", "DELETE")
CHANGE_ONLY = ("GET", "PUT", "PATCH")
READ_ONLY = ("GET",)

OPTION_TYPES = {
    "id": "field",
    "str": "string",
    "int": "integer",
    "number": "float",
    "decimal": "decimal",
    "bool": "boolean",
    "datetime": "datetime",
    "json": "field",
    "map": "field",
    "list": "list",
    "words": "list",
    "url": "url",
    "ref": "field",
    "refs": "field",
}
"""The `type` that the metadata of OPTIONS gives for a field of each type; a choice is "choice"."""

Form = str | tuple[str, ...]
"""How a reference is shown: "id" (bare key), "str" (bare key as text), a shape of the target, or some of its keys."""


@dataclass(frozen=True, slots=True)
class Field:
    """One key of an object.

    *type* is a key of `OPTION_TYPES`; "ref" and "refs" hold keys of objects of one of the kinds *to*. *access* is "ro",
    "rw", "new" (written on create only), "wo" (written, never shown) or "wn" (both of that). *shapes* are those that
    have the field, *blanked* those in which its value is null. *forms* tells how a reference is shown in each shape of
    its owner ("" for the others). *default* stands when a create body leaves the field out. A read-only field that is
    *kept* is stored, otherwise it is derived.
    """

    name: str
    type: str
    access: str = "ro"
    to: tuple[str, ...] = ()
    shapes: str = "drnl"
    blanked: str = ""
    forms: Mapping[str, Form] = field(default_factory=dict)
    required: bool = False
    nullable: bool = False
    blank: bool = True
    default: object = None
    max_length: int | None = None
    choices: tuple[str, ...] = ()
    kept: bool = False

    @property
    def stored(self) -> bool:
        """Whether rows of the store have this field."""
        return self.kept or self.access != "ro"

    @property
    def shown(self) -> bool:
        """Whether bodies of answers may have it."""
        return self.access not in ("wo", "wn")

    def writable(self, *, creating: bool) -> bool:
        """Whether a body may set it."""
        return self.access in ("rw", "wo") or (creating and self.access in ("new", "wn"))

    def form(self, shape: str) -> Form:
        """How the reference is shown in *shape* of its owner."""
        return self.forms.get(shape) or self.forms.get("") or "id"

    @property
    def label(self) -> str:
        """The label that metadata shows."""
        return self.name.replace("_", " ").capitalize()

    @property
    def option_type(self) -> str:
        """The `type` that metadata shows."""
        return "choice" if self.choices else OPTION_TYPES[self.type]


@dataclass(frozen=True, slots=True)
class Filter:
    """What a query parameter compares: the stored or derived *field*, in the way *how*.

    "equal" takes any of the repeated values, "words" any of the words of a comma list, "contains" a part of a text
    without regard to case, "status" any of the values or pseudo values, "member" an element of a list.
    """

    field: str
    how: str = "equal"


@dataclass(frozen=True)
class Kind:
    """One object type under *path*, below `/api/v0/`.

    *parent* names the reference that says whose object it is, up to a project or an owner; "" for what everybody sees.
    *counted* names the reference within which objects are counted. *soft* kinds are only marked when they are deleted,
    and their DELETE is answered with a body. *guarded* tells what administrators of the owner alone may do: nothing
    (""), "delete", or "all" writing. *numbered* names the tally that numbers objects, where their key is a number.
    *key* is the field of the natural key. *alternative* is a field whose value may stand for the key where one is
    written. A kind that is not *single* has a list only.
    """

    name: str
    path: str
    fields: tuple[Field, ...]
    parent: str = ""
    filters: Mapping[str, Filter] = field(default_factory=dict)
    methods: tuple[str, ...] = READ_ONLY
    counted: str = ""
    soft: bool = False
    guarded: str = ""
    single: bool = True
    numbered: str = ""
    key: str = "id"
    alternative: str = ""
    unique: tuple[tuple[str, ...], ...] = ()

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """The fields by name."""
        return {item.name: item for item in self.fields}

    @cached_property
    def stored(self) -> tuple[Field, ...]:
        """The fields that rows have."""
        return tuple(item for item in self.fields if item.stored)

    @cached_property
    def relations(self) -> tuple[Field, ...]:
        """The stored fields that hold keys of other objects."""
        return tuple(item for item in self.stored if item.type in ("ref", "refs"))

    @property
    def title(self) -> str:
        """The name in words: "Dataset version"."""
        return self.name.replace("_", " ").capitalize()

    def shape(self, shape: str) -> tuple[Field, ...]:
        """The fields that *shape* has."""
        return tuple(item for item in self.fields if item.shown and shape in item.shapes)


def key(type: str = "id") -> Field:
    """The key."""
    return Field("id", type, kept=True)


def text(name: str, access: str = "rw", **more: Any) -> Field:
    """A text, "" by default."""
    return Field(name, "str", access, **{"default": "", **more})


def needed(name: str, access: str = "rw", **more: Any) -> Field:
    """A text that must be given and not be blank."""
    return Field(name, "str", access, required=True, blank=False, **more)


def flag(name: str, access: str = "rw", *, default: bool = False, **more: Any) -> Field:
    """A bool."""
    return Field(name, "bool", access, default=default, **more)


def kept(name: str, type: str, *to: str, **more: Any) -> Field:
    """A value that the server sets and stores."""
    return Field(name, type, "ro", to, kept=True, nullable=True, **more)


def derived(name: str, type: str, *to: str, **more: Any) -> Field:
    """A value worked out when it is read."""
    return Field(name, type, "ro", to, **more)


def one(name: str, to: str | tuple[str, ...], access: str = "rw", **more: Any) -> Field:
    """A reference, null unless it is required."""
    targets = (to,) if isinstance(to, str) else to
    return Field(name, "ref", access, targets, **{"nullable": not more.get("required", False), **more})


def owner(access: str = "rw", **more: Any) -> Field:
    """The user or organization that an object belongs to: who asks, where none is named."""
    return one("owner", ("user", "organization"), access, nullable=False, **more)


def times(shapes: str = "drnl") -> tuple[Field, Field]:
    """When it was made and when it was last changed."""
    return kept("ctime", "datetime", shapes=shapes), kept("mtime", "datetime", shapes=shapes)


def self_link(shapes: str = "drnl") -> Field:
    """The object's own address."""
    return derived("url", "url", shapes=shapes)


def links(shapes: str = "drnl") -> Field:
    """The map of further addresses."""
    return derived("urls", "map", shapes=shapes)
