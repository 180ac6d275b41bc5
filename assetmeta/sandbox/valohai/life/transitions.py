"""What is due: the executions that something will happen to, and when."""

from __future__ import annotations

import heapq
import math
from datetime import UTC, datetime

from ..model import Key
from ..workspace import Workspace

MARK = "due"


def wake(space: Workspace, execution: Key, moment: datetime | None) -> None:
    """Let something happen to *execution* at *moment*, or nothing any more."""
    stamp = None if moment is None else moment.timestamp()
    space.store.put("execution", execution, {"due": stamp, "moving": None if stamp is None else MARK})


def next_due(space: Workspace, now: datetime) -> tuple[Key, datetime, datetime] | None:
    """The execution that is due first, when, and until when nothing else is; None if nothing is due by *now*."""
    rows = space.store.rows("execution")
    keys = space.store.pointing("execution", "moving", MARK)
    first, *others = heapq.nsmallest(2, ((float(rows[id]["due"]), id) for id in keys)) or [(math.inf, "")]
    if first[0] > now.timestamp():
        return None
    until = min([now.timestamp(), *(stamp for stamp, _ in others)])
    return first[1], datetime.fromtimestamp(first[0], UTC), datetime.fromtimestamp(until, UTC)
