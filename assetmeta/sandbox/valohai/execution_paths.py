"""The paths of executions beyond their list: creating, stopping, copying, and what they write (section 7.2)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from assetmeta.sandbox.rest.answers import Answer
from assetmeta.sandbox.rest.refusals import forbidden
from assetmeta.sandbox.rest.routing import ANY

from .call import Call
from .catalogue import KINDS
from .derived.runs import outputs_of
from .fields import Fields
from .life import executions, tasks
from .model import COMPLETE, Key, Row
from .orders.execution import execution_values, variables_in
from .orders.lookups import environment_in, project_in
from .problems import Refused, missing_object, refused_action
from .resource import Route
from .workspace import Workspace

EVENTS_SHOWN = 2000
STOPPED = {"message": "OK"}
NOTEBOOK = "notebook"
CSV_COLUMNS = ("execution_id", "execution_counter", "execution_title", "_time")
COPIED = (
    *("project", "commit", "step", "title", "image", "command", "inputs", "parameters", "environment"),
    *("environment_variables", "environment_variable_groups", "inherit_environment_variables", "tags"),
    *("runtime_config", "runtime_config_preset", "priority", "time_limit", "notebook"),
)


def create(call: Call) -> Answer:
    """POST executions/."""
    fields = call.body_fields()
    project = project_in(call, fields)
    values = execution_values(call, fields, project)
    fields.done()
    return begun(call, values)


def create_notebook(call: Call) -> Answer:
    """POST notebook-executions/: an execution without a commit that runs until it is stopped."""
    fields = call.body_fields()
    project = project_in(call, fields)
    values = {
        "project": project,
        "step": NOTEBOOK,
        "image": fields.needed("image"),
        "title": fields.text("title"),
        "environment": environment_in(call, fields, project, None),
        "environment_variables": variables_in(fields),
        "creator": call.user,
        "notebook": True,
    }
    fields.done()
    return begun(call, values)


def begun(call: Call, values: Row) -> Answer:
    """201 with a new execution."""
    execution = call.space.add("execution", **values)
    executions.begin(call.space, execution, call.space.clock())
    return Answer(call.reader.document("execution", execution), 201)


def stop(kind_name: str, ends: Callable[[Workspace, Key, datetime], bool], call: Call) -> Answer:
    """POST x/{id}/stop/ of what runs. One that has ended stays as it is, and the answer says so."""
    id = call.find_writable(kind_name)
    if ends(call.space, id, call.space.clock()):
        return Answer(STOPPED)
    return Answer({"message": f"The {kind_name} is {call.space.row(kind_name, id)['status']} already."})


def copy(call: Call) -> Answer:
    """POST executions/{id}/copy/: the same again."""
    execution = call.find("execution")
    row = call.space.row("execution", execution)
    if not call.rights.creates(KINDS["execution"], row):
        raise forbidden()
    return begun(call, {**{name: row[name] for name in COPIED}, "creator": call.user})


def copy_to_task(call: Call) -> Answer:
    """POST executions/{id}/copy_to_task/: the same again, as one more child of its task."""
    execution = call.find("execution")
    row = call.space.row("execution", execution)
    if not call.rights.creates(KINDS["execution"], row):
        raise forbidden()
    if row["task"] is None:
        raise refused_action("The execution does not belong to a task.", "no_task")
    if call.space.row("task", row["task"])["status"] in (*COMPLETE, "stopping"):
        raise refused_action("The task has ended.", "task_ended")
    values = {name: row[name] for name in COPIED}
    added = call.space.add("execution", **values, creator=call.user, task=row["task"], pipeline=row["pipeline"])
    tasks.fill_up(call.space, row["task"], call.space.clock())
    return Answer(call.reader.document("execution", added), 201)


def add_tags(call: Call) -> Answer:
    """POST executions/{id}/tags/: adds to what is there."""
    execution = call.find_writable("execution")
    fields = call.body_fields()
    if not fields.has("tags"):
        fields.needed("tags")
    added = fields.words("tags")
    fields.done()
    tags = list(dict.fromkeys([*call.space.row("execution", execution)["tags"], *added]))
    call.space.change("execution", execution, tags=tags)
    return Answer({"tags": tags})


def events(call: Call) -> Answer:
    """GET executions/{id}/events/: the end of the log, or all of it with limit=0."""
    log = call.space.row("execution", call.find("execution"))["events"]
    limit = call.query.number("limit", 0, EVENTS_SHOWN)
    shown = log[-limit:] if limit else log
    return Answer({"total": len(log), "limit": limit, "truncated": len(shown) < len(log), "events": shown})


def status_events(call: Call) -> Answer:
    """GET executions/{id}/status-events/: what the server itself wrote to the log, the first ones."""
    log = call.space.row("execution", call.find("execution"))["events"]
    found = [line for line in log if line["stream"] == "status"]
    limit = call.query.number("limit", 0, 0)
    return Answer({"total": len(found), "status_events": found[:limit] if limit else found})


def metadata(call: Call) -> Answer:
    """GET executions/{id}/metadata/: all points in their order, a bare array."""
    return Answer(call.space.row("execution", call.find("execution"))["metadata"])


def outputs(call: Call) -> Answer:
    """GET executions/{id}/outputs/: data as a bare array; with include=download_url each with its address."""
    return Answer([call.reader.row("datum", datum) for datum in outputs_of(call.space, call.find("execution"))])


def metadata_csv(call: Call) -> Answer:
    """GET or POST executions/multi_download_metadata_csv/ with `{"ids": [...]}`: one line per point."""
    fields = Fields(call.fields())
    given = fields.words("ids")
    fields.done()
    found = [call.finder.find(KINDS["execution"], text) for text in given]
    wrong = [missing_object(text) for text, key in zip(given, found, strict=True) if key is None]
    if wrong:
        raise Refused({"ids": wrong})
    rows = [row for key in found if key is not None for row in csv_rows(call.space, key)]
    return Answer.raw(csv_text(rows).encode(), "text/csv; charset=utf-8")


def csv_rows(space: Workspace, execution: Key) -> list[dict[str, Any]]:
    """The points of one execution, each with what tells where it is from."""
    row = space.row("execution", execution)
    origin = {"execution_id": execution, "execution_counter": row["counter"], "execution_title": row["title"]}
    return [{**origin, **point} for point in row["metadata"]]


def csv_text(rows: Sequence[dict[str, Any]]) -> str:
    """A table with a column for every key, the ones that tell the origin first."""
    keys = sorted({key for row in rows for key in row} - set(CSV_COLUMNS))
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, [*CSV_COLUMNS, *keys])
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


ROUTES = (
    Route(("executions",), "Execution List", {"POST": create}),
    Route(("notebook-executions",), "Notebook Execution List", {"POST": create_notebook}),
    Route(("executions", "multi_download_metadata_csv"), "Metadata CSV", {"GET": metadata_csv, "POST": metadata_csv}),
    Route(("executions", ANY, "stop"), "Execution Stop", {"POST": partial(stop, "execution", executions.stop)}),
    Route(("executions", ANY, "copy"), "Execution Copy", {"POST": copy}),
    Route(("executions", ANY, "copy_to_task"), "Execution Copy To Task", {"POST": copy_to_task}),
    Route(("executions", ANY, "tags"), "Execution Tags", {"POST": add_tags}),
    Route(("executions", ANY, "events"), "Execution Events", {"GET": events}),
    Route(("executions", ANY, "status-events"), "Execution Status Events", {"GET": status_events}),
    Route(("executions", ANY, "metadata"), "Execution Metadata", {"GET": metadata}),
    Route(("executions", ANY, "outputs"), "Execution Outputs", {"GET": outputs}),
)
"""The paths, with who answers them."""
