"""Queries over lists that a server sends: what it does not do itself is done here.

Conditions (all of them, again), order, window and count, and the related assets of paths, which are read for all assets
of an answer at once. What is not needed any more after a step is not read: related assets that only the selection names
are read for the window alone. A list in the server's order is gone through page by page, and no further than needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

from assetmeta.backends.local.operators import admission, paths_in, slice_rows, sort_rows
from assetmeta.backends.local.prefetch import ValueLoader, all_paths, path_tree, prefetch
from assetmeta.backends.local.records import RowStore
from assetmeta.model.conditions import And, RawFilter, Term, and_terms, leaves
from assetmeta.model.errors import NotFound, Unsupported
from assetmeta.model.http import Flow
from assetmeta.model.paths import CLEANED, Path
from assetmeta.model.plans import Fetch, Row, Rows
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid


class Cursor(NamedTuple):
    """Where a read stands: *at* is the server's next page in the dialect's own words (None: the first), *passed* how
    many matches came before it.
    """

    at: object = None
    passed: int = 0


class Page(NamedTuple):
    """A page of a list: its assets, whose own attributes are known, in the server's order; *rest* leads to the next."""

    oids: Sequence[Oid]
    rest: object = None


class ListSource(ValueLoader, Protocol):
    """One read of a dialect: how lists and assets are reached, and what the server does by itself."""

    def page(self, wanted: Fetch, at: object) -> Flow[Page]:
        """Read a page of the assets that the conditions may admit, or those that the fetch names (`oids`)."""
        ...

    def holds(self, type_name: str, name: str) -> bool:
        """True for an attribute that the objects hold themselves; False for a list that is made by asking for it."""
        ...

    def begin(self, wanted: Fetch) -> Cursor:
        """Where to begin: beyond the start of the window where the server can skip exactly that many matches."""
        ...

    def sorts(self, wanted: Fetch) -> bool:
        """True when the pages come in the order that the fetch asks for."""
        ...

    def count(self, wanted: Fetch) -> Flow[int | None]:
        """Return how many assets match, where the server can tell without sending them all; None otherwise."""
        ...


class Reads(Protocol):
    """One read of a dialect under way."""

    @property
    def schema(self) -> Schema: ...

    @property
    def known(self) -> RowStore: ...


class UnorderedSource:
    """The parts of a Source that are the same for all dialects, and those of one whose lists come in no order that
    could be asked for, from their start, and uncounted. *reading* is the read that it is a source of.
    """

    __slots__ = ()

    reading: Reads

    @property
    def schema(self) -> Schema:
        """The schema of the server."""
        return self.reading.schema

    @property
    def known(self) -> RowStore:
        """What this read was told so far."""
        return self.reading.known

    def begin(self, wanted: Fetch) -> Cursor:
        """Always at the start."""
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


def explain_local(wanted: Fetch, *, again: bool) -> Iterator[str]:
    """Tell in words what is done of a fetch when its lists have come; *again* where the server has filtered, too."""
    if wanted.where is not None:
        yield f"filtered here{', again' if again else ''}: {wanted.where}"
    if wanted.sort:
        yield f"sorted here: {', '.join(map(str, wanted.sort))}"
    if wanted.start or wanted.size is not None:
        yield f"cut here: {'all' if wanted.size is None else wanted.size} from {wanted.start}"


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
        return (yield from _at_once(source, wanted))
    return (yield from _in_turn(source, wanted))


def _in_turn(source: ListSource, wanted: Fetch) -> Flow[Rows]:
    """Go through the pages from where the answer before broke off, until there is enough."""
    at, passed = wanted.cursor if isinstance(wanted.cursor, Cursor) else source.begin(wanted)
    end = None if wanted.size is None else wanted.start + wanted.size
    rows: list[Row] = []
    related: list[Row] = []
    while True:
        page = yield from source.page(wanted, at)
        matched = yield from _admitted(source, wanted, page.oids)
        part = matched[max(wanted.start - passed, 0) : None if end is None else max(end - passed, 0)]
        told, beyond = yield from _selected(source, wanted, part, page.oids)
        rows += told
        related += beyond
        passed += len(matched)
        at = page.rest
        if at is None or (end is not None and passed >= end):
            return Rows(tuple(rows), tuple(related), more=end is not None and (passed > end or at is not None))
        if wanted.page_size is not None and len(rows) >= wanted.page_size:
            return Rows(tuple(rows), tuple(related), more=True, next_cursor=Cursor(at, passed))
        # What was told of one page is of no use for the next: memory is bounded by what is sent back.
        source.known.cells.clear()


def _at_once(source: ListSource, wanted: Fetch) -> Flow[Rows]:
    """Read the whole list, then sort, count and cut it."""
    oids: list[Oid] = []
    at: object = None
    while True:
        page = yield from source.page(wanted, at)
        oids += page.oids
        at = page.rest
        if at is None:
            break
    matched = yield from _admitted(source, wanted, oids)
    yield from prefetch(source, matched, path_tree(sort.path for sort in wanted.sort))
    part, more = slice_rows(sort_rows(matched, wanted.sort, source.known), wanted.start, wanted.size)
    rows, related = yield from _selected(source, wanted, part, oids)
    return Rows(rows, related, len(matched) if wanted.counted else None, more)


def _admitted(source: ListSource, wanted: Fetch, oids: Sequence[Oid]) -> Flow[list[Oid]]:
    """The assets among *oids* that satisfy the conditions; what those need of related assets is read."""
    near, far = split(source.holds, wanted)
    test = admission(near)
    matched = [oid for oid in oids if test(source.known, oid)]
    if far is not None:
        yield from prefetch(source, matched, path_tree(paths_in(far)))
        test = admission(far)
        matched = [oid for oid in matched if test(source.known, oid)]
    return matched


def _selected(
    source: ListSource, wanted: Fetch, part: Sequence[Oid], seen: Sequence[Oid]
) -> Flow[tuple[tuple[Row, ...], tuple[Row, ...]]]:
    """Read what the selection needs beyond the objects themselves; return the rows of *part*, and those of all other
    assets that were told of. Of those only *seen*, and in no part, nothing is sent back.
    """
    yield from prefetch(source, part, path_tree(path for path in wanted.select if _leads_on(source, wanted, path)))
    chosen = {*seen}
    rows = tuple(row_of(source.known, oid, wanted.select) for oid in part)
    return rows, tuple(source.known.row(oid) for oid in source.known.cells if oid not in chosen)


def split(holds: Callable[[str, str], bool], wanted: Fetch) -> tuple[Term | None, Term | None]:
    """The conditions that the assets' own attributes decide, and those that related assets have a part in."""
    own: list[Term] = []
    others: list[Term] = []
    for term in and_terms(wanted.where):
        near = all(len(path.steps) == 1 and holds(wanted.type_name, path.head) for path in paths_in(term))
        (own if near else others).append(term)
    return _all(own), _all(others)


def _all(terms: Sequence[Term]) -> Term | None:
    return terms[0] if len(terms) == 1 else And(tuple(terms)) if terms else None


def _leads_on(source: ListSource, wanted: Fetch, path: Path) -> bool:
    """True for what the objects themselves do not hold. A key of theirs that a list left out is not asked for here:
    nobody may ever look at it.
    """
    return len(path.steps) > 1 or path.aggregate is not None or not source.holds(wanted.type_name, path.head)


def row_of(known: RowStore, oid: Oid, select: Sequence[Path]) -> Row:
    """All that was told of an asset, and the values that were worked out for it under their paths."""
    row = known.row(oid)
    computed = [path for path in select if path.aggregate and path.aggregate not in CLEANED]
    if not computed:
        return row
    values = tuple(known.cell(oid, path) for path in computed)
    return Row(oid, row.columns + tuple(map(str, computed)), row.values + values)
