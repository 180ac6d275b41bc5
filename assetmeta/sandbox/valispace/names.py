"""Paths and full names (sections 2.2 and 2.3 of the protocol), and the objects that names in formulas mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from .catalogue import CONTAINERS, KINDS
from .model import Row
from .store import Place, Store


class Names:
    """Names are worked out from the tree when they are asked for, and remembered until `forget`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._paths: dict[int, str] = {}
        self._projects: dict[int, int | None] = {}
        self._by_name: dict[str, dict[int, None]] | None = None
        self._by_ending: dict[str, dict[int, None]] = {}
        self._indexed: dict[int, str] = {}
        self._shortest: dict[int, str] = {}
        self.touched = False

    def forget(self) -> None:
        """Work all names out anew when they are asked for."""
        self.touched = True
        self._paths.clear()
        self._projects.clear()
        self._by_name = None
        self._by_ending.clear()
        self._indexed.clear()
        self._shortest.clear()

    def moved(self, containers: Iterable[int], valis: Iterable[int]) -> None:
        """After a rename, a move or a deletion: these containers, and the valis in them, have other names or none."""
        self.touched = True
        self._shortest.clear()
        for id in containers:
            self._paths.pop(id, None)
            self._projects.pop(id, None)
        for id in valis if self._by_name is not None else ():
            self._removed(id)
            row = self._store.get("valis", id)
            if row is not None:
                self.added(id, row)

    def _removed(self, id: int) -> None:
        name = self._indexed.pop(id, None)
        if name is not None and self._by_name is not None:
            self._by_name[name].pop(id)
            for end in endings(name, 2):
                self._by_ending[end].pop(id)

    def grown(self) -> None:
        """After a new component or matrix: it may have the short name of another one."""
        self.touched = True
        self._shortest.clear()

    def container(self, id: int) -> Place | None:
        """Endpoint and id of what may own valis. The kinds of containers share their ids, so the id is enough."""
        return next(((endpoint, id) for endpoint in CONTAINERS if self._store.get(endpoint, id) is not None), None)

    def path(self, id: int | None) -> str:
        """The dotted path of a container from the top component down."""
        unknown: list[tuple[int, str]] = []
        while id is not None and id not in self._paths:
            own, above = self._own(id)
            unknown.append((id, own))
            id = above
        path = "" if id is None else self._paths[id]
        for below, own in reversed(unknown):
            path = self._paths[below] = f"{path}.{own}" if path else own
        return path

    def _own(self, id: int) -> tuple[str, int | None]:
        """The own name of a container and the one above it."""
        place = self.container(id)
        if place is None:
            return "", None
        row = self._store.get(*place) or {}
        own = str(row.get(KINDS[place[0]].display, row.get("name", "")))
        return own, row.get("parent") if place[0] in ("components", "matrices") else None

    def project(self, id: int | None) -> int | None:
        """The project of a container."""
        if id is None:
            return None
        if id not in self._projects:
            self._projects[id] = self._project(id)
        return self._projects[id]

    def _project(self, id: int) -> int | None:
        place = self.container(id)
        if place is None:
            return None
        row = self._store.get(*place) or {}
        if place[0] == "matrices":
            return self.project(row["parent"])
        if place[0] == "requirements":
            specification = self._store.get("requirements/specifications", row["specification"]) or {}
            return specification.get("project")
        found = row.get("project")
        return found if isinstance(found, int) else None

    def vali(self, row: Row) -> str:
        """The full name of a vali."""
        path = self.path(row["parent"])
        return f"{path}.{row['shortname']}" if path else str(row["shortname"])

    def shortest(self, id: int) -> str:
        """The shortest dotted name of a component or matrix that no other one of its kind and project ends with."""
        if not self._shortest:
            self._shortest.update(self._all_shortest())
        return self._shortest.get(id, self.path(id))

    def _all_shortest(self) -> Iterator[tuple[int, str]]:
        ends: dict[tuple[str, int | None, str], int] = {}
        places = [(endpoint, id) for endpoint in ("components", "matrices") for id in self._store.ids(endpoint)]
        for endpoint, id in places:
            for end in endings(self.path(id)):
                place = (endpoint, self.project(id), end)
                ends[place] = ends.get(place, 0) + 1
        for endpoint, id in places:
            for end in endings(self.path(id)):
                if ends[endpoint, self.project(id), end] == 1 or end == self.path(id):
                    yield id, end
                    break

    def added(self, id: int, row: Row) -> None:
        """A new vali."""
        self.touched = True
        self._add(id, row)

    def _add(self, id: int, row: Row) -> None:
        if self._by_name is not None:
            name = self._indexed[id] = self.vali(row)
            self._by_name.setdefault(name, {})[id] = None
            for end in endings(name, 2):
                self._by_ending.setdefault(end, {})[id] = None

    def resolve(self, name: str, project: int | None) -> int | None:
        """The vali that a formula of a project means by a name.

        A full name of the project comes first, then the end of exactly one full name of it, then a full name that
        exactly one other project has.
        """
        full = sorted(self._named().get(name, ()))
        own = [id for id in full if self.project(self._parent(id)) == project]
        if own:
            return own[0]
        ends = list(islice((id for id in self._like(name) if self._ends(id, name, project)), 2))
        if len(ends) == 1:
            return ends[0]
        return full[0] if len(full) == 1 else None

    def fits(self, id: int, name: str) -> bool:
        """Whether a vali is there and its full name is, or ends with, *name*."""
        row = self._store.get("valis", id)
        return row is not None and f".{self.vali(row)}".endswith(f".{name}")

    def search(self, name: str) -> list[int]:
        """All valis of a full name, or if there are none, those whose names end with it."""
        found = self._named().get(name)
        if found:
            return sorted(found)
        return [id for id in sorted(self._like(name)) if self.fits(id, name)]

    def _like(self, name: str) -> Iterable[int]:
        """The valis whose names have the same last two parts as *name*, or its only one."""
        return self._by_ending.get(".".join(name.split(".")[-2:]), ())

    def _named(self) -> dict[str, dict[int, None]]:
        if self._by_name is None:
            self._by_name = {}
            for id, row in self._store.rows("valis").items():
                self._add(id, row)
        return self._by_name

    def _parent(self, id: int) -> int | None:
        return self._store.rows("valis")[id].get("parent")

    def _ends(self, id: int, name: str, project: int | None) -> bool:
        return self.project(self._parent(id)) == project and self.fits(id, name)


def endings(path: str, most: int | None = None) -> Iterator[str]:
    """The last part of a dotted path, the last two, and so on, up to *most* or the whole path."""
    parts = path.split(".")
    longest = len(parts) if most is None else min(most, len(parts))
    return (".".join(parts[-count:]) for count in range(1, longest + 1))
