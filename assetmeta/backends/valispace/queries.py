"""The lists of a query (reference 5), with the filters that the server is known to apply."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from assetmeta.backends.concurrency import gather
from assetmeta.backends.local.executor import Page
from assetmeta.backends.local.prefetch import own_names
from assetmeta.backends.rest.hooks import ParseContext
from assetmeta.backends.rest.http import Object
from assetmeta.backends.rest.pushdown import Pushdown, push_down
from assetmeta.backends.rest.spec import Resource
from assetmeta.backends.valispace.keys import filter_text, parse_key
from assetmeta.backends.valispace.lookup import LookupReader
from assetmeta.backends.valispace.pages import search
from assetmeta.backends.valispace.variants import ReadVariant, read_variants
from assetmeta.model.http import Flow
from assetmeta.model.plans import Fetch
from assetmeta.model.values import Oid


@dataclass(slots=True)
class QueryReader(LookupReader):
    """The lists of one deployment. They are read whole, in an order that no parameter changes."""

    def choose_lists(self, resource: Resource, wanted: Fetch) -> Pushdown:
        """Return which lists a query takes."""
        if wanted.oids is not None:
            return Pushdown((), keys=tuple(oid.key for oid in wanted.oids))
        return push_down(resource, wanted, parse_key, filter_text)

    def page(self, wanted: Fetch, at: object) -> Flow[Page]:
        """Read the assets that may match the conditions, with their own attributes; the server's order."""
        names = own_names(wanted)
        resource = self.resource(wanted.type_name)
        own = self._own(resource, names)
        chosen = self.choose_lists(resource, wanted)
        if chosen.keys is not None:
            return Page((yield from self.by_keys(resource, chosen.keys, own)))
        oids: list[Oid] = []
        for variant in read_variants(resource, self.schema, own):
            objects = yield from self._read_lists(resource, chosen, variant)
            oids = self.take(resource, objects, ParseContext(cleaned=variant.cleaned))
        self.clean_locally(oids, names)
        return Page(oids)

    def _own(self, resource: Resource, names: list[str]) -> list[str]:
        """Those of *names* that objects contain."""
        attributes = self.schema.type(resource.type).attributes
        return [
            name for name in names if (text := name.partition(".@")[0]) in attributes and text not in resource.lists
        ]

    def _read_lists(self, resource: Resource, chosen: Pushdown, variant: ReadVariant) -> Flow[list[Object]]:
        """Read lists, one per combination of filters, concurrently; a search where the endpoint has nothing else."""
        if not resource.listed and resource.search:
            return (yield from search(resource, chosen.look_ups, self.options))
        queries = [(*query, *variant.query) for query in chosen.queries]
        lists = yield from gather([self.read_list(resource, query) for query in queries])
        return [item for objects in lists for item in objects]

    def explain_lists(self, resource: Resource, wanted: Fetch) -> Iterator[str]:
        """Describe the requests for the lists of a query."""
        path = self.options.endpoint_path(resource.path)
        chosen = self.choose_lists(resource, wanted)
        for variant in read_variants(resource, self.schema, self._own(resource, own_names(wanted))):
            if not resource.listed and resource.search:
                yield f"POST {self.options.endpoint_path(resource.path, 'search')}"
                continue
            for query in chosen.queries:
                pairs = urlencode((*query, *variant.query), safe=",")
                yield f"GET {path}{'?' if pairs else ''}{pairs}"
