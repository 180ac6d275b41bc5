"""Lists in pages: a bare array, and the addresses of the other pages in the `Link` header."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlencode

from assetmeta.sandbox.rest.answers import Answer

from .call import Call
from .store import Row, Store, as_number

PAGE = "page"

Shown = Callable[[list[Row]], Sequence[Mapping[str, object]]]


def paged(call: Call, store: Store, path: str, found: tuple[str, tuple[object, ...]], shown: Shown) -> Answer:
    """The page that the query asks for. *found* is a SELECT without a limit, *path* the list's own below `/api`.

    A page that is no number counts as the first; beyond the last there is nothing. A list of one page has no `Link`.
    """
    sql, values = found
    size = max(1, call.settings.page_size)
    page = max(1, as_number(call.query.get(PAGE, "")) or 1)
    total = store.number(f"SELECT COUNT(*) FROM ({sql})", *values)
    last = max(1, -(-total // size))
    rows = store.all(f"{sql} LIMIT ? OFFSET ?", *values, size, (page - 1) * size) if page <= last else []
    return Answer(shown(rows), headers=links(call, path, page, last))


def links(call: Call, path: str, page: int, last: int) -> tuple[tuple[str, str], ...]:
    """The `Link` header of one page, none for a list of one page."""
    if last == 1:
        return ()
    others = {"first": 1, "prev": min(page - 1, last), "next": page + 1, "last": last}
    if page == 1:
        del others["prev"]
    if page >= last:
        del others["next"]
    kept = [(name, value) for name, value in call.query.items() if name != PAGE]
    written = [
        f'<{call.root}/{path}?{urlencode([*kept, (PAGE, number)])}>; rel="{name}"' for name, number in others.items()
    ]
    return (("Link", ", ".join(written)),)
