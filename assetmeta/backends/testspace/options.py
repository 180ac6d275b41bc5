"""What the dialect may assume of one server, and what it learns of it while it works."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from assetmeta.backends.rest import spec
from assetmeta.backends.rest.spec import Resource
from assetmeta.model.processes import renew_in_child
from assetmeta.model.values import Key, Oid

SURVEYS = ("none", "root")
"""How much is asked when the schema is read: nothing, or whether there is a link map at all."""

_REMEMBERED = 10_000
"""Spaces whose project is remembered."""


@dataclass(slots=True, weakref_slot=True, eq=False)
class ServerMemory:
    """What one connection has shown so far. It saves requests and never changes an answer.

    *projects* are the projects of spaces, which no path of a space names; *present* what objects of a type told of
    themselves, which is all that there is; *created* the real identities of assets that were created under a
    provisional one.
    """

    projects: dict[Key, Key] = field(default_factory=dict)
    present: dict[str, set[str]] = field(default_factory=dict)
    created: dict[Oid, Oid] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        renew_in_child(self)

    def after_fork(self) -> None:
        """Free the lock, which another thread may have held."""
        self.lock = threading.Lock()

    def met(self, space: Key, project: Key) -> None:
        """Remember the project of a space."""
        with self.lock:
            self.projects[space] = project
            if len(self.projects) > _REMEMBERED:
                del self.projects[next(iter(self.projects))]

    def saw(self, type_name: str, names: Iterable[str]) -> None:
        """Remember what an object told of itself."""
        with self.lock:
            self.present.setdefault(type_name, set()).update(names)

    def is_absent(self, type_name: str, name: str) -> bool:
        """True for what objects of a type were seen to lack, as those of older servers and of newer ones do."""
        present = self.present.get(type_name)
        return present is not None and name not in present

    def homes(self, spaces: Iterable[Key]) -> dict[Key | None, int]:
        """How many of *spaces* are known to be in which project; None counts those of which nobody knows."""
        counts: dict[Key | None, int] = {}
        with self.lock:
            for space in spaces:
                project = self.projects.get(space)
                counts[project] = counts.get(project, 0) + 1
        return counts


@dataclass(frozen=True, slots=True)
class Settings:
    """*root* is the API's place below the session's URL, which is *base*: links to the next page of a list have to
    stay at its origin. *survey* says what reading the schema asks for (see SURVEYS).

    Up to *few* assets are read one by one rather than by a list. *width* lists are read side by side. At most
    *max_keys* assets are named in one read.
    """

    root: str = "api"
    base: str = ""
    survey: str = "none"
    few: int = 2
    width: int = 8
    max_keys: int = 5000
    learned: ServerMemory = field(default_factory=ServerMemory, compare=False, repr=False)

    def place(self, *parts: str) -> str:
        """Return the path of what is at *parts* below the API; they are in their escaped form."""
        return "/".join((self.root, *parts))


def bundled() -> spec.Api:
    """The description of the API, which is part of the package."""
    return spec.bundled(__package__)


def resource_of(type_name: str) -> Resource:
    """The description of a type."""
    return bundled().types[type_name]
