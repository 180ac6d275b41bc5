"""The vocabulary of the VersionOne face: what a type, an attribute and an operation are, and where values live.

Everything else in this package reads these records: the catalogue declares them, meta.v1 renders them, the
engine compiles them to SQL. They are plain data.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Column:
    """The value is a column of the asset's own record (scalars, and single relations as an OID token)."""

    name: str


@dataclass(frozen=True, slots=True)
class Link:
    """The value is a set of rows of the link table: a many-to-many relation, or a multi-value scalar.

    *relation* names the pair of sides once for both ("Workitem.Owners"); *side* tells which end this attribute reads:
    "source" lists targets of the asset, "target" lists the sources that point at it. Multi-value scalars are always
    read from "source" and their targets are texts, not OID tokens.
    """

    relation: str
    side: Literal["source", "target"] = "source"


@dataclass(frozen=True, slots=True)
class Reverse:
    """The value is the assets of the related type whose single relation *column* names this asset."""

    column: str


@dataclass(frozen=True, slots=True)
class Closure:
    """The value is the transitive closure of the single relation *column* ("Parent", "Super", "SplitFrom").

    *direction* "up" follows the column, "down" follows its reverse. *me* includes the asset itself. *deep* False
    stops after one step ("ParentAndMe").
    """

    column: str
    direction: Literal["up", "down"]
    me: bool
    deep: bool


@dataclass(frozen=True, slots=True)
class Computed:
    """The value is worked out by the engine's rule of this name ("Key", "IsClosed", "CreateDate" ...)."""

    rule: str


Storage = Column | Link | Reverse | Closure | Computed


@dataclass(frozen=True, slots=True)
class AttributeDef:
    """One attribute as one (flattened) asset type has it."""

    name: str
    kind: str
    storage: Storage
    declared_by: str
    related: str | None = None
    reciprocal: str | None = None
    required: bool = False
    readonly: bool = False
    multi: bool = False
    custom: bool = False
    basic: bool = False
    base: str | None = None

    @property
    def is_relation(self) -> bool:
        """True when the value is one asset or several."""
        return self.kind == "Relation"


@dataclass(frozen=True, slots=True)
class OperationDef:
    """One operation; *validator* is the Boolean attribute that tells whether it is allowed now."""

    name: str
    validator: str | None = None


@dataclass(frozen=True, slots=True)
class TypeDef:
    """One asset type, flattened: inherited attributes and operations are listed with the type's own flags.

    *concrete* holds the names of all types whose assets a query of this type returns (itself included unless abstract).
    *lineage* is the type's own name followed by its bases, nearest first.
    """

    name: str
    base: str | None
    abstract: bool
    attributes: dict[str, AttributeDef]
    operations: dict[str, OperationDef]
    lineage: tuple[str, ...]
    concrete: frozenset[str]
    order_by: str | None = None
    display_by: str | None = None
    short_name: str | None = None
    number_prefix: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """All asset types by name. `version` is what meta.v1 announces. Nobody changes one, so it is a key of caches."""

    types: dict[str, TypeDef]
    version: str = "18.2.5.14"
    columns: frozenset[str] = field(default_factory=frozenset)

    def find(self, name: str) -> TypeDef | None:
        """The type of that exact name, or None."""
        return self.types.get(name)

    def attribute(self, type_name: str, name: str) -> AttributeDef | None:
        """The attribute *name* as *type_name* has it, or None."""
        found = self.types.get(type_name)
        return found.attributes.get(name) if found else None
