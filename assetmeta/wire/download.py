"""A file on its way into a sink: after a break the rest alone is requested, where the server can send it.

That is RFC 9110, section 14. A part that a killed process left is continued likewise, where the sink keeps it. What
came is compared with the sizes and checksums that the answers' headers name.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import BinaryIO, cast

from msgspec.structs import replace

from assetmeta.model.errors import InvalidResponse, Unreachable
from assetmeta.model.http import Earlier, Request, Response, ResumableSink
from assetmeta.wire.body import position
from assetmeta.wire.redact import redacted_line

_PART, _PAST_THE_END = 206, 416
_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)", re.IGNORECASE)
_DIGEST = re.compile(r"\b(sha-256|sha-512|md5)=:?([A-Za-z0-9+/]+=*):?", re.IGNORECASE)
_ALGORITHMS = {"sha-256": "sha256", "sha-512": "sha512", "md5": "md5"}
_KEPT = ("etag", "last-modified", "date", "content-length", "repr-digest", "digest", "content-md5")
"""What a later process needs to know to go on with the body of an answer."""

_SURELY_OLDER = 60
"""Seconds by which a date of last modification must be in the past to distinguish two contents."""


class Download(io.RawIOBase):
    """Takes the body of one request, over as many tries as it needs, and passes it on to *sink*.

    The line calls `begin` with the head of a 2xx answer before its body. `request()` is what to send next, `finished()`
    checks the answer that was the last one.
    """

    def __init__(self, request: Request, sink: BinaryIO) -> None:
        super().__init__()
        self._request = request
        self._sink = sink
        self._start = position(sink)
        self._before = 0
        self._has_begun = False
        self._restart({})
        self._earlier = sink if isinstance(sink, ResumableSink) and self._take_up(sink.earlier()) else None

    def _restart(self, head: Mapping[str, str]) -> None:
        """Note what the *head* of an answer names of the body, of which nothing came yet."""
        plain = "content-encoding" not in head
        length = head.get("content-length", "")
        self._received = 0
        self._total = int(length) if plain and re.fullmatch("[0-9]{1,18}", length) else None
        self._validator = _validator(head) if plain else None
        self._digest = _digest(head) if plain else None
        self._sum = hashlib.new(self._digest[0], usedforsecurity=False) if self._digest else None

    def _take_up(self, earlier: Earlier | None) -> bool:
        """Request the rest of what an earlier process left; False where that cannot be continued."""
        if earlier is None:
            return False
        self._restart(earlier.head)
        if self._validator is None or (self._total is not None and earlier.size > self._total):
            self._restart({})
            return False
        # At least one byte is requested: a server has no rest of a file that is whole.
        self._received = earlier.size if self._total is None else min(earlier.size, self._total - 1)
        return self._received > 0

    def request(self) -> Request:
        """Return the request for the whole file, or for the rest of it."""
        self._before = self._received
        self._has_begun = False
        return replace(self._request, headers=(*self._request.headers, *self._rest()), sink=cast(BinaryIO, self))

    def _rest(self) -> tuple[tuple[str, str], ...]:
        if not self._received or self._validator is None:
            return ()
        wanted = (("Range", f"bytes={self._received}-"), ("If-Range", self._validator[1]))
        return (*wanted, ("Accept-Encoding", "identity"))

    @property
    def can_go_on(self) -> bool:
        """True when another try can bring the file: nothing came yet, the sink can go back, or the rest is enough."""
        return not self._received or self._start is not None or self._validator is not None

    @property
    def has_advanced(self) -> bool:
        """True when the latest try brought some of the file before it broke off."""
        return self._received > self._before

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Prepare for the body of a 2xx answer. Raises Unreachable for a part that does not continue what came."""
        self._has_begun = True
        if status == _PART:
            self._check_part(headers)
            return
        if self._received:
            self._go_back()
        self._restart(headers)
        if isinstance(self._sink, ResumableSink):
            self._sink.begin({name: headers[name] for name in _KEPT if name in headers} if self._validator else {})

    def _go_back(self) -> None:
        if self._start is None:
            raise Unreachable(
                f"The answer to {self._line} broke off, the file has changed since, and what it is written to cannot "
                "go back. Try again.",
                permanent=True,
                request=self._line,
            )
        self._earlier = None
        self._sink.seek(self._start)
        self._sink.truncate()
        self._restart({})

    def _check_part(self, headers: Mapping[str, str]) -> None:
        found = _RANGE.fullmatch(headers.get("content-range", "").strip())
        if not self._rest():
            raise InvalidResponse(
                f"The answer to {self._line} is a part of the file (206), and all of it was requested.",
                status=_PART,
                request=self._line,
            )
        assert self._validator is not None
        name, value = self._validator
        total = None if found is None or found[3] == "*" else int(found[3])
        continues = (
            found is not None and int(found[1]) == self._received and self._total in (None, total or self._total)
        )
        if not continues or headers.get(name, value) != value or "content-encoding" in headers:
            self._validator = None
            raise self._broken("the part that came does not continue what had come")
        self._total = total if self._total is None else self._total
        if self._earlier is not None:
            if self._sum is not None:
                for piece in self._earlier.pieces(self._received):
                    self._sum.update(piece)
            self._earlier.resume(self._received)
            self._earlier = None

    def write(self, data: object) -> int:
        """Pass bytes on."""
        piece = bytes(cast(bytes, data))
        self._sink.write(piece)
        self._received += len(piece)
        if self._sum is not None:
            self._sum.update(piece)
        return len(piece)

    def writable(self) -> bool:
        """True."""
        return True

    def finished(self, response: Response) -> Response:
        """Return the answer, as that to the request for the whole file, once all of it came.

        Raises Unreachable for less than all of it, and InvalidResponse when its checksum is not the one in the headers.
        """
        if response.status == _PAST_THE_END and self._rest():
            self._validator = None
            raise self._broken("the server has no such rest of the file")
        if not response.ok:
            return response
        if not self._has_begun:
            # The answer is no file, but something to be read: nothing of an earlier one stays in front of it.
            if self._received:
                self._go_back()
            return response
        if self._total is not None and self._received != self._total:
            raise self._broken(f"{self._received} bytes came of {self._total}")
        if self._digest is not None and self._sum is not None and self._sum.digest() != self._digest[1]:
            raise InvalidResponse(
                f"The answer to {self._line} is damaged: its {self._digest[0]} is not the one that the server names. "
                "Try again.",
                status=response.status,
                request=self._line,
            )
        return replace(response, status=200) if response.status == _PART else response

    def _broken(self, what: str) -> Unreachable:
        return Unreachable(f"The answer to {self._line} is not whole: {what}. Try again.", request=self._line)

    @property
    def _line(self) -> str:
        return redacted_line(self._request)


def begin(sink: object, status: int, headers: Mapping[str, str]) -> None:
    """Let a sink that is a Download know the head of the answer whose body follows."""
    if isinstance(sink, Download):
        sink.begin(status, headers)


def _validator(headers: Mapping[str, str]) -> tuple[str, str] | None:
    """The header by which the same content is recognised later, with its value; None where the rest cannot be had."""
    if headers.get("accept-ranges", "").strip().lower() == "none":
        return None
    tag = headers.get("etag", "").strip()
    if tag.startswith('"'):
        return "etag", tag
    changed = headers.get("last-modified", "").strip()
    try:
        age = parsedate_to_datetime(headers.get("date", "")) - parsedate_to_datetime(changed)
    except (TypeError, ValueError):
        return None
    return ("last-modified", changed) if age.total_seconds() >= _SURELY_OLDER else None


def _digest(headers: Mapping[str, str]) -> tuple[str, bytes] | None:
    """The checksum of the body that the head of an answer names (RFC 9530, 3230 and 1864)."""
    named = _DIGEST.search(headers.get("repr-digest", "") or headers.get("digest", ""))
    name, text = (_ALGORITHMS[named[1].lower()], named[2]) if named else ("md5", headers.get("content-md5", ""))
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return (name, found) if len(found) == hashlib.new(name, usedforsecurity=False).digest_size else None
