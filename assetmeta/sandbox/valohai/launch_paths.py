"""Launches from outside: `launch/<trigger>/` with an authorization of its own, and what came of it."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from typing import Any

from assetmeta.sandbox.rest.answers import Answer
from assetmeta.sandbox.rest.refusals import Problem, Refusal, not_found
from assetmeta.sandbox.rest.routing import ANY

from .call import Call
from .code.triggers import RUN_EXECUTION, Trigger
from .fields import Fields
from .life import executions, pipelines, stepper
from .orders.execution import execution_values
from .orders.lookups import project_in
from .orders.pipeline import pipeline_values
from .orders.template import body_of
from .problems import refused_action
from .resource import Route

Done = dict[str, Any]


def launch(call: Call) -> Answer:
    """POST with any body: start what the trigger says. 400 where a condition fails."""
    trigger = _trigger(call)
    failing = trigger.failing(call.request.body)
    if failing is not None:
        raise refused_action(f"The condition on {failing!r} failed.", "condition_failed")
    stepper.catch_up(call.space)
    run = str(uuid.uuid4())
    call.space.triggers.runs[trigger.id, run] = launched(replace(call, user=_user(call, trigger)), trigger)
    text = trigger.answer.replace("{run_id}", run)
    kind = "application/json" if is_json(text) else "text/plain; charset=utf-8"
    return Answer.raw(text.encode(), kind)


def run_info(call: Call) -> Answer:
    """GET or POST with `run_id` in the query: `{"status", "result"}`."""
    trigger = _trigger(call)
    found = call.space.triggers.runs.get((trigger.id, call.query.one("run_id") or ""))
    if found is None:
        raise not_found()
    return Answer(found)


def _trigger(call: Call) -> Trigger:
    trigger = call.space.triggers.get(call.arguments[0])
    if trigger is None:
        raise not_found()
    if not trigger.lets_in(call.request.headers, call.request.body):
        raise Refusal(401, {"detail": "Incorrect authentication credentials."})
    return trigger


def _user(call: Call, trigger: Trigger) -> int:
    rows = call.space.store.rows("user")
    return next(int(id) for id, row in rows.items() if row["username"] == trigger.user)


def launched(call: Call, trigger: Trigger) -> dict[str, Any]:
    """What came of one launch: its state, and one entry per action that succeeded."""
    result: list[Done] = []
    failed = 0
    for action, body in trigger.bodies:
        try:
            result.append(
                execution_run(call, dict(body)) if action == RUN_EXECUTION else pipeline_run(call, dict(body))
            )
        except Problem:
            failed += 1
    status = "completed" if not failed else "complete_with_error" if result else "error"
    return {"status": status, "result": result}


def execution_run(call: Call, body: dict[str, Any]) -> Done:
    """Start an execution."""
    fields = Fields(body)
    values = execution_values(call, fields, project_in(call, fields))
    fields.done()
    execution = call.space.add("execution", **values)
    executions.begin(call.space, execution, call.space.clock())
    return {"action": RUN_EXECUTION, "execution_step": values["step"], "execution_id": execution}


def pipeline_run(call: Call, body: dict[str, Any]) -> Done:
    """Start a pipeline of a commit."""
    fields = Fields(body)
    project = project_in(call, fields)
    values = pipeline_values(call, Fields(body_of(call, fields, project)), project)
    return {"action": "run_pipeline", "pipeline_id": pipelines.create(call.space, values, call.space.clock())}


def is_json(text: str) -> bool:
    """Whether *text* is JSON."""
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


ROUTES = (
    Route(("launch", ANY), "Launch", {"POST": launch}, public=True),
    Route(("launch", ANY, "run"), "Launch Run", {"GET": run_info, "POST": run_info}, public=True),
)
"""The paths, with who answers them."""
