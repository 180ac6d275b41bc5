"""The small parts of the Testspace dialect, one by one."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given, strategies

from assetmeta.backends.rest.hooks import ParseContext
from assetmeta.backends.rest.options import ServerMemory
from assetmeta.backends.testspace import Testspace, bare_token, base_url, files
from assetmeta.backends.testspace.aliases import key_of
from assetmeta.backends.testspace.codecs import (
    AnnotationCounts,
    Badge,
    CaseCounts,
    FailureCounts,
    Health,
    Mark,
    SuiteCounts,
    codec_for,
)
from assetmeta.backends.testspace.connection import Settings, bundled, parse_error, refuses_login, resource_of
from assetmeta.backends.testspace.keys import (
    TestspaceKeys,
    escape,
    file_of,
    folder_of,
    item_path,
    plain,
    require_key,
    segment,
    split_key,
)
from assetmeta.backends.testspace.pages import Pages, next_page_request, page_of, read_links, relations, row_key
from assetmeta.model.conditions import And, Compare
from assetmeta.model.errors import BadValue, InvalidResponse, NotFound, Rejected, ResultChanged, Unsupported
from assetmeta.model.http import Response
from assetmeta.model.paths import Path
from assetmeta.model.plans import AttributeChange, Change, Create, Done, Failed, Fetch, Sort, Unknown, Update
from assetmeta.model.schema import Schema
from assetmeta.model.schema_json import from_text, to_text
from assetmeta.model.values import UNREAD, Oid

BASE = "https://abccorp.testspace.com"
HOSTILE = (
    "feature/abc",
    "a b",
    "100% sure",
    "%2F",
    "?x=1#y",
    "a;b",
    "ü😀",
    '"\\<>',
    "a&b=c",
    "new-1",
    "a\nb",
    ":@!$'()*+,",
)


def answer(document: Any, status: int = 200, **headers: str) -> Response:
    return Response(status, {"content-type": "application/json", **headers}, json.dumps(document).encode())


def page(*ids: int, following: str = "", last: int = 0) -> Response:
    links = [f'<{following}>; rel="next"'] * bool(following)
    links += [f'<{BASE}/api/projects?page={last}>; rel="last"'] * bool(last)
    return answer([{"id": number} for number in ids], link=", ".join(links))


class TestConnection:
    """Addresses and tokens as people give them."""

    @pytest.mark.parametrize(
        ("given", "meant"),
        [
            ("abccorp", BASE),
            (" ABCcorp ", BASE),
            ("abccorp.testspace.com", BASE),
            ("https://abccorp.testspace.com/", BASE),
            ("https://abccorp.testspace.com/api/", BASE),
            ("https://abccorp.stridespace.com", "https://abccorp.stridespace.com"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://127.0.0.1:8080/api", "http://127.0.0.1:8080"),
            ("localhost", "https://localhost"),
        ],
    )
    def test_addresses(self, given: str, meant: str) -> None:
        assert meant == base_url(given)

    @pytest.mark.parametrize(
        "given", ["http://abccorp.testspace.com", "ftp://abccorp.testspace.com", "", "https://", "https://[::1"]
    )
    def test_addresses_that_are_refused(self, given: str) -> None:
        with pytest.raises(BadValue):
            base_url(given)

    def test_plain_http_can_be_allowed(self) -> None:
        assert base_url("http://abccorp.test", allow_http=True) == "http://abccorp.test"

    def test_tokens(self) -> None:
        assert ("abc", "abc") == (bare_token("abc"), bare_token("abc:"))

    def test_a_user_name_with_a_password_is_no_token_and_is_not_shown(self) -> None:
        with pytest.raises(BadValue) as caught:
            bare_token("ann:s3cret")
        assert "s3cret" not in str(caught.value)


class TestKeys:
    """Keys say all that a path takes."""

    @pytest.mark.parametrize("name", HOSTILE)
    def test_hostile_names_are_one_part_of_a_path(self, name: str) -> None:
        found = segment(name)
        assert found.isascii()
        assert not set(found) & set(' /?#%&;:\\"<>\n') - {"%"}

    @pytest.mark.parametrize("name", ["", ".", ".."])
    def test_parts_that_mean_another_place_are_refused(self, name: str) -> None:
        with pytest.raises(BadValue):
            segment(name)
        with pytest.raises(BadValue):
            require_key(Oid("Content", f"1/2/a/{name}/b"))

    def test_half_a_character_is_no_part_of_a_path(self, ts_schema: Schema, play: Any) -> None:
        with pytest.raises(BadValue, match="surrogate"):
            play(Testspace().look_up(ts_schema, "Project", "a\ud800"))

    @pytest.mark.parametrize("name", HOSTILE)
    def test_contents_and_failures_have_one_key_each(self, name: str) -> None:
        for type_name in ("Content", "Failure"):
            key = f"12/34/{escape(resource_of(type_name), name)}"
            assert require_key(Oid.parse(f"{type_name}:{key}")) == key
            assert key_of(type_name, key) == key

    @pytest.mark.parametrize(
        ("token", "path"),
        [
            ("Project:12", "projects/12"),
            ("Space:1234", "spaces/1234"),
            ("Result:1234/5", "spaces/1234/results/5"),
            ("Content:1234/5/unit/a%20b", "spaces/1234/results/5/contents/unit/a%20b"),
            ("Metric:1234/6", "spaces/1234/metrics/6"),
            ("ProjectUser:12/90", "projects/12/users/90"),
            ("User:90", "users/90"),
            ("File:77", "files/77"),
        ],
    )
    def test_paths(self, token: str, path: str) -> None:
        oid = Oid.parse(token)
        assert path == item_path(resource_of(oid.type), require_key(oid))

    @pytest.mark.parametrize(
        "oid",
        [
            Oid("Result", 5),
            Oid("Result", "1234"),
            Oid("Result", "1234/5/6"),
            Oid("Result", "12 34/5"),
            Oid("Result", "../5"),
            Oid("Space", "1234/5"),
            Oid("Space", "master"),
            Oid("Space", -4),
            Oid.new("Space", 1),
            Oid("Content", "1/2"),
            Oid("Content", "1/2/a?b"),
            Oid("Failure", "1/2/a/b"),
            Oid("MetricDataset", "1/2"),
        ],
    )
    def test_what_is_no_key_is_refused_before_anything_is_sent(self, oid: Oid, ts_schema: Schema, play: Any) -> None:
        with pytest.raises(BadValue):
            play(Testspace().fetch(ts_schema, [Fetch(oid.type, (Path.parse("id"),), oids=(oid,))]))

    @given(
        strategies.text(strategies.characters(), min_size=1, max_size=150),
        strategies.sampled_from(["Content", "Failure"]),
    )
    def test_any_text_makes_one_key(self, text: str, type_name: str) -> None:
        kind = resource_of(type_name)
        own = escape(kind, text)
        oid = Oid.parse(f"{type_name}:1/2/{own}")
        assert ("1/2", text) == (split_key(kind, oid.key)[0], plain(split_key(kind, oid.key)[1]))
        assert key_of(type_name, str(oid.key)) == oid.key

    def test_folders(self) -> None:
        assert [folder_of(f"1/2/{path}") for path in ("a", "a/b", "a/b/c%20d")] == [None, "1/2/a", "1/2/a/b"]
        assert split_key(resource_of("Content"), "1/2/a/b") == ("1/2", "a/b")


class TestPages:
    """Lists go on where they say, and at the session's own server only."""

    def read(self, play: Any, *answers: Any, **other: Any) -> tuple[list[int], list[str]]:
        pages = Pages.of("projects", Settings(base=BASE), **other)
        found, made = play(pages.all(), *answers)
        return [item["id"] for item in found], [f"{each.path}?{each.query}" for each in made]

    @pytest.mark.parametrize(
        "link",
        [
            "https://evil.example/api/spaces?page=2",
            "https://evil.example/api/projects/1?page=2",
            "https://evil.example/api/projects?page=2&signature=x",
            "https://evil.example/apis/projects?page=2",
            "https://[::1/api/projects",
            f"{BASE}/projects?page=2",
            f"{BASE}/api/../admin?page=2",
            f"{BASE}/api/%2e%2e/admin?page=2",
            "javascript:alert(1)",
        ],
    )
    def test_a_list_that_goes_on_elsewhere_is_not_followed_and_not_cut_short(self, link: str, play: Any) -> None:
        with pytest.raises(InvalidResponse):
            self.read(play, page(1, following=link))

    @pytest.mark.parametrize(
        "link",
        [
            f"{BASE}:443/api/projects?page=2",
            "/api/projects?page=2",
            "HTTPS://ABCCORP.testspace.com/api/projects?page=2",
            "http://abccorp.testspace.com/api/projects?page=2",
            "https://abccorp.testspace.com:8443/api/projects?page=2",
            "https://inner@evil.example/below/api/projects?page=2",
            "//inner/api/projects?page=2",
        ],
    )
    def test_the_same_origin_in_other_words(self, link: str, play: Any) -> None:
        found, made = self.read(play, page(1, following=link), page(2))
        assert ([1, 2], "api/projects?(('page', '2'),)") == (found, made[1])

    def test_below_a_path(self) -> None:
        settings, place = Settings(base="https://proxy.example/ts"), "api/spaces/1/results"
        for root in ("https://proxy.example/ts", "https://proxy.example", "http://inner:8000", ""):
            assert next_page_request(f"{root}/api/spaces/1/results?page=2", settings, place).path == place

    def test_a_list_may_go_on_under_the_numbers_of_what_was_named(self) -> None:
        settings, place = Settings(base=BASE), "api/projects/a%2Fb/spaces/main/results"
        numbers = "api/projects/66/spaces/97/results"
        assert numbers == next_page_request(f"http://inner/{numbers}?page=2", settings, place).path
        with pytest.raises(InvalidResponse):
            next_page_request("http://inner/api/projects/66/spaces/97/metrics?page=2", settings, place)

    def test_a_list_that_leads_back_to_itself_ends(self, play: Any) -> None:
        second, first = f"{BASE}/api/projects?page=2", f"{BASE}/api/projects?page=1"
        with pytest.raises(InvalidResponse, match="does not end"):
            self.read(play, page(1, following=second), page(2, following=first), page(3, following=second))

    def test_a_list_that_goes_on_with_nothing_new_ends(self, play: Any) -> None:
        links = [f"{BASE}/api/projects?page={number}" for number in range(2, 20)]
        with pytest.raises(InvalidResponse, match="does not end"):
            self.read(play, *(page(1, following=link) for link in links))

    @pytest.mark.parametrize(
        "item", [None, "a", 1, [], {}, {"id": None}, {"id": []}, {"id": {}}, {"id": "x"}, {"id": -1}]
    )
    def test_what_cannot_be_distinguished_is_not_left_out(self, item: object, ts_schema: Schema, play: Any) -> None:
        with pytest.raises(InvalidResponse):
            play(Testspace().fetch(ts_schema, [Fetch("Project", ())]), answer([{"id": 1}, item]))

    def test_what_was_added_meanwhile_moves_the_rest_and_nothing_is_lost(self, play: Any) -> None:
        second = f"{BASE}/api/projects?page=2"
        assert [5, 4, 3, 2] == self.read(play, page(5, 4, following=second, last=2), page(4, 3, 2, last=3))[0]

    @pytest.mark.parametrize(
        "then", [page(), page(3, last=2), page(3), page(2, following=f"{BASE}/api/projects?page=3", last=2)]
    )
    def test_a_list_that_became_shorter_meanwhile_is_an_error(self, then: Response, play: Any) -> None:
        with pytest.raises(ResultChanged):
            self.read(play, page(5, 4, following=f"{BASE}/api/projects?page=2", last=3), then)

    def test_ten_pages_may_have_nothing_new(self, play: Any) -> None:
        links = [f"{BASE}/api/projects?page={number}" for number in range(2, 40)]
        first, *stale = (page(1, following=link) for link in links[:12])
        assert [1, 2] == self.read(play, first, *stale[:10], page(2))[0]
        # What is new begins the count anew.
        again = [page(1, 2, following=link) for link in links[20:31]]
        assert [1, 2, 3] == self.read(play, first, *stale[:10], *again, page(3))[0]
        with pytest.raises(InvalidResponse, match="does not end"):
            self.read(play, first, *stale)
        assert [1] == self.read(play, first, *stale[:10], page(1))[0]

    def test_a_list_knows_that_it_is_gone_from_its_first_page_alone(self, play: Any) -> None:
        missing = answer({"message": "Not Found"}, 404)
        pages = Pages.of("projects", Settings(base=BASE), optional=True)
        assert ([], True, None) == (play(pages.read(), missing)[0], pages.gone, pages.next_request)
        there = Pages.of("projects", Settings(base=BASE), optional=True)
        play(there.read(), page(1, following=f"{BASE}/api/projects?page=2"))
        copied = there.copied()
        with pytest.raises(NotFound):
            play(there.read(), missing)
        assert not there.gone
        # Copies go on by themselves.
        assert [2] == [item["id"] for item in play(copied.read(), page(1, 2))[0]]
        assert ({(1, None, None)}, {(1, None, None), (2, None, None)}) == (there._seen, copied._seen)

    def test_the_number_of_a_page(self) -> None:
        links = ("/x?page=12&a=b", "/x?page=x", "/x", None, "/x?page=" + "9" * 10, "/x?page=-1")
        assert [12, 0, 0, 0, 0, 0] == [page_of(link) for link in links]

    def test_rows_are_distinguished_by_their_keys(self) -> None:
        items: list[Any] = [{"id": 1, "x": 2}, {"key": "a"}, {"user_id": 3}, {"name": "n"}, {"id": [1]}]
        assert [(1, None, None), (None, "a", None), (None, None, 3)] == [row_key(item) for item in items[:3]]
        assert [str(item) for item in items[3:]] == [row_key(item) for item in items[3:]]

    def test_the_link_map_holds_addresses(self, play: Any) -> None:
        links = {"projects_url": "x", "version": 3, "user_url": "y"}
        found, made = play(read_links(Settings(base=BASE)), answer(links))
        assert ({"projects_url": "x", "user_url": "y"}, ["api"]) == (found, [request.path for request in made])
        for odd in ({}, {"projects_url": 5}, []):
            with pytest.raises(InvalidResponse, match="not the link map of Testspace"):
                play(read_links(Settings(base=BASE)), answer(odd))

    def test_the_likeliest_project_of_spaces(self, ts_schema: Schema) -> None:
        reading = Testspace().reader(ts_schema)
        spaces = [Oid("Space", number) for number in range(7)]
        for space, project in zip(spaces, (1, 1, 1, 2, 2, None), strict=False):
            reading.options.memory.remember(space, project)
        assert (1, 5) == reading._likeliest(spaces, [])
        assert (2, 4) == reading._likeliest(spaces, [1])
        assert (None, 2) == reading._likeliest(spaces, [1, 2])
        assert ([1, None], [2, None]) == tuple(
            [reading._project(space) for space in some] for some in ((spaces[0], spaces[6]), (spaces[3], spaces[5]))
        )

    def test_what_is_below_something_that_is_gone_is_nothing(self, play: Any) -> None:
        missing = answer({"message": "Not Found"}, 404)
        assert [] == self.read(play, missing, optional=True)[0]
        with pytest.raises(NotFound):
            self.read(play, missing)

    @pytest.mark.parametrize(
        ("header", "found"),
        [
            ("", {}),
            ("<a>; rel=next", {"next": "a"}),
            ('<a?x=1,2;3>; title="x"; rel="next"', {"next": "a?x=1,2;3"}),
            ('<a>; rel="first prev", <b>;REL="Last"', {"first": "a", "prev": "a", "last": "b"}),
            ("<a>, <b>; rel=", {}),
            ("nonsense; rel=next", {}),
        ],
    )
    def test_link_headers(self, header: str, found: dict[str, str]) -> None:
        assert found == relations(header)


class TestFolders:
    """Trees of contents are gone through as they are, and once."""

    def walked(self, ts_schema: Schema, play: Any, *answers: Response) -> list[str]:
        where = Compare(Path.parse("result"), "=", (Oid("Result", "4/8"),))
        [rows], _ = play(Testspace().fetch(ts_schema, [Fetch("Content", where=where)]), *answers)
        return [str(row.oid.key) for row in rows.rows]

    def test_a_folder_that_is_in_itself(self, ts_schema: Schema, play: Any) -> None:
        folder = {"id": 1, "name": "a", "path": "a", "type": "folder"}
        inner = {"id": 2, "name": "b", "path": "a/b", "type": "suite"}
        assert ["4/8/a", "4/8/a/b"] == self.walked(ts_schema, play, answer([folder]), answer([folder, inner]))

    @pytest.mark.parametrize("path", ["..", "a/..", ".", "a//b"])
    def test_a_folder_that_means_another_place(self, path: str, ts_schema: Schema, play: Any) -> None:
        with pytest.raises(BadValue):
            self.walked(ts_schema, play, answer([{"id": 1, "name": "x", "path": path, "type": "folder"}]))


class TestKinds:
    """Values as Python has them."""

    @pytest.mark.parametrize(
        ("kind", "raw", "value"),
        [
            ("CaseCounts", "[4,5,1,1]", CaseCounts(4, 5, 1, 1, None)),
            ("CaseCounts", "[4,5,1,1,2]", CaseCounts(4, 5, 1, 1, 2)),
            ("CaseCounts", "[4,5,1,1,2,9]", CaseCounts(4, 5, 1, 1, 2)),
            ("CaseCounts", "[]", CaseCounts()),
            ("CaseCounts", None, None),
            ("SuiteCounts", "[3,2,0]", SuiteCounts(3, 2, 0)),
            ("AnnotationCounts", "[0,0,1]", AnnotationCounts(0, 0, 1)),
            ("FailureCounts", "[0,4,3,1,1,0]", FailureCounts(0, 4, 3, 1, 1, 0)),
            (
                "Health",
                '{"state":"failure","badges":[{"metric_id":1,"value":90.5,"new":1}]}',
                Health("failure", None, (Badge(1, None, Decimal("90.5"), None),)),
            ),
            ("Health", None, None),
            ("History", "F", Mark.FAILED),
            ("History", "?", "?"),
            ("Any", "5", "5"),
            ("Any", 5, 5),
        ],
    )
    def test_values(self, kind: str, raw: Any, value: Any) -> None:
        assert value == codec_for(kind).decode(raw)

    @pytest.mark.parametrize(
        ("text", "offset"),
        [
            ("2014-10-06T18:02:54Z", timedelta()),
            ("2019-09-24T14:55:40.000-07:00", timedelta(hours=-7)),
            ("2019-09-26T21:39:02.496+00:00", timedelta()),
        ],
    )
    def test_times_in_three_spellings_keep_their_offset(self, text: str, offset: timedelta) -> None:
        found = codec_for("DateTime").decode(text)
        assert isinstance(found, datetime)
        assert offset == found.utcoffset()

    def test_times_are_instants(self) -> None:
        assert codec_for("DateTime").decode("2019-09-24T14:55:40.000-07:00") == datetime(
            2019, 9, 24, 21, 55, 40, tzinfo=UTC
        )

    def test_what_the_server_works_out_is_not_given(self) -> None:
        counts, health, marks = codec_for("CaseCounts"), codec_for("Health"), codec_for("History")
        assert ("[4, 5, null, null, null]", "") == (counts.encode(CaseCounts(4, 5)), counts.encode(None))
        assert (None, CaseCounts(1)) == (counts.parse(None), counts.parse([1]))
        assert CaseCounts(1, 2, 3, 4, 5) == counts.parse((1, 2, 3, 4, 5))
        for odd in ("12", 5, (1, 2, 3, 4, 5, 6)):
            with pytest.raises(
                ValueError, match="5 numbers at most: passed, failed, not_applicable, errored, untested"
            ):
                counts.parse(odd)
        assert (None, Health("x"), "") == (health.parse(None), health.parse(Health("x")), health.encode(Health("x")))
        assert ("a text", None) == (health.decode('"a text"'), health.decode(""))
        with pytest.raises(ValueError, match="works it out"):
            health.parse("x")
        assert (Mark.PASSED, "?", None, "F", "") == (
            *map(marks.parse, ("P", "?")),
            marks.parse(None),
            marks.encode(Mark.FAILED),
            marks.encode(None),
        )
        with pytest.raises(ValueError, match="not a letter"):
            marks.parse(5)
        assert None is codec_for("HiddenText").decode(None)

    def test_the_badges_of_a_health(self) -> None:
        health = '{"state":"ok","description":"d","badges":[5,{"metric_id":1,"name":"n","value":"v","status":"s"}]}'
        assert Health("ok", "d", (Badge(1, "n", "v", "s"),)) == codec_for("Health").decode(health)
        assert Health("ok") == codec_for("Health").decode('{"state":"ok","badges":{}}')

    def test_marks_are_letters(self) -> None:
        assert "['F', 'P']" == repr([Mark.FAILED, Mark.PASSED])

    def test_addresses_with_tokens_in_them_are_not_shown(self, ts_schema: Schema) -> None:
        attribute = ts_schema.attribute("Metric", "badge_url")
        found = attribute.codec.decode("https://x/badge?token=s3cret")
        assert attribute.is_secret
        assert ("'***'", "https://x/badge?token=s3cret") == (repr(found), str(found))

    def test_the_schema_survives_being_kept(self, ts_schema: Schema) -> None:
        kept = from_text(to_text(ts_schema), Testspace().codec)
        assert {name: dict(kind.attributes) for name, kind in ts_schema.types.items()} == {
            name: dict(kind.attributes) for name, kind in kept.types.items()
        }


class TestSchema:
    """The table is whole in itself."""

    def test_relations_lead_to_types_and_back(self, ts_schema: Schema) -> None:
        for kind in bundled().types.values():
            for name, known in kind.fields.items():
                assert known.source_key is None or known.source_key in kind.fields, f"{kind.type}.{name}"
                if known.reciprocal:
                    there = bundled().types[known.to[0]].fields[known.reciprocal]
                    assert there.to == (kind.type,), f"{kind.type}.{name}"

    def test_no_request_is_needed(self, play: Any) -> None:
        schema, made = play(Testspace().reflect())
        assert (set(bundled().types), []) == (set(schema.types), made)

    def test_the_link_map_can_be_requested(self, play: Any) -> None:
        _, made = play(Testspace(survey="root").reflect(), answer({"projects_url": f"{BASE}/api/projects"}))
        assert ["GET api"] == [each.line for each in made]

    def test_another_server_is_distinguished(self, play: Any) -> None:
        with pytest.raises(InvalidResponse):
            play(Testspace(survey="root").reflect(), answer({"projects": "?"}))
        with pytest.raises(InvalidResponse, match="HTML"):
            play(Testspace(survey="root").reflect(), Response(200, {"content-type": "text/html"}, b"<html></html>"))
        with pytest.raises(Rejected, match="check the login"):
            play(Testspace(survey="root").reflect(), answer({"message": "Forbidden"}, 403))

    def test_surveys_that_there_are_not(self) -> None:
        with pytest.raises(BadValue):
            Testspace(survey="full")


class TestNames:
    """Assets by their names, each part of a path escaped."""

    @pytest.mark.parametrize(
        ("type_name", "alias", "path"),
        [
            ("Project", "abccorp:application", "projects/abccorp%3Aapplication"),
            ("Project", "a%2Fb", "projects/a%2Fb"),
            ("Project", "a/b", "projects/a%2Fb"),
            ("Result", "a/b/c/d", "projects/a/spaces/b/results/c%2Fd"),
            ("Result", "3/nightly/7", "projects/3/spaces/nightly/results/7"),
            ("Project", "100% sure?", "projects/100%25%20sure%3F"),
            ("Space", "abccorp:application/feature%2Fabc", "projects/abccorp%3Aapplication/spaces/feature%2Fabc"),
            ("Space", "12/feature/abc", "projects/12/spaces/feature%2Fabc"),
            ("Space", "12/2024", "projects/12/spaces/2024"),
            ("Result", "1234/result.6", "spaces/1234/results/result.6"),
            ("Result", "12/master/result.6", "projects/12/spaces/master/results/result.6"),
            ("Result", "a:b/feature%2Fabc/r%2F1", "projects/a%3Ab/spaces/feature%2Fabc/results/r%2F1"),
        ],
    )
    def test_paths(self, type_name: str, alias: str, path: str, ts_schema: Schema, play: Any) -> None:
        backend = Testspace()
        assert backend.key_of(type_name, alias) is None
        name = unquote(path.rpartition("/")[2])
        row, made = play(backend.look_up(ts_schema, type_name, alias), answer({"id": 9, "name": name, "space_id": 4}))
        assert [f"GET api/{path}"] == [each.line for each in made]
        assert (Oid("Result", "4/9") if type_name == "Result" else Oid(type_name, 9)) == row.oid

    @pytest.mark.parametrize(
        ("type_name", "alias"),
        [
            ("Project", ".."),
            ("Space", "master"),
            ("Space", "12/.."),
            ("Space", "/master"),
            ("Result", "result.6"),
            ("Result", "master/result.6"),
            ("Metric", "Test Cases"),
            ("MetricDataset", "1/2/x"),
            ("ProjectUser", "12/ann"),
            ("File", "x"),
            ("Content", "1/2/"),
        ],
    )
    def test_what_is_no_name_is_refused_before_anything_is_sent(
        self, type_name: str, alias: str, ts_schema: Schema, play: Any
    ) -> None:
        with pytest.raises(BadValue):
            play(Testspace().look_up(ts_schema, type_name, alias))

    def test_names_that_are_found_in_lists(self, ts_schema: Schema, play: Any) -> None:
        metrics = answer([{"id": 21, "name": "Health"}, {"id": 22, "name": "Test Cases"}])
        row, made = play(Testspace().look_up(ts_schema, "Metric", "4/Test Cases"), metrics)
        assert (Oid("Metric", "4/22"), ["GET api/spaces/4/metrics"]) == (row.oid, [each.line for each in made])

    def test_texts_of_contents_and_failures(self, ts_schema: Schema, play: Any) -> None:
        contents = answer([{"id": 1, "name": "a b", "path": "unit/a b", "type": "suite"}])
        row, made = play(Testspace().look_up(ts_schema, "Content", "4/8/unit/a b"), contents)
        assert Oid("Content", "4/8/unit/a%20b") == row.oid
        assert ["GET api/spaces/4/results/8/contents/unit"] == [each.line for each in made]
        row, _ = play(Testspace().look_up(ts_schema, "Failure", "4/8/a/b().c"), answer([{"key": "a/b().c"}]))
        assert Oid("Failure", "4/8/a%2Fb%28%29.c") == row.oid

    def test_nobody_of_that_name(self, ts_schema: Schema, play: Any) -> None:
        with pytest.raises(NotFound, match="nobody"):
            play(Testspace().look_up(ts_schema, "User", "nobody"), answer([{"id": 1, "username": "ann"}]))
        with pytest.raises(NotFound):
            play(Testspace().look_up(ts_schema, "Project", "x"), answer({"message": "Not Found"}, 404))

    def test_keys_are_no_names(self) -> None:
        assert [12, 1234, "1/2", None, None] == [
            key_of(*pair)
            for pair in (("Project", "12"), ("Space", "1234"), ("Result", "1/2"), ("Result", "5"), ("Space", "a/b"))
        ]


class TestWhatCannotBeDone:
    """It is said before anything is sent."""

    @pytest.mark.parametrize(
        "wanted",
        [
            Fetch("Space", history=True),
            Fetch("Space", asof=5),
            Fetch("Space", deleted=True),
            Fetch("File"),
        ],
    )
    def test_reads(self, wanted: Fetch, ts_schema: Schema, play: Any) -> None:
        with pytest.raises(Unsupported):
            play(Testspace().fetch(ts_schema, [wanted]))

    def test_an_identity_that_is_none_in_a_condition(self, ts_schema: Schema, play: Any) -> None:
        where = Compare(Path.parse("active_result_set"), "=", (Oid("Result", 5),))
        with pytest.raises(BadValue, match="space id/"):
            play(Testspace().fetch(ts_schema, [Fetch("Space", where=where)]))

    def test_uploads(self, play: Any) -> None:
        with pytest.raises(Unsupported):
            play(Testspace().upload(Oid("File", 1), None))  # type: ignore[arg-type]


class TestWords:
    """A read in words, without sending anything."""

    @pytest.fixture
    def told(self, ts_schema: Schema) -> Callable[[Fetch], list[str]]:
        return lambda wanted: Testspace().explain(ts_schema, wanted).splitlines()

    def test_a_walk(self, told: Callable[[Fetch], list[str]]) -> None:
        where = And(
            (
                Compare(Path.parse("space.name"), "=", ("master",)),
                Compare(Path.parse("space.project.archived"), "=", (False,)),
            )
        )
        select = (Path.parse("name"), Path.parse("space.project.name"), Path.parse("user.username"))
        assert [
            "GET api/projects",
            "then GET {Project}/spaces?name=master for each Project that has archived='False', up to 8 concurrently",
            "then GET {Space}/results for each Space that has name='master', up to 8 concurrently",
            "and one request for each further page of a list",
            "then what user leads to, as far as it is not there already, for all at once",
            "the server filters: Space.name=master",
            "filtered here, again: (space.name='master'); (space.project.archived='False')",
            "sorted here: -duration",
            "cut here: 5 from 2",
        ] == told(Fetch("Result", select, where, (Sort(Path.parse("duration"), True),), 2, 5))

    def test_one_list(self, told: Callable[[Fetch], list[str]]) -> None:
        where = Compare(Path.parse("result"), "=", (Oid("Result", "4/8"),))
        assert [
            "GET api/spaces/4/results/8/contents",
            "then GET contents/{path} for each folder",
            "and one request for each further page of a list",
            "filtered here: result='Result:4/8'",
        ] == told(Fetch("Content", where=where))

    def test_identities(self, told: Callable[[Fetch], list[str]]) -> None:
        two = (Oid("Space", 1), Oid("Space", 2))
        assert ["read 2 Space by identity"] == told(Fetch("Space", oids=two))

    def test_everything(self, told: Callable[[Fetch], list[str]]) -> None:
        whole = "the server filters nothing: the whole list is read"
        assert whole == told(Fetch("Project"))[-1]
        # Only the spaces of projects that have the name are read.
        narrow = Compare(Path.parse("project.archived"), "=", (False,))
        assert whole not in told(Fetch("Space", where=narrow))


@pytest.mark.parametrize(
    ("link", "number"),
    [
        (f"{BASE}/api/files/7", 7),
        ("/api/files/7?download=1", 7),
        ("http://inner:8000/deeper/api/files/7", 7),
        ("//inner/api/files/7", 7),
        ("https://elsewhere.example/files/7/x", None),
        ("https://elsewhere.example/api/files/7?signature=x", None),
        (f"{BASE}/api/files/7/x", None),
        (f"{BASE}/api/files/", None),
        ("https://[::1/api/files/7", None),
        (f"{BASE}/api/files/{'9' * 5000}", None),
        (7, None),
        (None, None),
    ],
)
def test_files_are_those_of_this_server(link: Any, number: int | None) -> None:
    assert (None if number is None else Oid("File", number)) == file_of(link, BASE)


@pytest.mark.parametrize("word", ["create", "update"])
def test_a_short_answer_to_a_write_says_nothing_of_what_it_lacks(word: str, ts_schema: Schema, play: Any) -> None:
    """What the answer left out is read when it is asked for, and is not taken for null."""
    dialect = Testspace(base=BASE)
    space, name = Oid("Space", 5), AttributeChange("name", UNREAD, "n")
    project = AttributeChange("project", UNREAD, Oid("Project", 1))
    new = Oid.new("Space", 1)
    change: Change = Create(new, (project, name)) if word == "create" else Update(space, (name,))
    [outcome], _ = play(dialect.write(ts_schema, [change]), answer({"id": 5, "name": "n"}, 201))
    assert isinstance(outcome, Done)
    assert outcome.row is not None
    told = dict(zip(outcome.row.columns, outcome.row.values, strict=True))
    assert ({"project": Oid("Project", 1)} if word == "create" else {}) == {
        name: value for name, value in told.items() if name == "project"
    }
    wanted = Fetch("Space", (Path.parse("description"),), oids=(space,))
    [rows], made = play(dialect.fetch(ts_schema, [wanted]), answer({"id": 5, "name": "n", "description": "d"}))
    assert ["api/spaces/5"] == [each.path for each in made]
    assert "d" in rows.rows[0].values


@pytest.mark.parametrize("old", [UNREAD, "before"])
def test_a_change_that_was_taken_and_not_made(old: object, ts_schema: Schema, play: Any) -> None:
    """As connected projects may do it: also where nobody knows what was there before."""
    change = Update(Oid("Project", 1), (AttributeChange("description", old, "after"),))
    [outcome], _ = play(Testspace().write(ts_schema, [change]), answer({"id": 1, "description": "before"}, 205))
    assert isinstance(outcome, Failed)
    assert "the server ignored description" in str(outcome.error)


def test_an_endless_number_in_an_address_is_no_key(ts_schema: Schema, play: Any) -> None:
    place = answer({}, 201, location=f"{BASE}/api/spaces/{'9' * 5000}")
    create = Create(
        Oid.new("Space", 1),
        (AttributeChange("project", UNREAD, Oid("Project", 1)), AttributeChange("name", UNREAD, "n")),
    )
    [outcome], _ = play(Testspace().write(ts_schema, [create]), place)
    assert isinstance(outcome, Unknown)


def test_pages_for_people() -> None:
    tokens = {
        "Project:12": "projects/12",
        "Space:4": "spaces/4",
        "Result:4/8": "spaces/4/result_sets/8",
        "Content:4/8/unit/a": "spaces/4/result_sets/8",
        "Failure:4/8/a": "spaces/4/result_sets/8",
        "MetricDataset:4/21/31": "spaces/4/metrics/21",
        "ProjectUser:12/90": "projects/12",
        "User:90": "api/users/90",
    }
    assert tokens == {token: Testspace().address(Oid.parse(token)) for token in tokens}


@pytest.mark.parametrize(
    ("status", "advice"),
    [(403, "check the login"), (405, "does not support that"), (415, "application/json"), (404, None)],
)
def test_statuses_that_mean_something_else_here_say_what(status: int, advice: str | None) -> None:
    told = parse_error(Response(status, {"content-type": "application/json"}, b'{"message": "no"}'))
    assert "no" == told.summary
    assert told.advice is None if advice is None else advice in (told.advice or "")


@pytest.mark.parametrize(
    ("status", "message", "refused"),
    [
        (403, "Bad credentials", True),
        (403, "wrong Password", True),
        (403, "Please log in", True),
        (403, "Not authenticated", True),
        (403, "no", None),
        (401, "Bad credentials", False),
        (200, "password", False),
    ],
)
def test_a_403_refuses_the_login_where_its_message_says_so(status: int, message: str, refused: bool | None) -> None:
    response = Response(status, {"content-type": "application/json"}, json.dumps({"message": message}).encode())
    assert refused is refuses_login(response)


def test_a_file_is_requested_in_whatever_form_it_has(play: Any) -> None:
    sink = io.BytesIO()
    page = Response(200, {"content-type": "text/plain"}, b"x")
    _, [one] = play(Testspace().download(Oid("File", 7), sink), page)
    _, [two] = play(files.download_link("/api/files/7?download=1", sink, Settings()), page)
    _, [three] = play(files.body("/api/files/7?download=1", Settings()), page)
    assert [{"Accept": "*/*"}] * 3 == [dict(request.headers) for request in (one, two, three)]
    assert [True, True, False] == [request.sink is sink for request in (one, two, three)]
    assert one.idempotent and two.idempotent and three.idempotent
    with pytest.raises(Unsupported, match="Only a File keeps bytes"):
        play(Testspace().download(Oid("Content", "4/8"), sink))


class TestParents:
    """What is listed below an asset is part of it."""

    @pytest.mark.parametrize(
        ("name", "item", "owner", "about"),
        [
            ("Space", {"id": 5, "project_id": 2}, 1, "Space 5 of Project 2.*below Project:1"),
            ("Result", {"id": 8, "space_id": "3"}, 2, "Result 8 of Space 3.*below Space:2"),
        ],
    )
    def test_an_object_of_another_parent_is_not_believed(self, name: str, item: Any, owner: int, about: str) -> None:
        keys = TestspaceKeys("http://ts.example.com", ServerMemory())
        with pytest.raises(InvalidResponse, match=about):
            keys.identify(resource_of(name), item, ParseContext(owner=owner))

    @pytest.mark.parametrize("owner", [3, "3", "some project", None])
    def test_one_of_this_parent_is(self, owner: Any) -> None:
        keys = TestspaceKeys("http://ts.example.com", ServerMemory())
        for item in ({"id": 5, "project_id": 3}, {"id": 5}):
            assert keys.identify(resource_of("Space"), item, ParseContext(owner=owner)).key == 5
