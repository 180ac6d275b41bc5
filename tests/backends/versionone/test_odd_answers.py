"""Answers that are well-formed and make no sense are refused, with the names of what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

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


def test_what_is_no_object_among_assets_is_passed_over(v1_schema: Schema, play: Play) -> None:
    fetch = Fetch("Story", (Path.parse("Name"), Path.parse("Scope.Name")))
    story = {"_oid": "Story:1", "Name": "a", "Scope": [{"_oid": "Scope:0", "Name": "b"}]}
    [rows], _ = play(VersionOne().fetch(v1_schema, [fetch]), js([["x", None, story, 5, []]]))
    assert [Oid("Story", 1)] == [row.oid for row in rows.rows]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"_oid": "Scope:0"}, Oid("Scope", 0)),
        ({"_oid": "five"}, '{"_oid":"five"}'),
        ({"_oid": "Scope:0", "more": 1}, '{"_oid":"Scope:0","more":1}'),
        ({}, "{}"),
        ([{"_oid": "Scope:0"}], '[{"_oid":"Scope:0"}]'),
        ("text", "text"),
        (None, None),
    ],
)
def test_a_value_of_an_unknown_kind_is_an_asset_or_stays_as_it_came(
    v1_schema: Schema, play: Play, sent: object, kept: object
) -> None:
    story = v1_schema.type("Story")
    odd = replace(story.attributes["Name"], name="Odd", kind="Unheard")
    types = {**v1_schema.types, "Story": replace(story, attributes={**story.attributes, "Odd": odd})}
    fetch = Fetch("Story", (Path.parse("Odd"), Path.parse("Name"), Path.parse("Scope.Name")))
    row = {"_oid": "Story:1", "Odd": sent, "Name": "a", "Scope": [{"_oid": "Scope:0", "Name": "b"}]}
    [rows], _ = play(VersionOne().fetch(Schema(types), [fetch]), js([[row]]))
    assert {"Odd": kept, "Name": "a", "Scope": Oid("Scope", 0)} == dict(
        zip(rows.rows[0].columns, rows.rows[0].values, strict=True)
    )


@pytest.mark.parametrize("odd", ["x", {"_oid": "Story:2", "Name": 5, "Scope": []}, {"_oid": "Story:2", "Scope": []}])
def test_an_odd_asset_changes_nothing_in_how_others_are_read(v1_schema: Schema, play: Play, odd: object) -> None:
    fetch = Fetch("Story", tuple(map(Path.parse, ("Name", "Super", "Owners", "Status", "Scope.Name"))))
    story = {
        "_oid": "Story:1",
        "Name": "a",
        "Super": {"_oid": "Epic:7", "more": [1]},
        "Owners": [{"_oid": "Member:20"}, {"_oid": "Member:21"}],
        "Status": {"_oid": "NULL"},
        "Scope": [{"_oid": "Scope:0", "Name": "b"}],
        "Unasked": 1.5,
    }
    [alone], _ = play(VersionOne().fetch(v1_schema, [fetch]), js([[story]]))
    [beside], _ = play(VersionOne().fetch(v1_schema, [fetch]), js([[story, odd]]))
    owners = (Oid("Member", 20), Oid("Member", 21))
    assert ("a", Oid("Epic", 7), owners, None, Oid("Scope", 0)) == alone.rows[0].values
    assert (alone.rows[0], alone.related) == (beside.rows[0], beside.related)


@pytest.mark.parametrize("kinds", [["a", "b"], ["a", None], [None, None]])
def test_texts_that_repeat_are_kept_once(v1_schema: Schema, play: Play, kinds: list[str | None]) -> None:
    fetch = Fetch("Story", (Path.parse("Name"), Path.parse("Scope.Name")))
    objects = [
        {"_oid": f"Story:{n}", "Name": kinds[n % 2] and f"{kinds[n % 2]}{'x' * 20}", "Scope": []} for n in range(20)
    ]
    [rows], _ = play(VersionOne().fetch(v1_schema, [fetch]), js([objects]))
    assert [item["Name"] for item in objects] == [row.values[0] for row in rows.rows]
    assert len(set(kinds)) == len({id(row.values[0]) for row in rows.rows})


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
def test_no_related_asset_is_reported_in_many_ways(v1_schema: Schema, play: Play, scope: object) -> None:
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
