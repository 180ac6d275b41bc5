"""Where inputs come from: addresses of data, by id or by alias."""

from __future__ import annotations

from .. import ids
from ..model import Key, Row
from ..workspace import Workspace

DATUM = "datum://"


def missing_input(space: Workspace, row: Row) -> str | None:
    """The first address among the inputs of an execution that names no datum of its project, or None.

    Addresses of other kinds lead out of the sandbox and are taken as they are.
    """
    for addresses in row["inputs"].values():
        for address in addresses:
            if address.startswith(DATUM) and datum_at(space, row["project"], address) is None:
                return str(address)
    return None


def datum_at(space: Workspace, project: Key, address: str) -> Key | None:
    """The datum that `datum://<id>` or `datum://<alias>` stands for in a project."""
    name = address.removeprefix(DATUM)
    key = ids.read(name)
    if key is not None:
        return key if space.store.get("datum", key) is not None else None
    for alias in space.store.pointing("datum_alias", "project", project):
        row = space.store.rows("datum_alias")[alias]
        if row["name"] == name and not row["deleted"]:
            found: Key | None = row["datum"]
            return found
    return None
