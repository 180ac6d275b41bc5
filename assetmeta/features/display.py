"""Assets, queries and relations as tables of what is loaded. Nothing here sends a request but `rows_of()`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from assetmeta.core.asset import Asset
from assetmeta.core.query import Query
from assetmeta.core.relations import NullReference, RelatedList
from assetmeta.core.snapshot import LoadedData
from assetmeta.core.state import Instance
from assetmeta.model.table import SHOWN, Table
from assetmeta.model.values import UNREAD

NOT_LOADED = "(not loaded)"

_LONGEST = 500
"""Characters of a value that a table holds."""


def table_of(shown: object) -> Table:
    """Return an asset, a query or a list of related assets as a table of what is loaded. Sends nothing."""
    if isinstance(shown, Asset):
        return _asset(shown)
    if isinstance(shown, RelatedList):
        return _related(shown)
    return _query(shown) if isinstance(shown, Query) else Table(repr(shown))


def rows_of(query: Query, assets: Sequence[Instance], total: int | None = None) -> Table:
    """Return assets as rows, with a column for each attribute that *query* selects."""
    paths = [str(path) for path in query._columns]
    rows = [(asset._state.oid.token, *(_cell(asset, path) for path in paths)) for asset in islice(assets, SHOWN)]
    return Table(repr(query), (query.type_name, *paths), rows, len(assets) if total is None else total)


def _asset(asset: Asset) -> Table:
    state, kind = asset._state, asset._type
    loaded, edits = dict.fromkeys(LoadedData(asset)), state.edits or {}
    known = {**loaded, **edits}
    rows = [(name, _cell(asset, name), "pending" if name in edits else "") for name in known]
    rows += [(name, NOT_LOADED, "") for name in kind.basic if name not in known]
    missing = sum(name not in loaded for name in kind.attributes)
    return Table(repr(asset), ("attribute", "value", ""), rows, note=f"{missing} of its attributes are not loaded.")


def _related(related: RelatedList) -> Table:
    asset, attribute = related._asset, related._attribute
    title = f"{asset._state.oid.token}.{attribute.name}"
    edits = asset._state.edits or {}
    if not isinstance(asset._state.cell(attribute.name), tuple):
        return Table(title, note=f"Not loaded{', changed' if attribute.name in edits else ''}.")
    members = list(related)
    return Table(
        title, (attribute.related or attribute.kind,), [(text_of(one),) for one in members[:SHOWN]], len(members)
    )


def _query(query: Query) -> Table:
    if query._results:
        return rows_of(query, query._results[0])
    asked = {
        "type": [query.type_name],
        "select": [str(path) for path in query._columns],
        "where": [str(term) for term in query.terms],
        "sort": [str(sort) for sort in query.sorts],
        "find": [query.finding.text] if query.finding else [],
        "as of": [str(moment) for moment in query.moments],
        "page": [f"{query.size} from {query.start}"] if query.size is not None or query.start else [],
        "deleted": ["included"] if query.with_deleted else [],
    }
    rows = [(verb, ", ".join(values)) for verb, values in asked.items() if values]
    return Table("A query, not read yet", ("", ""), rows, note="head() reads and shows the first assets.")


def _cell(asset: Instance, name: str) -> str:
    """The value under a name or path as it is loaded."""
    try:
        return text_of(LoadedData(asset)[name])
    except KeyError:
        return NOT_LOADED


def text_of(value: object) -> str:
    """A value as a cell of a table: nothing for null, assets in short, several values one after the other."""
    if value is None or value is UNREAD or isinstance(value, NullReference):
        return ""
    if isinstance(value, Instance):
        return repr(value)
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        return ", ".join(text_of(one) for one in islice(value, SHOWN)) + (", …" if len(value) > SHOWN else "")
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
