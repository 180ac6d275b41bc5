"""Queries: frozen values that say which assets are wanted and what of each. Building one sends nothing.

Verbs that build (select, where, filter, sort, find, page, asof, deleted) return a new query and check names at once.
Verbs that run (iteration, first, one, all, count, exists, pages, len, bool, queryAll, set) send requests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from msgspec import field
from msgspec.structs import replace

from assetmeta.core.columns import Column, condition, refuse_foreign
from assetmeta.core.context import SessionContext
from assetmeta.core.load_log import refuse_inspection
from assetmeta.core.paging import pages, totals
from assetmeta.core.report import Report
from assetmeta.core.state import Instance
from assetmeta.core.walk import walk
from assetmeta.model.codecs import writable_text
from assetmeta.model.conditions import (
    And,
    Compare,
    Exists,
    Not,
    Or,
    RawFilter,
    Term,
    and_terms,
    is_exact,
    leaves,
)
from assetmeta.model.contract import SupportsExplain
from assetmeta.model.errors import BadValue, NotExactlyOne, Unsupported
from assetmeta.model.paths import CLEANED, Path, Step, in_parts, resolve
from assetmeta.model.plans import Fetch, Find, Sort
from assetmeta.model.printable import printable
from assetmeta.model.scalars import checked_scalar, is_scalar, plain, whole_number
from assetmeta.model.schema import Schema
from assetmeta.model.table import Displayed, Table
from assetmeta.model.values import AsOf, LastUncompared, Oid
from assetmeta.model.zones import exists_there

_LACKS = {
    "asof": "does not show the past of its assets",
    "find": "has no text search; a condition with contains() looks for a part of a text",
    "raw_filter": "has no filter language of its own; use where()",
    "sort": "does not sort",
    "paths": "does not follow relations in a query",
    "aggregates": "works out nothing over related assets",
    "cleaning": "does not clean texts",
    "delete": "deletes nothing",
}
"""What a server cannot do, in words, by capability."""

_TWO_DAYS = timedelta(days=2)
"""More than any two zones are apart."""

_TERMS = (Compare, Exists, And, Or, Not, RawFilter)


class Query(Displayed, LastUncompared, frozen=True):
    """The assets of one type that match, in order. Equal queries ask for the same.

    Iterating streams: one request per page of at most `page_size` assets, and no more than a page in memory.
    len(), bool(), indexing and queryAll() read everything once and keep it, so that going on with the same query object
    sends nothing; reQueryAll() reads again.
    """

    workspace: SessionContext
    type_name: str
    selected: tuple[Path, ...] = ()
    terms: tuple[Term, ...] = ()
    sorts: tuple[Sort, ...] = ()
    finding: Find | None = None
    start: int = 0
    size: int | None = None
    moments: tuple[AsOf, ...] = ()
    with_deleted: bool = False
    _results: list[list[Any]] = field(default_factory=list)

    @property
    def schema(self) -> Schema:
        """The schema of the server that is asked."""
        return self.workspace.schema

    def _but(self, **changes: Any) -> Query:
        return replace(self, _results=[], **changes)

    def select(self, *names: str | Column) -> Query:
        """Add what to load: attribute names, paths (`"Owners.Name"`), computed tokens, or columns. No name: the basics.

        Raises UnknownName for a name that the schema lacks, Unsupported for a path that the server cannot follow.
        """
        if not names:
            return self._but(selected=())
        # A value comes whole, or not at all.
        paths = tuple(Path(path.steps, path.aggregate) if path.part else path for path in map(self._path, names))
        return self._but(selected=tuple(dict.fromkeys(self.selected + paths)))

    def where(self, *conditions: Term | Mapping[str, Any], **equals: Any) -> Query:
        """Keep assets that satisfy every condition: `v1.Story.Estimate > 3`, `{"Scope.Name": "Web"}`, `Status="Done"`.

        A list means any of its values, None means not set, a text for a relation the name of the related asset.
        """
        terms = list(self.terms)
        for given in conditions:
            if isinstance(given, _TERMS):
                terms.append(self._checked(given))
            elif isinstance(given, Mapping):
                terms.extend(self._equal(name, value) for name, value in given.items())
            else:
                raise BadValue(f"where() takes conditions and name=value pairs, not {given!r:.80}.")
        terms.extend(self._equal(name, value) for name, value in equals.items())
        return self._but(terms=tuple(terms))

    def _equal(self, name: str, value: Any) -> Term:
        # A dict is one piece of JSON, a named tuple one value with parts.
        whole = (
            isinstance(value, str | bytes | Mapping | Instance | Oid) or hasattr(value, "_fields") or is_scalar(value)
        )
        single = whole or not isinstance(value, Iterable)
        values = [value] if single else list(value)
        return condition(self, self._path(name), "=", values)

    def _checked(self, term: Term) -> Term:
        for leaf in leaves(term):
            if isinstance(leaf, RawFilter):
                self._need("raw_filter")
            else:
                self._path(Column(self, leaf.path))
                refuse_foreign(self.schema, self.type_name, leaf)
        for part in and_terms(term):
            # The rest of an *or* is known to the server alone.
            if is_exact(part) and not all(is_exact(leaf) for leaf in leaves(part)):
                raise Unsupported(f"{part}: exact() goes together with others by &, and by | with exact() alone.")
        return term

    def filter(self, expression: str | Term) -> Query:
        """Keep assets that satisfy an expression in the server's own filter language, taken as it is.

        Text from users does not belong in it: give values to where(). An empty text is no filter. Raises Unsupported
        without such a language.
        """
        if isinstance(expression, _TERMS):
            return self.where(expression)
        self._need("raw_filter")
        if not isinstance(expression, str):
            raise BadValue(f"filter() takes filter text, not {expression!r:.80}.")
        if not expression.strip():
            return self
        return self._but(terms=(*self.terms, RawFilter(expression)))

    def sort(self, *keys: str | Column | Sort) -> Query:
        """Sort by names or paths, `"-Name"` largest first; the first key counts most. No key: the server's order."""
        self._need("sort")
        sorts = list(self.sorts) if keys else []
        for key in keys:
            sort = self._sort(key)
            if all(known.path != sort.path for known in sorts):
                sorts.append(sort)
        return self._but(sorts=tuple(sorts))

    def _sort(self, key: str | Column | Sort) -> Sort:
        if isinstance(key, Sort):
            sort = key
        elif isinstance(key, Column):
            sort = Sort(self._path(key))
        elif not isinstance(key, str):
            raise BadValue(f"sort() takes names and columns, not {key!r:.80}.")
        else:
            name = key.strip()
            sort = Sort(self._path(name[1:] if name[:1] in ("+", "-") else name), descending=name.startswith("-"))
        if resolve(self.schema, self.type_name, sort.path).multi:
            raise BadValue(f"{self.type_name}.{sort.path} has several values: nothing can be sorted by it.")
        return sort

    def find(self, text: str | None = None, field: str | Column | Iterable[str | Column] | None = None) -> Query:
        """Keep assets in which the server's text search finds *text* (whole words), in *field* or several fields.

        Without arguments the search is dropped.
        """
        text = checked_scalar(text, "find()")
        if not text:
            return self._but(finding=None)
        try:
            writable_text(str(text))
        except ValueError as error:
            raise BadValue(f"find(): {error}.") from None
        self._need("find")
        names = () if field is None else (field,) if isinstance(field, str | Column) else tuple(field)
        return self._but(finding=Find(str(text), tuple(self._path(name) for name in names)))

    def page(self, size: int | None = None, start: int | None = None) -> Query:
        """Keep at most *size* assets from position *start* (0 is the first). What is not given stays as it was.

        Without arguments the window is dropped.
        """
        if size is None and start is None:
            return self._but(size=None, start=0)
        return self._but(
            size=self.size if size is None else _at_least(0, size, "page(size=...)"),
            start=self.start if start is None else _at_least(0, start, "page(start=...)"),
        )

    def asof(self, *moments: AsOf | Iterable[AsOf]) -> Query:
        """Ask for the assets as they were at each moment (a datetime, ISO text, a date), one after the other.

        Each asset carries its moment as `AsOf`, and cannot be changed. A time without a zone is in the server's.
        """
        self._need("asof")
        given: list[object] = []
        for moment in moments:
            several = isinstance(moment, Iterable) and not isinstance(moment, str) and not is_scalar(moment)
            given.extend(moment if several else [moment])  # type: ignore[arg-type]
        if not given:
            raise BadValue("asof() takes one moment at least; without it, a query asks for the assets as they are now.")
        return self._but(moments=self.moments + tuple(_moment(moment) for moment in given))

    def deleted(self, included: bool = True) -> Query:
        """Ask for deleted assets too."""
        return self._but(with_deleted=included)

    def _need(self, capability: str | None) -> None:
        if capability and not getattr(self.workspace.backend.can, capability):
            name = self.workspace.backend.name
            raise Unsupported(f"{name} {_LACKS.get(capability, f'has no {capability}')}.", type_name=self.type_name)

    def _path(self, name: str | Column) -> Path:
        if not isinstance(name, str | Column):
            raise BadValue(f"Attributes are named by texts or columns, not {name!r:.80}.")
        path = name._path if isinstance(name, Column) else Path.parse(name)
        if self.workspace.backend.can.evaluates:
            path = in_parts(self.schema, self.type_name, path)
        resolve(self.schema, self.type_name, path)
        if len(path.steps) > 1:
            self._need("paths")
        if path.aggregate:
            self._need("cleaning" if path.aggregate in CLEANED else "aggregates")
        self.workspace.remember(path)
        return path

    def fetch(self, moment: AsOf | None = None) -> Fetch:
        """The read that this query is, as data."""
        chosen = self.selected or tuple(Path((Step(name),)) for name in self.schema.type(self.type_name).basic)
        return Fetch(
            type_name=self.type_name,
            select=chosen,
            where=None if not self.terms else self.terms[0] if len(self.terms) == 1 else And(self.terms),
            sort=self.sorts,
            start=self.start,
            size=self.size,
            find=self.finding,
            asof=moment,
            deleted=self.with_deleted,
        )

    def _fetches(self) -> list[Fetch]:
        """The reads of this query, one per moment."""
        return [self.fetch(moment) for moment in self.moments or (None,)]

    def clean_text(self, name: str, *names: str) -> Query:
        """Select these texts without markup: `asset["text.@CleanText"]`. Raises UnknownName, Unsupported."""
        return self.select(*(f"{text}.@CleanText" for text in (name, *names)))

    def clean_html(self, name: str, *names: str) -> Query:
        """Select these texts with references as plain text: `asset["text.@CleanHtml"]`. Raises as clean_text()."""
        return self.select(*(f"{text}.@CleanHtml" for text in (name, *names)))

    def explain(self) -> str:
        """Say which requests running this query sends, and what is filtered and sorted where. Sends nothing.

        Raises Unsupported for what the server cannot do.
        """
        backend, fetch = self.workspace.backend, self.fetch()
        if isinstance(backend, SupportsExplain):
            return printable(backend.explain(self.schema, replace(fetch, part=self.workspace.page_size)))
        moments = f" for each of {len(self.moments)} moments" if len(self.moments) > 1 else ""
        return (
            f"one request{moments} per {self.workspace.page_size} assets, and one to count when there are more: "
            f"{self!r}\nthe server filters, sorts and cuts, and sends along what is selected{self._on_letter_case()}"
        )

    def _on_letter_case(self) -> str:
        """What an explanation says where the server's `=` ignores letter case and a condition compares texts."""
        if self.workspace.backend.can.exact:
            return ""
        exact = [part for term in self.terms for part in and_terms(term) if is_exact(part)]
        loose = any(
            isinstance(leaf, Compare) and leaf.operator in ("=", "!=") and any(isinstance(v, str) for v in leaf.values)
            for term in self.terms
            for leaf in leaves(term)
        )
        checked = f"\nchecked again here, letter by letter: {'; '.join(map(str, exact))}" if exact else ""
        ignored = "\nthe server ignores letter case in = and !=; column.exact(text) does not" if loose else ""
        return checked + ignored

    def pages(self, size: int | None = None) -> Iterator[list[Any]]:
        """Yield lists of at most *size* assets, one request each, until the end or the end of the window.

        The first pages of several moments come together, where the server takes several queries in one request. A
        result of several pages is counted after the first (one more request). Raises ResultChanged when it changed
        meanwhile in a way that would make it silently short.
        """
        wanted = self.workspace.page_size if size is None else _at_least(1, size, "pages()")
        yield from pages(self.workspace, self._fetches(), wanted)

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

    def all(self) -> list[Any]:
        """Return all assets as a list."""
        return list(self.queryAll()._results[0])

    def first(self) -> Any:
        """Return the first asset, or None when there is none. One request."""
        if self._results:
            return next(iter(self._results[0]), None)
        return next(iter(self._but(size=min(1, 1 if self.size is None else self.size))), None)

    def one(self) -> Any:
        """Return the only asset. One request. Raises NotExactlyOne when there is none, or more than one."""
        found = list(self._but(size=2 if self.size is None else min(2, self.size)))
        if len(found) != 1:
            what = "no" if not found else "more than one"
            raise NotExactlyOne(f"There is {what} {self.type_name} for {self!r}.", type_name=self.type_name)
        return found[0]

    def count(self) -> int:
        """Return how many assets match, window aside. One request, which carries no assets; several moments share
        requests as they do when they are read.
        """
        return sum(totals(self.workspace, self._fetches()))

    def exists(self) -> bool:
        """Return whether any asset matches. One request, which carries no values."""
        if self._results:
            return bool(self._results[0])
        fetches = [replace(fetch, select=(), sort=(), size=1) for fetch in self._fetches() if self.size != 0]
        return any(True for _ in pages(self.workspace, fetches, self.workspace.page_size))

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
            raise BadValue(f"A query is indexed by positions, slices and names, not {index!r:.80}.")
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
        """A column of the results: `query.Name`. Raises UnknownName for anything that the schema lacks."""
        if name.startswith("_"):
            raise AttributeError(name)
        self.schema.attribute(self.type_name, name)
        return Column(self, Path((Step(name),)))

    def set(self, **values: Any) -> int:
        """Set attributes of every matching asset, pending until the commit; returns how many assets there are."""
        unit = self.workspace.unit
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
        return self.workspace.writer.execute(oids, operation, arguments)

    def delete(self) -> int:
        """Delete every matching asset, pending until the commit; returns how many assets there are."""
        self._need("delete")
        doomed = list(self._only_ids())
        self.workspace.unit.delete(*doomed)
        return len(doomed)

    def _only_ids(self) -> Iterator[Any]:
        if self._results:
            yield from list(self._results[0])
            return
        fetches = [replace(fetch, select=()) for fetch in self._fetches()]
        for page in pages(self.workspace, fetches, self.workspace.page_size):
            yield from page

    def head(self, number: int = 10) -> Table:
        """Read the first assets and return them as a table, a column for each selected attribute. One request."""
        found = self._but(size=_at_least(0, number, "head()") if self.size is None else min(number, self.size))
        return self.workspace.display.rows_of(self, list(found))

    def describe(self, word: str | None = None) -> Table:
        """Return the attributes and operations of the type that is queried, as a table; see the type's describe()."""
        return self.workspace.describe(self.schema.type(self.type_name), word)

    def _table(self) -> Table:
        return self.workspace.display.table_of(self)

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


def _moment(given: object) -> AsOf:
    """Check a moment that a person gave: a datetime, a date or ISO text of either."""
    try:
        given = plain(given)
        if isinstance(given, str):
            _within_years(datetime.fromisoformat(given))
            return given
        if isinstance(given, datetime):
            return _within_years(given)
    except ValueError as error:
        raise BadValue(
            f"asof({given!r:.80}): {error}. Give a date or time such as 2026-03-01 or 2026-03-01T17:30."
        ) from None
    if isinstance(given, date):
        return given.isoformat()
    raise BadValue(f"asof({given!r:.80}): give a datetime, a date, or ISO text.")


def _within_years(moment: datetime) -> datetime:
    """Return a moment that every zone can tell. Raises ValueError."""
    try:
        moment - _TWO_DAYS, moment + _TWO_DAYS
    except OverflowError:
        raise ValueError("it is at the end of the years that can be told") from None
    return exists_there(moment) if moment.tzinfo is not None else moment


def _at_least(least: int, given: object, what: str) -> int:
    number = whole_number(given)
    if number is None or number < least:
        raise BadValue(f"{what} takes a whole number, {least} or more, not {given!r:.80}.")
    return number
