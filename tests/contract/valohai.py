"""Valohai keeps the contract: executions in projects, projects with their deployments, stores with teams."""

from __future__ import annotations

import hashlib
import math
import tempfile
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from assetmeta import ValohaiMeta, inspect
from assetmeta.backends.valohai import Valohai
from assetmeta.tools import valohai
from contract.dialect import Costs, Dialect, always, deletes, each

CODE = """\
- step:
    name: wait
    image: busybox
    command: sleep 1000
"""


def paged(items: int, size: int) -> int:
    """A page each; none is counted apart."""
    return math.ceil(items / size)


@cache
def folder() -> Path:
    """A folder with the code of one step."""
    found = Path(tempfile.mkdtemp())
    (found / "valohai.yaml").write_text(CODE)
    return found


@cache
def commit() -> str:
    """The identifier of a commit with that code, the same in every project."""
    with valohai.pack(folder()) as package:
        return f"~{hashlib.sha256(package.read()).hexdigest()}"


def with_code(vh: Any, name: str | None, root: Any) -> Any:
    """A new project with a commit: nothing can be executed before it is there."""
    project = vh.Project.create(name=name)
    valohai.upload_code(project, folder())
    return project


NOBODY = "017a849e-0000-0000-0000-000000987654"
"""A key that no asset has."""

_NEVER: dict[str, Callable[[Any, Any], Any]] = {
    "create a user": lambda vh, query: vh.User.create(),
    "create an organization": lambda vh, query: vh.Organization.create(),
    "create a commit": lambda vh, query: vh.Commit.create(),
    "create a datum": lambda vh, query: vh.Datum.create(),
    "create an environment": lambda vh, query: vh.Environment.create(),
    "create a deployment endpoint": lambda vh, query: vh.DeploymentEndpoint.create(),
    "delete a user": deletes("User", 1),
    "delete a commit": deletes("Commit", f"{NOBODY}/abc"),
    "delete a datum": deletes("Datum", NOBODY),
    "delete an environment": deletes("Environment", NOBODY),
    "list all deployment endpoints": lambda vh, query: list(vh.DeploymentEndpoint),
    "list all nodes of pipelines": lambda vh, query: list(vh.PipelineNode),
    "upload a datum": lambda vh, query: inspect(vh.Datum(NOBODY)).upload(b"x"),
}

_ALL: dict[str, Any] = {
    "sandbox": "valohai",
    "kind": ValohaiMeta,
    "can": Valohai().can,
    "label": "name",
    "readonly": "ctime",
    "missing": NOBODY,
    "keys": lambda key: [key.upper()],
    "numbered": False,
}

EXECUTION = Dialect(
    name="valohai-execution",
    item="Execution",
    own="image",
    text="title",
    no_text="",
    number="priority",
    numbers=(1, 2, 0, 4, 7),
    numeric=int,
    parent="project",
    parent_type="Project",
    parents=4,
    brought=True,
    chained=False,
    soft=True,
    unset="task",
    lazy="metadata",
    operation="stop",
    alias=lambda execution: f"{execution.project.id}:{execution.counter}",
    no_alias=f"{NOBODY}:1",
    # What is to be run is said when it is created; then titles and tags are all that can be changed.
    fixed=frozenset({"image", "priority", "project", "step"}),
    refused=("step", "no such step"),
    typed={"image": str, "counter": int, "ctime": datetime, "deleted": bool},
    costs=Costs(
        walk=always(1),
        select=always(1),
        # No path names a project: one execution of each of the four is asked for, which tells it, and then its list.
        populate=always(2 * 4),
        peers=each,
        pages=paged,
    ),
    new_parent=with_code,
    new_item=lambda vh, name, project, **values: vh.Execution.new(
        image=name, project=project, commit=commit(), step="wait", **values
    ),
    cannot={
        "narrow related assets": lambda vh, query: list(query.select(query["outputs"][vh.Datum.name == "x"])),
        "narrow related assets in a condition": lambda vh, query: list(
            query.where(query["outputs"][vh.Datum.name == "x"].name == "x")
        ),
        **_NEVER,
    },
    **_ALL,
)

PROJECT = Dialect(
    name="valohai-project",
    item="Project",
    own="name",
    text="description",
    no_text="",
    members="deployments",
    member_type="Deployment",
    owned=True,
    unset="default_store",
    lazy="default_environment",
    operation="fetch",
    fixed=frozenset({"deployments"}),
    refused=("name", ""),
    typed={"name": str, "ctime": datetime, "execution_count": int, "read_only": bool},
    alias=lambda item: item.name,
    no_alias="nothing",
    costs=Costs(
        peers=each,
        walk_members=always(2),
        select_members=always(2),
        members_of_one=(2, 0),
        pages=paged,
    ),
    cannot={
        "show what was deleted": lambda vh, query: list(query.deleted()),
        "narrow related assets": lambda vh, query: list(query.select(query["deployments"][vh.Deployment.name == "x"])),
    },
    new_item=lambda vh, name, parent, **values: vh.Project.new(name=name, **values),
    new_member=lambda vh, name, project: vh.Deployment.new(name=name, project=project),
    **_ALL,
)

DEPLOYMENT = Dialect(
    name="valohai-deployment",
    item="Deployment",
    own="name",
    parent="project",
    parent_type="Project",
    parents=4,
    brought=True,
    fixed=frozenset({"project"}),
    refused=("name", ""),
    typed={"name": str, "ctime": datetime, "enabled": bool},
    alias=lambda item: item.name,
    no_alias="nothing",
    costs=Costs(
        walk=always(1),
        select=always(1),
        populate=always(1),
        pages=paged,
    ),
    new_parent=lambda vh, name, root: vh.Project.new(name=name),
    new_item=lambda vh, name, project, **values: vh.Deployment.new(name=name, project=project, **values),
    **_ALL,
)

STORE = Dialect(
    name="valohai-store",
    item="Store",
    own="name",
    members="teams",
    member_type="Team",
    unset="project",
    operation="adopt",
    lazy="paths",
    json=("paths", {"a": "b"}),
    refused=("name", ""),
    typed={"name": str, "ctime": datetime, "allow_read": bool},
    alias=lambda item: item.name,
    no_alias="nothing",
    costs=Costs(
        peers=each,
        walk_members=always(2),
        select_members=always(2),
        pages=paged,
    ),
    new_item=lambda vh, name, parent, **values: vh.Store.new(name=name, type="s3", **values),
    new_member=lambda vh, name, root: vh.Team.new(name=name, organization=next(iter(vh.Organization))),
    cannot={"show what was deleted": lambda vh, query: list(query.deleted())},
    # Those with new teams are made after these.
    listed=lambda row: row.token,
    tidy=lambda vh: vh.Store.where(name="harbour-data").delete(),
    **_ALL,
)
