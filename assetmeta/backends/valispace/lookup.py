"""What one read knows so far, and how it reads assets by identity in as few requests as the server allows.

In order of preference (reference 5.4, 8.1):

    one asset                               GET x/{id}/
    an endpoint with a search               POST x/search/ with id__in, one request
    a list that is always short             GET x/, one request
    a few assets                            GET x/{id}/ each, side by side
    an endpoint with lists                  GET x/?project=, one request per project; GET x/ where no filter is known
    all else                                GET x/{id}/ each, side by side
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from assetmeta.backends.concurrency import gather
from assetmeta.backends.local.records import RowStore
from assetmeta.backends.rest.decode import Decoder
from assetmeta.backends.rest.http import Object, Pairs
from assetmeta.backends.rest.spec import Api, Resource
from assetmeta.backends.valispace.connection import Settings
from assetmeta.backends.valispace.keys import ValispaceKeys, identity, require_key
from assetmeta.backends.valispace.pages import one_or_none, read_all, searched
from assetmeta.model.http import Flow
from assetmeta.model.schema import Schema
from assetmeta.model.values import Key, Oid

_MISSES = 3
"""Projects that are listed in vain before an asset is asked for its own."""

Objects = dict[Key, Object]


@dataclass(slots=True)
class LookupReader(Decoder):
    """One read under way: what was received so far is in *known*."""

    _whole: set[Oid] = field(default_factory=set)

    def by_keys(self, endpoint: Resource, keys: Sequence[Key], names: Sequence[str], query: Pairs) -> Flow[Objects]:
        """Read the objects of *keys*, each with all of *names* that a whole object has; see the file for how many
        requests. What is not there is left out. *query* goes along with every request, and rules out a search.
        """
        wanted = list(dict.fromkeys(require_key(endpoint.type, key) for key in keys))
        found = yield from self._found(endpoint, wanted, query)
        yield from self._completed(endpoint, found, names, query)
        return found

    def _found(self, endpoint: Resource, wanted: list[Key], query: Pairs) -> Flow[Objects]:
        number, few = len(wanted), self.options.few
        if number > 1 and not query and endpoint.search:
            answer = yield from searched(endpoint, {"id__in": list(wanted)}, self.options)
            return (yield from self._confirmed(endpoint, wanted, answer))
        if number > 1 and endpoint.short_list:
            return _among(wanted, (yield from read_all(endpoint, query, self.options)))
        if number <= few or not endpoint.listed:
            return (yield from self._singly(endpoint, wanted, query))
        if "project" not in endpoint.filters:
            return _among(wanted, (yield from read_all(endpoint, query, self.options)))
        return (yield from self._by_project(endpoint, wanted, query))

    def _confirmed(self, endpoint: Resource, wanted: Sequence[Key], answer: Sequence[Object]) -> Flow[Objects]:
        """The wanted objects of an answer. Where it names others, too, what is missing is asked for by itself: the
        search may not have looked for ids at all.
        """
        found = _among(wanted, answer)
        missing = [key for key in wanted if key not in found]
        if missing and len(found) < len(answer):
            found.update((yield from self._singly(endpoint, missing, ())))
        return found

    def _singly(self, endpoint: Resource, wanted: Sequence[Key], query: Pairs) -> Flow[Objects]:
        objects = yield from gather([one_or_none(endpoint, key, query, self.options) for key in wanted])
        found = {key: item for key, item in zip(wanted, objects, strict=True) if item is not None}
        self._whole |= {Oid(endpoint.type, key) for key in found}
        return found

    def _by_project(self, endpoint: Resource, wanted: Sequence[Key], query: Pairs) -> Flow[Objects]:
        """List the projects met latest; when they lack an asset, ask that one for its project."""
        found: Objects = {}
        missing = dict.fromkeys(wanted)
        listed: set[Key] = set()
        waiting = self.options.memory.recent_projects()[:_MISSES]
        while len(missing) > self.options.few:
            if not waiting:
                probed = next(iter(missing))
                found.update((yield from self._singly(endpoint, [probed], query)))
                del missing[probed]
                if probed not in found:
                    continue
                project = identity(found[probed].get("project"))
                if project is None or project in listed:
                    break
                waiting = [project]
            project = waiting.pop(0)
            listed.add(project)
            pairs = (("project", str(project)), *query)
            here = _among(list(missing), (yield from read_all(endpoint, pairs, self.options)))
            found.update(here)
            missing = {key: None for key in missing if key not in here}
        if len(missing) > self.options.few:
            return {**found, **_among(list(missing), (yield from read_all(endpoint, query, self.options)))}
        return {**found, **(yield from self._singly(endpoint, list(missing), query))}

    def _completed(self, endpoint: Resource, found: Objects, names: Sequence[str], query: Pairs) -> Flow[None]:
        """Read those objects singly that came without a key that is wanted: lists can leave keys out.

        One is read first: what it lacks as a whole object, no object of this server has.
        """
        while True:
            lacking = [key for key, item in found.items() if any(self._lacks(endpoint, item, name) for name in names)]
            seen = next((key for key in lacking if Oid(endpoint.type, key) in self._whole), None)
            if seen is not None:
                for name in names:
                    if self._lacks(endpoint, found[seen], name):
                        self.options.memory.remember_missing(endpoint.type, name)
            elif not lacking:
                return
            else:
                probed = any(Oid(endpoint.type, key) in self._whole for key in found)
                found.update((yield from self._singly(endpoint, lacking if probed else lacking[:1], query)))

    def _lacks(self, endpoint: Resource, item: Object, name: str) -> bool:
        """True when an object came without *name*, and not because this server has none."""
        known = self.field(endpoint, name)
        told = (
            known.reverse_of is not None
            or known.kind == "File"
            or ((known.source_key or name) in item or known.alternative_key in item)
        )
        return not told and not self.options.memory.is_absent(endpoint.type, name)


def _among(wanted: Sequence[Key], objects: Iterable[Object]) -> Objects:
    """The objects that were wanted, whatever else came along."""
    named = set(wanted)
    found = {identity(item.get("id")): item for item in objects}
    return {key: item for key, item in found.items() if key is not None and key in named}


def reader(schema: Schema, table: Api, settings: Settings) -> LookupReader:
    """A reader that knows nothing yet."""
    return LookupReader(schema, table, ValispaceKeys(settings.memory), settings, RowStore(schema))
