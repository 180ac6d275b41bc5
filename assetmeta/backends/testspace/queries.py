"""The lists of a query (reference 4 and 10): lists below lists, from the top down."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from assetmeta.backends.local import executor
from assetmeta.backends.local.executor import Cursor, Page
from assetmeta.backends.local.prefetch import Tree
from assetmeta.backends.rest.spec import Resource
from assetmeta.backends.testspace.connection import resource_of
from assetmeta.backends.testspace.keys import item_path, list_path, require_key
from assetmeta.backends.testspace.lookup import LookupReader
from assetmeta.backends.testspace.pushdown import ListPlan, plan_lists
from assetmeta.backends.testspace.traversal import ListTraversal
from assetmeta.model.conditions import Compare, leaves
from assetmeta.model.errors import Unsupported
from assetmeta.model.http import Flow
from assetmeta.model.plans import Fetch
from assetmeta.model.values import Key, Oid


def refuse(wanted: Fetch) -> None:
    """Raise Unsupported or BadValue for what no request could answer."""
    executor.refuse(wanted, "Testspace")
    for leaf in () if wanted.where is None else leaves(wanted.where):
        for value in leaf.values if isinstance(leaf, Compare) else ():
            if isinstance(value, Oid) and not value.is_new:
                require_key(value)
    if wanted.oids is None and not resource_of(wanted.type_name).listed:
        raise Unsupported(
            f"Testspace has no list of all assets of type {wanted.type_name}: use those that they belong to.",
            type_name=wanted.type_name,
        )


@dataclass(slots=True)
class QueryReader(LookupReader):
    """The lists of one organization."""

    def choose_lists(self, resource: Resource, wanted: Fetch) -> ListPlan:
        """Return which lists a query takes."""
        return plan_lists(resource, wanted.where)

    def page(self, wanted: Fetch, at: object) -> Flow[Page]:
        """Read a page of the assets that may match the conditions; or all that the fetch or a condition names."""
        resource = resource_of(wanted.type_name)
        if wanted.oids is not None:
            return Page((yield from self._read_named(resource, wanted, wanted.oids)))
        traversal = at if isinstance(at, ListTraversal) else None
        if traversal is not None and isinstance(wanted.cursor, Cursor) and at is wanted.cursor.at:
            # The answer that continues here may be requested again.
            traversal = traversal.copied()
        if traversal is None:
            plan = self.choose_lists(resource, wanted)
            if plan.keys is not None:
                return Page((yield from self.by_keys(resource, plan.keys)))
            # Of a window, no more is read than it takes.
            width = 1 if wanted.size is not None else self.options.width
            traversal = ListTraversal(plan, width).start(self)
        oids = yield from traversal.page(self)
        return Page(oids, traversal if traversal.stack else None)

    def _read_named(self, resource: Resource, wanted: Fetch, oids: Sequence[Oid]) -> Flow[list[Oid]]:
        """Read the assets that a fetch names: themselves, unless nothing but lists below them is wanted, or what such
        assets do not have on this server.
        """
        names: Tree = {path.head: {} for path in wanted.select}
        keys = [oid.key for oid in oids]
        if not names or wanted.where is not None:
            return (yield from self.by_keys(resource, keys))
        own = [name for name in names if name not in resource.lists]
        if own == list(names) and all(self._is_unseen(resource, name) for name in own):
            return list(dict.fromkeys(oids))
        if own:
            return (yield from self.by_keys(resource, keys, own))
        yield from self.load_missing(resource.type, oids, names)
        return [oid for oid in dict.fromkeys(oids) if names.keys() <= self.known.cells.get(oid, {}).keys()]

    def _is_unseen(self, resource: Resource, name: str) -> bool:
        """True when objects of the type were read, and none of them had the attribute."""
        known = resource.fields.get(name)
        is_implied = name in (resource.up, "folder")
        key = known.source_key if known and known.source_key else name
        return not is_implied and self.options.memory.is_unseen(resource.type, key)

    def explain_lists(self, resource: Resource, wanted: Fetch) -> Iterator[str]:
        """Describe the requests for the lists of a query."""
        plan = self.choose_lists(resource, wanted)
        top = plan.levels[0].resource
        parents: tuple[Key | None, ...] = (None,) if plan.parents is None else plan.parents
        paths = [item_path(resource, key) for key in plan.folders or ()] or [list_path(top, key) for key in parents]
        for path in paths:
            yield f"GET {self.options.endpoint_path(path)}{_query(plan, 0)}"
        for depth, level in enumerate(plan.levels[1:], start=1):
            above = plan.levels[depth - 1]
            terms = f" that has {' and '.join(map(str, above.terms))}" if above.terms else ""
            place = f"{{{above.resource.type}}}/{level.resource.path}{_query(plan, depth)}"
            yield f"then GET {place} for each {above.resource.type}{terms}, up to {self.options.width} concurrently"
        if resource.type == "Content" and plan.folders is None:
            yield "then GET contents/{path} for each folder"
        yield "and one request for each further page of a list"


def _query(plan: ListPlan, depth: int) -> str:
    query = plan.levels[depth].query
    return f"?{urlencode(query)}" if query else ""
