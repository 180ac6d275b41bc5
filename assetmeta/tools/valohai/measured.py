"""A file that is written to while its bytes are counted and summed up, so that a download can be checked."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO, cast

DIGESTS = ("sha256", "sha1", "md5")
"""Sums that servers tell, the most trustworthy first."""


class Measured(io.RawIOBase):
    """Passes bytes on to *sink*, which stands at its start. *told* is called with the number of bytes so far.

    It can go back to its start, as is needed where a download is tried again.
    """

    def __init__(self, sink: BinaryIO, digest: str | None = None, told: Callable[[int], None] | None = None) -> None:
        super().__init__()
        self._sink = sink
        self._digest = digest
        self._told = told
        self.size = 0
        self._sum = self._new()

    def _new(self) -> hashlib._Hash | None:
        return hashlib.new(self._digest, usedforsecurity=False) if self._digest else None

    @property
    def sum(self) -> str | None:
        """The sum of all bytes so far, in hexadecimal digits."""
        return self._sum.hexdigest() if self._sum else None

    def writable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def write(self, data: object) -> int:
        """Take bytes."""
        piece = bytes(cast(bytes, data))
        self._sink.write(piece)
        self.size += len(piece)
        if self._sum is not None:
            self._sum.update(piece)
        if self._told is not None:
            self._told(self.size)
        return len(piece)

    def tell(self) -> int:
        """The number of bytes so far."""
        return self.size

    def seek(self, place: int, whence: int = io.SEEK_SET) -> int:
        """Go back to the start, the only place there is to go to."""
        if place or whence != io.SEEK_SET:
            raise io.UnsupportedOperation("only the start can be gone back to")
        self._sink.seek(0)
        self.size, self._sum = 0, self._new()
        return 0

    def truncate(self, size: int | None = None) -> int:
        """Cut off what was written after the present place."""
        self._sink.truncate(self.size)
        return self.size


def known_digest(sums: Mapping[str, object]) -> tuple[str, str] | None:
    """The most trustworthy sum among *sums*, with its name; None where none is known."""
    return next(((name, str(sums[name]).lower()) for name in DIGESTS if sums.get(name)), None)


def digest_of(path: Path, digest: str) -> str:
    """The sum of a file's bytes, in hexadecimal digits."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, lambda: hashlib.new(digest, usedforsecurity=False)).hexdigest()
