"""A deployment node of a pipeline: a new version of the deployment, with the files that its edges bring."""

from __future__ import annotations

from typing import Any

from .. import ids
from ..model import Key, Row
from ..workspace import Workspace
from .nodes import Node, carried, into, node_of
from .sources import DATUM


def release(space: Workspace, row: Row, node: Node) -> dict[str, Any]:
    """Make the version that *node* asks for. What changes of the node: it ends at once, in error where the deployment
    was deleted meanwhile.
    """
    values = node["values"]
    if space.store.get("deployment", values["deployment"]) is None:
        return {"status": "error"}
    version = space.add(
        "deployment_version",
        name=next_name(space, values["deployment"]),
        deployment=values["deployment"],
        commit=values["commit"],
        creator=values["creator"],
        endpoint_configurations=values["endpoint_configurations"],
    )
    brought = files_of(space, row, node)
    for name, given in values["endpoint_configurations"].items():
        add_endpoint(space, version, name, given, brought.get(name, {}))
    for alias in values["aliases"]:
        point(space, values["deployment"], alias, version)
    return {"status": "complete", "version": version}


def files_of(space: Workspace, row: Row, node: Node) -> dict[str, dict[str, Key]]:
    """Data by endpoint and file name, from the edges to `endpoint.file`; of several the last counts."""
    found: dict[str, dict[str, Key]] = {}
    for edge in into(row, node):
        endpoint, _, file = edge["target_key"].partition(".")
        for address in carried(space, node_of(row, edge["source_node"]), edge):
            key = ids.read(str(address).removeprefix(DATUM))
            if edge["target_type"] == "file" and key is not None:
                found.setdefault(endpoint, {})[file] = key
    return found


def add_endpoint(space: Workspace, version: Key, name: str, given: object, brought: dict[str, Key]) -> None:
    """Make one endpoint of a version."""
    written = given if isinstance(given, dict) else {}
    own = written.get("files") if isinstance(written.get("files"), dict) else {}
    known = {file: ids.read(str(datum)) for file, datum in (own or {}).items()}
    files = [
        {"id": space.new_id(), "name": file, "datum": datum}
        for file, datum in {**known, **brought}.items()
        if space.store.get("datum", datum) is not None
    ]
    enabled = bool(written.get("enabled", True))
    space.add("deployment_endpoint", name=name, version=version, enabled=enabled, files=files)


def point(space: Workspace, deployment: Key, name: str, version: Key) -> None:
    """Let the alias *name* of a deployment mean *version*."""
    rows = space.store.rows("deployment_version_alias")
    own = space.store.pointing("deployment_version_alias", "deployment", deployment)
    known = next((id for id in own if rows[id]["name"] == name), None)
    if known is None:
        space.add("deployment_version_alias", name=name, deployment=deployment, target=version)
    else:
        space.change("deployment_version_alias", known, target=version)


def next_name(space: Workspace, deployment: Key) -> str:
    """A name for the next version: the day and a running number, "20210708.1"."""
    rows = space.store.rows("deployment_version")
    taken = {rows[id]["name"] for id in space.store.pointing("deployment_version", "deployment", deployment)}
    day = space.clock().strftime("%Y%m%d")
    number = next(number for number in range(len(taken) + 1) if f"{day}.{number}" not in taken)
    return f"{day}.{number}"
