"""Valohai's requests one by one: how lists are divided, how much is asked for, and how calls and owners are written."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from assetmeta.backends.rest import pushdown
from assetmeta.backends.rest.codecs import choice_kind
from assetmeta.backends.rest.discovery import Discovery, FieldInfo
from assetmeta.backends.rest.encode import Encoder, as_read, inputs, secrets_in, secrets_of
from assetmeta.backends.rest.pushdown import Pushdown
from assetmeta.backends.rest.schema import build_schema
from assetmeta.backends.rest.spec import Api, Field, Filter, Resource
from assetmeta.backends.rest.writer import accept
from assetmeta.backends.valohai import Valohai, actions, calls, logs, owners
from assetmeta.backends.valohai.codecs import codec_for, from_sample
from assetmeta.backends.valohai.connection import Settings, bundled
from assetmeta.backends.valohai.keys import ValohaiKeys, condition_key, filter_text, parse_key_from, require_same
from assetmeta.backends.valohai.pages import (
    ListPlace,
    count_rows,
    read_all,
    read_all_if_cheaper,
    read_all_or_none,
    read_part,
)
from assetmeta.backends.valohai.queries import ordering, page_limit, parents, uncounted
from assetmeta.backends.valohai.writes import identified_by_alias
from assetmeta.model.conditions import And, Compare, Term
from assetmeta.model.errors import BadValue, InvalidResponse, NotFound, Rejected
from assetmeta.model.frozen import frozen
from assetmeta.model.http import Request, Response
from assetmeta.model.paths import Path
from assetmeta.model.plans import AttributeChange, Call, Create, Fetch, Sort, Update
from assetmeta.model.schema import Schema
from assetmeta.model.texts import Hidden
from assetmeta.model.values import UNREAD, Oid

PROJECT = Oid("Project", "01943a8e-45d0-0006-89de-38def875223b")
OTHER = "01943a8e-45d0-0006-89de-38def875223c"
TABLE = bundled()
EXECUTION = replace(
    TABLE.types["Execution"],
    filters={
        **{name: Filter(name) for name in ("step", "project", "image")},
        "status": Filter("status", repeatable=True, lowercased=True),
        "title": Filter("title", inexact=True),
    },
    orders=("counter",),
)


def push_down(resource: Resource, fetch: Fetch) -> Pushdown:
    return pushdown.push_down(resource, fetch, condition_key, filter_text)


def encoder(schema: Schema) -> Encoder:
    memory = Settings().memory
    return Encoder(schema, TABLE, ValohaiKeys(TABLE, memory), memory)


def answer(document: Any = None, status: int = 200) -> Response:
    body = b"" if document is None else json.dumps(document).encode()
    return Response(status, {"content-type": "application/json"}, body)


def rows(first: int, end: int, count: int | None, *, more: bool) -> Response:
    link = "https://host/api/v0/data/?offset=9" if more else None
    return answer({"count": count, "next": link, "results": [{"id": str(number)} for number in range(first, end)]})


def sent(request: Request) -> Any:
    assert isinstance(request.body, bytes)
    return json.loads(request.body)


def equal(name: str, *values: object) -> Compare:
    return Compare(Path.parse(name), "=", values)


def wanted(*terms: Term, **given: Any) -> Fetch:
    return Fetch("Execution", where=And(terms) if terms else None, **given)


class TestLists:
    def test_each_page_after_the_first_begins_with_the_last_row(self, play: Any) -> None:
        pages = rows(0, 2, 5, more=True), rows(1, 4, 5, more=True), rows(3, 5, 5, more=False)
        found, made = play(read_all("data/", (("a", "b"),), Settings(sweep=2)), *pages)
        assert ["0", "1", "2", "3", "4"] == [item["id"] for item in found]
        asked = [dict(request.query) for request in made]
        offsets: list[dict[str, str]] = [{}, {"offset": "1"}, {"offset": "3"}]
        assert [{"a": "b", "limit": limit, **at} for limit, at in zip("233", offsets, strict=True)] == asked

    def test_a_list_that_begins_later(self, play: Any) -> None:
        some, [request] = play(read_part("data/", (), ListPlace(4, start=4), 2, Settings()), rows(4, 6, 9, more=True))
        assert {"limit": "2", "offset": "4"} == dict(request.query)
        assert (ListPlace(6, "5", 4, 9), 9) == (some.rest, some.total)

    def test_a_list_is_read_whole_when_it_is_no_longer_than_worth(self, play: Any) -> None:
        settings = Settings(worth=2, sweep=3)
        for count, pages, number in ((4, (rows(0, 3, 4, more=True), rows(2, 4, 4, more=False)), 4), (3, (), 3)):
            some = pages or (rows(0, 3, count, more=False),)
            found, made = play(read_all_if_cheaper("data/", (), 2, settings), *some)
            assert number == len(found)
            assert "3" == dict(made[0].query)["limit"]
        for count in (5, None):
            found, made = play(read_all_if_cheaper("data/", (), 2, settings), rows(0, 3, count, more=True))
            assert (None, 1) == (found, len(made))
        _, [request] = play(read_all_if_cheaper("data/", (), 1, settings), rows(0, 2, 2, more=False))
        assert "2" == dict(request.query)["limit"]

    def test_a_list_that_there_is_not(self, play: Any) -> None:
        assert play(read_all_or_none("data/", (), Settings()), answer({}, 404))[0] is None
        with pytest.raises(Rejected):
            play(read_all_or_none("data/", (), Settings()), answer({}, 403))

    @pytest.mark.parametrize(
        ("query", "document", "is_nothing"),
        [
            ((("project", OTHER),), {"project": ["No such project."]}, True),
            ((("project", "17"),), {"project": ["No such project."]}, True),
            ((("project", "harbour"),), {"project": ["No."]}, False),
            ((("project", OTHER), ("project", "17")), {"project": ["No."]}, False),
            ((("project", OTHER),), {"task": ["No."]}, False),
            ((("project", OTHER), ("step", "x")), {"project": ["No."], "step": ["No."]}, False),
            ((("project", OTHER),), {}, False),
        ],
    )
    def test_a_filter_by_what_is_not_there(self, play: Any, query: Any, document: Any, is_nothing: bool) -> None:
        for flow in (count_rows("data/", query, Settings()), read_all("data/", query, Settings())):
            if is_nothing:
                assert play(flow, answer(document, 400))[0] in (0, [])
            else:
                with pytest.raises(Rejected):
                    play(flow, answer(document, 400))
        with pytest.raises(Rejected):
            play(read_part("data/", query, ListPlace(2, "1"), 2, Settings()), answer(document, 400))

    def test_counting_asks_for_one_row(self, play: Any) -> None:
        found, [request] = play(count_rows("data/", (("a", "b"),), Settings()), rows(0, 1, 7, more=True))
        assert (7, (("a", "b"), ("limit", "1"))) == (found, request.query)


class TestSizes:
    EXACT = Pushdown(exact=True)

    @pytest.mark.parametrize(
        ("given", "narrow", "offset", "limit"),
        [
            ({}, EXACT, 0, 1000),
            ({"size": 1}, EXACT, 0, 1),
            ({"size": 3, "start": 2}, EXACT, 0, 5),
            ({"size": 3, "start": 2}, EXACT, 4, 1),
            ({"size": 3, "start": 2}, EXACT, 9, 1),
            ({"size": 5000}, EXACT, 0, 1000),
            ({"size": 1}, Pushdown(), 0, 1000),
            ({"page_size": 7}, EXACT, 0, 7),
            ({"page_size": 7, "size": 9}, EXACT, 4, 5),
            ({"size": 1, "counted": True}, EXACT, 0, 5000),
            ({"size": 1, "sort": (Sort(Path.parse("step")),)}, EXACT, 0, 5000),
            ({"size": 1, "sort": (Sort(Path.parse("counter")),)}, EXACT, 0, 1),
            ({"size": 1, "sort": (Sort(Path.parse("counter")), Sort(Path.parse("step")))}, EXACT, 0, 5000),
        ],
    )
    def test_no_more_rows_are_requested_than_needed(
        self, given: Any, narrow: Pushdown, offset: int, limit: int
    ) -> None:
        assert limit == page_limit(EXECUTION, wanted(**given), narrow, offset, Settings())

    def test_the_server_sorts_by_one_key_that_it_knows_in_one_list(self) -> None:
        key = (Sort(Path.parse("counter"), True),)
        assert (("ordering", "-counter"),) == ordering(EXECUTION, wanted(sort=key))
        assert () == ordering(EXECUTION, wanted(sort=(Sort(Path.parse("step")),)))
        assert () == ordering(EXECUTION, wanted(sort=(Sort(Path.parse("project.counter")),)))
        assert () == ordering(EXECUTION, wanted(sort=(Sort(Path.parse("counter.@Max")),)))
        assert () == ordering(EXECUTION, wanted(sort=(*key, *key)))
        assert () == ordering(EXECUTION, wanted(sort=key, oids=(Oid("Execution", OTHER),)))
        assert () == ordering(EXECUTION, wanted(equal("step", "a", "b"), sort=key))

    def test_only_parts_are_not_counted(self) -> None:
        saves = replace(EXECUTION, no_count=True)
        by_counter, by_step = ((Sort(Path.parse(name)),) for name in ("counter", "step"))
        no_count = (("no_count", "true"),)
        assert no_count == uncounted(saves, wanted(size=1)) == uncounted(saves, wanted(size=1, sort=by_counter))
        assert () == uncounted(saves, wanted())
        assert () == uncounted(saves, wanted(size=1, counted=True))
        assert () == uncounted(saves, wanted(size=1, sort=by_step))
        assert () == uncounted(replace(EXECUTION, no_count=False), wanted(size=1))

    @pytest.mark.parametrize(
        ("fetch", "offset"),
        [
            (wanted(start=3, size=2), 3),
            (wanted(equal("step", "a"), start=3), 3),
            (wanted(equal("step", "a", "b"), start=3), None),
            (wanted(equal("n_alerts", 1), start=3, size=2), None),
            (wanted(equal("title", "a"), start=3, size=2), None),
            (wanted(start=3, size=2, sort=(Sort(Path.parse("image")),)), None),
        ],
    )
    def test_only_matches_are_skipped_by_the_server(
        self, vh_schema: Schema, play: Any, fetch: Fetch, offset: int | None
    ) -> None:
        none = answer({"count": 0, "next": None, "results": []})
        number = 2 if fetch == wanted(equal("step", "a", "b"), start=3) else 1
        table = replace(TABLE, types={**TABLE.types, "Execution": EXECUTION})

        class Changed(Valohai):
            @property
            def api(self) -> Api:
                return table

        _, made = play(Changed().fetch(vh_schema, [fetch]), *[none] * number)
        assert {str(offset) if offset else None} == {dict(request.query).get("offset") for request in made}


class TestConditions:
    def queries(self, *terms: Term, endpoint: Resource = EXECUTION, **given: Any) -> list[tuple[tuple[str, str], ...]]:
        return list(push_down(endpoint, wanted(*terms, **given)).queries)

    def test_values_go_along_as_the_filter_spells_them(self) -> None:
        assert [(("status", "error"),)] == self.queries(equal("status", "Error"))
        assert [(("step", "Train"),)] == self.queries(equal("step", "Train"))
        assert [(("project", OTHER),)] == self.queries(equal("project", Oid("Project", OTHER)))
        assert [(("step", "true"),), (("step", "false"),), (("step", "3"),)] == self.queries(
            equal("step", True, False, 3)
        )
        for value in ("", "a,b", 1.5, None):
            assert [()] == self.queries(equal("step", value))
            assert [()] == self.queries(equal("step", "a", value))

    def test_as_many_values_in_a_request_as_fit(self) -> None:
        values = [f"v{number}" for number in range(201)]
        assert [100, 100, 1] == [len(query) for query in self.queries(equal("status", *values))]
        assert [100] == [len(query) for query in self.queries(equal("status", *values[:100]))]

    def test_as_many_lists_as_are_better_than_the_whole(self) -> None:
        values = [f"v{number}" for number in range(21)]
        assert 20 == len(self.queries(equal("step", *values[:20])))
        assert [()] == self.queries(equal("step", *values))
        assert 20 == len(self.queries(equal("step", *values[:4]), equal("image", *values[:5])))
        assert 4 == len(self.queries(equal("step", *values[:4]), equal("image", *values[:6])))
        product = [(("step", "a"), ("image", "c")), (("step", "b"), ("image", "c"))]
        assert product == self.queries(equal("step", "a", "b"), equal("image", "c"))

    def test_a_parameter_is_taken_once(self) -> None:
        found = push_down(EXECUTION, wanted(equal("step", "a"), equal("step", "b")))
        assert (((("step", "a"),),), False) == (found.queries, found.exact)

    def test_what_an_inexact_filter_finds_is_not_reported(self) -> None:
        exact = push_down(EXECUTION, wanted(equal("step", "a"), equal("status", "error")))
        assert (True, {"step": "a", "status": "error"}) == (exact.exact, exact.implied)
        loose = push_down(EXECUTION, wanted(equal("title", "a")))
        assert (False, {}, 1) == (loose.exact, loose.implied, len(loose.pushed))
        assert {} == push_down(EXECUTION, wanted(equal("status", "error", "complete"))).implied
        assert not push_down(EXECUTION, wanted(equal("step", "a", "b"))).exact
        assert not push_down(EXECUTION, wanted(equal("step", "a"), equal("n_alerts", 1))).exact

    def test_deleted_ones_are_left_out_unless_they_are_requested(self) -> None:
        soft = replace(EXECUTION, filters={**EXECUTION.filters, "deleted": Filter("deleted")})
        assert [(("deleted", "false"),)] == self.queries(endpoint=soft)
        assert [(("step", "a"), ("deleted", "false"))] == self.queries(equal("step", "a"), endpoint=soft)
        assert [()] == self.queries(endpoint=soft, deleted=True)
        assert [(("deleted", "true"),)] == self.queries(equal("deleted", True), endpoint=soft)


class TestForms:
    def test_lengths_of_time_keep_their_fraction(self, vh_schema: Schema) -> None:
        attribute = vh_schema.attribute("Execution", "time_limit")
        for value, form in ((timedelta(seconds=2.5), 2.5), (timedelta(minutes=1), 60), (None, None)):
            written = encoder(vh_schema).sendable(TABLE.types["Execution"], attribute, Field("Duration"), value, {})
            assert (form, type(form)) == (written, type(written))

    def test_aliases_of_added_members_are_looked_up_too(self) -> None:
        endpoint, known = TABLE.types["Project"], encoder(Schema({}))
        slug, one = Oid("Environment", "small"), Oid("Environment", OTHER)
        assert [slug] == identified_by_alias(
            known, endpoint, [AttributeChange("default_environment", UNREAD, slug)] * 2
        )
        assert [] == identified_by_alias(known, endpoint, [AttributeChange("default_environment", UNREAD, one)])
        assert [slug] == identified_by_alias(
            known, endpoint, [AttributeChange("unheard_of", UNREAD, added=(one, slug))]
        )
        assert [] == identified_by_alias(
            known, endpoint, [AttributeChange("default_environment", None, Oid.new("Environment", 1))]
        )

    def test_inputs_as_they_are_read_and_as_they_are_written(self) -> None:
        read = [{"name": "a", "urls": ["x", "y"]}, {"name": "b"}, {"name": "c", "urls": "z"}]
        assert {"a": ["x", "y"], "b": [], "c": ["z"]} == inputs(read) == inputs({"a": ["x", "y"], "b": [], "c": "z"})
        assert {} == inputs([]) == inputs({})
        for value in ("x", 5, None, ["x"], [*read, "x"], [*read, {"urls": ["x"]}]):
            with pytest.raises(BadValue):
                inputs(value)

    def test_texts_that_no_error_shows(self) -> None:
        oid = Oid("Store", OTHER)
        hidden = frozen({"key": "long enough", "deep": [{"key": "four"}], "no": 5, "short": "abc"}, concealed=True)
        shown = frozen({"key": "not secret"})
        deltas = (
            AttributeChange("a", UNREAD, hidden),
            AttributeChange("b", UNREAD, shown),
            AttributeChange("c", UNREAD, Hidden("quiet")),
        )
        assert ("long enough", "four", "quiet") == secrets_of(Update(oid, deltas)) == secrets_of(Create(oid, deltas))
        call = Call(oid, "do", (("value", "secret"), ("name", "shown"), ("more", Hidden("other"))))
        assert ("secret", "other") == secrets_of(call, ("value",))
        assert ("other",) == secrets_of(call)
        assert ("plain", "text") == secrets_in({"a": "plain", "b": ["text", 1, "abc"]})
        assert () == secrets_in(None)

    def test_what_options_call_read_only_is_not_written(self) -> None:
        told = {"projects": {"name": FieldInfo("Text", read_only=True), "description": FieldInfo("Text", "What")}}
        schema = build_schema(TABLE, codec_for, Discovery(fields=told))
        name, description = (schema.attribute("Project", each) for each in ("name", "description"))
        assert (False, True) == (name.writable, name.readonly)
        assert (True, False, "What") == (description.writable, description.readonly, description.label)

    def test_what_a_sample_tells(self) -> None:
        number = FieldInfo("Integer")
        assert FieldInfo("Uuid", read_only=True) == from_sample("id", OTHER)
        assert FieldInfo("Uuid") == from_sample("owner", OTHER)
        for name in ("ctime", "mtime"):
            assert FieldInfo("DateTime", read_only=True) == from_sample(name, "2026-01-01T00:00:00Z")
        for name in ("id", "url", "urls"):
            assert FieldInfo("Integer", read_only=True) == from_sample(name, 5)
        assert number == from_sample("size", 5)

    def test_places(self) -> None:
        settings = Settings(root="x/api/v0")
        assert "x/api/v0/a/b/7/" == settings.endpoint_path("/a/", "b", 7)
        assert [True, False, False] == [settings.is_own(path) for path in ("x/api/v0/a/", "x/api/v0", "y/x/api/v0/a/")]


class TestCalls:
    def test_fetching_commits(self, play: Any) -> None:
        document = {"commits": [{"identifier": "a"}, "?"], "errors": ["one", 2]}
        found, [request] = play(actions.fetch_repository(PROJECT, Settings()), answer(document))
        assert actions.FetchResult(({"identifier": "a"},), ("one", "2")) == found
        assert (f"POST api/v0/projects/{PROJECT.key}/fetch/", True) == (request.line, request.writes)
        assert (
            actions.FetchResult((), ())
            == play(actions.fetch_repository(PROJECT, Settings()), answer({"commits": None}))[0]
        )

    def test_code_that_is_known(self, play: Any) -> None:
        found, [request] = play(actions.known_code("~a/b", PROJECT, Settings()), answer({"adhoc": True, "id": 1}))
        assert {"adhoc": True, "id": 1} == found
        assert ("GET api/v0/commits/~a%2Fb/", (("project", PROJECT.key),)) == (request.line, request.query)
        for other in (answer({"adhoc": False}), answer({"adhoc": 1}), answer({}, 404)):
            assert play(actions.known_code("a", PROJECT, Settings()), other)[0] is None
        with pytest.raises(Rejected):
            play(actions.known_code("a", PROJECT, Settings()), answer({}, 403))

    def test_code_is_uploaded_as_a_form(self, play: Any) -> None:
        flow = actions.import_code(PROJECT, io.BytesIO(b"bytes"), {"description": "d"}, Settings())
        found, [request] = play(flow, answer({"identifier": "~x"}, 201))
        assert ({"identifier": "~x"}, True) == (found, request.writes)
        assert f"POST api/v0/projects/{PROJECT.key}/import-package/" == request.line
        headers = dict(request.headers)
        assert "application/json" == headers["Accept"]
        assert headers["Content-Type"].startswith("multipart/form-data; boundary=")
        content = request.body.read()  # type: ignore[union-attr]
        assert b'name="description"\r\n\r\nd\r\n' in content
        assert b'name="data"; filename="data.tgz"' in content and b"\r\n\r\nbytes\r\n--" in content

    def test_a_pipeline_from_its_template(self, play: Any) -> None:
        found, [request] = play(actions.from_template(PROJECT, "main", "all", Settings()), answer({"id": OTHER}, 201))
        assert {"project": PROJECT.key, "commit": "main", "name": "all"} == sent(request)
        assert ("POST api/v0/pipelines/create-from-template/", {"id": OTHER}) == (request.line, found)

    def test_a_notebook_shows_none_of_its_variables(self, play: Any) -> None:
        fields = {"project": PROJECT.key, "environment_variables": {"TOKEN": 'qu"ote-é'}}
        found, [request] = play(actions.notebook(fields, Settings()), answer({"id": OTHER}, 201))
        assert ({"id": OTHER}, fields) == (found, sent(request))
        assert "POST api/v0/notebook-executions/" == request.line
        quoting = answer({"detail": 'Bad value qu"ote-é'}, 400)
        with pytest.raises(Rejected) as caught:
            play(actions.notebook(fields, Settings()), quoting)
        assert "Bad value ***" in str(caught.value)

    def test_triggers_take_any_body(self, play: Any) -> None:
        found, [request] = play(actions.launch("t-1", {"a": 1}, {"X-Key": "k"}, Settings()), answer({"run_id": "r"}))
        assert ({"run_id": "r"}, {"a": 1}, True) == (found, sent(request), request.writes)
        assert "POST api/v0/launch/t-1/" == request.line
        kinds = {"Accept": "*/*", "Content-Type": "application/json", "X-Key": "k"}
        assert kinds == dict(request.headers)
        words = Response(200, {"content-type": "text/plain"}, b"done \xff")
        found, [request] = play(actions.launch("t", b"raw", {"Content-Type": "text/x"}, Settings()), words)
        assert ("done �", b"raw", "text/x") == (found, request.body, dict(request.headers)["Content-Type"])
        _, [request] = play(actions.launch("t", b"raw", {}, Settings()), words)
        assert "application/octet-stream" == dict(request.headers)["Content-Type"]
        with pytest.raises(Rejected):
            play(actions.launch("t", {}, {}, Settings()), answer({"detail": "no"}, 400))

    def test_what_came_of_a_launch(self, play: Any) -> None:
        found, [request] = play(actions.launch_result("t", "r 1", {"X-Key": "k"}, Settings()), answer({"status": "ok"}))
        assert ({"status": "ok"}, (("run_id", "r 1"),), True) == (found, request.query, request.idempotent)
        assert ("GET api/v0/launch/t/run/", "k") == (request.line, dict(request.headers)["X-Key"])

    @pytest.mark.parametrize("trigger", ["", ".", "..", "a/b", "a?b", "a b", "é"])
    def test_an_id_is_one_part_of_a_path(self, trigger: str) -> None:
        for flow in (actions.launch(trigger, {}, {}, Settings()), actions.launch_result(trigger, "r", {}, Settings())):
            with pytest.raises(BadValue):
                next(flow)

    def test_what_an_answer_to_a_write_says(self) -> None:
        assert accept(Response(204)) is None
        assert accept(Response(200, {"content-type": "text/plain"}, b"stopped")) is None
        assert {"a": 1} == accept(answer({"a": 1}))
        for kind in ("text/plain", "application/json", "text/html"):
            with pytest.raises(InvalidResponse):
                accept(Response(200, {"content-type": kind}, b" <html><body>Log in"))


class TestOwners:
    def test_all_organizations_by_one_request(self, play: Any) -> None:
        oids = [Oid("Organization", 1), Oid("Organization", 2), Oid("Organization", 1)]
        listed = answer([{"id": 1, "name": "a"}, {"id": 2, "name": "b"}, {"id": "3", "name": "c"}, {"id": 4}])
        found, [request] = play(owners.owner_names(oids, Settings()), listed)
        assert {oids[0]: "a", oids[1]: "b"} == found
        assert ("GET api/v0/organizations/", (("limit", "10000"),)) == (request.line, request.query)
        assert ({}, []) == play(owners.owner_names([], Settings()))

    def test_the_user_who_is_logged_in_and_others(self, play: Any) -> None:
        me, other = Oid("User", 7), Oid("User", 8)
        found, made = play(owners.owner_names([me], Settings()), answer({"id": 7, "username": "me"}))
        assert ({me: "me"}, ["GET api/v0/users/me/"]) == (found, [request.line for request in made])
        users = answer([{"id": 8, "username": "other"}])
        found, made = play(owners.owner_names([other, me], Settings()), answer({"id": 7, "username": "me"}), users)
        assert ({me: "me", other: "other"}, 2) == (found, len(made))
        for status in (403, 404):
            with pytest.raises(BadValue, match="User:8"):
                play(owners.owner_names([other], Settings()), answer({"id": 7, "username": "me"}), answer({}, status))

    def test_an_id_alone_is_that_of_an_organization_or_of_a_user(self, play: Any) -> None:
        owner = Oid("Owner", 7)
        groups, me = answer([{"id": 7, "name": "lab"}]), answer({"id": 1, "username": "me"})
        users = answer([{"id": 1, "username": "me"}])
        assert "lab" == play(owners.owner_names([owner], Settings()), groups, me, users)[0][owner]
        found, _ = play(owners.owner_names([owner], Settings()), answer([]), answer({"id": 7, "username": "ada"}))
        assert "ada" == found[owner]
        with pytest.raises(BadValue, match="Organization:7 and User:7; name the type"):
            play(owners.owner_names([owner], Settings()), groups, answer({"id": 7, "username": "ada"}))
        with pytest.raises(BadValue, match=r"No Organization:7 and no User:7 .* give the owner by name") as caught:
            play(owners.owner_names([owner], Settings()), answer([]), me, users)
        assert "owner" == caught.value.attribute

    def test_an_organization_or_else_a_user_of_a_name(self, play: Any) -> None:
        listed = answer([{"id": 1, "name": "a"}])
        assert Oid("Organization", 1) == play(owners.owner_of("a", Settings()), listed)[0]
        me = answer({"id": 7, "username": "me"})
        assert Oid("User", 7) == play(owners.owner_of("me", Settings()), listed, me, answer([]))[0]
        users = answer([{"id": 8, "username": "other"}])
        assert Oid("User", 8) == play(owners.owner_of("other", Settings()), listed, me, users)[0]
        with pytest.raises(BadValue, match="nobody"):
            play(owners.owner_of("nobody", Settings()), listed, me, answer({}, 403))


class TestKeys:
    def test_keys_in_references(self) -> None:
        types = TABLE.types
        cases: list[tuple[str, Any, Any, Any, Any]] = [
            ("Project", OTHER, None, None, OTHER),
            ("Project", {"id": OTHER}, None, None, OTHER),
            ("Project", {"name": "x"}, "p", None, None),
            ("Project", None, "p", None, None),
            ("Project", True, "p", None, None),
            ("Project", "", "p", None, None),
            ("Repository", {"url": "x"}, "p", None, "p"),
            ("Repository", None, "p", None, None),
            ("User", "17", None, None, 17),
            ("User", "x17", None, None, None),
            ("User", "9" * 18, None, None, int("9" * 18)),
            ("User", "9" * 19, None, None, None),
        ]
        for type_name, value, project, owner, key in cases:
            assert key == parse_key_from(types[type_name], value, project, owner), (type_name, value)

    def test_a_deployment_that_is_an_object_names_no_place(self, vh_schema: Schema) -> None:
        learned = Settings().memory
        reading = Valohai(memory=learned).reader(vh_schema)
        for deployment in ({"id": OTHER}, None, [OTHER]):
            oid = reading.take_one(TABLE.types["DeploymentVersion"], {"id": PROJECT.key, "deployment": deployment})
            assert oid is not None and oid not in learned.places

    def test_a_branch_is_the_latest_commit_that_bears_its_name(self, vh_schema: Schema, play: Any) -> None:
        commits = [
            {"id": 1, "identifier": "a", "ref": "main", "commit_time": "2026-01-01", "project": PROJECT.key},
            {"id": 2, "identifier": "b", "ref": "x", "ref_names": ["y", "main"], "commit_time": "2026-01-02"},
            {"id": 3, "identifier": "c", "ref": "dev", "ref_names": "main", "commit_time": "2026-01-03"},
            {"id": 4, "identifier": "d", "ref": "main"},
        ]
        alias = f"{PROJECT.key}:main"
        row, made = play(Valohai().look_up(vh_schema, "Commit", alias), answer({}, 404), answer(commits))
        assert (Oid("Commit", f"{PROJECT.key}/b"), 2) == (row.oid, len(made))
        with pytest.raises(NotFound, match="main"):
            play(Valohai().look_up(vh_schema, "Commit", alias), answer({}, 404), answer(commits[2:3]))

    def test_assets_within_others_are_read_through_those_that_are_named(self) -> None:
        endpoint = TABLE.types["PipelineNode"]
        pipeline = Oid("Pipeline", OTHER)
        named = Fetch("PipelineNode", where=And((equal("name", "x"), equal("pipeline", pipeline))))
        assert (pipeline,) == parents(endpoint, TABLE, named)
        assert () == parents(endpoint, TABLE, Fetch("PipelineNode", where=equal("name", "x")))
        assert () == parents(TABLE.types["Execution"], TABLE, wanted(equal("step", "a")))

    def test_references_of_other_types_are_refused(self, vh_schema: Schema) -> None:
        project = TABLE.types["Project"]
        owner, known = vh_schema.attribute("Project", "owner"), project.fields["owner"]
        for oid in (Oid("User", 1), Oid("Organization", 1), Oid("Owner", "ann")):
            written = encoder(vh_schema).sendable(project, owner, known, oid, {oid: "ann"})
            assert (oid.key if oid.type == "Owner" else "ann") == written
        with pytest.raises(BadValue, match="owner"):
            encoder(vh_schema).sendable(project, owner, known, Oid("Store", OTHER), {})

    def test_what_is_read_is_written_back_as_it_was(self, vh_schema: Schema) -> None:
        paths = vh_schema.attribute("Store", "paths")
        plain, wrapped = Field("Text"), Field("Text", wrap="datum")
        assert {"a": [1, "ü"]} == as_read(paths, plain, '{"a":[1,"ü"]}')
        name = vh_schema.attribute("Store", "name")
        assert ['{"a":1}', OTHER, None] == [
            as_read(name, plain, cell) for cell in ('{"a":1}', Oid("Store", OTHER), None)
        ]
        assert (["a", "b"], [{"datum": "a"}]) == (as_read(name, plain, ("a", "b")), as_read(name, wrapped, ("a",)))
        assert (1.5, float) == (as_read(name, plain, Decimal("1.5")), type(as_read(name, plain, Decimal(2))))

    def test_a_time_of_the_log_that_is_none_is_the_beginning(self) -> None:
        found = [logs._moment(raw) for raw in ("2026-01-02T03:04:05", "nonsense", None, 5, "")]
        assert ["2026-01-02T03:04:05+00:00"] + [logs._BEGINNING.isoformat()] * 4 == [one.isoformat() for one in found]


class TestAnswers:
    """An answer is about what was asked for."""

    def test_an_object_by_its_id_and_a_commit_by_any_of_its_names(self) -> None:
        execution, commit = TABLE.types["Execution"], TABLE.types["Commit"]
        item = {
            "identifier": "abcdef",
            "ref": "refs/heads/main",
            "ref_names": ["dev", "x/y", 5],
            "project": PROJECT.key,
        }
        for key in ("abc", "abcdef", "main", "refs/heads/main", "dev", "x/y", "y"):
            oid = Oid("Commit", f"{PROJECT.key}/{key}")
            assert item is require_same(commit, oid, item, "GET x")
            require_same(commit, oid, {**item, "project": {"id": PROJECT.key.upper()}}, "GET x")
            with pytest.raises(InvalidResponse):
                require_same(commit, oid, {**item, "project": OTHER}, "GET x")
        for odd in (item, {**item, "ref_names": "bcd"}, {**item, "ref_names": None, "ref": None}):
            with pytest.raises(InvalidResponse):
                require_same(commit, Oid("Commit", f"{PROJECT.key}/bcd"), odd, "GET x")
        require_same(commit, Oid("Commit", f"{PROJECT.key}/bcd"), {}, "GET x")
        for right in ({"id": OTHER}, {"id": OTHER.upper()}, {"id": None}, {}):
            require_same(execution, Oid("Execution", OTHER), right, "GET x")
        for wrong in ({"id": PROJECT.key}, {"id": 5}, {"id": ""}):
            with pytest.raises(InvalidResponse):
                require_same(execution, Oid("Execution", OTHER), wrong, "GET x")

    def test_the_number_and_the_project_of_an_alias(self, vh_schema: Schema, play: Any) -> None:
        item = {"id": OTHER, "counter": 5, "project": {"id": PROJECT.key}}
        for number, told, is_it in (
            ("5", {}, True),
            ("latest", {}, True),
            ("6", {}, False),
            ("6", {"counter": None}, True),
            ("5", {"project": None}, True),
            ("5", {"project": OTHER}, False),
            ("latest", {"project": OTHER}, False),
        ):
            flow = Valohai().look_up(vh_schema, "Execution", f"{PROJECT.key}:{number}")
            if is_it:
                assert OTHER == play(flow, answer({**item, **told}))[0].oid.key
            else:
                with pytest.raises(InvalidResponse):
                    play(flow, answer({**item, **told}))

    def test_texts_that_are_keys(self) -> None:
        backend = Valohai()
        keys = {
            ("Owner", "17"): 17,
            ("Owner", "ann"): None,
            ("Repository", OTHER.upper()): OTHER,
            ("Repository", "17"): 17,
            ("Repository", "x"): None,
            ("Unheard", "17"): 17,
            ("Unheard", "x"): "x",
            ("Project", OTHER.upper()): OTHER,
            ("Project", "harbour"): None,
        }
        assert keys == {(type_name, text): backend.key_of(type_name, text) for type_name, text in keys}

    def test_tables_of_metadata_by_either_method(self, play: Any) -> None:
        table = Response(200, {"content-type": "text/csv"}, b"\xef\xbb\xbfa,b\n")
        oids = [Oid("Execution", OTHER), Oid("Execution", PROJECT.key)]
        for first in ((), (answer({}, 405),)):
            found, made = play(calls.metadata_csv(oids, Settings()), *first, table)
            assert ("a,b\n", ["POST", "GET"][: len(first) + 1]) == (found, [request.method for request in made])
            assert all({"ids": [OTHER, PROJECT.key]} == sent(request) and not request.writes for request in made)
        with pytest.raises(Rejected):
            play(calls.metadata_csv(oids, Settings()), answer({}, 403))
        with pytest.raises(BadValue):
            next(calls.metadata_csv([], Settings()))

    def test_choices_and_fields_that_only_options_tell(self) -> None:
        choice = choice_kind((("a", "A"),), open=False)
        told = {
            "name": FieldInfo(choice),
            "description": FieldInfo("Integer"),
            "ctime": FieldInfo(choice),
            "must": FieldInfo("Text", required=True),
            "shown": FieldInfo("Text", required=True, read_only=True),
            "may": FieldInfo("Text"),
        }
        found = build_schema(TABLE, codec_for, Discovery(fields={"projects": told})).type("Project").attributes
        kinds = [found[name].kind for name in ("name", "description", "ctime")]
        assert [choice, "Text", "DateTime"] == kinds
        assert [(True, True, False), (False, False, True), (False, True, False)] == [
            (found[name].required, found[name].writable, found[name].computed) for name in ("must", "shown", "may")
        ]


class TestDeleted:
    def read(self, schema: Schema, play: Any, item: dict[str, Any], *terms: Term, **given: Any) -> int:
        fetch = wanted(equal("id", OTHER), *terms, select=(Path.parse("step"),), **given)
        [found], [request] = play(Valohai().fetch(schema, [fetch]), answer({"id": OTHER, "step": "a", **item}))
        assert f"GET api/v0/executions/{OTHER}/" == request.line
        return len(found.rows)

    def test_by_id_queries_find_it_only_when_it_is_requested(self, vh_schema: Schema, play: Any) -> None:
        assert [0, 1, 1] == [self.read(vh_schema, play, item) for item in ({"deleted": True}, {"deleted": False}, {})]
        assert 1 == self.read(vh_schema, play, {"deleted": True}, deleted=True)
        assert 1 == self.read(vh_schema, play, {"deleted": True}, equal("deleted", True))
        assert 0 == self.read(vh_schema, play, {"deleted": False}, equal("deleted", True))

    def test_what_is_not_marked_as_deleted_is_found_whatever_it_says(self, vh_schema: Schema, play: Any) -> None:
        fetch = Fetch("Datum", (Path.parse("name"),), where=equal("id", OTHER))
        [found], _ = play(Valohai().fetch(vh_schema, [fetch]), answer({"id": OTHER, "name": "a", "deleted": True}))
        assert 1 == len(found.rows)

    def test_what_was_named_by_others_and_is_gone_is_left_out(self, vh_schema: Schema, play: Any) -> None:
        reading = Valohai().reader(vh_schema)
        oid = Oid("Execution", OTHER)
        reading.known.add(oid, {"project": PROJECT})
        found, [request] = play(reading.by_keys(reading.resource("Execution"), [OTHER], ["step"]), answer({}, 404))
        assert ([], f"GET api/v0/executions/{OTHER}/") == (found, request.line)


class TestMissing:
    """What is read again because it did not come."""

    def test_only_what_answers_contain_can_be_missing(self, vh_schema: Schema) -> None:
        reading, checked = Valohai().reader(vh_schema), 0
        for resource in TABLE.types.values():
            oid = Oid(resource.type, OTHER)
            readable = [name for name, known in resource.fields.items() if known.is_readable]
            own = [name for name in readable if not resource.fields[name].listed_separately]
            assert own == reading.missing_names(resource, oid, list(resource.fields))
            checked += len(resource.fields) - len(own)
            reading.known.add(oid, dict.fromkeys(own[:2]))
            for name in own[2:3]:
                reading.options.memory.remember_missing(resource.type, name)
            assert own[3:] == reading.missing_names(resource, oid, list(resource.fields))
        assert checked > 10

    @pytest.mark.parametrize("told", [True, False])
    def test_rows_that_do_not_contain_what_they_refer_to_are_not_grouped(
        self, vh_schema: Schema, play: Any, told: bool
    ) -> None:
        reading = Valohai().reader(vh_schema)
        projects = [Oid("Project", f"{PROJECT.key[:-1]}{number}") for number in range(5)]
        known = TABLE.types["Project"].fields["executions"]
        found = [{"id": f"{OTHER[:-1]}{number}", "counter": number} for number in range(5)]
        if told:
            found = [{**row, "project": oid.key} for row, oid in zip(found, projects, strict=True)]
        flow = reading.shared_lists(TABLE.types["Execution"], "executions", known, projects)
        rest, _ = play(flow, answer({"count": 5, "next": None, "results": found}))
        assert rest == ([] if told else projects)
        few = reading.shared_lists(TABLE.types["Execution"], "executions", known, projects[:4])
        assert (projects[:4], []) == play(few)


def test_a_related_asset_that_is_gone_is_requested_once_in_a_query(vh_schema: Schema, play: Any) -> None:
    rows = [{"id": OTHER[:-1] + str(number), "counter": number, "project": PROJECT.key} for number in range(4)]
    asked: list[str] = []

    def answer(request: Request) -> Response:
        asked.append(request.path)
        if "executions" not in request.path:
            return Response(404, {"content-type": "application/json"}, b'{"detail": "Not found."}')
        query = dict(request.query)
        at, end = int(query.get("offset", 0)), int(query.get("offset", 0)) + int(query["limit"])
        page = {"count": 4, "next": "http://x/" if end < len(rows) else None, "results": rows[at:end]}
        return Response(200, {"content-type": "application/json"}, json.dumps(page).encode())

    dialect, cursor = Valohai(page_size=1), None
    found_keys = []
    while len(found_keys) < len(rows):
        select = (Path.parse("counter"), Path.parse("project.description"))
        fetch = Fetch("Execution", select, page_size=1, cursor=cursor)
        [found], _ = play(dialect.fetch(vh_schema, [fetch]), *[answer] * (1 if found_keys else 2))
        found_keys += [row.oid.key for row in found.rows]
        cursor = found.next_cursor
    assert found_keys == [row["id"] for row in rows]
    assert len(asked) > 3
    assert [path for path in asked if "executions" not in path] == [f"api/v0/projects/{PROJECT.key}/"]
