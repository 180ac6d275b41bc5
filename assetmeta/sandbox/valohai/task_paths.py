"""The paths of tasks beyond their list (section 7.3)."""

from __future__ import annotations

from functools import partial

from assetmeta.sandbox.rest.answers import Answer
from assetmeta.sandbox.rest.refusals import forbidden
from assetmeta.sandbox.rest.routing import ANY

from .call import Call
from .catalogue import KINDS
from .execution_paths import COPIED, stop
from .life import tasks
from .model import Key, Row
from .orders.lookups import project_in
from .orders.task import task_values
from .problems import refused_action
from .resource import Route

SAME = ("project", "title", "type", "configuration", "tags", "on_child_error")


def create(call: Call) -> Answer:
    """POST tasks/."""
    fields = call.body_fields()
    project = project_in(call, fields)
    values = task_values(call, fields, project)
    fields.done()
    return begun(call, values)


def begun(call: Call, values: Row) -> Answer:
    """201 with a new task."""
    task = tasks.create(call.space, values, call.space.clock())
    return Answer(call.reader.document("task", task), 201)


def copy(call: Call) -> Answer:
    """POST tasks/{id}/copy/: the same again, with the same children."""
    task = call.find("task")
    row = call.space.row("task", task)
    if not call.rights.creates(KINDS["task"], row):
        raise forbidden()
    children = list(tasks.children_of(call.space, task).values())
    if not children:
        raise refused_action("The task has no executions.", "no_executions")
    template = {**{name: children[0][name] for name in COPIED}, "creator": call.user}
    values = {**{name: row[name] for name in SAME}, "creator": call.user, "template": template}
    return begun(call, {**values, "children": [child["parameters"] for child in children]})


def execution_ids(call: Call) -> Answer:
    """GET tasks/{id}/execution_ids/: a bare array."""
    return Answer(list(shown_children(call)))


def property_keys(call: Call) -> Answer:
    """GET tasks/{id}/property-keys/: the names of all parameters and all metadata of the children."""
    rows = shown_children(call).values()
    parameters = sorted({name for row in rows for name in row["parameters"]})
    metadata = sorted({name for row in rows for name in row["cumulative_metadata"] or {}})
    return Answer({"parameters": parameters, "metadata": metadata})


def shown_children(call: Call) -> dict[Key, Row]:
    """The children of the task that are not deleted."""
    children = tasks.children_of(call.space, call.find("task"))
    return {id: row for id, row in children.items() if not row["deleted"]}


ROUTES = (
    Route(("tasks",), "Task List", {"POST": create}),
    Route(("tasks", ANY, "stop"), "Task Stop", {"POST": partial(stop, "task", tasks.stop)}),
    Route(("tasks", ANY, "copy"), "Task Copy", {"POST": copy}),
    Route(("tasks", ANY, "execution_ids"), "Task Execution Ids", {"GET": execution_ids}),
    Route(("tasks", ANY, "property-keys"), "Task Property Keys", {"GET": property_keys}),
)
"""The paths, with who answers them."""
