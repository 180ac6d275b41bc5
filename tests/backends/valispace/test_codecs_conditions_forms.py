"""The pieces of the dialect that decide without asking: addresses, texts, values, conditions, order, forms."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from assetmeta.backends.concurrency import gather_results
from assetmeta.backends.error_documents import add_field, field_errors, parse_error
from assetmeta.backends.local.operators import matches, slice_rows, sort_rows
from assetmeta.backends.local.records import RowStore
from assetmeta.backends.markup import HtmlText, dereferenced, plain
from assetmeta.backends.multipart import Form
from assetmeta.backends.rest.codecs import Choice, Day, Document, Instant, Link, Real
from assetmeta.backends.rest.http import read_page
from assetmeta.backends.valispace import Cleaned, Html, Valispace, bare_token, base_url, calls, token_uri
from assetmeta.backends.valispace.connection import bundled
from assetmeta.backends.valispace.files import upload_new
from assetmeta.model.conditions import And, Compare, Exists, Not, Or, RawFilter, Term
from assetmeta.model.errors import BadValue, InvalidResponse, NotFound, Rejected, ServerFailed, Unreachable, Unsupported
from assetmeta.model.http import Request, Response
from assetmeta.model.paths import Path
from assetmeta.model.plans import AttributeChange, Fetch, Find, Sort, Update
from assetmeta.model.schema import Schema
from assetmeta.model.values import Oid

REFERENCE = (
    '<p>As <span class="quill-autocomplete" host="requirement" itemid="2165" name="SPC-002" field="identifier">'
    '<requirement editable="true" itemid="2165" field="identifier">$SPC-002</requirement></span> &amp; <b>more</b></p>'
)
HOSTILE = "<b>&amp; 'q' \"d\"; a|b, $v1 $new-1 ]\r\n\t 😀 \u2028 x"


def json_answer(text: str, status: int = 200) -> Response:
    return Response(status, {"content-type": "application/json"}, text.encode())


class TestAddresses:
    """What people give as URL and token."""

    @pytest.mark.parametrize(
        ("given", "base"),
        [
            (" name.valispace.com/ ", "https://name.valispace.com"),
            ("https://host/rest/", "https://host"),
            ("http://localhost:8000", "http://localhost:8000"),
            ("http://127.0.0.1:1/sub/", "http://127.0.0.1:1/sub"),
            ("http://[::1]:1", "http://[::1]:1"),
        ],
    )
    def test_scheme_and_slash_are_put_right(self, given: str, base: str) -> None:
        assert base == base_url(given)

    @pytest.mark.parametrize("given", ["http://name.valispace.com", "http://127.evil.com", "ftp://x", " ", "http://"])
    def test_unprotected_and_impossible_addresses_are_refused(self, given: str) -> None:
        with pytest.raises(BadValue):
            base_url(given)

    def test_plain_http_can_be_allowed(self) -> None:
        assert "http://valispace/o/token/" == token_uri(base_url("http://valispace", allow_http=True))

    @pytest.mark.parametrize("given", ["abc", "Bearer abc", " bearer  abc "])
    def test_a_token_may_come_with_its_word(self, given: str) -> None:
        assert "abc" == bare_token(given)


class TestTexts:
    """HTML is kept to the letter and knows its plain form."""

    def test_plain_form(self) -> None:
        assert "As $SPC-002 & more" == Html(REFERENCE).plain
        assert "a\nb\nc" == plain("<div>a<br>b</div><p>c<script>x</script></p>")
        assert "1 < 2 & 3" == plain("1 < 2 &amp; 3")

    def test_references_become_text_and_markup_stays(self) -> None:
        assert "<p>As $SPC-002 &amp; <b>more</b></p>" == dereferenced(REFERENCE)

    def test_a_text_is_kept_to_the_letter(self) -> None:
        codec = HtmlText()
        assert REFERENCE == codec.encode(codec.parse(REFERENCE)) == codec.decode(REFERENCE)
        assert isinstance(codec.decode("x"), Html)

    def test_a_cleaned_text_is_not_written_back(self) -> None:
        codec = HtmlText()
        cleaned = codec.decode(Cleaned("plain"))
        with pytest.raises(ValueError, match="cleaned"):
            codec.parse(cleaned)
        assert "plain" == codec.parse(str(cleaned))


class TestCodecs:
    """Values between wire and Python."""

    def test_numbers_are_floats(self) -> None:
        assert [1.5, 2.0, None, 5.0] == [Real().decode(raw) for raw in (Decimal("1.5"), 2, None, "5")]
        assert 2.5 == Real().parse("2.5")
        for bad in (True, "x", "nan", [1], "1e999"):
            with pytest.raises(ValueError):
                Real().parse(bad)

    def test_times_keep_their_offset(self) -> None:
        codec = Instant()
        moment = datetime(2024, 1, 31, 10, tzinfo=UTC)
        assert moment == codec.decode("2024-01-31T10:00:00Z")
        assert "2024-01-31T10:00:00Z" == codec.encode(moment)
        assert "" == codec.encode(None)

    def test_days(self) -> None:
        assert date(2024, 1, 31) == Day().decode("2024-01-31") == Day().parse("2024-01-31")
        assert "2024-01-31" == Day().encode(date(2024, 1, 31))
        with pytest.raises(ValueError):
            Day().parse(datetime(2024, 1, 31, tzinfo=UTC))

    def test_choices_take_value_or_name(self) -> None:
        codec = Choice(((1, "upload"), (2, "link")))
        assert [1, 1, 2, None] == [codec.parse(given) for given in (1, "Upload", "2", None)]
        for bad in (True, 3, "x"):
            with pytest.raises(ValueError):
                codec.parse(bad)
        assert 7 == Choice(((1, "a"),), open=True).parse(7)

    def test_documents_and_links(self) -> None:
        assert {"a": [1]} == Document().decode(Document().encode({"a": [1]}))
        with pytest.raises(ValueError):
            Document().parse({1, 2})
        assert Oid("Tag", 3) == Link("Tag").parse(3) == Link("Tag").parse("Tag:3")
        with pytest.raises(ValueError):
            Link("Tag").parse("3")


@pytest.fixture
def known(vs_schema: Schema) -> RowStore:
    found = RowStore(vs_schema)
    found.add(Oid("Vali", 1), {"shortname": "Mass", "value": Decimal("1.5"), "parent": Oid("Component", 9)})
    found.add(Oid("Vali", 2), {"shortname": "length", "value": None, "parent": None, "tags": ()})
    found.add(Oid("Vali", 3), {"shortname": "Area", "value": 3, "tags": (Oid("Tag", 1), Oid("Tag", 2))})
    found.add(Oid("Component", 9), {"name": "Fan"})
    return found


def compare(path: str, operator: str, *values: object) -> Compare:
    return Compare(Path.parse(path), operator, values)


class TestConditions:
    """Conditions over what is known."""

    @pytest.mark.parametrize(
        ("term", "numbers"),
        [
            (compare("shortname", "=", "Mass", "Area"), [1, 3]),
            (compare("shortname", "!=", "Mass"), [2, 3]),
            (compare("shortname", "~=", "a"), [1, 3]),
            (compare("value", ">", 1.0), [1, 3]),
            (compare("value", "<=", 1.5), [1]),
            (compare("value", "!=", 3.0), [1, 2]),
            (compare("value", "<", "text"), []),
            (compare("parent", "=", Oid("Component", 9)), [1]),
            (compare("parent.name", "=", "Fan"), [1]),
            (compare("tags", "=", Oid("Tag", 2)), [3]),
            (compare("tags.@Count", ">=", 2), [3]),
            (Exists(Path.parse("value")), [1, 3]),
            (Exists(Path.parse("parent"), present=False), [2, 3]),
            (And((compare("value", ">", 1.0), compare("shortname", "=", "Area"))), [3]),
            (Or((compare("shortname", "=", "length"), compare("value", "=", 3.0))), [2, 3]),
            (Not(compare("value", ">", 2.0)), [1, 2]),
        ],
    )
    def test_admits(self, known: RowStore, term: Term, numbers: list[int]) -> None:
        assert numbers == [number for number in (1, 2, 3) if matches(term, known, Oid("Vali", number))]

    def test_filter_text_has_no_meaning_here(self, known: RowStore) -> None:
        with pytest.raises(Unsupported):
            matches(RawFilter("x"), known, Oid("Vali", 1))


class TestOrder:
    """Sorting and windows."""

    @pytest.mark.parametrize(
        ("key", "descending", "numbers"),
        [
            ("shortname", False, [3, 2, 1]),
            ("shortname", True, [1, 2, 3]),
            ("value", False, [1, 3, 2]),
            ("value", True, [3, 1, 2]),
            ("parent.name", False, [1, 2, 3]),
        ],
    )
    def test_what_has_no_value_comes_last(
        self, known: RowStore, key: str, descending: bool, numbers: list[int]
    ) -> None:
        oids = [Oid("Vali", number) for number in (1, 2, 3)]
        assert numbers == [oid.key for oid in sort_rows(oids, [Sort(Path.parse(key), descending)], known)]

    def test_windows(self) -> None:
        oids = [Oid("Vali", number) for number in range(5)]
        assert (oids[1:3], True) == slice_rows(oids, 1, 2)
        assert (oids[3:], False) == slice_rows(oids, 3, 2)
        assert (oids[2:], False) == slice_rows(oids, 2, None)


class TestAnswers:
    """Error documents and lists."""

    def test_field_errors_are_said_and_named(self) -> None:
        response = json_answer('{"shortname":["This field is required.","Too short."]}', 400)
        assert ("shortname: This field is required.", "shortname: Too short.") == parse_error(response).causes
        assert "shortname" == add_field(Rejected("no", status=400), response).attribute

    @pytest.mark.parametrize(
        ("body", "summary"),
        [
            ('{"detail":"Not found."}', "Not found."),
            (
                '{"non_field_errors":["The fields parent, name must make a unique set."]}',
                "The fields parent",
            ),
            ('["broken"]', "broken"),
            ('{"points":[{"value":["A valid number is required."]}]}', "points.0.value:"),
            ("{bad", None),
            ("", None),
        ],
    )
    def test_other_errors(self, body: str, summary: str | None) -> None:
        found = parse_error(json_answer(body, 400)).summary
        assert found is None if summary is None else str(found).startswith(summary)

    def test_a_page_is_quoted(self) -> None:
        assert {} == field_errors(Response(404, {"content-type": "text/html"}, b"<html>"))
        with pytest.raises(InvalidResponse):
            read_page(json_answer('{"a": 1}'))

    def test_a_page_that_comes_back_is_an_error(self, vs_schema: Schema, play: Any) -> None:
        page = '{"count":1,"next":"http://h/rest/tag/?page=2","results":[]}'
        with pytest.raises(InvalidResponse, match="same page twice"):
            play(Valispace().fetch(vs_schema, [Fetch("Tag")]), *[json_answer(page)] * 2)

    @pytest.mark.parametrize(
        ("told", "refused"),
        [
            ({"project": ["Invalid pk"]}, False),
            ({"fields": ["Invalid field"]}, True),
            ({"project": ["Invalid pk"], "user": ["is suspended"]}, True),
            ({"detail": "no"}, True),
            ({}, True),
        ],
    )
    def test_a_list_is_empty_only_where_what_it_is_filtered_by_is_refused(
        self, vs_schema: Schema, play: Any, told: dict[str, Any], refused: bool
    ) -> None:
        where = compare("project", "=", Oid("Project", 24))
        flow = Valispace().fetch(vs_schema, [Fetch("Tag", (Path.parse("id"),), where)])
        if refused:
            with pytest.raises(Rejected):
                play(flow, json_answer(json.dumps(told), 400))
        else:
            [rows], made = play(flow, json_answer(json.dumps(told), 400))
            assert () == tuple(rows.rows)
            assert ("project", "24") in made[0].query

    def test_a_missing_asset_is_not_found(self, vs_schema: Schema, play: Any) -> None:
        missing = json_answer('{"detail":"No Vali matches the given query."}', 404)
        with pytest.raises(NotFound):
            play(Valispace().fetch(vs_schema, [Fetch("Vali", oids=(Oid("Vali", 1),))]), missing)

    def test_a_broken_server_is_an_error(self, vs_schema: Schema, play: Any) -> None:
        with pytest.raises(ServerFailed):
            play(Valispace().fetch(vs_schema, [Fetch("Vali")]), Response(500, {"content-type": "text/html"}, b"<html>"))


class TestRefusals:
    """What cannot be done is refused before anything is sent."""

    @pytest.mark.parametrize(
        "fetch",
        [
            Fetch("Vali", asof="2024-01-01"),
            Fetch("Vali", history=True),
            Fetch("Vali", find=Find("x")),
            Fetch("Vali", deleted=True),
            Fetch("Vali", where=RawFilter("x")),
            Fetch("Vali", oids=(Oid("Vali", 1, 5),)),
            Fetch("Vali", select=(Path.parse("parent:Component.name"),)),
            Fetch("Vali", select=(Path.parse("parent.description.@CleanText"),)),
        ],
    )
    def test_unsupported(self, vs_schema: Schema, fetch: Fetch, play: Any) -> None:
        with pytest.raises(Unsupported):
            play(Valispace().fetch(vs_schema, [fetch]))

    @pytest.mark.parametrize("oid", [Oid("Vali", "new-1"), Oid("Vali", "../x")])
    def test_what_is_no_identity_stands_in_no_path(self, vs_schema: Schema, oid: Oid, play: Any) -> None:
        with pytest.raises(BadValue):
            play(Valispace().fetch(vs_schema, [Fetch("Vali", oids=(oid,))]))

    def test_an_unknown_survey(self) -> None:
        with pytest.raises(BadValue):
            Valispace(survey="some")


class TestExplanation:
    """A read in words."""

    def test_who_does_what(self, vs_schema: Schema) -> None:
        where = And((compare("project", "=", Oid("Project", 24)), compare("value", ">", 1.0)))
        fetch = Fetch("Vali", (Path.parse("parent.name"),), where, (Sort(Path.parse("value"), True),), 0, 10)
        assert [
            "GET rest/valis/?project=24&fields=id,parent,is_part_of_matrix,project,value",
            "then what parent leads to, as far as it is not there already, for all at once",
            "the server filters: project='Project:24'",
            "filtered here, again: (project='Project:24'); (value>'1.0')",
            "sorted here: -value",
            "cut here: 10 from 0",
        ] == Valispace().explain(vs_schema, fetch).splitlines()

    def test_a_whole_list(self, vs_schema: Schema) -> None:
        told = Valispace().explain(vs_schema, Fetch("Project", (Path.parse("valis.@Count"),)))
        assert [
            "GET rest/project/",
            "then valis: a list by project for each Project",
            "the server filters nothing: the whole list is read",
        ] == told.splitlines()

    def test_what_has_a_search_and_no_list(self, vs_schema: Schema) -> None:
        [type_name] = [one.type for one in bundled().types.values() if one.search and not one.listed]
        path = bundled().types[type_name].path
        assert f"POST rest/{path}/search/" == Valispace().explain(vs_schema, Fetch(type_name)).splitlines()[0]
        assert "GET rest/files/" == Valispace().explain(vs_schema, Fetch("File")).splitlines()[0]

    def test_what_is_read_by_identity(self, vs_schema: Schema) -> None:
        oids = tuple(Oid("Vali", key) for key in (1, 2, 1))
        told = Valispace().explain(vs_schema, Fetch("Vali", (Path.parse("name"),), oids=oids)).splitlines()
        assert ["read 2 Vali by identity"] == told


class TestForms:
    """A file in a multipart form."""

    def test_it_reads_in_pieces_and_seeks(self) -> None:
        source = io.BytesIO(b"xxpayload")
        source.seek(2)
        form = Form("file", 'a"b\r\n.txt', source, {"project": "24"})
        size = form.seek(0, io.SEEK_END)
        assert 0 == form.seek(0)
        pieces = list(iter(lambda: form.read(7), b""))
        whole = b"".join(pieces)
        assert size == len(whole)
        assert b'name="project"\r\n\r\n24\r\n' in whole
        assert b'filename="a%22b%0D%0A.txt"' in whole
        assert b"\r\n\r\npayload\r\n--" in whole
        form.seek(len(whole) - 60)
        assert whole[-60:] == form.read()

    def test_files_go_up_and_down(self, play: Any) -> None:
        backend, sink = Valispace(), io.BytesIO()
        item = '{"id":3,"name":"a.txt","file_type":1,"download_url":"https://host/media/a.txt"}'
        media, made = play(
            backend.download(Oid("File", 3), sink), json_answer(item), Response(200, {"content-type": "text/plain"})
        )
        assert ("text/plain", "media/a.txt") == (media, made[1].path)
        _, made = play(backend.upload(Oid("File", 3), io.BytesIO(b"x")), json_answer(item), json_answer(item))
        assert ["GET rest/files/3/", "PATCH rest/files/3/"] == [request.line for request in made]
        assert dict(made[1].headers)["Content-Type"].startswith("multipart/form-data; boundary=")
        found, made = play(upload_new({"project": "24"}, "a.txt", io.BytesIO(b"x"), backend), json_answer(item, 201))
        assert (3, "POST rest/files/") == (found["id"], made[0].line)

    def test_a_link_has_no_bytes(self, play: Any) -> None:
        item = json_answer('{"id":3,"file_type":2,"link":"https://elsewhere/x","download_url":"https://elsewhere/x"}')
        with pytest.raises(Unsupported, match="elsewhere"):
            play(Valispace().download(Oid("File", 3), io.BytesIO()), item)


class TestQuestions:
    """What is asked besides assets."""

    def test_names_are_one_piece_of_a_path(self, play: Any) -> None:
        _, made = play(calls.what_if("Fan/Mass", "A & B", 0, Valispace()), json_answer("{}"))
        assert "rest/alexa_what_if/Fan%2FMass/A%20%26%20B/0/" == made[0].path
        with pytest.raises(BadValue):
            play(calls.fuzzy("..", Valispace()))

    def test_impact_and_fuzzy(self, play: Any) -> None:
        vali = Oid("Vali", 1)
        _, made = play(calls.impact(vali, Oid("Vali", 2), 0, 1, 0.5, Valispace()), json_answer("[]"))
        assert "rest/valis/1/impact-analysis-graph-for/2/" == made[0].path
        assert (None, vali) == (
            play(calls.fuzzy("x", Valispace()), json_answer("{}"))[0],
            play(calls.fuzzy("x", Valispace()), json_answer('{"id": 1}'))[0],
        )


def test_flows_run_concurrently_and_keep_their_own_errors(play: Any) -> None:
    def flow(number: int) -> Any:
        first = yield Request("GET", f"a{number}")
        second = yield Request("GET", f"b{number}")
        return first.status + second.status

    result, made = play(gather_results([flow(1), flow(2)]), Response(1), Unreachable("gone"), Response(2))
    assert [3, "gone"] == [result[0], str(result[1])]
    assert ["a1", "a2", "b1"] == [request.path for request in made]


def test_hostile_texts_travel_unchanged(vs_schema: Schema, play: Any) -> None:
    change = Update(Oid("Requirement", 5), (AttributeChange("text", "", HtmlText().parse(HOSTILE)),))

    def echo(request: Request) -> Response:
        assert isinstance(request.body, bytes)
        return json_answer(request.body.decode()[:-1] + ',"id":5}')

    [outcome], _ = play(Valispace().write(vs_schema, [change]), echo)
    assert HOSTILE == dict(zip(outcome.row.columns, outcome.row.values, strict=True))["text"]
    where = compare("tags.name", "=", HOSTILE)
    _, made = play(Valispace().fetch(vs_schema, [Fetch("Vali", where=where)]), json_answer("[]"))
    assert ("tags__name", HOSTILE) in made[0].query
