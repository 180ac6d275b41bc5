"""From declarations to flattened types: inheritance, overrides, reverse relations, closures and validators."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from .notation import DeclaredAttribute, DeclaredType
from .types import (
    AttributeDef,
    Closure,
    Column,
    Computed,
    Link,
    OperationDef,
    Reverse,
    Storage,
    TypeDef,
)

Own = dict[str, dict[str, AttributeDef]]

_UNBASED = frozenset({"ID", "AssetType", "Key", "Moment", "CanUpdate"})
_CLOSURES = (("AndUp", "AndDown", False, True), ("MeAndUp", "MeAndDown", True, True), ("AndMe", "AndMe", True, False))


class Lineages:
    """The declared types and who descends from whom."""

    def __init__(self, declared: dict[str, DeclaredType]) -> None:
        self.declared = declared
        self.of = {name: tuple(self._climb(name)) for name in declared}

    def _climb(self, name: str) -> Iterator[str]:
        above: str | None = name
        while above is not None:
            yield above
            above = self.declared[above].base

    def common(self, names: Iterable[str]) -> str:
        """The nearest type that is an ancestor of all *names*, or one of them."""
        first, *others = names
        return next(each for each in self.of[first] if all(each in self.of[other] for other in others))

    def concrete(self, name: str) -> frozenset[str]:
        """The types whose assets are assets of type *name*."""
        return frozenset(each for each, kind in self.declared.items() if name in self.of[each] and not kind.abstract)

    def target(self, name: str, relation: str) -> str:
        """The related type of *relation* as type *name* has it."""
        declarer = next(above for above in self.of[name] if relation in self.declared[above].attributes)
        return self.declared[declarer].attributes[relation].related or name

    def reached(self, start: str, closure: Closure) -> str:
        """The narrowest type that covers everything an upward *closure* leads to from type *start*."""
        found = [self.target(start, closure.column)]
        while closure.deep and (further := self.target(found[-1], closure.column)) not in found:
            found.append(further)
        return self.common([start, *found] if closure.me else found)


def flatten(declared: dict[str, DeclaredType]) -> dict[str, TypeDef]:
    """The finished types by name; `EveryType` and `EveryRoot` go into the others."""
    declared = dict(declared)
    every_type, every_root = declared.pop("EveryType").attributes, declared.pop("EveryRoot").attributes
    lineages = Lineages(declared)
    _complete(lineages, every_type, every_root)
    own: Own = {
        name: {each.name: _own(name, each) for each in kind.attributes.values()} for name, kind in declared.items()
    }
    _add_reverses(lineages, own)
    _add_closures(lineages, own)
    types: dict[str, TypeDef] = {}
    for name in sorted(declared, key=lambda name: len(lineages.of[name])):
        base = declared[name].base
        types[name] = _flat_type(lineages, own[name], types[base] if base else None, name)
    return {name: replace(types[name], attributes=_named_from(types, types[name])) for name in declared}


def _complete(lineages: Lineages, common: dict[str, DeclaredAttribute], rooted: dict[str, DeclaredAttribute]) -> None:
    """Add to each declaration what the notation leaves out: the common attributes, and the validators of operations."""
    for kind in lineages.declared.values():
        extra = common | rooted if kind.base is None else common
        kind.attributes = extra | kind.attributes
    for kind in lineages.declared.values():
        known = {name for above in lineages.of[kind.name] for name in lineages.declared[above].attributes}
        for validator in kind.operations.values():
            if validator is not None and validator not in known:
                kind.attributes[validator] = DeclaredAttribute(validator, "Boolean", rule=validator, readonly=True)


def _own(owner: str, written: DeclaredAttribute) -> AttributeDef:
    return AttributeDef(
        name=written.name,
        kind=written.kind,
        storage=_storage(owner, written),
        declared_by=owner,
        related=written.related,
        reciprocal=f"{written.related}.{written.reverse}" if written.reverse else None,
        required=written.required,
        readonly=written.readonly,
        multi=written.multi,
        custom=written.name.startswith("Custom_"),
        basic=written.basic or _is_basic(written),
    )


def _storage(owner: str, written: DeclaredAttribute) -> Storage:
    if written.rule is not None:
        return Computed(written.rule)
    return Link(f"{owner}.{written.name}") if written.multi else Column(written.name)


def _is_basic(written: DeclaredAttribute) -> bool:
    """Whether a read without `sel` sends it: type, state, number, stored writable scalars, stored single relations."""
    if written.name in ("AssetType", "AssetState", "Number"):
        return True
    if written.rule is not None or written.kind == "Password":
        return False
    return not written.multi if written.related else not written.readonly


def _add_reverses(lineages: Lineages, own: Own) -> None:
    """Give each stored relation its other end on the related type."""
    ends: dict[tuple[str, str], list[AttributeDef]] = {}
    for attributes in own.values():
        for each in attributes.values():
            if each.reciprocal is not None and not isinstance(each.storage, Computed):
                related, reverse = each.reciprocal.split(".")
                ends.setdefault((related, reverse), []).append(each)
    for (related, reverse), declarers in ends.items():
        base = lineages.common(each.declared_by for each in declarers)
        own[related][reverse] = _reverse(related, reverse, base, declarers[0])


def _reverse(owner: str, name: str, base: str, other: AttributeDef) -> AttributeDef:
    single = isinstance(other.storage, Column)
    storage: Storage = Reverse(other.name) if single else Link(f"{base}.{other.name}", "target")
    return AttributeDef(
        name=name,
        kind="Relation",
        storage=storage,
        declared_by=owner,
        related=base,
        reciprocal=f"{base}.{other.name}",
        readonly=single or other.readonly,
        multi=True,
    )


def _add_closures(lineages: Lineages, own: Own) -> None:
    """Generate the six closures of each hierarchy; whoever overrides its upward relation gets the upward three anew."""
    for root in lineages.declared.values():
        for up in [each for each in root.attributes.values() if each.hierarchy]:
            for upward, downward, me, deep in _CLOSURES:
                above, below = f"{up.name}{upward}", f"{up.reverse}{downward}"
                own[root.name][below] = _closure(root.name, below, Closure(up.name, "down", me, deep), root.name, above)
                for name, kind in lineages.declared.items():
                    if root.name in lineages.of[name] and up.name in kind.attributes:
                        storage = Closure(up.name, "up", me, deep)
                        own[name][above] = _closure(name, above, storage, lineages.reached(name, storage), below)


def _closure(owner: str, name: str, storage: Closure, related: str, reciprocal: str) -> AttributeDef:
    return AttributeDef(name, "Relation", storage, owner, related, f"{related}.{reciprocal}", readonly=True, multi=True)


def _flat_type(lineages: Lineages, own: dict[str, AttributeDef], base: TypeDef | None, name: str) -> TypeDef:
    kind = lineages.declared[name]
    attributes = {each: _inherit(found) for each, found in base.attributes.items()} if base else {}
    for each, found in own.items():
        overridden = attributes.get(each)
        attributes[each] = found if overridden is None or each in _UNBASED else replace(found, base=overridden.base)
    operations = {each: OperationDef(each, validator) for each, validator in kind.operations.items()}
    return TypeDef(
        name=name,
        base=kind.base,
        abstract=kind.abstract,
        attributes=attributes,
        operations=(base.operations if base else {}) | operations,
        lineage=lineages.of[name],
        concrete=lineages.concrete(name),
        order_by=kind.options.get("order", base.order_by if base else None),
        display_by=kind.options.get("display", base.display_by if base else None),
        short_name=kind.options.get("short", base.short_name if base else None),
        number_prefix=kind.options.get("number"),
    )


def _inherit(found: AttributeDef) -> AttributeDef:
    token = f"{found.declared_by}.{found.name}"
    return found if found.base == token else replace(found, base=token)


def _named_from(types: dict[str, TypeDef], kind: TypeDef) -> dict[str, AttributeDef]:
    """The type's attributes with `Self` replaced, and reciprocals that name the type which declares the other end."""
    return {name: _resolved(types, kind, each) for name, each in kind.attributes.items()}


def _resolved(types: dict[str, TypeDef], kind: TypeDef, each: AttributeDef) -> AttributeDef:
    if each.related is None:
        return each
    related = kind.name if each.related == "Self" else each.related
    if each.reciprocal is None:
        return each if related == each.related else replace(each, related=related)
    other = types[related].attributes[each.reciprocal.split(".")[1]]
    reciprocal = f"{other.declared_by}.{other.name}"
    if (related, reciprocal) == (each.related, each.reciprocal):
        return each
    return replace(each, related=related, reciprocal=reciprocal)
