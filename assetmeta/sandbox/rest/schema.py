"""What the schemas of the JSON faces share: fields, kinds, and the file `schema.json` that declares them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Generic, TypeVar

from assetmeta.sandbox.data import data

from .bodies import PARSES
from .negotiation import Format


@dataclass(frozen=True, slots=True)
class BaseField:
    """One key of an object.

    *type* is a key of `option_types`, which gives the `type` that the metadata of OPTIONS shows. *default* stands when
    a create body leaves the field out. *choices* are the only values there are. What is *kept* cannot be written, but
    is stored.
    """

    name: str
    type: str
    access: str = "ro"
    required: bool = False
    nullable: bool = False
    blank: bool = True
    default: object = None
    max_length: int | None = None
    choices: tuple[Any, ...] = ()
    kept: bool = False

    option_types: ClassVar[Mapping[str, str]] = {}

    @property
    def stored(self) -> bool:
        """Whether rows of the store have this field."""
        return self.kept or self.access != "ro"

    def initial(self) -> Any:
        """What a row has where nothing was given: a copy of the default, as JSON would keep it."""
        if isinstance(self.default, tuple):
            return list(self.default)
        return dict(self.default) if isinstance(self.default, dict) else self.default

    @property
    def label(self) -> str:
        """The label that metadata shows."""
        return "ID" if self.name == "id" else self.name.replace("_", " ").capitalize()

    def described(self, *, writable: bool) -> dict[str, object]:
        """What metadata says about the field where it is *writable*, or is not."""
        about: dict[str, object] = {
            "type": "choice" if self.choices else self.option_types[self.type],
            "required": self.required and writable,
            "read_only": not writable,
            "label": self.label,
        }
        if self.max_length is not None:
            about["max_length"] = self.max_length
        if self.choices:
            about["choices"] = [{"value": value, "display_name": name} for value, name in self.named_choices]
        return about

    @property
    def named_choices(self) -> tuple[tuple[Any, str], ...]:
        """The choices with the names that metadata shows."""
        return tuple((value, value.replace("_", " ")) for value in self.choices)


F = TypeVar("F", bound=BaseField)


@dataclass(frozen=True)
class BaseKind(Generic[F]):
    """One object type. *unique* lists sets of fields that identify an object among the others."""

    fields: tuple[F, ...]
    unique: tuple[tuple[str, ...], ...] = ()

    @cached_property
    def by_name(self) -> dict[str, F]:
        """The fields by name."""
        return {item.name: item for item in self.fields}

    @cached_property
    def stored(self) -> tuple[F, ...]:
        """The fields that rows have."""
        return tuple(item for item in self.fields if item.stored)

    def blank(self) -> dict[str, Any]:
        """The row of a new object before anything is given."""
        return {item.name: item.initial() for item in self.stored}


def declared(package: str, field: type[F]) -> dict[str, dict[str, Any]]:
    """What to make kinds of by their names, from `schema.json` of *package*: the fields made, lists as tuples."""
    kinds: dict[str, dict[str, Any]] = frozen(data(package, "schema.json"))
    for kind in kinds.values():
        kind["fields"] = tuple(field(name, **more) for name, more in kind["fields"].items())
    return kinds


def frozen(value: Any) -> Any:
    """A value of JSON with its lists as tuples."""
    if isinstance(value, dict):
        return {name: frozen(each) for name, each in value.items()}
    return tuple(frozen(each) for each in value) if isinstance(value, list) else value


def about(name: str, formats: Sequence[Format], description: str = "") -> dict[str, object]:
    """What OPTIONS says about every path."""
    renders = [each.media_type for each in formats]
    return {"name": name, "description": description, "renders": renders, "parses": list(PARSES)}
