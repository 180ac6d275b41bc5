"""Documents are parsed without trusting the sender."""

from __future__ import annotations

import json
from decimal import Decimal
from traceback import TracebackException
from typing import Any

import pytest

from assetmeta.backends import responses
from assetmeta.backends.responses import check, parse_json, parse_xml
from assetmeta.model.errors import AuthenticationFailed, InvalidResponse, NotFound, Rejected, ServerFailed
from assetmeta.model.http import Request, Response

LAUGHS = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "haha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>
<Assets><Asset id="&c;">&c;</Asset></Assets>"""


def xml(body: bytes, kind: str = "text/xml; charset=utf-8") -> Response:
    return Response(200, {"content-type": kind}, body, Request("GET", "rest-1.v1/Data/Story"))


def js(body: bytes, kind: str = "application/json") -> Response:
    return Response(200, {"content-type": kind}, body)


class TestXml:
    @pytest.mark.parametrize(
        "body",
        [
            LAUGHS,
            b"\xef\xbb\xbf" + LAUGHS,
            b"<!-- x --> <?pi?>\n<!DOCTYPE Assets SYSTEM 'file:///etc/passwd'><Assets/>",
            b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
            b"<!doctype a []><a/>",
            LAUGHS.decode().replace('"1.0"', '"1.0" encoding="UTF-16"').encode("utf-16"),
            b'<?xml version="1.0" encoding="UTF-7"?>+ADw-!DOCTYPE a +AFs-+AF0-+AD4-<a/>',
        ],
    )
    def test_a_document_type_is_refused_in_any_disguise(self, body: bytes) -> None:
        with pytest.raises(InvalidResponse):
            parse_xml(xml(body))

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"  ",
            b"<a>",
            b"<a></b>",
            b"<a>\x00</a>",
            b"<a>\xff</a>",
            b"<a>&nbsp;</a>",
            b"{}",
            b"<a/><b/>",
            b"<a b='1' b='2'/>",
        ],
    )
    def test_junk_is_refused(self, body: bytes) -> None:
        with pytest.raises(InvalidResponse, match=r"GET rest-1\.v1/Data/Story"):
            parse_xml(xml(body))

    def test_deep_nesting_is_refused(self) -> None:
        depth = 257
        with pytest.raises(InvalidResponse, match="depth"):
            parse_xml(xml(b"<a>" * depth + b"</a>" * depth))
        with pytest.raises(InvalidResponse):
            parse_xml(xml(b"<a>" * 100_000 + b"</a>" * 100_000))
        assert parse_xml(xml(b"<a>" * 50 + b"</a>" * 50)).tag == "a"

    def test_a_large_document_is_refused_before_it_is_parsed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(responses, "MAX_DOCUMENT", 10)
        with pytest.raises(InvalidResponse, match="larger than 10 bytes"):
            parse_xml(xml(b"<a>" + b"x" * 10))

    @pytest.mark.parametrize("kind", ["text/html", "text/html; charset=utf-8", "text/xml", ""])
    def test_a_page_for_people_is_named_as_such(self, kind: str) -> None:
        with pytest.raises(InvalidResponse, match=r"HTML page.*address"):
            parse_xml(xml(b"<!DOCTYPE html><html><body>Sign in</body></html>", kind))

    def test_json_in_place_of_xml_is_refused(self) -> None:
        with pytest.raises(InvalidResponse, match="application/json"):
            parse_xml(xml(b"<a/>", "application/json"))

    def test_text_comes_through_letter_by_letter(self) -> None:
        root = parse_xml(xml("<a> \t\n é 😀 &lt;!DOCTYPE&gt;&#13;\u00a0<!-- x -->z</a>".encode()))
        assert root.text == " \t\n é 😀 <!DOCTYPE>\r\u00a0z"
        assert parse_xml(xml(b"<a><![CDATA[<!DOCTYPE x>]]></a>")).text == "<!DOCTYPE x>"


class TestJson:
    def test_numbers_are_exact(self) -> None:
        assert parse_json(js(b'{"a": 0.1, "b": 12345678901234567890, "c": null}')) == {
            "a": Decimal("0.1"),
            "b": 12345678901234567890,
            "c": None,
        }

    @pytest.mark.parametrize(
        "body", [b"", b"{", b"[NaN]", b"[Infinity]", b"[1,]", b"\xff", b"[" * 1_000_000, b'{"a":' * 5000, b"1" * 5000]
    )
    def test_junk_is_refused(self, body: bytes) -> None:
        with pytest.raises(InvalidResponse):
            parse_json(js(body))

    def test_deep_nesting_is_refused(self) -> None:
        assert parse_json(js(b"[" * 50 + b"]" * 50))
        depth = 200_000
        for nested in (b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth):
            with pytest.raises(InvalidResponse):
                parse_json(js(nested))

    def test_what_a_broken_one_contains_is_in_no_traceback(self) -> None:
        """The parser's own error and its frames hold the whole body, which may have secrets in it."""
        with pytest.raises(InvalidResponse, match="not valid JSON") as caught:
            parse_json(js(b'{"account_key": "hush-hush-7", '))
        assert (caught.value.__context__, caught.value.__cause__) == (None, None)
        told = TracebackException.from_exception(caught.value, capture_locals=True).format()
        assert "hush-hush" not in "".join(line for line in told if "test_documents" not in line)

    def test_another_media_type_is_refused(self) -> None:
        with pytest.raises(InvalidResponse, match="text/xml"):
            parse_json(js(b"[]", "text/xml"))
        with pytest.raises(InvalidResponse, match="HTML page"):
            parse_json(js(b"[]", "text/html"))
        assert parse_json(js(b"[]", "text/plain")) == []

    def test_a_large_document_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(responses, "MAX_DOCUMENT", 10)
        with pytest.raises(InvalidResponse, match="larger than 10 bytes"):
            parse_json(js(json.dumps("x" * 20).encode()))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Rejected),
        (401, AuthenticationFailed),
        (403, Rejected),
        (404, NotFound),
        (405, Rejected),
        (413, Rejected),
        (302, Rejected),
        (500, ServerFailed),
        (503, ServerFailed),
    ],
)
def test_each_status_has_its_error(status: int, kind: type[Exception]) -> None:
    request = Request("GET", "rest-1.v1/Data/Story", (("where", "Name='secret'"),))
    response = Response(status, {}, b"x" * 500, request)
    with pytest.raises(kind) as caught:
        check(response)
    error = caught.value
    assert (status, "GET rest-1.v1/Data/Story") == (error.status, error.request)  # type: ignore[attr-defined]
    assert "x" * 200 in str(error)
    assert "x" * 201 not in str(error)
    assert "secret" not in str(error)


def test_a_success_is_returned_as_it_is() -> None:
    response = Response(200)
    assert check(response) is response


@pytest.mark.parametrize(("parse", "kind"), [(parse_json, "JSON"), (parse_xml, "XML")])
def test_an_empty_body_is_called_so(parse: Any, kind: str) -> None:
    media_type = f"application/{kind.lower()}"
    with pytest.raises(InvalidResponse, match=f"{kind} was expected and the body is empty"):
        parse(Response(200, {"content-type": media_type}, b" \n"))
