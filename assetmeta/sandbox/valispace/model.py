"""The vocabulary of the object model: fields and kinds, declared as data in `declared` and gathered in `catalogue`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

Row = dict[str, Any]
"""What the store keeps of one object: its stored fields."""

Document = dict[str, Any]
"""One object as answers show it."""

ALL_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
READ_ONLY = ("GET",)

OPTION_TYPES = {
    "int": "integer",
    "string": "string",
    "html": "string",
    "float": "float",
    "bool": "boolean",
    "date": "date",
    "datetime": "datetime",
    "url": "url",
    "file": "file upload",
    "json": "field",
    "owner": "nested object",
    "one": "field",
    "many": "field",
    "content_type": "field",
    "generic_id": "integer",
}
"""The `type` that the metadata of OPTIONS gives for a field of each type; a choice is "choice"."""


@dataclass(frozen=True, slots=True)
class Field:
    """One key of an object.

    *type* is a key of `OPTION_TYPES`; "one" and "many" hold ids of objects of one of *targets*. *access* is "rw", "ro"
    or "wo". *default* stands when a create body leaves the field out. *reverse* (endpoint, field) says whose keys a
    read-only list collects. *kept* marks read-only values that the engine computes and stores. *deletion* says what
    becomes of this object when the one it points to goes: "cascade" or "null". *kind_field* names the content type
    beside a generic id. A *virtual* field can be written, but is kept in other objects.
    """

    name: str
    type: str
    access: str = "rw"
    targets: tuple[str, ...] = ()
    required: bool = False
    nullable: bool = False
    blank: bool = True
    default: object = None
    max_length: int | None = None
    choices: tuple[tuple[int, str], ...] = ()
    pattern: str | None = None
    unique: bool = False
    reverse: tuple[str, str] | None = None
    kept: bool = False
    deletion: str = "cascade"
    kind_field: str | None = None
    virtual: bool = False

    @property
    def stored(self) -> bool:
        """Whether rows of the store have this field."""
        return self.kept or (self.access != "ro" and self.type != "file" and not self.virtual)

    @property
    def writable(self) -> bool:
        """Whether bodies may set it."""
        return self.access != "ro"

    @property
    def label(self) -> str:
        """The label that metadata shows."""
        return "ID" if self.name == "id" else self.name.replace("_", " ").capitalize()

    @property
    def option_type(self) -> str:
        """The `type` that metadata shows. Computed keys are plain fields unless their type is a number or a text."""
        return "choice" if self.choices else OPTION_TYPES[self.type]


@dataclass(frozen=True)
class Kind:
    """One object type under its *endpoint*, the path below `/rest/`.

    *model* is the content type's name, *title* the name in messages ("Vali"). *filters* maps a query parameter to the
    look-up path it compares. *unique* lists sets of fields that identify an object, with the message's own wording
    derived from them. Kinds of one *space* draw their ids from one counter.
    """

    endpoint: str
    model: str
    title: str
    fields: tuple[Field, ...]
    filters: Mapping[str, str] = field(default_factory=dict)
    display: str = "name"
    methods: tuple[str, ...] = ALL_METHODS
    unique: tuple[tuple[str, ...], ...] = ()
    space: str = ""
    sparse: bool = False

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """The fields by name."""
        return {item.name: item for item in self.fields}

    @cached_property
    def stored(self) -> tuple[Field, ...]:
        """The fields that rows have, without the id."""
        return tuple(item for item in self.fields if item.stored and item.name != "id")

    @cached_property
    def relations(self) -> tuple[Field, ...]:
        """The stored fields that hold ids of other objects."""
        return tuple(item for item in self.stored if item.type in ("one", "many"))

    @cached_property
    def generic(self) -> tuple[Field, ...]:
        """The generic ids, each with its content type beside it."""
        return tuple(item for item in self.stored if item.type == "generic_id")

    @property
    def counter(self) -> str:
        """The counter that gives ids to new objects."""
        return self.space or self.endpoint


def key() -> Field:
    """The id."""
    return Field("id", "int", "ro")


def text(name: str, *, length: int | None = None, needed: bool = False, **more: Any) -> Field:
    """A plain text, "" by default. A *needed* one must be given and not be blank."""
    return Field(name, "string", required=needed, blank=not needed, default="", max_length=length, **more)


def html(name: str, default: str | None = "") -> Field:
    """A text with HTML, kept letter by letter."""
    return Field(name, "html", nullable=True, default=default)


def number(name: str, default: float | None = None) -> Field:
    """A float; null only where null is the default."""
    return Field(name, "float", nullable=default is None, default=default)


def integer(name: str, default: int | None = None, **more: Any) -> Field:
    """An int; null only where null is the default."""
    return Field(name, "int", nullable=default is None, default=default, **more)


def flag(name: str, default: bool = False) -> Field:
    """A bool."""
    return Field(name, "bool", default=default)


def one(name: str, *targets: str, needed: bool = False, deletion: str = "", **more: Any) -> Field:
    """The id of one object. What is *needed* goes with the object it points to, the rest is set to null."""
    chosen = deletion or ("cascade" if needed else "null")
    return Field(name, "one", targets=targets, required=needed, nullable=not needed, deletion=chosen, **more)


def many(name: str, target: str, **more: Any) -> Field:
    """A list of ids."""
    return Field(name, "many", targets=(target,), default=(), **more)


def reverse(name: str, endpoint: str, through: str) -> Field:
    """A list of the ids of those objects of *endpoint* whose field *through* points here."""
    return Field(name, "many", "ro", targets=(endpoint,), reverse=(endpoint, through))


def derived(name: str, type: str, *targets: str) -> Field:
    """A value worked out when it is read."""
    return Field(name, type, "ro", targets=targets)


def kept(name: str, type: str, *targets: str, default: object = None) -> Field:
    """A value that the engine works out when something changes, and stores."""
    return Field(name, type, "ro", targets=targets, kept=True, default=default)


def pointer(
    kind_field: str = "content_type", id_field: str = "object_id", deletion: str = "cascade"
) -> tuple[Field, ...]:
    """A generic pair: a content type and the id of an object of that type."""
    return (
        Field(kind_field, "content_type", nullable=True),
        Field(id_field, "generic_id", nullable=True, kind_field=kind_field, deletion=deletion),
    )


def owner() -> Field:
    """Who answers for an object: {"id", "contenttype"} of a user or a user group, or null."""
    return Field("owner", "owner", nullable=True)
