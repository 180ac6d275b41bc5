"""Queries: frozen values that describe which assets are wanted and what of each. Building one sends nothing.

Verbs that build (select, where, filter, sort, find, page, asof, deleted) return a new query and check names at once.
Verbs that run (iteration, first, one, all, count, exists, pages, len, bool, queryAll, set) send requests.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from assetmeta.core.advice import advised
from assetmeta.core.columns import Column
from assetmeta.core.criteria import Criteria, at_least
from assetmeta.core.frames import Frames
from assetmeta.core.load_log import refuse_inspection
from assetmeta.core.paging import pages, sizes, totals
from assetmeta.core.report import Report
from assetmeta.core.walk import walk
from assetmeta.model.conditions import (
    Compare,
    RawFilter,
    and_terms,
    is_exact,
    leaves,
)
from assetmeta.model.contract import SupportsExplain
from assetmeta.model.errors import BadValue, NotExactlyOne
from assetmeta.model.paths import Path, Step, resolve
from assetmeta.model.printable import printable
from assetmeta.model.scalars import shown, whole_number
from assetmeta.model.table import Displayed, Table


class Query(Displayed, Frames, Criteria, frozen=True):
    """The assets of one type that match, in order. Equal queries request the same.

    Iterating streams: one request per page of at most `page_size` assets, and no more than a page in memory.
    len(), bool(), indexing and queryAll() read everything once and keep it, so that going on with the same query object
    sends nothing; reQueryAll() reads again.
    """

    def explain(self) -> str:
        """Explain which requests running this query sends, and what is filtered and sorted where. Sends nothing.

        Raises Unsupported for what the server cannot do.
        """
        backend, fetch = self.context.backend, self.fetch()
        if isinstance(backend, SupportsExplain):
            text = backend.explain(self.schema, replace(fetch, page_size=self.context.page_size))
            return printable(f"{text}{self._on_names()}")
        moments = f" for each of {len(self.moments)} moments" if len(self.moments) > 1 else ""
        return (
            f"one request{moments} per {self.context.page_size} assets, and one to count when there are more: "
            f"{self!r}\nthe server filters, sorts and cuts, and sends along what is selected{self._on_letter_case()}"
            f"{self._on_names()}"
        )

    def _on_names(self) -> str:
        """What an explanation adds where a relation is compared with a name: `Status="Done"` is about Status.Name."""
        found: dict[str, None] = {}
        for leaf in (leaf for term in self.terms for leaf in leaves(term)):
            if not isinstance(leaf, Compare) or not leaf.path.is_plain or len(leaf.path.steps) < 2:
                continue
            relation = Path(leaf.path.steps[:-1])
            related = resolve(self.schema, self.type_name, relation).attribute.related
            if related is not None and self.schema.type(related).display == leaf.path.steps[-1].name:
                found[f"\n{replace(leaf, path=relation)} compares names: {leaf}"] = None
        return "".join(found)

    def _on_letter_case(self) -> str:
        """What an explanation adds where the server's `=` ignores letter case and a condition compares texts."""
        if self.context.backend.can.exact:
            return ""
        exact = [part for term in self.terms for part in and_terms(term) if is_exact(part)]
        loose = any(
            isinstance(leaf, Compare) and leaf.operator in ("=", "!=") and any(isinstance(v, str) for v in leaf.values)
            for term in self.terms
            for leaf in leaves(term)
        )
        checked = f"\nchecked again here: {'; '.join(map(str, exact))}" if exact else ""
        ignored = "\nthe server ignores letter case in = and !=; column.exact(text) does not" if loose else ""
        return checked + ignored

    def pages(self, size: int | None = None) -> Iterator[list[Any]]:
        """Yield lists of at most *size* assets, one request each, until the end or the end of the window.

        The first pages of several moments come together, where the server takes several queries in one request. A
        result of several pages is counted after the first (one more request). Raises ResultChanged when it changed
        meanwhile in a way that would make it silently short.
        """
        wanted = self.context.page_size if size is None else at_least(1, size, "pages()")
        yield from pages(self.context, self._fetches(), wanted)

    def progress(self, bar: bool = False) -> SizedStream:
        """Return the assets as a stream that knows its size: `tqdm(query.progress())`, `rich.progress.track(...)`.

        Its length takes one request to count, window included; iterating reads page by page, and nothing is kept. With
        *bar* the stream draws its own bar (plain lines where there is no terminal and no notebook).
        """
        return SizedStream(self, bar)

    def __iter__(self) -> Iterator[Any]:
        if self._results:
            yield from list(self._results[0])
            return
        for page in self.pages():
            yield from page

    def queryAll(self) -> Query:
        """Read everything now, unless it was read before, and keep it; returns this query."""
        if not self._results:
            self._results.append([asset for page in self.pages() for asset in page])
        return self

    def reQueryAll(self) -> Query:
        """Read everything now, again if it was read before, and keep it; returns this query."""
        self._results.clear()
        return self.queryAll()

    @advised("It returns all of them: where({pairs}).all() those that match, query[:10] the first ten.")
    def all(self) -> list[Any]:
        """Return all assets as a list."""
        return list(self.queryAll()._results[0])

    @advised("It returns the first asset or None: where({pairs}).first(). The first three are query[:3].")
    def first(self) -> Any:
        """Return the first asset, or None when there is none. One request."""
        if self._results:
            return next(iter(self._results[0]), None)
        return next(iter(self._but(size=min(1, 1 if self.size is None else self.size))), None)

    @advised("It returns the only match: where({pairs}).one().")
    def one(self) -> Any:
        """Return the only asset. One request. Raises NotExactlyOne when there is none, or more than one."""
        found = list(self._but(size=2 if self.size is None else min(2, self.size)))
        if len(found) != 1:
            what = "no" if not found else "more than one"
            raise NotExactlyOne(f"There is {what} {self.type_name} for {self!r}.", type_name=self.type_name)
        return found[0]

    @advised("It returns how many match: where({pairs}).count(); Estimate.count() counts values.")
    def count(self) -> int:
        """Return how many assets match, window aside. One request, which carries no assets; several moments share
        requests as they do when they are read.
        """
        return sum(totals(self.context, self._fetches()))

    @advised("It returns whether any matches: where({pairs}).exists().")
    def exists(self) -> bool:
        """Return whether any asset matches. One request, which carries no values."""
        if self._results:
            return bool(self._results[0])
        fetches = [replace(fetch, select=(), sort=(), size=1) for fetch in self._fetches() if self.size != 0]
        return any(True for _ in pages(self.context, fetches, self.context.page_size))

    def length(self) -> int:
        """Return the number of assets, window included; the same as len()."""
        return len(self)

    def max_length(self) -> int:
        """Return the number of assets that match, window aside; the same as count()."""
        return self.count()

    def __len__(self) -> int:
        if not self._results:
            refuse_inspection()
        return len(self.queryAll()._results[0])

    def __bool__(self) -> bool:
        return self.exists()

    def __getitem__(self, index: int | slice | str) -> Any:
        """`query[0]` is an asset (one request), `query[10:20]` a query for that window, `query["Name"]` a column."""
        if isinstance(index, str):
            return Column(self, self._path(index))
        if isinstance(index, slice):
            return self._window(index)
        place = whole_number(index)
        if place is None:
            raise BadValue(f"A query is indexed by positions, slices and names, not {shown(index)}.")
        if self._results or place < 0 or len(self.moments) > 1:
            return self.queryAll()._results[0][place]
        found = list(self._window(slice(place, place + 1)))
        if not found:
            raise IndexError(f"{self!r} has no asset at position {place}.")
        return found[0]

    def _window(self, part: slice) -> Query:
        edges = (part.start, part.stop, part.step)
        start, last, step = (None if edge is None else whole_number(edge) for edge in edges)
        whole = all(edge is None or whole_number(edge) is not None for edge in edges)
        first = start or 0
        if not whole or step not in (None, 1) or first < 0 or (last is not None and last < 0):
            raise BadValue("A query is sliced forwards, without steps: query[10:20].")
        room = None if self.size is None else max(self.size - first, 0)
        wanted = None if last is None else max(last - first, 0)
        sizes = [size for size in (room, wanted) if size is not None]
        return self._but(start=self.start + first, size=min(sizes) if sizes else None)

    def values(self, path: Path) -> Iterator[Any]:
        """Yield the value at *path* of each asset; what is missing is selected along."""
        source = self if self._results or path in self.selected else self.select(Column(self, path))
        for asset in source:
            yield walk(asset, path)

    def __getattr__(self, name: str) -> Column:
        """A column of the results: `query.Name`. Raises UnknownName for anything that the schema does not have."""
        if name.startswith("_"):
            raise AttributeError(name)
        self.schema.attribute(self.type_name, name)
        return Column(self, Path((Step(name),)))

    @advised("It takes values by name: set(Estimate=3).")
    def set(self, **values: Any) -> int:
        """Set attributes of every matching asset, pending until the commit; returns how many assets there are."""
        unit = self.context.unit
        # What can be iterated over once is for all assets, and for the check.
        values = {name: list(value) if isinstance(value, Iterator) else value for name, value in values.items()}
        values = unit.checked(self.type_name, values)
        for asset in self.queryAll():
            unit.assign_all(asset, values)
        return len(self)

    def execute(self, operation: str, /, **arguments: Any) -> Report:
        """Execute an operation on every matching asset at once; return a report with one outcome per asset.

        Requests: one per page to find them, and the server's bulk writes (or one per asset where it has none).
        """
        self._need("operations")
        self.schema.type(self.type_name).operation(operation)
        oids = [asset._state.oid for asset in self._only_ids()]
        return self.context.writer.execute(oids, operation, arguments)

    def delete(self) -> int:
        """Delete every matching asset, pending until the commit; returns how many assets there are."""
        self._need("delete")
        assets = list(self._only_ids())
        self.context.unit.delete(*assets)
        return len(assets)

    def _only_ids(self) -> Iterator[Any]:
        if self._results:
            yield from list(self._results[0])
            return
        fetches = [replace(fetch, select=()) for fetch in self._fetches()]
        for page in pages(self.context, fetches, self.context.page_size):
            yield from page

    def head(self, number: int = 10) -> Table:
        """Read the first assets and return them as a table, a column for each selected attribute. One request."""
        found = self._but(size=at_least(0, number, "head()") if self.size is None else min(number, self.size))
        return self.context.features.display.rows_of(self, list(found))

    def describe(self, word: str | None = None) -> Table:
        """Return the attributes and operations of the type that is queried, as a table; see the type's describe()."""
        return self.context.features.schema_map.describe(self.schema.type(self.type_name), word)

    def _table(self) -> Table:
        return self.context.features.display.table_of(self)

    def __copy__(self) -> Query:
        return self

    def __deepcopy__(self, memo: object) -> Query:
        return self

    def __dir__(self) -> list[str]:
        own = {name for name in object.__dir__(self) if name not in self.__struct_fields__}
        return sorted({*own, *self.schema.type(self.type_name).attributes})

    def __repr__(self) -> str:
        parts = [f"{self.type_name}"]
        if self.selected:
            parts.append(f".select({', '.join(repr(str(path)) for path in self.selected)})")
        parts.extend(
            f".filter({term.text!r})" if isinstance(term, RawFilter) else f".where({term})" for term in self.terms
        )
        if self.sorts:
            parts.append(f".sort({', '.join(repr(str(sort)) for sort in self.sorts)})")
        if self.finding:
            fields = [str(path) for path in self.finding.paths]
            several = f", {(fields[0] if len(fields) == 1 else fields)!r}" if fields else ""
            parts.append(f".find({self.finding.text!r}{several})")
        if self.moments:
            parts.append(f".asof({', '.join(map(repr, self.moments))})")
        if self.size is not None or self.start:
            parts.append(f".page(size={self.size}, start={self.start})")
        if self.with_deleted:
            parts.append(".deleted()")
        return printable("".join(parts))


class SizedStream:
    """The assets of a query, read page by page. Its length is counted once, by one request."""

    def __init__(self, query: Query, bar: bool) -> None:
        self._query = query
        self._bar = bar
        self._sizes: list[int] | None = None

    def _counted(self) -> list[int]:
        if self._sizes is None:
            self._sizes = sizes(self._query.context, self._query._fetches())
        return self._sizes

    def __len__(self) -> int:
        return sum(self._counted())

    def __iter__(self) -> Iterator[Any]:
        context = self._query.context
        counted = self._counted()
        found = pages(context, self._query._fetches(), context.page_size, counted)
        with context.features.progress.metered(self._bar, f"read {self._query.type_name}", sum(counted), "") as report:
            number = 0
            for page in found:
                for asset in page:
                    yield asset
                    number += 1
                report(number)

    def __repr__(self) -> str:
        size = "not counted yet" if self._sizes is None else f"{sum(self._sizes)} assets"
        return f"<stream of {self._query!r}: {size}>"
