"""The bytes of data: sent at once or from elsewhere, streamed, and never the answer about them instead."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from assetmeta.backends.valohai import Valohai
from assetmeta.backends.valohai.files import DelayedFile, local_name, local_parts
from assetmeta.model.errors import BadValue, InvalidResponse, NotFound, Unsupported
from assetmeta.model.http import Request, Response
from assetmeta.model.values import Oid

DATUM = Oid("Datum", "0190a000-0000-7000-8000-000000000003")
ELSEWHERE = "https://storage.example/file?signature=abc"

Play = Callable[..., tuple[Any, list[Request]]]


def sent(content: bytes, media_type: str, *, attachment: bool = False) -> Callable[[Request], Response]:
    """An answer whose body goes into the request's sink, as the wire does it."""

    def answer(request: Request) -> Response:
        assert request.sink is not None
        for start in range(0, len(content), 1000):
            request.sink.write(content[start : start + 1000])
        marked = {"content-disposition": "Attachment; filename=x"} if attachment else {}
        return Response(200, {"content-type": media_type, **marked})

    return answer


def link(url: object) -> Callable[[Request], Response]:
    return sent(json.dumps({"url": url}).encode(), "application/json")


def download(play: Play, *answers: Any) -> tuple[bytes, str, list[Request]]:
    sink = io.BytesIO()
    kind, requests = play(Valohai(survey="none").download(DATUM, sink), *answers)
    return sink.getvalue(), kind, requests


def test_an_address_is_followed(play: Play) -> None:
    content, kind, requests = download(play, link(ELSEWHERE), sent(b"bytes", "text/csv"))
    assert (b"bytes", "text/csv") == (content, kind)
    assert [f"api/v0/data/{DATUM.key}/download/", ELSEWHERE] == [request.path for request in requests]
    assert all(request.idempotent and not request.writes for request in requests)
    assert all("authorization" not in dict(request.headers) for request in requests)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [(b'{"url": "https://evil.example"}', "application/json"), (b"", "text/plain"), (b"x" * 500_000, "image/png")],
)
def test_an_attachment_is_the_file_itself(play: Play, content: bytes, media_type: str) -> None:
    found, kind, requests = download(play, sent(content, media_type, attachment=True))
    assert (content, media_type, 1) == (found, kind, len(requests))


def test_bytes_without_a_mark_are_the_file_too(play: Play) -> None:
    assert b"\x89PNG" == download(play, sent(b"\x89PNG", "image/png"))[0]


def test_an_address_on_the_same_host_may_be_short(play: Play) -> None:
    _, _, requests = download(play, link("/files/a?b=c"), sent(b"bytes", "text/csv"))
    assert "files/a?b=c" == requests[1].path


@pytest.mark.parametrize(
    "document",
    [{}, {"url": None}, {"url": ""}, [], "x", {"url": "file:///etc/passwd"}, {"url": "//evil.example/x"}, {"url": "x"}],
)
def test_an_answer_with_neither_is_unreadable(play: Play, document: object) -> None:
    sink = io.BytesIO()
    answer = sent(json.dumps(document).encode(), "application/json")
    with pytest.raises(InvalidResponse, match="neither the file nor its address"):
        play(Valohai(survey="none").download(DATUM, sink), answer)
    assert b"" == sink.getvalue()


def test_a_purged_datum_is_not_found(play: Play) -> None:
    with pytest.raises(NotFound):
        download(play, Response(404, {"content-type": "application/json"}, b'{"detail": "Not found."}'))


def test_only_data_have_bytes_and_none_are_uploaded(play: Play) -> None:
    backend = Valohai(survey="none")
    with pytest.raises(Unsupported):
        play(backend.download(Oid("Project", str(DATUM.key)), io.BytesIO()))
    with pytest.raises(BadValue):
        play(backend.download(Oid("Datum", "../x"), io.BytesIO()))
    with pytest.raises(Unsupported, match="adopt"):
        play(backend.upload(DATUM, io.BytesIO()))


class TestHeld:
    """What is written is kept back until it is known what it is."""

    def test_nothing_reaches_the_file_before_it_is_released(self) -> None:
        sink = io.BytesIO()
        held = DelayedFile(sink, 10)
        held.write(b"short")
        assert (b"", b"short") == (sink.getvalue(), held.kept)
        held.release()
        assert (b"short", None) == (sink.getvalue(), held.kept)

    def test_too_much_is_passed_on(self) -> None:
        sink = io.BytesIO(b"before")
        sink.seek(6)
        held = DelayedFile(sink, 4)
        held.write(b"abc")
        held.write(b"defg")
        held.write(b"h")
        assert (b"beforeabcdefgh", 8) == (sink.getvalue(), held.tell())

    @pytest.mark.parametrize("most", [4, 100])
    def test_a_second_try_begins_again(self, most: int) -> None:
        sink = io.BytesIO(b"before")
        sink.seek(6)
        held = DelayedFile(sink, most)
        held.write(b"half of it")
        held.seek(0)
        held.truncate()
        held.write(b"all of it!!")
        held.release()
        assert b"beforeall of it!!" == sink.getvalue()

    def test_it_goes_back_to_the_start_only(self) -> None:
        with pytest.raises(io.UnsupportedOperation):
            DelayedFile(io.BytesIO()).seek(3)
        with pytest.raises(io.UnsupportedOperation):
            DelayedFile(io.BytesIO()).seek(0, io.SEEK_END)


@pytest.mark.parametrize(
    ("given", "name", "parts"),
    [
        ("model.pkl", "model.pkl", ["model.pkl"]),
        ("run/1/model.pkl", "model.pkl", ["run", "1", "model.pkl"]),
        ("../../etc/passwd", "passwd", ["etc", "passwd"]),
        ("/etc/passwd", "passwd", ["etc", "passwd"]),
        ("a\\..\\b.txt", "b.txt", ["a", "b.txt"]),
        ("C:\\x", "x", ["datum", "x"]),
        ("con/..", "datum", ["_con"]),
        ("", "datum", ["datum"]),
        ("./.", "datum", ["datum"]),
        (".hidden/x", "x", ["hidden", "x"]),
    ],
)
def test_names_with_slashes_are_harmless(given: str, name: str, parts: list[str]) -> None:
    assert (name, parts) == (local_name(given), local_parts(given))


def test_what_is_held_back_ends_at_its_bound() -> None:
    sink = io.BytesIO()
    held = DelayedFile(sink, 4)
    held.write(b"four")
    assert (b"", b"four", 4) == (sink.getvalue(), held.kept, held.tell())
    held.write(b"!")
    assert (b"four!", None, 5) == (sink.getvalue(), held.kept, held.tell())
    held.release()
    assert b"four!" == sink.getvalue()


def test_a_long_answer_about_the_bytes_is_no_file(play: Play) -> None:
    """The address may come with anything else, as long as it is held back."""
    answer = sent(json.dumps({"more": "x" * 60_000, "url": ELSEWHERE}).encode(), "application/json")
    assert b"bytes" == download(play, answer, sent(b"bytes", "text/csv"))[0]


def test_an_address_that_is_too_far_down_is_none(play: Play) -> None:
    answer = sent(json.dumps({"more": "x" * 70_000, "url": ELSEWHERE}).encode(), "application/json")
    with pytest.raises(InvalidResponse, match="neither the file nor its address"):
        download(play, answer)


def test_an_answer_that_cannot_be_read_is_no_address(play: Play) -> None:
    for body in (b"{", b"[" * 60_000, b"\xff"):
        with pytest.raises(InvalidResponse, match="neither the file nor its address"):
            download(play, sent(body, "application/json"))


def test_held_back_bytes_need_no_sink_that_can_go_back() -> None:
    class Pipe:
        def __init__(self) -> None:
            self.written = b""

        def seekable(self) -> bool:
            return False

        def write(self, data: bytes) -> int:
            self.written += data
            return len(data)

    pipe = Pipe()
    held = DelayedFile(pipe)  # type: ignore[arg-type]
    assert held.writable()
    assert not held.seekable()
    held.write(b"x")
    with pytest.raises(io.UnsupportedOperation):
        held.seek(0)
    held.release()
    assert b"x" == pipe.written
