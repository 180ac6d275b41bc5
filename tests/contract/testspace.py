"""Testspace keeps the contract: spaces in projects, with results; metrics in spaces in projects.

There is no list of all spaces: each project lists its own (and each space its metrics). So a query over all of them
takes a request for each parent, and stops early where a window is full.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

from assetmeta import TestspaceMeta, inspect
from assetmeta.backends.testspace import Testspace
from contract.dialect import Costs, Dialect, deletes
from contract.scene import ITEMS

PARENTS = 4
ROOTS = 2
PAGE = 4
"""Items of a page, where it is not the usual one."""
STANDARD = ("Test Suites", "Test Cases", "Test Failures", "Health")
"""The metrics that every space is born with."""


def parents(items: int) -> int:
    """How many parents the first so many items have, as they are listed."""
    return math.ceil(items / (ITEMS / PARENTS))


def roots(items: int) -> int:
    """How many roots they have."""
    return math.ceil(items / (ITEMS / ROOTS))


def through_projects(items: int) -> int:
    """The list of projects, and the lists of the first of them until so many spaces have come."""
    return 1 + parents(items)


def pages(items: int, size: int) -> int:
    """The pages of the lists of the first parents until so many items have come."""
    whole, rest = divmod(items, ITEMS // PARENTS)
    return whole * math.ceil(ITEMS / PARENTS / size) + math.ceil(rest / size)


def through_spaces(items: int, size: int = 30) -> int:
    """The list of projects, their lists of spaces, and the lists of these until so many of what they hold have come."""
    return 1 + roots(items) + pages(items, size)


def place(row: Any) -> int:
    """The number of a row's parent, in the order in which they were made."""
    return int(row.parent_label.partition("_")[2])


def named(assets: int) -> int:
    """One or two are asked for one by one; more by the list of all of them."""
    return assets if assets <= 2 else 1


def unknown_spaces(items: int) -> int:
    """A path names no project: a space of each is asked for, which tells it, and then its list; then the projects."""
    return 2 * parents(items) + named(parents(items))


def unknown_below(items: int, size: int = 30) -> int:
    """The list of each space; then the spaces: two are asked for, of four the first, its project's list, and the two
    of the other project; then the two projects.
    """
    return pages(items, size) + {2: 2, 4: 4}[parents(items)] + named(roots(items))


_ALL: dict[str, Any] = {
    "sandbox": "testspace",
    "kind": TestspaceMeta,
    "can": Testspace().can,
    "own": "name",
    "label": "name",
    "numeric": int,
    "parents": PARENTS,
    "readonly": "created_at",
    "refused": ("name", ""),
    "status": 422,
    "bundled": True,
    "brought": True,
    "broken": True,
}


_NEVER: dict[str, Callable[[Any, Any], Any]] = {
    "create a user": lambda ts, query: ts.User.create(),
    "create a file": lambda ts, query: ts.File.create(),
    "create content": lambda ts, query: ts.Content.create(),
    "create a failure": lambda ts, query: ts.Failure.create(),
    "create data of a metric": lambda ts, query: ts.MetricDataset.create(),
    "delete a user": deletes("User", 1),
    "delete a file": deletes("File", 1),
    "delete a failure": deletes("Failure", "1/2/suite"),
    "delete data of a metric": deletes("MetricDataset", "1/2/3"),
    "list all files": lambda ts, query: list(ts.File),
    "upload a file": lambda ts, query: inspect(ts.File(1)).upload(b"x"),
}
_DELETED: dict[str, Callable[[Any, Any], Any]] = {"show what was deleted": lambda ts, query: list(query.deleted())}

SPACE = Dialect(
    name="testspace-space",
    item="Space",
    text="description",
    number="min_run_period",
    numbers=(1, 2, 0, 4, 7),
    parent="project",
    parent_type="Project",
    tidy=lambda ts: ts.Project.where(ts.Project.name.not_in([f"Parent_{place}" for place in range(PARENTS)])).delete(),
    members="results",
    member_type="Result",
    owned=True,
    backwards=True,
    unset="active_result_set",
    fixed=frozenset({"project", "results"}),
    listed=lambda row: (row.parent_label, -row.index),
    typed={"name": str, "min_run_period": int, "created_at": datetime, "is_hidden": bool, "id": int},
    alias=lambda space: f"{space.project.name}/{space.name}",
    no_alias="Parent_0/nothing",
    costs=Costs(
        walk=through_projects,
        select=through_projects,
        populate=unknown_spaces,
        # The results of each space are a list of their own.
        walk_members=lambda items: through_projects(items) + items,
        select_members=lambda items: through_projects(items) + items,
        members_of_one=(2, 0),
        pages=lambda items, size: through_projects(items),
        sweep=1 + PARENTS,
        below=1,
    ),
    new_parent=lambda ts, name, root: ts.Project.new(name=name),
    new_item=lambda ts, name, parent, **values: ts.Space.new(name=name, project=parent, **values),
    new_member=lambda ts, name, space: ts.Result.new(name=name, space=space),
    cannot={
        "narrow related assets": lambda ts, query: list(query.select(query["results"][ts.Result.name == "x"])),
        "narrow related assets in a condition": lambda ts, query: list(
            query.where(query["results"][ts.Result.name == "x"].name == "x")
        ),
        **_DELETED,
        **_NEVER,
    },
    **_ALL,
)

RESULT = Dialect(
    name="testspace-result",
    item="Result",
    text="description",
    parent="space",
    parent_type="Space",
    root="project",
    root_type="Project",
    fixed=frozenset({"space"}),
    listed=lambda row: (row.root_label, -place(row), -row.index),
    missing="1/987654",
    keys=lambda key: [],
    typed={"name": str, "sequence_number": int, "created_at": datetime, "complete": bool, "duration": float},
    alias=lambda result: f"{result.space.project.name}/{result.space.name}/{result.name}",
    no_alias="Root_a/Parent_0/nothing",
    # Two pages for the results of each space.
    prepare=lambda server: setattr(server.face.settings, "page_size", PAGE),
    costs=Costs(
        walk=lambda items: through_spaces(items, PAGE),
        select=lambda items: through_spaces(items, PAGE),
        populate=lambda items: unknown_below(items, PAGE),
        pages=lambda items, size: through_spaces(items, PAGE),
        sweep=through_spaces(ITEMS, PAGE),
        below=2,
    ),
    new_root=lambda ts, name: ts.Project.new(name=name),
    new_parent=lambda ts, name, root: ts.Space.new(name=name, project=root),
    new_item=lambda ts, name, parent, **values: ts.Result.new(name=name, space=parent, **values),
    tidy=lambda ts: ts.Project.where(ts.Project.name.not_in(["Root_a", "Root_b"])).delete(),
    cannot={
        "narrow related assets": lambda ts, query: list(query.select(query["contents"][ts.Content.name == "x"])),
        **_DELETED,
    },
    **_ALL,
)

METRIC = Dialect(
    name="testspace-metric",
    item="Metric",
    text="units",
    number="max_range_limit",
    numbers=(1, 2, None, 4, 7),
    parent="space",
    parent_type="Space",
    root="project",
    root_type="Project",
    json=("variables", [{"name": "v", "color": "red", "expression": "d1"}]),
    fixed=frozenset({"space"}),
    listed=lambda row: (row.root_label, -place(row), row.own),
    missing="1/987654",
    keys=lambda key: [],
    typed={"name": str, "max_range": int, "created_at": datetime, "id": int},
    # Metrics are known by number alone: those of the space are listed.
    alias=lambda metric: f"{metric.space.id}/{metric.name}",
    no_alias="987654/nothing",
    costs=Costs(
        walk=through_spaces,
        select=through_spaces,
        populate=unknown_below,
        pages=lambda items, size: through_spaces(items),
        sweep=1 + ROOTS + PARENTS,
        below=1,
    ),
    new_root=lambda ts, name: ts.Project.new(name=name),
    new_parent=lambda ts, name, root: ts.Space.new(name=name, project=root),
    new_item=lambda ts, name, parent, **values: ts.Metric.new(
        name=name, data_source="/[cases]", space=parent, **values
    ),
    tidy=lambda ts: (
        ts.Project.where(ts.Project.name.not_in(["Root_a", "Root_b"])).delete(),
        ts.Metric.where({"name": list(STANDARD), "space.project.name": ["Root_a", "Root_b"]}).delete(),
    ),
    cannot={
        "narrow related assets": lambda ts, query: list(query.select(query["datasets"][ts.MetricDataset.id == 1])),
        **_DELETED,
    },
    **_ALL,
)
