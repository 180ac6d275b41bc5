"""Answers that are well-formed and make no sense are refused, with the names of what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from assetmeta.backends.responses import parse_json
from assetmeta.backends.versionone import VersionOne
from assetmeta.model.errors import InvalidResponse
from assetmeta.model.http import Request, Response
from assetmeta.model.paths import Path
from assetmeta.model.plans import Fetch
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid

Play = Callable[..., tuple[Any, list[Request]]]
ENDLESS = "9" * 5000


def js(document: object) -> Response:
    return Response(200, {"content-type": "application/json"}, json.dumps(document).encode())


def xml(document: str) -> Response:
    return Response(200, {"content-type": "text/xml"}, document.encode())


@pytest.mark.parametrize("text", [b"[1e99999999999999999999]", b"[-1.5E+99999999999999999999]", ENDLESS.encode()])
def test_endless_numbers_are_no_json(text: bytes) -> None:
    with pytest.raises(InvalidResponse):
        parse_json(Response(200, {"content-type": "application/json"}, text))


@pytest.mark.parametrize(
    "item",
    [
        {"_oid": f"Story:{ENDLESS}"},
        {"_oid": "Story:new-1"},
        {"_oid": "Story:five"},
        {"_oid": None},
        {"_oid": "Story:1", "Name": {}},
        {"_oid": "Story:1", "Name": {"a": "b"}},
        {"_oid": "Story:1", "Name": {"_oid": "Scope:new-1"}},
        {"_oid": "Story:1", "Name": {"_oid": ["Scope:0"]}, "Scope": []},
        {"_oid": "Story:1", "Name": {"_oid": {}}, "Scope": []},
        {"_oid": ["Story:1"], "Name": "a", "Scope": []},
        {"_oid": "Story:1", "Name": ["a", ["b"]]},
        {"_oid": "Story:1", "Name": "a", "Scope": ["b"]},
        {"_oid": "Story:1", "Name": "a", "Scope": [{"Name": "b"}]},
        {"_oid": "Story:1", "Name": "a", "Scope": [[{"_oid": "Scope:0"}]]},
    ],
)
def test_an_asset_that_makes_no_sense_is_not_read(v1_schema: Schema, play: Play, item: object) -> None:
    fetch = Fetch("Story", (Path.parse("Name"), Path.parse("Scope.Name")))
    with pytest.raises(InvalidResponse):
        play(VersionOne().fetch(v1_schema, [fetch]), js([[item]]))


@pytest.mark.parametrize("scope", [None, [], {"_oid": "NULL"}, [{"_oid": "NULL"}]])
def test_no_related_asset_is_told_in_many_ways(v1_schema: Schema, play: Play, scope: object) -> None:
    item = {"_oid": "Story:1", "Name": "a", "Scope": scope}
    fetch = Fetch("Story", (Path.parse("Name"), Path.parse("Scope.Name")))
    [rows], _ = play(VersionOne().fetch(v1_schema, [fetch]), js([[item]]))
    assert rows.rows[0].values == ("a", None)


@pytest.mark.parametrize("token", [f"Story:{ENDLESS}", "Story:new-1", "Story:five", "Story"])
def test_an_xml_asset_without_a_number_is_not_read(v1_schema: Schema, play: Play, token: str) -> None:
    asked = Fetch("Story", (Path.parse("Name"),), asof=77, oids=(Oid("Story", 5),))
    with pytest.raises(InvalidResponse):
        play(VersionOne().fetch(v1_schema, [asked]), xml(f'<Asset id="{token}"/>'))
    relation = f'<Asset id="Story:5:77"><Relation name="Scope"><Asset idref="{token}"/></Relation></Asset>'
    asked = Fetch("Story", (Path.parse("Scope"),), asof=77, oids=(Oid("Story", 5),))
    with pytest.raises(InvalidResponse):
        play(VersionOne().fetch(v1_schema, [asked]), xml(relation))
