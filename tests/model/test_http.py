"""Requests and answers as data, and how a flow is run."""

from __future__ import annotations

import io
from collections.abc import Generator
from typing import Any

import pytest

from assetmeta.model.errors import AssetmetaError, BadValue
from assetmeta.model.http import (
    INCOMPLETE,
    MAYBE_DONE,
    NO_WORD,
    SNIFFED,
    Request,
    ResumableSink,
    is_loopback,
    perform,
)
from assetmeta.model.http import Response as Answer


def test_statuses_are_written_out() -> None:
    assert {502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527, 530, 598, 599} == NO_WORD
    assert {302, 303} == MAYBE_DONE
    assert (INCOMPLETE, SNIFFED) == (408, 2000)
    assert [status for status in (199, 200, 206, 299, 300, 404) if Answer(status).ok] == [200, 206, 299]


def test_what_is_shown_of_a_request_and_an_answer() -> None:
    secret = (("Authorization", "s3cret"), ("X", "s3cret"))
    request = Request("PUT", "a/b?q=s3cret", (("q", "s3cret"),), secret, b"s3cret")
    assert (request.line, repr(request)) == ("PUT a/b", "<Request PUT a/b (Authorization, X), 6 bytes>")
    shown = {
        "https://user:pw@host/a?x": "<Request GET host/a>",
        "https://host/a?x": "<Request GET https://host/a>",
        "a@b?x": "<Request GET a@b>",
        "a\x1b": "<Request GET a\\x1b>",
    }
    assert {path: repr(Request("GET", path)) for path in shown} == shown
    assert repr(Request("PUT", "a", body=io.BytesIO(b"x"))) == "<Request PUT a, a file>"
    answer = Answer(200, {"content-type": "Text/XML ; charset=utf-8", "x": "s3cret"}, b"s3cret", Request("GET", "a"))
    assert (answer.media_type, Answer(200).media_type) == ("text/xml", "")
    assert repr(answer) == "<Response 200: text/xml, 6 bytes, <Request GET a>>"
    assert repr(Answer(404)) == "<Response 404: no media type, 0 bytes, None>"
    assert (Answer(200).headers, Answer(200).url) == ({}, "")


@pytest.mark.parametrize(
    ("kind", "body", "is_page"),
    [
        ("text/html", b"", True),
        ("application/xhtml+xml", b"", True),
        ("text/plain", b"<!DOCTYPE  HTML>", True),
        ("", b"\xef\xbb\xbf \n<?xml version='1.0'?> <!-- x --><html lang=en>", True),
        ("", b"<head>", True),
        ("", b"<body class=x>", True),
        ("", b"<!-- a\nb -->" * 20 + b"<html>", True),
        ("", b"<htmlx>", False),
        ("", b"<Assets><html>", False),
        ("", b"x<html>", False),
        ("", b" " * 1995 + b"<html>", True),
        ("", b" " * 1996 + b"<html>", False),
        # What is no page after all is known at once.
        ("", b" " * 1990 + b"{}", False),
        ("", b"<!---->" * 250 + b"<Assets>", False),
        ("", b"<?x?>\r\n" * 250 + b"<Assets>", False),
        ("application/json", b"{}", False),
    ],
)
def test_a_page_is_known_by_its_media_type_or_its_beginning(kind: str, body: bytes, is_page: bool) -> None:
    assert Answer(200, {"content-type": kind}, body).is_page is is_page


def flow(seen: list[object]) -> Generator[int, str, str]:
    try:
        seen.append((yield 1))
        try:
            seen.append((yield 2))
        except AssetmetaError as error:
            seen.append(str(error))
            seen.append((yield 3))
    finally:
        seen.append("closed")
    return "value"


def test_a_flow_is_sent_answers_and_thrown_errors_and_is_always_closed() -> None:
    def answer(number: int) -> str:
        if number == 2:
            raise BadValue("no")
        return f"answer {number}"

    seen: list[object] = []
    assert perform(flow(seen), answer) == "value"
    assert seen == ["answer 1", "no", "answer 3", "closed"]

    def interrupted(number: int) -> str:
        raise KeyboardInterrupt

    seen.clear()
    running = flow(seen)
    with pytest.raises(KeyboardInterrupt):
        perform(running, interrupted)
    assert seen == ["closed"]

    def passes_on() -> Generator[int, str, str]:
        yield from flow(seen)
        raise AssetmetaError("last")

    with pytest.raises(AssetmetaError, match="last"):
        perform(passes_on(), answer)


def test_which_addresses_are_of_this_computer() -> None:
    own = ["http://localhost/a", "https://LOCALHOST:1", "http://a.localhost", "http://127.0.0.1:8", "http://127.9.9.9"]
    assert [is_loopback(url) for url in [*own, "http://[::1]:8/"]] == [True] * 6
    others = ["http://127.0.0.1.evil.com", "http://localhost.evil.com", "http://128.0.0.1", "http://[::2]", "x", "//"]
    assert [is_loopback(url) for url in [*others, "http://127.0.0", "http://.localhost"]] == [False] * 8


def test_a_sink_that_can_be_resumed_has_four_methods() -> None:
    class Sink:
        def earlier(self) -> Any: ...
        def pieces(self, size: int) -> Any: ...
        def resume(self, size: int) -> None: ...
        def begin(self, head: Any) -> None: ...

    assert isinstance(Sink(), ResumableSink)
    for name in ("earlier", "pieces", "resume", "begin"):
        assert not isinstance(type("Less", (), {each: each for each in vars(Sink) if each != name})(), ResumableSink)
