"""The vocabulary of the object model: fields and kinds, declared in `schema.json` and gathered in `catalogue`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from assetmeta.sandbox.rest.schema import BaseField, BaseKind

Row = dict[str, Any]
"""What the store keeps of one object: its stored fields."""

Document = dict[str, Any]
"""One object as answers show it."""

ALL_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class Field(BaseField):
    """One key of an object.

    "one" and "many" hold ids of objects of one of *targets*. *access* is "rw", "ro" or "wo". *reverse* (endpoint,
    field) says whose keys a read-only list collects. *deletion* says what becomes of this object when the one it points
    to goes: "cascade" or "null". *kind_field* names the content type beside a generic id. A *virtual* field can be
    written, but is kept in other objects. *choices* are pairs of a number and its name.
    """

    access: str = "rw"
    targets: tuple[str, ...] = ()
    pattern: str | None = None
    unique: bool = False
    reverse: tuple[str, str] | None = None
    deletion: str = "cascade"
    kind_field: str | None = None
    virtual: bool = False
    choices: tuple[tuple[int, str], ...] = ()

    option_types: ClassVar[Mapping[str, str]] = {
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

    @property
    def stored(self) -> bool:
        """Whether rows of the store have this field."""
        return self.kept or (self.writable and self.type != "file" and not self.virtual)

    @property
    def writable(self) -> bool:
        """Whether bodies may set it."""
        return self.access != "ro"

    @property
    def named_choices(self) -> tuple[tuple[int, str], ...]:
        """The choices with the names that metadata shows."""
        return self.choices


@dataclass(frozen=True, kw_only=True)
class Kind(BaseKind[Field]):
    """One object type under its *endpoint*, the path below `/rest/`.

    *model* is the content type's name, *content_type* its id if known, *title* the name in messages ("Vali").
    *filters* maps a query parameter to the look-up path it compares. Kinds of one *space* draw their ids from one
    counter.
    """

    endpoint: str
    model: str
    title: str
    content_type: int | None = None
    filters: Mapping[str, str] = field(default_factory=dict)
    display: str = "name"
    methods: tuple[str, ...] = ALL_METHODS
    space: str = ""
    sparse: bool = False

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
