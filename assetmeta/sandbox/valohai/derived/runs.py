"""What executions, tasks and pipelines show beyond what is stored (sections 7.2 to 7.4 of the protocol)."""

from __future__ import annotations

from typing import Any

from ..life.executions import command_of
from ..model import NESTED, Document, Key, Row
from ..reader import API, Deriver, Reader
from ..workspace import Workspace
from .projects import page_of, status_counts


def of(kind_name: str, name: str, default: object = None) -> Deriver:
    """A stored field of the object of a kind that the reference of that name means; *default* where there is none."""
    return lambda reader, id, row: (reader.space.store.get(kind_name, row[kind_name]) or {}).get(name, default)


def creator_name(reader: Reader, id: Key, row: Row) -> object:
    """The creator's name."""
    creator = reader.space.store.get("user", row["creator"])
    return None if creator is None else creator["username"]


def execution_links(reader: Reader, id: Key, row: Row) -> object:
    """Where to stop and to copy the execution; the copy of a child of a task may go into that task."""
    url = reader.url("execution", id)
    found = {
        "display": page_of(reader, row["project"], "execution", str(row["counter"])),
        "stop": f"{url}stop/",
        "copy": f"{url}copy/",
    }
    if row["task"]:
        found["copy_to_task"] = f"{url}copy_to_task/"
    return found


def download_url(reader: Reader, id: Key, row: Row) -> object:
    """Where the bytes are, for a while and for anybody; null where they are gone."""
    storage, settings = reader.space.storage, reader.space.settings
    if row["purged"] or storage is None or storage.port is None:
        return None
    return storage.address(reader.origin, str(id), str(row["name"]), settings.link_seconds)


def task_links(reader: Reader, id: Key, row: Row) -> object:
    """Where a task is stopped and copied, and ready addresses of the lists of what belongs to it."""
    url = reader.url("task", id)
    return {
        "copy": f"{url}copy/",
        "display": page_of(reader, row["project"], "task", str(row["counter"])),
        "executions": f"{reader.origin}{API}executions/?task={id}",
        "pipelines": f"{reader.origin}{API}pipelines/?task={id}",
        "property_keys": f"{url}property-keys/",
        "stop": f"{url}stop/",
    }


def node(reader: Reader, pipeline: Key, kept: dict[str, Any]) -> Document:
    """A node of a pipeline with its execution."""
    shown = {name: kept[name] for name in ("id", "name", "type", "status", "log")}
    return shown | {"pipeline": pipeline, "execution": reader.show("execution", kept.get("execution"), NESTED)}


def children(reader: Reader, task: Key) -> list[Row]:
    """The executions of a task."""
    rows = reader.space.store.rows("execution")
    return [rows[id] for id in reader.space.store.pointing("execution", "task", task)]


def outputs_of(space: Workspace, id: Key) -> list[Key]:
    """The data that an execution has saved, without what was deleted."""
    rows = space.store.rows("datum")
    keys = space.store.pointing("datum", "output_execution", id)
    return [datum for datum in keys if not rows[datum]["deleted"]]


DERIVED: dict[tuple[str, str], Deriver] = {
    ("execution", "inputs"): lambda reader, id, row: [
        {"name": name, "urls": addresses} for name, addresses in row["inputs"].items()
    ],
    ("execution", "outputs"): lambda reader, id, row: [
        reader.show("datum", datum, NESTED) for datum in outputs_of(reader.space, id)
    ],
    ("execution", "n_outputs"): lambda reader, id, row: len(outputs_of(reader.space, id)),
    ("execution", "creator_id"): lambda reader, id, row: None if row["creator"] is None else str(row["creator"]),
    ("execution", "creator_name"): creator_name,
    ("execution", "interpolated_command"): lambda reader, id, row: command_of(reader.space, row),
    ("execution", "task_counter"): of("task", "counter"),
    ("execution", "task_tags"): of("task", "tags", []),
    ("execution", "pipeline_counter"): of("pipeline", "counter"),
    ("execution", "pipeline_tags"): of("pipeline", "tags", []),
    ("execution", "urls"): execution_links,
    ("datum", "download_url"): download_url,
    ("task", "status_summary"): lambda reader, id, row: status_counts(children(reader, id)),
    ("task", "creator_name"): creator_name,
    ("task", "n_children"): lambda reader, id, row: len(children(reader, id)),
    ("task", "n_executions"): lambda reader, id, row: len(children(reader, id)),
    ("task", "urls"): task_links,
    ("pipeline", "nodes"): lambda reader, id, row: [node(reader, id, each) for each in row["nodes"]],
    ("pipeline", "edges"): lambda reader, id, row: [{**edge, "pipeline": id} for edge in row["edges"]],
    ("pipeline", "urls"): lambda reader, id, row: {
        "display": page_of(reader, row["project"], "pipeline", str(row["counter"]))
    },
}
