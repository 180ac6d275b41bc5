"""A multipart form with one file, read as a stream and never whole in memory."""

from __future__ import annotations

import io
import secrets
from collections.abc import Mapping
from typing import BinaryIO


class Form(io.BufferedIOBase):
    """Text *fields*, then *part* with the bytes of *source* from its position. It can seek where the source can."""

    def __init__(self, part: str, name: str, source: BinaryIO, fields: Mapping[str, str] | None = None) -> None:
        super().__init__()
        mark = secrets.token_hex(16)
        self.media_type = f"multipart/form-data; boundary={mark}"
        head = "".join(_field(mark, key, value) for key, value in (fields or {}).items())
        head += (
            f'--{mark}\r\nContent-Disposition: form-data; name="{_quoted(part)}"; filename="{_quoted(name)}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        self._head = io.BytesIO(head.encode())
        self._tail = io.BytesIO(f"\r\n--{mark}--\r\n".encode())
        self._source = source
        self._start = source.tell() if source.seekable() else 0

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True where the source can seek."""
        return self._source.seekable()

    def read(self, size: int | None = -1) -> bytes:
        """Return at most *size* bytes; all the rest without one."""
        if size is None or size < 0:
            return self._head.read() + self._source.read() + self._tail.read()
        for piece in (self._head, self._source, self._tail):
            found = piece.read(size) if size else b""
            if found:
                return found
        return b""

    def tell(self) -> int:
        """The position, from the start of the form."""
        return self._head.tell() + self._source.tell() - self._start + self._tail.tell()

    def seek(self, place: int, whence: int = io.SEEK_SET) -> int:
        """Set the position, counted from the start, from the present one or from the end."""
        head, tail = len(self._head.getbuffer()), len(self._tail.getbuffer())
        size = self._size()
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self.tell(), io.SEEK_END: head + size + tail}[whence]
        target = max(0, base + place)
        self._head.seek(min(target, head))
        self._source.seek(self._start + min(max(target - head, 0), size))
        self._tail.seek(min(max(target - head - size, 0), tail))
        return self.tell()

    def _size(self) -> int:
        here = self._source.tell()
        end = self._source.seek(0, io.SEEK_END)
        self._source.seek(here)
        return end - self._start


def _field(mark: str, key: str, value: str) -> str:
    return f'--{mark}\r\nContent-Disposition: form-data; name="{_quoted(key)}"\r\n\r\n{value}\r\n'


def _quoted(text: str) -> str:
    """A text within the quotes of a header: line ends and quotes as percent codes, as browsers write them."""
    return text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
