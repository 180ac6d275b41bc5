"""What a dialect may assume about one server, and what it remembers of it."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple, TypeVar

from assetmeta.model.errors import BadValue
from assetmeta.model.processes import renew_in_child
from assetmeta.model.values import Key, Oid

_REMEMBERED = 50_000
"""Assets whose project is remembered, and as many that were created, beside those of the write under way."""

_PROJECTS = 1_000
"""Projects that are remembered, the latest; far fewer are looked through."""


_DIGITS = 19

K = TypeVar("K")
V = TypeVar("V")


class ProjectLocation(NamedTuple):
    """The project that an asset is in, and its number there where it has one."""

    project: Key
    counter: int | None = None


@dataclass(slots=True, weakref_slot=True, eq=False)
class ServerMemory:
    """What one connection has received so far. It saves requests and never changes an answer.

    *places* are the projects of assets, *numbered* the assets by type, project and number, *projects* the projects seen
    so far, the latest last. *present* are the keys of objects of a type, *absent* the keys that whole objects do not
    have, *short* those that only rows of lists do not have. *created* are the real identities of assets that were
    created under a provisional one, *forgotten* is the number up to which such were dropped. *only_put* are the types
    that are not written by PATCH, *organizations* the ids of owners that are known to be no users.
    """

    places: dict[Oid, ProjectLocation] = field(default_factory=dict)
    numbered: dict[tuple[str, Key, int], Oid] = field(default_factory=dict)
    projects: dict[Key, None] = field(default_factory=dict)
    present: dict[str, set[str]] = field(default_factory=dict)
    absent: dict[str, set[str]] = field(default_factory=dict)
    short: dict[str, set[str]] = field(default_factory=dict)
    created: dict[Oid, Oid] = field(default_factory=dict)
    only_put: set[str] = field(default_factory=set)
    organizations: dict[Key, None] = field(default_factory=dict)
    forgotten: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        renew_in_child(self)

    def after_fork(self) -> None:
        """Free the lock, which another thread may own."""
        self.lock = threading.Lock()

    def remember(self, oid: Oid, project: Key | None, counter: int | None = None) -> None:
        """Remember the project of an asset, and its number there. The oldest are forgotten first."""
        before = self.places.get(oid)
        if project is None or (before is not None and before.project == project and counter in (None, before.counter)):
            return
        with self.lock:
            self._forget(oid)
            self.places[oid] = ProjectLocation(project, counter)
            if counter is not None:
                self.numbered[oid.type, project, counter] = oid
            if len(self.places) > _REMEMBERED:
                self._forget(next(iter(self.places)))

    def _forget(self, oid: Oid) -> None:
        gone = self.places.pop(oid, None)
        if gone is not None and gone.counter is not None:
            self.numbered.pop((oid.type, gone.project, gone.counter), None)

    def remember_project(self, project: Key | None) -> None:
        """Remember that something of a project was read."""
        if project is not None and next(reversed(self.projects), None) != project:
            with self.lock:
                self.projects.pop(project, None)
                self.projects[project] = None
                _trim(self.projects, _PROJECTS)

    def remember_organization(self, key: Key) -> None:
        """Remember that an owner is no user."""
        if key not in self.organizations:
            with self.lock:
                self.organizations[key] = None
                _trim(self.organizations, _REMEMBERED)

    def remember_created(self, provisional: Oid, oid: Oid) -> None:
        """Remember the real identity of an asset that was created."""
        with self.lock:
            self.created[provisional] = oid

    def begin_write(self) -> None:
        """Drop the oldest of what earlier writes created. Those of one write are kept: its changes name each other."""
        with self.lock:
            dropped = _trim(self.created, _REMEMBERED)
            self.forgotten = max([self.forgotten, *map(_number, dropped)])

    def real_oid(self, oid: Oid) -> Oid | None:
        """The real identity of an asset that was created under *oid*; None for one that was not. Raises BadValue for
        one that was dropped since.
        """
        found = self.created.get(oid)
        if found is None and oid.is_new and 0 < _number(oid) <= self.forgotten:
            raise BadValue(f"What was created as {oid.key} is not remembered any more; name it by its id.")
        return found

    def recent_projects(self) -> list[Key]:
        """The projects seen so far, the latest first."""
        with self.lock:
            return list(reversed(self.projects))

    def projects_of(self, oids: Iterable[Oid]) -> dict[Key | None, int]:
        """How many of *oids* are known to be in which project; None counts those whose project is not known."""
        counts: dict[Key | None, int] = {}
        for oid in oids:
            place = self.places.get(oid)
            project = place.project if place else None
            counts[project] = counts.get(project, 0) + 1
        return counts

    def remember_keys(self, type_name: str, keys: Iterable[str]) -> None:
        """Remember the keys of an object."""
        known = self.present.get(type_name)
        if known is None or not known.issuperset(keys):
            with self.lock:
                self.present.setdefault(type_name, set()).update(keys)

    def is_unseen(self, type_name: str, key: str) -> bool:
        """True when objects of the type were read, and none of them had the key."""
        present = self.present.get(type_name)
        return present is not None and key not in present

    def remember_missing(self, type_name: str, key: str, *, whole: bool = True) -> None:
        """Remember that an object did not have a key: a *whole* one, or a row of a list."""
        with self.lock:
            (self.absent if whole else self.short).setdefault(type_name, set()).add(key)

    def is_absent(self, type_name: str, key: str) -> bool:
        """True when whole objects of the type are known not to have the key."""
        return key in self.absent.get(type_name, ())


def _trim(found: dict[K, V], most: int) -> list[K]:
    """Drop the oldest entries beyond *most*, and return their keys."""
    dropped = list(islice(found, max(len(found) - most, 0)))
    for key in dropped:
        del found[key]
    return dropped


def _number(provisional: Oid) -> int:
    """The number of a provisional identity: they count up."""
    number = str(provisional.key).rpartition("-")[2]
    return int(number) if number.isascii() and number.isdecimal() and len(number) < _DIGITS else 0


@dataclass(frozen=True, slots=True)
class Options:
    """The options of all REST dialects. *root* is the API's path below the URL of the session, which is *base*.
    *survey* is how much of the schema is read from the server (see assetmeta.backends.rest.discovery).

    Up to *few* assets are read one by one rather than by lists. At most *max_keys* assets are named in one read.
    """

    root: str = ""
    base: str = ""
    survey: str = "root"
    few: int = 4
    max_keys: int = 5000
    memory: ServerMemory = field(default_factory=ServerMemory, compare=False, repr=False)

    def endpoint_path(self, *parts: object) -> str:
        """Return the path of what is at *parts* below the API, with a slash at the end: without it writes are lost."""
        return "/".join([self.root, *(str(part).strip("/") for part in parts)]) + "/"

    def is_own(self, path: str) -> bool:
        """True for a path of the API."""
        return path.startswith(f"{self.root}/")
