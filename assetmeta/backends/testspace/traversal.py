"""The lists of a query, from the top down: projects, their spaces, the results of each, page by page.

A traversal stops at the end of a page and can be continued; the pending lists are a stack, the next on top. Lists of
one level are begun concurrently. The order is that of the server, list after list; the contents of a folder follow the
page that contains it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from assetmeta.backends.concurrency import gather
from assetmeta.backends.local.operators import matches
from assetmeta.backends.local.records import Cells
from assetmeta.backends.rest.hooks import ParseContext
from assetmeta.backends.rest.http import Object
from assetmeta.backends.testspace.connection import resource_of
from assetmeta.backends.testspace.keys import item_path, list_path, require_key, split_key
from assetmeta.backends.testspace.lookup import LookupReader, is_folder
from assetmeta.backends.testspace.pages import Pages
from assetmeta.backends.testspace.pushdown import ListLevel, ListPlan
from assetmeta.model.http import Flow
from assetmeta.model.values import Key, Oid

Ancestors = tuple[tuple[Oid, Cells], ...]
"""The assets above a list, with their cells."""


@dataclass(slots=True)
class PendingList:
    """A list that is to be read, or continued. *ready* is a page of it that was received already."""

    depth: int
    parent: Key | None
    pages: Pages
    ancestors: Ancestors = ()
    ready: list[Object] | None = None


@dataclass(slots=True)
class ListTraversal:
    """What is left of the lists of one query. It is read once; up to *width* lists are begun concurrently."""

    plan: ListPlan
    width: int
    stack: list[PendingList] = field(default_factory=list)
    folders: set[Oid] = field(default_factory=set)

    def start(self, reader: LookupReader) -> ListTraversal:
        """Put the first lists on the stack."""
        plan = self.plan
        if plan.folders:
            lists = [
                (split_key(plan.levels[0].resource, key)[0], item_path(plan.levels[0].resource, key))
                for key in plan.folders
            ]
        elif plan.parents is None:
            lists = [(None, list_path(plan.levels[0].resource, None))]
        else:
            lists = [(key, list_path(plan.levels[0].resource, key)) for key in plan.parents]
        self.stack = [self._pending(reader, 0, parent, path, ()) for parent, path in reversed(lists)]
        return self

    def copied(self) -> ListTraversal:
        """The same lists, read as far as these, to be continued by themselves."""
        stack = [replace(pending, pages=pending.pages.copied()) for pending in self.stack]
        return replace(self, stack=stack, folders=set(self.folders))

    def page(self, reader: LookupReader) -> Flow[list[Oid]]:
        """Read up to the next page of the query's own type; return its assets, none at the end.

        Their parents, as far as their lists were read, are known to *reader* as well.
        """
        while self.stack:
            yield from self._prepare()
            top = self.stack[-1]
            objects, top.ready = top.ready or [], None
            if top.pages.next_request is None:
                self.stack.pop()
            level = self.plan.levels[top.depth]
            if top.depth < len(self.plan.levels) - 1:
                self._push_below(reader, top, level, objects)
                continue
            for oid, cells in top.ancestors:
                reader.known.add(oid, cells)
            oids = [
                oid
                for oid in reader.take(level.resource, objects, ParseContext(owner=top.parent))
                if oid not in self.folders
            ]
            self._push_folders(reader, top, oids)
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
        for pending, objects in zip(batch, (yield from gather([each.pages.read() for each in batch])), strict=True):
            pending.ready = objects

    def _push_below(self, reader: LookupReader, top: PendingList, level: ListLevel, objects: Sequence[Object]) -> None:
        """Put the lists below a page of parents on the stack. What is read of parents stays with their lists: an answer
        contains only the parents of its assets.
        """
        aside = reader.new_reader()
        resource = self.plan.levels[top.depth + 1].resource
        oids = aside.take(level.resource, objects, ParseContext(owner=top.parent))
        for oid in reversed([oid for oid in oids if all(matches(term, aside.known, oid) for term in level.terms)]):
            ancestors = (*top.ancestors, (oid, aside.known.cells[oid]))
            self.stack.append(self._pending(reader, top.depth + 1, oid.key, list_path(resource, oid.key), ancestors))

    def _push_folders(self, reader: LookupReader, top: PendingList, oids: Sequence[Oid]) -> None:
        """Put the folders of a page on the stack, each once whatever the server sends.

        Raises BadValue for a folder that cannot be requested: without it the answer would be short.
        """
        if self.plan.folders is not None or self.plan.levels[-1].resource.type != "Content":
            return
        for oid in reversed(oids):
            if is_folder(oid, reader.known.cells[oid]) and oid not in self.folders:
                self.folders.add(oid)
                path = item_path(resource_of(oid.type), require_key(oid))
                self.stack.append(self._pending(reader, top.depth, top.parent, path, top.ancestors))

    def _pending(
        self, reader: LookupReader, depth: int, parent: Key | None, path: str, ancestors: Ancestors
    ) -> PendingList:
        query = self.plan.levels[depth].query
        pages = Pages.of(path, reader.options, query, optional=parent is not None)
        return PendingList(depth, parent, pages, ancestors)
