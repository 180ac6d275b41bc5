"""What is due: the executions that something will happen to, and when."""

from __future__ import annotations

from datetime import UTC, datetime

from ..model import Key
from ..workspace import Workspace

MARK = "due"


def wake(space: Workspace, execution: Key, moment: datetime | None) -> None:
    """Let something happen to *execution* at *moment*, or nothing any more."""
    stamp = None if moment is None else moment.timestamp()
    space.store.put("execution", execution, {"due": stamp, "moving": None if stamp is None else MARK})


def next_due(space: Workspace, now: datetime) -> tuple[Key, datetime] | None:
    """The execution that is due first, and when, if that is not later than *now*."""
    rows = space.store.rows("execution")
    waiting = [(float(rows[id]["due"]), id) for id in space.store.pointing("execution", "moving", MARK)]
    if not waiting:
        return None
    stamp, id = min(waiting)
    return None if stamp > now.timestamp() else (id, datetime.fromtimestamp(stamp, UTC))
