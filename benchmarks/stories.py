"""Stories recorded from the sandbox: the same assets and attributes as JSON, as XML and as plain values."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import requests
from lxml import etree

from assetmeta import V1Meta
from assetmeta.core.paging import run
from assetmeta.core.values import context_of
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

    *json* and *xml* are the bodies of all pages. *listed* is the list document that v1pysdk reads, *metas* the schema
    documents that it needs.
    """

    count: int
    v1: V1Meta
    json: tuple[bytes, ...]
    xml: tuple[bytes, ...]
    listed: bytes
    metas: dict[str, bytes]

    def read(self) -> list[Any]:
        """Decode the JSON answer: all stories, ready for use."""
        return list(self.v1.Story.select(*NAMES).page(size=self.count))

    def read_xml(self) -> list[Any]:
        """Decode the XML answer: the first records of the stories' history, ready for use."""
        context = context_of(self.v1.Story(1))
        return list(context.merge_rows(run(context, self.history()).rows))

    def history(self) -> Fetch:
        """The read behind `read_xml`: the one list that travels as XML."""
        return Fetch("Story", tuple(Path.parse(name) for name in NAMES), size=self.count, history=True)

    def rows(self) -> list[dict[str, str | None]]:
        """The stories as plain values; a relation is the other asset's token."""
        return [{name: _plain(item[name]) for name in ("_oid", *NAMES)} for item in self.objects()]

    def objects(self) -> list[dict[str, Any]]:
        """The stories as the JSON decoder gives them, every page parsed anew."""
        found = [item for body in self.json for item in json.loads(body)[0]]
        assert len(found) == self.count, "every peer is to do the same work"
        return found


def record(sandbox: Sandbox, count: int) -> Stories:
    """Read *count* stories from *sandbox* in every form, and keep the answers."""
    tape = Tape()
    v1 = sandbox.session(cassette=tape, page_size=count)
    found = Stories(count, v1, (), (), b"", {})
    assert len(found.read()) == count, "the sandbox has too few stories"
    answers = tuple(response.body for key, response in tape.exchanges.items() if key[1] == "query.v1")
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
    assert sum(len(etree.fromstring(body)) for body in xml) == count
    stories = Stories(count, v1, answers, xml, listed.content, metas)
    assert len(stories.objects()) == count
    return stories


def _plain(value: object) -> str | None:
    if isinstance(value, dict):
        value = value["_oid"]
        return None if value == "NULL" else str(value)
    return None if value is None else str(value)
