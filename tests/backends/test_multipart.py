"""A multipart form around a file: what servers read of it, in pieces of any size and from any place on."""

from __future__ import annotations

import email
import io
from email.message import Message
from typing import Any

import pytest

from assetmeta.backends.multipart import Form


class Pipe(io.RawIOBase):
    """What can be read once."""

    def __init__(self, content: bytes) -> None:
        self._inner = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def read(self, size: int = -1) -> bytes:
        return self._inner.read(size)


def form(content: bytes = b"payload", before: bytes = b"", **more: Any) -> Form:
    source = io.BytesIO(before + content)
    source.seek(len(before))
    return Form("file", "a.txt", source, **more)


def parts(made: Form, whole: bytes) -> list[Message]:
    """The parts of a form as another reader finds them."""
    found = email.message_from_bytes(b"Content-Type: " + made.media_type.encode() + b"\r\n\r\n" + whole)
    payload = found.get_payload()
    assert isinstance(payload, list)
    assert not found.defects
    return payload  # type: ignore[return-value]


def test_fields_come_first_in_their_order_and_the_file_last() -> None:
    made = form(b"pay\r\nload\x00", fields={"project": "24", "folder": "Ümlaut", "empty": ""})
    found = parts(made, made.read())
    names = [part.get_param("name", header="content-disposition") for part in found]
    assert ["project", "folder", "empty", "file"] == names
    assert [b"24", "Ümlaut".encode(), b"", b"pay\r\nload\x00"] == [part.get_payload(decode=True) for part in found]
    assert "a.txt" == found[3].get_filename()
    assert "application/octet-stream" == found[3].get_content_type()


@pytest.mark.parametrize("content", [b"", b"x", b"payload" * 1000])
def test_a_form_without_fields(content: bytes) -> None:
    made = form(content)
    [part] = parts(made, made.read())
    assert content == part.get_payload(decode=True)


def test_two_forms_have_different_boundaries() -> None:
    assert form().media_type != form().media_type


def test_names_cannot_leave_their_quotes() -> None:
    source = io.BytesIO(b"x")
    made = Form('fi"le', 'a"b\r\nX: y\n.txt', source, {'k"\r\n': "v"})
    head = made.read().partition(b"\r\n\r\nv\r\n")
    assert b'name="k%22%0D%0A"' in head[0]
    assert b'name="fi%22le"; filename="a%22b%0D%0AX: y%0A.txt"' in head[2]


@pytest.mark.parametrize("size", [1, 2, 7, 64, 10_000])
def test_pieces_make_the_whole(size: int) -> None:
    made = form(b"payload" * 20, b"skipped", fields={"a": "b"})
    whole = made.read()
    assert b"skipped" not in whole
    made.seek(0)
    pieces = list(iter(lambda: made.read(size), b""))
    assert whole == b"".join(pieces)
    assert max(map(len, pieces)) <= size
    assert len(whole) == made.tell()


@pytest.mark.parametrize("everything", [None, -1, -5])
def test_without_a_size_all_the_rest_is_read(everything: int | None) -> None:
    made = form()
    whole = made.read(everything)
    assert b"" == made.read(everything)
    made.seek(10)
    assert b"" == made.read(0)
    assert whole[10:] == made.read(everything)


def test_every_place_can_be_gone_to() -> None:
    made = form(b"payload", b"skipped", fields={"a": "b"})
    whole = made.read()
    for place in range(len(whole) + 1):
        assert place == made.seek(place) == made.tell()
        assert whole[place : place + 5] == b"".join(made.read(1) for _ in range(5))
        assert place == made.seek(place)
        assert whole[place:] == made.read()


def test_places_are_counted_from_the_start_from_here_and_from_the_end() -> None:
    made = form()
    size = len(made.read())
    assert size == made.seek(0, io.SEEK_END)
    assert size - 3 == made.seek(-3, io.SEEK_END)
    assert size - 5 == made.seek(-2, io.SEEK_CUR)
    assert size - 4 == made.seek(1, io.SEEK_CUR)
    assert 0 == made.seek(-5)
    assert 0 == made.seek(-size - 1, io.SEEK_END)
    assert size == made.seek(size + 100)
    assert b"" == made.read(1)


def test_a_source_that_is_read_once_makes_a_form_that_is() -> None:
    made = Form("file", "a", Pipe(b"payload"))  # type: ignore[arg-type]
    assert made.readable()
    assert not made.seekable()
    pieces = list(iter(lambda: made.read(5), b""))
    assert b"payload" == parts(made, b"".join(pieces))[0].get_payload(decode=True)
    assert form().seekable()
