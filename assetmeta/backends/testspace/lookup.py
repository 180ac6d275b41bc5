"""How one read reads assets by their keys, in as few requests as the server allows.

There is no batch call, and a page of a list has thirty objects (reference 10). So:

    one or two                      GET of each, concurrently
    several below one parent        its list, no more pages of it than assets are wanted; what is left, GET of each
    several spaces                  the same, with the projects that they are known to be in
    contents, failures, data sets   the list that they are in: they cannot be read by themselves, or not surely
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from assetmeta.backends.concurrency import gather, send_one
from assetmeta.backends.local.prefetch import Tree
from assetmeta.backends.local.records import Cells, RowStore
from assetmeta.backends.responses import confirm
from assetmeta.backends.rest.hooks import ParseContext
from assetmeta.backends.rest.http import Object, Pairs, get
from assetmeta.backends.rest.reader import RestReader
from assetmeta.backends.rest.spec import Field, Resource
from assetmeta.backends.testspace.connection import Settings, resource_of
from assetmeta.backends.testspace.keys import (
    folder_of,
    item_path,
    key_of,
    list_path,
    number,
    require_key,
    split_key,
)
from assetmeta.backends.testspace.pages import Pages, objects_of
from assetmeta.model.errors import Unsupported
from assetmeta.model.http import Flow
from assetmeta.model.plans import RawValue
from assetmeta.model.values import Key, Oid

FOLDER = "folder"
"""The beginning of the types of contents that contain others."""

_NOT_FOUND = 404
_KEPT = 2000
"""Assets read by identity that one read remembers, since related assets are the same on page after page."""

_MISSES = 3
"""Projects that are listed without success before the spaces that are left are read one by one."""

_SEVERAL = 2
"""Spaces of one project from which on its list is worth a request."""


@dataclass(slots=True)
class LookupReader(RestReader):
    """One read under way, by keys; *absent* assets were requested and do not exist."""

    KEYS_REQUIRED: ClassVar[bool] = True

    options: Settings
    absent: set[Oid] = field(default_factory=set)
    _kept: dict[Oid, Cells] = field(default_factory=dict)

    def new_reader(self) -> LookupReader:
        """Return a reader that has received nothing yet."""
        return type(self)(self.schema, self.api, self.keys, self.options, RowStore(self.schema))

    def by_keys(self, resource: Resource, keys: Sequence[Key], names: Sequence[str] = ()) -> Flow[list[Oid]]:
        """Read assets; see the file for how many requests. Bodies contain all that there is, whatever *names* are."""
        wanted = [
            Oid(resource.type, key) for key in dict.fromkeys(require_key(Oid(resource.type, key)) for key in keys)
        ]
        if not resource.listed:
            self._name(wanted, names)
            return [oid for oid in wanted if self.has(oid)]
        missing = [oid for oid in wanted if not self._recall(oid)]
        if resource.type == "Space":
            yield from self._spaces(resource, missing)
        else:
            yield from gather([self._read_group(resource, each) for each in self._groups(resource, missing)])
        left = [oid for oid in missing if oid not in self.absent and not self.has(oid)] if resource.single else []
        yield from gather([self._one(resource, oid) for oid in left])
        self._keep(missing)
        return [oid for oid in wanted if self.has(oid)]

    def _recall(self, oid: Oid) -> bool:
        """True for an asset that is known, or was until the previous page of a list was returned."""
        if oid in self._kept and not self.has(oid):
            self.known.add(oid, self._kept[oid])
        return self.has(oid)

    def _keep(self, oids: Iterable[Oid]) -> None:
        for oid in oids:
            if self.has(oid):
                self._kept[oid] = self.known.cells[oid]
        for oid in list(self._kept)[: max(len(self._kept) - _KEPT, 0)]:
            del self._kept[oid]

    def has(self, oid: Oid) -> bool:
        """True for an asset that was received."""
        return resource_of(oid.type).own in self.known.cells.get(oid, {})

    def is_incomplete(self, resource: Resource, oid: Oid, names: Sequence[str]) -> bool:
        """True for an asset that was not received: a body without an attribute will not have it the next time."""
        return bool(names) and not self.has(oid)

    def _name(self, oids: Sequence[Oid], names: Sequence[str]) -> None:
        """By themselves files have nothing but bytes: their number is all there is to know of them. Raises Unsupported
        for the rest, which comes with their contents alone, and goes with these.
        """
        for oid in oids:
            if not self.has(oid) and not {"id"}.issuperset(names):
                raise Unsupported(
                    f"{oid.token} has a name and an address in the answer of its content alone, which is not in memory"
                    " or was deleted; read the content, and its file.",
                    oid=oid.token,
                )
            self.known.add(oid, {"id": oid.key})

    def _one(self, resource: Resource, oid: Oid) -> Flow[None]:
        """Read one asset by its own path. The answer for a folder contains what is in it, of which nothing is taken."""
        request = get(self.options.endpoint_path(item_path(resource, oid.key)))
        response = yield from send_one(request)
        if response.status == _NOT_FOUND:
            self.absent.add(oid)
        else:
            objects = objects_of(response)
            self._confirm(resource, oid, objects, request.line)
            self._choose(resource, objects, split_key(resource, oid.key)[0], {oid})

    def _confirm(self, resource: Resource, oid: Oid, objects: Iterable[Object], line: str) -> None:
        """Raise InvalidResponse for an answer about other assets than *oid*, or what is in it where that is a
        folder.
        """
        parent = split_key(resource, oid.key)[0]
        for item in objects:
            key = key_of(resource, item, parent)
            is_it = key == oid.key or (resource.key == "path" and str(key).startswith(f"{oid.key}/"))
            space = number(item.get("space_id")) if resource.type == "Result" else None
            confirm(is_it and space in (None, parent), oid.token, f"{resource.type} {item.get(resource.own)!r}", line)

    def _groups(self, resource: Resource, oids: Sequence[Oid]) -> Iterator[tuple[Pages, Key | None, list[Oid]]]:
        """The lists that *oids* are in, as far as lists are worth it."""
        groups: dict[tuple[Key | None, str], list[Oid]] = {}
        for oid in oids:
            groups.setdefault(_list_of(resource, oid.key), []).append(oid)
        for (parent, path), members in groups.items():
            alone = 1 if parent is not None else self.options.few
            if len(members) > alone or not resource.single or resource.key == "path":
                yield Pages.of(path, self.options, optional=True), parent, members

    def _read_group(self, resource: Resource, group: tuple[Pages, Key | None, list[Oid]]) -> Flow[None]:
        """Read a list until all that is wanted was received, or reading each would have taken less requests."""
        pages, parent, members = group
        sure = not resource.single
        missing = set(members)
        while missing and pages.next_request is not None and (sure or pages.number < len(members)):
            self._choose(resource, (yield from pages.read()), parent, missing)

    def _choose(self, resource: Resource, objects: Sequence[Object], parent: Key | None, missing: set[Oid]) -> None:
        """Take those of *objects* that are wanted, and nothing else."""
        for item in objects:
            key = key_of(resource, item, parent)
            if key is not None and Oid(resource.type, key) in missing:
                missing.discard(Oid(resource.type, key))
                self.take_one(resource, item, ParseContext(owner=parent))

    def _spaces(self, resource: Resource, wanted: Sequence[Oid]) -> Flow[None]:
        """List the projects of several spaces, as far as lists are worth it. Where no project is known, a space is
        read, which contains its own.
        """
        listed: list[Key] = []
        misses = 0
        missing = dict.fromkeys(wanted)
        while len(missing) > self.options.few and misses < _MISSES:
            project, likely = self._likeliest(missing, listed)
            if project is None:
                sample = next(iter(missing))
                yield from self._one(resource, sample)
                del missing[sample]
                project, likely = self._project(sample), likely - 1
            if project is None or project in listed:
                misses += 1
            elif likely < _SEVERAL or len(missing) <= self.options.few:
                return
            else:
                listed.append(project)
                before = len(missing)
                yield from self._listed_spaces(resource, project, missing, likely)
                misses += len(missing) == before

    def _project(self, space: Oid) -> Key | None:
        place = self.options.memory.places.get(space)
        return place.project if place else None

    def _likeliest(self, spaces: Iterable[Oid], listed: Sequence[Key]) -> tuple[Key | None, int]:
        """The project that most of *spaces* are known to be in, those *listed* aside, and how many may be in it."""
        homes = self.options.memory.projects_of(spaces)
        unknown = homes.pop(None, 0)
        found = max((home for home in homes if home not in listed), key=homes.__getitem__, default=None)
        return found, unknown + homes.get(found, 0)

    def _listed_spaces(self, resource: Resource, project: Key, missing: dict[Oid, None], most: int) -> Flow[None]:
        """Read the list of a project, *most* pages at most, and take what is missing."""
        pages = Pages.of(list_path(resource, project), self.options, optional=True)
        while missing and pages.next_request is not None and pages.number < most:
            left = set(missing)
            self._choose(resource, (yield from pages.read()), project, left)
            for oid in missing.keys() - left:
                del missing[oid]

    def read_list(self, resource: Resource, query: Pairs) -> Flow[list[Object]]:
        """Read a list at the top of the API to its end."""
        return Pages.of(resource.path, self.options, query).all()

    def load_missing(self, type_name: str, oids: Sequence[Oid], names: Tree) -> Flow[None]:
        """Read what is missing of *names*: their own attributes first, which show what has lists."""
        resource = self.resource(type_name)
        needed: Tree = {**names, "type": {}} if type_name == "Content" and "contents" in names else names
        yield from self.load_own(resource, oids, needed)
        yield from self._read_ahead(resource, oids, names)
        yield from self.load_lists(resource, oids, names)

    def _read_ahead(self, resource: Resource, oids: Sequence[Oid], names: Tree) -> Flow[None]:
        """Read at once what several relations to one type lead to, such as the active and the latest result of spaces:
        two of one list are one request.
        """
        by_type: dict[str, list[str]] = {}
        for name, beyond in names.items():
            known = resource.fields[name]
            if (
                known.to
                and name not in resource.lists
                and not resource_of(known.to[0]).fields.keys().isdisjoint(beyond)
            ):
                by_type.setdefault(known.to[0], []).append(name)
        for type_name, relations in by_type.items():
            if len(relations) > 1:
                targets = [oid.key for name in relations for oid in self.known.related_ids(oids, name)]
                yield from self.by_keys(resource_of(type_name), targets)

    def load_sublists(self, resource: Resource, name: str, known: Field, oids: Sequence[Oid]) -> Flow[None]:
        """Read the lists below *oids*, concurrently. The list of a content that is no folder is empty without a
        request, and an asset that is gone has none.
        """
        cells = self.known.cells
        holders = [oid for oid in oids if resource.type != "Content" or is_folder(oid, cells.get(oid, {}))]
        for oid in oids:
            if oid not in holders and self.has(oid):
                self.known.add(oid, {name: ()})
        there = resource_of(known.to[0])
        own = {oid: item_path(resource, require_key(oid)) for oid in holders}
        lists = [
            Pages.of(path if resource is there else f"{path}/{there.path}", self.options, optional=True)
            for path in own.values()
        ]
        found = yield from gather([pages.all() for pages in lists])
        for oid, pages, objects in zip(holders, lists, found, strict=True):
            parent = split_key(resource, oid.key)[0] if resource is there else oid.key
            if not pages.gone:
                self.known.add(oid, {name: tuple(self.take(there, objects, ParseContext(owner=parent)))})


def is_folder(oid: Oid, cells: Mapping[str, RawValue]) -> bool:
    """True for a content that contains others."""
    return oid.type == "Content" and str(cells.get("type") or "").startswith(FOLDER)


def _list_of(resource: Resource, key: Key) -> tuple[Key | None, str]:
    """The parent of an asset, and the path of the list that it is in: for a content that of its folder."""
    parent = split_key(resource, key)[0]
    folder = folder_of(key) if resource.key == "path" else None
    return parent, list_path(resource, parent) if folder is None else item_path(resource, folder)
