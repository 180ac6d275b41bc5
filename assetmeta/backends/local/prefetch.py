"""What a read needs of which assets, as a tree of names; what is missing is read, for all assets of a step at once.

Name, parent.name, parent.project.name      ->  {"Name": {}, "parent": {"name": {}, "project": {"name": {}}}}
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from assetmeta.backends.local.operators import paths_in
from assetmeta.backends.local.records import RowStore
from assetmeta.model.errors import Unsupported
from assetmeta.model.http import Flow
from assetmeta.model.paths import CLEANED, Path, first_narrowed
from assetmeta.model.plans import Fetch
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid

Tree = dict[str, "Tree"]


def path_tree(paths: Iterable[Path]) -> Tree:
    """Return the names in *paths*, as a tree. A text to be cleaned counts as its column."""
    found: Tree = {}
    for path in paths:
        names = [step.name for step in path.steps]
        if path.aggregate in CLEANED:
            names[-1] = f"{names[-1]}.@{path.aggregate}"
        here = found
        for name in names:
            here = here.setdefault(name, {})
    return found


def all_paths(fetch: Fetch) -> list[Path]:
    """Every path that a fetch mentions. Raises Unsupported for one that cannot be followed here."""
    found = [*fetch.select, *paths_in(fetch.where), *(sort.path for sort in fetch.sort)]
    narrowed = first_narrowed(found)
    if narrowed is not None:
        raise Unsupported(f"{narrowed}: related assets cannot be narrowed in a path here.", attribute=str(narrowed))
    for path in found:
        if path.aggregate in CLEANED and len(path.steps) > 1:
            raise Unsupported(f"{path}: the text of a related asset cannot be cleaned.", attribute=str(path))
    return found


def own_names(fetch: Fetch) -> list[str]:
    """The names of the assets' own attributes that a fetch needs."""
    return list(path_tree(all_paths(fetch)))


class ValueLoader(Protocol):
    """What one read has received so far, and how it receives more."""

    @property
    def schema(self) -> Schema: ...

    @property
    def known(self) -> RowStore: ...

    def load_missing(self, type_name: str, oids: Sequence[Oid], names: Tree) -> Flow[None]:
        """Read what is missing of *names*, attributes of the one type that all *oids* have. The trees below are what
        will be needed of the assets that relations lead to, so that it can be read in the same requests.
        """
        ...


def prefetch(loader: ValueLoader, oids: Sequence[Oid], names: Tree) -> Flow[None]:
    """Read what is missing of a tree of names: of *oids*, and of what their relations lead to. One round of requests
    per step.
    """
    if not names:
        return
    by_type: dict[str, list[Oid]] = {}
    for oid in dict.fromkeys(oids):
        by_type.setdefault(oid.type, []).append(oid)
    for type_name, members in by_type.items():
        attributes = loader.schema.type(type_name).attributes
        # What a type does not have is left out: a path through several types is for those that have it.
        own = {name: beyond for name, beyond in names.items() if name.partition(".@")[0] in attributes}
        yield from loader.load_missing(type_name, members, own)
    for name, beyond in names.items():
        if beyond:
            yield from prefetch(loader, loader.known.related_ids(oids, name), beyond)
