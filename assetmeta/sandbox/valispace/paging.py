"""Lists in pages, for deployments that page: by limit and offset, or by page number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode

from assetmeta.sandbox.rest.refusals import not_found

Row = dict[str, object]


def paged(rows: Sequence[Row], url: str, query: str, size: int, style: str) -> dict[str, object]:
    """One page of *rows* as an object with count, next, previous and results. *url* has no query.

    Raises Refusal (404) for a page that is too far.
    """
    asked = dict(parse_qsl(query, keep_blank_values=True))
    return by_number(rows, url, asked, size) if style == "number" else by_offset(rows, url, asked, size)


def by_offset(rows: Sequence[Row], url: str, asked: dict[str, str], size: int) -> dict[str, object]:
    """The page that starts at `offset` and has `limit` rows, *size* where none is asked for."""
    limit, offset = number(asked.get("limit"), 1) or size, number(asked.get("offset"), 0) or 0
    after, before = offset + limit, offset - limit
    following = link(url, asked, {"limit": str(limit), "offset": str(after)}) if after < len(rows) else None
    start = str(before) if before > 0 else None
    previous = link(url, asked, {"limit": str(limit), "offset": start}) if offset > 0 else None
    return envelope(len(rows), following, previous, rows[offset : offset + limit])


def by_number(rows: Sequence[Row], url: str, asked: dict[str, str], size: int) -> dict[str, object]:
    """The page `page`, counted from 1; "last" is the last one."""
    pages = max(1, math.ceil(len(rows) / size))
    wanted = asked.get("page") or "1"
    page = pages if wanted == "last" else number(wanted, 1)
    if page is None or page > pages:
        raise not_found("Invalid page.")
    following = link(url, asked, {"page": str(page + 1)}) if page < pages else None
    previous = link(url, asked, {"page": str(page - 1) if page > 2 else None}) if page > 1 else None
    return envelope(len(rows), following, previous, rows[(page - 1) * size : page * size])


def envelope(count: int, following: str | None, previous: str | None, rows: Sequence[Row]) -> dict[str, object]:
    """The object that a page comes in."""
    return {"count": count, "next": following, "previous": previous, "results": rows}


def number(text: str | None, least: int) -> int | None:
    """A whole number of at least *least*, or None for anything else."""
    if text is None or not text.isdecimal() or len(text) > 18:
        return None
    value = int(text)
    return value if value >= least else None


def link(url: str, asked: dict[str, str], changed: dict[str, str | None]) -> str:
    """*url* with the query of the request and some parameters changed; None takes one away."""
    query = {name: value for name, value in {**asked, **changed}.items() if value is not None}
    return f"{url}?{urlencode(sorted(query.items()))}" if query else url
