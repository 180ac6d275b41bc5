"""What assets lack: read by identity, or a list that hangs below each of them."""

from __future__ import annotations

from collections.abc import Sequence

from assetmeta.backends.concurrency import gather
from assetmeta.backends.local.prefetch import Tree
from assetmeta.backends.rest.hooks import ParseContext
from assetmeta.backends.rest.spec import Resource
from assetmeta.backends.testspace.connection import resource_of
from assetmeta.backends.testspace.keys import divided, item_path, require_key
from assetmeta.backends.testspace.lookup import LookupReader
from assetmeta.backends.testspace.pages import Pages
from assetmeta.backends.testspace.traversal import is_folder
from assetmeta.model.http import Flow
from assetmeta.model.values import Oid


def tell(reading: LookupReader, type_name: str, oids: Sequence[Oid], names: Tree) -> Flow[None]:
    """Read what *oids*, all of one type, lack of *names*: see assetmeta.backends.testspace.lookup for their own
    attributes; a list is one request for each asset, and one for each further page of it.
    """
    kind = resource_of(type_name)
    lists = [name for name in names if kind.fields[name].listed_separately]
    own = [name for name in names if name not in lists]
    if "contents" in lists and kind.type == "Content":
        own.append("type")
    # A body has all the keys that there are: one that lacks an attribute will not have it the next time.
    lacking = [oid for oid in oids if own and kind.own not in reading.known.cells.get(oid, {})]
    yield from reading.by_keys(kind, [oid.key for oid in lacking])
    yield from _ahead(reading, kind, oids, names)
    for name in lists:
        yield from _hanging(reading, kind, name, reading.known.missing(oids, name))


def _ahead(reading: LookupReader, kind: Resource, oids: Sequence[Oid], names: Tree) -> Flow[None]:
    """Read at once what several relations to one type lead to, such as the active and the latest result of spaces: two
    of one list are one request.
    """
    by_type: dict[str, list[str]] = {}
    for name, beyond in names.items():
        known = kind.fields[name]
        if (
            known.to
            and not known.listed_separately
            and any(inner in resource_of(known.to[0]).fields for inner in beyond)
        ):
            by_type.setdefault(known.to[0], []).append(name)
    for type_name, relations in by_type.items():
        if len(relations) > 1:
            targets = [oid.key for name in relations for oid in reading.known.targets(oids, name)]
            yield from reading.by_keys(resource_of(type_name), targets)


def _hanging(reading: LookupReader, kind: Resource, name: str, oids: Sequence[Oid]) -> Flow[None]:
    """Read the lists below *oids*, side by side. What holds nothing is not asked for it, what is gone has none."""
    holders = [oid for oid in oids if kind.type != "Content" or is_folder(oid, reading.known.cells.get(oid, {}))]
    for oid in oids:
        if oid not in holders and reading.has(oid):
            reading.known.take(oid, {name: ()})
    there = resource_of(kind.fields[name].to[0])
    lists = [Pages.of(_path(kind, there, oid), reading.options, optional=True) for oid in holders]
    found = yield from gather([pages.all() for pages in lists])
    for oid, pages, objects in zip(holders, lists, found, strict=True):
        parent = divided(kind, oid.key)[0] if kind is there else oid.key
        if not pages.gone:
            reading.known.take(oid, {name: tuple(reading.take(there, objects, ParseContext(owner=parent)))})


def _path(kind: Resource, there: Resource, oid: Oid) -> str:
    own = item_path(kind, require_key(oid))
    return own if kind is there else f"{own}/{there.path}"
