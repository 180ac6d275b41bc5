"""The flow of every read (reference 5).

A list is asked for with the filters that the server is known to apply; everything else about a query is done here:
conditions (all of them, again), order, window, count, and the related assets of its paths, which are read for the
whole result at once. What is not needed any more after a step is not read: related assets that only the selection
names are read for the window alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from assetmeta.backends.jsonrest import Object
from assetmeta.backends.known import Known
from assetmeta.backends.matching import admits, asked_paths, conjunction
from assetmeta.backends.ordering import ordered, window
from assetmeta.backends.together import together
from assetmeta.backends.valispace.asked import Variant, all_paths, tree, variants
from assetmeta.backends.valispace.listing import searched, whole
from assetmeta.backends.valispace.narrowing import Narrowed, narrowed
from assetmeta.backends.valispace.reading import Reading
from assetmeta.backends.valispace.settings import Settings
from assetmeta.backends.valispace.table import Endpoint, Table
from assetmeta.backends.valispace.walking import clean_here, read, walk
from assetmeta.model.errors import NotFound, Unsupported
from assetmeta.model.flows import Flow
from assetmeta.model.paths import CLEANED, Path
from assetmeta.model.plans import Fetch, Row, Rows
from assetmeta.model.schema import Schema
from assetmeta.model.terms import And, RawFilter, Term, leaves
from assetmeta.model.values import Oid


def fetch(schema: Schema, fetches: Sequence[Fetch], table: Table, settings: Settings) -> Flow[list[Rows]]:
    """Read. One Rows per fetch, same order.

    An asset that a fetch names alone and that does not exist raises NotFound; among several it is left out. Raises
    Unsupported, before anything is sent, for what the server cannot do.
    """
    for wanted in fetches:
        refuse(wanted)
    found: list[Rows] = []
    for wanted in fetches:
        reading = Reading(schema, table, settings, Known(schema))
        rows = yield from _read(reading, wanted)
        if len(fetches) == 1 and not rows.rows and wanted.where is None and len(set(wanted.oids or ())) == 1:
            token = wanted.oids[0].token if wanted.oids else ""
            raise NotFound(f"{token} does not exist, or this user may not see it.", oid=token, status=404)
        found.append(rows)
    return found


def refuse(wanted: Fetch) -> None:
    """Raise Unsupported for what no request could answer."""
    moments = [wanted.asof, *(oid.moment for oid in wanted.oids or ())]
    if wanted.history or any(moment is not None for moment in moments):
        raise Unsupported("Valispace does not show the past of its objects.", type_name=wanted.type_name)
    if wanted.find is not None:
        raise Unsupported("Valispace has no text search over a type; use a condition with contains().")
    if wanted.deleted:
        raise Unsupported("Valispace does not show what was deleted.", type_name=wanted.type_name)
    if wanted.where is not None and any(isinstance(leaf, RawFilter) for leaf in leaves(wanted.where)):
        raise Unsupported("Valispace has no filter language of its own.", type_name=wanted.type_name)
    all_paths(wanted)


def _read(reading: Reading, wanted: Fetch) -> Flow[Rows]:
    endpoint = reading.endpoint(wanted.type_name)
    if wanted.size == 0 and not wanted.counted:
        return Rows()
    oids = yield from _primary(reading, endpoint, wanted)
    early, late = split(endpoint, wanted)
    matched = [oid for oid in oids if admits(early, reading.known, oid)]
    if late is not None:
        yield from walk(reading, matched, tree(asked_paths(late)))
        matched = [oid for oid in matched if admits(late, reading.known, oid)]
    yield from walk(reading, matched, tree(sort.path for sort in wanted.sort))
    part, more = window(ordered(matched, wanted.sort, reading.known), wanted.start, wanted.size)
    yield from walk(reading, part, tree(path for path in wanted.select if _leads_on(endpoint, path)))
    rows = tuple(_row(reading.known, oid, wanted.select) for oid in part)
    chosen = {*oids}
    related = tuple(reading.known.row(oid) for oid in reading.known.cells if oid not in chosen)
    return Rows(rows, related, len(matched) if wanted.counted else None, more)


def split(endpoint: Endpoint, wanted: Fetch) -> tuple[Term | None, Term | None]:
    """The conditions that the assets' own attributes decide, and those that related assets have a part in."""
    own: list[Term] = []
    others: list[Term] = []
    for term in conjunction(wanted.where):
        near = all(len(path.steps) == 1 and not _is_reverse(endpoint, path.head) for path in asked_paths(term))
        (own if near else others).append(term)
    return _all(own), _all(others)


def _all(terms: Sequence[Term]) -> Term | None:
    return terms[0] if len(terms) == 1 else And(tuple(terms)) if terms else None


def own_names(wanted: Fetch) -> list[str]:
    """The names of the assets' own attributes that a fetch needs."""
    return list(tree(all_paths(wanted)))


def _primary(reading: Reading, endpoint: Endpoint, wanted: Fetch) -> Flow[list[Oid]]:
    """Read the assets that the conditions may admit, with their own attributes; the server's order."""
    schema, names = reading.schema, own_names(wanted)
    if wanted.oids is not None:
        narrow = Narrowed((), keys=tuple(oid.key for oid in wanted.oids))
    else:
        narrow = narrowed(endpoint, wanted.where)
    attributes = schema.type(endpoint.type).attributes
    kept = [name for name in names if name.partition(".@")[0] in attributes]
    found: list[Oid] = []
    for variant in variants(endpoint, schema, [name for name in kept if not _is_reverse(endpoint, name)]):
        if narrow.keys is not None:
            found = yield from read(reading, endpoint, narrow.keys, variant)
        else:
            objects = yield from _listed(reading, endpoint, narrow, variant)
            found = reading.take(endpoint, objects, variant.cleaned)
    clean_here(reading, found, names)
    return found


def _is_reverse(endpoint: Endpoint, name: str) -> bool:
    known = endpoint.fields.get(name)
    return known is not None and known.via is not None


def _leads_on(endpoint: Endpoint, path: Path) -> bool:
    """True for what the objects themselves do not hold. A key of theirs that a list left out is not asked for here:
    nobody may ever look at it.
    """
    return len(path.steps) > 1 or path.aggregate is not None or _is_reverse(endpoint, path.head)


def _listed(reading: Reading, endpoint: Endpoint, narrow: Narrowed, variant: Variant) -> Flow[list[Object]]:
    """Read lists, one per combination of filters, side by side; a search where the endpoint has nothing else."""
    if not endpoint.listed and endpoint.search:
        found = yield from searched(endpoint, dict(narrow.filters), reading.settings)
        return found or []
    queries = [(*query, *variant.query) for query in narrow.queries]
    lists = yield from together([whole(endpoint, query, reading.settings) for query in queries])
    return [item for objects in lists for item in objects]


def _row(known: Known, oid: Oid, select: Sequence[Path]) -> Row:
    """All that was told of an asset, and the values that were worked out for it under their paths."""
    row = known.row(oid)
    computed = [path for path in select if path.aggregate and path.aggregate not in CLEANED]
    if not computed:
        return row
    values = tuple(known.cell(oid, path) for path in computed)
    return Row(oid, row.columns + tuple(map(str, computed)), row.values + values)
