"""What the dialect may assume of one server, and what it learns of it while it works."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from assetmeta.backends.rest import spec
from assetmeta.model.processes import renew_in_child
from assetmeta.model.values import Key, Oid

SURVEYS = ("full", "root", "none")
"""How much of the schema is asked for: OPTIONS of every endpoint; the list of endpoints alone; nothing at all."""


@dataclass(slots=True, weakref_slot=True, eq=False)
class ServerMemory:
    """What one connection has shown so far. It saves requests and never changes an answer.

    *searches* tells which endpoints have a search (tried once each), *projects* are those met so far, latest first,
    *present* and *absent* the keys that objects of an endpoint have and lack, *created* the real identities of assets
    that were created under a provisional one.
    """

    searches: dict[str, bool] = field(default_factory=dict)
    projects: dict[Key, None] = field(default_factory=dict)
    present: dict[str, set[str]] = field(default_factory=dict)
    absent: dict[str, set[str]] = field(default_factory=dict)
    created: dict[Oid, Oid] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        renew_in_child(self)

    def after_fork(self) -> None:
        """Free the lock, which another thread may have held."""
        self.lock = threading.Lock()

    def met(self, endpoint: str, keys: set[str], project: Key | None) -> None:
        """Remember the keys of an object, and the project that it is in."""
        with self.lock:
            self.present.setdefault(endpoint, set()).update(keys)
            if project is not None and next(reversed(self.projects), None) != project:
                self.projects.pop(project, None)
                self.projects[project] = None

    def recent_projects(self) -> list[Key]:
        """The projects met so far, latest first."""
        with self.lock:
            return list(reversed(self.projects))

    def is_absent(self, endpoint: str, key: str) -> bool:
        """True when objects of the endpoint are known to have no such key."""
        return key in self.absent.get(endpoint, ())

    def lacks(self, endpoint: str, key: str) -> None:
        """Remember that a whole object had no such key."""
        with self.lock:
            self.absent.setdefault(endpoint, set()).add(key)


@dataclass(frozen=True, slots=True)
class Settings:
    """*root* is the API's place below the URL of the session, which is *base*, and *media* that of files. *survey* says
    how much of the schema is asked for (see SURVEYS).

    Up to *few* assets are read one by one rather than by lists. *fresh_lists* reads a list relation anew before it is
    written, since a write replaces the whole list. At most *max_keys* assets are named in one read.
    """

    root: str = "rest"
    media: str = "media"
    base: str = ""
    survey: str = "full"
    few: int = 4
    fresh_lists: bool = False
    max_keys: int = 5000
    learned: ServerMemory = field(default_factory=ServerMemory, compare=False, repr=False)

    def place(self, *parts: object) -> str:
        """Return the path of an endpoint, an object or an action, with the slash that writes get lost without."""
        return "/".join([self.root, *(str(part).strip("/") for part in parts)]) + "/"

    def is_own(self, path: str) -> bool:
        """True for a path of the deployment: below its API, or one of its files."""
        return path.startswith((f"{self.root}/", f"{self.media}/"))


def bundled() -> spec.Api:
    """The description of the API, which is part of the package."""
    return spec.bundled(__package__)
