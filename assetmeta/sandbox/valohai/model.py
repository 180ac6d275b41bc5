"""The vocabulary of the object model: fields and kinds, declared in `schema.json` and gathered in `catalogue`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from assetmeta.sandbox.rest.schema import BaseField, BaseKind

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

READ_ONLY = ("GET",)

INCOMPLETE = ("created", "queued", "started", "stopping")
COMPLETE = ("complete", "error", "crashed", "stopped")
FAILED = ("error", "crashed")
"""The states of runs that go on, that have ended, and that have ended badly (section 9 of the protocol)."""

Form = str | tuple[str, ...]
"""How a reference is shown: "id" (bare key), "str" (bare key as text), a shape of the target, or some of its keys."""


@dataclass(frozen=True, slots=True)
class Field(BaseField):
    """One key of an object.

    "ref" and "refs" hold keys of objects of one of the kinds *to*. *access* is "ro", "rw", "new" (written on create
    only), "wo" (written, never shown) or "wn" (both of that). *shapes* are those that have the field, *blanked* those
    in which its value is null. *forms* contains how a reference is shown in each shape of its owner ("" for the
    others).
    """

    to: tuple[str, ...] = ()
    shapes: str = "drnl"
    blanked: str = ""
    forms: Mapping[str, Form] = field(default_factory=dict)
    choices: tuple[str, ...] = ()

    option_types: ClassVar[Mapping[str, str]] = {
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


@dataclass(frozen=True, slots=True)
class Filter:
    """What a query parameter compares: the stored or derived *field*, in the way *how*.

    "equal" takes any of the repeated values, "words" any of the words of a comma list, "contains" a part of a text
    without regard to case, "status" any of the values or pseudo values, "member" an element of a list.
    """

    field: str
    how: str = "equal"


@dataclass(frozen=True, kw_only=True)
class Kind(BaseKind[Field]):
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
