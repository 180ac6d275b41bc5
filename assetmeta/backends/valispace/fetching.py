"""The flow of every read (reference 5): lists with the filters that the server is known to apply, and the rest here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assetmeta.backends import evaluating
from assetmeta.backends.evaluating import Page, Unaided, fetched
from assetmeta.backends.jsonrest import Object
from assetmeta.backends.known import Known
from assetmeta.backends.together import together
from assetmeta.backends.trees import Tree, own_names
from assetmeta.backends.valispace.asked import Variant, variants
from assetmeta.backends.valispace.listing import searched, whole
from assetmeta.backends.valispace.meta import field_of
from assetmeta.backends.valispace.narrowing import Narrowed, narrowed
from assetmeta.backends.valispace.reading import Reading
from assetmeta.backends.valispace.settings import Settings
from assetmeta.backends.valispace.table import Endpoint, Table
from assetmeta.backends.valispace.telling import clean_here, read, tell
from assetmeta.model.flows import Flow
from assetmeta.model.plans import Fetch, Rows
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid


def fetch(schema: Schema, fetches: Sequence[Fetch], table: Table, settings: Settings) -> Flow[list[Rows]]:
    """Read. One Rows per fetch, same order.

    An asset that a fetch names alone and that does not exist raises NotFound; among several it is left out. Raises
    Unsupported, before anything is sent, for what the server cannot do.
    """
    for wanted in fetches:
        refuse(wanted)
    return fetched(fetches, lambda: Lists(Reading(schema, table, settings, Known(schema))))


def refuse(wanted: Fetch) -> None:
    """Raise Unsupported for what no request could answer."""
    evaluating.refuse(wanted, "Valispace")


@dataclass(frozen=True, slots=True)
class Lists(Unaided):
    """The lists of one deployment, as a Source: they come whole, and in no order that could be asked for."""

    reading: Reading

    def tell(self, type_name: str, oids: Sequence[Oid], names: Tree) -> Flow[None]:
        """Read what assets lack; see assetmeta.backends.valispace.telling."""
        return tell(self.reading, type_name, oids, names)

    def holds(self, type_name: str, name: str) -> bool:
        """True unless the attribute is a list of what refers to the asset."""
        known = self.reading.endpoint(type_name).fields.get(name)
        return known is None or known.via is None

    def page(self, wanted: Fetch, at: object) -> Flow[Page]:
        """Read the assets that the conditions may admit, with their own attributes; the server's order."""
        reading, names = self.reading, own_names(wanted)
        endpoint = reading.endpoint(wanted.type_name)
        if wanted.oids is not None:
            narrow = Narrowed((), keys=tuple(oid.key for oid in wanted.oids))
        else:
            narrow = narrowed(endpoint, wanted.where)
        found: list[Oid] = []
        for variant in variants(endpoint, reading.schema, held(reading, endpoint, names)):
            if narrow.keys is not None:
                found = yield from read(reading, endpoint, narrow.keys, variant)
            else:
                objects = yield from _listed(reading, endpoint, narrow, variant)
                found = reading.take(endpoint, objects, variant.cleaned)
        clean_here(reading, found, names)
        return Page(found)


def held(reading: Reading, endpoint: Endpoint, names: Sequence[str]) -> list[str]:
    """Those of *names* that the objects of an endpoint hold themselves."""
    attributes = reading.schema.type(endpoint.type).attributes
    plain = [(name, name.partition(".@")[0]) for name in names]
    kept = [(name, text) for name, text in plain if text in attributes]
    return [name for name, text in kept if not field_of(endpoint, reading.schema, text).via]


def _listed(reading: Reading, endpoint: Endpoint, narrow: Narrowed, variant: Variant) -> Flow[list[Object]]:
    """Read lists, one per combination of filters, side by side; a search where the endpoint has nothing else."""
    if not endpoint.listed and endpoint.search:
        found = yield from searched(endpoint, dict(narrow.filters), reading.settings)
        return found or []
    queries = [(*query, *variant.query) for query in narrow.queries]
    lists = yield from together([whole(endpoint, query, reading.settings) for query in queries])
    return [item for objects in lists for item in objects]
