"""What models and deployments have beside their objects: what versions were made of, and what endpoints said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from assetmeta.sandbox.rest.answers import Answer
from assetmeta.sandbox.rest.routing import ANY

from .call import Call
from .derived.serving import source_executions
from .model import Document, Key, Row
from .problems import Refused, leaf
from .resource import Route
from .workspace import Workspace

MOMENTS = ("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S")
EXECUTION_KEYS = ("id", "counter", "status", "step", "ctime")
DATUM_KEYS = ("id", "name", "size", "ctime")


class ServingPaths:
    """`model-versions/<id>/source-executions/`, `.../source-data/`, `deployment-endpoints/<id>/logs/`."""

    def __init__(self, space: Workspace) -> None:
        self.space = space

    def routes(self) -> Iterator[Route]:
        """All of them."""
        versions = ("model-versions", ANY)
        yield Route((*versions, "source-executions"), "Source Executions", {"GET": self.source_executions})
        yield Route((*versions, "source-data"), "Source Data", {"GET": self.source_data})
        yield Route(("deployment-endpoints", ANY, "logs"), "Endpoint Logs", {"GET": self.logs})

    def source_executions(self, call: Call) -> Answer:
        """GET: {"results": [...]}, the executions that a version was made by."""
        return Answer({"results": [self._run(call, id) for id in self._sources(call)]})

    def source_data(self, call: Call) -> Answer:
        """GET: {"results": [...]}, the data that those executions produced."""
        found: list[Document | None] = []
        for execution in self._sources(call):
            outputs = self.space.store.pointing("datum", "output_execution", execution)
            found += [call.reader.picked("datum", id, DATUM_KEYS) for id in outputs]
        return Answer({"results": found})

    def logs(self, call: Call) -> Answer:
        """GET ?start=&end=: what an endpoint said in that time, by replica. Nothing is deployed, so it says how far
        it has come.
        """
        row = self.space.row("deployment_endpoint", call.find("deployment_endpoint"))
        start, end = self._moment(call, "start"), self._moment(call, "end")
        lines = [line for line in self._lines(row) if (start or "") <= str(line["time"]) <= (end or "~")]
        return Answer({f"{row['name']}-0": lines})

    def _lines(self, row: Row) -> list[Document]:
        version = self.space.row("deployment_version", row["version"])
        return [{"time": version["ctime"], "message": f"{row['name']}: {row['status']}"}]

    def _moment(self, call: Call, name: str) -> str | None:
        text = call.query.one(name)
        if not text:
            return None
        for form in MOMENTS:
            try:
                return datetime.strptime(text.removesuffix("Z"), form).isoformat()
            except ValueError:
                continue
        raise Refused({name: [leaf("Enter a moment as YYYY-MM-DDTHH:MM.")]})

    def _sources(self, call: Call) -> list[Key]:
        row = self.space.row("model_version", call.find("model_version"))
        return source_executions(call.reader, row)

    def _run(self, call: Call, id: Key) -> Document | None:
        return call.reader.picked("execution", id, EXECUTION_KEYS)
