"""The files behind `download_url`: the cases of a suite, as XML for automated suites and as JSON for manual ones."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from xml.etree import ElementTree

from assetmeta.sandbox.rest.answers import Answer

from .call import JSON, Call
from .lookups import require_space
from .refusals import not_found
from .resource import Resource
from .store import Row, as_number
from .suites import ERRORED, FAILED, NOT_APPLICABLE, PASSED, UNTESTED

XML = "application/xml"
RUNNER = "sandbox"
COUNTS = {"passed": PASSED, "failed": FAILED, "errored": ERRORED, "not_applicable": NOT_APPLICABLE, "unknown": UNTESTED}


class Files(Resource):
    """The path `files/{id}`."""

    def get(self, call: Call) -> Answer:
        """GET: the bytes of a file, for those who may read the project."""
        number = as_number(call.target.item)
        sql = "SELECT content.*, space_id FROM content JOIN result ON result.id = result_id WHERE file_id = ?"
        row = None if number is None else self.store.one(sql, number)
        if row is None:
            raise not_found()
        require_space(self.store, call, row["space_id"])
        if row["manual"]:
            return Answer(content=as_json(row), content_type=JSON)
        return Answer(content=as_xml(row), content_type=XML)


def head_of(row: Row) -> dict[str, str]:
    """The attributes of a suite, all of them texts."""
    statuses = [case["status"] for case in json.loads(row["cases"])]
    counts = {name: str(statuses.count(status)) for name, status in COUNTS.items()}
    start = {"start_time": started(row), "duration": seconds(row["duration"]), "cached": ""}
    kind = {"name": row["name"], "type": "manual" if row["manual"] else "auto", "runner": RUNNER}
    return kind | start | counts | {"in_progress": "0"}


def case_of(row: Row, case: Row) -> dict[str, str]:
    """The attributes of a case."""
    found = {"name": case["name"], "status": case["status"], "start_time": started(row)}
    found["duration"] = seconds(case["duration"])
    return found if case["description"] is None else found | {"description": case["description"]}


def as_xml(row: Row) -> bytes:
    """An automated suite: `test_suite` with `test_case` elements, annotations with their payload inside them."""
    root = ElementTree.Element("test_suite", head_of(row))
    for case in json.loads(row["cases"]):
        element = ElementTree.SubElement(root, "test_case", case_of(row, case))
        for note in case["annotations"]:
            add_annotation(element, note)
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def add_annotation(parent: ElementTree.Element, note: Row) -> None:
    """An annotation below a case or another annotation. Its payload is base64 of gzip."""
    attributes = {name: note[name] for name in ("name", "level", "mime_type", "description") if note[name] is not None}
    element = ElementTree.SubElement(parent, "annotation", attributes)
    element.text = note["payload"]
    for child in note["children"]:
        add_annotation(element, child)
    for comment in note["comments"]:
        ElementTree.SubElement(element, "comment").text = comment


def as_json(row: Row) -> bytes:
    """A manual suite. Its form is this sandbox's own: the XML's attributes as keys, cases and annotations as lists."""
    cases = [
        case_of(row, case) | {"annotations": [annotation_of(note) for note in case["annotations"]]}
        for case in json.loads(row["cases"])
    ]
    return json.dumps({"suite": head_of(row) | {"cases": cases}}).encode()


def annotation_of(note: Row) -> dict[str, object]:
    """An annotation of a manual case."""
    names = ("name", "level", "mime_type", "description")
    return {name: note[name] for name in names} | {"children": [annotation_of(child) for child in note["children"]]}


def started(row: Row) -> str:
    """When the suite was run, without an offset."""
    return datetime.fromtimestamp(row["started_at"] / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


def seconds(duration: float) -> str:
    """A duration as files have it."""
    return f"{duration:.6f}"
