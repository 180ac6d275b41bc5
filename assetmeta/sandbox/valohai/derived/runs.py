"""What executions, tasks and pipelines show beyond what is stored (sections 7.2 to 7.4 of the protocol)."""

from __future__ import annotations

from typing import Any

from ..life.executions import command_of
from ..model import NESTED, Document, Key, Row
from ..reader import API, Deriver, Reader
from ..workspace import Workspace
from .projects import page_of, status_counts


def inputs(reader: Reader, id: Key, row: Row) -> object:
    """The inputs as a list, though they are written as a map."""
    return [{"name": name, "urls": addresses} for name, addresses in row["inputs"].items()]


def outputs(reader: Reader, id: Key, row: Row) -> object:
    """The data that the execution has saved."""
    return [reader.show("datum", datum, NESTED) for datum in outputs_of(reader.space, id)]


def n_outputs(reader: Reader, id: Key, row: Row) -> object:
    """How many outputs there are."""
    return len(outputs_of(reader.space, id))


def creator_id(reader: Reader, id: Key, row: Row) -> object:
    """The creator's number, as a text."""
    return None if row["creator"] is None else str(row["creator"])


def creator_name(reader: Reader, id: Key, row: Row) -> object:
    """The creator's name."""
    creator = reader.space.store.get("user", row["creator"])
    return None if creator is None else creator["username"]


def interpolated_command(reader: Reader, id: Key, row: Row) -> object:
    """The command with the parameters in it."""
    return command_of(reader.space, row)


def task_counter(reader: Reader, id: Key, row: Row) -> object:
    """The number of the task that the execution belongs to."""
    return (reader.space.store.get("task", row["task"]) or {}).get("counter")


def task_tags(reader: Reader, id: Key, row: Row) -> object:
    """The tags of that task."""
    return (reader.space.store.get("task", row["task"]) or {}).get("tags", [])


def pipeline_counter(reader: Reader, id: Key, row: Row) -> object:
    """The number of the pipeline that the execution belongs to."""
    return (reader.space.store.get("pipeline", row["pipeline"]) or {}).get("counter")


def pipeline_tags(reader: Reader, id: Key, row: Row) -> object:
    """The tags of that pipeline."""
    return (reader.space.store.get("pipeline", row["pipeline"]) or {}).get("tags", [])


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


def pipeline_links(reader: Reader, id: Key, row: Row) -> object:
    """The page of the pipeline; there is no link to stop it."""
    return {"display": page_of(reader, row["project"], "pipeline", str(row["counter"]))}


def status_summary(reader: Reader, id: Key, row: Row) -> object:
    """How many children are in each state."""
    rows = reader.space.store.rows("execution")
    return status_counts([rows[child] for child in _children(reader, id)])


def n_children(reader: Reader, id: Key, row: Row) -> object:
    """How many executions the task has."""
    return len(_children(reader, id))


def nodes(reader: Reader, id: Key, row: Row) -> object:
    """The nodes, each with its execution."""
    return [_node(reader, id, node) for node in row["nodes"]]


def edges(reader: Reader, id: Key, row: Row) -> object:
    """The edges by the ids of their nodes."""
    return [{**edge, "pipeline": id} for edge in row["edges"]]


def _node(reader: Reader, id: Key, node: dict[str, Any]) -> Document:
    return {
        "id": node["id"],
        "name": node["name"],
        "type": node["type"],
        "pipeline": id,
        "status": node["status"],
        "execution": reader.show("execution", node.get("execution"), NESTED),
        "log": node["log"],
    }


def outputs_of(space: Workspace, id: Key) -> list[Key]:
    """The data that an execution has saved, without what was deleted."""
    rows = space.store.rows("datum")
    keys = space.store.pointing("datum", "output_execution", id)
    return [datum for datum in keys if not rows[datum]["deleted"]]


def _children(reader: Reader, id: Key) -> list[Key]:
    return reader.space.store.pointing("execution", "task", id)


DERIVED: dict[tuple[str, str], Deriver] = {
    ("execution", "inputs"): inputs,
    ("execution", "outputs"): outputs,
    ("execution", "n_outputs"): n_outputs,
    ("execution", "creator_id"): creator_id,
    ("execution", "creator_name"): creator_name,
    ("execution", "interpolated_command"): interpolated_command,
    ("execution", "task_counter"): task_counter,
    ("execution", "task_tags"): task_tags,
    ("execution", "pipeline_counter"): pipeline_counter,
    ("execution", "pipeline_tags"): pipeline_tags,
    ("execution", "urls"): execution_links,
    ("datum", "download_url"): download_url,
    ("task", "status_summary"): status_summary,
    ("task", "creator_name"): creator_name,
    ("task", "n_children"): n_children,
    ("task", "n_executions"): n_children,
    ("task", "urls"): task_links,
    ("pipeline", "nodes"): nodes,
    ("pipeline", "edges"): edges,
    ("pipeline", "urls"): pipeline_links,
}
