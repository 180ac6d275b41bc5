"""Pages and parts in place of answers: a sign-in page with status 200 is no success of anything, in any dialect."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from assetmeta.backends.responses import check
from assetmeta.backends.testspace import Testspace
from assetmeta.backends.valispace import Valispace
from assetmeta.backends.valohai import Valohai
from assetmeta.backends.versionone import VersionOne
from assetmeta.model.errors import InvalidResponse
from assetmeta.model.http import Request, Response
from assetmeta.model.plans import AttributeChange, Call, Change, Delete, Failed, Fetch, Unknown, Update
from assetmeta.model.values import Oid

Play = Callable[..., tuple[Any, list[Request]]]
BODY = b"<!DOCTYPE html><html><form><input type='password'></form></html>"
PAGE = Response(200, {"content-type": "text/html"}, BODY)
UNMARKED = Response(200, {}, b"\n" + BODY)
PLAIN = Response(200, {"content-type": "text/plain"}, b"\xef\xbb\xbf<!-- proxy -->\n" + BODY)
AS_JSON = Response(200, {"content-type": "application/json"}, b"<html><body>Sign in</body></html>")
AS_XML = Response(200, {"content-type": "text/xml"}, b'<?xml version="1.0"?><html><body>Sign in</body></html>')
AS_BYTES = Response(200, {"content-type": "application/octet-stream"}, BODY)
PAGES = [PAGE, UNMARKED, PLAIN, AS_JSON, AS_XML, AS_BYTES]
EXECUTION = "01999999-0000-0000-0000-000000000001"
STORED = b'<Asset><Attribute name="ContentType">application/pdf</Attribute></Asset>'
GET = Request("GET", "x", idempotent=True)
WRITE = Request("POST", "x", writes=True)

DIALECTS: dict[str, tuple[Any, Oid]] = {
    "versionone": (VersionOne(bulk=False), Oid("Story", 5)),
    "valispace": (Valispace(survey="none"), Oid("Vali", 5)),
    "testspace": (Testspace(), Oid("Project", 5)),
    "valohai": (Valohai(survey="none"), Oid("Task", EXECUTION)),
}


@pytest.fixture(params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> tuple[Any, Any, Oid]:
    schemas = {"versionone": "v1_schema", "valispace": "vs_schema", "testspace": "ts_schema", "valohai": "vh_schema"}
    backend, oid = DIALECTS[request.param]
    return backend, request.getfixturevalue(schemas[request.param]), oid


@pytest.mark.parametrize("page", PAGES)
def test_a_read_that_a_page_answers_is_no_list(play: Play, dialect: Any, page: Response) -> None:
    backend, schema, oid = dialect
    with pytest.raises(InvalidResponse, match="login page"):
        play(backend.fetch(schema, [Fetch(oid.type, oids=(oid,))]), page)


@pytest.mark.parametrize("page", PAGES)
def test_a_delete_that_a_page_answers_is_unknown(play: Play, dialect: Any, page: Response) -> None:
    backend, schema, oid = dialect
    [outcome], [made] = play(backend.write(schema, [Delete(oid)]), page)
    assert made.writes
    assert isinstance(outcome, Unknown)
    assert "login page" in str(outcome.error)


def test_a_call_that_a_page_answers_is_unknown(play: Play, v1_schema: Any, vh_schema: Any) -> None:
    calls: list[tuple[Any, Any, Change]] = [
        (VersionOne(bulk=False), v1_schema, Call(Oid("Story", 5), "QuickClose")),
        (Valohai(survey="none"), vh_schema, Call(Oid("Execution", EXECUTION), "stop")),
    ]
    for backend, schema, change in calls:
        [outcome], [_] = play(backend.write(schema, [change]), PAGE)
        assert isinstance(outcome, Unknown)


def test_an_update_that_a_page_answers_is_unknown(play: Play, v1_schema: Any) -> None:
    change = Update(Oid("Story", 5), (AttributeChange("Name", "a", "b"),))
    [outcome], [_] = play(VersionOne(bulk=False).write(v1_schema, [change]), PAGE)
    assert isinstance(outcome, Unknown)


@pytest.mark.parametrize("page", PAGES)
def test_an_upload_that_a_page_answers_is_refused(play: Play, page: Response) -> None:
    with pytest.raises(InvalidResponse, match="HTML page"):
        play(VersionOne().upload(Oid("Attachment", 7), io.BytesIO(b"x")), page)
    described = Response(200, {"content-type": "application/json"}, b'{"id": 7, "name": "a.pdf"}')
    with pytest.raises(InvalidResponse, match="HTML page"):
        play(Valispace().upload(Oid("File", 7), io.BytesIO(b"x")), described, page)


class TestDownloads:
    def downloads(self, sink: io.BytesIO, page: Response) -> list[tuple[Any, list[Response]]]:
        described = Response(
            200, {"content-type": "application/json"}, b'{"id": 7, "name": "a.pdf", "download_url": "media/a.pdf"}'
        )
        unnamed = Response(200, described.headers, b'{"id": 7, "download_url": "media/a"}')
        stored = Response(200, {"content-type": "text/xml"}, STORED)
        return [
            (VersionOne().download(Oid("EmbeddedImage", 7), sink), [page]),
            (VersionOne().download(Oid("Attachment", 7), sink), [page, page]),
            (VersionOne().download(Oid("Attachment", 7), sink), [page, stored]),
            (Valispace().download(Oid("File", 7), sink), [described, page]),
            (Valispace().download(Oid("File", 7), sink), [unnamed, page]),
            (Valohai().download(Oid("Datum", EXECUTION), sink), [page]),
            (Testspace().download(Oid("File", 7), sink), [page]),
        ]

    @pytest.mark.parametrize("page", [PAGE, UNMARKED, PLAIN, AS_BYTES, Response(200, {"content-type": "x/y"}, BODY)])
    def test_a_page_is_no_file(self, play: Play, page: Response) -> None:
        sink = io.BytesIO()
        for flow, answers in self.downloads(sink, page):
            with pytest.raises(InvalidResponse, match="HTML page"):
                play(flow, *answers)
        assert b"" == sink.getvalue()

    @pytest.mark.parametrize(
        "body",
        [
            b"<html><title>Please sign in</title></html>",
            b"<html><form action='/users/sign_in'></form></html>",
            b"<!doctype html><input type=password>",
            b"<html><input name='SAMLRequest' value='x'></html>",
        ],
    )
    def test_signs_of_a_login(self, play: Play, body: bytes) -> None:
        sink = io.BytesIO()
        with pytest.raises(InvalidResponse, match="HTML page"):
            play(Testspace().download(Oid("File", 7), sink), Response(200, {"content-type": "text/plain"}, body))
        assert b"" == sink.getvalue()

    def test_a_text_that_is_a_page_without_a_login_is_a_file(self, play: Play) -> None:
        report = Response(200, {"content-type": "text/plain"}, b"<html><table></table></html>")
        for flow, answers in (
            (lambda sink: Testspace().download(Oid("File", 7), sink), [report]),
            (lambda sink: Valohai().download(Oid("Datum", EXECUTION), sink), [report]),
            (
                lambda sink: Valispace().download(Oid("File", 7), sink),
                [
                    Response(
                        200,
                        {"content-type": "application/json"},
                        b'{"id": 7, "name": "a.txt", "mimetype": "text/plain", "download_url": "media/a.txt"}',
                    ),
                    report,
                ],
            ),
        ):
            sink = io.BytesIO()
            play(flow(sink), *answers)
            assert report.body == sink.getvalue()

    def test_a_page_in_place_of_a_picture_is_none_whatever_it_shows(self, play: Play) -> None:
        described = b'{"id": 7, "name": "a", "mimetype": "image/png", "download_url": "media/a"}'
        blocked = Response(200, {"content-type": "image/png"}, b"<html>Blocked</html>")
        for answer in (blocked, Response(200, {"content-type": "text/plain"}, blocked.body)):
            sink = io.BytesIO()
            with pytest.raises(InvalidResponse, match="HTML page"):
                play(
                    Valispace().download(Oid("File", 7), sink),
                    Response(200, {"content-type": "application/json"}, described),
                    answer,
                )
            assert b"" == sink.getvalue()

    def test_an_attachment_that_is_a_page_is_one_by_its_content_type(self, play: Play) -> None:
        sink = io.BytesIO()
        stored = b'<Asset><Attribute name="ContentType">text/html</Attribute></Asset>'
        kind, made = play(
            VersionOne().download(Oid("Attachment", 7), sink), PAGE, Response(200, {"content-type": "text/xml"}, stored)
        )
        assert (kind, sink.getvalue()) == ("text/html", BODY)
        assert ["GET attachment.img/7", "GET rest-1.v1/Data/Attachment/7"] == [each.line for each in made]
        other = stored.replace(b"text/html", b"image/png")
        with pytest.raises(InvalidResponse, match="HTML page"):
            play(
                VersionOne().download(Oid("Attachment", 7), sink),
                PAGE,
                Response(200, {"content-type": "text/xml"}, other),
            )

    def test_a_file_that_is_a_page_by_its_description_is_one(self, play: Play) -> None:
        sink = io.BytesIO()
        described = b'{"id": 7, "name": "a", "mimetype": "text/html", "download_url": "media/a"}'
        play(
            Valispace().download(Oid("File", 7), sink),
            Response(200, {"content-type": "application/json"}, described),
            PAGE,
        )
        assert BODY == sink.getvalue()

    def test_a_page_under_its_own_name_is_a_file_unless_it_asks_for_a_password(self, play: Play) -> None:
        sink, report = io.BytesIO(), b"<html><table></table></html>"
        described = b'{"id": 7, "name": "a", "download_url": "media/a.html"}'
        first = Response(200, {"content-type": "application/json"}, described)
        play(Valispace().download(Oid("File", 7), sink), first, Response(200, PAGE.headers, report))
        assert report == sink.getvalue()
        with pytest.raises(InvalidResponse, match="HTML page"):
            play(Valispace().download(Oid("File", 7), sink), first, PAGE)


class TestWholeAnswers:
    @pytest.mark.parametrize("status", [202, 206, 207, 208, 226, 299])
    def test_a_read_takes_no_part_for_the_whole(self, status: int) -> None:
        with pytest.raises(InvalidResponse, match=f"status {status}"):
            check(Response(status, {}, b"[]", GET))

    @pytest.mark.parametrize("status", [200, 201, 202, 203, 204, 205])
    def test_a_write_may_be_accepted(self, status: int) -> None:
        assert status == check(Response(status, {}, b"", WRITE)).status

    @pytest.mark.parametrize("status", [206, 207, 226])
    def test_a_write_is_not_done_in_part(self, status: int) -> None:
        with pytest.raises(InvalidResponse, match=f"status {status}"):
            check(Response(status, {}, b"{}", WRITE))

    def test_a_part_that_was_requested_is_one(self) -> None:
        asked = Request("GET", "x", headers=(("Range", "bytes=5-"),))
        assert 206 == check(Response(206, {}, b"rest", asked)).status

    def test_a_write_answered_in_part_is_unknown_in_every_dialect(self, play: Play, dialect: Any) -> None:
        backend, schema, oid = dialect
        from_json = Response(206, {"content-type": "application/json"}, b"[]")
        [outcome], _ = play(backend.write(schema, [Delete(oid)]), from_json)
        assert isinstance(outcome, Unknown)


@pytest.mark.parametrize("status", [302, 303, 502, 503, 504, 520, 524, 527, 530, 598, 599])
def test_a_delete_that_a_gateway_answers_is_unknown(play: Play, dialect: Any, status: int) -> None:
    """Gateways, Cloudflare's among them, do not know what the server did; a redirect may follow a deletion."""
    backend, schema, oid = dialect
    [outcome], [_] = play(backend.write(schema, [Delete(oid)]), Response(status, {}, b""))
    assert isinstance(outcome, Unknown)
    assert outcome.error.sent


@pytest.mark.parametrize("status", [301, 307, 308, 400, 403, 408, 501, 519, 528, 529, 597])
def test_a_delete_that_the_server_refuses_has_failed(play: Play, dialect: Any, status: int) -> None:
    backend, schema, oid = dialect
    [outcome], [_] = play(backend.write(schema, [Delete(oid)]), Response(status, {}, b""))
    assert isinstance(outcome, Failed)
