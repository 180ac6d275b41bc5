"""Lists: in pages by limit and offset, ordered by any plain field of their rows, or as bare arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assetmeta.sandbox.rest import paging
from assetmeta.sandbox.rest.answers import Answer

from .call import Call
from .model import LISTED, Document, Field, Key, Kind

PAGE_SIZE = 100
PLAIN = ("id", "str", "int", "number", "decimal", "bool", "datetime")
"""The types by which a list can be ordered."""


def paged(call: Call, kind: Kind, ids: Sequence[Key]) -> Answer:
    """One page of the objects *ids* as rows, in the order that `ordering` asks for."""
    limit, offset = window(call)
    chosen = ordered(call, kind, ids)[offset : offset + limit]
    rows = [call.reader.row(kind.name, id) for id in chosen]
    return Answer(envelope(call, len(ids), rows))


def window(call: Call) -> tuple[int, int]:
    """How many rows are asked for, and from which on. There is no upper limit."""
    return call.query.number("limit", 1, PAGE_SIZE), call.query.number("offset", 0, 0)


def envelope(call: Call, count: int, rows: Sequence[Document]) -> Document:
    """The object that a page comes in; `no_count` leaves the count out."""
    url = f"{call.origin}{call.request.path}"
    following, previous = paging.neighbours(url, call.query.values, count, *window(call))
    return paging.envelope(None if call.query.flag("no_count") else count, following, previous, list(rows))


def ordered(call: Call, kind: Kind, ids: Sequence[Key]) -> Sequence[Key]:
    """*ids* by the fields that `ordering` names; names of nothing are passed over. Equal ones keep their order."""
    found = list(ids)
    for name in reversed((call.query.one("ordering") or "").split(",")):
        bare = name.strip().removeprefix("-")
        field = kind.by_name.get(bare)
        if field is not None and field.type in PLAIN and (LISTED in field.shapes):
            found.sort(key=_sort_key(call, kind, field), reverse=name.strip().startswith("-"))
    return found


def _sort_key(call: Call, kind: Kind, field: Field) -> Any:
    """Values in their own order, null as the largest."""
    rows = call.space.store.rows(kind.name)

    def key(id: Key) -> tuple[bool, Any]:
        value = call.reader.value(kind, field, id, rows[id], LISTED)
        return value is None, "" if value is None else value

    return key
