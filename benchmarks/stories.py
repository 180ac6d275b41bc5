"""Stories recorded from the sandbox: the same assets and attributes as JSON, as XML and as plain values."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import requests

from assetmeta import V1Meta
from assetmeta.core.access import workspace_of
from assetmeta.core.streaming import absorbed, run
from assetmeta.model.flows import Response
from assetmeta.model.paths import Path
from assetmeta.model.plans import Fetch
from benchmarks.sandbox import Sandbox
from benchmarks.tape import Tape

SCALARS = ("Name", "Number", "AssetState", "Estimate", "ToDo", "CreateDate", "ChangeDate", "IsClosed", "Description")
RELATIONS = ("Scope", "Status", "Super")
NAMES = (*SCALARS, *RELATIONS)


@dataclass(frozen=True)
class Stories:
    """*count* recorded stories with the attributes NAMES, and a session that reads them from memory.

    *listed* is the list document that v1pysdk reads, *metas* the schema documents that it needs.
    """

    count: int
    v1: V1Meta
    json: Response
    xml: tuple[bytes, ...]
    listed: bytes
    metas: dict[str, bytes]

    def read(self) -> list[Any]:
        """Decode the JSON answer: all stories, ready for use."""
        return list(self.v1.Story.select(*NAMES).page(size=self.count))

    def read_xml(self) -> list[Any]:
        """Decode the XML answer: the first records of the stories' history, ready for use."""
        workspace = workspace_of(self.v1.Story(1))
        return absorbed(workspace, run(workspace, self.history()))

    def history(self) -> Fetch:
        """The read behind `read_xml`: the one list that travels as XML."""
        return Fetch("Story", tuple(Path.parse(name) for name in NAMES), size=self.count, history=True)

    def rows(self) -> list[dict[str, str | None]]:
        """The stories as plain values; a relation is the other asset's token."""
        [objects] = json.loads(self.json.body)
        return [{name: _plain(item[name]) for name in ("_oid", *NAMES)} for item in objects]


def record(sandbox: Sandbox, count: int) -> Stories:
    """Read *count* stories from *sandbox* in every form, and keep the answers."""
    tape = Tape()
    v1 = sandbox.session(cassette=tape, page_size=count)
    found = Stories(count, v1, Response(0), (), b"", {})
    assert len(found.read()) == count, "the sandbox has too few stories"
    answer = tape.largest
    before = set(tape.exchanges)
    assert len(found.read_xml()) == count
    xml = tuple(response.body for key, response in tape.exchanges.items() if key not in before)
    tape.replay().close()
    web = requests.Session()
    web.auth = (sandbox.user, sandbox.secret)
    listed = web.get(
        f"{sandbox.url}/rest-1.v1/Data/Story", params={"sel": ",".join(NAMES), "page": f"{count},0"}, timeout=120
    )
    kinds = {"Story", *(v1.schema.attribute("Story", name).related or "" for name in RELATIONS)} - {""}
    metas = {kind: web.get(f"{sandbox.url}/meta.v1/{kind}", timeout=60).content for kind in kinds}
    return Stories(count, v1, answer, xml, listed.content, metas)


def _plain(value: object) -> str | None:
    if isinstance(value, dict):
        value = value["_oid"]
        return None if value == "NULL" else str(value)
    return None if value is None else str(value)
