"""Pipelines: a node starts when all that its edges come from have ended, and the ends of the nodes make the end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from assetmeta.sandbox.rest.clock import spell

from ..model import COMPLETE, FAILED, Key, Row
from ..workspace import Workspace
from . import actions, executions, tasks
from .nodes import ENDED, Brought, Node, brought, filled_in, into, node_of, passes, single, with_node
from .releases import release

MOST_TRIES = 2
DECISIVE = ("commit", "step", "image", "command", "inputs", "parameters", "environment_variables")
"""What two executions must have in common so that one may stand for the other."""


def create(space: Workspace, values: Row, moment: datetime) -> Key:
    """Make a pipeline and start the nodes that wait for nothing. Its key."""
    pipeline = space.add("pipeline", **values, ctime=spell(moment))
    note(space, pipeline, moment, "started", "Pipeline started")
    space.change("pipeline", pipeline, status="started")
    go_on(space, pipeline, moment)
    return pipeline


def note(space: Workspace, pipeline: Key, moment: datetime, identifier: str, message: str, node: str = "") -> None:
    """Write to the log of a pipeline, and of one of its nodes; newest first."""
    row = space.row("pipeline", pipeline)
    entry = {"ctime": spell(moment), "identifier": identifier, "kind": "other", "message": message}
    changes: dict[str, Any] = {"log": [entry, *row["log"]]}
    if node:
        changes["nodes"] = with_node(row, node, log=[entry, *node_of(row, node)["log"]])
    space.store.put("pipeline", pipeline, changes)


def go_on(space: Workspace, pipeline: Key, moment: datetime) -> None:
    """Start every node that nothing holds back any more; end the pipeline when nothing is left to wait for."""
    while (row := space.row("pipeline", pipeline))["status"] == "started":
        ready = (node for node in row["nodes"] if node["status"] == "created" and is_ready(row, node))
        node = next((each for each in ready if not each.get("waits")), None)
        if node is None:
            break
        begin(space, pipeline, node, moment)
    row = space.row("pipeline", pipeline)
    waits = row["status"] == "started" and any(node.get("waits") for node in row["nodes"])
    if row["status"] not in COMPLETE and not waits and not any(node["status"] == "started" for node in row["nodes"]):
        finish(space, pipeline, moment)


def begin(space: Workspace, pipeline: Key, node: Node, moment: datetime) -> None:
    """Start a node unless one of its actions is against it."""
    wanted = actions.called_for(space, node, actions.STARTING)
    if actions.APPROVAL in wanted and not node.get("approved"):
        put(space, pipeline, node["id"], waits=True)
        note(space, pipeline, moment, "approval_required", f'Node "{node["name"]}" waits for approval', node["id"])
    elif not react(space, pipeline, wanted, moment):
        start(space, pipeline, node, moment)


def approve(space: Workspace, pipeline: Key, name: str, moment: datetime) -> None:
    """Let the node *name* start that waits for it. Raises LookupError where none does."""
    for node in space.row("pipeline", pipeline)["nodes"]:
        if node["name"] == name and node.get("waits"):
            put(space, pipeline, node["id"], waits=False, approved=True)
            note(space, pipeline, moment, "approved", f'Node "{name}" was approved', node["id"])
            go_on(space, pipeline, moment)
            return
    raise LookupError(f"no node {name!r} waits for approval")


def react(space: Workspace, pipeline: Key, wanted: list[str], moment: datetime) -> bool:
    """Do what actions ask for. Whether the pipeline stops by that."""
    verdict = {actions.STOP: "stopped", actions.FAIL: "error"}
    last = next((verdict[word] for word in wanted if word in verdict), None)
    if last is None or space.row("pipeline", pipeline)["status"] != "started":
        return False
    note(space, pipeline, moment, "action", "An action stops the pipeline")
    space.change("pipeline", pipeline, status="stopping", verdict=last)
    stop_nodes(space, pipeline, moment)
    return True


def is_ready(row: Row, node: Node) -> bool:
    """Whether all that *node* waits for lets it start."""
    return all(passes(node_of(row, edge["source_node"])) for edge in into(row, node))


def start(space: Workspace, pipeline: Key, node: Node, moment: datetime) -> None:
    """Start one node: an execution, a task, a deployment version, or the copy of what an earlier node has done."""
    row = space.row("pipeline", pipeline)
    note(space, pipeline, moment, "node_started", f'Node "{node["name"]}" started', node["id"])
    changes: dict[str, Any] = {"status": "started"}
    if node["type"] == "execution":
        changes |= start_execution(space, pipeline, node, moment)
    elif node["type"] == "task":
        values = filled_task(node, brought(space, row, node))
        changes["task"] = tasks.create(space, values, moment, pipeline)
        space.store.put("pipeline", pipeline, {"tasks": [*row["tasks"], changes["task"]]})
    elif node["type"] == "deployment":
        changes |= release(space, row, node)
    else:
        changes["status"] = "complete"
    put(space, pipeline, node["id"], **changes)
    if changes["status"] in ENDED:
        settle(space, pipeline, node["id"], changes["status"], moment)


def start_execution(space: Workspace, pipeline: Key, node: Node, moment: datetime) -> dict[str, Any]:
    """Start the execution of a node, or take a complete one that did the same where the pipeline reuses them."""
    row = space.row("pipeline", pipeline)
    values = filled_in(node["values"], brought(space, row, node), node["edge_merge_mode"])
    known = same_before(space, values) if row["reuse_executions"] else None
    if known is not None:
        return {"execution": known, "status": "complete"}
    execution = space.add("execution", **values, pipeline=pipeline, ctime=spell(moment))
    executions.begin(space, execution, moment)
    return {"execution": execution}


def same_before(space: Workspace, values: Row) -> Key | None:
    """The latest complete execution of the project that was run with just these *values*."""
    rows = space.store.rows("execution")
    for id in reversed(space.store.pointing("execution", "project", values["project"])):
        row = rows[id]
        alike = row["status"] == "complete" and not row["deleted"]
        if alike and all(row[name] == values[name] for name in DECISIVE):
            return id
    return None


def filled_task(node: Node, gifts: Brought) -> Row:
    """The values of a task node with what the edges bring; a parameter goes to every child."""
    values: Row = node["values"]
    given = {key: single(found) for (kind, key), found in gifts.items() if kind == "parameter"}
    return {
        **values,
        "template": filled_in(values["template"], gifts, node["edge_merge_mode"]),
        "children": [{**child, **given} for child in values["children"]],
    }


def node_ended(space: Workspace, pipeline: Key, run: Key, status: str, moment: datetime) -> None:
    """Carry a pipeline on after the execution or task *run* of one of its nodes has ended."""
    row = space.row("pipeline", pipeline)
    node = next((each for each in row["nodes"] if run in (each.get("execution"), each.get("task"))), None)
    if node is None or node["status"] in ENDED:
        return
    if status in FAILED and node["on_error"] == "retry" and node["tries"] < MOST_TRIES and row["status"] == "started":
        note(space, pipeline, moment, "node_retried", f'Node "{node["name"]}" is tried again', node["id"])
        put(space, pipeline, node["id"], status="created", tries=node["tries"] + 1, execution=None, task=None)
    else:
        settle(space, pipeline, node["id"], status, moment)
    go_on(space, pipeline, moment)


def settle(space: Workspace, pipeline: Key, node: str, status: str, moment: datetime) -> None:
    """Note the last state of a node, and stop the others where its failure is to stop all."""
    put(space, pipeline, node, status="error" if status == "crashed" else status)
    row = space.row("pipeline", pipeline)
    name = node_of(row, node)["name"]
    note(space, pipeline, moment, f"node_{status}", f'Node "{name}" ended: {status}', node)
    if status in FAILED and node_of(row, node)["on_error"] in ("stop-all", "retry"):
        space.change("pipeline", pipeline, status="stopping")
        stop_nodes(space, pipeline, moment)
    if status in FAILED or status == "complete":
        when = actions.ERROR if status in FAILED else actions.COMPLETE
        react(space, pipeline, actions.called_for(space, node_of(row, node), when), moment)


def put(space: Workspace, pipeline: Key, node: str, **changes: Any) -> None:
    """Change one node."""
    space.store.put("pipeline", pipeline, {"nodes": with_node(space.row("pipeline", pipeline), node, **changes)})


def stop(space: Workspace, pipeline: Key, moment: datetime) -> bool:
    """Ask a pipeline and what runs in it to stop. False where it has ended, or is stopping already."""
    if space.row("pipeline", pipeline)["status"] in (*COMPLETE, "stopping"):
        return False
    note(space, pipeline, moment, "stop_requested", "Stop requested")
    space.change("pipeline", pipeline, status="stopping", verdict="stopped")
    stop_nodes(space, pipeline, moment)
    go_on(space, pipeline, moment)
    return True


def stop_nodes(space: Workspace, pipeline: Key, moment: datetime) -> None:
    """Ask the runs of all started nodes to stop."""
    for node in space.row("pipeline", pipeline)["nodes"]:
        if node["status"] == "started" and node.get("execution"):
            executions.stop(space, node["execution"], moment)
        elif node["status"] == "started" and node.get("task"):
            tasks.stop(space, node["task"], moment)


def finish(space: Workspace, pipeline: Key, moment: datetime) -> None:
    """End a pipeline: what has not started is stopped."""
    row = space.row("pipeline", pipeline)
    failed = any(node["status"] == "error" and node["on_error"] != "continue" for node in row["nodes"])
    stopped = any(node["status"] == "stopped" for node in row["nodes"])
    status = "error" if failed else row["verdict"] or ("stopped" if stopped else "complete")
    left = {"status": "stopped", "waits": False}
    nodes = [{**node, **left} if node["status"] == "created" else node for node in row["nodes"]]
    space.change("pipeline", pipeline, status=status, nodes=nodes)
    note(space, pipeline, moment, status, f"Pipeline ended: {status}")
