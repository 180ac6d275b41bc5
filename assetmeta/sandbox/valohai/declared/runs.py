"""Executions, tasks and pipelines (sections 7.2 to 7.4 of the protocol)."""

from __future__ import annotations

from ..model import ALL, Field, Filter, Kind, derived, flag, kept, key, links, needed, one, self_link, text, times

HIDDEN = ""
DETAIL = "d"
BRIEF = "drn"

FILTERS = {
    "project": Filter("project"),
    "counter": Filter("counter"),
    "status": Filter("status", "status"),
    "creator": Filter("creator"),
    "deleted": Filter("deleted"),
}
"""What executions, tasks and pipelines can be narrowed by."""

TASK_TYPES = ("bayesian_tpe", "grid_search", "distributed", "random_search", "manual_search")


def tags(**more: str) -> Field:
    """The tags, a list of words."""
    return Field("tags", "words", "rw", default=(), **more)  # type: ignore[arg-type]


def project(form: str) -> Field:
    """The project that a run belongs to."""
    return one("project", "project", "new", required=True, forms={"": form})


EXECUTION = (
    key(),
    kept("counter", "int"),
    project("n"),
    one("commit", "commit", "new", required=True, forms={"": "n"}, shapes=BRIEF),
    needed("step", "new"),
    text("title"),
    text("image", "new", shapes=BRIEF),
    text("command", "new", shapes=DETAIL),
    Field("inputs", "map", "new", default={}, shapes="dn"),
    Field("parameters", "map", "new", default={}, shapes=BRIEF),
    one("environment", "environment", "new", forms={"": "n"}, shapes=BRIEF),
    Field("environment_variables", "map", "new", default={}, shapes=DETAIL),
    Field("environment_variable_groups", "list", "wn", default=()),
    flag("inherit_environment_variables", "wn", default=True),
    tags(),
    Field("runtime_config", "map", "new", default={}, shapes=DETAIL),
    Field("runtime_config_preset", "id", "wn", nullable=True),
    Field("priority", "int", "new", default=0, shapes=BRIEF),
    Field("time_limit", "number", "wn", default=0),
    kept("status", "str", default="created"),
    kept("status_detail", "json", shapes=BRIEF),
    kept("duration", "number"),
    kept("end_time", "datetime", shapes=BRIEF),
    kept("task", "ref", "task"),
    derived("task_counter", "int", shapes=BRIEF),
    derived("task_tags", "list", shapes=BRIEF),
    kept("pipeline", "ref", "pipeline"),
    derived("pipeline_counter", "int", shapes=BRIEF),
    derived("pipeline_tags", "list", shapes=BRIEF),
    Field("cumulative_metadata", "map", kept=True, nullable=True, shapes=BRIEF),
    derived("outputs", "list", shapes="dn"),
    Field("events", "list", kept=True, default=(), shapes=DETAIL),
    Field("metadata", "list", kept=True, default=(), shapes=DETAIL),
    Field("deleted", "bool", kept=True, default=False),
    flag("is_pinned"),
    derived("n_outputs", "int", shapes=BRIEF),
    Field("n_alerts", "int", kept=True, default=0, shapes=BRIEF),
    Field("n_comments", "int", kept=True, default=0, shapes=BRIEF),
    derived("creator_id", "str", shapes=BRIEF),
    derived("creator_name", "str", shapes=BRIEF),
    derived("interpolated_command", "str", shapes=DETAIL),
    kept("executor_identity", "str", default="", shapes=DETAIL),
    Field("stop_expression", "str", kept=True, default="", shapes=DETAIL),
    Field("price", "number", kept=True, default=0.0, shapes=BRIEF),
    kept("emissions", "json", shapes=DETAIL),
    kept("parameter_categories", "json", shapes=DETAIL),
    kept("step_icon", "json", shapes=DETAIL),
    *times(),
    self_link(),
    links(),
    kept("creator", "ref", "user", shapes=HIDDEN),
    kept("started", "datetime", shapes=HIDDEN),
    kept("acted", "json", shapes=HIDDEN),
    kept("due", "number", shapes=HIDDEN),
    kept("moving", "ref", shapes=HIDDEN),
    Field("notebook", "bool", kept=True, default=False, shapes=HIDDEN),
)
"""*acted* is what its command does, *due* the second at which something happens next; *moving* has a mark then, as a
reference so that the store finds those that have it."""

TASK = (
    key(),
    kept("counter", "int"),
    text("title"),
    Field("type", "str", "new", required=True, choices=TASK_TYPES),
    project("id"),
    kept("status", "str", default="created"),
    kept("status_detail", "json"),
    derived("status_summary", "map"),
    Field("configuration", "map", "new", default={}),
    derived("creator_name", "str"),
    derived("n_children", "int"),
    derived("n_executions", "int"),
    Field("n_comments", "int", kept=True, default=0),
    tags(),
    flag("is_pinned"),
    Field("deleted", "bool", kept=True, default=False),
    *times(),
    self_link(),
    links(),
    kept("creator", "ref", "user", shapes=HIDDEN),
    Field("template", "map", kept=True, default={}, shapes=HIDDEN),
    Field("on_child_error", "str", kept=True, default="stop_all_and_error", shapes=HIDDEN),
)

PIPELINE = (
    key(),
    kept("counter", "int"),
    text("title"),
    project("n"),
    Field("nodes", "list", "new", required=True, shapes=DETAIL),
    Field("edges", "list", "new", required=True, shapes=DETAIL),
    Field("parameters", "map", "new", default={}, shapes=DETAIL),
    tags(),
    flag("reuse_executions", "wn"),
    kept("status", "str", default="created"),
    kept("creator", "ref", "user", forms={"": ("id", "username")}),
    Field("log", "list", kept=True, default=(), shapes=DETAIL),
    Field("deleted", "bool", kept=True, default=False),
    kept("ctime", "datetime"),
    self_link(),
    links(),
    Field("tasks", "refs", "ro", ("task",), kept=True, default=(), shapes=HIDDEN),
    kept("verdict", "str", shapes=HIDDEN),
)

KINDS = (
    Kind(
        "execution",
        "executions",
        EXECUTION,
        "project",
        {**FILTERS, "task": Filter("task"), "step": Filter("step")},
        ALL,
        counted="project",
        soft=True,
    ),
    Kind("task", "tasks", TASK, "project", FILTERS, ALL, counted="project", soft=True),
    Kind(
        "pipeline",
        "pipelines",
        PIPELINE,
        "project",
        {**FILTERS, "task": Filter("tasks", "member")},
        ALL,
        counted="project",
        soft=True,
    ),
)
