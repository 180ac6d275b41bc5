"""How one read reads assets by their keys, in as few requests as the server allows.

In order of preference (reference 5.4, 8.1):

    one asset                               GET x/{id}/
    an endpoint with a search               POST x/search/ with id__in, one request
    a list that is always short             GET x/, one request
    a few assets                            GET x/{id}/ each, concurrently
    an endpoint with lists                  GET x/?project=, one request per project; GET x/ where no filter is known
    all else                                GET x/{id}/ each, concurrently
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assetmeta.backends.concurrency import gather
from assetmeta.backends.local.prefetch import Tree
from assetmeta.backends.markup import dereferenced, plain
from assetmeta.backends.rest.hooks import ParseContext
from assetmeta.backends.rest.http import Object, Pairs
from assetmeta.backends.rest.reader import RestReader
from assetmeta.backends.rest.spec import Resource
from assetmeta.backends.valispace.keys import identity, require_key
from assetmeta.backends.valispace.pages import read_all, read_one_or_none, search
from assetmeta.backends.valispace.variants import read_variants, sparse
from assetmeta.model.http import Flow
from assetmeta.model.texts import Cleaned
from assetmeta.model.values import Key, Oid

_MISSES = 3
"""Projects that are listed without success before the project of an asset is read."""

Objects = dict[Key, Object]


@dataclass(slots=True)
class LookupReader(RestReader):
    """One read under way, by keys."""

    def by_keys(self, resource: Resource, keys: Sequence[Key], names: Sequence[str] = ()) -> Flow[list[Oid]]:
        """Read assets, their texts in each of the wanted forms; see the file for how many requests."""
        oids: list[Oid] = []
        for variant in read_variants(resource, self.schema, names):
            query = tuple(pair for pair in variant.query if pair[0] != "fields")
            found = yield from self.objects(resource, keys, variant.names, query)
            there = [found[key] for key in dict.fromkeys(keys) if key in found]
            oids = self.take(resource, there, ParseContext(cleaned=variant.cleaned))
        self.clean_locally(oids, names)
        return oids

    def is_incomplete(self, resource: Resource, oid: Oid, names: Sequence[str]) -> bool:
        """True when any of *names* was not received, and this server is not known to leave it out."""
        cells, absent = self.known.cells.get(oid, {}), self.options.memory.absent.get(resource.type, ())
        return any(name not in cells and name not in absent for name in names)

    def read_list(self, resource: Resource, query: Pairs) -> Flow[list[Object]]:
        """Read a list to its end."""
        return read_all(resource, query, self.options)

    def list_query(self, resource: Resource, names: Tree) -> Pairs:
        """The `fields` parameter, where the endpoint knows it."""
        return sparse(resource, self.schema, names) if names else ()

    def clean_locally(self, oids: Sequence[Oid], names: Sequence[str]) -> None:
        """Clean the texts of endpoints whose server does not."""
        for name in names:
            text, _, word = name.partition(".@")
            for oid in oids if word else ():
                cells = self.known.cells.get(oid, {})
                if name not in cells and text in cells:
                    raw = cells[text]
                    clean = plain if word == "CleanText" else dereferenced
                    self.known.add(oid, {name: Cleaned(clean(raw)) if isinstance(raw, str) else None})

    def objects(self, resource: Resource, keys: Sequence[Key], names: Sequence[str], query: Pairs) -> Flow[Objects]:
        """Read the objects of *keys*, each with all of *names* that a whole object has. What does not exist is left
        out. *query* is part of every request, and rules out a search.
        """
        wanted = list(dict.fromkeys(require_key(resource.type, key) for key in keys))
        found = yield from self._found(resource, wanted, query)
        yield from self._fill_missing_keys(resource, found, names, query)
        return found

    def _found(self, resource: Resource, wanted: list[Key], query: Pairs) -> Flow[Objects]:
        number, few = len(wanted), self.options.few
        if number > 1 and not query and resource.search:
            answer = yield from search(resource, {"id__in": list(wanted)}, self.options)
            return (yield from self._wanted_objects(resource, wanted, answer))
        if number > 1 and resource.short_list:
            return _among(wanted, (yield from self.read_list(resource, query)))
        if number <= few or not resource.listed:
            return (yield from self._read_each(resource, wanted, query))
        if "project" not in resource.filters:
            return _among(wanted, (yield from self.read_list(resource, query)))
        return (yield from self._by_project(resource, wanted, query))

    def _wanted_objects(self, resource: Resource, wanted: Sequence[Key], answer: Sequence[Object]) -> Flow[Objects]:
        """The wanted objects of an answer. Where it has others, too, what is missing is read by itself: the search may
        not have looked for ids at all.
        """
        found = _among(wanted, answer)
        missing = [key for key in wanted if key not in found]
        if missing and len(found) < len(answer):
            found.update((yield from self._read_each(resource, missing, ())))
        return found

    def _read_each(self, resource: Resource, wanted: Sequence[Key], query: Pairs) -> Flow[Objects]:
        objects = yield from gather([read_one_or_none(resource, key, query, self.options) for key in wanted])
        found = {key: item for key, item in zip(wanted, objects, strict=True) if item is not None}
        self.known.whole.update(Oid(resource.type, key) for key in found)
        return found

    def _by_project(self, resource: Resource, wanted: Sequence[Key], query: Pairs) -> Flow[Objects]:
        """List the projects that were read last; when an asset is in none of them, read it for its project."""
        found: Objects = {}
        missing = dict.fromkeys(wanted)
        listed: set[Key] = set()
        waiting = self.options.memory.recent_projects()[:_MISSES]
        while len(missing) > self.options.few:
            if not waiting:
                sample = next(iter(missing))
                found.update((yield from self._read_each(resource, [sample], query)))
                del missing[sample]
                if sample not in found:
                    continue
                project = identity(found[sample].get("project"))
                if project is None or project in listed:
                    break
                waiting = [project]
            project = waiting.pop(0)
            listed.add(project)
            pairs = (("project", str(project)), *query)
            here = _among(list(missing), (yield from self.read_list(resource, pairs)))
            found.update(here)
            missing = {key: None for key in missing if key not in here}
        if len(missing) > self.options.few:
            return {**found, **_among(list(missing), (yield from self.read_list(resource, query)))}
        return {**found, **(yield from self._read_each(resource, list(missing), query))}

    def _fill_missing_keys(self, resource: Resource, found: Objects, names: Sequence[str], query: Pairs) -> Flow[None]:
        """Read those objects one by one that came without a key that is wanted: lists can leave keys out.

        One is read first: what is missing in it as a whole object, no object of this server has.
        """
        while True:
            short = [
                key for key, item in found.items() if any(self._is_missing(resource, item, name) for name in names)
            ]
            seen = next((key for key in short if Oid(resource.type, key) in self.known.whole), None)
            if seen is not None:
                for name in names:
                    if self._is_missing(resource, found[seen], name):
                        self.options.memory.remember_missing(resource.type, name)
            elif not short:
                return
            else:
                is_sampled = any(Oid(resource.type, key) in self.known.whole for key in found)
                found.update((yield from self._read_each(resource, short if is_sampled else short[:1], query)))

    def _is_missing(self, resource: Resource, item: Object, name: str) -> bool:
        """True when an object came without *name*, and not because this server has none."""
        known = self.field(resource, name)
        if known.reverse_of is not None or known.kind == "File" or self.options.memory.is_absent(resource.type, name):
            return False
        return (known.source_key or name) not in item and known.alternative_key not in item


def _among(wanted: Sequence[Key], objects: Iterable[Object]) -> Objects:
    """The objects that are wanted, whatever else was sent."""
    named = set(wanted)
    found = {identity(item.get("id")): item for item in objects}
    return {key: item for key, item in found.items() if key is not None and key in named}
