"""What a server of lists says of itself, and its requests and answers as JSON: the parts that dialects share."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from assetmeta.backends.local.records import decode_cell
from assetmeta.backends.rest.codecs import Document, choice_kind
from assetmeta.backends.rest.discovery import (
    FieldInfo,
    class_name,
    from_metadata,
    from_value,
    read_options,
    root_paths,
    sample_objects,
    unused_name,
)
from assetmeta.backends.rest.http import (
    Page,
    argument,
    body,
    delete,
    get,
    post_query,
    read_object,
    read_page,
    send,
    text_of,
)
from assetmeta.backends.rest.schema import _union
from assetmeta.model.codecs import Text
from assetmeta.model.errors import (
    AuthenticationFailed,
    BadValue,
    InvalidResponse,
    NotFound,
    SessionClosed,
    TimedOut,
    Unreachable,
)
from assetmeta.model.http import Response
from assetmeta.model.schema import AssetType, Attribute
from assetmeta.model.values import Oid


def answer(document: Any, status: int = 200) -> Response:
    return Response(status, {"content-type": "application/json"}, json.dumps(document).encode())


@pytest.mark.parametrize("error", [TimedOut("slow"), Unreachable("gone"), SessionClosed("closed")])
def test_an_endpoint_that_does_not_answer_is_no_endpoint_that_does_not_tell(play: Any, error: Exception) -> None:
    """A schema that lacks it would be taken for the server's, and kept."""
    options = answer({"actions": {"POST": {"name": {"type": "string"}}}})
    for flow in (read_options(["a", "b"], lambda path: path), sample_objects(["a", "b"], lambda path: path)):
        with pytest.raises(type(error)):
            play(flow, options, error)
    refused = AuthenticationFailed("no", status=401)
    assert ["a"] == list(play(read_options(["a", "b"], lambda path: path), options, refused)[0])


class TestFields:
    @pytest.mark.parametrize(
        ("kind", "words"),
        [
            ("Boolean", ["boolean"]),
            ("Date", ["date"]),
            ("DateTime", ["datetime"]),
            ("Number", ["decimal", "float"]),
            ("Text", ["email", "regex", "slug", "string", "url"]),
            ("File", ["file upload", "image upload"]),
            ("Integer", ["integer"]),
            ("Json", ["field", "nested object", "list", "", "choice"]),
        ],
    )
    def test_kinds(self, kind: str, words: list[str]) -> None:
        assert [kind] * len(words) == [from_metadata({"type": word}).kind for word in words]

    def test_the_rest_of_a_field(self) -> None:
        assert FieldInfo("Json") == from_metadata({})
        given = {"type": "string", "label": "Name", "required": True, "read_only": True}
        assert FieldInfo("Text", "Name", True, True) == from_metadata(given)
        assert FieldInfo("Text") == from_metadata({"type": "string", "label": None, "required": 1, "read_only": "yes"})
        choices = [{"value": "a", "display_name": "A"}, {"value": 2}, {"value": None}, "b", {"display_name": "c"}]
        assert (
            choice_kind((("a", "A"), (2, "")), open=False) == from_metadata({"type": "choice", "choices": choices}).kind
        )
        assert "Text" == from_metadata({"type": "string", "choices": choices}).kind

    def test_guesses(self) -> None:
        samples: list[Any] = [True, 5, "x", Decimal("1.5"), 1.5, None, [], {}]
        kinds = ["Boolean", "Integer", "Text", "Number", "Number", "Json", "Json", "Json"]
        assert kinds == [from_value(sample).kind for sample in samples]

    def test_unions_have_what_any_member_has_and_write_nothing(self) -> None:
        one, name = Attribute("id", "Text", Text(), basic=False), Attribute("name", "Text", Text(), basic=True)
        types = {
            "A": AssetType("A", {"id": one}),
            "B": AssetType("B", {"id": one, "name": name}),
            "C": AssetType("C", {}),
        }
        found = _union("U", ("A", "B"), types, "name")
        assert (True, ("A", "B"), "name", ["id", "name"]) == (
            found.abstract,
            found.members,
            found.display,
            list(found.attributes),
        )
        assert [(False, True, True), (False, True, False)] == [
            (each.writable, each.readonly, each.basic) for each in found.attributes.values()
        ]


class TestEndpoints:
    def test_links_of_the_root(self) -> None:
        root = {"a": "https://inner/x/rest/a/", "b": "/rest/b/c", "again": "http://h/rest/a", "no": "https://h/other/"}
        assert ("a", "b/c") == root_paths(answer({**root, "top": "https://h/rest/", "odd": 5, "u": None}), "rest")
        assert ("ü",) == root_paths(answer({"a": "/rest/%C3%BC/"}), "rest")
        with pytest.raises(InvalidResponse):
            root_paths(answer([]), "rest")
        with pytest.raises(NotFound):
            root_paths(answer({}, 404), "rest")

    def test_what_each_takes(self, play: Any) -> None:
        fields = {"actions": {"POST": {"name": {"type": "string"}, "odd": 5}}}
        answers = [answer(fields), answer(fields, 403), answer({"actions": []}), answer({"actions": {"POST": {}}})]
        answers += [answer([]), Response(200, {"content-type": "text/html"}, b"<html>")]
        found, made = play(read_options(list("abcdef"), lambda path: f"rest/{path}/"), *answers)
        assert {"a": {"name": FieldInfo("Text")}} == found
        assert [f"OPTIONS rest/{path}/" for path in "abcdef"] == [request.line for request in made]
        assert all(request.idempotent and not request.writes for request in made)

    def test_the_first_object_of_each(self, play: Any) -> None:
        answers = [answer([{"id": 1}, {"id": 2}]), answer([]), answer({}, 403), answer({"results": [{"id": 3}]})]
        found, made = play(sample_objects(list("abcd"), lambda path: f"rest/{path}/"), *answers)
        assert {"a": {"id": 1}, "d": {"id": 3}} == found
        assert {(("limit", "1"), ("page_size", "1"))} == {request.query for request in made}

    def test_names_of_classes(self) -> None:
        names = {
            "data/custom-states": "DataCustomState",
            "categories": "Category",
            "classes": "Class",
            "boxes": "Box",
            "status": "Status",
            "analysis": "Analysis",
            "address": "Address",
            "things": "Thing",
            "as": "As",
            "gas": "Ga",
            "a_b": "AB",
        }
        assert names == {path: class_name(path) for path in names}
        assert "Thing" == unused_name("things", set())
        assert "Thing2" == unused_name("things", {"Thing"})
        assert "Thing4" == unused_name("things", {"Thing", "Thing2", "Thing3"})
        assert ("E3DModel", "Endpoint") == (unused_name("3d-models", ()), unused_name("-", ()))


class TestRequests:
    def test_what_may_be_repeated(self) -> None:
        made = [get("p"), post_query("p", {}), send("POST", "p", {}), send("PATCH", "p", {}), delete("p")]
        assert [(True, False)] * 2 + [(False, True)] * 3 == [(each.idempotent, each.writes) for each in made]
        assert ["GET", "POST", "POST", "PATCH", "DELETE"] == [each.method for each in made]
        typed = [dict(each.headers).get("Content-Type") for each in made]
        assert [None, *["application/json"] * 3, None] == typed
        assert {"application/json"} == {dict(each.headers)["Accept"] for each in made}
        assert (("a", "b"),) == send("POST", "p", {}, (("a", "b"),)).query == get("p", (("a", "b"),)).query

    def test_documents(self) -> None:
        assert '{"a":[1,"ü",null]}'.encode() == body({"a": [1, "ü", None]})
        loop: list[Any] = []
        loop.append(loop)
        for odd in (float("nan"), {1}, loop, object()):
            with pytest.raises(BadValue):
                body(odd)  # type: ignore[arg-type]
        # A document keeps its numbers digit by digit, also those that a float does not hold.
        assert '{"a":1.50,"b":"ü"}' == text_of({"a": Decimal("1.50"), "b": "ü"})
        assert "[0.12345678901234567890,1E+400]" == text_of([Decimal("0.12345678901234567890"), Decimal("1E+400")])
        assert '{"half":"\ud83d","b":1.5}' == text_of({"half": "\ud83d", "b": Decimal("1.5")})

    def test_arguments(self) -> None:
        zoned = datetime(2026, 1, 2, 3, tzinfo=UTC)
        given: list[object] = [Oid("A", 5), zoned, date(2026, 1, 2), Decimal("2.5"), Decimal(2), timedelta(minutes=1)]
        made = [argument(value) for value in [*given, timedelta(seconds=1.5), "x", True, None]]
        assert [5, "2026-01-02T03:00:00Z", "2026-01-02", 2.5, 2, 60, 1.5, "x", True, None] == made
        assert [float, int, int, float] == [type(made[index]) for index in (3, 4, 5, 6)]
        with pytest.raises(BadValue):
            argument(datetime(2026, 1, 2))

    def test_pages(self) -> None:
        assert Page(({"id": 1},)) == read_page(answer([{"id": 1}]))
        link = "http://inner/x?offset=2&empty="
        found = read_page(answer({"results": [{"id": 1}], "next": link, "count": 7}))
        assert Page(({"id": 1},), (("offset", "2"), ("empty", "")), 7) == found
        assert Page(()) == read_page(answer({"results": [], "next": None, "count": "7"}))
        for document in ({}, {"results": 5}, "x", {"detail": "y"}):
            with pytest.raises(InvalidResponse):
                read_page(answer(document))
        assert {"a": 1} == read_object(answer({"a": 1}, 201))
        for document in ([], "x", None):
            with pytest.raises(InvalidResponse):
                read_object(answer(document))

    def test_a_document_that_is_too_deep_stays_as_it_came(self) -> None:
        deep = "[" * 200_000
        assert deep == decode_cell(Attribute("papers", "Json", Document()), deep)
        assert "{" == decode_cell(Attribute("papers", "Json", Document()), "{")
