"""VersionOne keeps the contract: stories in epics, with goals."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal

from assetmeta import AssetState, V1Meta
from assetmeta.backends.versionone import VersionOne
from contract.dialect import Costs, Dialect, always, once


def paged(assets: int, size: int) -> int:
    """A page each; a result of several pages is counted."""
    return math.ceil(assets / size) + (assets > size)


STORY = Dialect(
    name="versionone",
    sandbox="versionone",
    kind=V1Meta,
    can=VersionOne().can,
    item="Story",
    own="Name",
    text="Reference",
    number="Estimate",
    numeric=Decimal,
    parent="Super",
    parent_type="Epic",
    root="Scope",
    root_type="Scope",
    members="Goals",
    member_type="Goal",
    label="Name",
    alias=lambda story: story.Number,
    no_alias="S-99999999",
    unset="Timebox",
    unasked="Description",
    lazy="Description",
    readonly="CreateDate",
    operation="Inactivate",
    refused=("Name", None),
    typed={
        "Name": str,
        "Estimate": Decimal,
        "CreateDate": datetime,
        "IsClosed": bool,
        "Order": int,
        "AssetState": AssetState,
    },
    questions=("/query.v1",),
    costs=Costs(
        walk=always(3),
        select=always(1),
        populate=always(3),
        peers=always(1),
        walk_members=always(3),
        select_members=always(1),
        pages=paged,
        creates=once,
        updates=once,
        deletes=once,
    ),
    new_root=lambda v1, name: v1.Scope.new(Name=name, Parent="Scope:0", BeginDate=date(2026, 1, 1)),
    new_parent=lambda v1, name, root: v1.Epic.new(Name=name, Scope=root),
    new_member=lambda v1, name, root: v1.Goal.new(Name=name, Scope="Scope:0"),
    new_item=lambda v1, name, parent, **values: v1.Story.new(Name=name, Scope="Scope:0", Super=parent, **values),
)
