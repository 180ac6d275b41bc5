"""Queries as Arrow tables: one typed column per selected attribute or path, page by page.

The types of the columns come from the server's schema, so that a frame can be planned before anything is read: pyarrow,
polars, DuckDB and narwhals take a query as it is (`__arrow_c_stream__`).
"""

from __future__ import annotations

import calendar
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from assetmeta.core.context import FrameOptions, SessionContext
from assetmeta.core.frames import frame_options
from assetmeta.core.query import Query
from assetmeta.core.state import Instance
from assetmeta.core.values import context_of
from assetmeta.core.walk import walk
from assetmeta.model import optional
from assetmeta.model.codecs import Choices
from assetmeta.model.contract import SupportsNames
from assetmeta.model.errors import BadValue
from assetmeta.model.paths import Path, Resolved, counts, resolve
from assetmeta.model.scalars import shown
from assetmeta.model.schema import Attribute
from assetmeta.model.texts import Hidden
from assetmeta.model.values import Oid

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

SCALE = 9
"""Digits after the point of exact decimal numbers."""

_BEFORE = 38 - SCALE
"""Digits before the point: Arrow's decimals have 38 in all."""

DECIMALS = ("decimal", "float")

_STEPS = {"day": timedelta(days=1), "week": timedelta(weeks=1)}

_WIDE = 2**63
"""Whole numbers from here on do not fit a column."""


class FrameColumn(NamedTuple):
    """One column: its name, the path it holds, its Arrow type, the function that turns one value into a cell, and
    whether an asset may have several values.
    """

    name: str
    path: Path
    type: Any
    cell: Callable[[Any], Any]
    multi: bool


def read_arrow(query: Query, options: FrameOptions) -> pyarrow.Table:
    """Read a query into an Arrow table. Requests: those of the query. Raises BadValue for a value that does not fit."""
    return reader(query, options).read_all()


def to_pandas(query: Query, options: FrameOptions) -> pandas.DataFrame:
    """Read a query into a pandas DataFrame."""
    return _in_pandas(read_arrow(query, options))


def _in_pandas(table: pyarrow.Table) -> pandas.DataFrame:
    """A DataFrame in which whole numbers and Booleans stay what they are, also in a column with empty cells: pandas
    makes floats and objects of these, and a key above 2**53 another one.
    """
    library, arrow = optional.load("pandas", extra="pandas"), _arrow()
    types = {arrow.int64(): library.Int64Dtype(), arrow.bool_(): library.BooleanDtype()}
    frame: pandas.DataFrame = table.to_pandas(types_mapper=types.get)
    return frame


def to_polars(query: Query, options: FrameOptions) -> polars.DataFrame:
    """Read a query into a polars DataFrame."""
    frame: polars.DataFrame = optional.load("polars", extra="polars").from_arrow(read_arrow(query, options))
    return frame


def history_frame(
    query: Query,
    names: Sequence[str],
    start: date | str,
    end: date | str,
    every: str | timedelta,
    options: FrameOptions,
) -> pandas.DataFrame:
    """Read assets as they were at several moments; see core.frames.Frames.history_frame."""
    arrow, moments = _arrow(), list(_moments(start, end, every))
    selected = query.select(*names)
    columns = columns_of(selected, options)
    assets = list(
        selected.asof(*(moment if isinstance(moment, datetime) else moment.isoformat() for moment in moments))
    )
    keys = [asset._state.oid.key for asset in assets]
    key_type = arrow.int64() if all(isinstance(key, int) for key in keys) else arrow.string()
    batch = _batch(assets, columns, arrow.schema([(column.name, column.type) for column in columns]), options)
    # A day was requested as a text, a time as a datetime; the asset has what was requested.
    seen = [_moment_cell(asset.AsOf) for asset in assets]
    arrays = [arrow.array(seen, arrow.timestamp("us", tz="UTC")), arrow.array(keys, key_type), *batch.columns]
    table = arrow.table(arrays, names=["AsOf", query.type_name, *(column.name for column in columns)])
    return _in_pandas(table)


def _moment_of(given: object) -> date:
    """A day or a time, also as ISO text. Raises BadValue."""
    if isinstance(given, date):
        return given
    try:
        return date.fromisoformat(str(given)) if len(str(given)) == 10 else datetime.fromisoformat(str(given))
    except ValueError:
        raise BadValue(
            f"history_frame() goes from a day or time to another (date, datetime or ISO text), not {shown(given)}."
        ) from None


def _moments(start: date | str, end: date | str, every: str | timedelta) -> Iterator[date]:
    """Yield the days or times from *start* to *end*, both included. A day that a month does not have is its last one.
    Raises BadValue.
    """
    start, end = _moment_of(start), _moment_of(end)
    if isinstance(start, datetime) is not isinstance(end, datetime):
        raise BadValue(f"history_frame() goes from day to day or from time to time, not from {start!r} to {end!r}.")
    if isinstance(start, datetime) and isinstance(end, datetime) and (start.tzinfo is None) is not (end.tzinfo is None):
        raise BadValue(f"history_frame(): one of {start} and {end} has a time zone; give both one.")
    if end < start:
        raise BadValue(f"history_frame(): {end} is before {start}.")
    step = every if isinstance(every, timedelta) else _STEPS.get(str(every))
    if every != "month" and (step is None or step <= timedelta()):
        raise BadValue(f'every={every!r} is "day", "week", "month" or a timedelta above zero.')
    for number in count():
        try:
            moment = start + number * step if step is not None else _add_months(start, number)
        except (OverflowError, ValueError):
            # Python has no later dates.
            return
        if moment > end:
            return
        yield moment


def _add_months(start: date, number: int) -> date:
    year, month = divmod(start.year * 12 + start.month - 1 + number, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return start.replace(year=year, month=month + 1, day=min(start.day, last))


def _moment_cell(moment: Any) -> datetime:
    found = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def reader(query: Query, options: FrameOptions) -> pyarrow.RecordBatchReader:
    """Return a reader of record batches, one per page of a query. Its schema sends nothing, each batch its page."""
    arrow = _arrow()
    columns = columns_of(query, options)
    schema = arrow.schema([arrow.field(column.name, column.type) for column in columns])
    found: pyarrow.RecordBatchReader = arrow.RecordBatchReader.from_batches(
        schema, _batches(query, columns, schema, options)
    )
    return found


def to_arrow(
    assets: Iterable[Any],
    *names: str,
    decimals: str = "decimal",
    plain: bool = False,
    explode: str | Iterable[str] = (),
) -> pyarrow.Table:
    """Turn assets of one type into an Arrow table, as `query.to_arrow()` does: a column for each of *names* (attributes
    and paths), the basic attributes when there is none. What is missing is loaded for all of them together. Raises
    BadValue for no assets, and for assets of several types.
    """
    options = frame_options(decimals, plain, explode)
    given = list(assets) if isinstance(assets, Iterable) else [assets]
    for one in given:
        if not isinstance(one, Instance):
            raise BadValue(f"to_arrow() takes assets, not {shown(one)}.")
    if not given:
        raise BadValue("to_arrow() takes assets of one type; a list without any has no columns.")
    type_names = {asset._state.oid.type for asset in given}
    if len(type_names) > 1:
        raise BadValue(f"to_arrow() takes assets of one type, not of {', '.join(sorted(type_names))}.")
    context = context_of(given[0])
    query = Query(context, given[0]._state.oid.type).select(*names)
    columns = columns_of(query, options)
    context.loader.populate(given, [str(column.path) for column in columns])
    arrow = _arrow()
    schema = arrow.schema([arrow.field(column.name, column.type) for column in columns])
    table: pyarrow.Table = arrow.Table.from_batches([_batch(given, columns, schema, options)], schema)
    return table


def columns_of(query: Query, options: FrameOptions) -> list[FrameColumn]:
    """Return the columns of a query: what it selects, or all basic attributes. Sends nothing. Raises BadValue."""
    if options.decimals not in DECIMALS:
        raise BadValue(f"decimals={options.decimals!r}: there are {', '.join(DECIMALS)}.")
    columns = [_column(query, path, options) for path in query._columns]
    for name in options.explode:
        if not any(column.name == name and column.multi for column in columns):
            several = ", ".join(column.name for column in columns if column.multi) or "none"
            raise BadValue(f"explode={name!r}: these columns have several values: {several}.", attribute=name)
    return columns


def _column(query: Query, path: Path, options: FrameOptions) -> FrameColumn:
    arrow, reached = _arrow(), resolve(query.schema, query.type_name, path)
    kind, cell = _type_and_cell(query.context, reached, path, options)
    name, multi = str(path), reached.multi and not path.aggregate
    if multi and name not in options.explode:
        kind = arrow.list_(kind)
    owner = f"{query.type_name}.{name}"

    def checked(value: Any) -> Any:
        try:
            return None if value is None else cell(value)
        except (ValueError, ArithmeticError, TypeError) as error:
            raise BadValue(f"{owner} does not fit its column: {error}.", attribute=name) from error

    return FrameColumn(name, path, kind, checked, multi)


def _type_and_cell(
    context: SessionContext, reached: Resolved, path: Path, options: FrameOptions
) -> tuple[Any, Callable[[Any], Any]]:
    """The Arrow type of single values at a path, and the function that turns one into a cell."""
    arrow = _arrow()
    if counts(path):
        return arrow.int64(), int
    if reached.is_relation:
        return _relation_cell(context, reached.attribute)
    attribute = reached.attribute
    decimal = (arrow.decimal128(38, SCALE), _exact) if options.decimals == "decimal" else (arrow.float64(), float)
    if isinstance(attribute.codec, Choices):
        pairs = [pair for pair in getattr(attribute.codec, "names", ()) if isinstance(pair, tuple)]
        words = {value: word for value, word in pairs if word}
        return arrow.dictionary(arrow.int32(), arrow.string()), lambda value: str(words.get(value, value))
    kinds: dict[str, tuple[Any, Callable[[Any], Any]]] = {
        "Number": decimal,
        "Real": (arrow.float64(), float),
        "Integer": (arrow.int64(), _whole),
        "Rank": (arrow.int64(), _whole),
        "Boolean": (arrow.bool_(), bool),
        "DateTime": (arrow.timestamp("us", tz="UTC"), _same(datetime)),
        "Day": (arrow.date32(), _same(date)),
        "Seconds": (arrow.duration("us"), _same(timedelta)),
        "Binary": (arrow.binary(), bytes),
        "State": (arrow.dictionary(arrow.int32(), arrow.string()), lambda value: getattr(value, "name", str(value))),
    }
    for one in type(attribute.codec).__mro__:
        if one.__name__ in kinds:
            return kinds[one.__name__]
    return arrow.string(), lambda value: _text(value, options.plain)


def _relation_cell(context: SessionContext, attribute: Attribute) -> tuple[Any, Callable[[Any], Any]]:
    """The same for a relation: keys, or tokens where it leads to several types with keys of their own."""
    arrow, related = _arrow(), attribute.related or ""
    kind = context.schema.types.get(related)
    if kind is not None and kind.members:
        return arrow.string(), lambda value: _oid(value).token
    backend = context.backend
    numbered = not isinstance(backend, SupportsNames) or isinstance(backend.key_of(related, "1"), int)
    if numbered:
        return arrow.int64(), lambda value: _whole(_oid(value).key)
    return arrow.string(), lambda value: str(_oid(value).key)


def _oid(value: Any) -> Oid:
    return value._state.oid if isinstance(value, Instance) else value


def _exact(value: Any) -> Decimal:
    number = Decimal(value)
    exponent = number.normalize().as_tuple().exponent
    if not isinstance(exponent, int) or number.adjusted() >= _BEFORE or exponent < -SCALE:
        raise ValueError(
            f'{value} has more than {_BEFORE} digits before the point, or {SCALE} after; decimals="float" takes it'
        )
    return number


def _whole(value: Any) -> int:
    number = int(value)
    if not -_WIDE <= number < _WIDE:
        raise ValueError(f"{value} is larger than whole numbers of 64 bits")
    return number


def _same(kind: type) -> Callable[[Any], Any]:
    def cell(value: Any) -> Any:
        if not isinstance(value, kind):
            raise TypeError(f"{shown(value)} is no {kind.__name__}")
        return value

    return cell


def _text(value: Any, plain: bool) -> str | None:
    if isinstance(value, Hidden):
        return None
    if isinstance(value, str):
        return str(value.plain) if plain and hasattr(value, "plain") else str(value)
    if isinstance(value, dict | list | tuple) and not hasattr(value, "_asdict"):
        return json.dumps(value, ensure_ascii=False, default=str)
    return json.dumps(value._asdict(), default=str) if hasattr(value, "_asdict") else str(value)


def _batches(query: Query, columns: list[FrameColumn], schema: Any, options: FrameOptions) -> Iterator[Any]:
    source = query if query.selected else query.select(*[column.path.head for column in columns])
    what, total = f"read {query.type_name}", len(source.progress()) if options.progress else None
    with query.context.features.progress.metered(options.progress, what, total, "") as report:
        done = 0
        for page in source.pages():
            yield _batch(page, columns, schema, options)
            done += len(page)
            report(done)


def _batch(assets: Sequence[Instance], columns: list[FrameColumn], schema: Any, options: FrameOptions) -> Any:
    arrow = _arrow()
    rows: Iterable[list[Any]] = ([_value(asset, column) for column in columns] for asset in assets)
    for name in options.explode:
        rows = _explode(rows, [column.name for column in columns].index(name))
    cells = list(zip(*rows, strict=True)) or [()] * len(columns)
    return arrow.RecordBatch.from_arrays(
        [arrow.array(values, column.type) for values, column in zip(cells, columns, strict=True)], schema=schema
    )


def _value(asset: Instance, column: FrameColumn) -> Any:
    found = walk(asset, column.path)
    if column.multi:
        return [column.cell(one) for one in found or ()]
    return column.cell(found if found is not None and (found or not hasattr(found, "idref")) else None)


def _explode(rows: Iterable[list[Any]], place: int) -> Iterator[list[Any]]:
    """Yield a row for each value in column *place*, and one with None where there is no value."""
    for row in rows:
        for value in row[place] or [None]:
            yield [*row[:place], value, *row[place + 1 :]]


def _arrow() -> Any:
    return optional.load("pyarrow", extra="arrow")
