"""Queries as frames and files: the methods, whose work is done by what the session binds (features.frames, exports)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assetmeta.core.context import FrameOptions, ProgressOption, SessionContext
from assetmeta.model.errors import BadValue
from assetmeta.model.scalars import shown

if TYPE_CHECKING:
    import dask.dataframe
    import pandas
    import polars
    import pyarrow


class Frames:
    """What a query can be turned into. One column per selected attribute or path (`Scope.Name`), all basic attributes
    when nothing is selected, typed by the server's schema:

    numbers are decimal128 with nine digits after the point (*decimals*="float" makes them floats), times timestamps in
    UTC, choices dictionary-encoded words, relations the keys of what they lead to, several values a list, or a row each
    where *explode* names the column. *plain* takes the markup off texts. One request per page; the columns are known
    before the first. Raises BadValue for a value that does not fit its column, which names the attribute.
    """

    __slots__ = ()

    context: SessionContext

    def to_arrow(
        self, *, decimals: str = "decimal", plain: bool = False, explode: str | Iterable[str] = ()
    ) -> pyarrow.Table:
        """Read everything into an Arrow table (extra `arrow`)."""
        return self.context.features.frames.to_arrow(self, frame_options(decimals, plain, explode))

    def to_pandas(
        self, *, decimals: str = "decimal", plain: bool = False, explode: str | Iterable[str] = ()
    ) -> pandas.DataFrame:
        """Read everything into a pandas DataFrame (extras `arrow` and `pandas`). Whole numbers are Int64 and Booleans
        boolean, whether cells are empty or not; decimals are objects of Decimal, or float64 with *decimals* "float".
        """
        options = frame_options(decimals, plain, explode)
        return self.context.features.frames.to_pandas(self, options)

    def to_polars(
        self, *, decimals: str = "decimal", plain: bool = False, explode: str | Iterable[str] = ()
    ) -> polars.DataFrame:
        """Read everything into a polars DataFrame (extra `arrow`, and polars)."""
        frame: polars.DataFrame = self.context.features.frames.to_polars(self, frame_options(decimals, plain, explode))
        return frame

    def parts(self, number: int | None = None, *, by: str | None = None, profile: str | None = None) -> list[Any]:
        """Divide the query into *number* parts (8) of about the same size, each of which can be sent to another process
        or machine, and connects there: see assetmeta.features.parts. Together they are the whole, also while others
        write.

        By ranges of keys (one request to count and one per page of parts; where the server has no order of keys, those
        of one reading), or *by* a single-valued relation: a part for each asset that it leads to now, or that many
        groups of them, and one for whatever has another one or none (those of one reading). *profile* names the
        profile by which the parts connect; otherwise it is that of this session. Raises UsageError without a profile,
        BadValue for a page of a query, Unsupported for a type without keys of its own.
        """
        return self.context.features.parts.parts(self, number, by, profile)

    def to_dask(
        self,
        number: int | None = None,
        *,
        by: str | None = None,
        profile: str | None = None,
        decimals: str = "decimal",
        plain: bool = False,
        explode: str | Iterable[str] = (),
    ) -> dask.dataframe.DataFrame:
        """Return a Dask DataFrame with a partition per part, which is read where it is used (extra `dask`).

        The columns have Arrow's types, as the server's schema gives them. Requests and errors: those of parts(); the
        workers need this package, and the profile.
        """
        options = frame_options(decimals, plain, explode)
        frame: dask.dataframe.DataFrame = self.context.features.parts.to_dask(self, number, by, profile, options)
        return frame

    def history_frame(
        self,
        *names: str,
        start: date | str,
        end: date | str,
        every: str | timedelta = "week",
        decimals: str = "decimal",
        plain: bool = False,
    ) -> pandas.DataFrame:
        """Read the assets as they were at each moment from *start* to *end* (days or times, also as ISO text) into one
        DataFrame: a row per asset and moment, with the moment as "AsOf", the asset's key under the name of its type,
        and a column per name. *every* is "day", "week", "month" or a timedelta. As many requests as asof() with these
        moments takes. Raises Unsupported where the server does not keep the past, BadValue for times that make no row
        of moments.
        """
        options = frame_options(decimals, plain, ())
        return self.context.features.frames.history_frame(self, names, start, end, every, options)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Let pyarrow, polars, DuckDB and narwhals read the query as it is, page by page. Sends nothing before the
        first batch is pulled.
        """
        return self.context.features.frames.reader(self, FrameOptions()).__arrow_c_stream__(requested_schema)

    def to_csv(
        self,
        path: str | Path,
        *,
        decimals: str = "decimal",
        plain: bool = False,
        explode: str | Iterable[str] = (),
        neutralise: bool = True,
        progress: ProgressOption = None,
    ) -> Path:
        """Write a CSV file in UTF-8, page by page, whole or not at all (extra `arrow`); return its path.

        A text that a spreadsheet would take for a formula gets an apostrophe before it, unless *neutralise* is False.
        *progress* is True for a bar (extra `cli`), or a function of how many assets are read, of how many, and what it
        is: one request more, which counts.
        """
        return self.context.features.frames.to_csv(
            self, path, frame_options(decimals, plain, explode, progress), neutralise
        )

    def to_excel(
        self,
        path: str | Path,
        *,
        decimals: str = "decimal",
        plain: bool = False,
        explode: str | Iterable[str] = (),
        neutralise: bool = True,
        progress: ProgressOption = None,
    ) -> Path:
        """Write an Excel workbook of one sheet (extras `arrow` and `excel`); see to_csv. Times are in UTC."""
        return self.context.features.frames.to_excel(
            self, path, frame_options(decimals, plain, explode, progress), neutralise
        )

    def to_jsonl(
        self,
        path: str | Path,
        *,
        decimals: str = "decimal",
        plain: bool = False,
        explode: str | Iterable[str] = (),
        progress: ProgressOption = None,
    ) -> Path:
        """Write JSON lines, one object per asset (extra `arrow`); return the path. Times are in ISO form."""
        return self.context.features.frames.to_jsonl(self, path, frame_options(decimals, plain, explode, progress))

    def to_parquet(
        self,
        path: str | Path,
        *,
        decimals: str = "decimal",
        plain: bool = False,
        explode: str | Iterable[str] = (),
        progress: ProgressOption = None,
    ) -> Path:
        """Write a Parquet file, a row group per page (extra `arrow`); return the path."""
        return self.context.features.frames.to_parquet(self, path, frame_options(decimals, plain, explode, progress))


def frame_options(
    decimals: str, plain: bool, explode: str | Iterable[str], progress: ProgressOption = None
) -> FrameOptions:
    """Return the options of a frame; one column to explode may stand alone. Raises BadValue."""
    if isinstance(explode, str):
        return FrameOptions(decimals, plain, (explode,), progress)
    if not isinstance(explode, Iterable):
        raise BadValue(f"explode= takes the names of columns, not {shown(explode)}.")
    # A column that is named twice has a row per value all the same.
    return FrameOptions(decimals, plain, tuple(dict.fromkeys(explode)), progress)
