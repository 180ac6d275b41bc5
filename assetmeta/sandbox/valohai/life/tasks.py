"""Tasks: their children come to the queue a few at a time, and their ends make the end of the task."""

from __future__ import annotations

from datetime import datetime

from assetmeta.sandbox.rest.clock import spell

from ..model import COMPLETE, FAILED, Key, Row
from ..workspace import Workspace
from . import executions
from .variants import DRAWN

WAITING = "created"


def create(space: Workspace, values: Row, moment: datetime, pipeline: Key | None = None) -> Key:
    """Make a task with all its children and let the first of them begin. Its key."""
    children = values["children"]
    task = space.add(
        "task", **{name: value for name, value in values.items() if name != "children"}, ctime=spell(moment)
    )
    for parameters in children:
        template = {**values["template"], "parameters": parameters}
        space.add("execution", **template, task=task, pipeline=pipeline, ctime=spell(moment))
    fill_up(space, task, moment)
    return task


def children_of(space: Workspace, task: Key) -> dict[Key, Row]:
    """The executions of a task in their order."""
    rows = space.store.rows("execution")
    return {id: rows[id] for id in space.store.pointing("execution", "task", task)}


def fill_up(space: Workspace, task: Key, moment: datetime) -> None:
    """Let children begin while there is room."""
    children = children_of(space, task)
    begun = [id for id, row in children.items() if row["moving"] and row["status"] not in COMPLETE]
    waiting = [id for id, row in children.items() if row["status"] == WAITING and not row["moving"]]
    room = (at_once(space.row("task", task)) or len(children)) - len(begun)
    for execution in waiting[: max(0, room)]:
        executions.begin(space, execution, moment)


def child_moved(space: Workspace, task: Key, moment: datetime) -> bool:
    """Carry a task on after one of its children has moved. True where it has ended by that."""
    row = space.row("task", task)
    if row["status"] in COMPLETE:
        return False
    states = {child["status"] for child in children_of(space, task).values()}
    failed = not states.isdisjoint(FAILED)
    if row["status"] == "created" and states != {WAITING}:
        space.change("task", task, status="started")
    if row["status"] != "stopping" and failed and row["on_child_error"] == "stop_all_and_error":
        space.change("task", task, status="stopping")
        stop_children(space, task, moment)
    if states <= set(COMPLETE):
        space.change("task", task, status=verdict(row, failed=failed, asked=row["status"] == "stopping"))
        return True
    if not states.isdisjoint(COMPLETE) and space.row("task", task)["status"] != "stopping":
        fill_up(space, task, moment)
    return False


def verdict(row: Row, *, failed: bool, asked: bool) -> str:
    """The last state of a task whose children have all ended. *asked*: whether it was to stop before."""
    if failed and row["on_child_error"] != "continue_and_complete":
        return "error"
    return "stopped" if asked else "complete"


def stop(space: Workspace, task: Key, moment: datetime) -> bool:
    """Ask a task and its children to stop. False where it has ended, or is stopping already."""
    if space.row("task", task)["status"] in (*COMPLETE, "stopping"):
        return False
    space.change("task", task, status="stopping")
    stop_children(space, task, moment)
    return True


def stop_children(space: Workspace, task: Key, moment: datetime) -> None:
    """Ask the children that have not ended to stop."""
    for execution in children_of(space, task):
        executions.stop(space, execution, moment)


def at_once(task: Row) -> int:
    """How many children of a task may be on their way at a time, 0 for all."""
    configuration = task["configuration"]
    drawn = configuration.get("execution_batch_size") if task["type"] in DRAWN else None
    return int(configuration.get("maximum_queued_executions") or drawn or 0)
