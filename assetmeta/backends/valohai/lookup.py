"""How one read reads assets by their keys, in as few requests as the API allows.

In order of preference (reference 12; no endpoint filters by several ids):

    a list that is always short             GET x/, one request
    one asset, or a few                     GET x/{id}/ each, concurrently
    runs whose number is known              GET x/?project=&counter=&counter=..., a hundred in one request
    many in a project                       GET x/?project=, unless it has far more than are wanted; of those whose
                                            project is not known one is read for it
    all else                                GET x/{id}/ each, concurrently

What only whole objects contain is read in the last way. Members of pipelines are read with their pipeline.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from assetmeta.backends.concurrency import gather
from assetmeta.backends.local.prefetch import Tree
from assetmeta.backends.rest.hooks import NO_CONTEXT, ParseContext
from assetmeta.backends.rest.http import Object, Pairs, fetch_object_or_none
from assetmeta.backends.rest.reader import RestReader
from assetmeta.backends.rest.spec import Field, Resource
from assetmeta.backends.valohai.connection import Settings
from assetmeta.backends.valohai.keys import commit_parts, member_parts, require_key, require_same
from assetmeta.backends.valohai.pages import read_all, read_all_if_cheaper, read_all_or_none
from assetmeta.model.http import Flow
from assetmeta.model.values import Key, Oid, chunks


@dataclass(slots=True)
class LookupReader(RestReader):
    """One read under way, by keys."""

    LIST_NOTE: ClassVar[str] = ", or one for all of a project"

    options: Settings
    _gone: set[Oid] = field(default_factory=set)

    def by_keys(
        self, resource: Resource, keys: Sequence[Key], names: Sequence[str] = (), *, from_rows: bool = False
    ) -> Flow[list[Oid]]:
        """Read assets, each with all of *names* that whole objects have, or those that rows of lists have where
        *from_rows*; see the file for how many requests.
        """
        wanted = list(dict.fromkeys(Oid(resource.type, require_key(resource, key)) for key in keys))
        if resource.nested_in is not None and resource.key == "member":
            yield from self._members(resource, wanted)
        else:
            yield from self._from_lists(resource, wanted, names, from_rows=from_rows)
            needed = () if from_rows else names
            rest = [oid for oid in wanted if oid not in self.known.cells or self.missing_names(resource, oid, needed)]
            if resource.single:
                yield from self.read_each(resource, rest, names)
            unread = {oid for oid in rest if self._is_missing(oid) or self._is_only_named(oid)}
            yield from self._of_another_type(resource, [oid for oid in rest if oid in unread])
            self._gone.update(oid for oid in unread if self._is_only_named(oid))
        return [oid for oid in wanted if not self._is_missing(oid)]

    def _is_missing(self, oid: Oid) -> bool:
        return oid not in self.known.cells or oid in self._gone

    def _is_only_named(self, oid: Oid) -> bool:
        """True when all that was received of an asset is the id by which another one refers to it."""
        return self.known.cells.get(oid, {}).keys() == {"id"}

    def _of_another_type(self, resource: Resource, missing: Sequence[Oid]) -> Flow[None]:
        """Find users among the organizations and the other way round: an owner's id alone does not show which."""
        union = next((union.members for union in self.api.unions.values() if resource.type in union.members), ())
        for name in union if missing else ():
            there = self.api.types[name]
            if there is resource:
                continue
            objects = yield from read_all_or_none(self.options.endpoint_path(there.path), (), self.options)
            titles = {item.get("id"): item.get(there.display or "id") for item in objects or ()}
            for oid in missing:
                if oid.key in titles:
                    self._gone.discard(oid)
                    item: Object = {
                        "id": oid.key,
                        "username": titles[oid.key],
                        resource.display or "id": titles[oid.key],
                    }
                    self.take_one(resource, item, NO_CONTEXT, oid)

    def is_incomplete(self, resource: Resource, oid: Oid, names: Sequence[str]) -> bool:
        """True when any of *names* was not received, and this server is not known to leave it out."""
        return bool(self.missing_names(resource, oid, names))

    def missing_names(self, resource: Resource, oid: Oid, names: Sequence[str]) -> list[str]:
        """Those of *names* that were not received of an asset, and that this server is not known to leave out."""
        memory, cells = self.options.memory, self.known.cells.get(oid, {})
        if oid in self.known.whole:
            return []
        absent = memory.absent.get(resource.type, ())
        missing = ((name, self.field(resource, name)) for name in names if name not in cells and name not in absent)
        return [name for name, known in missing if known.is_readable and not known.listed_separately]

    def read_each(self, resource: Resource, oids: Sequence[Oid], names: Sequence[str]) -> Flow[None]:
        """Read assets one by one, concurrently. What a whole object does not have of *names*, no object here has."""
        query = self.query(resource, names)
        places = [self._place(resource, oid) for oid in oids]
        flows = [fetch_object_or_none(path, (*own, *query)) for path, own in places]
        items = (yield from gather(flows)) if flows else []
        for oid, (path, _), item in zip(oids, places, items, strict=True):
            if item is None:
                self._gone.add(oid)
                continue
            require_same(resource, oid, item, f"GET {path}")
            project = commit_parts(oid.key)[0] if resource.key == "commit" else None
            self.take_one(resource, item, ParseContext(project), oid)
            for name in self.missing_names(resource, oid, names):
                self.options.memory.remember_missing(resource.type, name, whole=True)
            self.known.whole.add(oid)

    def query(self, resource: Resource, names: Sequence[str]) -> Pairs:
        """The parameters that leave out what is heavy and not wanted, and request what has to be requested."""
        heavy = [name for name, known in resource.fields.items() if known.heavy and name not in names]
        return (*((("exclude", ",".join(heavy)),) if heavy else ()), *self.include_parameter(resource, names))

    def include_parameter(self, resource: Resource, names: Sequence[str]) -> Pairs:
        """The parameter for what bodies contain only then."""
        found = [name for name, known in resource.fields.items() if known.include and name in names]
        return (("include", ",".join(found)),) if found else ()

    def _place(self, resource: Resource, oid: Oid) -> tuple[str, Pairs]:
        if resource.key != "commit":
            return self.options.endpoint_path(resource.path, oid.key), ()
        project, identifier = commit_parts(oid.key)
        return self.options.endpoint_path(resource.path, identifier), (("project", project),) if project else ()

    def _members(self, resource: Resource, wanted: Sequence[Oid]) -> Flow[None]:
        """Read what members are part of."""
        within = resource.nested_in
        if within is not None:
            there = self.api.types[within.type]
            owners = dict.fromkeys(member_parts(oid.key, resource.type)[0] for oid in wanted)
            yield from self.read_each(there, [Oid(there.type, key) for key in owners], (within.field,))

    def _from_lists(
        self, resource: Resource, wanted: Sequence[Oid], names: Sequence[str], *, from_rows: bool
    ) -> Flow[None]:
        """Read what takes less requests by lists than one by one."""
        short = self.options.memory.short.get(resource.type, ())
        is_short = any(name in short or self.field(resource, name).detail_only for name in names)
        detail = is_short and not from_rows
        if (resource.short_list and len(wanted) > 1 and not detail) or not resource.single:
            yield from self._short(resource, wanted, names)
        elif resource.listed and len(wanted) > self.options.few and not detail:
            yield from self._by_project(resource, wanted, names)
            yield from self._sample_projects(resource, wanted, names)

    def rows(
        self, resource: Resource, objects: Sequence[Object], names: Sequence[str], context: ParseContext = NO_CONTEXT
    ) -> list[Oid]:
        """Add rows of a list to what is known, and remember which of *names* are missing in them."""
        found = self.take(resource, objects, context)
        for name in self.missing_names(resource, found[0], names) if found and resource.single else ():
            self.options.memory.remember_missing(resource.type, name, whole=False)
        return found

    def _short(self, resource: Resource, wanted: Sequence[Oid], names: Sequence[str]) -> Flow[None]:
        path, query = self.options.endpoint_path(resource.path), self.include_parameter(resource, names)
        objects = yield from read_all_or_none(path, query, self.options)
        found = self.rows(resource, objects or (), names)
        missing = [oid for oid in wanted if oid not in set(found)]
        if missing and resource.type == "User":
            yield from self._myself(resource)
        if missing and resource.type == "Repository":
            self._by_their_project(resource, missing, objects or ())

    def _myself(self, resource: Resource) -> Flow[None]:
        """Read who is logged in: not every installation lists its users."""
        me = yield from fetch_object_or_none(self.options.endpoint_path(resource.path, "me"), ())
        self.take(resource, [me] if me else ())

    def _by_their_project(self, resource: Resource, missing: Sequence[Oid], objects: Iterable[Object]) -> None:
        """Find repositories that are known by their project alone."""
        for item in objects:
            project = item.get("project")
            project = project.get("id") if isinstance(project, dict) else project
            for oid in missing:
                if oid.key == project:
                    self.take_one(resource, item, NO_CONTEXT, oid)

    def _by_project(self, resource: Resource, wanted: Sequence[Oid], names: Sequence[str]) -> Flow[None]:
        """Read lists of projects: of those assets whose number is known only they, of others whole lists."""
        places = self.options.memory.places
        groups: dict[tuple[Key, bool], list[Oid]] = {}
        for oid in wanted if "project" in resource.filters else ():
            place = places.get(oid)
            if place is not None:
                groups.setdefault((place.project, place.counter is not None), []).append(oid)
        include = self.include_parameter(resource, names)
        flows: list[Flow[list[Object] | None]] = []
        for (project, numbered), oids in groups.items():
            own = (("project", str(project)), *include)
            if numbered and resource.filters["counter"].repeatable:
                flows += [self._by_numbers(resource, own, some) for some in chunks(oids, self.options.max_counters)]
            elif len(oids) > self.options.few:
                flows.append(
                    read_all_if_cheaper(self.options.endpoint_path(resource.path), own, len(oids), self.options)
                )
        if flows:
            for objects in (yield from gather(flows)):
                self.rows(resource, objects or (), names)

    def _sample_projects(self, resource: Resource, wanted: Sequence[Oid], names: Sequence[str]) -> Flow[None]:
        """Read one of those whose project is not known, then the others that are in the same one; a few times."""
        places = self.options.memory.places
        for _ in range(self.options.few if "project" in resource.filters else 0):
            unknown = [oid for oid in wanted if oid not in places and oid not in self._gone]
            if len(unknown) <= self.options.few:
                return
            yield from self.read_each(resource, unknown[:1], names)
            place = places.get(unknown[0])
            if place is not None:
                own = (("project", str(place.project)), *self.include_parameter(resource, names))
                path = self.options.endpoint_path(resource.path)
                objects = yield from read_all_if_cheaper(path, own, len(unknown), self.options)
                self.rows(resource, objects or (), names)

    def _by_numbers(self, resource: Resource, own: Pairs, oids: Sequence[Oid]) -> Flow[list[Object] | None]:
        places = self.options.memory.places
        counters = [("counter", str(places[oid].counter)) for oid in oids]
        return (yield from read_all(self.options.endpoint_path(resource.path), (*own, *counters), self.options))

    def read_list(self, resource: Resource, query: Pairs) -> Flow[list[Object]]:
        """Read a list to its end."""
        return read_all(self.options.endpoint_path(resource.path), query, self.options)

    def list_query(self, resource: Resource, names: Tree) -> Pairs:
        """The parameter that leaves out what was deleted, where there is one."""
        return (("deleted", "false"),) if resource.has_parameter("deleted") else ()

    def shared_lists(self, resource: Resource, name: str, known: Field, oids: Sequence[Oid]) -> Flow[list[Oid]]:
        """Read lists of whole projects, or of all there are, and group them; return the assets for which lists of their
        own take less, or whose rows do not contain what they refer to.
        """
        memory, few, via = self.options.memory, self.options.few, known.reverse_of or ""
        if len(oids) <= few:
            return list(oids)
        groups: dict[Key | None, list[Oid]] = {}
        for oid in oids:
            place = memory.places.get(oid) if "project" in resource.filters and via != "project" else None
            groups.setdefault(place.project if place else None, []).append(oid)
        path, query = self.options.endpoint_path(resource.path), self.list_query(resource, {})
        rest = dict.fromkeys(oids)
        for project, members in groups.items():
            if len(members) <= few:
                continue
            own = () if project is None else (("project", str(project)),)
            objects = yield from read_all_if_cheaper(path, (*own, *query), len(members), self.options)
            found = self.take(resource, objects or (), ParseContext(project))
            if objects is None or self.known.missing(found, via):
                continue
            self.group(name, via, members, found)
            for oid in members:
                del rest[oid]
        return list(rest)

    def load_sublists(self, resource: Resource, name: str, known: Field, oids: Sequence[Oid]) -> Flow[None]:
        """Read the lists below objects, one for each, concurrently. Some servers do not have them."""
        there = self.resource(known.to[0])
        paths = [self.options.endpoint_path(resource.path, oid.key, known.sublist) for oid in oids]
        lists = yield from gather([read_all_or_none(path, (), self.options) for path in paths])
        for oid, objects in zip(oids, lists, strict=True):
            self.known.add(oid, {name: tuple(self.take(there, objects or (), ParseContext(embedded=True)))})
