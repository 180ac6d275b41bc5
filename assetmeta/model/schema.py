"""The schema of a server: types, attributes and operations as data, and look-ups in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

from msgspec import Struct, field

from assetmeta.model.codecs import Codec, Secret
from assetmeta.model.errors import UnknownName, elsewhere, nearest
from assetmeta.model.printable import OwnRepr, printable
from assetmeta.model.table import Displayed, Table
from assetmeta.model.values import LastUncompared


class Attribute(OwnRepr, Struct, frozen=True):
    """One attribute as one type has it. *kind* is the server's own word for its type ("Numeric", "Relation").

    *related* names the type at the other end of a relation, *reciprocal* the attribute there, as `Type.Name`.
    *writable* follows what the server takes, which is more than `not readonly` on servers that accept writes to the
    far side of a relation. *computed* values are forgotten after every write. Writing an attribute that *ripples* makes
    the server compute values of other assets again, wherever they are. A relation *cascades* when the asset is part of
    what it leads to: deleting that deletes the asset, and counts and sums there change with the asset. A relation is a
    *source* when values of the asset are computed from what it leads to. *basic* attributes are what a first read or a
    query that selects nothing loads.
    """

    name: str
    kind: str
    codec: Codec
    related: str | None = None
    reciprocal: str | None = None
    required: bool = False
    readonly: bool = False
    writable: bool = True
    multi: bool = False
    custom: bool = False
    computed: bool = False
    basic: bool = False
    label: str = ""
    affects_related: bool = False
    cascades: bool = False
    source: bool = False

    def __repr__(self) -> str:
        what = f"{'several' if self.multi else 'one'} {self.related}" if self.related else self.kind
        flags = {"required": self.required, "read-only": not self.writable, "custom": self.custom}
        noted = "".join(f", {flag}" for flag, holds in flags.items() if holds)
        return printable(f"<attribute {self.name}: {what}{noted}>")

    @property
    def description(self) -> str:
        """One line about what the attribute is and takes."""
        back = ""
        if self.is_relation:
            what = f"{'several' if self.multi else 'one'} {self.related}"
            back = f" The way back is {self.reciprocal}." if self.reciprocal else ""
        else:
            what = f"{'several values, ' if self.multi else ''}{self.kind}"
        flags = {"required": self.required, "read-only": not self.writable, "custom": self.custom}
        noted = ", ".join(flag for flag, holds in flags.items() if holds)
        takes = f" Takes {self.codec.accepts}." if self.writable and not self.is_relation else ""
        return printable(f"{self.name}: {what}{f' ({noted})' if noted else ''}.{back}{takes}")

    @property
    def is_secret(self) -> bool:
        """True for what must not be shown, in a plan or anywhere."""
        return isinstance(self.codec, Secret)

    @property
    def is_relation(self) -> bool:
        """True when the value is an asset or several."""
        return self.related is not None


class Operation(Struct, frozen=True):
    """An operation of an asset. *validator* names the Boolean attribute that is true when it is allowed now."""

    name: str
    validator: str | None = None


class AssetType(OwnRepr, Struct, frozen=True):
    """One type, inherited members included. *display* and *short* name the attributes that people know assets by.

    *endpoint* is where the server keeps the type, when that is not its name; *number* the id by which this one server
    names the type in its data. *deleted* names the attribute that is true of an asset that was deleted, where such
    assets can still be read. *members* are the types that an abstract type comprises without being their base, as
    where one relation leads to assets of several types. The assets of a type of *choices* are few, change rarely, and
    are chosen by name. Assets can go with one of a type that *part_of* names, though none of their relations leads to
    it. Assets of a *derived* type are made and removed by the server alone: with a write that affects related assets,
    those that are part of the written one may be gone, and others may be there.
    """

    name: str
    attributes: Mapping[str, Attribute]
    operations: Mapping[str, Operation] = field(default_factory=dict)
    base: str | None = None
    abstract: bool = False
    display: str | None = None
    short: str | None = None
    order: str | None = None
    label: str = ""
    endpoint: str = ""
    number: int | None = None
    deleted: str | None = None
    members: tuple[str, ...] = ()
    choices: bool = False
    part_of: tuple[str, ...] = ()
    derived: bool = False

    def __repr__(self) -> str:
        return printable(f"<type {self.name}: {len(self.attributes)} attributes, {len(self.operations)} operations>")

    def attribute(self, name: str) -> Attribute:
        """Return the attribute *name*. Raises UnknownName with the nearest names."""
        found = self.attributes.get(name)
        if found is None and name in self.operations:
            raise UnknownName(
                f"{self.name}.{name} is an operation, not an attribute.", type_name=self.name, attribute=name
            )
        if found is None:
            near = elsewhere(name) or nearest(name, [*self.attributes, *self.operations])
            raise UnknownName(f"{self.name} has no attribute {name!r}.{near}", type_name=self.name, attribute=name)
        return found

    def operation(self, name: str) -> Operation:
        """Return the operation *name*. Raises UnknownName with the nearest names."""
        found = self.operations.get(name)
        if found is None:
            raise UnknownName(
                f"{self.name} has no operation {name!r}.{nearest(name, self.operations)}",
                type_name=self.name,
                attribute=name,
            )
        return found

    @property
    def basic(self) -> tuple[str, ...]:
        """Names of the attributes that a query without a selection loads."""
        return tuple(name for name, attribute in self.attributes.items() if attribute.basic)


_WAYS = 3
"""Related types, and ways to each, that the error for a wrong name mentions."""


class Schema(OwnRepr, LastUncompared, frozen=True):
    """All types of one server. *types* may load single types when they are first needed.

    A schema that was kept from an earlier session has *newer*: it returns the server's schema of today for a name that
    is missing here, or None when it cannot be read.
    """

    types: Mapping[str, AssetType]
    version: str = ""
    newer: Callable[[], Schema | None] | None = None

    def __repr__(self) -> str:
        return printable(f"<schema {self.version}: {len(self.types)} types>")

    def type(self, name: str) -> AssetType:
        """Return the type *name*. Raises UnknownName with the nearest names."""
        found = self.types.get(name)
        newer = self.newer() if found is None and self.newer else None
        if newer is not None:
            return newer.type(name)
        if found is None:
            raise UnknownName(f"The server has no asset type {name!r}.{nearest(name, self.types)}", type_name=name)
        return found

    def attribute(self, type_name: str, name: str) -> Attribute:
        """Return one attribute. Raises UnknownName, which also names related types that have such an attribute."""
        kind = self.type(type_name)
        known = name in kind.attributes or name in kind.operations
        newer = self.newer() if not known and self.newer else None
        if newer is not None:
            return newer.attribute(type_name, name)
        try:
            return kind.attribute(name)
        except UnknownName as error:
            raise UnknownName(f"{error}{self.beyond(kind, name)}", type_name=type_name, attribute=name) from None

    def beyond(self, kind: AssetType, name: str) -> str:
        """Return " Member has Email: Owners.Email." for types one relation away that have an attribute *name*, which
        *kind* has not, or an empty text. Looks at the types that are known already.
        """
        known, ways = frozenset(self.types), dict[str, list[str]]()
        if name in kind.operations:
            return ""
        for each in sorted(kind.attributes.values(), key=lambda each: (not each.writable, not each.basic, each.name)):
            related = self.types[each.related] if each.related in known else None
            if related is not None and name in related.attributes:
                ways.setdefault(related.name, []).append(f"{each.name}.{name}")
        found = list(ways.items())[:_WAYS]
        return "".join(f" {type_name} has {name}: {', '.join(paths[:_WAYS])}." for type_name, paths in found)

    def diff(self, other: Schema) -> SchemaDiff:
        """Return what becomes of this schema in *other*: what is added, removed, renamed or changed, each once, what a
        type inherits where it is declared. Falsy when nothing is. Sends nothing.
        """
        return SchemaDiff(list(changes(self, other)))

    def lineage(self, name: str) -> Iterator[str]:
        """Yield *name* and its bases, nearest first, each once also where a server has them go round in a circle."""
        seen: set[str] = set()
        current: str | None = name
        while current is not None and current not in seen:
            yield current
            seen.add(current)
            found = self.types.get(current)
            current = found.base if found else None

    def is_a(self, name: str, base: str) -> bool:
        """True when assets of type *name* are assets of type *base*, by descent or as one of its members."""
        return base in self.lineage(name) or (base in self.types and name in self.types[base].members)


_T = TypeVar("_T")

_PROPERTIES: Mapping[str, Callable[[Attribute], object]] = {
    "kind": lambda attribute: attribute.kind.partition(" ")[0],
    "leads to": lambda attribute: attribute.related or "",
    "several values": lambda attribute: attribute.multi,
    "required": lambda attribute: attribute.required,
    "read-only": lambda attribute: not attribute.writable,
}
"""What is compared of an attribute that both schemas have, besides its choices."""


class SchemaChange(NamedTuple):
    """One change: *kind* "added", "removed", "renamed" or "changed"; *what* "type", "attribute", "operation", or, for
    what is changed, the property ("required", "choices" ...). *name* is `Story` or `Story.Name`, as it is now where it
    is renamed; *before* and *after* are texts.
    """

    kind: str
    what: str
    name: str
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        words = f" {self.before or 'nothing'} → {self.after or 'nothing'}" if self.before or self.after else ""
        return f"{self.kind} {self.what} {self.name}{words}"


class SchemaDiff(Displayed):
    """The changes from one schema to another, in the order of types. Falsy when there is none."""

    def __init__(self, changes: list[SchemaChange]) -> None:
        self.changes = changes

    def __iter__(self) -> Iterator[SchemaChange]:
        return iter(self.changes)

    def __len__(self) -> int:
        return len(self.changes)

    def __repr__(self) -> str:
        return f"<SchemaDiff: {len(self)} change{'s' * (len(self) != 1)}>"

    def __str__(self) -> str:
        return "\n".join(map(str, self.changes)) or "No change."

    def _table(self) -> Table:
        return Table(repr(self), SchemaChange._fields, self.changes, shown=max(len(self), 1))


def changes(before: Schema, after: Schema) -> Iterator[SchemaChange]:
    """Yield what becomes of a schema; see Schema.diff."""
    old, new = dict(before.types), dict(after.types)
    renamed = _renames(old, new, _same_type)
    yield from (SchemaChange("renamed", "type", now, name, now) for name, now in renamed.items())
    yield from (SchemaChange("removed", "type", name) for name in old if name not in new and name not in renamed)
    yield from (SchemaChange("added", "type", name) for name in new if name not in old and name not in renamed.values())
    for name, kind in new.items():
        earlier = next((old[was] for was, now in renamed.items() if now == name), old.get(name))
        if earlier is not None:
            yield from _type_changes(earlier, kind, old, new, renamed)


def _type_changes(
    old: AssetType,
    new: AssetType,
    olds: Mapping[str, AssetType],
    news: Mapping[str, AssetType],
    types: Mapping[str, str],
) -> Iterator[SchemaChange]:
    """The changes of one type; *types* maps the names of renamed types to what they are called now."""
    if types.get(old.base or "", old.base) != new.base:
        yield SchemaChange("changed", "base", new.name, old.base or "", new.base or "")
    if old.abstract != new.abstract:
        yield SchemaChange("changed", "abstract", new.name, str(old.abstract), str(new.abstract))
    before = _declared(old, olds)
    after = _declared(new, news)
    renamed = _renames(before, after, _same_attribute)
    for name in [*before, *(name for name in after if name not in before)]:
        if name in renamed:
            yield SchemaChange("renamed", "attribute", f"{new.name}.{renamed[name]}", name, renamed[name])
            yield from _attribute_changes(new.name, before[name], after[renamed[name]], types)
        elif name not in new.attributes:
            yield SchemaChange("removed", "attribute", f"{new.name}.{name}", _kind(before[name]))
        elif name not in old.attributes and name not in renamed.values():
            yield SchemaChange("added", "attribute", f"{new.name}.{name}", "", _kind(after[name]))
        elif name in before and name in after:
            yield from _attribute_changes(new.name, before[name], after[name], types)
    bases = (olds.get(old.base or ""), news.get(new.base or ""))
    inherited = {name for base in bases if base for name in base.operations}
    for name in sorted({*old.operations, *new.operations} - inherited):
        if name not in new.operations or name not in old.operations:
            kind = "removed" if name in old.operations else "added"
            yield SchemaChange(kind, "operation", f"{new.name}.{name}()")


def _attribute_changes(
    type_name: str, old: Attribute, new: Attribute, types: Mapping[str, str]
) -> Iterator[SchemaChange]:
    name = f"{type_name}.{new.name}"
    for what, read in _PROPERTIES.items():
        was, now = read(old), read(new)
        if what == "leads to":
            was = types.get(str(was), was)
        if was != now:
            yield SchemaChange("changed", what, name, str(was), str(now))
    was_listed, now_listed = _choices(old), _choices(new)
    gone = [word for word in was_listed if word not in now_listed]
    more = [word for word in now_listed if word not in was_listed]
    if (gone or more) and was_listed and now_listed:
        yield SchemaChange("changed", "choices", name, " | ".join(gone), " | ".join(more))


def _declared(kind: AssetType, types: Mapping[str, AssetType]) -> dict[str, Attribute]:
    """The attributes that a type does not have from its base as they are."""
    base = types.get(kind.base) if kind.base else None
    return {
        name: attribute
        for name, attribute in kind.attributes.items()
        if base is None or base.attributes.get(name) != attribute
    }


def _renames(old: Mapping[str, _T], new: Mapping[str, _T], same: Callable[[_T, _T], bool]) -> dict[str, str]:
    """What is gone and what is new, where exactly one of each is the same but for its name."""
    gone = {name: one for name, one in old.items() if name not in new}
    come = {name: one for name, one in new.items() if name not in old}
    pairs = [(name, now) for name, one in gone.items() for now, other in come.items() if same(one, other)]
    return {
        name: now
        for name, now in pairs
        if sum(pair[0] == name for pair in pairs) == 1 and sum(pair[1] == now for pair in pairs) == 1
    }


def _same_type(old: AssetType, new: AssetType) -> bool:
    if old.label and new.label:
        return old.label == new.label
    return bool(old.endpoint) and old.endpoint == new.endpoint


def _same_attribute(old: Attribute, new: Attribute) -> bool:
    return bool(old.label) and old.label == new.label and (old.kind, old.multi) == (new.kind, new.multi)


def _kind(attribute: Attribute) -> str:
    return f"{'several ' * attribute.multi}{attribute.related or attribute.kind.partition(' ')[0]}"


def _choices(attribute: Attribute) -> list[str]:
    listed: Any = getattr(attribute.codec, "listed", ())
    return [str(one) for one in listed]
