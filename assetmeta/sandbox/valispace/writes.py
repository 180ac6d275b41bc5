"""Creating and updating objects: values, rules of the kind, uniqueness, consequences."""

from __future__ import annotations

from assetmeta.sandbox.rest.refusals import Missing, Refused

from .model import Kind, Row
from .rules import rule_of
from .validation import validated
from .workspace import Workspace


def create(space: Workspace, kind: Kind, body: object) -> int:
    """Create an object from a body and return its id. Raises Refused."""
    given = validated(space.store, kind, body, partial=False)
    row = {**kind.blank(), **{name: value for name, value in given.items() if not kind.by_name[name].virtual}}
    rule = rule_of(kind, space, None, None)
    rule.before(row, given)
    _check_unique(space, kind, None, row)
    id = space.store.insert(kind.endpoint, row)
    rule.after(id, row, given)
    return id


def update(space: Workspace, kind: Kind, id: int, body: object, *, partial: bool = True) -> None:
    """Change an object by a body. Raises Missing and Refused."""
    old = space.store.get(kind.endpoint, id)
    if old is None:
        raise Missing(kind.title)
    given = validated(space.store, kind, body, partial=partial)
    row = {**old, **{name: value for name, value in given.items() if not kind.by_name[name].virtual}}
    rule = rule_of(kind, space, id, old)
    rule.before(row, given)
    _check_circles(space, kind, id, row)
    _check_unique(space, kind, id, row)
    space.store.put(kind.endpoint, id, row)
    rule.after(id, row, given)


def _check_circles(space: Workspace, kind: Kind, id: int, row: Row) -> None:
    """No object of a tree may come to be below itself. Raises Refused."""
    parent = kind.by_name.get("parent")
    if parent is None or kind.endpoint not in parent.targets:
        return
    above = row["parent"]
    while above is not None:
        if above == id:
            raise Refused.of("parent", f"A {kind.title} cannot be below itself.")
        above = (space.store.get(kind.endpoint, above) or {}).get("parent")


def _check_unique(space: Workspace, kind: Kind, id: int | None, row: Row) -> None:
    """Raises Refused when another object has the same values where they must differ."""
    for names in kind.unique:
        names, twins = _twins(space, kind, names, row)
        if any(twin != id for twin in twins):
            raise Refused.whole(f"The fields {', '.join(names)} must make a unique set.")
    for field in kind.fields:
        if field.unique:
            same = (
                twin for twin, other in space.store.rows(kind.endpoint).items() if other[field.name] == row[field.name]
            )
            if any(twin != id for twin in same):
                raise Refused.of(field.name, f"{kind.model} with this {field.name} already exists.")


def _twins(space: Workspace, kind: Kind, names: tuple[str, ...], row: Row) -> tuple[tuple[str, ...], list[int]]:
    """The fields that must differ, and the ids of the rows that have the same values in them.

    What has no parent is told apart within its project.
    """
    above, *others = names
    if row[above] is None:
        names = ("project", *others)
    rows = space.store.rows(kind.endpoint)
    near = space.store.pointing(kind.endpoint, names[0], row[names[0]])
    return names, [id for id in near if all(rows[id][name] == row[name] for name in (above, *others))]
