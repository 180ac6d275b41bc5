"""The bytes of data (reference 10): the API answers with them, or with their address."""

from __future__ import annotations

import io
import json
import re
from typing import BinaryIO, cast

from assetmeta.backends.filenames import safe_name
from assetmeta.backends.rest import files
from assetmeta.backends.rest.urls import address_of
from assetmeta.backends.valohai.connection import Settings
from assetmeta.backends.valohai.keys import path_key
from assetmeta.model.errors import InvalidResponse, Unsupported
from assetmeta.model.http import Flow, Response
from assetmeta.model.values import Oid

TYPES = frozenset({"Datum"})
"""The types whose assets keep bytes."""

FACTS = {name: name for name in ("size", "sha256", "sha1", "md5")}
"""The attributes with which the bytes are compared when they were received."""

_HELD = 64 * 1024
_ADDRESS = re.compile(r"https?://|/(?!/)", re.IGNORECASE)


class DelayedFile(io.RawIOBase):
    """A file to write to that keeps the beginning back: it may be a document with the address of the bytes, not the
    bytes.

    More than *most* bytes are passed on to *sink*; `release()` passes on what was kept. It can be set back to
    its start where the sink can.
    """

    def __init__(self, sink: BinaryIO, most: int = _HELD) -> None:
        super().__init__()
        self._sink = sink
        self._most = most
        self._start = sink.tell() if sink.seekable() else None
        self._kept: bytearray | None = bytearray()

    @property
    def kept(self) -> bytes | None:
        """All that was written, or None when it was too much to be kept back."""
        return None if self._kept is None else bytes(self._kept)

    def release(self) -> None:
        """Pass on what was kept back."""
        if self._kept is not None:
            kept, self._kept = bytes(self._kept), None
            self._sink.write(kept)

    def writable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True where the sink can seek."""
        return self._start is not None

    def write(self, data: object) -> int:
        """Take bytes."""
        piece = bytes(cast(bytes, data))
        if self._kept is None:
            self._sink.write(piece)
            return len(piece)
        self._kept += piece
        if len(self._kept) > self._most:
            self.release()
        return len(piece)

    def tell(self) -> int:
        """The position, from the start on."""
        return len(self._kept) if self._kept is not None else self._sink.tell() - (self._start or 0)

    def seek(self, place: int, whence: int = io.SEEK_SET) -> int:
        """Go back to the start, the only position that is supported; `truncate()` then discards what was written."""
        if place or whence != io.SEEK_SET or self._start is None:
            raise io.UnsupportedOperation("only the start is supported")
        if self._kept is None:
            self._sink.seek(self._start)
            self._sink.truncate()
        self._kept = bytearray()
        return 0

    def truncate(self, size: int | None = None) -> int:
        """What was written is discarded already, by going back."""
        return 0


def download(oid: Oid, sink: BinaryIO, settings: Settings) -> Flow[str]:
    """Write a datum's bytes to *sink* and return their media type.

    One request where the API sends them itself, two where it sends their address. The second goes to a storage of its
    own, which receives no credentials. Raises Unsupported for what is not a Datum, NotFound, Rejected for a purged one.
    """
    files.require_file(oid, TYPES, "Datum")
    held = DelayedFile(sink)
    path = settings.endpoint_path("data", path_key(oid), "download")
    response = yield from files.download(path, cast(BinaryIO, held))
    if _is_file(response):
        held.release()
        return response.media_type
    place = address_of(_location(held, response), settings.base, settings.is_own)
    return (yield from files.download(place, sink)).media_type


def _is_file(response: Response) -> bool:
    """True when the answer is the bytes themselves: it is marked so, or it is not a document."""
    marked = response.headers.get("content-disposition", "").strip().lower().startswith("attachment")
    return marked or "json" not in response.media_type


def _location(held: DelayedFile, response: Response) -> str:
    try:
        found = json.loads(held.kept or b"")
    except (ValueError, RecursionError):
        found = None
    url = found.get("url") if isinstance(found, dict) else None
    if isinstance(url, str) and _ADDRESS.match(url):
        return url
    line = response.request.line if response.request else "the download"
    raise InvalidResponse(f"The answer to {line} has neither the file nor its address.", status=200, request=line)


def upload(oid: Oid, source: BinaryIO, settings: Settings) -> Flow[None]:
    """Raise Unsupported: the API takes no files but code; data come from executions and from stores."""
    yield from ()
    raise Unsupported(
        f"{oid.token}: data cannot be uploaded through the API. Write them in an execution, or adopt a file of a store "
        "(assetmeta.tools.valohai.adopt).",
        oid=oid.token,
    )


def local_name(given: str) -> str:
    """Return a harmless local name for a datum's name, which may contain slashes: its last part."""
    return safe_name(given, "datum")


def local_parts(given: str) -> list[str]:
    """Return harmless folders and a name for a datum's name with slashes; none of them leads up."""
    parts = [part for part in given.replace("\\", "/").split("/") if part.strip(". ")]
    return [safe_name(part, "datum") for part in parts] or ["datum"]
