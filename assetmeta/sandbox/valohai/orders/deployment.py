"""The body of a pipeline's deployment node: a deployment by id or name, a commit, and the endpoints to serve."""

from __future__ import annotations

from typing import Any

from ..call import Call
from ..catalogue import KINDS
from ..fields import Fields
from ..model import Key
from ..workspace import Workspace
from .lookups import commit_in, config_of_commit


def release_values(call: Call, fields: Fields, project: Key) -> dict[str, Any]:
    """What the version of a deployment will be made from; what is wrong is noted in *fields*."""
    name = fields.needed("deployment")
    deployment = call.finder.find(KINDS["deployment"], name) or by_name(call.space, project, name)
    if name and (deployment is None or call.space.row("deployment", deployment)["project"] != project):
        fields.refuse("deployment", f"Deployment {name} does not exist in the project.", "does_not_exist")
    commit = commit_in(call, fields, project)
    endpoints = fields.map("endpoint_configurations")
    listed = config_of_commit(call, fields, commit).endpoints if commit is not None else {}
    for unknown in (name for name in endpoints if listed and name not in listed):
        fields.refuse("endpoint_configurations", f"{unknown}: the commit has no such endpoint.")
    return {
        "deployment": deployment,
        "commit": commit,
        "endpoint_configurations": endpoints,
        "aliases": fields.words("aliases"),
        "creator": call.user,
    }


def by_name(space: Workspace, project: Key, name: str) -> Key | None:
    """The deployment of a project with this name."""
    rows = space.store.rows("deployment")
    keys = space.store.pointing("deployment", "project", project)
    return next((id for id in keys if rows[id]["name"] == name), None)
