"""The flow of every read (reference 4 and 10): lists below lists, filtered, sorted and cut here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assetmeta.backends.local import executor
from assetmeta.backends.local.executor import Page, UnorderedSource
from assetmeta.backends.local.prefetch import Tree
from assetmeta.backends.rest.spec import Resource
from assetmeta.backends.testspace.connection import resource_of
from assetmeta.backends.testspace.keys import require_key
from assetmeta.backends.testspace.lookup import LookupReader
from assetmeta.backends.testspace.prefetch import tell
from assetmeta.backends.testspace.pushdown import way
from assetmeta.backends.testspace.traversal import ListTraversal
from assetmeta.model.conditions import Compare, leaves
from assetmeta.model.errors import Unsupported
from assetmeta.model.http import Flow
from assetmeta.model.plans import Fetch
from assetmeta.model.values import Oid


def refuse(wanted: Fetch) -> None:
    """Raise Unsupported or BadValue for what no request could answer."""
    executor.refuse(wanted, "Testspace")
    for leaf in () if wanted.where is None else leaves(wanted.where):
        for value in leaf.values if isinstance(leaf, Compare) else ():
            if isinstance(value, Oid) and not value.is_new:
                require_key(value)
    if wanted.oids is None and not resource_of(wanted.type_name).listed:
        raise Unsupported(
            f"Testspace has no list of all assets of type {wanted.type_name}: go through those that they belong to.",
            type_name=wanted.type_name,
        )


@dataclass(frozen=True, slots=True)
class Lists(UnorderedSource):
    """The lists of one organization, as a Source."""

    reading: LookupReader

    def tell(self, type_name: str, oids: Sequence[Oid], names: Tree) -> Flow[None]:
        """Read what assets lack; see assetmeta.backends.testspace.prefetch."""
        return tell(self.reading, type_name, oids, names)

    def holds(self, type_name: str, name: str) -> bool:
        """True unless the attribute is a list that hangs below the asset."""
        known = resource_of(type_name).fields.get(name)
        return known is None or not known.listed_separately

    def page(self, wanted: Fetch, at: object) -> Flow[Page]:
        """Read a page of the assets that the conditions may admit; or all that the fetch or a condition names."""
        reading, kind = self.reading, resource_of(wanted.type_name)
        if wanted.oids is not None:
            return Page((yield from self._named(kind, wanted, wanted.oids)))
        descent = at if isinstance(at, ListTraversal) else None
        if descent is None:
            found = way(kind, wanted.where)
            if found.keys is not None:
                return Page((yield from reading.by_keys(kind, found.keys)))
            # Of a window, no more is read than it takes.
            width = 1 if wanted.size is not None else reading.options.width
            descent = ListTraversal(found, width).begin(reading)
        oids = yield from descent.page(reading)
        return Page(oids, descent if descent.stack else None)

    def _named(self, kind: Resource, wanted: Fetch, oids: Sequence[Oid]) -> Flow[list[Oid]]:
        """Read the assets that a fetch names: themselves, unless nothing but lists below them is asked for, or what
        such assets do not have on this server.
        """
        names: Tree = {path.head: {} for path in wanted.select}
        if not names or wanted.where is not None:
            return (yield from self.reading.by_keys(kind, [oid.key for oid in oids]))
        own = [name for name in names if self.holds(kind.type, name)]
        if own == list(names) and all(self.reading.options.memory.is_unseen(kind.type, name) for name in own):
            return list(dict.fromkeys(oids))
        if own:
            return (yield from self.reading.by_keys(kind, [oid.key for oid in oids]))
        yield from self.tell(kind.type, oids, names)
        return [oid for oid in dict.fromkeys(oids) if names.keys() <= self.known.cells.get(oid, {}).keys()]
