"""The body of a new task: an execution's, with a style for every parameter and rules for the children."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

from ..call import Call
from ..code.parameters import merged
from ..fields import Fields
from ..life.executions import step_of
from ..life.variants import TYPES, expanded
from ..model import Key, Row
from .execution import execution_values, is_value

USUAL_TYPE = "grid_search"
ON_CHILD_ERROR = ("continue_and_complete", "continue_and_error", "stop_all_and_error")
COUNTS = ("execution_count", "execution_batch_size")


def task_values(call: Call, fields: Fields, project: Key) -> Row:
    """The stored fields of the task that *fields* ask for, the values of its children among them.

    What is wrong is noted in *fields*, not raised.
    """
    variants = fields.map("variant_parameters") or fields.map("parameters")
    configuration = configuration_in(fields)
    type_name = fields.choice("type", TYPES, USUAL_TYPE)
    template = execution_values(call, fields.without("parameters"), project)
    children = [] if fields.problems else children_of(call, fields, template, type_name, variants, configuration)
    return {
        "project": project,
        "title": template["title"] or template["step"],
        "type": type_name,
        "configuration": configuration,
        "tags": template["tags"],
        "creator": call.user,
        "template": {**template, "title": "", "tags": []},
        "children": children,
        "on_child_error": fields.choice("on_child_error", ON_CHILD_ERROR, "stop_all_and_error"),
    }


def configuration_in(fields: Fields) -> dict[str, Any]:
    """What the task is told about its children as a whole."""
    inner = Fields(fields.map("configuration"))
    found = {**fields.map("configuration")}
    for name in COUNTS:
        if inner.has(name):
            found[name] = inner.integer(name, least=1)
    if fields.has("maximum_queued_executions"):
        found["maximum_queued_executions"] = fields.integer("maximum_queued_executions", least=1)
    for problems in inner.problems.values():
        fields.problems.setdefault("configuration", []).extend(problems)
    return found


def children_of(
    call: Call, fields: Fields, template: Row, type_name: str, variants: Mapping[str, Any], configuration: Row
) -> list[dict[str, Any]]:
    """The values that each child is run with."""
    step = step_of(call.space, template)
    given = {name: style for name, style in variants.items() if style is not None}
    try:
        seed = zlib.crc32(repr(sorted(given.items(), key=str)).encode("utf-8", "replace"))
        rows = expanded(type_name, given, configuration.get("execution_count"), seed)
        wrong = [name for row in rows for name, value in row.items() if not is_value(value)]
        if wrong:
            raise ValueError(f"{wrong[0]}: expected a scalar or a list of scalars.")
        return [merged(step, row) for row in rows]
    except (ValueError, OverflowError) as error:
        fields.refuse("parameters", str(error))
        return []
