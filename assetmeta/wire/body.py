"""Bodies read out of files, and taking those back to where they began."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO

from msgspec.structs import replace

from assetmeta.model.errors import BadValue
from assetmeta.model.http import SNIFFED, Request, Response

CHUNK = 64 * 1024

_PART = 206

_PAGE = 1024 * 1024
"""Bytes from which on a page is a file and no sign-in page."""


class StreamedBody:
    """A file's bytes from its present position on, as a body that the HTTP library can iterate, and again.

    `len`, which the library looks for, is set when the file can seek; otherwise the body is sent in chunks, once.
    Iterating raises BadValue when the file cannot be read twice, is open as text, or gets shorter while it is sent.
    """

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._start: int | None = None
        self.sent = 0
        self.failure: OSError | None = None
        if is_seekable(source):
            self._start = source.tell()
            self.len = source.seek(0, io.SEEK_END) - self._start
            source.seek(self._start)

    def __iter__(self) -> Iterator[bytes]:
        if self._start is not None:
            self._source.seek(self._start)
        elif self.sent:
            raise BadValue("The file cannot be rewound, and its bytes have to be sent a second time.")
        self.sent = 0
        limit = getattr(self, "len", None)
        while limit is None or self.sent < limit:
            chunk = self._read(CHUNK if limit is None else min(CHUNK, limit - self.sent))
            if not chunk:
                break
            self.sent += len(chunk)
            yield chunk
        if limit is not None and self.sent < limit:
            raise BadValue("The file became shorter while it was being sent.")

    def _read(self, size: int) -> bytes:
        try:
            chunk = self._source.read(size)
        except OSError as error:
            # Kept, because the HTTP library would report it as a broken connection.
            self.failure = error
            raise
        if not isinstance(chunk, bytes | bytearray | memoryview):
            raise BadValue("The file to send is open as text; open it with mode 'rb'.")
        return chunk


def is_file(request: Request, answer: Response) -> bool:
    """True when the body of an answer belongs into the request's sink: no error, and no HTML page that the server does
    not mark as a file. Sign-in pages of proxies are HTML with status 200, and small. The body of *answer* may be the
    beginning of it, as `beginning` returns it.
    """
    if request.sink is None or not answer.ok:
        return False
    if "content-disposition" in answer.headers:
        return True
    return "html" not in answer.media_type and (_is_part(answer) or len(answer.body) >= _PAGE or not answer.is_page)


def beginning(request: Request, answer: Response, pieces: Iterator[bytes]) -> bytes:
    """Read as much of a body as shows whether it is a file: nothing where the head alone does, all of a small page."""
    head = bytearray()
    if not is_file(request, answer) or "content-disposition" in answer.headers or _is_part(answer):
        return b""
    for piece in pieces:
        head += piece
        if len(head) >= SNIFFED and is_file(request, replace(answer, body=bytes(head))):
            break
    return bytes(head)


def _is_part(answer: Response) -> bool:
    return answer.status == _PART


class BodyPosition:
    """The position of the file of a request before it was first sent, so that it can be sent again."""

    def __init__(self, request: Request) -> None:
        self._body = None if request.body is None or isinstance(request.body, bytes) else request.body
        self._body_start = position(self._body)

    @property
    def is_possible(self) -> bool:
        """True when the request's body can be sent again."""
        return self._body is None or self._body_start is not None

    def rewind(self) -> None:
        """Take the file back to that position."""
        if self._body is not None and self._body_start is not None:
            self._body.seek(self._body_start)


def is_seekable(file: BinaryIO) -> bool:
    """True when the file can go back; objects that only have `read` cannot."""
    seekable = getattr(file, "seekable", None)
    return bool(seekable()) if seekable is not None else hasattr(file, "seek") and hasattr(file, "tell")


def position(file: BinaryIO | None) -> int | None:
    """The position of a file; None for one that cannot be rewound."""
    return file.tell() if file is not None and is_seekable(file) else None
