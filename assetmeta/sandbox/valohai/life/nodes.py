"""Nodes and edges of a pipeline as its row keeps them, and what an edge carries from one node to the next.

A node is `{id, name, type, status, execution, task, version, log, on_error, edge_merge_mode, values, source, tries}`;
an edge has the ids of its nodes.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from ..model import Key, Row
from ..workspace import Workspace

Node = dict[str, Any]
Edge = dict[str, Any]

READY = ("complete",)
ENDED = ("complete", "error", "crashed", "stopped")


def node_of(row: Row, node: str) -> Node:
    """The node with the id *node*."""
    found: Node = next(each for each in row["nodes"] if each["id"] == node)
    return found


def with_node(row: Row, node: str, **changes: Any) -> list[Node]:
    """All nodes, one of them changed."""
    return [{**each, **changes} if each["id"] == node else each for each in row["nodes"]]


def into(row: Row, node: Node) -> list[Edge]:
    """The edges that lead to *node*."""
    return [edge for edge in row["edges"] if edge["target_node"] == node["id"]]


def passes(node: Node) -> bool:
    """Whether what follows *node* may start: it is complete, or its failure counts for nothing."""
    return node["status"] in READY or (node["status"] in ENDED and node["on_error"] == "continue")


def executions_of(space: Workspace, node: Node) -> list[Key]:
    """The executions that a node stands for: its own, or the children of its task."""
    if node.get("task"):
        return space.store.pointing("execution", "task", node["task"])
    return [node["execution"]] if node.get("execution") else []


def carried(space: Workspace, source: Node, edge: Edge) -> list[Any]:
    """What *edge* takes from a node that has ended: addresses of data, values of metadata, parameters or inputs."""
    found: list[Any] = []
    for execution in executions_of(space, source):
        row = space.row("execution", execution)
        if edge["source_type"] == "output":
            found += [f"datum://{datum}" for datum in outputs(space, execution, edge["source_key"])]
        elif edge["source_type"] == "input":
            found += row["inputs"].get(edge["source_key"], [])
        else:
            kept = {"metadata": row["cumulative_metadata"] or {}, "parameter": row["parameters"]}
            value = kept.get(edge["source_type"], {}).get(edge["source_key"])
            found += [] if value is None else [value]
    return found


def outputs(space: Workspace, execution: Key, pattern: str = "*") -> list[Key]:
    """The outputs of an execution whose name fits *pattern*."""
    rows = space.store.rows("datum")
    keys = space.store.pointing("datum", "output_execution", execution)
    return [id for id in keys if fnmatchcase(str(rows[id]["name"]), pattern) and not rows[id]["purged"]]


Brought = dict[tuple[str, str], list[Any]]
"""What the edges bring to a node, by the type and the key of their targets."""


def brought(space: Workspace, row: Row, node: Node) -> Brought:
    """What all edges to *node* bring; what several bring to one place comes together there."""
    found: Brought = {}
    for edge in into(row, node):
        values = carried(space, node_of(row, edge["source_node"]), edge)
        if values:
            found.setdefault((edge["target_type"], edge["target_key"]), []).extend(values)
    return found


def filled_in(values: Row, gifts: Brought, merge_mode: str) -> Row:
    """The values of a run with what the edges bring: inputs, parameters and environment variables.

    It replaces what stood there; to inputs it is added where the merge mode is "append".
    """
    inputs, parameters = dict(values["inputs"]), dict(values["parameters"])
    variables = dict(values["environment_variables"])
    for (kind, key), found in gifts.items():
        if kind == "input":
            kept = inputs.get(key, []) if merge_mode == "append" else []
            inputs[key] = [*kept, *(str(each) for each in found)]
        elif kind == "parameter":
            parameters[key] = single(found)
        elif kind == "environment-variable":
            variables[key] = str(single(found))
    return {**values, "inputs": inputs, "parameters": parameters, "environment_variables": variables}


def single(found: list[Any]) -> Any:
    """One value for one place: the value itself where only one was brought, else all of them."""
    return found[0] if len(found) == 1 else found
