"""The body of a new pipeline: nodes with templates, edges by node names, parameters that reach into the nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..call import Call
from ..catalogue import KINDS
from ..fields import Fields
from ..model import Key, Row
from ..problems import leaf
from ..workspace import Workspace
from .execution import execution_values
from .lookups import commit_in, config_of_commit
from .task import task_values

NODE_TYPES = ("execution", "task", "deployment", "mimic")
ON_ERROR = ("stop-all", "stop-next", "continue", "retry")
MERGE_MODES = ("replace", "append")
SOCKETS = ("output", "input", "metadata", "parameter", "file", "deployment", "dependency", "environment-variable")
MOST_NODES = 500

Node = dict[str, Any]


def pipeline_values(call: Call, fields: Fields, project: Key) -> Row:
    """The stored fields of the pipeline that *fields* ask for. Raises Refused with all that is wrong."""
    written = [each if isinstance(each, dict) else {} for each in fields.items("nodes", required=True)]
    if len(written) > MOST_NODES:
        fields.refuse("nodes", f"A pipeline has at most {MOST_NODES} nodes.")
        fields.done()
    written = with_parameters(fields, written)
    read = [node_in(call, Fields(each), project) for each in written]
    if not written and "nodes" not in fields.problems:
        fields.refuse("nodes", "A pipeline needs at least one node.", "empty")
    if any(problems for _, problems in read):
        fields.problems["nodes"] = [problems for _, problems in read]
    nodes = [node for node, _ in read]
    edges = edges_in(call, fields, nodes)
    fields.done()
    return {
        "project": project,
        "title": fields.text("title"),
        "nodes": nodes,
        "edges": edges,
        "parameters": fields.map("parameters"),
        "tags": fields.words("tags"),
        "reuse_executions": fields.flag("reuse_executions", False),
        "creator": call.user,
    }


def node_in(call: Call, fields: Fields, project: Key) -> tuple[Node, dict[str, Any]]:
    """One node, and what is wrong with it."""
    kind = fields.choice("type", NODE_TYPES, "execution")
    node: Node = {
        "id": call.space.new_id(),
        "name": fields.needed("name"),
        "type": kind,
        "status": "created",
        "execution": None,
        "log": [],
        "on_error": fields.choice("on_error", ON_ERROR, "stop-all"),
        "edge_merge_mode": fields.choice("edge_merge_mode", MERGE_MODES, "replace"),
        "actions": fields.items("actions"),
        "tries": 1,
    }
    if kind == "mimic":
        node |= mimicked(call, fields, project)
    elif kind == "deployment":
        node["values"] = release_values(call, fields, project)
    else:
        template = Fields(fields.map("template"))
        read = task_values if kind == "task" else execution_values
        node["values"] = read(call, template, project)
        if template.problems:
            fields.problems["template"] = [template.problems]
    return node, {name: each[0] if name == "template" else each for name, each in fields.problems.items()}


def mimicked(call: Call, fields: Fields, project: Key) -> Node:
    """What a node takes over from the node of an earlier pipeline of the project."""
    source = fields.needed("source")
    rows = call.space.store.rows("pipeline")
    for pipeline in call.space.store.pointing("pipeline", "project", project):
        for node in rows[pipeline]["nodes"]:
            if node["id"] == source:
                if node["status"] != "complete":
                    fields.refuse("source", f'Node "{node["name"]}" is not complete.', "not_complete")
                return {"source": source, **{key: node.get(key) for key in ("execution", "task", "version")}}
    if source:
        fields.refuse("source", f"Node {source} does not exist.", "does_not_exist")
    return {}


def edges_in(call: Call, fields: Fields, nodes: list[Node]) -> list[dict[str, Any]]:
    """The edges with the ids of their nodes; what is wrong is noted edge by edge."""
    names = {node["name"]: node["id"] for node in nodes}
    if len(names) < len(nodes):
        fields.refuse("non_field_errors", "Node names must be unique.", "not_unique")
    edges, problems = [], []
    for written in fields.items("edges", required=True):
        edge = Fields(written if isinstance(written, dict) else {})
        read: dict[str, Any] = {"id": call.space.new_id()}
        for end in ("source", "target"):
            name = edge.needed(f"{end}_node")
            if name and name not in names:
                edge.refuse(f"{end}_node", f'Node "{name}" does not exist.', "does_not_exist")
            read[f"{end}_node"] = names.get(name)
            read[f"{end}_type"] = edge.choice(f"{end}_type", SOCKETS, "")
            read[f"{end}_key"] = edge.text(f"{end}_key")
        edges.append(read)
        problems.append(edge.problems)
    if any(problems):
        fields.problems["edges"] = problems
    elif has_circle(edges):
        fields.refuse("edges", "The edges of a pipeline must not form a circle.", "cyclic")
    return edges


def has_circle(edges: list[dict[str, Any]]) -> bool:
    """Whether some node waits for itself."""
    left = {(edge["source_node"], edge["target_node"]) for edge in edges}
    while left:
        waiting = {target for _, target in left}
        free = {pair for pair in left if pair[0] not in waiting}
        if not free:
            return True
        left -= free
    return False


def with_parameters(fields: Fields, nodes: list[Node]) -> list[Node]:
    """The nodes as they were written, with the values of the pipeline's parameters in their templates."""
    for name, parameter in fields.map("parameters").items():
        if not isinstance(parameter, Mapping):
            fields.note("parameters", leaf(f"{name}: expected an object with config and expression."))
            continue
        for node, target in targets(parameter):
            nodes = [
                set_in(each, target, parameter.get("expression")) if each.get("name") == node else each
                for each in nodes
            ]
    return nodes


def targets(parameter: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Node and parameter that a pipeline's parameter is written to, told as `node.parameters.name`."""
    config = parameter.get("config")
    written = config.get("targets") if isinstance(config, Mapping) else None
    for target in written if isinstance(written, list) else []:
        node, _, rest = str(target).partition(".")
        socket, _, name = rest.partition(".")
        if socket.startswith("parameter") and name:
            yield node, name


def set_in(node: Node, name: str, expression: object) -> Node:
    """The node with one parameter set; executions take the value of a style, tasks the style itself."""
    template = node.get("template")
    if not isinstance(template, dict) or expression == "":
        return node
    value: object = expression
    if node.get("type") != "task" and isinstance(expression, Mapping):
        rules = expression.get("rules")
        value = rules.get("value") if isinstance(rules, Mapping) else None
    present = template.get("parameters")
    parameters = {**(present if isinstance(present, dict) else {}), name: value}
    return {**node, "template": {**template, "parameters": parameters}}


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
