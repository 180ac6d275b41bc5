"""Slices of a query to be read elsewhere: in other processes, on other machines, by an engine such as Dask.

    for part in v1.Story.select("Name", "Scope").parts(8):
        pool.submit(work, part)              # in the other process: for story in part: ...

A part is small and holds no secret. It names the profile by which it connects where it runs; the parts of a process
share one session, and their requests keep to the rate of that profile. Parts are conditions, not lists: ranges of keys
(the first without a beginning, the last without an end), or the values of a relation and whatever has another one. So
each asset is in one part and in one only, also while others write.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from assetmeta.core.comparisons import condition
from assetmeta.core.context import FrameOptions, SessionContext
from assetmeta.core.criteria import at_least
from assetmeta.core.paging import sizes
from assetmeta.core.query import Query
from assetmeta.core.walk import walk
from assetmeta.features.frames import columns_of, read_arrow
from assetmeta.model import optional
from assetmeta.model.conditions import And, Compare, Term
from assetmeta.model.errors import BadValue, Unsupported, UsageError
from assetmeta.model.paths import Path, Step, resolve
from assetmeta.model.plans import Find, Sort
from assetmeta.model.printable import OwnRepr, printable
from assetmeta.model.processes import renew_in_child
from assetmeta.model.values import AsOf, Key, Oid, chunks

if TYPE_CHECKING:
    import dask.dataframe
    import pandas

PARTS = 8
"""How many parts a query has by default."""


class _Sessions:
    """The sessions of this process, one for each profile that parts name."""

    def __init__(self) -> None:
        self.after_fork()
        self._open: dict[str, Any] = {}
        renew_in_child(self)

    def after_fork(self) -> None:
        """Free the lock, which another thread may have held. Sessions handle a fork themselves."""
        self._lock = threading.Lock()

    def of(self, connect: Callable[[], Any]) -> Any:
        """The session that *connect* makes, one for all calls with the same *connect*. Sends nothing."""
        name = repr(connect)
        if isinstance(connect, partial):
            name = repr((connect.func, connect.args, sorted(connect.keywords.items())))
        with self._lock:
            if name not in self._open or self._open[name]._context.closed:
                self._open[name] = connect()
            return self._open[name]


_sessions = _Sessions()


class Part(OwnRepr, Struct, frozen=True):
    """A slice of a query: part *number* (from 0) of *count*. It pickles small, and connects with its first use.

    Iterating yields its assets, from the session that this process has for the profile; requests as for a query.
    """

    connect: Callable[[], Any]
    type_name: str
    selected: tuple[Path, ...]
    terms: tuple[Term, ...]
    sorts: tuple[Sort, ...]
    finding: Find | None
    moments: tuple[AsOf, ...]
    with_deleted: bool
    slice: Term | None
    number: int
    count: int

    def query(self) -> Query:
        """Return the slice as a query of this process's session. Sends what the session's first use sends (its schema).
        Raises BadValue when there is no such profile here.
        """
        query: Query = _sessions.of(self.connect).query(self.type_name)
        for path in self.selected:
            query.context.remember(path)
        return query._but(
            selected=self.selected,
            terms=self.terms if self.slice is None else (*self.terms, self.slice),
            sorts=self.sorts,
            finding=self.finding,
            moments=self.moments,
            with_deleted=self.with_deleted,
        )

    def explain(self) -> str:
        """Explain which assets the part holds, and which requests reading it sends. Sends what query() sends."""
        query = self.query()
        backend = query.context.backend
        lines = [f"part {self.number + 1} of {self.count}: {self._slice}"]
        if not backend.can.windows and self.slice is not None:
            lines.append(
                f"where {backend.name} does not filter by this itself (see below), every part reads the whole list: "
                "parts(by=...) divides by a relation, which it may filter by"
            )
        return "\n".join([*lines, query.explain()])

    def __iter__(self) -> Iterator[Any]:
        return iter(self.query())

    def to_pandas(self, options: FrameOptions | None = None) -> pandas.DataFrame:
        """Read the part into a DataFrame whose columns have Arrow's types, so that those of all parts are the same."""
        return _frame(self.query(), options or FrameOptions(), is_empty=False)

    @property
    def _slice(self) -> str:
        return "everything" if self.slice is None else str(self.slice)

    def __repr__(self) -> str:
        return printable(f"<part {self.number + 1} of {self.count} of {self.type_name}: {self._slice}>")


def parts(query: Query, number: int | None, by: str | None, profile: str | None) -> list[Part]:
    """Divide a query; see core.frames.Frames.parts. Raises BadValue, UsageError and Unsupported."""
    if number is not None:
        at_least(1, number, "parts()")
    if query.start or query.size is not None:
        raise BadValue("A page of a query has no parts: what is in it depends on all that comes before.")
    connect = _connect(query.context, profile)
    slices = _key_ranges(query, number or PARTS) if by is None else _relation_values(query, by, number)
    return [
        Part(
            connect,
            query.type_name,
            query.selected,
            query.terms,
            query.sorts,
            query.finding,
            query.moments,
            query.with_deleted,
            term,
            place,
            len(slices),
        )
        for place, term in enumerate(slices)
    ]


def _connect(context: SessionContext, profile: str | None) -> Callable[[], Any]:
    if profile is not None:
        return partial(SessionContext.connect_by, profile)
    if context.own_profile is None:
        raise UsageError(
            "A part holds no secret, so it connects by a profile where it runs: connect('NAME') instead of giving a "
            "login here, or parts(profile='NAME') for a profile that is there."
        )
    return context.own_profile


def _key_ranges(query: Query, number: int) -> list[Term | None]:
    """Conditions on ranges of keys: the first without a beginning, the last without an end. None selects everything."""
    column = _key_column(query)
    edges = _edges(query, number)
    path = Path((Step(column),))
    if not edges:
        return [None]
    between = [And((Compare(path, ">", (low,)), Compare(path, "<=", (high,)))) for low, high in pairwise(edges)]
    return [Compare(path, "<=", (edges[0],)), *between, Compare(path, ">", (edges[-1],))]


def _key_column(query: Query) -> str:
    """The attribute that holds the keys of a type."""
    keyset = query.context.backend.can.keyset_column
    if keyset is not None:
        return keyset
    if "id" not in query.schema.type(query.type_name).attributes:
        raise Unsupported(
            f"{query.type_name} has no id of its own to be divided by; use parts(by=...) with a relation.",
            type_name=query.type_name,
        )
    return "id"


def _edges(query: Query, number: int) -> list[Key]:
    """Keys that divide the assets of now into *number* equal parts, or into as many as there are assets. Two requests
    where the server selects by key: a count, and the keys where parts meet; else those of reading all keys.
    """
    context = query.context
    if not context.backend.can.keyset_column:
        # Ids, not keys: where a key also names what the asset is part of, an id is what conditions are about.
        path = Path((Step("id"),))
        ids = list(query._but(selected=(path,), sorts=()).values(path))
        if None in ids:
            raise Unsupported(
                f"Some {query.type_name} have no id to be divided by; use parts(by=...) with a relation.",
                type_name=query.type_name,
            )
        keys = sorted(ids)
        number = min(number, len(keys))
        return _distinct(keys[len(keys) * place // number - 1] for place in range(1, number))
    bare = replace(query.fetch(next(iter(query.moments), None)), select=(), sort=(), find=query.finding)
    total = sizes(context, [bare])[0]
    number = min(number, total)
    wanted = [replace(bare, start=total * place // number - 1, size=1) for place in range(1, number)]
    answers = [rows for some in chunks(wanted, context.fetches_together) for rows in context.fetch(some)]
    return _distinct(row.oid.key for rows in answers for row in rows.rows)


def _distinct(keys: Iterable[Key]) -> list[Key]:
    """The keys, each once and in order. They may come in another one when assets moved while they were read."""
    found: list[Any] = []
    for key in keys:
        place = bisect_left(found, key)
        if place == len(found) or found[place] != key:
            found.insert(place, key)
    return found


def _relation_values(query: Query, by: str, number: int | None) -> list[Term | None]:
    """Conditions on the values of a relation, and a last one on whatever has another value, or none."""
    path = query._path(by)
    reached = resolve(query.schema, query.type_name, path)
    if not reached.is_relation or reached.multi or not path.is_plain:
        raise BadValue(f"parts(by={by!r}): {query.type_name} is divided by a relation that leads to one asset.")
    counted: Counter[Oid] = Counter()
    for asset in query._but(selected=(path,), sorts=()):
        target = walk(asset, path)
        if target:
            counted[target._state.oid.current] += 1
    groups = _groups(counted, number)
    if not groups:
        return [None]
    slices: list[Term | None] = [condition(query, path, "=", list(group)) for group in groups]
    return [*slices, condition(query, path, "!=", list(counted))]


def _groups(counted: Counter[Oid], number: int | None) -> list[list[Oid]]:
    """Distribute the values over groups with about the same number of assets: one less than *number*, or one each."""
    count = len(counted) if number is None else min(max(number - 1, 1), len(counted))
    groups: list[list[Oid]] = [[] for _ in range(count)]
    totals = [0] * count
    for oid, assets in counted.most_common():
        smallest = totals.index(min(totals))
        groups[smallest].append(oid)
        totals[smallest] += assets
    return groups


def to_dask(
    query: Query, number: int | None, by: str | None, profile: str | None, options: FrameOptions
) -> dask.dataframe.DataFrame:
    """Make a Dask DataFrame with a partition for each part; see core.frames.Frames.to_dask."""
    frames = optional.load("dask.dataframe", extra="dask")
    meta = _frame(query, options, is_empty=True)
    found: dask.dataframe.DataFrame = frames.from_map(
        Part.to_pandas, parts(query, number, by, profile), options=options, meta=meta, label=f"read-{query.type_name}"
    )
    return found


def _frame(query: Query, options: FrameOptions, *, is_empty: bool) -> pandas.DataFrame:
    """A DataFrame with Arrow's types; words of lists are plain texts, since every part has words of its own."""
    arrow, dtype = optional.load("pyarrow", extra="dask"), optional.load("pandas", extra="dask").ArrowDtype
    fields = []
    for column in columns_of(query, options):
        is_listed = arrow.types.is_dictionary(column.type)
        fields.append(arrow.field(column.name, column.type.value_type if is_listed else column.type))
    schema = arrow.schema(fields)
    table = schema.empty_table() if is_empty else read_arrow(query, options).cast(schema)
    frame: pandas.DataFrame = table.to_pandas(types_mapper=dtype)
    return frame
