"""The object storage: an origin of its own that gives out files to signed addresses, with the errors of S3."""

from __future__ import annotations

import hashlib
import mimetypes
import re
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote, urlsplit
from xml.sax.saxutils import escape

from assetmeta.sandbox.messages import Request, Response

from .signing import checked, signed

BUCKET = "sandbox-data"
ATTACHMENT = "response-content-disposition"
RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.IGNORECASE)


class Fetched(NamedTuple):
    """One request to the storage. *authorization* is the header of that name, None where none was sent."""

    method: str
    path: str
    status: int
    authorization: str | None


class Storage:
    """Serves what `read` finds, to addresses that `address` made and for as long as they are good.

    A request that carries an Authorization header beside its signature is refused with 400, as S3 does it; *fetched*
    has every request with the header it came with, so that a test can tell that no token ever arrived.
    """

    def __init__(self, read: Callable[[str], bytes | None], now: Callable[[], datetime]) -> None:
        self.fetched: list[Fetched] = []
        self.port: int | None = None
        self._read = read
        self._now = now
        self._secret = secrets.token_bytes(32)

    def opened(self, port: int) -> None:
        """Learn the port that this storage is reached at."""
        self.port = port

    def address(self, origin: str, key: str, name: str, seconds: int) -> str:
        """Where the file *key* can be read for *seconds*: on the host of *origin*, at the storage's own port.

        Raises RuntimeError while the storage is not served.
        """
        if self.port is None:
            raise RuntimeError("the storage has no port: run the face with assetmeta.sandbox.running")
        host = urlsplit(origin).hostname or "127.0.0.1"
        base = f"http://{f'[{host}]' if ':' in host else host}:{self.port}"
        path = f"/{BUCKET}/{key}/{quote(name)}"
        return base + signed(self._secret, path, name.rpartition("/")[2], self._now(), seconds)

    def answer(self, request: Request) -> Response:
        """A file, or an error in XML."""
        authorization = request.headers.get("authorization")
        response = self._answer(request, authorization)
        self.fetched.append(Fetched(request.method, request.path, response.status, authorization))
        return response

    def _answer(self, request: Request, authorization: str | None) -> Response:
        if authorization is not None:
            return failure(400, "InvalidArgument", "Only one auth mechanism allowed.")
        try:
            given = checked(self._secret, request.method, request.path, request.query, self._now())
        except PermissionError as error:
            return failure(403, *error.args)
        key = request.path.split("/")[2]
        content = self._read(key)
        if content is None:
            return failure(404, "NoSuchKey", "The specified key does not exist.")
        return found(request, content, given[ATTACHMENT])


def found(request: Request, content: bytes, disposition: str) -> Response:
    """The file, whole, or the part of it that a Range header names (RFC 9110, 14).

    As in S3 a request for several parts at once, or one that is malformed, gets the whole file; a part that begins
    behind its end is refused with 416. An If-Range that is not the file's ETag gets the whole file.
    """
    media_type = mimetypes.guess_type(request.path)[0] or "application/octet-stream"
    tag = f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
    headers = (("ETag", tag), ("Accept-Ranges", "bytes"), ("Content-Disposition", disposition))
    wanted = bounds(request.headers.get("range", "").strip(), len(content))
    if wanted is None or request.headers.get("if-range", tag) != tag:
        return Response(200, content, media_type, headers)
    start, end = wanted
    if start > end:
        return failure(416, "InvalidRange", "The requested range is not satisfiable")
    part = ("Content-Range", f"bytes {start}-{end}/{len(content)}")
    return Response(206, content[start : end + 1], media_type, (*headers, part))


def bounds(given: str, size: int) -> tuple[int, int] | None:
    """The first and last byte that a Range header names of *size* bytes: `first-last`, `first-`, or the `-last` ones.

    The first lies behind the last where there are no such bytes. None for a header that is to be ignored.
    """
    match = RANGE.fullmatch(given)
    first, last = match.groups() if match else ("", "")
    if not first:
        return (max(size - int(last), 0), size - 1 if int(last) else -1) if last else None
    if last and int(last) < int(first):
        return None
    return (int(first), min(int(last or size), size - 1)) if int(first) < size else (0, -1)


def failure(status: int, code: str, text: str) -> Response:
    """An error as S3 tells it."""
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{escape(text)}</Message></Error>'
    )
    return Response(status, body.encode(), "application/xml")
