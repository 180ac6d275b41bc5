"""From the texts of a path to rows. Where a text is both an id and a name, the id counts."""

from __future__ import annotations

from dataclasses import dataclass

from .call import Call
from .refusals import not_found
from .rights import READ, require
from .store import Row, Store, as_number


@dataclass(frozen=True)
class Place:
    """A space within its project, and the path by which it was addressed, in ids."""

    project: Row
    space: Row
    path: str


def project_of(store: Store, call: Call, wanted: int = READ) -> Row:
    """The project of the path. Raises Refusal: 404 where there is none to be seen, 403 without the *wanted* right."""
    project = by_id_or_name(store, "project", call.target.project or "", "1", ())
    require(store, call.user, project, wanted)
    return project


def place_of(store: Store, call: Call, wanted: int = READ) -> Place:
    """The space of the path, flat or below its project. Raises Refusal like `project_of`."""
    target = call.target
    if target.project is None:
        return require_space(store, call, as_number(target.space or ""), wanted)
    project = project_of(store, call)
    space = by_id_or_name(store, "space", target.space or "", "project_id = ?", (project["id"],))
    require(store, call.user, project, wanted)
    return Place(project, space, f"projects/{project['id']}/spaces/{space['id']}")


def require_space(store: Store, call: Call, number: int | None, wanted: int = READ) -> Place:
    """The space with an id, in its flat form. Raises Refusal like `project_of`."""
    space = None if number is None else store.one("SELECT * FROM space WHERE id = ?", number)
    project = None if space is None else store.one("SELECT * FROM project WHERE id = ?", space["project_id"])
    if space is None or project is None:
        raise not_found()
    require(store, call.user, project, wanted)
    return Place(project, space, f"spaces/{space['id']}")


def result_of(store: Store, call: Call, place: Place) -> Row:
    """The result of the path, by id or name."""
    return by_id_or_name(store, "result", call.target.item, "space_id = ?", (place.space["id"],))


def metric_of(store: Store, call: Call, place: Place) -> Row:
    """The metric of the path, by id only: names of metrics are not resolved."""
    number = as_number(call.target.item)
    sql = "SELECT * FROM metric WHERE space_id = ? AND id = ?"
    found = None if number is None else store.one(sql, place.space["id"], number)
    if found is None:
        raise not_found()
    return found


def user_of(store: Store, text: str) -> Row:
    """A user, by id or user name."""
    return by_id_or_name(store, "user", text, "1", (), name="username")


def by_id_or_name(
    store: Store, table: str, text: str, condition: str, values: tuple[object, ...], *, name: str = "name"
) -> Row:
    """The row with this id, else the one with this name. Raises Refusal (404) where there is neither."""
    sql = f"SELECT * FROM {table} WHERE {condition} AND"
    number = as_number(text)
    found = store.one(f"{sql} id = ?", *values, number) if number is not None else None
    found = found or store.one(f"{sql} {name} = ?", *values, text)
    if found is None:
        raise not_found()
    return found
