"""Downloads that break off: the rest alone is requested where the server can send it, and no other bytes get in."""

from __future__ import annotations

import base64
import hashlib
import io
import random
from collections.abc import Callable
from typing import Any

import pytest

from assetmeta.model.errors import InvalidResponse, TimedOut, Unreachable
from assetmeta.model.http import Request, Response
from assetmeta.wire.download import Download
from assetmeta.wire.retry import RetryPolicy, RetryState

from .conftest import Reply, Seen, Server, Time, one

CONTENT = random.Random(7).randbytes(300_000)
OTHER = random.Random(8).randbytes(300_000)
TAG = {"ETag": '"v1"'}


class Stream(io.RawIOBase):
    """What can only be written to."""

    def __init__(self) -> None:
        self.written = b""

    def writable(self) -> bool:
        return True

    def write(self, chunk: Any) -> int:
        self.written += bytes(chunk)
        return len(chunk)


def part(seen: Seen, content: bytes = CONTENT, **headers: str) -> Reply:
    """The rest that a request with a Range wants."""
    start = int(seen.headers["range"].removeprefix("bytes=").removesuffix("-"))
    about = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}", **TAG}
    return Reply(206, content[start:], about | {name.replace("_", "-"): value for name, value in headers.items()})


def download(drive: Callable[..., Any], sink: Any = None, **settings: Any) -> tuple[bytes, Any]:
    sink = sink or io.BytesIO()
    answer = drive(**settings).run(one(Request("GET", "/file", sink=sink, idempotent=True)))
    return sink.written if isinstance(sink, Stream) else sink.getvalue(), answer


def ranges(server: Server) -> list[str | None]:
    return [seen.headers.get("range") for seen in server.seen]


def test_only_the_rest_is_requested_after_a_break(server: Server, drive: Any) -> None:
    server.answers = [Reply(200, CONTENT, {**TAG, "Content-Type": "text/csv"}, cut=200_000), part]
    content, answer = download(drive)
    assert CONTENT == content
    assert 200 == answer.status
    first, second = server.seen
    assert "range" not in first.headers
    start = int(second.headers["range"].removeprefix("bytes=").removesuffix("-"))
    assert 0 < start <= 200_000
    assert ('"v1"', "identity") == (second.headers["if-range"], second.headers["accept-encoding"])


def test_a_download_breaks_off_more_than_once(server: Server, drive: Any) -> None:
    def cut(seen: Seen) -> Reply:
        return Reply(**{**vars(part(seen)), "cut": 100_000})

    server.answers = [Reply(200, CONTENT, TAG, cut=100_000), cut, part]
    assert CONTENT == download(drive)[0]
    starts = [int(found.removeprefix("bytes=").removesuffix("-")) for found in ranges(server) if found]
    assert 0 < starts[0] < starts[1]


def test_a_stream_that_cannot_go_back_gets_the_rest(server: Server, drive: Any) -> None:
    server.answers = [Reply(200, CONTENT, TAG, cut=200_000), part]
    assert CONTENT == download(drive, Stream())[0]


def test_a_file_that_changed_meanwhile_begins_again(server: Server, drive: Any) -> None:
    server.answers = [Reply(200, CONTENT, TAG, cut=200_000), Reply(200, OTHER, {"ETag": '"v2"'})]
    sink = io.BytesIO(b"head")
    sink.seek(4)
    assert b"head" + OTHER == download(drive, sink)[0]


def test_a_stream_is_not_mixed_of_two_contents(server: Server, drive: Any) -> None:
    server.answers = [Reply(200, CONTENT, TAG, cut=200_000), Reply(200, OTHER, {"ETag": '"v2"'})]
    sink = Stream()
    with pytest.raises(Unreachable, match="has changed since"):
        download(drive, sink)
    assert CONTENT.startswith(sink.written)
    assert 2 == len(server.seen)


@pytest.mark.parametrize(
    "headers",
    [
        {"ETag": '"v2"'},
        {"Content_Range": "bytes 5-299999/300000"},
        {"Content_Range": "bytes 131072-299999/400000"},
        {"Content_Range": "all of it"},
        {"Content_Encoding": "identity"},
    ],
    ids=str,
)
def test_a_part_that_does_not_fit_is_not_taken(server: Server, drive: Any, headers: dict[str, str]) -> None:
    server.answers = [Reply(200, CONTENT, TAG, cut=200_000), lambda seen: part(seen, **headers), Reply(200, OTHER)]
    assert OTHER == download(drive)[0]
    assert [False, True, False] == ["range" in seen.headers for seen in server.seen]


def test_a_server_that_refuses_the_rest_sends_all_of_it(server: Server, drive: Any) -> None:
    server.answers = [Reply(200, CONTENT, TAG, cut=200_000), Reply(416), Reply(200, CONTENT)]
    assert CONTENT == download(drive)[0]
    assert [False, True, False] == ["range" in seen.headers for seen in server.seen]


@pytest.mark.parametrize(
    ("about", "taken"),
    [
        ("bytes 4-9/10", True),
        ("BYTES 4-9/*", True),
        ("bytes 4-9/11", False),
        ("bytes 3-9/10", False),
        ("bytes 5-9/10", False),
        ("bytes */10", False),
        ("lines 4-9/10", False),
        (None, False),
    ],
)
@pytest.mark.parametrize("length", ["10", None], ids=["known", "unknown"])
def test_a_part_continues_exactly_what_came(about: str | None, taken: bool, length: str | None) -> None:
    sink = io.BytesIO()
    found = Download(Request("GET", "/file"), sink)
    found.request()
    found.begin(200, TAGGED if length is None else {**TAGGED, "content-length": length})
    found.write(b"some")
    found.request()
    if not (taken or (length is None and about == "bytes 4-9/11")):
        with pytest.raises(Unreachable, match="does not continue"):
            found.begin(206, TAGGED if about is None else {**TAGGED, "content-range": about})
        assert () == found.request().headers, "all of it is requested next"
        return
    found.begin(206, {**TAGGED, "content-range": str(about)})
    found.write(b" bytes")
    if about == "bytes 4-9/11":
        with pytest.raises(Unreachable, match="10 bytes came of 11"):
            found.finished(Response(206))
    else:
        assert Response(200) == found.finished(Response(206))
    assert b"some bytes" == sink.getvalue()


TAGGED = {"etag": '"v1"'}


def test_a_refusal_of_the_whole_is_an_answer(server: Server, drive: Any) -> None:
    server.answers = [Reply(416, b"no")]
    content, answer = download(drive)
    assert (b"", 416, b"no", 1) == (content, answer.status, answer.body, len(server.seen))


OLD = {"Date": "Mon, 02 Mar 2026 10:01:00 GMT"}


@pytest.mark.parametrize(
    ("headers", "continued"),
    [
        ({"ETag": '"v1"'}, True),
        ({"ETag": '"v1"', "Accept-Ranges": "bytes"}, True),
        ({"ETag": '"v1"', "Accept-Ranges": "none"}, False),
        ({"ETag": 'W/"v1"'}, False),
        ({}, False),
        ({"Last-Modified": "Mon, 02 Mar 2026 10:00:00 GMT"}, True),
        ({"Last-Modified": "Mon, 02 Mar 2026 10:00:01 GMT"}, False),
        ({"Last-Modified": "some day"}, False),
    ],
    ids=str,
)
def test_what_can_be_continued(headers: dict[str, str], continued: bool) -> None:
    request = Request("GET", "/file")
    found = Download(request, io.BytesIO())
    found.begin(200, {name.lower(): value for name, value in (OLD | headers).items()})
    found.write(b"some")
    assert continued is ("Range" in dict(found.request().headers))


def test_what_was_compressed_on_the_way_is_not_continued() -> None:
    found = Download(Request("GET", "/file"), io.BytesIO())
    found.begin(200, {"etag": '"v1"', "content-encoding": "gzip"})
    found.write(b"some")
    assert () == found.request().headers


def test_a_part_that_nobody_requested_is_no_file(server: Server, drive: Any) -> None:
    server.answers = [Reply(206, CONTENT[:10], {"Content-Range": "bytes 0-9/300000"})]
    sink = io.BytesIO()
    with pytest.raises(InvalidResponse, match="206"):
        download(drive, sink)
    assert (b"", 1) == (sink.getvalue(), len(server.seen))


def test_less_than_was_announced_is_not_whole() -> None:
    found = Download(Request("GET", "/file"), io.BytesIO())
    found.request()
    found.begin(200, {"content-length": "5"})
    found.write(b"four")
    with pytest.raises(Unreachable, match="4 bytes came of 5"):
        found.finished(Response(200))
    found.write(b"!")
    assert found.finished(Response(200)).ok


def _sum(name: str, content: bytes) -> str:
    return base64.b64encode(hashlib.new(name, content).digest()).decode()


@pytest.mark.parametrize(
    ("header", "form", "algorithm"),
    [
        ("Content-MD5", "{}", "md5"),
        ("Repr-Digest", "sha-256=:{}:", "sha256"),
        ("Digest", "SHA-512={}", "sha512"),
        ("Digest", "md5={}", "md5"),
    ],
)
def test_a_checksum_in_the_head_is_compared(server: Server, drive: Any, header: str, form: str, algorithm: str) -> None:
    server.answers = [Reply(200, CONTENT, {header: form.format(_sum(algorithm, CONTENT))})]
    assert CONTENT == download(drive)[0]
    server.answers = [Reply(200, OTHER, {header: form.format(_sum(algorithm, CONTENT))})]
    with pytest.raises(InvalidResponse, match=f"its {algorithm} is not the one"):
        download(drive)


def test_a_checksum_covers_what_came_before_and_after_a_break(server: Server, drive: Any) -> None:
    summed = {**TAG, "Content-MD5": _sum("md5", CONTENT)}
    server.answers = [Reply(200, CONTENT, summed, cut=200_000), part]
    assert CONTENT == download(drive)[0]
    mixed = CONTENT[:100_000] + OTHER[100_000:]
    server.answers = [Reply(200, CONTENT, summed, cut=200_000), lambda seen: part(seen, mixed)]
    with pytest.raises(InvalidResponse, match="md5"):
        download(drive)


def test_a_checksum_that_cannot_be_read_says_nothing(server: Server, drive: Any) -> None:
    server.answers = [Reply(200, CONTENT, {"Content-MD5": "?", "Digest": "crc32=abc"})]
    assert CONTENT == download(drive)[0]


def test_silence_is_tried_again_only_after_some_of_a_file_came(time: Time) -> None:
    request = Request("GET", "/file", idempotent=True)
    found = Download(request, io.BytesIO())
    trial = RetryState(request, RetryPolicy(sleep=time.sleep, clock=time.clock), found)
    silence = TimedOut("nothing came")
    found.request()
    with pytest.raises(TimedOut):
        trial.after_failure(silence)
    found.begin(200, {"etag": '"v1"'})
    found.write(b"some")
    trial.after_failure(silence)
    assert ("Range", "bytes=4-") in found.request().headers
    with pytest.raises(TimedOut):
        trial.after_failure(silence)
    assert 2 == trial.attempt


def test_a_page_instead_of_the_rest_is_not_mixed_with_what_came(server: Server, drive: Any) -> None:
    page = Reply(200, b"<html>sign in</html>", {"Content-Type": "text/html"})
    server.answers = [Reply(200, CONTENT, TAG, cut=200_000), page]
    sink = io.BytesIO(b"head")
    sink.seek(4)
    content, answer = download(drive, sink)
    assert (b"head", b"<html>sign in</html>") == (content, answer.body)
    stream = Stream()
    server.answers = [Reply(200, CONTENT, TAG, cut=200_000), page]
    with pytest.raises(Unreachable, match="cannot go back"):
        download(drive, stream)


PAGE = b"<!DOCTYPE html><html><form action='/login'></form></html>"


class TestPages:
    """A page that is not marked as a file stays out of the sink, whatever its media type: the dialect looks at it."""

    @pytest.mark.parametrize("kind", ["text/html", "text/plain", "application/pdf", "application/octet-stream"])
    def test_a_page_stays_out_of_the_file(self, server: Server, drive: Any, kind: str) -> None:
        for page in (PAGE, b" \n<?xml version='1.0'?>" + PAGE, PAGE + b" " * 200_000):
            server.answers = [Reply(200, page, {"Content-Type": kind})]
            content, answer = download(drive)
            assert (b"", page) == (content, answer.body)

    @pytest.mark.parametrize("kind", ["text/html", "text/plain"])
    def test_one_that_is_marked_is_a_file(self, server: Server, drive: Any, kind: str) -> None:
        server.answers = [Reply(200, PAGE, {"Content-Type": kind, "Content-Disposition": "attachment"})]
        content, answer = download(drive)
        assert (PAGE, b"") == (content, answer.body)

    def test_a_large_one_is_a_file(self, server: Server, drive: Any) -> None:
        report = PAGE + b"x" * (1 << 20)
        server.answers = [Reply(200, report, {"Content-Type": "text/plain"})]
        content, answer = download(drive)
        assert (report, b"") == (content, answer.body)

    def test_a_page_in_place_of_the_rest_leaves_nothing_of_the_beginning(self, server: Server, drive: Any) -> None:
        plain = {"Content-Type": "text/plain"}
        server.answers = [Reply(200, CONTENT, {**TAG, **plain}, cut=200_000), Reply(200, PAGE, plain)]
        content, answer = download(drive)
        assert (b"", PAGE) == (content, answer.body)

    def test_a_page_is_held_to_the_bound_of_answers(self, server: Server, drive: Any) -> None:
        server.answers = [Reply(200, PAGE + b" " * 5000, {"Content-Type": "text/plain"})]
        with pytest.raises(InvalidResponse, match="max_bytes"):
            download(drive, max_bytes=4000)
