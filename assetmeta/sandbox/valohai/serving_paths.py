"""What models and deployments have beside their objects: what versions were made of, and what endpoints said."""

from __future__ import annotations

from datetime import datetime

from assetmeta.sandbox.rest.answers import Answer
from assetmeta.sandbox.rest.routing import ANY

from .call import Call
from .derived import serving
from .life.releases import next_name
from .model import Document, Key, Row
from .problems import Refused, leaf
from .resource import Route

MOMENTS = ("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S")
EXECUTION_KEYS = ("id", "counter", "status", "step", "ctime")
DATUM_KEYS = ("id", "name", "size", "ctime")


def source_executions(call: Call) -> Answer:
    """GET: {"results": [...]}, the executions that a version was made by."""
    return Answer({"results": [_run(call, id) for id in _sources(call)]})


def source_data(call: Call) -> Answer:
    """GET: {"results": [...]}, the data that those executions produced."""
    found: list[Document | None] = []
    for execution in _sources(call):
        outputs = call.space.store.pointing("datum", "output_execution", execution)
        found += [call.reader.picked("datum", id, DATUM_KEYS) for id in outputs]
    return Answer({"results": found})


def logs(call: Call) -> Answer:
    """GET ?start=&end=: what an endpoint said in that time, by replica. Nothing is deployed, so it says how far
    it has come.
    """
    row = call.space.row("deployment_endpoint", call.find("deployment_endpoint"))
    start, end = _moment(call, "start"), _moment(call, "end")
    lines = [line for line in _lines(call, row) if (start or "") <= str(line["time"]) <= (end or "~")]
    return Answer({f"{row['name']}-0": lines})


def _lines(call: Call, row: Row) -> list[Document]:
    version = call.space.row("deployment_version", row["version"])
    return [{"time": version["ctime"], "message": f"{row['name']}: {row['status']}"}]


def _moment(call: Call, name: str) -> str | None:
    text = call.query.one(name)
    if not text:
        return None
    for form in MOMENTS:
        try:
            return datetime.strptime(text.removesuffix("Z"), form).isoformat()
        except ValueError:
            continue
    raise Refused({name: [leaf("Enter a moment as YYYY-MM-DDTHH:MM.")]})


def _sources(call: Call) -> list[Key]:
    row = call.space.row("model_version", call.find("model_version"))
    return serving.source_executions(call.reader, row)


def _run(call: Call, id: Key) -> Document | None:
    return call.reader.picked("execution", id, EXECUTION_KEYS)


def suggest(call: Call) -> Answer:
    """GET: {"name"}, the day and a running number."""
    return Answer({"name": next_name(call.space, call.find("deployment"))})


ROUTES = (
    Route(("model-versions", ANY, "source-executions"), "Source Executions", {"GET": source_executions}),
    Route(("model-versions", ANY, "source-data"), "Source Data", {"GET": source_data}),
    Route(("deployment-endpoints", ANY, "logs"), "Endpoint Logs", {"GET": logs}),
    Route(("deployments", ANY, "suggest_version_name"), "Suggest Version Name", {"GET": suggest}),
)
"""The paths, with who answers them."""
