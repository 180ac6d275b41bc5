"""What one read knows so far, and how it reads assets by identity in as few requests as the server allows.

There is no batch call, and a list brings thirty objects at a time (reference 10). So:

    one or two                      GET of each, side by side
    several below one parent        its list, no more pages of it than assets are wanted; what is left, GET of each
    several spaces                  the same, with the projects that they are known to be in
    contents, failures, data sets   the list that they are in: they cannot be asked for, or not surely
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from assetmeta.backends.concurrency import gather, send_one
from assetmeta.backends.local.records import Cells, RowStore
from assetmeta.backends.responses import confirm
from assetmeta.backends.rest.decode import Decoder
from assetmeta.backends.rest.hooks import NO_CONTEXT, ParseContext
from assetmeta.backends.rest.http import Object, get
from assetmeta.backends.rest.spec import Resource
from assetmeta.backends.testspace.connection import Settings, bundled, resource_of
from assetmeta.backends.testspace.keys import (
    TestspaceKeys,
    divided,
    folder_of,
    item_path,
    key_of,
    list_path,
    number,
    require_key,
)
from assetmeta.backends.testspace.pages import Pages, objects_of
from assetmeta.model.errors import InvalidResponse
from assetmeta.model.http import Flow
from assetmeta.model.schema import Schema
from assetmeta.model.values import Key, Oid

_NOT_FOUND = 404
_KEPT = 2000
"""Assets read by identity that one read remembers, since related assets are the same on page after page."""

_VAIN = 3
"""Projects that are listed for nothing before the spaces that are left are asked for themselves."""

_SEVERAL = 2
"""Spaces of one project from which on its list is worth a request."""


@dataclass(slots=True)
class LookupReader(Decoder):
    """One read under way: what was received so far is in *known*; *absent* assets were requested and do not exist."""

    options: Settings
    absent: set[Oid] = field(default_factory=set)
    _kept: dict[Oid, Cells] = field(default_factory=dict)

    def take(self, resource: Resource, objects: Iterable[Object], context: ParseContext = NO_CONTEXT) -> list[Oid]:
        """Add objects to what is known; return their identities, same order, each once.

        Raises InvalidResponse for an object that does not contain its key: without it the list would be short.
        """
        found: dict[Oid, None] = {}
        for item in objects:
            oid = self.take_one(resource, item, context)
            if oid is None:
                own = f"{resource.own}: {item.get(resource.own)!r:.80}"
                raise InvalidResponse(
                    f"An object in the answer does not say which {resource.type} it is ({own}).",
                    type_name=resource.type,
                )
            found[oid] = None
        return list(found)

    def take_one(
        self, resource: Resource, item: Object, context: ParseContext = NO_CONTEXT, oid: Oid | None = None
    ) -> Oid | None:
        """Add an object, and a file that it names; remember what objects of its type contain."""
        oid = Decoder.take_one(self, resource, item, context, oid)
        if oid is not None:
            cells = self.known.cells[oid]
            self.options.memory.remember_keys(oid.type, cells.keys())
            file = cells.get("file")
            if isinstance(file, Oid):
                self.known.take(
                    file, {"id": file.key, "name": cells.get("name"), "download_url": cells["download_url"]}
                )
        return oid

    def by_keys(self, kind: Resource, keys: Sequence[Key]) -> Flow[list[Oid]]:
        """Read the assets of *keys*; return those that are there, same order. See the file for how many requests.

        Raises BadValue for a key that cannot be one.
        """
        wanted = [Oid(kind.type, key) for key in dict.fromkeys(require_key(Oid(kind.type, key)) for key in keys)]
        if not kind.listed:
            self._name(wanted)
        missing = [oid for oid in wanted if not self._remembered(oid)]
        if kind.type == "Space":
            yield from self._spaces(kind, missing)
        else:
            yield from gather([self._listed(kind, each) for each in self._groups(kind, missing)])
        left = [oid for oid in missing if self._lacks(oid)] if kind.single else []
        yield from gather([self._one(kind, oid) for oid in left])
        self._keep(missing)
        return [oid for oid in wanted if self.has(oid)]

    def _remembered(self, oid: Oid) -> bool:
        """True for an asset that is known, or was until the page of a list before this one was done with."""
        if oid in self._kept and not self.has(oid):
            self.known.take(oid, self._kept[oid])
        return self.has(oid)

    def _keep(self, oids: Iterable[Oid]) -> None:
        for oid in oids:
            if self.has(oid):
                self._kept[oid] = self.known.cells[oid]
        for oid in list(self._kept)[: max(len(self._kept) - _KEPT, 0)]:
            del self._kept[oid]

    def has(self, oid: Oid) -> bool:
        """True for an asset of which the server has told."""
        return resource_of(oid.type).own in self.known.cells.get(oid, {})

    def _lacks(self, oid: Oid) -> bool:
        return oid not in self.absent and not self.has(oid)

    def _name(self, oids: Sequence[Oid]) -> None:
        """Files have nothing but bytes: their number is all there is to know of them."""
        for oid in oids:
            self.known.take(oid, {"id": oid.key})

    def _one(self, kind: Resource, oid: Oid) -> Flow[None]:
        """Read one asset by its own path. A folder's answers with what is in it, of which nothing is taken."""
        request = get(self.options.endpoint_path(item_path(kind, oid.key)))
        response = yield from send_one(request)
        if response.status == _NOT_FOUND:
            self.absent.add(oid)
        else:
            objects = objects_of(response)
            self._confirm(kind, oid, objects, request.line)
            self._choose(kind, objects, divided(kind, oid.key)[0], {oid})

    def _confirm(self, kind: Resource, oid: Oid, objects: Iterable[Object], line: str) -> None:
        """Raise InvalidResponse for an answer about other assets than *oid*, or what is in it where that is a
        folder.
        """
        parent = divided(kind, oid.key)[0]
        for item in objects:
            key = key_of(kind, item, parent)
            is_it = key == oid.key or (kind.key == "path" and str(key).startswith(f"{oid.key}/"))
            space = number(item.get("space_id")) if kind.type == "Result" else None
            confirm(is_it and space in (None, parent), oid.token, f"{kind.type} {item.get(kind.own)!r}", line)

    def _groups(self, kind: Resource, oids: Sequence[Oid]) -> Iterator[tuple[Pages, Key | None, list[Oid]]]:
        """The lists that *oids* are in, as far as lists are worth it."""
        groups: dict[tuple[Key | None, str], list[Oid]] = {}
        for oid in oids:
            groups.setdefault(_list_of(kind, oid.key), []).append(oid)
        for (parent, path), members in groups.items():
            alone = 1 if parent is not None else self.options.few
            if len(members) > alone or not kind.single or kind.key == "path":
                yield Pages.of(path, self.options, optional=True), parent, members

    def _listed(self, kind: Resource, group: tuple[Pages, Key | None, list[Oid]]) -> Flow[None]:
        """Go through a list until all that is wanted has come, or asking for each would have been less."""
        pages, parent, members = group
        sure = not kind.single
        missing = set(members)
        while missing and pages.due is not None and (sure or pages.number < len(members)):
            self._choose(kind, (yield from pages.read()), parent, missing)

    def _choose(self, kind: Resource, objects: Sequence[Object], parent: Key | None, missing: set[Oid]) -> None:
        """Take those of *objects* that are wanted, and nothing else."""
        for item in objects:
            key = key_of(kind, item, parent)
            if key is not None and Oid(kind.type, key) in missing:
                missing.discard(Oid(kind.type, key))
                self.take_one(kind, item, ParseContext(owner=parent))

    def _spaces(self, kind: Resource, wanted: Sequence[Oid]) -> Flow[None]:
        """List the projects of several spaces, as far as lists are worth it. Where nobody knows a project, a space is
        asked for and tells its own.
        """
        listed: list[Key] = []
        vain = 0
        missing = dict.fromkeys(wanted)
        while len(missing) > self.options.few and vain < _VAIN:
            project, likely = self._likeliest(missing, listed)
            if project is None:
                probed = next(iter(missing))
                yield from self._one(kind, probed)
                del missing[probed]
                project, likely = self._project(probed), likely - 1
            if project is None or project in listed:
                vain += 1
            elif likely < _SEVERAL or len(missing) <= self.options.few:
                return
            else:
                listed.append(project)
                before = len(missing)
                yield from self._listed_spaces(kind, project, missing, likely)
                vain += len(missing) == before

    def _project(self, space: Oid) -> Key | None:
        place = self.options.memory.places.get(space)
        return place.project if place else None

    def _likeliest(self, spaces: Iterable[Oid], listed: Sequence[Key]) -> tuple[Key | None, int]:
        """The project that most of *spaces* are known to be in, those *listed* aside, and how many may be in it."""
        homes = self.options.memory.projects_of(spaces)
        unknown = homes.pop(None, 0)
        found = max((home for home in homes if home not in listed), key=homes.__getitem__, default=None)
        return found, unknown + homes.get(found, 0)

    def _listed_spaces(self, kind: Resource, project: Key, missing: dict[Oid, None], most: int) -> Flow[None]:
        """Go through the list of a project, for *most* pages at most, and take what is missing."""
        pages = Pages.of(list_path(kind, project), self.options, optional=True)
        while missing and pages.due is not None and pages.number < most:
            left = set(missing)
            self._choose(kind, (yield from pages.read()), project, left)
            for oid in missing.keys() - left:
                del missing[oid]


def _list_of(kind: Resource, key: Key) -> tuple[Key | None, str]:
    """The parent of an asset, and the path of the list that it is in: for a content that of its folder."""
    parent = divided(kind, key)[0]
    folder = folder_of(key) if kind.key == "path" else None
    return parent, list_path(kind, parent) if folder is None else item_path(kind, folder)


def reader(schema: Schema, settings: Settings) -> LookupReader:
    """A reader that knows nothing yet."""
    return LookupReader(schema, bundled(), TestspaceKeys(settings.base, settings.memory), settings, RowStore(schema))
