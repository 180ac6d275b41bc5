"""Deleting: what goes with an object, and what is left of the references to it (section 9, item 5, of the protocol)."""

from __future__ import annotations

from assetmeta.sandbox.rest.refusals import Missing

from .catalogue import CONTAINERS, CONTENT_TYPES, KINDS, REFERENCES
from .model import Kind
from .store import Place
from .workspace import Workspace


def delete(space: Workspace, kind: Kind, id: int) -> None:
    """Delete an object with all that cannot be without it. Raises Missing.

    Optional references to what goes are set to null, lists lose it, formulas that use it are calculated anew.
    """
    if space.store.get(kind.endpoint, id) is None:
        raise Missing(kind.title)
    doomed = _doomed(space, (kind.endpoint, id))
    valis = {id for endpoint, id in doomed if endpoint == "valis"}
    changed = _affected(space, doomed) | space.calculator.using(valis)
    collectors = _collectors(space, doomed)
    for place in doomed:
        _detach(space, place, doomed)
    for endpoint, id in doomed:
        space.store.remove(endpoint, id)
    space.names.moved([id for endpoint, id in doomed if endpoint in CONTAINERS], valis)
    space.recalculate(changed - valis, collectors - valis)


def _doomed(space: Workspace, first: Place) -> dict[Place, None]:
    """The object and all that goes with it."""
    found = {first: None}
    front = [first]
    while front:
        endpoint, id = front.pop()
        for place in (*_dependent(space, endpoint, id), *_hanging(space, endpoint, id, "cascade")):
            if place not in found:
                found[place] = None
                front.append(place)
    return found


def _dependent(space: Workspace, endpoint: str, id: int) -> list[Place]:
    return [
        (reference.kind.endpoint, source)
        for reference in REFERENCES[endpoint]
        if reference.field.type == "one" and reference.field.deletion == "cascade"
        for source in space.store.pointing(reference.kind.endpoint, reference.field.name, id)
    ]


def _hanging(space: Workspace, endpoint: str, id: int, deletion: str) -> list[Place]:
    """What hangs on the object by a content type and an id."""
    own = CONTENT_TYPES[KINDS[endpoint].model]
    return [
        (kind.endpoint, source)
        for kind in KINDS.values()
        for field in kind.generic
        if field.deletion == deletion
        for source in space.store.hanging(kind.endpoint, field.name, own, id)
    ]


def _affected(space: Workspace, doomed: dict[Place, None]) -> set[int]:
    """The valis whose datasets go."""
    datasets = [id for endpoint, id in doomed if endpoint == "datasets"]
    points = [
        space.store.rows("vali/functions/datasets/points")[id]["dataset"]
        for endpoint, id in doomed
        if endpoint == "vali/functions/datasets/points"
    ]
    return {space.store.rows("datasets")[id]["vali"] for id in [*datasets, *points]}


def _collectors(space: Workspace, doomed: dict[Place, None]) -> set[int]:
    """The valis that look at child components which lose something."""
    components = space.store.rows("components")
    owners = {space.store.rows("valis")[id]["parent"] for endpoint, id in doomed if endpoint == "valis"}
    owners |= {id for endpoint, id in doomed if endpoint == "components"}
    return space.calculator.collectors({components[owner]["parent"] for owner in owners if owner in components})


def _detach(space: Workspace, place: Place, doomed: dict[Place, None]) -> None:
    """Take the object out of all fields that stay."""
    endpoint, id = place
    for reference in REFERENCES[endpoint]:
        name, source_endpoint = reference.field.name, reference.kind.endpoint
        if name == "valis_used":
            continue
        for source in space.store.pointing(source_endpoint, name, id):
            if (source_endpoint, source) not in doomed:
                old = space.store.rows(source_endpoint)[source][name]
                rest = [one for one in old if one != id] if reference.field.type == "many" else None
                space.store.put(source_endpoint, source, {name: rest})
    for source_endpoint, source in _hanging(space, endpoint, id, "null"):
        for field in KINDS[source_endpoint].generic:
            space.store.put(source_endpoint, source, {field.name: None, field.kind_field or "": None})
    if endpoint == "valis":
        _empty_cell(space, id)


def _empty_cell(space: Workspace, id: int) -> None:
    """The cell of a matrix whose vali goes is empty."""
    matrix = space.store.rows("valis")[id]["parent"]
    row = space.store.get("matrices", matrix)
    if row is not None:
        cells = [[None if cell == id else cell for cell in line] for line in row["cells"]]
        space.store.put("matrices", matrix, {"cells": cells})
