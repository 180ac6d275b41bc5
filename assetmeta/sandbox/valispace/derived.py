"""The values that are worked out when they are read: names, projects, counts of verification, and the like."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any
from urllib.parse import quote

from .catalogue import CONTENT_TYPES, KINDS
from .model import Row
from .workspace import Workspace

Derivation = Callable[[Workspace, int, Row], Any]

REQUIREMENTS = "requirements"
GROUPS = "requirements/groups"
REQUIREMENT_VMS = "requirements/requirement-vms"
COMPONENT_VMS = "requirements/component-vms"
STATUSES = "requirements/verification-statuses"
POINTS = "vali/functions/datasets/points"
VARIABLES = f"{POINTS}/variables"
PERMISSION = {"read": True, "write": True, "delete": True, "manage": True}


def project_of_specification(space: Workspace, specification: int | None) -> int | None:
    """The project of a specification."""
    row = space.row("requirements/specifications", specification)
    return row["project"] if row else None


def component_vms_of(space: Workspace, requirement: int) -> list[int]:
    """The component-vms of all verification methods of a requirement."""
    methods = space.store.pointing(REQUIREMENT_VMS, "requirement", requirement)
    return [vm for method in methods for vm in space.store.pointing(COMPONENT_VMS, "method", method)]


def verified_status(space: Workspace, status: int | None) -> bool:
    """Whether a status means that something is verified: the one of that name."""
    row = space.row(STATUSES, status)
    return row is not None and str(row["name"]).casefold() == "verified"


def verified_among(space: Workspace, component_vms: list[int]) -> int:
    """How many of some component-vms are verified."""
    rows = space.store.rows(COMPONENT_VMS)
    return sum(verified_status(space, rows[id]["status"]) for id in component_vms)


def verified(space: Workspace, requirement: int) -> bool | None:
    """Whether all items of a requirement are verified; None when there are none."""
    items = component_vms_of(space, requirement)
    return verified_among(space, items) == len(items) if items else None


def below(space: Workspace, endpoint: str, id: int, field: str = "parent") -> Iterator[int]:
    """An object of a tree and all below it."""
    front = [id]
    while front:
        yield (one := front.pop())
        front.extend(reversed(space.store.pointing(endpoint, field, one)))


def component_vms_below(space: Workspace, component: int) -> list[int]:
    """The component-vms of a component and of all below it."""
    store = space.store
    return [vm for id in below(space, "components", component) for vm in store.pointing(COMPONENT_VMS, "component", id)]


def linked_components(space: Workspace, requirement: int) -> list[int]:
    """The components that a requirement is verified on."""
    rows = space.store.rows(COMPONENT_VMS)
    return list(dict.fromkeys(rows[vm]["component"] for vm in component_vms_of(space, requirement)))


def linked_requirements(space: Workspace, component: int) -> list[int]:
    """The requirements that are verified on a component."""
    methods = space.store.rows(REQUIREMENT_VMS)
    vms = space.store.rows(COMPONENT_VMS)
    ids = space.store.pointing(COMPONENT_VMS, "component", component)
    return sorted({methods[vms[id]["method"]]["requirement"] for id in ids})


def group_requirements(space: Workspace, group: int) -> list[int]:
    """The requirements of a section and of all sections below it."""
    store = space.store
    return sorted(found for id in below(space, GROUPS, group) for found in store.pointing(REQUIREMENTS, "group", id))


def verification_method(space: Workspace, row: Row) -> int | None:
    """The kind of verification a component-vm belongs to."""
    method = space.row(REQUIREMENT_VMS, row["method"])
    return method["method"] if method else None


def alternatives(space: Workspace, id: int, row: Row) -> list[int]:
    """The children of an alternative container; what has a chosen alternative is one."""
    return space.store.pointing("components", "parent", id) if row["current_alternative"] is not None else []


def unique_name(space: Workspace, id: int, row: Row) -> str:
    """The full path, or the shortest unique one where the switch says so."""
    return space.names.shortest(id) if space.switches.shortest_names else space.names.path(id)


def vali_name(space: Workspace, id: int, row: Row) -> str:
    """The owner's unique name and the short name."""
    if space.switches.shortest_names:
        return f"{space.names.shortest(row['parent'])}.{row['shortname']}"
    return space.names.vali(row)


def project_name(space: Workspace, id: int, row: Row) -> str:
    """The name of the project of a vali."""
    project = space.row("project", space.names.project(row["parent"]))
    return str(project["name"]) if project else ""


def points(space: Workspace, dataset: int) -> list[Row]:
    """The points of a dataset, each with its variables."""
    rows = space.store.rows(POINTS)
    ids = space.store.pointing(POINTS, "dataset", dataset)
    return [{"id": id, "value": rows[id]["value"], "variables": variables(space, id)} for id in ids]


def variables(space: Workspace, point: int) -> list[Row]:
    """The variables of a point."""
    rows = space.store.rows(VARIABLES)
    return [
        {"id": id, "value_number": rows[id]["value_number"]} for id in space.store.pointing(VARIABLES, "point", point)
    ]


def function_data(space: Workspace, id: int) -> Row | None:
    """The latest dataset of a vali as a table; None for a vali that is none."""
    datasets = space.store.pointing("datasets", "vali", id)
    if not datasets:
        return None
    rows = [
        [point["value"], *(one["value_number"] for one in point["variables"])] for point in points(space, datasets[-1])
    ]
    return {"headers": list(space.store.rows("datasets")[datasets[-1]]["headers"]), "data": rows}


def custom_rows(space: Workspace, id: int) -> list[Row]:
    """The custom fields of a requirement."""
    rows = space.store.rows("data/custom-field-row")
    own = space.store.hanging("data/custom-field-row", "object_id", CONTENT_TYPES["requirement"], id)
    return [{"id": one, "custom_field": rows[one]["custom_field"], "value": rows[one]["value"]} for one in own]


def download_url(space: Workspace, id: int, row: Row) -> str | None:
    """Where the bytes are: for a link the link, for a reference nowhere."""
    if row["file_type"] == 2:
        return None if row["link"] is None else str(row["link"])
    if row["file_type"] == 3 or not space.store.pointing("files/versions", "file", id):
        return None
    return f"{space.switches.media_url}/files/{id}/{quote(row['name'] or 'file')}"


def current_version(space: Workspace, id: int) -> int | None:
    """The latest version of a file."""
    return next(iter(space.store.pointing("files/versions", "file", id)[-1:]), None)


def of_model(model: str) -> Derivation:
    """The content type of the object itself."""
    return lambda space, id, row: CONTENT_TYPES[model]


DERIVATIONS: dict[tuple[str, str], Derivation] = {
    ("valis", "name"): vali_name,
    ("valis", "path"): lambda space, id, row: space.names.path(row["parent"]),
    ("valis", "project"): lambda space, id, row: space.names.project(row["parent"]),
    ("valis", "project_name"): project_name,
    ("valis", "is_part_of_matrix"): lambda space, id, row: space.store.get("matrices", row["parent"]) is not None,
    ("valis", "is_part_of_linking_matrix"): lambda space, id, row: bool(
        (space.store.get("matrices", row["parent"]) or {}).get("referring_to")
    ),
    ("valis", "data_type"): lambda space, id, row: int(bool(space.store.pointing("datasets", "vali", id))),
    ("valis", "function_data"): lambda space, id, row: function_data(space, id),
    ("components", "unique_name"): unique_name,
    ("components", "linked_requirements"): lambda space, id, row: linked_requirements(space, id),
    ("components", "total_requirement_vms"): lambda space, id, row: len(component_vms_below(space, id)),
    ("components", "verified_requirement_vms"): lambda space, id, row: verified_among(
        space, component_vms_below(space, id)
    ),
    ("components", "verified"): lambda space, id, row: (
        0 < len(vms := component_vms_below(space, id)) == verified_among(space, vms)
    ),
    ("components", "is_alternative_container"): lambda space, id, row: row["current_alternative"] is not None,
    ("components", "alternatives"): alternatives,
    ("components", "contenttype"): of_model("component"),
    ("textvalis", "name"): lambda space, id, row: space.names.vali(row),
    ("textvalis", "project"): lambda space, id, row: space.names.project(row["parent"]),
    ("matrices", "unique_name"): unique_name,
    ("matrices", "project"): lambda space, id, row: space.names.project(id),
    ("datasets", "points"): lambda space, id, row: points(space, id),
    (POINTS, "variables"): lambda space, id, row: variables(space, id),
    (REQUIREMENTS, "project"): lambda space, id, row: project_of_specification(space, row["specification"]),
    (REQUIREMENTS, "verified"): lambda space, id, row: verified(space, id),
    (REQUIREMENTS, "verified_items"): lambda space, id, row: verified_among(space, component_vms_of(space, id)),
    (REQUIREMENTS, "total_items"): lambda space, id, row: len(component_vms_of(space, id)),
    (REQUIREMENTS, "verification_items"): lambda space, id, row: len(component_vms_of(space, id)),
    (REQUIREMENTS, "total_children"): lambda space, id, row: len(space.store.pointing(REQUIREMENTS, "parents", id)),
    (REQUIREMENTS, "verified_children"): lambda space, id, row: sum(
        verified(space, child) is True for child in space.store.pointing(REQUIREMENTS, "parents", id)
    ),
    (REQUIREMENTS, "custom_field_rows"): lambda space, id, row: custom_rows(space, id),
    (REQUIREMENTS, "linked_components"): lambda space, id, row: linked_components(space, id),
    (REQUIREMENTS, "contenttype"): of_model("requirement"),
    (REQUIREMENTS, "vpermission"): lambda space, id, row: dict(PERMISSION),
    ("requirements/specifications", "contenttype"): of_model("specification"),
    ("requirements/specifications", "vpermission"): lambda space, id, row: dict(PERMISSION),
    (GROUPS, "requirements"): lambda space, id, row: group_requirements(space, id),
    (GROUPS, "project"): lambda space, id, row: project_of_specification(space, row["specification"]),
    (GROUPS, "vpermission"): lambda space, id, row: dict(PERMISSION),
    (COMPONENT_VMS, "verification_method"): lambda space, id, row: verification_method(space, row),
    ("requirements/versions", "content_type"): of_model("requirement"),
    ("files", "download_url"): download_url,
    ("files", "current_version"): lambda space, id, row: current_version(space, id),
    ("files", "preview_ready"): lambda space, id, row: current_version(space, id) is not None,
}
"""How each derived field of each kind is worked out."""


def value_of(space: Workspace, endpoint: str, id: int, row: Row, name: str) -> Any:
    """The value of any readable field of an object."""
    if name == "id":
        return id
    field = KINDS[endpoint].by_name[name]
    if field.reverse is not None:
        return space.store.pointing(field.reverse[0], field.reverse[1], id)
    if not field.stored:
        return DERIVATIONS[endpoint, name](space, id, row)
    value = row.get(name)
    if name == "unit" and not value:
        return row.get("shown_unit") or ""
    if field.type == "many":
        return list(value or ())
    return deepcopy(value) if isinstance(value, (list, dict)) else value
