"""Lists in pages, for deployments that page: by limit and offset, or by page number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from urllib.parse import parse_qsl

from assetmeta.sandbox.rest.paging import envelope, link, neighbours, number
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
    following, previous = neighbours(url, listed(asked), len(rows), limit, offset)
    return envelope(len(rows), following, previous, rows[offset : offset + limit])


def by_number(rows: Sequence[Row], url: str, asked: dict[str, str], size: int) -> dict[str, object]:
    """The page `page`, counted from 1; "last" is the last one."""
    pages = max(1, math.ceil(len(rows) / size))
    wanted = asked.get("page") or "1"
    page = pages if wanted == "last" else number(wanted, 1)
    if page is None or page > pages:
        raise not_found("Invalid page.")
    following = link(url, listed(asked), {"page": str(page + 1)}) if page < pages else None
    previous = link(url, listed(asked), {"page": str(page - 1) if page > 2 else None}) if page > 1 else None
    return envelope(len(rows), following, previous, rows[(page - 1) * size : page * size])


def listed(asked: dict[str, str]) -> dict[str, list[str]]:
    """A query with one value each, as addresses are made of it."""
    return {name: [value] for name, value in asked.items()}
