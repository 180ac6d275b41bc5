"""The flow of every read (reference 5): lists with the filters that the server is known to apply, and the rest here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assetmeta.backends.concurrency import gather
from assetmeta.backends.local import executor
from assetmeta.backends.local.executor import Page, UnorderedSource
from assetmeta.backends.local.prefetch import Tree, own_names
from assetmeta.backends.rest.hooks import ParseContext
from assetmeta.backends.rest.http import Object
from assetmeta.backends.rest.pushdown import Pushdown, push_down
from assetmeta.backends.rest.spec import Resource
from assetmeta.backends.valispace.keys import parse_key, spell
from assetmeta.backends.valispace.lookup import LookupReader
from assetmeta.backends.valispace.pages import read_all, searched
from assetmeta.backends.valispace.prefetch import clean_locally, read, tell
from assetmeta.backends.valispace.variants import ReadVariant, read_variants
from assetmeta.model.http import Flow
from assetmeta.model.plans import Fetch
from assetmeta.model.values import Oid


def refuse(wanted: Fetch) -> None:
    """Raise Unsupported for what no request could answer."""
    executor.refuse(wanted, "Valispace")


@dataclass(frozen=True, slots=True)
class Lists(UnorderedSource):
    """The lists of one deployment, as a Source: they come whole, and in no order that could be asked for."""

    reading: LookupReader

    def tell(self, type_name: str, oids: Sequence[Oid], names: Tree) -> Flow[None]:
        """Read what assets lack; see assetmeta.backends.valispace.prefetch."""
        return tell(self.reading, type_name, oids, names)

    def holds(self, type_name: str, name: str) -> bool:
        """True unless the attribute is a list of what refers to the asset."""
        known = self.reading.resource(type_name).fields.get(name)
        return known is None or known.reverse_of is None

    def page(self, wanted: Fetch, at: object) -> Flow[Page]:
        """Read the assets that the conditions may admit, with their own attributes; the server's order."""
        reading, names = self.reading, own_names(wanted)
        endpoint = reading.resource(wanted.type_name)
        if wanted.oids is not None:
            narrow = Pushdown((), keys=tuple(oid.key for oid in wanted.oids))
        else:
            narrow = push_down(endpoint, wanted, parse_key, spell)
        found: list[Oid] = []
        for variant in read_variants(endpoint, reading.schema, held(reading, endpoint, names)):
            if narrow.keys is not None:
                found = yield from read(reading, endpoint, narrow.keys, variant)
            else:
                objects = yield from _listed(reading, endpoint, narrow, variant)
                found = reading.take(endpoint, objects, ParseContext(cleaned=variant.cleaned))
        clean_locally(reading, found, names)
        return Page(found)


def held(reading: LookupReader, endpoint: Resource, names: Sequence[str]) -> list[str]:
    """Those of *names* that the objects of an endpoint hold themselves."""
    attributes = reading.schema.type(endpoint.type).attributes
    found: list[str] = []
    for name in names:
        text = name.partition(".@")[0]
        known = endpoint.fields.get(text)
        if text in attributes and (known is None or known.reverse_of is None):
            found.append(name)
    return found


def _listed(reading: LookupReader, endpoint: Resource, narrow: Pushdown, variant: ReadVariant) -> Flow[list[Object]]:
    """Read lists, one per combination of filters, side by side; a search where the endpoint has nothing else."""
    if not endpoint.listed and endpoint.search:
        return (yield from searched(endpoint, narrow.look_ups, reading.options))
    queries = [(*query, *variant.query) for query in narrow.queries]
    lists = yield from gather([read_all(endpoint, query, reading.options) for query in queries])
    return [item for objects in lists for item in objects]
