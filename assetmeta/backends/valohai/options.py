"""What the dialect may assume of one server, and what it learns of it while it works."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import NamedTuple

from assetmeta.backends.rest import spec
from assetmeta.model.processes import renew_in_child
from assetmeta.model.values import Key, Oid

SURVEYS = ("full", "root", "none")
"""How much of the schema is checked at run time: the list of endpoints and OPTIONS of each; the list alone; nothing."""

_REMEMBERED = 50_000
"""Assets of which the whereabouts are kept."""


class Whereabouts(NamedTuple):
    """The project that an asset is in, and its number there where it has one."""

    project: Key
    counter: int | None = None


@dataclass(slots=True, weakref_slot=True, eq=False)
class ServerMemory:
    """What one connection has shown so far. It saves requests and never changes an answer.

    *places* are the whereabouts of assets, *numbered* the assets by type, project and number. *absent* are the keys
    that whole objects of an endpoint lack, *short* those that only rows of its lists lack. *created* are the real
    identities of assets that were created under a provisional one. *only_put* are the endpoints that do not know PATCH,
    *organizations* the ids of owners that are known to be no users.
    """

    places: dict[Oid, Whereabouts] = field(default_factory=dict)
    numbered: dict[tuple[str, Key, int], Oid] = field(default_factory=dict)
    absent: dict[str, set[str]] = field(default_factory=dict)
    short: dict[str, set[str]] = field(default_factory=dict)
    created: dict[Oid, Oid] = field(default_factory=dict)
    only_put: set[str] = field(default_factory=set)
    organizations: set[Key] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        renew_in_child(self)

    def after_fork(self) -> None:
        """Free the lock, which another thread may have held."""
        self.lock = threading.Lock()

    def met(self, oid: Oid, project: Key | None, counter: int | None = None) -> None:
        """Remember where an asset is, and its number there. The oldest are forgotten first."""
        before = self.places.get(oid)
        if project is None or (before is not None and before.project == project and counter in (None, before.counter)):
            return
        with self.lock:
            self._forget(oid)
            self.places[oid] = Whereabouts(project, counter)
            if counter is not None:
                self.numbered[oid.type, project, counter] = oid
            if len(self.places) > _REMEMBERED:
                self._forget(next(iter(self.places)))

    def _forget(self, oid: Oid) -> None:
        """Forget where an asset was, and its number there."""
        gone = self.places.pop(oid, None)
        if gone is not None and gone.counter is not None:
            self.numbered.pop((oid.type, gone.project, gone.counter), None)

    def is_absent(self, endpoint: str, key: str) -> bool:
        """True when whole objects of the endpoint are known to have no such key."""
        return key in self.absent.get(endpoint, ())

    def lacks(self, endpoint: str, key: str, *, whole: bool) -> None:
        """Remember that an object had no such key: a *whole* one, or a row of a list."""
        with self.lock:
            (self.absent if whole else self.short).setdefault(endpoint, set()).add(key)


@dataclass(frozen=True, slots=True)
class Settings:
    """*root* is the API's place below the URL of the session, which is *base*. *survey* says how much of the schema is
    checked at run time (see SURVEYS).

    Up to *few* assets are read one by one rather than by lists. *page_size* rows are asked for at a time where nobody
    wishes otherwise, *sweep* where a list is needed whole; *worth* rows more are taken to save one request. At most
    *max_keys* assets are named in one read, and *max_counters* in one request.
    """

    root: str = "api/v0"
    base: str = ""
    survey: str = "root"
    few: int = 4
    page_size: int = 1000
    sweep: int = 5000
    worth: int = 100
    max_keys: int = 5000
    max_counters: int = 100
    learned: ServerMemory = field(default_factory=ServerMemory, compare=False, repr=False)

    def place(self, *parts: object) -> str:
        """Return the path of an endpoint, an object or an action, with the slash that writes get lost without."""
        return "/".join([self.root, *(str(part).strip("/") for part in parts)]) + "/"

    def is_own(self, path: str) -> bool:
        """True for a path of the API."""
        return path.startswith(f"{self.root}/")


def bundled() -> spec.Api:
    """The description of the API, which is part of the package."""
    return spec.bundled(__package__)
