"""A file that is written to while its bytes are counted and summed up: downloads are bounded and checked by it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from assetmeta.model.errors import InvalidResponse
from assetmeta.model.http import Earlier, ResumableSink

DIGESTS = ("sha256", "sha1", "md5")
"""Checksums that servers keep, the most trustworthy first."""


class Expected(NamedTuple):
    """What is known of a file's bytes: their number, and a checksum as its algorithm and hexadecimal digits."""

    size: int | None = None
    digest: tuple[str, str] | None = None


class Measured(io.RawIOBase):
    """Passes bytes on to *sink*, from its current position. *progress* is called with the number of bytes so far.

    It can go back to its start, as is needed where a download begins again, if *sink* can. More than *most* bytes raise
    InvalidResponse with *advice*.
    """

    def __init__(
        self,
        sink: BinaryIO,
        digest: str | None = None,
        progress: Callable[[int], None] | None = None,
        most: int | None = None,
        advice: str = "",
    ) -> None:
        super().__init__()
        self._sink = sink
        self._digest = digest
        self._progress = progress
        self._most = most
        self._advice = advice
        seekable = getattr(sink, "seekable", None)
        self._start = sink.tell() if seekable is not None and seekable() else None
        self.size = 0
        self._sum = self._new()

    def _new(self) -> hashlib._Hash | None:
        return hashlib.new(self._digest, usedforsecurity=False) if self._digest else None

    @property
    def sum(self) -> str | None:
        """The checksum of all bytes so far, in hexadecimal digits."""
        return self._sum.hexdigest() if self._sum else None

    def check(self, expected: Expected, token: str) -> None:
        """Raise InvalidResponse, naming the asset *token*, unless the bytes are those that are expected."""
        if expected.size is not None and self.size != expected.size:
            raise InvalidResponse(f"{token}: {self.size} bytes came of {expected.size}. Try again.", oid=token)
        if expected.digest is not None and self.sum != expected.digest[1]:
            raise InvalidResponse(f"{token}: the {expected.digest[0]} of what came is not the server's.", oid=token)

    def earlier(self) -> Earlier | None:
        """What an earlier process left in *sink*."""
        return self._sink.earlier() if isinstance(self._sink, ResumableSink) else None

    def pieces(self, size: int) -> Iterable[bytes]:
        """Yield the first *size* bytes of that."""
        return self._sink.pieces(size) if isinstance(self._sink, ResumableSink) else ()

    def resume(self, size: int) -> None:
        """Go on after the first *size* bytes of that."""
        if isinstance(self._sink, ResumableSink):
            self._sum = self._new()
            if self._sum is not None:
                for piece in self._sink.pieces(size):
                    self._sum.update(piece)
            self._sink.resume(size)
            self.size = size

    def begin(self, head: Mapping[str, str]) -> None:
        """Pass on the head of the answer whose bytes follow."""
        if isinstance(self._sink, ResumableSink):
            self._sink.begin(head)

    def writable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True where *sink* can go back."""
        return self._start is not None

    def write(self, data: object) -> int:
        """Take bytes."""
        piece = bytes(cast(bytes, data))
        if self._most is not None and self.size + len(piece) > self._most:
            raise InvalidResponse(self._advice)
        self._sink.write(piece)
        self.size += len(piece)
        if self._sum is not None:
            self._sum.update(piece)
        if self._progress is not None:
            self._progress(self.size)
        return len(piece)

    def tell(self) -> int:
        """The number of bytes so far."""
        return self.size

    def seek(self, place: int, whence: int = io.SEEK_SET) -> int:
        """Go back to the start, the only place there is to go to."""
        if place or whence != io.SEEK_SET or self._start is None:
            raise io.UnsupportedOperation("only the start can be gone back to")
        self._sink.seek(self._start)
        self.size, self._sum = 0, self._new()
        return 0

    def truncate(self, size: int | None = None) -> int:
        """Cut off what was written after the present place."""
        self._sink.truncate((self._start or 0) + self.size)
        return self.size


class ReadMeter(io.RawIOBase):
    """Reads on from where *source* stands. *progress* is called with the number of bytes that were read so far."""

    def __init__(self, source: BinaryIO, progress: Callable[[int], None]) -> None:
        super().__init__()
        self._source = source
        self._progress = progress
        self._start = source.tell() if self.seekable() else 0
        self._read = 0

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True where *source* can go back."""
        seekable = getattr(self._source, "seekable", None)
        return seekable is not None and bool(seekable())

    def read(self, size: int | None = -1) -> bytes:
        """Return at most *size* bytes."""
        found = self._source.read(-1 if size is None else size)
        self._read += len(found)
        if found:
            self._progress(self._read)
        return found

    def tell(self) -> int:
        """Where *source* stands."""
        return self._source.tell()

    def seek(self, place: int, whence: int = io.SEEK_SET) -> int:
        """Set the position; what is read from there is counted again."""
        found = self._source.seek(place, whence)
        self._read = found - self._start
        return found

    @property
    def size(self) -> int | None:
        """How many bytes there are to read; None where *source* does not show it."""
        if not self.seekable():
            return None
        here = self._source.tell()
        end = self._source.seek(0, io.SEEK_END)
        self._source.seek(here)
        return end - self._start


def known_digest(sums: Mapping[str, object]) -> tuple[str, str] | None:
    """The most trustworthy checksum among *sums*, with its name; None where none is known."""
    return next(((name, str(sums[name]).lower()) for name in DIGESTS if sums.get(name)), None)


def digest_of(path: Path, digest: str) -> str:
    """The checksum of a file's bytes, in hexadecimal digits."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, lambda: hashlib.new(digest, usedforsecurity=False)).hexdigest()
