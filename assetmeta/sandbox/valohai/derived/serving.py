"""Models, deployments and environments: what is made of runs, and where it runs."""

from __future__ import annotations

from ..model import DEEP, INCOMPLETE, NESTED, Document, Key, Row
from ..reader import Deriver, Reader
from .projects import account_name, page_of, slug

SERVED_AT = "https://deployments.example.org"
"""Where endpoints would answer, if anything was deployed."""


def version_summary(reader: Reader, id: Key, row: Row) -> list[Document | None]:
    """The versions of a model in short."""
    versions = reader.space.store.pointing("model_version", "model", id)
    return [reader.picked("model_version", each, ("counter", "status")) for each in versions]


def associated_projects(reader: Reader, id: Key, row: Row) -> list[Document | None]:
    """The projects of a model in short."""
    return [reader.picked("project", each, ("id", "name")) for each in row["associated_project_ids"]]


def source(reader: Reader, id: Key, row: Row) -> Document:
    """What a model version was made by."""
    found = dict(row["source"])
    run = reader.space.store.get(found.get("type", ""), found.get("id")) if found.get("type") in RUNS else None
    return found if run is None else {**found, "title": run["title"] or run.get("step") or f"#{run['counter']}"}


RUNS = ("execution", "pipeline")


def source_executions(reader: Reader, row: Row) -> list[Key]:
    """The executions that a model version was made by: the one, or those of the pipeline."""
    made_by, id = row["source"].get("type"), row["source"].get("id")
    if made_by == "pipeline":
        return reader.space.store.pointing("execution", "pipeline", id)
    return [id] if made_by == "execution" and reader.space.store.get("execution", id) else []


def version_links(reader: Reader, id: Key, row: Row) -> Document:
    """The page of a deployment version."""
    deployment = reader.space.row("deployment", row["deployment"])
    return {"display": page_of(reader, deployment["project"], "deployment", row["deployment"], "version", str(id))}


def embedded(kind_name: str, through: str, shape: str = NESTED) -> Deriver:
    """The objects whose reference *through* points at the object."""

    def show(reader: Reader, id: Key, row: Row) -> list[Document | None]:
        found = reader.space.store.pointing(kind_name, through, id)
        return [reader.show(kind_name, each, shape) for each in found]

    return show


def served_at(reader: Reader, version: Row, *parts: str) -> str:
    """The address under which something of a version answers."""
    deployment = reader.space.row("deployment", version["deployment"])
    project = reader.space.row("project", deployment["project"])
    names = (account_name(reader, project["owner"]), project["name"], deployment["name"])
    return "/".join([SERVED_AT, *(slug(name) for name in names), *parts])


def endpoint_urls(reader: Reader, id: Key, row: Row) -> Document:
    """The addresses of a version's endpoints by name."""
    store = reader.space.store
    names = [store.rows("deployment_endpoint")[each]["name"] for each in store.pointing(*ENDPOINTS, id)]
    return {name: served_at(reader, row, row["name"], name) for name in names}


ENDPOINTS = ("deployment_endpoint", "version")


def shown_files(reader: Reader, endpoint: Row, shape: str) -> list[Document]:
    """The data that an endpoint is given."""
    return [{**entry, "datum": reader.show("datum", entry["datum"], shape)} for entry in endpoint["files"]]


def version_endpoints(reader: Reader, id: Key, row: Row) -> list[Document]:
    """A version's endpoints, their files one level deeper than on their own."""
    found = []
    for each in reader.space.store.pointing(*ENDPOINTS, id):
        row = reader.space.row("deployment_endpoint", each)
        shown = reader.nested("deployment_endpoint", each) or {}
        found.append({**shown, "files": shown_files(reader, row, DEEP)})
    return found


def unfinished_jobs(reader: Reader, id: Key, row: Row) -> int:
    """How many executions wait for an environment or run in it."""
    rows = reader.space.store.rows("execution")
    own = reader.space.store.pointing("execution", "environment", id)
    return sum(1 for each in own if rows[each]["status"] in INCOMPLETE and not rows[each]["deleted"])


DERIVED: dict[tuple[str, str], Deriver] = {
    ("model", "version_summary"): version_summary,
    ("model", "associated_projects"): associated_projects,
    ("model_version", "status"): lambda reader, id, row: row["status"].capitalize(),
    ("model_version", "source"): source,
    ("model_version", "execution_count"): lambda reader, id, row: len(source_executions(reader, row)),
    ("model_version", "dataset_aliases"): lambda reader, id, row: [],
    ("deployment", "owner"): lambda reader, id, row: reader.space.row("project", row["project"])["owner"],
    ("deployment", "urls"): lambda reader, id, row: {"display": page_of(reader, row["project"], "deployment", str(id))},
    ("deployment", "version_aliases"): embedded("deployment_version_alias", "deployment"),
    ("deployment", "versions"): embedded("deployment_version", "deployment"),
    ("deployment_version", "effective_enabled"): lambda reader, id, row: bool(
        row["enabled"] and reader.space.row("deployment", row["deployment"])["enabled"]
    ),
    ("deployment_version", "endpoints"): version_endpoints,
    ("deployment_version", "endpoint_urls"): endpoint_urls,
    ("deployment_version", "urls"): version_links,
    ("deployment_endpoint", "endpoint_url"): lambda reader, id, row: served_at(
        reader, reader.space.row("deployment_version", row["version"]), "VERSION", row["name"]
    ),
    ("deployment_endpoint", "files"): lambda reader, id, row: shown_files(reader, row, NESTED),
    ("environment", "can_admin"): lambda reader, id, row: reader.rights.role_at(row["owner"]) == "admin",
    ("environment", "unfinished_job_count"): unfinished_jobs,
}
