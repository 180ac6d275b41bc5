"""From schema to classes: one class per type, made when first used, belonging to one session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from assetmeta.core.asset import Asset, new_instance
from assetmeta.core.attachments import file_data
from assetmeta.core.attributes import OperationDescriptor, descriptor
from assetmeta.core.context import SessionContext
from assetmeta.core.metaclass import AssetClass
from assetmeta.core.query import Query
from assetmeta.model.printable import printable
from assetmeta.model.schema import AssetType
from assetmeta.model.values import Oid


class ClassRegistry:
    """The classes of one session by type name."""

    def __init__(self) -> None:
        self._made: dict[str, type[Asset]] = {}
        self._context: SessionContext | None = None

    def bind(self, context: SessionContext) -> None:
        """Make classes for *context* from now on."""
        self._context = context

    def of(self, name: str) -> type[Asset]:
        """Return the class of type *name*. Raises UnknownName."""
        found = self._made.get(name)
        if found is None and self._context is not None:
            with self._context.lock:
                found = self._made.get(name) or self._make(name, self._context)
        if found is None:
            raise LookupError("the registry is bound to no session yet")
        return found

    def _make(self, name: str, context: SessionContext) -> type[Asset]:
        kind = context.schema.type(name)
        base = self.of(kind.base) if kind.base else Asset
        self._made[name] = made = build(kind, base, context)
        return made

    def renew(self) -> None:
        """Bring the classes that were made up to date with the schema. They stay the classes they are: what was handed
        out goes on working, with the attributes that the schema has now.
        """
        context = self._context
        if context is None:
            return
        with context.lock:
            for name, made in self._made.items():
                kind = context.schema.types.get(name)
                if kind is not None and kind != made._type:
                    members = members_of(kind, context)
                    for gone in {*made._type.attributes, *made._type.operations} & vars(made).keys() - members.keys():
                        type.__delattr__(made, gone)
                    for member, value in members.items():
                        type.__setattr__(made, member, value)

    def new_instance(self, oid: Oid) -> Asset:
        """Make the asset of *oid*, with nothing loaded."""
        return new_instance(self._made.get(oid.type) or self.of(oid.type), oid)


def build(kind: AssetType, base: type[Asset], context: SessionContext) -> type[Asset]:
    """Make the class of one type. Its Python base mirrors the server's; all members carry this type's own flags."""
    members = {**members_of(kind, context), "__slots__": ()}
    made: type[Asset] = type.__call__(AssetClass, printable(kind.name), (base,), members)
    return made


def members_of(kind: AssetType, context: SessionContext) -> dict[str, Any]:
    """What the schema puts into the class of one type."""

    def column(name: str) -> Any:
        return Query(context, kind.name)[name]

    members: dict[str, Any] = {"__doc__": ClassDoc(kind), "_context": context, "_type": kind}
    for name, operation in kind.operations.items():
        if _is_safe(name):
            members[name] = OperationDescriptor(kind.name, operation)
    for name, attribute in kind.attributes.items():
        if _is_safe(name):
            members[name] = descriptor(attribute, column)
    if kind.name in context.backend.can.file_types and "file_data" not in members:
        members["file_data"] = file_data
    members["__module__"] = "assetmeta"
    return members


def _is_safe(name: str) -> bool:
    """Names come from the server: one that Python treats specially, and one that cannot be shown, stays reachable
    as asset["name"] only.
    """
    return not name.startswith("_") and printable(name) == name


class ClassDoc:
    """The docstring of a generated class, written when it is first read."""

    def __init__(self, kind: AssetType) -> None:
        self._kind = kind

    def __get__(self, asset: object, owner: type | None = None) -> str:
        return "\n".join(printable(line) for line in self._lines())

    def _lines(self) -> Iterator[str]:
        kind = self._kind
        base = f", a kind of {kind.base}" if kind.base else ""
        yield f"{kind.name}{base}, as the server describes it.{' Abstract: query it.' if kind.abstract else ''}"
        if kind.operations:
            yield ""
            yield f"Operations: {', '.join(sorted(kind.operations))}"
        yield ""
        yield "Attributes:"
        for _, attribute in sorted(kind.attributes.items()):
            yield f"    {attribute.description}"
