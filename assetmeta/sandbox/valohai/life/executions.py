"""One execution from created to its end: what happens to it at each moment that it is due.

created → queued → started → complete | error | crashed, or stopping → stopped on request. What it does while it is
started is decided by its command (`script`); its exit code decides between complete and error.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from assetmeta.sandbox.rest.clock import read, spell

from ..code.parameters import filled
from ..model import COMPLETE, Key, Row
from ..workspace import Workspace
from .log import Event, event, with_lines, with_status
from .outputs import save
from .script import act
from .sources import missing_input
from .transitions import wake

IDENTITY = "sandbox-worker-1"
TIME_LIMIT = "Time limit reached"


def begin(space: Workspace, execution: Key, moment: datetime) -> None:
    """Let a created execution come to the queue."""
    row = space.store.rows("execution")[execution]
    space.store.put("execution", execution, {"events": with_status(row, moment, "Execution created")})
    wake(space, execution, moment + timedelta(seconds=space.settings.creating_seconds))


def step(space: Workspace, execution: Key, moment: datetime, until: datetime) -> datetime:
    """Carry *execution* on by what is due at *moment*; until *until* nothing else is, so it may go on that far.

    The moment that it has come to.
    """
    row = space.store.rows("execution")[execution]
    if row["status"] == "created":
        _queue(space, execution, row, moment)
    elif row["status"] == "queued":
        _start(space, execution, row, moment)
    elif row["status"] == "started":
        return _go_on(space, execution, row, max(moment, until))
    elif row["status"] == "stopping":
        end(space, execution, "stopped", moment, "Execution stopped")
    return moment


def stop(space: Workspace, execution: Key, moment: datetime) -> bool:
    """Ask *execution* to stop. False where it has ended, or is stopping already."""
    row = space.store.rows("execution")[execution]
    if row["status"] in (*COMPLETE, "stopping"):
        return False
    space.change("execution", execution, status="stopping", events=with_status(row, moment, "Stop requested"))
    wake(space, execution, moment + timedelta(seconds=space.settings.stopping_seconds))
    return True


def end(space: Workspace, execution: Key, status: str, moment: datetime, message: str) -> None:
    """Bring *execution* to its last state: duration, price and log are final then."""
    row = space.store.rows("execution")[execution]
    started = row.get("started")
    seconds = (moment - read(started)).total_seconds() if started else 0.0
    environment = space.store.get("environment", row["environment"]) or {}
    per_hour = float(environment.get("per_hour_price_usd") or 0)
    space.change(
        "execution",
        execution,
        status=status,
        end_time=spell(moment),
        duration=round(seconds, 6),
        price=round(per_hour * seconds / 3600, 6),
        events=with_status(row, moment, message),
        acted=None,
    )
    wake(space, execution, None)


def command_of(space: Workspace, row: Row) -> str:
    """The command of an execution with its parameters filled in."""
    return filled(step_of(space, row), row["command"], row["parameters"])


def step_of(space: Workspace, row: Row) -> dict[str, Any]:
    """The step that an execution runs, as its commit declares it; nothing for a notebook."""
    commit = space.store.get("commit", row["commit"])
    for item in (commit or {}).get("config") or ():
        found = item.get("step")
        if isinstance(found, dict) and str(found.get("name")) == row["step"]:
            return found
    return {}


def _queue(space: Workspace, execution: Key, row: Row, moment: datetime) -> None:
    environment = space.store.get("environment", row["environment"]) or {}
    message = f"Queued on {environment.get('name', 'the default environment')}"
    space.change("execution", execution, status="queued", events=with_status(row, moment, message))
    wake(space, execution, moment + timedelta(seconds=space.settings.queue_seconds))


def _start(space: Workspace, execution: Key, row: Row, moment: datetime) -> None:
    """Work out what the command does, and begin to show it."""
    missing = missing_input(space, row)
    space.change(
        "execution",
        execution,
        status="started",
        started=spell(moment),
        executor_identity=IDENTITY,
        events=[*with_status(row, moment, f"Starting job on {IDENTITY}"), *debugging(row, moment)],
    )
    if missing is not None:
        end(space, execution, "error", moment, f"Input could not be resolved: {missing}")
        return
    if row["notebook"]:
        wake(space, execution, None)
        return
    ran = act(command_of(space, row), variables(space, row), space.settings.program_seconds)
    lines = [[line.at, line.stream, line.text] for line in ran.lines]
    acted = {"code": ran.code, "seconds": ran.seconds, "lines": lines, "files": ran.files}
    space.store.put("execution", execution, {"acted": acted})
    _go_on(space, execution, space.store.rows("execution")[execution], moment)


def debugging(row: Row, moment: datetime) -> list[Event]:
    """The line that tells where SSH would listen, for an execution that asks for it; nothing listens there."""
    wanted = row["runtime_config"].get("remote_debug")
    port = wanted.get("debug_port") if isinstance(wanted, dict) else None
    if isinstance(port, bool) or not isinstance(port, int):
        return []
    return [event(moment, "status", f"::ssh::{json.dumps({'port': port, 'address': '127.0.0.1'})}")]


def _go_on(space: Workspace, execution: Key, row: Row, until: datetime) -> datetime:
    """Show what the command has written by *until*; end where it has ended or its time is over. The moment of that."""
    acted, started = row["acted"], read(row["started"])
    limit = row["time_limit"] or None
    last = acted["seconds"] if limit is None else min(acted["seconds"], limit)
    # The due moment is a rounded number, so what is due may seem to lie a few microseconds ahead.
    passed = (until - started).total_seconds() + 1e-4
    shown = [line for line in acted["lines"] if line[0] <= min(passed, last)]
    left = [line for line in acted["lines"] if line[0] > min(passed, last)]
    if shown:
        timed = [(started + timedelta(seconds=at), stream, text) for at, stream, text in shown]
        space.store.put("execution", execution, {**with_lines(row, timed), "acted": {**acted, "lines": left}})
    if passed < last:
        upcoming = min([last, *(line[0] for line in left if line[0] <= last)])
        wake(space, execution, started + timedelta(seconds=upcoming))
        return until
    ended = started + timedelta(seconds=last)
    if limit is not None and acted["seconds"] > limit:
        end(space, execution, "stopped", ended, TIME_LIMIT)
    else:
        _finish(space, execution, acted, ended)
    return ended


def _finish(space: Workspace, execution: Key, acted: dict[str, Any], moment: datetime) -> None:
    """End by the exit code. The files are saved unless the worker went down."""
    code = acted["code"]
    if code is None:
        end(space, execution, "crashed", moment, "The worker was lost")
        return
    save(space, execution, acted["files"], moment)
    if code == 0:
        end(space, execution, "complete", moment, "Job completed successfully")
    else:
        end(space, execution, "error", moment, f"Job failed with exit code {code}")


def variables(space: Workspace, row: Row) -> dict[str, str]:
    """The environment variables of an execution: the project's unless it goes without them, then its own."""
    project = space.store.get("project", row["project"]) or {}
    inherited = project.get("environment_variables") or {}
    found = {
        name: str(value.get("value") or "")
        for name, value in inherited.items()
        if row["inherit_environment_variables"] and isinstance(value, dict)
    }
    return {**found, **{name: str(value) for name, value in row["environment_variables"].items()}}
