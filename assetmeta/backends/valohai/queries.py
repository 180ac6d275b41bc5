"""The flow of every read: lists with the filters, order and windows that the server is known to apply.

Everything else is done in the client.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlencode

from msgspec.structs import replace

from assetmeta.backends.local import executor
from assetmeta.backends.local.executor import Cursor, Page, split
from assetmeta.backends.local.operators import equality, paths_in
from assetmeta.backends.local.prefetch import own_names
from assetmeta.backends.rest.hooks import ParseContext
from assetmeta.backends.rest.pushdown import Pushdown, push_down
from assetmeta.backends.rest.spec import Api, Resource
from assetmeta.backends.valohai import pages
from assetmeta.backends.valohai.connection import Settings
from assetmeta.backends.valohai.keys import condition_key, filter_text
from assetmeta.backends.valohai.lookup import LookupReader
from assetmeta.backends.valohai.pushdown import conditions_on_names, interpret, resolve_names
from assetmeta.model.conditions import and_terms
from assetmeta.model.errors import Unsupported
from assetmeta.model.http import Flow
from assetmeta.model.plans import Fetch
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid


def understood_as(schema: Schema, api: Api, wanted: Fetch) -> Fetch:
    """The fetch with its conditions as they are meant. Raises Unsupported for what no request could answer."""
    refuse(schema, api, wanted)
    if wanted.where is None:
        return wanted
    return replace(wanted, where=interpret(schema, api, api.resource(schema, wanted.type_name), wanted.where))


def refuse(schema: Schema, api: Api, wanted: Fetch) -> None:
    """Raise Unsupported for what no request could answer."""
    resource = api.resource(schema, wanted.type_name)
    # What is reached from deleted assets is read by its identity, deleted or not.
    keeps_deleted = wanted.oids is not None or resource.has_parameter("deleted")
    executor.refuse(wanted, "Valohai", keeps_deleted=keeps_deleted)
    if not resource.listed and wanted.oids is None and not parents(resource, api, wanted):
        there = resource.nested_in.type if resource.nested_in else ""
        back = resource.fields[_back(resource, api)].to[0] if resource.nested_in else ""
        raise Unsupported(
            f"Valohai has no list of all assets of type {resource.type}: use {there}."
            f"{resource.nested_in.field if resource.nested_in else ''}, or name the {back} in where().",
            type_name=wanted.type_name,
        )


def parents(resource: Resource, api: Api, wanted: Fetch) -> tuple[Oid, ...]:
    """The objects that a fetch names as those that its assets are part of."""
    back = _back(resource, api)
    for term in and_terms(wanted.where):
        path, values = equality(term) or ("", ())
        if path == back:
            return tuple(value for value in values if isinstance(value, Oid))
    return ()


def _back(resource: Resource, api: Api) -> str:
    within = resource.nested_in
    return (api.types[within.type].fields[within.field].reciprocal or "") if within else ""


class ListCursor(NamedTuple):
    """Where a read continues: in which of its lists, and where there. *wanted* is the fetch that they are for."""

    number: int = 0
    place: pages.ListPlace = pages.ListPlace()
    wanted: Fetch | None = None


@dataclass(slots=True)
class QueryReader(LookupReader):
    """The lists of one installation."""

    def sorts(self, wanted: Fetch) -> bool:
        """True for one key by which the server is known to sort, within a single list."""
        return bool(ordering(self.resource(wanted.type_name), wanted))

    def first(self, wanted: Fetch) -> Cursor:
        """Beyond the window's start where every row of a single list is a match."""
        chosen = self.choose_lists(self.resource(wanted.type_name), wanted)
        if wanted.start and chosen.exact and (not wanted.sort or self.sorts(wanted)):
            return Cursor(ListCursor(0, pages.ListPlace(offset=wanted.start, start=wanted.start)), wanted.start)
        return Cursor()

    def count(self, wanted: Fetch) -> Flow[int | None]:
        """Read the number of rows of a single list of which each is a match. One request, and those for names."""
        resource = self.resource(wanted.type_name)
        chosen = self.choose_lists(resource, (yield from resolve_names(self, resource, wanted)))
        if chosen.keys == ():
            return 0
        if not chosen.exact:
            return None
        path = self.options.endpoint_path(resource.path)
        return (yield from pages.count_rows(path, chosen.queries[0], self.options))

    def cuts(self, wanted: Fetch) -> bool:
        """True where every row of a single list is a match, and no sorting is left to the client."""
        chosen = self.choose_lists(self.resource(wanted.type_name), wanted)
        return chosen.exact and (not wanted.sort or self.sorts(wanted))

    def choose_lists(self, resource: Resource, wanted: Fetch) -> Pushdown:
        """Return which lists a query takes."""
        if wanted.oids is not None:
            return Pushdown((), keys=tuple(oid.key for oid in wanted.oids))
        return push_down(resource, wanted, condition_key, filter_text) if resource.listed else Pushdown(())

    def page(self, wanted: Fetch, at: object) -> Flow[Page]:
        """Read the next assets that may match the conditions, with their own attributes; the server's order."""
        resource = self.resource(wanted.type_name)
        names = held(resource, self.schema, [name for name in own_names(wanted) if name not in wanted.optional])
        if wanted.oids is not None and wanted.select and not names:
            # Only lists of their own are wanted, which need nothing of the objects.
            return Page(tuple(dict.fromkeys(wanted.oids)))
        if not resource.listed and wanted.oids is None:
            return Page((yield from self._within(resource, wanted)))
        cursor = at if isinstance(at, ListCursor) else ListCursor()
        selected = cursor.wanted or (yield from resolve_names(self, resource, wanted))
        chosen = self.choose_lists(resource, selected)
        if chosen.keys is not None:
            # For a query the contents of rows are enough, also where it names its assets; for a read of assets they are
            # not.
            from_rows = wanted.oids is None
            oids = yield from self.by_keys(resource, chosen.keys, names, from_rows=from_rows)
            if from_rows:
                yield from self._complete(resource, wanted, oids)
                oids = [oid for oid in oids if not self._hidden(resource, wanted, oid)]
            return Page(oids)
        oids, rest = yield from self._read_rows(resource, selected, chosen, cursor, names)
        yield from self._complete(resource, wanted, oids)
        if rest is not None:
            return Page(oids, ListCursor(cursor.number, rest, selected))
        following = cursor.number + 1
        return Page(oids, ListCursor(following, wanted=selected) if following < len(chosen.queries) else None)

    def _read_rows(
        self, resource: Resource, wanted: Fetch, chosen: Pushdown, cursor: ListCursor, names: Sequence[str]
    ) -> Flow[tuple[list[Oid], pages.ListPlace | None]]:
        """Read the next rows of one list; return their assets, and where the list continues."""
        query = (
            *chosen.queries[cursor.number],
            *ordering(resource, wanted),
            *self.include_parameter(resource, names),
            *uncounted(resource, wanted),
        )
        limit = page_limit(resource, wanted, chosen, cursor.place.offset, self.options)
        path = self.options.endpoint_path(resource.path)
        some = yield from pages.read_part(path, query, cursor.place, limit, self.options)
        oids = self.rows(resource, some.objects, names, _list_context(chosen))
        for oid in oids if chosen.implied else ():
            # What the filters imply of an asset counts where its row does not contain it.
            self.known.cells[oid] = {**chosen.implied, **self.known.cells[oid]}
        return oids, some.rest

    def _hidden(self, resource: Resource, wanted: Fetch, oid: Oid) -> bool:
        """True for what was deleted, unless that is wanted: by its key it can still be read."""
        if wanted.deleted or not resource.soft or any(path.head == "deleted" for path in paths_in(wanted.where)):
            return False
        return self.known.cells.get(oid, {}).get("deleted") is True

    def _complete(self, resource: Resource, wanted: Fetch, oids: Sequence[Oid]) -> Flow[None]:
        """Read what conditions need and rows do not contain: without it the assets would not match."""
        if wanted.where is None:
            return
        near, _ = split(resource.unlisted, wanted)
        names = held(resource, self.schema, [path.head for path in paths_in(near)])
        missing = [oid for oid in oids if self.missing_names(resource, oid, names)]
        yield from self.read_each(resource, missing, names)

    def _within(self, resource: Resource, wanted: Fetch) -> Flow[list[Oid]]:
        """Read the objects that the wanted ones are part of. One request for each, concurrently."""
        owners, within = parents(resource, self.api, wanted), resource.nested_in
        if within is None or not owners:
            return []
        there = self.api.types[within.type]
        yield from self.read_each(there, owners, (within.field,))
        return self.known.related_ids(owners, within.field)

    def explain_lists(self, resource: Resource, wanted: Fetch) -> Iterator[str]:
        """Describe the requests for the lists of a query."""
        if not resource.listed:
            within = resource.nested_in.type if resource.nested_in else ""
            yield f"read {len(parents(resource, self.api, wanted))} {within} that they are part of"
            return
        for term, relation, there in conditions_on_names(self.api, resource, wanted):
            path = self.options.endpoint_path(there.path)
            yield f"GET {path}, for the {relation} that {term} means; below, its id is filtered by"
        chosen = self.choose_lists(resource, wanted)
        names = held(resource, self.schema, own_names(wanted))
        limit = (("limit", str(page_limit(resource, wanted, chosen, 0, self.options))),)
        more = (
            *ordering(resource, wanted),
            *self.include_parameter(resource, names),
            *uncounted(resource, wanted),
            *limit,
        )
        end = "end" if wanted.size is None else "window is full"
        for query in chosen.queries:
            pairs = urlencode((*query, *more), safe=",")
            yield f"GET {self.options.endpoint_path(resource.path)}?{pairs}, and on until the {end}"


def _list_context(chosen: Pushdown) -> ParseContext:
    """The context of all the rows, as the filters imply it."""
    project = chosen.implied.get("project")
    return ParseContext(project.key if isinstance(project, Oid) else None)


def held(resource: Resource, schema: Schema, names: Sequence[str]) -> list[str]:
    """Those of *names* that objects of a resource contain themselves."""
    attributes = schema.type(resource.type).attributes
    return [name for name in names if name in attributes and name not in resource.lists]


def ordering(resource: Resource, wanted: Fetch) -> tuple[tuple[str, str], ...]:
    """The parameter that makes the server sort, where it is known to; none otherwise."""
    if (
        len(wanted.sort) != 1
        or wanted.oids is not None
        or len(push_down(resource, wanted, condition_key, filter_text).queries) != 1
    ):
        return ()
    [sort] = wanted.sort
    if not sort.path.is_name or sort.path.head not in resource.orders:
        return ()
    return (("ordering", str(sort)),)


def uncounted(resource: Resource, wanted: Fetch) -> tuple[tuple[str, str], ...]:
    """The parameter that saves counting a list of which only a part is wanted. What is read whole is counted: that
    shows whether it changed meanwhile.
    """
    part = wanted.size is not None and not wanted.counted and (not wanted.sort or ordering(resource, wanted))
    return (("no_count", "true"),) if resource.no_count and part else ()


def page_limit(resource: Resource, wanted: Fetch, chosen: Pushdown, offset: int, settings: Settings) -> int:
    """How many rows to request: as many as a list sends at once where all of it is needed first, no more than the
    window needs where each of them is a match.
    """
    if wanted.counted or (wanted.sort and not ordering(resource, wanted)):
        return settings.sweep
    limit = wanted.page_size or settings.page_size
    if wanted.size is None or not chosen.exact:
        return limit
    return max(min(limit, wanted.start + wanted.size - offset), 1)
