"""Reads beyond the wire cases: failures, moments, bodies, speed."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from assetmeta.backends.versionone import VersionOne, query_request, rest_reads
from assetmeta.backends.versionone.query_request import request
from assetmeta.model.conditions import Compare, Or
from assetmeta.model.errors import (
    BadValue,
    InvalidResponse,
    NotFound,
    Rejected,
    TimedOut,
    UnknownName,
    Unreachable,
    Unsupported,
)
from assetmeta.model.http import Request, Response
from assetmeta.model.paths import Path, Step
from assetmeta.model.plans import AttributeChange, Fetch, Sort, Update
from assetmeta.model.schema import Schema
from assetmeta.model.values import UNREAD, Oid

Play = Callable[..., tuple[Any, list[Request]]]


def answer(*sets: list[dict[str, Any]]) -> Response:
    return Response(200, {"content-type": "application/json"}, json.dumps(list(sets)).encode())


def document(body: str, status: int = 200) -> Response:
    return Response(status, {"content-type": "text/xml"}, body.encode())


def paths(*texts: str) -> tuple[Path, ...]:
    return tuple(map(Path.parse, texts))


def story(*keys: int, **details: Any) -> Fetch:
    return Fetch("Story", oids=tuple(Oid("Story", key) for key in keys), **details)


def test_a_single_asset_that_does_not_exist_is_not_found(v1_schema: Schema, play: Play) -> None:
    with pytest.raises(NotFound, match="Data/Story/5"):
        play(VersionOne().fetch(v1_schema, [story(5)]), document("<Error><Message>Not Found</Message></Error>", 404))
    with pytest.raises(NotFound, match="Story:5"):
        play(VersionOne().fetch(v1_schema, [story(5, select=paths("Super.Name"))]), answer([]))


def test_a_single_asset_may_be_missing_from_the_past_and_from_a_condition(v1_schema: Schema, play: Play) -> None:
    where = Compare(Path.parse("Name"), "=", ("x",))
    for fetch in (story(5, asof="2013-06-30"), story(5, where=where), story(5, deleted=True)):
        [rows], _ = play(VersionOne().fetch(v1_schema, [fetch]), answer([]))
        assert rows.rows == ()


def test_a_missing_asset_as_of_a_change_number_is_not_found(v1_schema: Schema, play: Play) -> None:
    with pytest.raises(NotFound):
        play(VersionOne().fetch(v1_schema, [story(5, asof=77)]), document("<Error/>", 404))


def test_a_list_as_of_a_change_number_is_not_supported(v1_schema: Schema, play: Play) -> None:
    with pytest.raises(Unsupported):
        play(VersionOne().fetch(v1_schema, [Fetch("Story", asof=77)]))


def test_what_is_sent_and_accepted(v1_schema: Schema, play: Play) -> None:
    """query.v1 and api/asset take and send JSON, rest-1.v1 sends XML; reads may be repeated."""
    json_headers = {"Content-Type": "application/json", "Accept": "application/json"}
    _, [made] = play(VersionOne().fetch(v1_schema, [Fetch("Story")]), answer([]))
    assert (json_headers, "POST", True, False) == (dict(made.headers), made.method, made.idempotent, made.writes)
    for fetch, body in (
        (story(5), '<Asset id="Story:5"/>'),
        (story(5, asof=77), '<Asset id="Story:5"/>'),
        (story(5, history=True), "<History/>"),
        (Fetch("Story", size=0, counted=True), '<Assets total="0"/>'),
    ):
        _, [made] = play(VersionOne().fetch(v1_schema, [fetch]), document(body))
        found = (dict(made.headers), made.method, made.idempotent, made.writes)
        assert ({"Accept": "text/xml"}, "GET", True, False) == found
    _, [made] = play(VersionOne().template(v1_schema, "Story", None), document("<Asset/>"))
    assert ({"Accept": "text/xml"}, "GET", True, False) == (
        dict(made.headers),
        made.method,
        made.idempotent,
        made.writes,
    )
    changes = [Update(Oid("Story", key), (AttributeChange("Name", UNREAD, "x"),)) for key in (1, 2)]
    flow = VersionOne().write(v1_schema, changes)
    [made] = next(flow)  # type: ignore[misc]
    assert isinstance(made, Request)
    assert (json_headers, "POST", False, True) == (dict(made.headers), made.method, made.idempotent, made.writes)
    flow = VersionOne().write(v1_schema, changes[:1])
    [made] = next(flow)  # type: ignore[misc]
    assert isinstance(made, Request)
    sent = {"Content-Type": "text/xml; charset=utf-8", "Accept": "text/xml"}
    assert (sent, "POST", False, True) == (dict(made.headers), made.method, made.idempotent, made.writes)


def test_no_identities_need_no_request(v1_schema: Schema, play: Play) -> None:
    for fetch in (story(), story(history=True), story(asof=7), Fetch("Story", size=0)):
        [rows], made = play(VersionOne().fetch(v1_schema, [fetch]))
        assert (rows.rows, made) == ((), [])


@pytest.mark.parametrize(
    ("asof", "sent"),
    [
        (datetime(2026, 7, 1, 10, 0, tzinfo=UTC), "2026-07-01T12:00:00.000"),
        (datetime(2026, 7, 1, 10, 0, 0, 5, tzinfo=UTC), "2026-07-01T12:00:00.000005"),
        ("2026-07-01T10:00:00Z", "2026-07-01T12:00:00.000"),
        ("2026-07-01", "2026-07-01"),
        ("2026-07-01 10:00:00.25", "2026-07-01 10:00:00.25"),
    ],
)
def test_a_moment_is_sent_in_the_member_s_zone(v1_schema: Schema, play: Play, asof: Any, sent: str) -> None:
    backend = VersionOne(zone="Europe/Berlin")
    [rows], [made] = play(backend.fetch(v1_schema, [Fetch("Story", asof=asof)]), answer([{"_oid": "Story:1:9"}]))
    assert isinstance(made.body, bytes)
    assert json.loads(made.body)["asof"] == sent
    assert rows.rows[0].oid == Oid("Story", 1, asof)


@pytest.mark.parametrize("asof", ["All", "yesterday", "2026-07-01';--", datetime(2026, 7, 1)])
def test_no_other_moment_is_sent(v1_schema: Schema, play: Play, asof: Any) -> None:
    with pytest.raises(BadValue):
        play(VersionOne().fetch(v1_schema, [Fetch("Story", asof=asof)]))


def test_names_are_checked_before_anything_is_sent(v1_schema: Schema, play: Play) -> None:
    with pytest.raises(UnknownName):
        play(VersionOne().fetch(v1_schema, [Fetch("Story", select=paths("Owners.Nam"))]))
    with pytest.raises(UnknownName):
        play(VersionOne().fetch(v1_schema, [Fetch("Story", select=paths("Name.Name"))]))


def test_a_long_selection_is_posted(v1_schema: Schema, play: Play) -> None:
    tokens = [f"Children:Task[ToDo='{n}'].@Count" for n in range(80)]
    row = {"_oid": "Story:5", **dict.fromkeys(tokens, "0")}
    _, [made] = play(VersionOne().fetch(v1_schema, [story(5, select=paths(*tokens))]), answer([row]))
    assert made.line == "POST query.v1"


def test_a_long_selection_of_the_past_takes_several_reads_of_one_asset(v1_schema: Schema, play: Play) -> None:
    tokens = [f"Children:Task[ToDo='{n}'].@Count" for n in range(80)]

    def tell(request: Request) -> Response:
        told = "".join(
            f'<Attribute name="{token}">{len(token)}</Attribute>' for token in request.query[0][1].split(",")
        )
        return document(f'<Asset id="Story:5:70">{told}</Asset>')

    [rows], made = play(VersionOne().fetch(v1_schema, [story(5, asof=77, select=paths(*tokens))]), *[tell] * 3)
    assert {request.path for request in made} == {"rest-1.v1/Data/Story/5/77"}
    assert all(len(request.query[0][1]) < 2000 for request in made)
    assert rows.rows[0].columns == tuple(tokens)


def test_a_condition_inside_brackets_travels_as_a_variable(v1_schema: Schema, play: Play) -> None:
    step = Step("Children", downcast="Task", where=Compare(Path.parse("Name"), "=", ("it's",)))
    path = Path((step,), "Count")
    token = "Children:Task[Name=$v1].@Count"
    [rows], [made] = play(
        VersionOne().fetch(v1_schema, [story(5, select=(path,))]), answer([{"_oid": "Story:5", token: "3"}])
    )
    assert isinstance(made.body, bytes)
    assert json.loads(made.body)["with"] == {"$v1": "it's"}
    assert (rows.rows[0].columns, rows.rows[0].values) == ((str(path),), ("3",))


def test_many_identities_share_requests_that_run_together(v1_schema: Schema, play: Play) -> None:
    backend = VersionOne(max_keys=2, max_queries=2)
    flow = backend.fetch(v1_schema, [story(*range(1, 8))])
    yielded = next(flow)
    assert [len(json.loads(each.body)) for each in yielded if isinstance(each, Request)] == [2, 2]  # type: ignore[union-attr, arg-type]
    _, made = play(backend.fetch(v1_schema, [story(*range(1, 8))]), answer([], []), answer([], []))
    assert len(made) == 2


def test_one_failure_among_requests_that_run_together_is_raised(v1_schema: Schema, play: Play) -> None:
    backend = VersionOne(max_keys=1, max_queries=1)
    with pytest.raises(TimedOut):
        play(backend.fetch(v1_schema, [story(1, 2)]), answer([]), TimedOut("slow"))


def test_failures_are_raised(v1_schema: Schema, play: Play) -> None:
    with pytest.raises(Unreachable):
        play(VersionOne().fetch(v1_schema, [Fetch("Story")]), Unreachable("no"))
    body = b'{"error": "Bad Request", "exceptions": [{"message": "Unknown token: X"}]}'
    with pytest.raises(Rejected, match="Unknown token: X"):
        play(VersionOne().fetch(v1_schema, [Fetch("Story")]), Response(400, {"content-type": "application/json"}, body))


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"[]",
        b"[{}]",
        b"[[],[]]",
        b'[[{"Name": "x"}]]',
        b'[[{"_oid": "NULL"}]]',
        b'[[{"_oid": 5}]]',
        b'[[{"_oid": "x"}]]',
    ],
)
def test_an_answer_of_another_shape_is_unreadable(v1_schema: Schema, play: Play, body: bytes) -> None:
    with pytest.raises(InvalidResponse):
        play(VersionOne().fetch(v1_schema, [Fetch("Story")]), Response(200, {"content-type": "application/json"}, body))


@pytest.mark.parametrize("body", ["<Assets/>", "<Asset/>", '<Asset id="5"/>', "<Error/>"])
def test_an_asset_document_of_another_shape_is_unreadable(v1_schema: Schema, play: Play, body: str) -> None:
    with pytest.raises(InvalidResponse):
        play(VersionOne().fetch(v1_schema, [story(5)]), document(body))


def test_history_follows_its_pages(v1_schema: Schema, play: Play) -> None:
    def records(*moments: int) -> Response:
        told = "".join(f'<Asset id="Story:5:{each}"/>' for each in moments)
        return document(f"<History>{told}</History>")

    fetch = Fetch("Story", history=True)
    [rows], made = play(VersionOne(max_page=2).fetch(v1_schema, [fetch]), records(9, 7), records(8))
    assert [row.oid.moment for row in rows.rows] == [7, 8, 9]
    assert [dict(request.query)["page"] for request in made] == ["2,0", "2,2"]


def test_history_in_another_order_keeps_it(v1_schema: Schema, play: Play) -> None:
    fetch = story(5, history=True, sort=(Sort(Path.parse("ChangeDate"), descending=True),))
    body = '<History><Asset id="Story:5:9"/><Asset id="Story:5:7"/></History>'
    [rows], [made] = play(VersionOne().fetch(v1_schema, [fetch]), document(body))
    assert dict(made.query)["sort"] == "-ChangeDate,+ID"
    assert [row.oid.moment for row in rows.rows] == [9, 7]


@given(st.text())
def test_any_text_survives_the_way_to_a_reader_of_yaml(text: str) -> None:
    """The server parses the body as YAML, of which JSON is nearly a subset."""
    made = request([{"from": "Story", "with": {"$v1": text}}])
    assert isinstance(made.body, bytes)
    assert json.loads(made.body)["with"]["$v1"] == text
    if not any("\ud800" <= char <= "\udfff" for char in text):
        assert yaml.safe_load(made.body.decode())["with"]["$v1"] == text


def test_a_missing_attribute_leaves_the_others(v1_schema: Schema, play: Play) -> None:
    term = Or((Compare(Path.parse("Name"), "=", ("a",)), Compare(Path.parse("Name"), "=", ("b",))))
    fetch = Fetch("Story", select=paths("Name", "Owners", "Owners.Name"), where=term)
    rows = [{"_oid": "Story:1", "Owners": [{"_oid": "NULL"}]}, {"_oid": "Story:2", "Name": "b"}]
    [found], _ = play(VersionOne().fetch(v1_schema, [fetch]), answer(rows))
    assert [(row.columns, row.values) for row in found.rows] == [(("Owners",), ((),)), (("Name",), ("b",))]


def test_the_rows_of_a_large_page_share_their_columns(v1_schema: Schema, play: Play) -> None:
    names = (
        "Name",
        "Number",
        "Estimate",
        "ToDo",
        "AssetState",
        "ChangeDate",
        "Scope",
        "Status",
        "Owners",
        "Super.Name",
    )
    objects = [
        {
            "_oid": f"Story:{n}",
            "Name": f"Story {n}",
            "Number": f"S-{n}",
            "Estimate": "3",
            "ToDo": None,
            "AssetState": "Active",
            "ChangeDate": "2026-01-01T10:00:00.000",
            "Scope": {"_oid": f"Scope:{n % 9}"},
            "Status": {"_oid": "StoryStatus:133"},
            "Owners": [{"_oid": "Member:20"}],
            "Super": [{"_oid": f"Epic:{n % 50}", "Name": "e"}],
        }
        for n in range(10_000)
    ]
    response = answer(objects)
    fetch = Fetch("Story", select=paths(*names))
    backend = VersionOne(max_page=20_000)
    [rows], _ = play(backend.fetch(v1_schema, [fetch]), response)
    assert (len(rows.rows), len(rows.related)) == (10_000, 50)
    assert len({id(row.columns) for row in rows.rows}) == 1


@pytest.mark.parametrize("key", ["../../meta.v1", "a b", "5?x=1", "5'", "new-1"])
def test_no_key_leaves_its_place_in_an_address(v1_schema: Schema, play: Play, key: str) -> None:
    oids = (Oid("Story", key),)
    for fetch in (
        Fetch("Story", oids=oids),
        Fetch("Story", oids=oids, history=True),
        Fetch("Story", oids=oids, asof=7),
    ):
        with pytest.raises(BadValue):
            play(VersionOne().fetch(v1_schema, [fetch]))
    with pytest.raises(BadValue):
        play(VersionOne().fetch(v1_schema, [Fetch("Story", oids=(*oids, Oid("Story", 1)))]))


def test_an_unknown_type_is_refused_before_anything_is_sent(v1_schema: Schema, play: Play) -> None:
    with pytest.raises(UnknownName, match="Story"):
        play(VersionOne().fetch(v1_schema, [Fetch("Stori")]))


def test_histories_of_several_assets_come_in_the_order_asked(v1_schema: Schema, play: Play) -> None:
    told = "".join(f'<Asset id="{token}"/>' for token in ("Story:1:9", "Story:2:4", "Story:1:3"))
    [rows], _ = play(
        VersionOne().fetch(v1_schema, [story(2, 1, history=True, counted=True)]), document(f"<History>{told}</History>")
    )
    assert [row.oid.token for row in rows.rows] == ["Story:2:4", "Story:1:3", "Story:1:9"]
    assert rows.total == 3


def test_a_long_selection_is_measured_once(v1_schema: Schema, monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[int] = []

    def quote(text: str) -> str:
        measured.append(len(text))
        return text

    monkeypatch.setattr(query_request, "quote_plus", quote)
    tokens = [f"Custom_Attribute{number}" for number in range(3000)]
    pieces = rest_reads._pieces(tokens)
    assert tokens == [token for piece in pieces for token in piece]
    assert all(query_request.fits([("sel", ",".join(piece))]) for piece in pieces)
    assert len(pieces) > 30
    assert sum(measured) < 4 * sum(map(len, tokens))


def test_a_history_selects_the_relation_of_a_path(v1_schema: Schema, play: Play) -> None:
    """rest-1.v1 has no nested selects: the related asset is read at its own moment later."""
    fetch = story(5, history=True, select=paths("Name", "Super.Name", "Owners.Name"))
    body = (
        '<History><Asset id="Story:5:9"><Attribute name="Name">n</Attribute><Relation name="Super">'
        '<Asset idref="Epic:7"/></Relation><Relation name="Owners"><Asset idref="Member:1"/></Relation></Asset>'
        "</History>"
    )
    [rows], [made] = play(VersionOne().fetch(v1_schema, [fetch]), document(body))
    assert "Name,Super,Owners" == dict(made.query)["sel"]
    assert [("n", Oid("Epic", 7, 9), (Oid("Member", 1, 9),))] == [row.values for row in rows.rows]


def test_a_relation_that_is_only_followed_has_all_its_members(v1_schema: Schema, play: Play) -> None:
    owners = [{"_oid": "Member:1", "Name": "Ann"}, {"_oid": "Member:2", "Name": "Bo"}]
    for several, expected in (
        (owners, (Oid("Member", 1), Oid("Member", 2))),
        (owners[:1], (Oid("Member", 1),)),
        ([], ()),
    ):
        row = {"_oid": "Story:5", "Owners": several}
        fetch = Fetch("Story", select=paths("Owners.Name"))
        [rows], _ = play(VersionOne().fetch(v1_schema, [fetch]), answer([row]))
        assert (("Owners",), (expected,)) == (rows.rows[0].columns, rows.rows[0].values)
        assert [each["Name"] for each in several] == [related.values[0] for related in rows.related]


def test_a_relation_to_the_past_keeps_its_moment(v1_schema: Schema, play: Play) -> None:
    select = paths("Name", "Super", "Owners")
    row = {"_oid": "Story:5", "Name": "n", "Super": {"_oid": "Epic:7:70"}, "Owners": [{"_oid": "Member:1:3"}]}
    [rows], _ = play(VersionOne().fetch(v1_schema, [Fetch("Story", select=select)]), answer([row]))
    assert ("n", Oid("Epic", 7, 70), (Oid("Member", 1, 3),)) == rows.rows[0].values
    moment = Fetch("Story", select=select, asof="2026-01-01")
    [rows], _ = play(VersionOne().fetch(v1_schema, [moment]), answer([row]))
    assert ("n", Oid("Epic", 7, "2026-01-01"), (Oid("Member", 1, "2026-01-01"),)) == rows.rows[0].values
    assert Oid("Story", 5, "2026-01-01") == rows.rows[0].oid


def test_the_first_of_many_wrong_assets_is_named(v1_schema: Schema, play: Play) -> None:
    with pytest.raises(InvalidResponse, match=r"about Story:9 and should be about Story:1, .*, Story:5 \.\.\."):
        play(VersionOne().fetch(v1_schema, [story(*range(1, 7))]), answer([{"_oid": "Story:9"}]))
    with pytest.raises(InvalidResponse, match=r"should be about Story:1, Story:2\. "):
        play(VersionOne().fetch(v1_schema, [story(1, 2)]), answer([{"_oid": "Story:9"}]))


def test_a_condition_with_names_that_no_url_can_hold_is_counted_by_paging(v1_schema: Schema, play: Play) -> None:
    """`,`, `|` and `;` separate values in rest-1.v1's `with`, and there is no escape."""
    for text, requests in (("plain name", 1), ("a,b", 1), ("a|b", 1), ("a;b", 1)):
        where = Compare(Path.parse("Name"), "=", (text,))
        fetch = Fetch("Story", where=where, size=0, counted=True)
        by_rest = text == "plain name"
        reply = document('<Assets total="3"/>') if by_rest else answer([{"_oid": f"Story:{n}"} for n in range(3)])
        [rows], made = play(VersionOne().fetch(v1_schema, [fetch]), reply)
        assert (3, requests, by_rest) == (rows.total, len(made), made[0].path == "rest-1.v1/Data/Story")
        if by_rest:
            assert ("Name=$v1", "$v1=plain name") == (dict(made[0].query)["where"], dict(made[0].query)["with"])


def test_a_condition_that_is_too_long_for_a_url_is_counted_by_paging(v1_schema: Schema, play: Play) -> None:
    for number, path in ((10, "rest-1.v1/Data/Story"), (300, "query.v1")):
        where = Compare(Path.parse("Scope"), "=", tuple(Oid("Scope", key) for key in range(number)))
        reply = document('<Assets total="0"/>') if path != "query.v1" else answer([])
        fetch = Fetch("Story", where=where, size=0, counted=True)
        [rows], [made] = play(VersionOne().fetch(v1_schema, [fetch]), reply)
        assert (0, path) == (rows.total, made.path)


def test_counts_of_several_fetches_share_a_request(v1_schema: Schema, play: Play) -> None:
    fetch = Fetch("Story", size=0, counted=True)
    several = [fetch, Fetch("Task", size=0, counted=True)]
    full = [{"_oid": f"Task:{n}"} for n in range(3)]
    replies = [answer([{"_oid": "Story:1"}], full), document('<Assets total="77"/>')]
    found, made = play(VersionOne(max_page=3).fetch(v1_schema, several), *replies)
    assert [1, 77] == [rows.total for rows in found]
    assert ["query.v1", "rest-1.v1/Data/Task"] == [request.path for request in made]


def test_an_answer_of_twice_the_assets_is_compared_in_twice_the_steps(v1_schema: Schema) -> None:
    def steps(number: int) -> int:
        oids = [Oid("Story", key) for key in range(number)]
        called = itertools.count()
        sys.setprofile(lambda *_: next(called))
        try:
            rest_reads.confirm_requested(v1_schema, oids, oids, "GET it")
        finally:
            sys.setprofile(None)
        return next(called)

    assert steps(400) < 2.2 * steps(200)
    with pytest.raises(InvalidResponse, match=r"Story:0, Story:1, Story:2, Story:3, Story:4 \.\.\."):
        rest_reads.confirm_requested(v1_schema, [Oid("Story", 7)], [Oid("Story", key) for key in range(6)], "GET it")
