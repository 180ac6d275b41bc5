"""Queries that are changed in place, run once, and keep their results, as the SDK's do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from xml.etree.ElementTree import Element

from assetmeta.core.query import Query
from assetmeta.core.state import Instance
from assetmeta.model.paths import split_selection
from assetmeta.model.printable import printable
from assetmeta.v1pysdk.none_deref import NoneDeref
from assetmeta.v1pysdk.string_utils import split_attribute


class V1Query:
    """The assets of one type that match. Every verb changes this query and returns it.

    The first use of the results runs the query, and they are kept; `reQueryAll()` runs it again when its terms were
    changed since. Requests: one per page of 2000 assets, and one to count when there are more; with `asof` for each of
    its times. The results' missing attributes are loaded together.
    """

    def __init__(self, asset_class: Any, sel_string: str | None = None, filterexpr: str | None = None) -> None:
        """Start a query; sends nothing."""
        self._asset_class = asset_class
        self._where_terms: dict[str, Any] = {}
        self._where_string = filterexpr
        self._sel_list: list[str] = []
        self._sort_list: list[str] = []
        self._page_size: int | None = None
        self._page_start: int | None = None
        self._find: tuple[str, str] | None = None
        self._asof_list: list[Any] = []
        self._results: list[Any] | None = None
        self._changed = False
        if sel_string:
            self.select(*split_selection(sel_string))

    def select(self, *names: str, **ignored: Any) -> V1Query:
        """Add attribute names, paths and computed tokens to what is loaded. No name: the basic attributes."""
        for name in names:
            if name not in self._sel_list:
                self._sel_list.append(name)
        if not names:
            self._sel_list = []
        self._changed = True
        return self

    def where(self, terms: Mapping[str, Any] | None = None, **equals: Any) -> V1Query:
        """Keep assets whose attributes equal these values. A second value for a name takes the first one's place."""
        self._where_terms.update(terms or {}, **equals)
        self._changed = True
        return self

    def filter(self, filterexpr: str | None) -> V1Query:
        """Keep assets that satisfy a filter in the server's language; it takes the place of an earlier one. An empty
        text is no filter.
        """
        self._where_string = filterexpr
        self._changed = True
        return self

    def sort(self, *names: str, **ignored: Any) -> V1Query:
        """Add names to sort by, `"-Name"` largest first; a name counts once. No name: the server's order."""
        known = {name.strip().lstrip("+-") for name in self._sort_list}
        for name in names:
            plain = name.strip().lstrip("+-")
            if plain not in known:
                known.add(plain)
                self._sort_list.append(name)
        if not names:
            self._sort_list = []
        self._changed = True
        return self

    def page(self, size: int | None = None, start: int | None = None) -> V1Query:
        """Keep at most *size* assets from position *start* (0 is the first). What is not given stays as it was; a
        start counts only with a size. Without arguments the window is dropped.
        """
        before = (self._page_size, self._page_start)
        if not size and not start:
            self._page_size = self._page_start = None
        else:
            self._page_size = size or self._page_size
            self._page_start = self._page_start if start is None else start
        self._changed = self._changed or before != (self._page_size, self._page_start)
        return self

    def find(self, text: str | None = None, field: str | None = None) -> V1Query:
        """Keep assets in which the server finds *text* (whole words) in *field*. Without both the search is dropped."""
        found = (str(text), str(field)) if text and field else None
        self._changed = self._changed or found != self._find
        self._find = found
        return self

    def asof(self, *moments: Any) -> V1Query:
        """Add times (texts, datetimes, lists of them) at which the assets are read, one after the other. None is now.

        Each result carries its time as `AsOf` and in `data`, and is an object of its own.
        """
        for moment in moments:
            self._asof_list.extend([moment] if moment is None or isinstance(moment, str | date) else moment)
        self._changed = True
        return self

    def queryAll(self) -> V1Query:
        """Run the query now unless it was run; returns it."""
        self._assets()
        return self

    def reQueryAll(self) -> V1Query:
        """Run the query again if its terms were changed since it was run; returns it."""
        if self._changed:
            self._results = None
        return self.queryAll()

    def get_sel_string(self) -> str:
        """Return what is selected, as the parameter `sel` has it: `Owners,Owners.Name`."""
        names: dict[str, None] = {}
        for name in self._sel_list:
            parts = split_attribute(name)
            names |= dict.fromkeys(".".join(parts[:length]) for length in range(1, len(parts) + 1))
        return ",".join(names)

    def get_sort_string(self) -> str:
        """Return what is sorted by, as the parameter `sort` has it."""
        return ",".join(self._sort_list)

    def get_where_string(self) -> str:
        """Return the conditions, as the parameter `where` has them."""
        terms = [f"{name}={_quoted(_operand(value))}" for name, value in self._where_terms.items()]
        return ";".join([*terms, *filter(None, [self._where_string])])

    def get_page_size(self) -> int | None:
        """Return the size of the window; None without one."""
        return self._page_size

    def get_page_start(self) -> int | None:
        """Return where the window starts; None without one."""
        return self._page_start

    def get_find_string(self) -> str | None:
        """Return the words that are searched; None without a search."""
        return self._find[0] if self._find else None

    def get_findIn_string(self) -> str | None:
        """Return the attribute that is searched; None without a search."""
        return self._find[1] if self._find else None

    def run_query(self) -> None:
        """Run the query now, also if it was run before."""
        self._results = None
        self._assets()

    def run_single_query(self, url_params: Mapping[str, Any] | None = None, api: str = "Data") -> Element:
        """Return the server's document for the assets of the type with these parameters. One request."""
        path = f"/rest-1.v1/{api}/{self._asset_class._v1_asset_type_name}"
        found: Element = self._asset_class._v1_v1meta.server.get_xml(path, query=urlencode(url_params or {}))
        return found

    def _assets(self) -> list[Any]:
        if self._results is None:
            changed, self._changed = self._changed, False
            try:
                self._results = [asset for query in self._runs() for asset in query.queryAll()]
            except BaseException:
                self._changed = changed
                raise
        return self._results

    def _runs(self, limit: int | None = None) -> Iterator[Any]:
        """The core's queries, one for each time, in an envelope that gives the SDK's assets and errors."""
        for moment in self._asof_list or [None]:
            yield _Run(self, moment, limit)

    def _core(self, moment: Any, limit: int | None) -> Query:
        """This query as one of the core. Raises what is wrong with its terms."""
        meta = self._asset_class._v1_v1meta
        query: Query = meta.session.query(self._asset_class._v1_asset_type_name).select(*self._sel_list)
        query = query.where({name: _operand(value) for name, value in self._where_terms.items()})
        if self._where_string:
            query = query.filter(self._where_string)
        if self._sort_list:
            query = query.sort(*self._sort_list)
        if self._find:
            query = query.find(*self._find)
        if moment is not None and moment != "":
            # A time without a zone is in the server's, which the core takes as text only.
            naive = isinstance(moment, datetime) and moment.tzinfo is None
            query = query.asof(moment.isoformat() if naive else moment)
        size, start = self._page_size, self._page_start or 0
        if size:
            query = query.page(size=size, start=start)
        if limit is not None:
            query = query.page(size=min(limit, size or limit))
        return query

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._assets()))

    def __len__(self) -> int:
        return len(self._assets())

    def length(self) -> int:
        """Return the number of results; the same as len()."""
        return len(self)

    def max_length(self) -> int:
        """Return the number of assets that match, the window of page() aside. One request for a query with one."""
        if not self._page_size:
            return len(self)
        return sum(run.count() for run in self._runs())

    def first(self) -> Any:
        """Return the first result. One request for one asset, unless the query was run. Raises IndexError when there is
        none.
        """
        if self._results is None:
            found = next((asset for run in self._runs(limit=1) for asset in run.queryAll()), None)
        else:
            found = next(iter(self._results), None)
        if found is None:
            name = self._asset_class._v1_asset_type_name
            raise IndexError(f"No {name} matches this query, so there is no first one.")
        return found

    def set(self, **values: Any) -> None:
        """Set attributes of every result, to be written by the next commit."""
        for asset in self:
            asset.pending(values)

    def __getattr__(self, name: str) -> Any:
        """A generator of one attribute of all results; it is selected along if the query was not run yet."""
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._sel_list and self._results is None:
            self.select(name)
        return (getattr(asset, name) for asset in self)

    def __repr__(self) -> str:
        state = "not run" if self._results is None else f"{len(self._results)} results"
        return printable(f"<V1Query of {self._asset_class._v1_asset_type_name}: {state}>")


class _Run:
    """One query of the core, run under the SDK's errors, with results as the SDK's assets."""

    def __init__(self, query: V1Query, moment: Any, limit: int | None) -> None:
        self._query = query
        self._moment = moment
        self._limit = limit
        self._meta = query._asset_class._v1_v1meta

    def queryAll(self) -> list[Any]:
        with self._meta.errors():
            found = [self._meta.face_of(asset) for asset in self._query._core(self._moment, self._limit).all()]
        if self._moment is not None:
            for asset in found:
                asset._v1_asof = self._moment
        return found

    def count(self) -> int:
        with self._meta.errors():
            return self._query._core(self._moment, None).count()


def _operand(value: Any) -> Any:
    """A value to compare with, as the core takes it: assets by their identity, no stand-ins."""
    if isinstance(value, NoneDeref):
        return None
    if isinstance(value, Instance | str | bytes) or not isinstance(value, Iterable):
        return getattr(value, "idref", value)
    return [_operand(each) for each in value]


def _quoted(value: Any) -> str:
    """A value in a condition as text; quotes in it are doubled."""
    if isinstance(value, list):
        return ",".join(map(_quoted, value))
    text = "" if value is None else str(value)
    return "'" + text.replace("'", "''") + "'"
