"""What one read knows so far, and how it reads assets by identity in as few requests as the API allows.

In order of preference (reference 12; no endpoint filters by several ids):

    a list that is always short             GET x/, one request
    one asset, or a few                     GET x/{id}/ each, side by side
    runs whose number is known              GET x/?project=&counter=&counter=..., a hundred in one request
    many in a project                       GET x/?project=, unless it has far more than are wanted; of those whose
                                            project is not known one is read to learn it
    all else                                GET x/{id}/ each, side by side

What only whole objects hold takes the last way. Members of pipelines are read with their pipeline.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from assetmeta.backends.concurrency import gather
from assetmeta.backends.local.records import RowStore
from assetmeta.backends.rest.decode import Decoder
from assetmeta.backends.rest.hooks import NO_CONTEXT, ParseContext
from assetmeta.backends.rest.http import Object, Pairs
from assetmeta.backends.rest.spec import Api, Resource
from assetmeta.backends.valohai.connection import Settings
from assetmeta.backends.valohai.keys import ValohaiKeys, about, commit_parts, member_parts, require_key
from assetmeta.backends.valohai.pages import one_or_none, read_all, read_all_if_cheaper, whole_or_none
from assetmeta.model.http import Flow
from assetmeta.model.schema import Schema
from assetmeta.model.values import Key, Oid


@dataclass(slots=True)
class LookupReader(Decoder):
    """One read under way: what was received so far is in *known*."""

    options: Settings
    _whole: set[Oid] = field(default_factory=set)
    _gone: set[Oid] = field(default_factory=set)

    def by_keys(
        self, endpoint: Resource, keys: Sequence[Key], names: Sequence[str], *, rows_do: bool = False
    ) -> Flow[list[Oid]]:
        """Read assets, each with all of *names* that whole objects have, or those that rows of lists have where
        *rows_do*; see the file for how many requests. What is not there is left out; the rest comes in the order of
        *keys*.
        """
        wanted = list(dict.fromkeys(Oid(endpoint.type, require_key(endpoint, key)) for key in keys))
        if endpoint.nested_in is not None and endpoint.key == "member":
            yield from self._members(endpoint, wanted)
        else:
            yield from self._listed(endpoint, wanted, names, rows_do=rows_do)
            needed = () if rows_do else names
            rest = [oid for oid in wanted if oid not in self.known.cells or self.lacks(endpoint, oid, needed)]
            if endpoint.single:
                yield from self.singly(endpoint, rest, names)
            yield from self._of_another_type(endpoint, [oid for oid in rest if self._is_missing(oid)])
        return [oid for oid in wanted if not self._is_missing(oid)]

    def _is_missing(self, oid: Oid) -> bool:
        return oid not in self.known.cells or oid in self._gone

    def _of_another_type(self, endpoint: Resource, missing: Sequence[Oid]) -> Flow[None]:
        """Look for users among the organizations and the other way round: an owner's id alone does not tell which."""
        union = next((union.members for union in self.api.unions.values() if endpoint.type in union.members), ())
        for name in union if missing else ():
            there = self.api.types[name]
            if there is endpoint:
                continue
            objects = yield from whole_or_none(self.options.endpoint_path(there.path), (), self.options)
            titles = {item.get("id"): item.get(there.display or "id") for item in objects or ()}
            for oid in missing:
                if oid.key in titles:
                    self._gone.discard(oid)
                    told = {"id": oid.key, "username": titles[oid.key], endpoint.display or "id": titles[oid.key]}
                    self.take_one(endpoint, told, NO_CONTEXT, oid)

    def lacks(self, endpoint: Resource, oid: Oid, names: Sequence[str]) -> list[str]:
        """Those of *names* that were not told of an asset, and that the server is not known to lack."""
        memory, cells = self.options.memory, self.known.cells.get(oid, {})
        known = ((name, self.field(endpoint, name)) for name in names if name not in cells)
        held = [name for name, one in known if one.is_readable and not one.listed_separately]
        return [] if oid in self._whole else [name for name in held if not memory.is_absent(endpoint.type, name)]

    def singly(self, endpoint: Resource, oids: Sequence[Oid], names: Sequence[str]) -> Flow[None]:
        """Read assets one by one, side by side. What a whole object lacks of *names*, no object of this server has."""
        query = self.query(endpoint, names)
        places = [self._place(endpoint, oid) for oid in oids]
        flows = [one_or_none(path, (*own, *query)) for path, own in places]
        items = (yield from gather(flows)) if flows else []
        for oid, (path, _), item in zip(oids, places, items, strict=True):
            if item is None:
                self._gone.add(oid)
                continue
            about(endpoint, oid, item, f"GET {path}")
            project = commit_parts(oid.key)[0] if endpoint.key == "commit" else None
            self.take_one(endpoint, item, ParseContext(project), oid)
            for name in self.lacks(endpoint, oid, names):
                self.options.memory.remember_missing(endpoint.type, name, whole=True)
            self._whole.add(oid)

    def query(self, endpoint: Resource, names: Sequence[str]) -> Pairs:
        """The parameters that leave out what is heavy and not wanted, and ask for what must be asked for."""
        heavy = [name for name, known in endpoint.fields.items() if known.heavy and name not in names]
        return (*((("exclude", ",".join(heavy)),) if heavy else ()), *self.included(endpoint, names))

    def included(self, endpoint: Resource, names: Sequence[str]) -> Pairs:
        """The parameter that asks for what bodies hold only then."""
        found = [name for name, known in endpoint.fields.items() if known.include and name in names]
        return (("include", ",".join(found)),) if found else ()

    def _place(self, endpoint: Resource, oid: Oid) -> tuple[str, Pairs]:
        if endpoint.key != "commit":
            return self.options.endpoint_path(endpoint.path, oid.key), ()
        project, identifier = commit_parts(oid.key)
        return self.options.endpoint_path(endpoint.path, identifier), (("project", project),) if project else ()

    def _members(self, endpoint: Resource, wanted: Sequence[Oid]) -> Flow[None]:
        """Read what the wanted ones stand in."""
        within = endpoint.nested_in
        if within is not None:
            there = self.api.types[within.type]
            owners = dict.fromkeys(member_parts(oid.key, endpoint.type)[0] for oid in wanted)
            yield from self.singly(there, [Oid(there.type, key) for key in owners], (within.field,))

    def _listed(self, endpoint: Resource, wanted: Sequence[Oid], names: Sequence[str], *, rows_do: bool) -> Flow[None]:
        """Read what lists can tell more cheaply than objects one by one."""
        short = self.options.memory.short.get(endpoint.type, ())
        lacked = any(name in short or self.field(endpoint, name).detail_only for name in names)
        detail = lacked and not rows_do
        if (endpoint.short_list and len(wanted) > 1 and not detail) or not endpoint.single:
            yield from self._short(endpoint, wanted, names)
        elif endpoint.listed and len(wanted) > self.options.few and not detail:
            yield from self._by_project(endpoint, wanted, names)
            yield from self._probed(endpoint, wanted, names)

    def rows(
        self, endpoint: Resource, objects: Sequence[Object], names: Sequence[str], around: ParseContext = NO_CONTEXT
    ) -> list[Oid]:
        """Add rows of a list to what is known, and learn which of *names* they lack."""
        found = self.take(endpoint, objects, around)
        for name in self.lacks(endpoint, found[0], names) if found and endpoint.single else ():
            self.options.memory.remember_missing(endpoint.type, name, whole=False)
        return found

    def _short(self, endpoint: Resource, wanted: Sequence[Oid], names: Sequence[str]) -> Flow[None]:
        path, query = self.options.endpoint_path(endpoint.path), self.included(endpoint, names)
        objects = yield from whole_or_none(path, query, self.options)
        found = self.rows(endpoint, objects or (), names)
        missing = [oid for oid in wanted if oid not in set(found)]
        if missing and endpoint.type == "User":
            yield from self._myself(endpoint)
        if missing and endpoint.type == "Repository":
            self._by_their_project(endpoint, missing, objects or ())

    def _myself(self, endpoint: Resource) -> Flow[None]:
        """Ask who is logged in: not every installation lists its users."""
        me = yield from one_or_none(self.options.endpoint_path(endpoint.path, "me"), ())
        self.take(endpoint, [me] if me else ())

    def _by_their_project(self, endpoint: Resource, missing: Sequence[Oid], objects: Iterable[Object]) -> None:
        """Find repositories that are known by their project alone."""
        for item in objects:
            project = item.get("project")
            project = project.get("id") if isinstance(project, dict) else project
            for oid in missing:
                if oid.key == project:
                    self.take_one(endpoint, item, NO_CONTEXT, oid)

    def _by_project(self, endpoint: Resource, wanted: Sequence[Oid], names: Sequence[str]) -> Flow[None]:
        """Read lists of projects: of those assets whose number is known only they, of others whole lists."""
        places = self.options.memory.places
        groups: dict[tuple[Key, bool], list[Oid]] = {}
        for oid in wanted if "project" in endpoint.filters else ():
            place = places.get(oid)
            if place is not None:
                groups.setdefault((place.project, place.counter is not None), []).append(oid)
        include = self.included(endpoint, names)
        flows: list[Flow[list[Object] | None]] = []
        for (project, numbered), oids in groups.items():
            own = (("project", str(project)), *include)
            if numbered and endpoint.filters["counter"].repeatable:
                most = self.options.max_counters
                flows += [self._numbered(endpoint, own, oids[at : at + most]) for at in range(0, len(oids), most)]
            elif len(oids) > self.options.few:
                flows.append(
                    read_all_if_cheaper(self.options.endpoint_path(endpoint.path), own, len(oids), self.options)
                )
        if flows:
            for objects in (yield from gather(flows)):
                self.rows(endpoint, objects or (), names)

    def _probed(self, endpoint: Resource, wanted: Sequence[Oid], names: Sequence[str]) -> Flow[None]:
        """Read one of those whose project is not known, then the others that are in the same one; a few times."""
        places = self.options.memory.places
        for _ in range(self.options.few if "project" in endpoint.filters else 0):
            unknown = [oid for oid in wanted if oid not in places and oid not in self._gone]
            if len(unknown) <= self.options.few:
                return
            yield from self.singly(endpoint, unknown[:1], names)
            place = places.get(unknown[0])
            if place is not None:
                own = (("project", str(place.project)), *self.included(endpoint, names))
                path = self.options.endpoint_path(endpoint.path)
                objects = yield from read_all_if_cheaper(path, own, len(unknown), self.options)
                self.rows(endpoint, objects or (), names)

    def _numbered(self, endpoint: Resource, own: Pairs, oids: Sequence[Oid]) -> Flow[list[Object] | None]:
        places = self.options.memory.places
        counters = [("counter", str(places[oid].counter)) for oid in oids]
        return (yield from read_all(self.options.endpoint_path(endpoint.path), (*own, *counters), self.options))


def reader(schema: Schema, table: Api, settings: Settings) -> LookupReader:
    """A reader that knows nothing yet."""
    return LookupReader(schema, table, ValohaiKeys(table, settings.memory), settings, RowStore(schema))
