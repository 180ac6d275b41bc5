"""Queries over lists that a server sends: what it does not do itself is done here.

Conditions (all of them, again), order, window and count, and the related assets of paths, which are read for all assets
of an answer at once. Only what a step needs is read: related assets that only the selection names are read for the
window alone. A list in the server's order is read page by page, and no further than needed.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import NamedTuple, Protocol

from assetmeta.backends.local.operators import matching, paths_in, slice_rows, sort_rows
from assetmeta.backends.local.prefetch import ValueLoader, all_paths, path_tree, prefetch
from assetmeta.backends.local.records import RowStore
from assetmeta.model.conditions import And, RawFilter, Term, and_terms, leaves
from assetmeta.model.errors import NotFound, Unsupported
from assetmeta.model.http import Flow
from assetmeta.model.paths import CLEANED, Path
from assetmeta.model.plans import Fetch, Row, Rows
from assetmeta.model.values import Oid


class Cursor(NamedTuple):
    """Where a read continues: *at* is the server's next page in the dialect's own form (None: the first), *passed* how
    many matches came before it. *gone* are the related assets that were found not to exist.
    """

    at: object = None
    passed: int = 0
    gone: frozenset[Oid] = frozenset()


class Page(NamedTuple):
    """A page of a list: its assets, whose own attributes are known, in the server's order; *rest* leads to the next."""

    oids: Sequence[Oid]
    rest: object = None


class ListSource(ValueLoader, Protocol):
    """One read of a dialect: how lists and assets are read, and what the server does itself."""

    def page(self, wanted: Fetch, at: object) -> Flow[Page]:
        """Read a page of the assets that may match the conditions, or those that the fetch names (`oids`)."""
        ...

    def unlisted(self, type_name: str) -> Container[str]:
        """The names of the attributes that objects in lists do not contain, such as lists of their own."""
        ...

    def first(self, wanted: Fetch) -> Cursor:
        """The first page: beyond the start of the window where the server can skip exactly that many matches."""
        ...

    def sorts(self, wanted: Fetch) -> bool:
        """True when the pages are in the order of the fetch."""
        ...

    def count(self, wanted: Fetch) -> Flow[int | None]:
        """Return how many assets match, where the server counts without sending them all; None otherwise."""
        ...


class UnorderedSource:
    """The parts of a ListSource of a server that neither sorts nor counts lists, nor skips rows of them."""

    __slots__ = ()

    def first(self, wanted: Fetch) -> Cursor:
        """Always the start."""
        return Cursor()

    def sorts(self, wanted: Fetch) -> bool:
        """No list is sorted by the server."""
        return False

    def count(self, wanted: Fetch) -> Flow[int | None]:
        """No list is counted by the server."""
        yield from ()
        return None


def refuse(wanted: Fetch, server: str, *, keeps_deleted: bool = False) -> None:
    """Raise Unsupported for what no request to a server of lists could answer; *server* is its name for messages."""
    moments = [wanted.asof, *(oid.moment for oid in wanted.oids or ())]
    if wanted.history or any(moment is not None for moment in moments):
        raise Unsupported(f"{server} does not show the past of its objects.", type_name=wanted.type_name)
    if wanted.find is not None:
        raise Unsupported(f"{server} has no text search over a type; use a condition with contains().")
    if wanted.deleted and not keeps_deleted:
        raise Unsupported(f"{server} does not show what was deleted.", type_name=wanted.type_name)
    if wanted.where is not None and any(isinstance(leaf, RawFilter) for leaf in leaves(wanted.where)):
        raise Unsupported(f"{server} has no filter language of its own.", type_name=wanted.type_name)
    all_paths(wanted)


def execute_all(fetches: Sequence[Fetch], make: Callable[[], ListSource]) -> Flow[list[Rows]]:
    """Read. One Rows per fetch, same order; *make* makes a source for each.

    An asset that a fetch names alone and that does not exist raises NotFound; among several it is left out.
    """
    found: list[Rows] = []
    for wanted in fetches:
        rows = yield from execute(make(), wanted)
        if len(fetches) == 1 and not rows.rows and wanted.where is None and len(set(wanted.oids or ())) == 1:
            token = wanted.oids[0].token if wanted.oids else ""
            raise NotFound(f"{token} does not exist, or this user may not see it.", oid=token, status=404)
        found.append(rows)
    return found


def execute(source: ListSource, wanted: Fetch) -> Flow[Rows]:
    """Answer one fetch, in parts where it allows that (`part`) and the order is the server's."""
    if wanted.size == 0:
        if not wanted.counted:
            return Rows()
        total = yield from source.count(wanted)
        if total is not None:
            return Rows(total=total)
    if wanted.counted or (wanted.sort and not source.sorts(wanted)):
        return (yield from _execute_whole(source, wanted))
    return (yield from _execute_paged(source, wanted))


def _execute_paged(source: ListSource, wanted: Fetch) -> Flow[Rows]:
    """Read pages from where the answer before ended, until there is enough."""
    at, passed, gone = wanted.cursor if isinstance(wanted.cursor, Cursor) else source.first(wanted)
    source.known.gone.update(gone)
    end = None if wanted.size is None else wanted.start + wanted.size
    rows: list[Row] = []
    related: list[Row] = []
    while True:
        page = yield from source.page(wanted, at)
        matched = yield from _filter(source, wanted, page.oids)
        part = matched[max(wanted.start - passed, 0) : None if end is None else end - passed]
        some, beyond = yield from _select(source, wanted, part, page.oids)
        rows += some
        related += beyond
        passed += len(matched)
        at = page.rest
        if at is None or (end is not None and passed >= end):
            return Rows(tuple(rows), tuple(related), more=end is not None and (passed > end or at is not None))
        if wanted.page_size is not None and len(rows) >= wanted.page_size:
            cursor = Cursor(at, passed, frozenset(source.known.gone))
            return Rows(tuple(rows), tuple(related), more=True, next_cursor=cursor)
        # The rows of one page are of no use for the next: memory is bounded by what is returned.
        source.known.clear()


def _execute_whole(source: ListSource, wanted: Fetch) -> Flow[Rows]:
    """Read the whole list, then sort, count and cut it."""
    oids: list[Oid] = []
    at: object = None
    while True:
        page = yield from source.page(wanted, at)
        oids += page.oids
        at = page.rest
        if at is None:
            break
    matched = yield from _filter(source, wanted, oids)
    yield from prefetch(source, matched, path_tree(sort.path for sort in wanted.sort))
    part, more = slice_rows(sort_rows(matched, wanted.sort, source.known), wanted.start, wanted.size)
    rows, related = yield from _select(source, wanted, part, oids)
    return Rows(rows, related, len(matched) if wanted.counted else None, more)


def _filter(source: ListSource, wanted: Fetch, oids: Sequence[Oid]) -> Flow[list[Oid]]:
    """The assets among *oids* that satisfy the conditions; what those need of related assets is read."""
    if wanted.where is None:
        return list(oids)
    near, far = split(source.unlisted(wanted.type_name), wanted)
    matched = matching(near, source.known, oids)
    if far is not None:
        yield from prefetch(source, matched, path_tree(paths_in(far)))
        matched = matching(far, source.known, matched)
    return matched


def _select(
    source: ListSource, wanted: Fetch, part: Sequence[Oid], seen: Sequence[Oid]
) -> Flow[tuple[tuple[Row, ...], tuple[Row, ...]]]:
    """Read what the selection needs beyond the objects themselves; return the rows of *part*, and those of all other
    assets of which anything is known. Nothing is returned of assets that are only *seen*, and in no part.
    """
    unlisted = source.unlisted(wanted.type_name)
    yield from prefetch(source, part, path_tree(path for path in wanted.select if _leads_on(unlisted, path)))
    chosen = {*seen}
    rows = rows_of(source.known, part, wanted.select)
    return rows, tuple(source.known.row(oid) for oid in source.known.cells if oid not in chosen)


def split(unlisted: Container[str], wanted: Fetch) -> tuple[Term | None, Term | None]:
    """The conditions that attributes of the objects in lists decide, and those for which more must be read (*unlisted*
    attributes, related assets).
    """
    own: list[Term] = []
    others: list[Term] = []
    for term in and_terms(wanted.where):
        near = all(len(path.steps) == 1 and path.steps[0].name not in unlisted for path in paths_in(term))
        (own if near else others).append(term)
    return _all(own), _all(others)


def _all(terms: Sequence[Term]) -> Term | None:
    return terms[0] if len(terms) == 1 else And(tuple(terms)) if terms else None


def _leads_on(unlisted: Container[str], path: Path) -> bool:
    """True for what objects in lists do not contain. A key that a list left out is not read here: it may never be
    used.
    """
    return len(path.steps) > 1 or path.aggregate is not None or path.steps[0].name in unlisted


def rows_of(known: RowStore, oids: Sequence[Oid], select: Sequence[Path]) -> tuple[Row, ...]:
    """All that is known of assets, and the values that were computed for them under their paths."""
    rows = tuple(map(known.row, oids))
    computed = [path for path in select if path.aggregate and path.aggregate not in CLEANED]
    if not computed:
        return rows
    names = tuple(map(str, computed))
    return tuple(
        Row(row.oid, row.columns + names, row.values + tuple(known.cell(row.oid, path) for path in computed))
        for row in rows
    )
