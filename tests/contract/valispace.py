"""Valispace keeps the contract: valis in components, requirements in specifications, both with tags."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from assetmeta import ValispaceMeta
from assetmeta.backends.valispace import Valispace
from contract.dialect import Costs, Dialect, always, each


def listed(assets: int, size: int) -> int:
    """Lists are whole arrays: the page size only says in which portions they are handed out."""
    return 1


_BOTH: dict[str, Any] = {
    "sandbox": "valispace",
    "kind": ValispaceMeta,
    "can": Valispace().can,
    "root": "project",
    "root_type": "Project",
    "members": "tags",
    "member_type": "Tag",
    "label": "name",
    "no_text": "",
    "questions": ("/search/", "/o/token/"),
    "new_root": lambda vs, name: vs.Project.new(name=name),
    "new_member": lambda vs, name, root: vs.Tag.new(name=name),
    "cannot": {
        "show what was deleted": lambda vs, query: list(query.deleted()),
        "narrow related assets": lambda vs, query: list(query.select(query["tags"][vs.Tag.name == "x"])),
    },
}

VALI = Dialect(
    name="valispace-vali",
    item="Vali",
    own="shortname",
    text="reference",
    number="minimum",
    parent="parent",
    parent_type="Component",
    unset="type",
    lazy="reference",
    readonly="value",
    operation="convert_to_dataset",
    refused=("shortname", "1 a"),
    typed={"shortname": str, "minimum": float, "uses_default_formula": bool, "id": int},
    costs=Costs(
        # Sources show no search for valis and components: a list for each of the two roots.
        walk=always(4),
        select=always(4),
        # Of strangers one is read before each list, which shows its root.
        populate=always(7),
        peers=always(4),
        walk_members=always(2),
        select_members=always(2),
        pages=listed,
    ),
    new_parent=lambda vs, name, root: vs.Component.new(name=name, project=root),
    new_item=lambda vs, name, parent, **values: vs.Vali.new(shortname=name, parent=parent, **values),
    **_BOTH,
)

REQUIREMENT = Dialect(
    name="valispace-requirement",
    item="Requirement",
    own="identifier",
    text="title",
    number="position",
    parent="specification",
    parent_type="Specification",
    unset="group",
    lazy="image_64",
    left_out="image_64",
    json=("custom_values", {"a": 1}),
    readonly="created",
    operation="add_child",
    refused=("identifier", ""),
    typed={"identifier": str, "position": float, "created": datetime, "total_items": int},
    costs=Costs(
        walk=always(4),
        select=always(4),
        populate=always(7),
        # A list for each root, and one object read whole, which shows that none has it.
        peers=always(3),
        walk_members=always(2),
        select_members=always(2),
        pages=listed,
        creates=each,
        # Three and more go together.
        updates=lambda number: number if number < 3 else 1,
        deletes=each,
    ),
    new_parent=lambda vs, name, root: vs.Specification.new(name=name, project=root),
    new_item=lambda vs, name, parent, **values: vs.Requirement.new(identifier=name, specification=parent, **values),
    **_BOTH,
)
