"""What is loaded of an asset, seen from outside: a live read-only view, and a copy that can be pickled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from assetmeta.core.context import moment_of
from assetmeta.core.state import Instance
from assetmeta.core.values import cell_members, cell_value, context_of, undeclared
from assetmeta.core.walk import is_loaded, walk
from assetmeta.model.errors import AssetmetaError
from assetmeta.model.frozen import ConcealedDict, ConcealedList
from assetmeta.model.printable import printable
from assetmeta.model.texts import Hidden
from assetmeta.model.values import UNREAD, Oid


class Snapshot:
    """A picklable copy of what was loaded of an asset: its *oid* and *values* by name; related assets are Oids.

    It belongs to no session; `session.attach(snapshot)` makes it a live asset again.
    """

    __slots__ = ("oid", "values")

    def __init__(self, oid: Oid, values: dict[str, Any]) -> None:
        self.oid = oid
        self.values = values

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Snapshot) and (self.oid, self.values) == (other.oid, other.values)

    def __hash__(self) -> int:
        return hash(self.oid)

    def __reduce__(self) -> tuple[Any, ...]:
        return Snapshot, (self.oid, self.values)

    def __repr__(self) -> str:
        return printable(f"<snapshot of {self.oid.token}: {len(self.values)} values>")


class LoadedData(Mapping[str, Any]):
    """A read-only view of what is loaded of one asset; a path such as "Owners.Name" works when all of it is loaded."""

    __slots__ = ("_asset",)

    def __init__(self, asset: Instance) -> None:
        self._asset = asset

    def __getitem__(self, name: str) -> Any:
        value = undeclared(self._asset, name)
        if value is not UNREAD:
            return value
        if self._shows_moment and name == "AsOf":
            return moment_of(self._asset)
        path = context_of(self._asset).path(name)
        if not is_loaded(self._asset, path):
            raise KeyError(name)
        return walk(self._asset, path)

    @property
    def _shows_moment(self) -> bool:
        """Whether `AsOf` is the asset's moment here: a key of that name from the server goes before it."""
        kind = context_of(self._asset).schema.type(self._asset._state.oid.type)
        return "AsOf" not in kind.attributes and self._asset._state.cell("AsOf") is UNREAD

    def __iter__(self) -> Iterator[str]:
        yield from self._asset._state.names()
        if self._shows_moment and moment_of(self._asset) is not None:
            yield "AsOf"

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return printable(f"{{{', '.join(f'{name!r}: {self._shown(name)}' for name in self)}}}")

    def _shown(self, name: str) -> str:
        """A value as a repr has it; what cannot be read is marked so, for a repr raises nothing."""
        try:
            return repr(self[name])
        except AssetmetaError as error:
            return f"<{type(error).__name__}>"


def snapshot_values(asset: Instance) -> Iterator[tuple[str, Any]]:
    """Yield what is loaded, by name. What no repr shows is no part of a copy either: it is read again."""
    for name in asset._state.names():
        attribute = context_of(asset).schema.type(asset._state.oid.type).attributes.get(name)
        if attribute is None:
            continue
        cell = asset._state.cell(name)
        members = list(cell_members(asset, attribute, cell)) if attribute.multi else None
        value = cell_value(asset, attribute, cell) if members is None else members
        if not isinstance(value, Hidden | ConcealedDict | ConcealedList):
            yield name, value
