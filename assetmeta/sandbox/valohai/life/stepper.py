"""Carries all runs on to the present: what was due since the last request happens now, in its order."""

from __future__ import annotations

from datetime import datetime

from ..model import COMPLETE, Key
from ..workspace import Workspace
from . import executions, pipelines, tasks
from .transitions import next_due

MOST_STEPS = 100_000


def catch_up(space: Workspace) -> None:
    """Let everything happen that was due by now, each at its own moment."""
    now = space.clock()
    for _ in range(MOST_STEPS):
        due = next_due(space, now)
        if due is None:
            return
        execution, moment, until = due
        before = space.row("execution", execution)["status"]
        reached = executions.step(space, execution, moment, until)
        if space.row("execution", execution)["status"] != before:
            after(space, execution, reached)


def after(space: Workspace, execution: Key, moment: datetime) -> None:
    """Let the task and the pipeline of an execution go on that has come to another state."""
    row = space.row("execution", execution)
    if row["task"]:
        ended = tasks.child_moved(space, row["task"], moment)
        if ended and row["pipeline"]:
            pipelines.node_ended(space, row["pipeline"], row["task"], space.row("task", row["task"])["status"], moment)
    elif row["pipeline"] and row["status"] in COMPLETE:
        pipelines.node_ended(space, row["pipeline"], execution, row["status"], moment)
