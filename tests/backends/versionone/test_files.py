"""Attachments, embedded images and templates."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from assetmeta.backends.versionone import VersionOne
from assetmeta.model.errors import NotFound, Rejected, Unsupported
from assetmeta.model.http import Request, Response
from assetmeta.model.plans import AttributeChange
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid

Play = Callable[..., tuple[Any, list[Request]]]
XML = {"content-type": "text/xml"}


def test_bytes_go_into_the_sink(play: Play) -> None:
    sink = io.BytesIO()
    kind, [made] = play(VersionOne().download(Oid("Attachment", 7), sink), Response(200, {"content-type": "image/png"}))
    assert (kind, made.line, made.sink, made.idempotent) == ("image/png", "GET attachment.img/7", sink, True)
    assert {"Accept": "*/*"} == dict(made.headers)


def test_bytes_come_from_the_source(play: Play) -> None:
    source = io.BytesIO(b"x")
    _, [made] = play(VersionOne().upload(Oid("EmbeddedImage", 7), source), Response(200))
    assert (made.line, made.body, made.writes, made.idempotent) == ("POST embedded.img/7", source, True, False)
    assert {"Content-Type": "application/octet-stream", "Accept": "text/xml"} == dict(made.headers)


def test_failures_are_raised(play: Play) -> None:
    with pytest.raises(NotFound):
        play(VersionOne().download(Oid("Attachment", 7), io.BytesIO()), Response(404))
    with pytest.raises(Rejected, match="413"):
        play(VersionOne().upload(Oid("Attachment", 7), io.BytesIO()), Response(413))


@pytest.mark.parametrize("oid", [Oid("Story", 5), Oid.new("Story", 1)])
def test_other_assets_keep_no_bytes(play: Play, oid: Oid) -> None:
    with pytest.raises(Unsupported):
        play(VersionOne().download(oid, io.BytesIO()))


def test_a_template_is_read_as_deltas(v1_schema: Schema, play: Play) -> None:
    body = b"""<Asset href="/inst/rest-1.v1/New/Story">
      <Attribute name="Name" act="set">Bigger</Attribute>
      <Attribute name="Estimate" act="set">2.5</Attribute>
      <Relation name="Scope" act="set"><Asset idref="Scope:0" /></Relation>
      <Relation name="Owners"><Asset idref="Member:20" act="add" /></Relation>
      <Attribute name="Number">S-1</Attribute>
      <Attribute name="Unheard" act="set">x</Attribute>
    </Asset>"""
    deltas, [made] = play(VersionOne().template(v1_schema, "Story", Oid("Epic", 5)), Response(200, XML, body))
    assert (made.line, made.query) == ("GET rest-1.v1/New/Story", (("ctx", "Epic:5"),))
    assert [(each.name, str(each.new)) for each in deltas[:3]] == [
        ("Name", "Bigger"),
        ("Estimate", "2.5"),
        ("Scope", "Scope:0"),
    ]
    assert deltas[3] == AttributeChange("Owners", (), added=(Oid("Member", 20),), is_multi=True)
    assert len(deltas) == 4


def test_the_page_of_an_asset() -> None:
    assert VersionOne().address(Oid("Story", 5, 7)) == "assetdetail.v1?oid=Story:5"
