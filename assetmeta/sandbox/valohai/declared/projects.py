"""Projects and their code (sections 7.1 and 7.5 of the protocol)."""

from __future__ import annotations

from ..model import (
    ALL,
    CHANGE_ONLY,
    ON_REQUEST,
    Field,
    Filter,
    Kind,
    derived,
    flag,
    kept,
    key,
    links,
    needed,
    one,
    owner,
    self_link,
    text,
    times,
)

HIDDEN = ""
DETAIL = "d"
EMBEDDED = "nl"

PROJECT = (
    key(),
    needed("name", max_length=255),
    text("description"),
    owner("new", forms={"": ("id", "username")}),
    text("template", "wn"),
    flag("default_notifications", default=True, shapes=DETAIL),
    *times(),
    self_link(),
    links(),
    derived("execution_count", "int", blanked=EMBEDDED),
    derived("running_execution_count", "int", blanked=EMBEDDED),
    derived("queued_execution_count", "int", blanked=EMBEDDED),
    derived("enabled_endpoint_count", "int", blanked=EMBEDDED),
    derived("last_execution_ctime", "datetime", blanked=EMBEDDED),
    one("default_environment", "environment", shapes=DETAIL),
    one("default_store", "store", shapes=DETAIL),
    derived("upload_store_id", "ref", "store", shapes=DETAIL),
    Field("environment_variables", "map", kept=True, default={}, shapes=DETAIL),
    derived("execution_summary", "map", shapes=DETAIL),
    Field("repository", "map", "rw", nullable=True, shapes=DETAIL),
    Field("tags", "list", "rw", default=(), shapes=DETAIL),
    derived("read_only", "bool", shapes=DETAIL),
    text("yaml_path", default="valohai.yaml", shapes=DETAIL),
    kept("team", "ref", "team", shapes=HIDDEN),
    kept("creator", "ref", "user", shapes=HIDDEN),
)

REPOSITORY = (
    key("int"),
    kept("project", "ref", "project", forms={"": "n"}),
    text("url"),
    text("ref", default="master, main"),
)

COMMIT = (
    kept("repository", "ref", "repository", shapes="drn"),
    kept("identifier", "str"),
    kept("ref", "str"),
    kept("ref_names", "list", shapes="drn"),
    kept("commit_time", "datetime"),
    kept("ctime", "datetime", shapes="drn"),
    kept("description", "str"),
    kept("adhoc", "bool"),
    kept("has_config", "bool"),
    kept("yaml_path", "str", shapes="drn"),
    derived("project_id", "ref", "project", shapes="drn"),
    self_link("drn"),
    links(),
    kept("config", "json", shapes=ON_REQUEST),
    kept("project", "ref", "project", shapes=HIDDEN),
)

KINDS = (
    Kind("project", "projects", PROJECT, methods=ALL, guarded="delete"),
    Kind("repository", "repositories", REPOSITORY, "project", methods=CHANGE_ONLY, numbered="repository"),
    Kind(
        "commit",
        "commits",
        COMMIT,
        "project",
        {"project": Filter("project"), "adhoc": Filter("adhoc")},
        numbered="commit",
        key="identifier",
    ),
)
