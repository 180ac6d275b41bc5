"""Going down the lists of a query: projects, their spaces, the results of each, page by page.

Where a page ends the way stops and can be gone on with; what is waiting is a stack of lists, the next on top. Lists
that lie side by side are begun side by side. The order is that of the server, list after list; what is in a folder
follows the page that shows it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from assetmeta.backends.concurrency import gather
from assetmeta.backends.local.operators import matches
from assetmeta.backends.local.records import Cells
from assetmeta.backends.rest.hooks import ParseContext
from assetmeta.backends.rest.http import Object
from assetmeta.backends.testspace.connection import resource_of
from assetmeta.backends.testspace.keys import divided, item_path, list_path, require_key
from assetmeta.backends.testspace.lookup import LookupReader, reader
from assetmeta.backends.testspace.pages import Pages
from assetmeta.backends.testspace.pushdown import ListLevel, ListPlan
from assetmeta.model.http import Flow
from assetmeta.model.plans import RawValue
from assetmeta.model.values import Key, Oid

Ancestors = tuple[tuple[Oid, Cells], ...]
"""The assets that a list hangs below, with what was told of them."""

FOLDER = "folder"
"""How the types of contents begin that hold others."""


@dataclass(slots=True)
class PendingList:
    """A list that is to be gone through, or gone on with. *ready* is a page of it that has come already."""

    depth: int
    parent: Key | None
    pages: Pages
    lineage: Ancestors = ()
    ready: list[Object] | None = None


@dataclass(slots=True)
class ListTraversal:
    """What is left of the lists of one query. It is gone through once; up to *width* lists are begun side by side."""

    way: ListPlan
    width: int
    stack: list[PendingList] = field(default_factory=list)
    folders: set[Oid] = field(default_factory=set)

    def begin(self, reading: LookupReader) -> ListTraversal:
        """Put the first lists on the stack."""
        way = self.way
        if way.folders:
            lists = [(divided(way.levels[0].kind, key)[0], item_path(way.levels[0].kind, key)) for key in way.folders]
        elif way.parents is None:
            lists = [(None, list_path(way.levels[0].kind, None))]
        else:
            lists = [(key, list_path(way.levels[0].kind, key)) for key in way.parents]
        self.stack = [self._waiting(reading, 0, parent, path, ()) for parent, path in reversed(lists)]
        return self

    def page(self, reading: LookupReader) -> Flow[list[Oid]]:
        """Read up to the next page of the query's own type; return its assets, none at the end.

        Their parents, as far as the way led over them, are known to *reading* as well.
        """
        while self.stack:
            yield from self._prepare()
            top = self.stack[-1]
            objects, top.ready = top.ready or [], None
            if top.pages.due is None:
                self.stack.pop()
            level = self.way.levels[top.depth]
            if top.depth < len(self.way.levels) - 1:
                self._push_below(reading, top, level, objects)
                continue
            for oid, cells in top.lineage:
                reading.known.take(oid, cells)
            oids = [
                oid
                for oid in reading.take(level.kind, objects, ParseContext(owner=top.parent))
                if oid not in self.folders
            ]
            self._push_folders(reading, top, oids)
            if oids:
                return oids
        return []

    def _prepare(self) -> Flow[None]:
        """Read a page of the list on top, and begin those of its kind that follow."""
        top = self.stack[-1]
        if top.ready is not None:
            return
        batch = [top]
        for other in reversed(self.stack[:-1]):
            if len(batch) >= self.width or other.depth != top.depth or other.pages.number or other.ready is not None:
                break
            batch.append(other)
        for waiting, objects in zip(batch, (yield from gather([each.pages.read() for each in batch])), strict=True):
            waiting.ready = objects

    def _push_below(self, reading: LookupReader, top: PendingList, level: ListLevel, objects: Sequence[Object]) -> None:
        """Put the lists below a page of parents on the stack. What is read of them stays with their lists: the answer
        tells of those alone that its assets are below.
        """
        aside = reader(reading.schema, reading.options)
        kind = self.way.levels[top.depth + 1].kind
        oids = aside.take(level.kind, objects, ParseContext(owner=top.parent))
        for oid in reversed([oid for oid in oids if all(matches(term, aside.known, oid) for term in level.terms)]):
            lineage = (*top.lineage, (oid, aside.known.cells[oid]))
            self.stack.append(self._waiting(reading, top.depth + 1, oid.key, list_path(kind, oid.key), lineage))

    def _push_folders(self, reading: LookupReader, top: PendingList, oids: Sequence[Oid]) -> None:
        """Put the folders of a page on the stack, each once whatever the server says.

        Raises BadValue for a folder that cannot be asked for: without it the answer would be short.
        """
        if self.way.folders is not None:
            return
        for oid in reversed(oids):
            if is_folder(oid, reading.known.cells[oid]) and oid not in self.folders:
                self.folders.add(oid)
                path = item_path(resource_of(oid.type), require_key(oid))
                self.stack.append(self._waiting(reading, top.depth, top.parent, path, top.lineage))

    def _waiting(
        self, reading: LookupReader, depth: int, parent: Key | None, path: str, lineage: Ancestors
    ) -> PendingList:
        query = self.way.levels[depth].query
        pages = Pages.of(path, reading.options, query, optional=parent is not None)
        return PendingList(depth, parent, pages, lineage)


def is_folder(oid: Oid, cells: Mapping[str, RawValue]) -> bool:
    """True for a content that holds others."""
    return oid.type == "Content" and str(cells.get("type") or "").startswith(FOLDER)
