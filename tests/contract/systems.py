"""The dialects that keep the contract: who plays which part on a server, what it cannot do, what it promises to cost.

Every server shows the same small scene. *Items* each have a parent, the parents a root, and some members:

    item ─parent→ parent ─root→ root
    item ─members→ member, member ...
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

from assetmeta import AssetState, Session, V1Meta, ValispaceMeta
from assetmeta.backends.valispace import Valispace
from assetmeta.backends.versionone import VersionOne
from assetmeta.model.contract import Can
from assetmeta.sandbox import Server

NUMBERS = count(1)


@dataclass(frozen=True)
class Costs:
    """Requests that reading and writing take, whatever the number of assets unless it is given.

    *walk* reads all items, their parents and the roots one after the other, *select* the same asked for beforehand.
    *populate* does so for items of which only the identity is known, *peers* reads one attribute that they lack.
    *walk_members* and *select_members* read all items and their members. *pages* takes the number of items and the page
    size. *creates*, *updates* and *deletes* take the number of assets in one commit.
    """

    walk: int
    select: int
    populate: int
    peers: int
    walk_members: int
    select_members: int
    pages: Callable[[int, int], int]
    creates: Callable[[int], int]
    updates: Callable[[int], int]
    deletes: Callable[[int], int]


@dataclass(frozen=True)
class Dialect:
    """One dialect, and the parts that its types and attributes play.

    *own* is an attribute that every item must have, *text* and *number* may be left out. *label* names parents, roots
    and members. *unset* is a single relation that new items do not have, *unasked* an attribute that a query without a
    selection does not load (None where it loads all), *lazy* one that a query of *own* alone does not bring,
    *left_out* one that the schema has and answers do not.
    *refused* is a value that only the server turns down. *no_text* is what a text that is not set reads as.
    *questions* are requests that read though their method writes. *cannot* are things that no capability tells about.
    """

    name: str
    sandbox: str
    kind: type[Session]
    can: Can
    item: str
    own: str
    text: str
    number: str
    numeric: type
    parent: str
    parent_type: str
    root: str
    root_type: str
    members: str
    member_type: str
    label: str
    unset: str
    unasked: str | None
    lazy: str
    left_out: str | None
    readonly: str
    operation: str
    refused: tuple[str, object]
    no_text: str | None
    typed: Mapping[str, type]
    questions: tuple[str, ...]
    costs: Costs
    new_root: Callable[[Session, str], Any]
    new_parent: Callable[[Session, str, Any], Any]
    new_member: Callable[[Session, str, Any], Any]
    new_item: Callable[..., Any]
    cannot: Mapping[str, Callable[[Any, Any], Any]] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name

    def open(self, server: Server, shelf: Path | None = None, **options: Any) -> Any:
        """A session of its own, logged in by token, so that no login mixes with what is counted."""
        return self.kind(**{**server.token_credentials, "schema_cache": shelf, **options})

    def writes(self, server: Server) -> list[str]:
        """The requests so far that could have changed something."""
        asked = [entry for entry in server.requests if entry.method not in ("GET", "OPTIONS", "HEAD")]
        return [entry.path for entry in asked if not any(part in entry.path for part in self.questions)]

    def items(self, session: Any, number: int = 1, **values: Any) -> list[Any]:
        """That many items with a parent of their own, committed."""
        root = self.new_root(session, self.fresh("Root"))
        parents = [self.new_parent(session, self.fresh("Parent"), root) for _ in range(number)]
        made = [self.new_item(session, self.fresh("Item"), parent, **values) for parent in parents]
        session.commit().raise_if_failed()
        return made

    @staticmethod
    def fresh(word: str) -> str:
        """A name that no asset has yet."""
        return f"{word}_{next(NUMBERS)}"


def _paged(assets: int, size: int) -> int:
    # A result of several pages is counted.
    return math.ceil(assets / size) + (assets > size)


def _one(number: int) -> int:
    return min(number, 1)


def _each(number: int) -> int:
    return number


VERSIONONE = Dialect(
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
    unset="Timebox",
    unasked="Description",
    lazy="Description",
    left_out=None,
    readonly="CreateDate",
    operation="Inactivate",
    refused=("Name", None),
    no_text=None,
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
        walk=3,
        select=1,
        populate=3,
        peers=1,
        walk_members=3,
        select_members=1,
        pages=_paged,
        creates=_one,
        updates=_one,
        deletes=_one,
    ),
    new_root=lambda v1, name: v1.Scope.new(Name=name, Parent="Scope:0", BeginDate=date(2026, 1, 1)),
    new_parent=lambda v1, name, root: v1.Epic.new(Name=name, Scope=root),
    new_member=lambda v1, name, root: v1.Goal.new(Name=name, Scope="Scope:0"),
    new_item=lambda v1, name, parent, **values: v1.Story.new(Name=name, Scope="Scope:0", Super=parent, **values),
)


def _listed(assets: int, size: int) -> int:
    # Lists are whole arrays: the page size only says in which portions they are handed out.
    return 1


_VALISPACE: dict[str, Any] = {
    "sandbox": "valispace",
    "kind": ValispaceMeta,
    "can": Valispace().can,
    "root": "project",
    "root_type": "Project",
    "members": "tags",
    "member_type": "Tag",
    "label": "name",
    "unasked": None,
    "numeric": float,
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
    left_out=None,
    readonly="value",
    operation="convert_to_dataset",
    refused=("shortname", "1 a"),
    typed={"shortname": str, "minimum": float, "uses_default_formula": bool, "id": int},
    costs=Costs(
        walk=3,
        select=3,
        populate=3,
        peers=1,
        walk_members=2,
        select_members=2,
        pages=_listed,
        creates=_each,
        updates=_each,
        deletes=_each,
    ),
    new_parent=lambda vs, name, root: vs.Component.new(name=name, project=root),
    new_item=lambda vs, name, parent, **values: vs.Vali.new(shortname=name, parent=parent, **values),
    **_VALISPACE,
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
    readonly="created",
    operation="add_child",
    refused=("identifier", ""),
    typed={"identifier": str, "position": float, "created": datetime, "total_items": int},
    costs=Costs(
        # Specifications have no search, which is tried once, and then a list for each of the two roots.
        walk=5,
        select=5,
        populate=5,
        # A search, and one object read whole, which shows that none has it.
        peers=2,
        walk_members=2,
        select_members=2,
        pages=_listed,
        creates=_each,
        # Three and more go together.
        updates=lambda number: number if number < 3 else 1,
        deletes=_each,
    ),
    new_parent=lambda vs, name, root: vs.Specification.new(name=name, project=root),
    new_item=lambda vs, name, parent, **values: vs.Requirement.new(identifier=name, specification=parent, **values),
    **_VALISPACE,
)

DIALECTS: Sequence[Dialect] = (VERSIONONE, VALI, REQUIREMENT)
