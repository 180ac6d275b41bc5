"""Descriptors: what makes the server's attributes and operations members of the generated classes.

They carry no policy. None of them defines `__set__`: a scalar that was read is kept decoded in the instance's own
dictionary, and Python finds it there without calling anything; writing goes through `Asset.__setattr__`.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from types import NoneType
from typing import Any

from assetmeta.core.load_log import LookedAt
from assetmeta.core.relations import RelatedList, related_asset, unloaded
from assetmeta.core.state import Instance, RowShape, State, cache_value
from assetmeta.core.values import context_of, decoded, read_single
from assetmeta.model.codecs import Raw
from assetmeta.model.errors import BadValue
from assetmeta.model.printable import printable
from assetmeta.model.schema import Attribute, Operation
from assetmeta.model.values import UNREAD

_SCALARS = frozenset({str, int, float, bool, Decimal, NoneType})
"""What raw values mostly are; others are documents, identities and lists."""


class AttributeDescriptor:
    """What all attributes of generated classes have in common. Read from the class, one is a column of the type."""

    def __init__(self, attribute: Attribute, column: Callable[[str], Any]) -> None:
        self.attribute = attribute
        self.column = column


class Scalar(AttributeDescriptor):
    """A single value that is not an asset."""

    def __get__(self, asset: Instance | None, owner: type) -> Any:
        if asset is None:
            return self.column(self.attribute.name)
        attribute = self.attribute
        with asset._context.lock:
            state = asset._state
            place = state.layout.index.get(attribute.name)
            cell = UNREAD if place is None or state.edits else state.cells[place]
            # A scalar that is loaded and not edited is by far the most frequent case, and null is the next.
            if type(cell) in _SCALARS and not state.oid.is_new:
                values = keep_row(asset, state)
                if attribute.name not in values:
                    values[attribute.name] = None if cell is None else decoded(asset, attribute, cell)
                return values[attribute.name]
        try:
            value = read_single(asset, attribute)
        except LookedAt:
            return unloaded(asset, attribute)
        return cache_value(asset, attribute.name, value)


_NESTED = frozenset({list, dict})

_SHORT = 256
"""Characters of a text that is decoded along with others of its asset; a long one would be copied for nothing."""


def keep_row(asset: Instance, state: State) -> dict[str, Any]:
    """Decode and keep the short scalars that are loaded of an asset without edits: who reads one of them mostly reads
    more, and all together take little more time than one. What cannot be decoded is left. The caller holds the lock.
    Returns all decoded values of the asset.
    """
    kind = type(asset)
    found = state.layout.decoders.get(kind)
    if found is None or found[0] is not kind._type:
        found = state.layout.decoders[kind] = (kind._type, _decoders(kind, state.layout))
    kept, cells = asset.__dict__, state.cells
    for name, place, decode in [each for each in found[1] if each[0] not in kept] if kept else found[1]:
        cell = cells[place]
        if cell is None:
            kept[name] = None
        elif len(cell) <= _SHORT if type(cell) is str else type(cell) in _SCALARS:
            try:
                value = decode(cell)  # type: ignore[arg-type]
            except (ValueError, ArithmeticError, TypeError, RecursionError):
                continue
            if type(value) not in _NESTED:
                kept[name] = value
    return kept


def _decoders(kind: type[Instance], layout: RowShape) -> list[tuple[str, int, Callable[[Raw], object]]]:
    """The scalar attributes in a layout: name, place, and what decodes the raw value."""
    members = ((name, place, vars(kind).get(name)) for name, place in layout.index.items())
    return [
        (name, place, member.attribute.codec.decode) for name, place, member in members if isinstance(member, Scalar)
    ]


class SingleRelation(AttributeDescriptor):
    """A relation to one asset."""

    def __get__(self, asset: Instance | None, owner: type) -> Any:
        if asset is None:
            return self.column(self.attribute.name)
        try:
            return related_asset(asset, self.attribute)
        except LookedAt:
            return unloaded(asset, self.attribute)


class MultiValue(AttributeDescriptor):
    """A relation to several assets, or several values."""

    def __get__(self, asset: Instance | None, owner: type) -> Any:
        return self.column(self.attribute.name) if asset is None else RelatedList(asset, self.attribute)


def descriptor(attribute: Attribute, column: Callable[[str], Any]) -> AttributeDescriptor:
    """Return the descriptor that suits *attribute*."""
    if attribute.multi:
        return MultiValue(attribute, column)
    return SingleRelation(attribute, column) if attribute.is_relation else Scalar(attribute, column)


class OperationDescriptor:
    """One operation of a generated class; read from an asset it can be called."""

    def __init__(self, type_name: str, operation: Operation) -> None:
        self.type_name = type_name
        self.operation = operation
        allowed = f" Allowed while {operation.validator} is true." if operation.validator else ""
        self.__doc__ = printable(
            f"Execute {operation.name} on this asset at once: one request. What was loaded of the asset is then "
            f"forgotten, pending changes stay.{allowed}"
        )

    def __get__(self, asset: Instance | None, owner: type) -> Any:
        return self if asset is None else BoundOperation(asset, self.operation, self.__doc__ or "")

    def __repr__(self) -> str:
        return printable(f"<operation {self.type_name}.{self.operation.name}>")


class BoundOperation:
    """An operation of one asset, ready to be called."""

    def __init__(self, asset: Instance, operation: Operation, doc: str) -> None:
        self._asset = asset
        self._operation = operation
        self.__doc__ = doc

    def __call__(self, *unnamed: object, **arguments: Any) -> Any:
        if unnamed:
            operation = f"{self._asset._state.oid.type}.{self._operation.name}()"
            raise BadValue(f"{operation} takes no arguments without a name.")
        return context_of(self._asset).writer.call(self._asset, self._operation.name, arguments)

    @property
    def allowed(self) -> bool | None:
        """Whether the server would allow it now; None when it does not show. Reads one attribute."""
        if self._operation.validator is None:
            return None
        return bool(getattr(self._asset, self._operation.validator))

    def __repr__(self) -> str:
        return printable(f"<operation {self._operation.name} of {self._asset._state.oid.token}>")
