"""Paths and full names (sections 2.2 and 2.3 of the protocol), and the objects that names in formulas mean."""

from __future__ import annotations

from collections.abc import Iterator

from .catalogue import CONTAINERS, KINDS
from .model import Row
from .store import Place, Store


class Names:
    """Names are worked out from the tree when they are asked for, and remembered until `forget`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._paths: dict[int, str] = {}
        self._projects: dict[int, int | None] = {}
        self._by_name: dict[str, list[int]] | None = None
        self._by_shortname: dict[str, list[int]] = {}
        self._shortest: dict[int, str] = {}

    def forget(self) -> None:
        """After a rename, a move or a deletion: work all names out anew when they are asked for."""
        self._paths.clear()
        self._projects.clear()
        self._by_name = None
        self._by_shortname.clear()
        self._shortest.clear()

    def grown(self) -> None:
        """After a new component or matrix: it may have the short name of another one."""
        self._shortest.clear()

    def container(self, id: int) -> Place | None:
        """Endpoint and id of what may own valis. The kinds of containers share their ids, so the id is enough."""
        return next(((endpoint, id) for endpoint in CONTAINERS if self._store.get(endpoint, id) is not None), None)

    def path(self, id: int | None) -> str:
        """The dotted path of a container from the top component down."""
        if id is None:
            return ""
        if id not in self._paths:
            self._paths[id] = self._path(id)
        return self._paths[id]

    def _path(self, id: int) -> str:
        place = self.container(id)
        if place is None:
            return ""
        row = self._store.get(*place) or {}
        own = str(row.get(KINDS[place[0]].display, row.get("name", "")))
        above = self.path(row.get("parent")) if place[0] in ("components", "matrices") else ""
        return f"{above}.{own}" if above else own

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
        if self._by_name is not None:
            self._by_name.setdefault(self.vali(row), []).append(id)
            self._by_shortname.setdefault(row["shortname"], []).append(id)

    def resolve(self, name: str, project: int | None) -> int | None:
        """The vali that a formula of a project means by a name.

        A full name of the project comes first, then the end of exactly one full name of it, then a full name that
        exactly one other project has.
        """
        full = self._named().get(name, [])
        own = [id for id in full if self.project(self._parent(id)) == project]
        if own:
            return own[0]
        ends = [id for id in self._by_shortname.get(name.rpartition(".")[2], ()) if self._ends(id, name, project)]
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
            return found
        candidates = self._by_shortname.get(name.rpartition(".")[2], ())
        return [id for id in candidates if self.fits(id, name)]

    def _named(self) -> dict[str, list[int]]:
        if self._by_name is None:
            self._by_name = {}
            for id in self._store.ids("valis"):
                self.added(id, self._store.rows("valis")[id])
        return self._by_name

    def _parent(self, id: int) -> int | None:
        return self._store.rows("valis")[id].get("parent")

    def _ends(self, id: int, name: str, project: int | None) -> bool:
        return self.project(self._parent(id)) == project and self.fits(id, name)


def endings(path: str) -> Iterator[str]:
    """The last part of a dotted path, the last two, and so on."""
    parts = path.split(".")
    return (".".join(parts[-count:]) for count in range(1, len(parts) + 1))
