"""Documents that real servers once sent, where they lie beside the project."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path as File
from typing import Any

import pytest

from assetmeta.backends.responses import parse_xml
from assetmeta.backends.versionone import VersionOne
from assetmeta.backends.versionone.rest_response import identity, read_list
from assetmeta.backends.versionone.schema import read_schema
from assetmeta.model.http import Request, Response
from assetmeta.model.paths import Path
from assetmeta.model.plans import AttributeChange, Done, Fetch, Update
from assetmeta.model.schema import Schema
from assetmeta.model.values import UNREAD, Oid

RECORDED = File(__file__).parents[4] / "shared" / "reference" / "data" / "versionone"
pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded bodies are not at hand")
Play = Callable[..., tuple[Any, list[Request]]]


def recorded(name: str) -> Response:
    return Response(200, {"content-type": "text/xml"}, (RECORDED / f"{name}.xml").read_bytes())


def one(name: str, select: str, schema: Schema, oid: Oid, play: Play) -> tuple[Oid, object]:
    fetch = Fetch(oid.type, (Path.parse(select),), oids=(oid,))
    [rows], _ = play(VersionOne().fetch(schema, [fetch]), recorded(name))
    [row] = rows.rows
    assert row.columns == (select,)
    return row.oid, row.values[0]


def test_a_multi_relation(v1_schema: Schema, play: Play) -> None:
    oid = Oid("Story", 1063, 1)
    found = one("multivalueattribute--rest-1-v1-data-story-1063", "Owners", v1_schema, oid, play)
    assert found == (oid, (Oid("Member", 1001, 1),))


def test_nothing_selected(v1_schema: Schema, play: Play) -> None:
    fetch = Fetch("Story", oids=(Oid("Story", 1063),))
    [rows], _ = play(
        VersionOne().fetch(v1_schema, [fetch]), recorded("multivalueattribute--rest-1-v1-data-story-1063-sel")
    )
    assert [(row.oid, row.columns) for row in rows.rows] == [(Oid("Story", 1063), ())]


def test_a_guid_and_an_empty_one(play: Play) -> None:
    schema = read_schema(parse_xml(recorded("services--meta-v1-publication")))
    name = "services--rest-1-v1-data-publication-sel-publication-payload-where-publication-p"
    _, value = one(name, "Payload", schema, Oid("Publication", 12345), play)
    codec = schema.attribute("Publication", "Payload").codec
    assert codec.decode(value) == uuid.UUID("98771fb4-71b8-42ec-be8b-69414daa020e")  # type: ignore[arg-type]
    name = "services--rest-1-v1-data-publication-12346-payload"
    assert one(name, "Payload", schema, Oid("Publication", 12346), play)[1] is None


def test_lists_with_their_totals_and_negative_identities() -> None:
    answer = recorded("multivalueattribute--rest-1-v1-data-member-sel")
    listed = read_list(answer)
    assert (listed.total, [identity(asset, answer) for asset in listed.assets]) == (
        2,
        [Oid("Member", 20), Oid("Member", 1001)],
    )
    name = "requiredfieldvalidator--rest-1-v1-data-attributedefinition-sel-attributedefinition-name-where"
    answer = recorded(name)
    first = read_list(answer).assets[0]
    assert identity(first, answer) == Oid("HierarchyRelationDefinition", -5718)


def test_an_update_whose_answer_has_no_moment(v1_schema: Schema, play: Play) -> None:
    update = Update(
        Oid("Story", 1025), (AttributeChange("Name", UNREAD, "Story 1"),), comment="Expected Change Comment"
    )
    answer = recorded("services--rest-1-v1-data-story-comment-expected-change-comment")
    [outcome], [made] = play(VersionOne().write(v1_schema, [update]), answer)
    assert isinstance(outcome, Done)
    assert (outcome.oid, outcome.row and outcome.row.values) == (Oid("Story", 1025), ("Story 1",))
    assert made.query == (("Comment", "'Expected Change Comment'"),)


def test_a_template(play: Play) -> None:
    schema = read_schema(parse_xml(recorded("services--meta-v1-story")))
    answer = recorded("services--rest-1-v1-new-story-ctx-request-6075")
    request = Oid("Request", 6075)
    deltas, [made] = play(VersionOne().template(schema, "Story", request), answer)
    assert made.query == (("ctx", "Request:6075"),)
    assert deltas == (
        AttributeChange("Name", None, "Bigger Description Fields"),
        AttributeChange("Requests", (), added=(request,), is_multi=True),
    )
