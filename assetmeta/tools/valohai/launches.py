"""Runs that are not started by create(): triggers, templates, notebooks; and the logs of deployments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from assetmeta.backends.valohai import actions, calls
from assetmeta.backends.valohai.keys import commit_parts, path_key
from assetmeta.core.asset import Asset
from assetmeta.model.errors import BadValue
from assetmeta.model.scalars import shown
from assetmeta.model.values import Oid
from assetmeta.session import Session
from assetmeta.tools.common import plain
from assetmeta.tools.valohai.dialect import merge_object, require_context, shared, valohai


class Run(NamedTuple):
    """What came of a launch. *status* is "pending", "completed", "error" or "complete_with_error"; *started* are the
    executions and pipelines, *result* is what the server returns of them.
    """

    status: str
    started: list[Any]
    result: list[Any]


def launch(session: Session, trigger: str, content: Any = None, *, headers: Mapping[str, str] | None = None) -> Any:
    """Launch the trigger of that id with *content* as the body, JSON or bytes; return its answer: JSON, or a text.

    One request, never repeated. A trigger has a login of its own, which goes into *headers*; the session's own takes
    the place of an Authorization header. Raises Rejected when one of the trigger's conditions fails.
    """
    sent = {} if content is None else content
    return plain(session.run(actions.launch(trigger, sent, headers or {}, valohai(session.backend))))


def run_info(session: Session, trigger: str, run_id: str, *, headers: Mapping[str, str] | None = None) -> Run:
    """Return what came of a launch so far; *run_id* is in the answer to it. One request."""
    found = plain(session.run(actions.launch_result(trigger, run_id, headers or {}, valohai(session.backend))))
    listed = found.get("result")
    result = listed if isinstance(listed, list) else []
    return Run(str(found.get("status") or ""), [one for item in result for one in _started(session, item)], result)


def _started(session: Session, item: Any) -> list[Any]:
    ids = item.items() if isinstance(item, dict) else ()
    types = {"execution_id": "Execution", "pipeline_id": "Pipeline", "task_id": "Task"}
    return [session.asset_from_oid(Oid(types[name], key)) for name, key in ids if name in types and key]


def run_pipeline(project: Any, name: str, commit: Any = "main") -> Any:
    """Start the pipeline *name* of a commit's configuration file and return the Pipeline, loaded. One request.

    *commit* is a Commit, its identifier or a branch. (A pipeline of one's own making is `vh.Pipeline.create(...)`.)
    """
    context = require_context(project, "Project")
    oid = project._state.oid
    flow = actions.from_template(oid, _commit(project, commit), name, valohai(context.backend))
    return merge_object(context, "Pipeline", context.run(flow), oid.key)


def _commit(project: Any, commit: Any) -> str:
    if isinstance(commit, str) and commit:
        return commit
    if not isinstance(commit, Asset):
        raise BadValue(f"A commit is a Commit, its identifier or a branch, not {shown(commit)}.")
    shared([project, commit], "Project", "Commit")
    return commit_parts(commit._state.oid.key)[1]


def run_notebook(project: Any, image: str, environment: Any = "PROJECT_DEFAULT", **fields: Any) -> Any:
    """Start an execution for a notebook and return the Execution, loaded. One request.

    *environment* is an Environment, its id or its slug; *fields* are further ones, such as `environment_variables`.
    """
    context = require_context(project, "Project")
    oid = project._state.oid
    if isinstance(environment, Asset):
        shared([project, environment], "Project", "Environment")
        environment = environment._state.oid.key
    body = {**fields, "project": path_key(oid), "image": image, "environment": environment}
    return merge_object(context, "Execution", context.run(actions.notebook(body, valohai(context.backend))), oid.key)


def suggest_version_name(deployment: Any) -> str:
    """Return a name that the next version of a deployment can have, such as "20260301.0". One request."""
    context = require_context(deployment, "Deployment")
    return context.run(calls.suggested_name(deployment._state.oid, valohai(context.backend)))


def endpoint_logs(endpoint: Any, start: datetime | None = None, end: datetime | None = None) -> Any:
    """Return what a deployment endpoint logged between two moments, as the server returns it: lists of lines by
    replica. One request. Raises BadValue for a moment without a time zone.
    """
    context = require_context(endpoint, "DeploymentEndpoint")
    flow = calls.endpoint_logs(endpoint._state.oid, _minute(start), _minute(end), valohai(context.backend))
    return plain(context.run(flow))


def _minute(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise BadValue(f"{moment.isoformat()} has no time zone; give it one, such as datetime.UTC.")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")
