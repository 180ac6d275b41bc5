"""Bytes that are counted, bounded and summed up on their way, in both directions."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import pytest

from assetmeta.core.checksums import DIGESTS, Expected, Measured, ReadMeter, digest_of, known_digest
from assetmeta.model.errors import InvalidResponse


class Pipe(io.RawIOBase):
    """Takes and gives bytes, and cannot go back."""

    def __init__(self, content: bytes = b"") -> None:
        super().__init__()
        self.content = content

    def write(self, data: Any) -> int:
        self.content += data
        return len(data)

    def read(self, size: int | None = -1) -> bytes:
        found = self.content if size in (-1, None) else self.content[:size]
        self.content = self.content[len(found) :]
        return found


def test_the_most_trustworthy_checksum_counts() -> None:
    assert DIGESTS == ("sha256", "sha1", "md5")
    sums = {"md5": "AA", "sha1": "BB", "sha256": "CC"}
    assert known_digest(sums) == ("sha256", "cc")
    assert known_digest({**sums, "sha256": None}) == ("sha1", "bb")
    assert known_digest({"md5": "AA", "sha1": ""}) == ("md5", "aa")
    assert known_digest({"crc": "AA"}) is known_digest({}) is None


@pytest.mark.parametrize("digest", DIGESTS)
def test_what_is_written_is_counted_and_summed_up(digest: str, tmp_path: Path) -> None:
    sink, seen = io.BytesIO(b"before"), []
    sink.seek(6)
    measured = Measured(sink, digest, seen.append)
    assert (measured.write(b"ab"), measured.write(memoryview(b"cde"))) == (2, 3)
    assert (measured.size, measured.tell(), seen, sink.getvalue()) == (5, 5, [2, 5], b"beforeabcde")
    (tmp_path / "file").write_bytes(b"abcde")
    assert measured.sum == hashlib.new(digest, b"abcde").hexdigest() == digest_of(tmp_path / "file", digest)
    measured.seek(0)
    measured.truncate()
    assert (measured.size, sink.getvalue(), measured.sum) == (0, b"before", hashlib.new(digest).hexdigest())
    measured.write(b"x")
    assert (measured.sum, measured.truncate(), sink.getvalue()) == (
        hashlib.new(digest, b"x").hexdigest(),
        1,
        b"beforex",
    )
    assert (Measured(sink).sum, measured.writable(), measured.seekable()) == (None, True, True)


def test_the_only_way_back_is_to_the_start() -> None:
    for measured, place, whence in (
        (Measured(io.BytesIO()), 1, io.SEEK_SET),
        (Measured(io.BytesIO()), 0, io.SEEK_END),
        (Measured(Pipe()), 0, io.SEEK_SET),
    ):
        with pytest.raises(io.UnsupportedOperation):
            measured.seek(place, whence)
    assert not Measured(Pipe()).seekable()


def test_the_last_byte_that_is_allowed_is_taken_and_the_next_refused() -> None:
    sink = io.BytesIO()
    measured = Measured(sink, most=5, advice="too much")
    measured.write(b"abc")
    measured.write(b"de")
    with pytest.raises(InvalidResponse, match="too much"):
        measured.write(b"f")
    assert (sink.getvalue(), measured.size) == (b"abcde", 5)
    with pytest.raises(InvalidResponse):
        Measured(sink, most=0).write(b"x")


def test_what_came_is_compared_with_what_is_expected() -> None:
    measured = Measured(io.BytesIO(), "md5")
    measured.write(b"abc")
    digest = hashlib.md5(b"abc").hexdigest()
    assert (Expected().size, Expected().digest) == (None, None)
    for fine in (Expected(), Expected(3), Expected(3, ("md5", digest)), Expected(None, ("md5", digest))):
        measured.check(fine, "File:1")
    for bad, words in (
        (Expected(4), "3 bytes came of 4"),
        (Expected(2), "3 bytes"),
        (Expected(3, ("md5", "x")), "md5"),
    ):
        with pytest.raises(InvalidResponse, match=f"File:1: .*{words}") as caught:
            measured.check(bad, "File:1")
        assert caught.value.oid == "File:1"
    empty = Measured(io.BytesIO())
    with pytest.raises(InvalidResponse, match="0 bytes came of 3"):
        empty.check(Expected(3), "File:1")


def test_what_is_read_is_counted_from_where_it_begins() -> None:
    source, seen = io.BytesIO(b"xxabcde"), []
    source.seek(2)
    meter = ReadMeter(source, seen.append)
    assert (meter.size, meter.tell(), meter.seekable(), meter.readable()) == (5, 2, True, True)
    assert (meter.read(2), meter.read(), meter.read(), meter.size) == (b"ab", b"cde", b"", 5)
    assert seen == [2, 5]
    assert meter.seek(3) == 3
    assert (meter.read(None), seen) == (b"bcde", [2, 5, 5])
    assert meter.seek(-1, io.SEEK_END) == 6
    assert (meter.read(), seen[-1]) == (b"e", 5)
    pipe = ReadMeter(Pipe(b"abc"), seen.append)
    assert (pipe.size, pipe.seekable(), pipe.read(2), seen[-1]) == (None, False, b"ab", 2)
