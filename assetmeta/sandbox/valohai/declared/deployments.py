"""Deployments, their versions, aliases and endpoints (section 7.7 of the protocol)."""

from __future__ import annotations

from ..model import (
    ALL,
    CHANGE_ONLY,
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
    self_link,
    text,
)

DETAIL = "d"
FULL = "dr"

DEPLOYMENT = (
    key(),
    needed("name", max_length=255),
    one("project", "project", "new", required=True, forms={"": "n"}),
    derived("owner", "ref", "user", "organization"),
    flag("enabled", default=True),
    kept("target", "id"),
    kept("target_log_handler_type", "str", default="elasticsearch"),
    kept("ctime", "datetime"),
    self_link(),
    links(),
    derived("version_aliases", "list", shapes=FULL),
    derived("versions", "list", shapes=FULL),
)

DEPLOYMENT_VERSION = (
    key(),
    needed("name", "new", max_length=255),
    one("deployment", "deployment", "new", required=True),
    one("commit", "commit", "new", required=True, forms={"": "l"}),
    kept("creator", "ref", "user", forms={"": ("id", "username")}, shapes=FULL),
    flag("enabled", default=True),
    derived("effective_enabled", "bool", shapes=FULL),
    derived("endpoints", "list", shapes=DETAIL),
    derived("endpoint_urls", "map", shapes=FULL),
    Field("environment_variables", "map", "rw", default={}, shapes=DETAIL),
    flag("inherit_environment_variables", "wn", default=True),
    Field("endpoint_configurations", "map", "wn", default={}),
    kept("ctime", "datetime"),
    kept("mtime", "datetime", shapes=FULL),
    self_link(),
    links(FULL),
)

DEPLOYMENT_ENDPOINT = (
    key(),
    kept("name", "str"),
    kept("version", "ref", "deployment_version"),
    flag("enabled", default=True),
    Field("status", "str", kept=True, default="BUILDING_IMAGE"),
    kept("status_detail", "json"),
    derived("endpoint_url", "url"),
    Field("is_ready_to_deploy", "bool", kept=True, default=False),
    kept("cpu_request", "number"),
    kept("memory_limit", "int"),
    kept("memory_request", "int"),
    text("node_selector", default=""),
    Field("files", "list", kept=True, default=()),
    self_link(),
)

DEPLOYMENT_VERSION_ALIAS = (
    key(),
    needed("name", max_length=255),
    one("deployment", "deployment", "new", required=True),
    one("target", "deployment_version", required=True),
    self_link(),
)

BY_PROJECT = {"project": Filter("project")}

KINDS = (
    Kind("deployment", "deployments", DEPLOYMENT, "project", BY_PROJECT, ALL, unique=(("project", "name"),)),
    Kind(
        "deployment_version",
        "deployment-versions",
        DEPLOYMENT_VERSION,
        "deployment",
        methods=ALL,
        unique=(("deployment", "name"),),
    ),
    Kind("deployment_endpoint", "deployment-endpoints", DEPLOYMENT_ENDPOINT, "version", methods=CHANGE_ONLY),
    Kind(
        "deployment_version_alias",
        "deployment-version-aliases",
        DEPLOYMENT_VERSION_ALIAS,
        "deployment",
        {"project": Filter("deployment.project")},
        ALL,
        unique=(("deployment", "name"),),
    ),
)
