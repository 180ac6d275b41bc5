"""A pipeline as valohai.yaml declares it, turned into the body that creates one."""

from __future__ import annotations

from typing import Any

from ..call import Call
from ..code.config import Config, Item, listed
from ..fields import Fields
from ..model import Key
from .lookups import commit_in, config_of_commit

PLURALS = {"outputs": "output", "inputs": "input", "parameters": "parameter", "files": "file"}
OVERRIDES = ("image", "command", "environment")
TASK_WORDS = {"type": "type", "on-child-error": "on_child_error"}
TASK_CONFIGURATION = ("engine", "execution-count", "execution-batch-size")
TASK_TARGETS = ("optimization-target-metric", "optimization-target-value")


def body_of(call: Call, fields: Fields, project: Key) -> dict[str, Any]:
    """The body of the pipeline that *fields* name. Raises Refused where there is none."""
    commit, name = commit_in(call, fields, project), fields.needed("name")
    if commit is None or fields.problems:
        raise fields.refusal()
    row, config = call.space.row("commit", commit), config_of_commit(call, fields, commit)
    pipeline = config.pipelines.get(name)
    if pipeline is None:
        fields.refuse("name", f'Pipeline "{name}" does not exist in the commit.', "does_not_exist")
        raise fields.refusal()
    edges = pipeline.get("edges")
    return {
        "title": fields.text("title") or name,
        "tags": fields.words("tags"),
        "nodes": [node_of(config, node, row["identifier"]) for node in listed(pipeline, "nodes")],
        "edges": [edge_of(edge) for edge in edges] if isinstance(edges, list) else edges,
        "parameters": parameters_of(pipeline, fields.map("parameters")),
        "reuse_executions": bool(pipeline.get("reuse-executions")),
    }


def parameters_of(pipeline: Item, given: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a pipeline as its body has them, with the values that were given."""
    return {
        str(each.get("name")): {
            "config": with_targets(each),
            "expression": given.get(str(each.get("name")), each.get("default", "")),
        }
        for each in listed(pipeline, "parameters")
    }


def with_targets(parameter: Item) -> Item:
    """The declaration of a pipeline's parameter with its targets as a list."""
    targets = parameter.get("targets", parameter.get("target"))
    return {**parameter, "targets": targets if isinstance(targets, list) else [targets] if targets else []}


def node_of(config: Config, node: Item, commit: str) -> dict[str, Any]:
    """One node with the template that its step, task or override make."""
    kind = str(node.get("type", "execution"))
    found = {"name": node.get("name"), "type": kind, "on_error": node.get("on-error", "stop-all")}
    found["edge_merge_mode"] = node.get("edge-merge-mode", "replace")
    found["actions"] = listed(node, "actions")
    if kind == "deployment":
        names = node.get("endpoints")
        endpoints = {str(each): {"enabled": True, "files": {}} for each in (names if isinstance(names, list) else ())}
        return {
            **found,
            "deployment": node.get("deployment"),
            "commit": commit,
            "endpoint_configurations": endpoints,
            "aliases": node.get("aliases") or [],
        }
    task = config.tasks.get(str(node.get("task")), {}) if kind == "task" else {}
    override = node.get("override")
    template = {
        "commit": node.get("commit") or commit,
        "step": node.get("step") or task.get("step"),
        **overridden(override if isinstance(override, dict) else {}),
    }
    return {**found, "template": template if kind != "task" else with_task(template, task)}


def overridden(override: Item) -> dict[str, Any]:
    """What a node sets in place of its step's defaults."""
    found = {key: override[key] for key in OVERRIDES if override.get(key)}
    for key in ("parameters", "inputs"):
        values = {
            str(each["name"]): each["default"] for each in listed(override, key) if "name" in each and "default" in each
        }
        if values:
            found[key] = values
    if override.get("environment-variables"):
        found["environment_variables"] = override["environment-variables"]
    return found


def with_task(template: dict[str, Any], task: Item) -> dict[str, Any]:
    """The template of a task node: styles of the parameters, and how the children are run."""
    styles = {
        str(each.get("name")): {"style": each.get("style", "single"), "rules": each.get("rules", {})}
        for each in listed(task, "parameters")
    }
    sets: dict[str, list[Any]] = {}
    for each in listed(task, "parameter-sets"):
        for name, value in each.items():
            sets.setdefault(name, []).append(value)
    styles |= {name: {"style": "multiple", "rules": {"items": items}} for name, items in sets.items()}
    found = {name: str(task[word]).replace("-", "_") for word, name in TASK_WORDS.items() if task.get(word)}
    if task.get("maximum-queued-executions"):
        found["maximum_queued_executions"] = task["maximum-queued-executions"]
    words = [word for word in (*TASK_CONFIGURATION, *TASK_TARGETS) if task.get(word) is not None]
    configuration = {word.replace("-", "_"): task[word] for word in words}
    return {
        **template,
        **found,
        "configuration": configuration,
        "parameters": {**template.get("parameters", {}), **styles},
    }


def edge_of(edge: object) -> dict[str, Any]:
    """One edge, written as a pair of `node.type.key` or as a mapping of such."""
    source, target = (edge.get("source"), edge.get("target")) if isinstance(edge, dict) else pair(edge)
    return {**socket("source", source), **socket("target", target)}


def pair(edge: object) -> tuple[object, object]:
    """The two ends of an edge written as a list."""
    return (edge[0], edge[1]) if isinstance(edge, list) and len(edge) == 2 else (None, None)


def socket(end: str, text: object) -> dict[str, str]:
    """One end: node, type and key, of which the last may hold dots."""
    node, kind, key = ([*str(text or "").split(".", 2), "", "", ""])[:3]
    return {f"{end}_node": node, f"{end}_type": PLURALS.get(kind, kind), f"{end}_key": key}
