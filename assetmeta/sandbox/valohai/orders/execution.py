"""The body of a new execution: what it names must exist, what it leaves out comes from the step."""

from __future__ import annotations

import re
from typing import Any

from ..call import Call
from ..code.config import Item, listed
from ..code.parameters import merged
from ..fields import Fields
from ..model import Key, Row
from .lookups import commit_in, config_of_commit, environment_in

ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
ATOMS = (str, int, float)


def execution_values(call: Call, fields: Fields, project: Key) -> Row:
    """The stored fields of the execution that *fields* ask for. What is wrong is noted in *fields*, not raised."""
    commit = commit_in(call, fields, project)
    step = step_in(call, fields, commit)
    return {
        "project": project,
        "commit": commit,
        "step": str(step.get("name", "")),
        "title": fields.text("title"),
        "image": fields.text("image") or str(step.get("image", "")),
        "command": fields.lines("command", step.get("command", "")),
        "inputs": inputs_in(fields, step),
        "parameters": parameters_in(fields, step),
        "environment": environment_in(call, fields, project, step.get("environment")),
        "environment_variables": {**usual_variables(step), **variables_in(fields)},
        "environment_variable_groups": fields.words("environment_variable_groups"),
        "inherit_environment_variables": fields.flag("inherit_environment_variables", True),
        "tags": fields.words("tags"),
        "runtime_config": fields.map("runtime_config"),
        "runtime_config_preset": fields.text("runtime_config_preset") or None,
        "priority": fields.integer("priority") or 0,
        "time_limit": fields.number("time_limit", least=0) or 0,
        "stop_expression": fields.text("stop_expression") or str(step.get("stop-condition", "")),
        "creator": call.user,
    }


def step_in(call: Call, fields: Fields, commit: Key | None) -> Item:
    """The step that a body names, as the commit declares it; nothing after a refusal."""
    name = fields.needed("step")
    if not name or commit is None:
        return {}
    config = config_of_commit(call, fields, commit)
    if name not in config.steps:
        fields.refuse("step", f'Step "{name}" does not exist in the commit.', "does_not_exist")
    return config.steps.get(name, {})


def inputs_in(fields: Fields, step: Item) -> dict[str, list[str]]:
    """Addresses by input: what is given, else what the step declares."""
    found = {
        str(each["name"]): addresses(each.get("default")) or [] for each in listed(step, "inputs") if "name" in each
    }
    for name, value in fields.map("inputs").items():
        given = addresses(value)
        if given is None:
            fields.refuse("inputs", f"{name}: expected a list of URIs.")
        elif wrong := [each for each in given if not ADDRESS.fullmatch(each)]:
            fields.refuse("inputs", f"{name}: {wrong[0]!r} is not a valid URI.")
        else:
            found[name] = given
    return found


def addresses(value: object) -> list[str] | None:
    """A list of addresses, of one where a single text is given; None where it is neither."""
    if value is None:
        return []
    if isinstance(value, str):
        return [value]
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return value
    return None


def parameters_in(fields: Fields, step: Item) -> dict[str, Any]:
    """Values of all parameters, those of the step's defaults among them."""
    given = fields.map("parameters")
    for name, value in given.items():
        if not is_value(value):
            fields.refuse("parameters", f"{name}: expected a scalar or a list of scalars.")
            return {}
    try:
        return merged(step, given)
    except ValueError as error:
        fields.refuse("parameters", str(error))
        return {}


def is_value(value: object) -> bool:
    """Whether *value* can be the value of a parameter."""
    if isinstance(value, list):
        return all(isinstance(each, ATOMS) for each in value)
    return value is None or isinstance(value, ATOMS)


def usual_variables(step: Item) -> dict[str, str]:
    """The environment variables that a step declares with a value."""
    declared = listed(step, "environment-variables")
    return {
        str(each["name"]): str(each["default"])
        for each in declared
        if "name" in each and each.get("default") is not None
    }


def variables_in(fields: Fields) -> dict[str, str]:
    """Environment variables: a map of names to scalars, or a list of names with defaults as steps declare them."""
    value = fields.raw("environment_variables")
    if isinstance(value, list) and all(isinstance(each, dict) for each in value):
        return usual_variables({"environment-variables": value})
    found: dict[str, str] = {}
    for name, each in fields.map("environment_variables").items():
        if each is not None and not isinstance(each, ATOMS):
            fields.refuse("environment_variables", f"{name}: not a valid string.")
        elif each is not None:
            found[name] = str(each)
    return found
