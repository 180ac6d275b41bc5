"""What a read of a relation returns: the related asset, a stand-in when there is none, or a live view of several."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NoReturn, overload

from assetmeta.core.cohort import resolve_related
from assetmeta.core.context import SessionContext
from assetmeta.core.load_log import LookedAt, refuse_inspection
from assetmeta.core.state import Instance
from assetmeta.core.values import context_of, read_multi, read_single, related_oid
from assetmeta.model.errors import BadValue, ReadOnly, UnknownName, nearest
from assetmeta.model.paths import Path, in_parts, resolve
from assetmeta.model.printable import printable
from assetmeta.model.scalars import is_scalar, shown
from assetmeta.model.schema import AssetType, Attribute, Schema
from assetmeta.model.table import Displayed, Table
from assetmeta.model.values import Oid


class NullReference:
    """Represents the asset at the end of a relation that is not set.

    It is falsy and equals None. Reading a real attribute goes on (a relation gives another stand-in, several-valued
    attributes an empty list, everything else None); a misspelt one raises UnknownName. It cannot be written.
    """

    __slots__ = ("_schema", "_type_name")

    def __init__(self, schema: Schema, type_name: str) -> None:
        object.__setattr__(self, "_schema", schema)
        object.__setattr__(self, "_type_name", type_name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        kind = self._schema.type(self._type_name)
        if name in ("idref", "intid", "url", "AsOf") and name not in kind.attributes:
            return None
        if name in kind.operations:
            raise ReadOnly(f"There is no {self._type_name} here to {name}: the relation is not set.", attribute=name)
        attribute = self._schema.attribute(self._type_name, name)
        if attribute.multi:
            return EmptyRelatedList(self._type_name, name, self._schema.types.get(attribute.related or ""))
        return NullReference(self._schema, attribute.related) if attribute.related else None

    def __getitem__(self, name: object) -> Any:
        """What a name, a path or a column leads to from an asset that is not there. Raises UnknownName, BadValue."""
        if isinstance(name, str) and name in {*self._schema.type(self._type_name).attributes, "AsOf"}:
            return getattr(self, name)
        path = Path.parse(name) if isinstance(name, str) else getattr(name, "_path", None)
        if not isinstance(path, Path):
            raise BadValue(f"{self!r} is indexed by names and paths, not by {shown(name)}: there is no asset here.")
        found = resolve(self._schema, self._type_name, in_parts(self._schema, self._type_name, path))
        if found.multi:
            related = self._schema.types.get(found.attribute.related or "")
            return EmptyRelatedList(self._type_name, str(path), related)
        return NullReference(self._schema, found.attribute.related or "") if found.is_relation else None

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise ReadOnly(f"There is no {self._type_name} here to set {name} of: the relation is not set.", attribute=name)

    def __bool__(self) -> bool:
        return False

    def __eq__(self, other: object) -> bool:
        return other is None or (isinstance(other, NullReference) and other._type_name == self._type_name)

    def __hash__(self) -> int:
        return hash(None)

    def __str__(self) -> str:
        return "None"

    def __repr__(self) -> str:
        return printable(f"<no {self._type_name}>")

    def __dir__(self) -> list[str]:
        found = self._schema.types.get(self._type_name)
        return sorted(found.attributes) if found else []

    def __reduce__(self) -> tuple[object, ...]:
        # What is unset stays unset without a schema; None is what it equals.
        return (type(None), ())


class Unloaded:
    """Represents a value that is not loaded where it is only looked at: in help, completion or a debugger. It has
    what the schema has, and goes on along relations.
    """

    __slots__ = ("_attribute", "_owner", "_schema")

    def __init__(self, schema: Schema, owner: str, attribute: Attribute) -> None:
        self._schema = schema
        self._owner = owner
        self._attribute = attribute

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        return self._attribute.description

    def __getattr__(self, name: str) -> Any:
        found = self._schema.types.get(self._attribute.related or "")
        if name.startswith("_") or found is None or name not in found.attributes:
            raise AttributeError(name)
        return Unloaded(self._schema, f"{self._owner}.{self._attribute.name}", found.attributes[name])

    def __getitem__(self, index: int) -> Unloaded:
        return self

    def __dir__(self) -> list[str]:
        found = self._schema.types.get(self._attribute.related or "")
        return sorted(found.attributes) if found else []

    def __repr__(self) -> str:
        return printable(f"<{self._owner}.{self._attribute.name}: not loaded>")


def unloaded(asset: Instance, attribute: Attribute) -> Unloaded:
    """Return the stand-in of an asset's attribute."""
    return Unloaded(context_of(asset).schema, asset._state.oid.token, attribute)


def _refuse_attribute(owner: str, called: str, related: AssetType | None, name: str) -> NoReturn:
    """Raise UnknownName for a name that was read of a list and not of its members."""
    if name.startswith("_"):
        raise AttributeError(name)
    if related is None or name in related.operations:
        each = f"[0] is the first of them, and {name} is read of each" if related else "they have no attributes"
        why = f"{owner} holds several values: {each}."
    elif name not in related.attributes:
        near = nearest(name, related.attributes)
        why = f"{owner} is a list of {related.name}, which has no attribute {name!r}.{near}"
    else:
        why = (
            f"{owner} is a list of {related.name}, and each has its {name}: "
            f'asset["{called}.{name}"], or [one.{name} for one in asset.{called}].'
        )
    raise UnknownName(why, attribute=name)


class EmptyRelatedList(Sequence[Any]):
    """The members of a relation of an asset that is not there: none, and none can be added."""

    def __init__(self, type_name: str, name: str, related: AssetType | None) -> None:
        self._owner = f"{type_name}.{name}"
        self._called = name
        self._related = related

    def __getattr__(self, name: str) -> NoReturn:
        _refuse_attribute(self._owner, vars(self).get("_called", ""), vars(self).get("_related"), name)

    def __len__(self) -> int:
        return 0

    def __getitem__(self, index: Any) -> Any:
        return [][index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(other) == 0

    def __hash__(self) -> int:
        return hash(())

    def __repr__(self) -> str:
        return "[]"

    def __reduce__(self) -> tuple[Any, ...]:
        # As the members of a relation that is set, it travels as a list.
        return list, ()

    def add(self, *values: Any) -> NoReturn:
        """Raise ReadOnly: there is no asset to add to."""
        raise ReadOnly(f"{self._owner} cannot be changed: the relation that leads there is not set.")

    remove = add
    clear = add


class RelatedList(Displayed, Sequence[Any]):
    """A live view of a multi-valued attribute: related assets, or plain values.

    Reading loads the attribute if it is missing (see core.loading). `add`, `remove` and `clear` are pending until the
    commit. Equal to any list with the same members in the same order. Pickled, it is a list of its members as they are
    now: identities, or values.
    """

    __slots__ = ("_asset", "_attribute")

    def __init__(self, asset: Instance, attribute: Attribute) -> None:
        self._asset = asset
        self._attribute = attribute

    def _all(self) -> list[Any]:
        found = read_multi(self._asset, self._attribute)
        if not self._attribute.is_relation:
            return list(found)
        context = context_of(self._asset)
        return [
            resolve_related(context, self._asset, self._attribute.name, oid) for oid in found if isinstance(oid, Oid)
        ]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._all())

    def __len__(self) -> int:
        if not isinstance(self._asset._state.cell(self._attribute.name), tuple):
            refuse_inspection()
        return len(read_multi(self._asset, self._attribute))

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        try:
            return self._all()[index]
        except LookedAt:
            return unloaded(self._asset, self._attribute)

    def __contains__(self, value: object) -> bool:
        if isinstance(value, Instance):
            own = context_of(value) is context_of(self._asset)
            return own and value._state.oid in read_multi(self._asset, self._attribute)
        return value in read_multi(self._asset, self._attribute)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, RelatedList):
            return self._all() == other._all()
        return isinstance(other, list | tuple) and self._all() == list(other)

    def __hash__(self) -> int:
        return hash((self._asset, self._attribute.name))

    def __copy__(self) -> RelatedList:
        return RelatedList(self._asset, self._attribute)

    def __deepcopy__(self, memo: object) -> RelatedList:
        return RelatedList(self._asset, self._attribute)

    def __reduce__(self) -> tuple[Any, ...]:
        # A view belongs to its session. Its members travel, assets as identities, as they do with a snapshot.
        return list, (list(read_multi(self._asset, self._attribute)),)

    def __repr__(self) -> str:
        cell = self._asset._state.cell(self._attribute.name)
        edits = (self._asset._state.edits or {}).get(self._attribute.name)
        owner = f"{self._asset._state.oid.token}.{self._attribute.name}"
        if not isinstance(cell, tuple):
            return printable(f"<{owner}: not loaded{', changed' if edits else ''}>")
        shown = [
            f"{value.type}({value.key})" if isinstance(value, Oid) else repr(value)
            for value in read_multi(self._asset, self._attribute)
        ]
        return printable(f"[{', '.join(shown[:20])}{', …' if len(shown) > 20 else ''}]")

    def _table(self) -> Table:
        return context_of(self._asset).features.display.table_of(self)

    def add(self, *values: Any) -> None:
        """Add assets (or values), pending until the commit. Sends nothing. Raises BadValue, ReadOnly."""
        context_of(self._asset).unit.edit_members(self._asset, self._attribute, values, ())

    def remove(self, *values: Any) -> None:
        """Remove assets (or values), pending until the commit. Sends nothing. Raises BadValue, ReadOnly."""
        context_of(self._asset).unit.edit_members(self._asset, self._attribute, (), values)

    def clear(self) -> None:
        """Remove all members, pending until the commit. Loads the present ones if they are missing."""
        context_of(self._asset).unit.assign(self._asset, self._attribute, ())

    def _refuse(self, *unused: Any, **named: Any) -> NoReturn:
        owner = f"{self._asset._state.oid.token}.{self._attribute.name}"
        raise ReadOnly(
            f"{owner} is not changed in place like a list: use its add(...) and remove(...), or assign a new list.",
            attribute=self._attribute.name,
        )

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):
            raise AttributeError(name)
        called, schema = self._attribute.name, context_of(self._asset).schema
        related = schema.types.get(self._attribute.related or "")
        _refuse_attribute(f"{self._asset._state.oid.token}.{called}", called, related, name)

    append = extend = insert = pop = sort = reverse = __setitem__ = __delitem__ = _refuse

    def __add__(self, values: Iterable[Any]) -> list[Any]:
        return [*self, *values] if isinstance(values, Sequence) and not isinstance(values, str) else NotImplemented

    def __radd__(self, values: Iterable[Any]) -> list[Any]:
        return [*values, *self] if isinstance(values, Sequence) and not isinstance(values, str) else NotImplemented

    def __iadd__(self, values: Iterable[Any]) -> RelatedList:
        self.add(*values)
        return self

    def __isub__(self, values: Iterable[Any]) -> RelatedList:
        self.remove(*values)
        return self


def related_asset(asset: Instance, attribute: Attribute) -> Instance | NullReference:
    """Return the asset that a single relation leads to, or the stand-in for none."""
    found = read_single(asset, attribute)
    context = context_of(asset)
    if not isinstance(found, Oid):
        return NullReference(context.schema, attribute.related or "")
    return resolve_related(context, asset, attribute.name, found)


def member_values(
    context: SessionContext, type_name: str, attribute: Attribute, values: Iterable[object]
) -> list[object]:
    """Check what a person gave as members of a relation, and return the identities, each once, in order."""
    if isinstance(values, str | bytes | Instance) or not isinstance(values, Iterable) or is_scalar(values):
        raise BadValue(
            f"{type_name}.{attribute.name} holds several {attribute.related}: give a list of them, or use .add().",
            type_name=type_name,
            attribute=attribute.name,
        )
    return list(dict.fromkeys(related_oid(context, type_name, attribute, value) for value in values))
