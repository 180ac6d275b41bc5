"""One read of a REST server under way: what is missing of assets, by their keys or by lists of what refers to them.

A dialect adds how lists continue, how assets are read by their keys, and which lists a query takes.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from assetmeta.backends.concurrency import gather
from assetmeta.backends.local.executor import Page, UnorderedSource
from assetmeta.backends.local.prefetch import Tree
from assetmeta.backends.rest.decode import Decoder
from assetmeta.backends.rest.hooks import ParseContext
from assetmeta.backends.rest.http import Object, Pairs
from assetmeta.backends.rest.spec import Field, Resource
from assetmeta.model.http import Flow
from assetmeta.model.plans import Fetch
from assetmeta.model.values import Key, Oid

_GONE = 10_000
"""Assets that do not exist, though others refer to them, that one query remembers."""


class ListChoice(Protocol):
    """Which lists a query takes: *keys* where its assets are named, *pushed* are the conditions that the server
    applies, *whole* is true where it sends all assets of a type.
    """

    @property
    def keys(self) -> tuple[Key, ...] | None: ...

    @property
    def pushed(self) -> Sequence[object]: ...

    @property
    def whole(self) -> bool: ...


@dataclass(slots=True)
class RestReader(Decoder, UnorderedSource):
    """A source of `local.executor`, but for the methods that are abstract here. What was received is in *known*."""

    LIST_NOTE: ClassVar[str] = ""
    """What to add in explanations of lists of what refers to assets."""

    @abstractmethod
    def page(self, wanted: Fetch, at: object) -> Flow[Page]:
        """Read a page of the assets that may match the conditions, or those that the fetch names."""

    @abstractmethod
    def choose_lists(self, resource: Resource, wanted: Fetch) -> ListChoice:
        """Return which lists a query takes. Sends nothing."""

    @abstractmethod
    def explain_lists(self, resource: Resource, wanted: Fetch) -> Iterator[str]:
        """Describe the requests for these lists, one a line."""

    @abstractmethod
    def by_keys(self, resource: Resource, keys: Sequence[Key], names: Sequence[str] = ()) -> Flow[list[Oid]]:
        """Read assets, each with all of *names* that whole objects have; return those that exist, in the order of
        *keys*. Raises BadValue for what is not a key.
        """

    @abstractmethod
    def is_incomplete(self, resource: Resource, oid: Oid, names: Sequence[str]) -> bool:
        """True when any of *names* was not received, and this server is not known to leave it out."""

    @abstractmethod
    def read_list(self, resource: Resource, query: Pairs) -> Flow[list[Object]]:
        """Read a list to its end."""

    def load_sublists(self, resource: Resource, name: str, known: Field, oids: Sequence[Oid]) -> Flow[None]:
        """Read lists below objects; for servers that have such lists."""
        yield from ()

    def list_query(self, resource: Resource, names: Tree) -> Pairs:
        """The parameters of a list of what refers to assets; *names* are needed of its objects."""
        return ()

    def shared_lists(self, resource: Resource, name: str, known: Field, oids: Sequence[Oid]) -> Flow[list[Oid]]:
        """Read lists that several assets share, where that saves requests; return the assets that are left."""
        yield from ()
        return list(oids)

    def cuts(self, wanted: Fetch) -> bool:
        """True when the server sends no more than the window of a fetch."""
        return False

    def unlisted(self, type_name: str) -> frozenset[str]:
        """The names of the attributes that objects in lists do not contain."""
        return self.resource(type_name).unlisted

    def load_missing(self, type_name: str, oids: Sequence[Oid], names: Tree) -> Flow[None]:
        """Read what is missing of *names*: lists first, since what they embed may be wanted, too."""
        resource = self.resource(type_name)
        yield from self.load_lists(resource, oids, names)
        yield from self.load_own(resource, oids, names)

    def load_own(self, resource: Resource, oids: Sequence[Oid], names: Tree) -> Flow[None]:
        """Read the attributes among *names* that objects contain, of the assets of which any is missing. What does not
        exist is requested once in a query.
        """
        own, gone = [name for name in names if name not in resource.lists], self.known.gone
        missing = [oid for oid in oids if oid not in gone and self.is_incomplete(resource, oid, own)]
        if missing:
            found = yield from self.by_keys(resource, [oid.key for oid in missing], own)
            gone.update(set(missing).difference(found) if len(gone) < _GONE else ())

    def load_lists(self, resource: Resource, oids: Sequence[Oid], names: Tree) -> Flow[None]:
        """Read the lists among *names* of the assets of which they are missing."""
        for name in names:
            missing = self.known.missing(oids, name) if name in resource.lists else []
            if not missing:
                continue
            known = resource.fields[name]
            if known.reverse_of is None:
                yield from self.load_sublists(resource, name, known, missing)
            else:
                yield from self._reverse_lists(name, known, missing, names[name])

    def _reverse_lists(self, name: str, known: Field, oids: Sequence[Oid], beyond: Tree) -> Flow[None]:
        """Read lists that no object contains, by what refers to the assets: concurrently, one list for each asset that
        shares none with others. Without a filter for that it is one list of all there are.
        """
        there, via = self.resource(known.to[0]), known.reverse_of or ""
        query = self.list_query(there, {**beyond, via: {}} if beyond else {})
        if via not in there.filters:
            self.group(name, via, oids, self.take(there, (yield from self.read_list(there, query))))
            return
        parameter = there.filters[via].parameter
        rest = yield from self.shared_lists(there, name, known, oids)
        lists = [self.read_list(there, ((parameter, str(oid.key)), *query)) for oid in rest]
        for oid, objects in zip(rest, (yield from gather(lists)), strict=True):
            found = self.take(there, objects, ParseContext(oid.key if oid.type == "Project" else None))
            for one in self.known.missing(found, via):
                self.known.add(one, {via: oid})
            # A server that ignores the filter sends all there are.
            self.known.add(oid, {name: tuple(one for one in found if oid in self.known.members(one, via))})

    def group(self, name: str, via: str, owners: Sequence[Oid], found: Sequence[Oid]) -> None:
        """Give each of *owners* those of *found* that refer to it by *via*, as its list *name*."""
        lists: dict[Oid, list[Oid]] = {oid: [] for oid in owners}
        for one in found:
            for owner in self.known.related_ids([one], via):
                if owner in lists:
                    lists[owner].append(one)
        for owner, members in lists.items():
            self.known.add(owner, {name: tuple(members)})
