"""The flow of every read: lists with the filters, order and windows that the server is known to apply.

What it does not do is done here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from msgspec.structs import replace

from assetmeta.backends.local import executor
from assetmeta.backends.local.executor import Cursor, Page, UnorderedSource, split
from assetmeta.backends.local.operators import equality, paths_in
from assetmeta.backends.local.prefetch import Tree, own_names
from assetmeta.backends.rest.hooks import ParseContext
from assetmeta.backends.rest.pushdown import Pushdown, push_down
from assetmeta.backends.rest.spec import Api, Resource, field_of
from assetmeta.backends.valohai import pages
from assetmeta.backends.valohai.connection import Settings
from assetmeta.backends.valohai.keys import condition_key, spell
from assetmeta.backends.valohai.lookup import LookupReader
from assetmeta.backends.valohai.prefetch import tell
from assetmeta.backends.valohai.pushdown import meant, resolved
from assetmeta.model.conditions import and_terms
from assetmeta.model.errors import Unsupported
from assetmeta.model.http import Flow
from assetmeta.model.plans import Fetch
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid


def understood_as(schema: Schema, table: Api, wanted: Fetch) -> Fetch:
    """The fetch with its conditions as they are meant. Raises Unsupported for what no request could answer."""
    refuse(schema, table, wanted)
    if wanted.where is None:
        return wanted
    return replace(wanted, where=meant(schema, table, table.resource(schema, wanted.type_name), wanted.where))


def refuse(schema: Schema, table: Api, wanted: Fetch) -> None:
    """Raise Unsupported for what no request could answer."""
    endpoint = table.resource(schema, wanted.type_name)
    # What is reached from deleted assets is read by its identity, deleted or not.
    keeps_deleted = wanted.oids is not None or endpoint.has_parameter("deleted")
    executor.refuse(wanted, "Valohai", keeps_deleted=keeps_deleted)
    if not endpoint.listed and wanted.oids is None and not parents(endpoint, table, wanted):
        there = endpoint.nested_in.type if endpoint.nested_in else ""
        back = endpoint.fields[_back(endpoint, table)].to[0] if endpoint.nested_in else ""
        raise Unsupported(
            f"Valohai has no list of all assets of type {endpoint.type}: go through {there}."
            f"{endpoint.nested_in.field if endpoint.nested_in else ''}, or name the {back} in where().",
            type_name=wanted.type_name,
        )


def parents(endpoint: Resource, table: Api, wanted: Fetch) -> tuple[Oid, ...]:
    """The objects that a read names as those that its assets stand in."""
    back = _back(endpoint, table)
    for term in and_terms(wanted.where):
        path, values = equality(term) or ("", ())
        if path == back:
            return tuple(value for value in values if isinstance(value, Oid))
    return ()


def _back(endpoint: Resource, table: Api) -> str:
    within = endpoint.nested_in
    return (table.types[within.type].fields[within.field].reciprocal or "") if within else ""


class ListCursor(NamedTuple):
    """Where a read goes on: in which of its lists, and where there. *wanted* is the read as its lists were chosen."""

    number: int = 0
    place: pages.ListPlace = pages.ListPlace()
    wanted: Fetch | None = None


@dataclass(frozen=True, slots=True)
class Lists(UnorderedSource):
    """The lists of one installation, as a Source."""

    reading: LookupReader

    def tell(self, type_name: str, oids: Sequence[Oid], names: Tree) -> Flow[None]:
        """Read what assets lack; see assetmeta.backends.valohai.prefetch."""
        return tell(self.reading, type_name, oids, names)

    def holds(self, type_name: str, name: str) -> bool:
        """True for what rows of lists may hold."""
        known = self.reading.resource(type_name).fields.get(name)
        return known is None or not (known.listed_separately or known.detail_only)

    def sorts(self, wanted: Fetch) -> bool:
        """True for one key by which the endpoint is known to sort, within a single list."""
        return bool(ordering(self.reading.resource(wanted.type_name), wanted))

    def begin(self, wanted: Fetch) -> Cursor:
        """Beyond the window's start where every row of a single list is a match."""
        narrow = self._narrow(wanted)
        if wanted.start and narrow.exact and (not wanted.sort or self.sorts(wanted)):
            return Cursor(ListCursor(0, pages.ListPlace(offset=wanted.start, start=wanted.start)), wanted.start)
        return Cursor()

    def count(self, wanted: Fetch) -> Flow[int | None]:
        """Ask for the number of rows of a single list of which each is a match. One request, and those for names."""
        endpoint = self.reading.resource(wanted.type_name)
        narrow = self._narrow((yield from resolved(self.reading, endpoint, wanted)))
        if narrow.keys == ():
            return 0
        if not narrow.exact:
            return None
        path = self.reading.options.endpoint_path(endpoint.path)
        return (yield from pages.counted(path, narrow.queries[0], self.reading.options))

    def _narrow(self, wanted: Fetch) -> Pushdown:
        endpoint = self.reading.resource(wanted.type_name)
        if wanted.oids is not None:
            return Pushdown((), keys=tuple(oid.key for oid in wanted.oids))
        return push_down(endpoint, wanted, condition_key, spell) if endpoint.listed else Pushdown(())

    def page(self, wanted: Fetch, at: object) -> Flow[Page]:
        """Read the next assets that the conditions may admit, with their own attributes; the server's order."""
        endpoint = self.reading.resource(wanted.type_name)
        names = held(endpoint, self.schema, [name for name in own_names(wanted) if name not in wanted.optional])
        if wanted.oids is not None and wanted.select and not names:
            # Only lists of their own are wanted, which are made without looking at the objects.
            return Page(tuple(dict.fromkeys(wanted.oids)))
        if not endpoint.listed and wanted.oids is None:
            return Page((yield from self._within(endpoint, wanted)))
        cursor = at if isinstance(at, ListCursor) else ListCursor()
        chosen = cursor.wanted or (yield from resolved(self.reading, endpoint, wanted))
        narrow = self._narrow(chosen)
        if narrow.keys is not None:
            # A query takes what rows tell, also where it names its assets; a read of assets takes no less than it asks.
            rows_do = wanted.oids is None
            oids = yield from self.reading.by_keys(endpoint, narrow.keys, names, rows_do=rows_do)
            if rows_do:
                yield from self._complete(endpoint, wanted, oids)
                oids = [oid for oid in oids if not self._hidden(endpoint, wanted, oid)]
            return Page(oids)
        oids, rest = yield from self._listed(endpoint, chosen, narrow, cursor, names)
        yield from self._complete(endpoint, wanted, oids)
        if rest is not None:
            return Page(oids, ListCursor(cursor.number, rest, chosen))
        following = cursor.number + 1
        return Page(oids, ListCursor(following, wanted=chosen) if following < len(narrow.queries) else None)

    def _listed(
        self, endpoint: Resource, wanted: Fetch, narrow: Pushdown, cursor: ListCursor, names: Sequence[str]
    ) -> Flow[tuple[list[Oid], pages.ListPlace | None]]:
        """Read the next rows of one list; return their assets, and where the list goes on."""
        query = (
            *narrow.queries[cursor.number],
            *ordering(endpoint, wanted),
            *self.reading.included(endpoint, names),
            *uncounted(endpoint, wanted),
        )
        limit = page_limit(endpoint, wanted, narrow, cursor.place.offset, self.reading.options)
        path = self.reading.options.endpoint_path(endpoint.path)
        some = yield from pages.read_part(path, query, cursor.place, limit, self.reading.options)
        oids = self.reading.rows(endpoint, some.objects, names, _around(narrow))
        for oid in oids:
            self._told(oid, narrow)
        return oids, some.rest

    def _hidden(self, endpoint: Resource, wanted: Fetch, oid: Oid) -> bool:
        """True for what was deleted, unless it is asked for: by identity it is still there."""
        if wanted.deleted or not endpoint.soft or any(path.head == "deleted" for path in paths_in(wanted.where)):
            return False
        return self.known.cells.get(oid, {}).get("deleted") is True

    def _told(self, oid: Oid, narrow: Pushdown) -> None:
        """Take what the filters say of an asset where its row does not."""
        cells = {name: cell for name, cell in narrow.implied.items() if name not in self.known.cells.get(oid, {})}
        if cells:
            self.known.take(oid, cells)

    def _complete(self, endpoint: Resource, wanted: Fetch, oids: Sequence[Oid]) -> Flow[None]:
        """Read what conditions look at and rows lack: without it the assets would be missed."""
        near, _ = split(self.holds, wanted)
        names = held(endpoint, self.schema, [path.head for path in paths_in(near)])
        lacking = [oid for oid in oids if self.reading.lacks(endpoint, oid, names)]
        yield from self.reading.singly(endpoint, lacking, names)

    def _within(self, endpoint: Resource, wanted: Fetch) -> Flow[list[Oid]]:
        """Read the objects that the wanted ones stand in. One request for each, side by side."""
        owners, within = parents(endpoint, self.reading.api, wanted), endpoint.nested_in
        if within is None or not owners:
            return []
        there = self.reading.api.types[within.type]
        yield from self.reading.singly(there, owners, (within.field,))
        return self.known.targets(owners, within.field)


def _around(narrow: Pushdown) -> ParseContext:
    """What the filters say of where all the rows are."""
    project = narrow.implied.get("project")
    return ParseContext(project.key if isinstance(project, Oid) else None)


def held(endpoint: Resource, schema: Schema, names: Sequence[str]) -> list[str]:
    """Those of *names* that objects of an endpoint hold themselves."""
    attributes = schema.type(endpoint.type).attributes
    return [name for name in names if name in attributes and not field_of(endpoint, schema, name).listed_separately]


def ordering(endpoint: Resource, wanted: Fetch) -> tuple[tuple[str, str], ...]:
    """The parameter that makes the server sort, where it is known to; none otherwise."""
    if (
        len(wanted.sort) != 1
        or wanted.oids is not None
        or len(push_down(endpoint, wanted, condition_key, spell).queries) != 1
    ):
        return ()
    [sort] = wanted.sort
    if not sort.path.is_name or sort.path.head not in endpoint.orders:
        return ()
    return (("ordering", str(sort)),)


def uncounted(endpoint: Resource, wanted: Fetch) -> tuple[tuple[str, str], ...]:
    """The parameter that saves counting a list of which only a part is wanted. What is read whole is counted: that
    tells whether it changed meanwhile.
    """
    part = wanted.size is not None and not wanted.counted and (not wanted.sort or ordering(endpoint, wanted))
    return (("no_count", "true"),) if endpoint.no_count and part else ()


def page_limit(endpoint: Resource, wanted: Fetch, narrow: Pushdown, offset: int, settings: Settings) -> int:
    """How many rows to ask for: as many as a list sends at once where all of it is needed before anything is known, no
    more than the window needs where each of them is a match.
    """
    if wanted.counted or (wanted.sort and not ordering(endpoint, wanted)):
        return settings.sweep
    limit = wanted.page_size or settings.page_size
    if wanted.size is None or not narrow.exact:
        return limit
    return max(min(limit, wanted.start + wanted.size - offset), 1)
