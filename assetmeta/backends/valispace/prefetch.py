"""What assets lack: read by identity, or by a list of what refers to them."""

from __future__ import annotations

from collections.abc import Sequence

from assetmeta.backends.concurrency import gather
from assetmeta.backends.local.prefetch import Tree
from assetmeta.backends.markup import dereferenced, plain
from assetmeta.backends.rest.hooks import ParseContext
from assetmeta.backends.rest.http import Object
from assetmeta.backends.rest.spec import Field, Resource, field_of
from assetmeta.backends.valispace.lookup import LookupReader
from assetmeta.backends.valispace.pages import read_all
from assetmeta.backends.valispace.variants import ReadVariant, read_variants, sparse
from assetmeta.model.errors import Unsupported
from assetmeta.model.http import Flow
from assetmeta.model.texts import Cleaned
from assetmeta.model.values import Key, Oid


def tell(reading: LookupReader, type_name: str, oids: Sequence[Oid], names: Tree) -> Flow[None]:
    """Read what *oids*, all of one type, lack of *names*."""
    endpoint = reading.resource(type_name)
    reverse = [name for name in names if field_of(endpoint, reading.schema, name.partition(".@")[0]).reverse_of]
    for name in reverse:
        yield from _reversed(reading, endpoint, name, oids, names[name])
    yield from _named(reading, endpoint, oids, [name for name in names if name not in reverse])


def _named(reading: LookupReader, endpoint: Resource, oids: Sequence[Oid], names: Sequence[str]) -> Flow[None]:
    memory = reading.options.memory
    named = [name for name in names if not memory.is_absent(endpoint.type, name)]
    lacking = [oid for oid in oids if any(reading.known.missing([oid], name) for name in named)]
    if not lacking:
        return
    for variant in read_variants(endpoint, reading.schema, names):
        yield from read(reading, endpoint, [oid.key for oid in lacking], variant)
    clean_locally(reading, lacking, names)


def read(reading: LookupReader, endpoint: Resource, keys: Sequence[Key], variant: ReadVariant) -> Flow[list[Oid]]:
    """Read assets by identity in one variant; return those that are there, in the order of *keys*."""
    query = tuple(pair for pair in variant.query if pair[0] != "fields")
    found = yield from reading.by_keys(endpoint, keys, variant.names, query)
    return reading.take(
        endpoint, [found[key] for key in dict.fromkeys(keys) if key in found], ParseContext(cleaned=variant.cleaned)
    )


def _reversed(reading: LookupReader, endpoint: Resource, name: str, oids: Sequence[Oid], beyond: Tree) -> Flow[None]:
    """Make the reverse lists that no object holds: one list of what refers to each asset, side by side."""
    known = field_of(endpoint, reading.schema, name)
    lacking = reading.known.missing(oids, name)
    there = reading.resource(known.to[0])
    query = sparse(there, reading.schema, {*beyond, known.reverse_of or ""}) if beyond else ()
    lists = [read_all(there, ((_parameter(there, known), str(oid.key)), *query), reading.options) for oid in lacking]
    for oid, objects in zip(lacking, (yield from gather(lists)), strict=True):
        reading.known.take(oid, {name: tuple(_referring(reading, there, known, oid, objects))})


def _parameter(endpoint: Resource, known: Field) -> str:
    found = endpoint.filters.get(known.reverse_of or "")
    if found is None:
        raise Unsupported(f"{endpoint.type} cannot be listed by {known.reverse_of}.", type_name=endpoint.type)
    return found.parameter


def _referring(reading: LookupReader, there: Resource, known: Field, oid: Oid, objects: list[Object]) -> list[Oid]:
    """The objects that do refer to *oid*: a server that ignores the filter sends all there are."""
    found = reading.take(there, objects)
    return [one for one in found if oid in reading.known.members(one, known.reverse_of or "")]


def clean_locally(reading: LookupReader, oids: Sequence[Oid], names: Sequence[str]) -> None:
    """Clean the texts of endpoints whose server does not."""
    for name in names:
        text, _, word = name.partition(".@")
        for oid in oids if word else ():
            cells = reading.known.cells.get(oid, {})
            if name not in cells and text in cells:
                raw = cells[text]
                clean = plain if word == "CleanText" else dereferenced
                reading.known.take(oid, {name: Cleaned(clean(raw)) if isinstance(raw, str) else None})
