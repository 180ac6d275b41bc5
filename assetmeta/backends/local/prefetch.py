"""Following relations: whatever a path still lacks is read, for all assets of a step at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from assetmeta.backends.local.path_trees import Tree
from assetmeta.backends.local.records import RowStore
from assetmeta.model.http import Flow
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid


class ValueLoader(Protocol):
    """What one read was told so far, and how it is told more: the part that each dialect writes for itself."""

    @property
    def schema(self) -> Schema: ...

    @property
    def known(self) -> RowStore: ...

    def tell(self, type_name: str, oids: Sequence[Oid], names: Tree) -> Flow[None]:
        """Read what *oids*, all of one type, lack of *names*, all of them attributes of that type. The trees below say
        what will be asked of the assets that relations lead to, so that it may come along.
        """
        ...


def prefetch(teller: ValueLoader, oids: Sequence[Oid], names: Tree) -> Flow[None]:
    """Read what *oids*, and what their relations lead to, lack of a tree of names. One round of requests per step."""
    if not names:
        return
    by_type: dict[str, list[Oid]] = {}
    for oid in dict.fromkeys(oids):
        by_type.setdefault(oid.type, []).append(oid)
    for type_name, members in by_type.items():
        attributes = teller.schema.type(type_name).attributes
        # What a type does not have is passed over: a path through several types is for those that have it.
        own = {name: beyond for name, beyond in names.items() if name.partition(".@")[0] in attributes}
        yield from teller.tell(type_name, members, own)
    for name, beyond in names.items():
        if beyond:
            yield from prefetch(teller, teller.known.targets(oids, name), beyond)
