"""Pages of a list: the numbers that ask for them, the addresses of their neighbours, and the object they come in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

Values = Mapping[str, Sequence[str]]
"""Query parameters with all their values."""


def number(text: str | None, least: int) -> int | None:
    """A whole number of at least *least*, or None for anything else."""
    if text is None or not (text.isascii() and text.isdecimal()) or len(text) > 18:
        return None
    value = int(text)
    return value if value >= least else None


def link(url: str, query: Values, changed: Mapping[str, str | None]) -> str:
    """*url* with *query* and some parameters changed; None takes one away."""
    values = {**query, **{name: [value] for name, value in changed.items() if value is not None}}
    kept = sorted((name, each) for name, each in values.items() if changed.get(name, "") is not None)
    return f"{url}?{urlencode(kept, doseq=True, errors='replace')}" if kept else url


def neighbours(url: str, query: Values, count: int, limit: int, offset: int) -> tuple[str | None, str | None]:
    """The addresses of the next and the previous page of *limit* rows, None where there is none."""

    def at(start: int) -> str:
        return link(url, query, {"limit": str(limit), "offset": str(start) if start > 0 else None})

    following = at(offset + limit) if offset + limit < count else None
    return following, at(offset - limit) if offset > 0 else None


def envelope(
    count: int | None, following: str | None, previous: str | None, rows: Sequence[object]
) -> dict[str, object]:
    """The object that a page comes in."""
    return {"count": count, "next": following, "previous": previous, "results": rows}
