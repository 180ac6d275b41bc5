"""Assets: what every generated class inherits on its instances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from assetmeta.core.columns import Column
from assetmeta.core.context import SessionContext
from assetmeta.core.load_log import is_looked_at
from assetmeta.core.metaclass import AssetClass
from assetmeta.core.relations import NullReference
from assetmeta.core.snapshot import LoadedData, Snapshot, snapshot_values
from assetmeta.core.state import Instance, State, merge_row
from assetmeta.core.values import context_of, parsed, require_oid, undeclared
from assetmeta.core.walk import read, value_at, walk
from assetmeta.model.errors import InvalidResponse, ReadOnly, UnknownName, Unsupported, elsewhere, nearest
from assetmeta.model.json_value import json_value
from assetmeta.model.plans import Row
from assetmeta.model.printable import printable
from assetmeta.model.schema import AssetType, Attribute
from assetmeta.model.table import Displayed, Table
from assetmeta.model.values import ABSENT, UNREAD, AsOf, Oid


class Asset(Displayed, Instance, metaclass=AssetClass):
    """One asset of the server. Attributes are loaded when they are first read, and written by the session's commit."""

    __slots__ = ()

    _context: ClassVar[SessionContext]
    _type: ClassVar[AssetType]

    @property
    def idref(self) -> str:
        """The asset's token, such as `Story:1005`."""
        return self._state.oid.token

    @property
    def intid(self) -> Any:
        """The asset's id without its type."""
        return self._state.oid.key

    @property
    def reprref(self) -> str:
        """`Story(1005)`."""
        return short_form(self._state.oid)

    @property
    def AsOf(self) -> AsOf | None:
        """The moment as of which this asset is seen, as it was given; None for the present."""
        return self._state.oid.moment

    @property
    def url(self) -> str:
        """Where a person sees the asset in a browser."""
        return self._context.link(self._context.backend.address(self._state.oid))

    @property
    def data(self) -> Mapping[str, Any]:
        """What is loaded, by attribute name, and computed tokens by their text. Reading it sends nothing."""
        return LoadedData(self)

    def to_dict(self) -> dict[str, Any]:
        """Return what is loaded as plain values that go through json.dumps: related assets by their token, times in ISO
        form, exact numbers as numbers where nothing is lost. Sends nothing.
        """
        return {name: json_value(value) for name, value in LoadedData(self).items()}

    def set(self, **values: Any) -> Any:
        """Set several attributes, pending until the commit; returns the asset."""
        self._context.unit.assign_all(self, values)
        return self

    def pending(self, values: Mapping[str, Any]) -> None:
        """Set several attributes from a mapping, pending until the commit."""
        self._context.unit.assign_all(self, values)

    def with_data(self, values: Mapping[str, Any]) -> Any:
        """Take *values* as loaded, as if the server had just sent them; returns the asset. Sends nothing.

        Raises UnknownName, and BadValue for what an attribute does not take.
        """
        known = {name: value for name, value in values.items() if name != "AsOf"}
        schema = self._context.schema
        cells = tuple(
            _cell(self._context, self._type.name, schema.attribute(self._type.name, name), value)
            for name, value in known.items()
        )
        with self._context.lock:
            merge_row(self, Row(self._state.oid, tuple(known), cells), self._context.layouts)
        return self

    def clean(self, name: str) -> Any:
        """Return a text attribute without its markup, where the server cleans texts. What is missing is loaded.

        It is never written back. Raises Unsupported where the server does not clean.
        """
        if not self._context.backend.can.cleaning:
            raise Unsupported(
                f"{self._context.backend.name} does not clean texts.", oid=self._state.oid.token, attribute=name
            )
        return self[f"{name}.@CleanText"]

    # Python would otherwise take what has items for a sequence, and read the ones called 0, 1, 2 ...
    __iter__ = None
    __contains__ = None

    def __getitem__(self, name: str | Column) -> Any:
        """Return an attribute, the value at a path (a list where it may reach several), or a computed column's value.

        What is missing is loaded.
        """
        if isinstance(name, Column):
            self._context.remember(name._path)
            return walk(self, name._path)
        return value_at(self, name)

    def __setitem__(self, name: str, value: object) -> None:
        _assign(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        if name == "_state":
            object.__setattr__(self, name, value)
        elif name in self._type.attributes:
            _assign(self, name, value)
        elif name in self._type.operations:
            raise ReadOnly(
                f"{short_form(self._state.oid)}.{name} is an operation: call it.",
                type_name=self._type.name,
                attribute=name,
            )
        elif isinstance(member := _member(type(self), name), property) and member.fset is not None:
            member.fset(self, value)
        elif member is not None:
            raise ReadOnly(
                f"{short_form(self._state.oid)}.{name} cannot be set.", type_name=self._type.name, attribute=name
            )
        elif self._context.newer_schema():
            setattr(self, name, value)
        else:
            self._context.schema.attribute(self._type.name, name)

    def __delattr__(self, name: str) -> None:
        attribute = self._context.schema.attribute(self._type.name, name)
        _assign(self, name, () if attribute.multi else None)

    def __getattr__(self, name: str) -> Any:
        # Reached only for names that the class does not have. It sends nothing: what came under a name that the
        # schema does not have is returned, and all else is a mistake that is explained.
        if name.startswith("_"):
            raise AttributeError(name)
        kind = type(self)
        attribute = kind._type.attributes.get(name)
        if attribute is not None:
            # Reading it failed with an AttributeError, which Python takes for a missing name.
            try:
                return read(self, attribute)
            except AttributeError as error:
                token = self._state.oid.token
                raise InvalidResponse(f"{token}.{name}: {error}", oid=token, attribute=name) from error
        value = undeclared(self, name)
        if value is not UNREAD:
            return value
        if not is_looked_at() and self._context.newer_schema():
            return getattr(self, name)
        near = elsewhere(name) or nearest(name, [*kind._type.attributes, *kind._type.operations])
        near += self._context.schema.beyond(kind._type, name)
        raise UnknownName(f"{kind.__name__} has no attribute {name!r}.{near}", type_name=kind.__name__, attribute=name)

    def _ipython_key_completions_(self) -> list[str]:
        return sorted(self._type.attributes)

    def __dir__(self) -> list[str]:
        undeclared_names = (name for name in self._state.layout.names if name.isidentifier())
        return sorted({*super().__dir__(), *self._type.operations, *undeclared_names})

    def __repr__(self) -> str:
        state = self._state
        text = short_form(state.oid)
        names = [name for name in (self._type.short, self._type.display) if name and name in self._type.attributes]
        shown = {name: _peek(self, self._type.attributes[name]) for name in dict.fromkeys(names)}
        shown_text = ", ".join(f"{name}={value!r}" for name, value in shown.items() if value not in (None, ABSENT))
        if shown_text:
            text = f"{text[:-1]}, {shown_text})"
        if state.edits:
            changes = {name: _edit_text(edit) for name, edit in state.edits.items()}
            text += f".pending({{{', '.join(f'{name!r}: {change}' for name, change in changes.items())}}})"
        return printable(text)

    def _table(self) -> Table:
        return self._context.features.display.table_of(self)

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: object) -> Any:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return Snapshot, (self._state.oid, dict(snapshot_values(self)))


def _member(kind: type, name: str) -> Any:
    """What a class or one of its bases has under a name; None for nothing."""
    return next((vars(one)[name] for one in kind.__mro__ if name in vars(one)), None)


def short_form(oid: Oid) -> str:
    """Return `Story(1005)`, with the moment where there is one."""
    return f"{oid.type}({oid.key})" if oid.moment is None else f"{oid.type}({oid.key}, asof={oid.moment!s})"


_set_state = vars(Instance)["_state"].__set__
"""Sets the state of an asset past its own `__setattr__`."""


def new_instance(kind: type[Asset], oid: Oid) -> Asset:
    """Make an asset of which only the identity is known."""
    asset = object.__new__(kind)
    _set_state(asset, State(oid))
    return asset


def _assign(asset: Asset, name: str, value: object) -> None:
    context_of(asset).unit.assign(asset, asset._context.schema.attribute(asset._type.name, name), value)


def _cell(context: SessionContext, type_name: str, attribute: Attribute, value: object) -> Any:
    if not attribute.multi:
        return _member_cell(context, type_name, attribute, value)
    members = value if isinstance(value, list | tuple) else () if value is None else (value,)
    return tuple(_member_cell(context, type_name, attribute, member) for member in members)


def _member_cell(context: SessionContext, type_name: str, attribute: Attribute, value: object) -> Any:
    if value is None or isinstance(value, NullReference):
        return None
    if attribute.is_relation:
        return require_oid(context, value, f"{type_name}.{attribute.name}")
    return attribute.codec.encode(parsed(context, type_name, attribute, value))


def _peek(asset: Asset, attribute: Attribute) -> object:
    if asset._state.edits and attribute.name in asset._state.edits:
        return ABSENT
    cell = asset._state.cell(attribute.name)
    return ABSENT if cell is UNREAD or isinstance(cell, tuple) else cell


def _edit_text(edit: Any) -> str:
    if not edit.is_multi:
        return edit.new.token if isinstance(edit.new, Oid) else repr(edit.new)
    marks = [f"+{member}" for member in edit.added] + [f"-{member}" for member in edit.removed]
    return f"[{', '.join(marks)}]"
