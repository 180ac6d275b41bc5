"""From schema to classes: one class per type, made when first used, belonging to one session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from assetmeta.core.asset import Asset, blank
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
        self._workspace: SessionContext | None = None

    def serve(self, workspace: SessionContext) -> None:
        """Make classes for *workspace* from now on."""
        self._workspace = workspace

    def of(self, name: str) -> type[Asset]:
        """Return the class of type *name*. Raises UnknownName."""
        found = self._made.get(name)
        if found is None and self._workspace is not None:
            with self._workspace.lock:
                found = self._made.get(name) or self._make(name, self._workspace)
        if found is None:
            raise LookupError("the classes serve no workspace yet")
        return found

    def _make(self, name: str, workspace: SessionContext) -> type[Asset]:
        kind = workspace.schema.type(name)
        base = self.of(kind.base) if kind.base else Asset
        self._made[name] = made = build(kind, base, workspace)
        return made

    def renew(self) -> None:
        """Bring the classes that were made up to date with the schema. They stay the classes they are: what was handed
        out goes on working, with the attributes that the schema has now.
        """
        workspace = self._workspace
        if workspace is None:
            return
        with workspace.lock:
            for name, made in self._made.items():
                kind = workspace.schema.types.get(name)
                if kind is not None and kind != made._type:
                    members = members_of(kind, workspace)
                    for gone in {*made._type.attributes, *made._type.operations} & vars(made).keys() - members.keys():
                        type.__delattr__(made, gone)
                    for member, value in members.items():
                        type.__setattr__(made, member, value)

    def blank(self, oid: Oid) -> Asset:
        """Make the asset of *oid*, with nothing loaded."""
        return blank(self._made.get(oid.type) or self.of(oid.type), oid)


def build(kind: AssetType, base: type[Asset], workspace: SessionContext) -> type[Asset]:
    """Make the class of one type. Its Python base mirrors the server's; all members carry this type's own flags."""
    members = {**members_of(kind, workspace), "__slots__": ()}
    made: type[Asset] = type.__call__(AssetClass, printable(kind.name), (base,), members)
    return made


def members_of(kind: AssetType, workspace: SessionContext) -> dict[str, Any]:
    """What the schema puts into the class of one type."""

    def column(name: str) -> Any:
        return Query(workspace, kind.name)[name]

    members: dict[str, Any] = {"__doc__": ClassDoc(kind), "_workspace": workspace, "_type": kind}
    for name, operation in kind.operations.items():
        if _is_safe(name):
            members[name] = OperationDescriptor(kind.name, operation)
    for name, attribute in kind.attributes.items():
        if _is_safe(name):
            members[name] = descriptor(attribute, column)
    if kind.name in workspace.backend.can.file_types and "file_data" not in members:
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
