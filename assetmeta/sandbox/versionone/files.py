"""attachment.img, attachment.v1 and embedded.img: the bytes of attachments and embedded images."""

from __future__ import annotations

import re

from assetmeta.sandbox.messages import Response

from .call import Call, no_such_path
from .engine import Engine
from .problems import Cause, Problem
from .requests import Query
from .tokens import parse_token

UNKNOWN = "application/octet-stream"
LIMIT = 16 * 1024 * 1024

_ID = re.compile(r"\d{1,18}", re.ASCII)
_MEDIA_TYPE = re.compile(r"[\w.+*-]+/[\w.+*-]+[\x20-\x7e]*", re.ASCII)


class Files:
    """The bytes of the assets of one type ("Attachment"). *limit* is the largest body taken."""

    def __init__(self, engine: Engine, type_name: str, limit: int = LIMIT) -> None:
        self.engine = engine
        self.type_name = type_name
        self.limit = limit

    def __call__(self, call: Call) -> Response:
        """GET gives the bytes and the asset's content type, POST replaces the bytes whatever type the request names."""
        if len(call.rest) != 1 or not _ID.fullmatch(call.rest[0]):
            raise no_such_path(call.request.path)
        call.known(())
        oid = f"{self.type_name}:{int(call.rest[0])}"
        query = Query(self.type_name, (parse_token("ContentType"),), oid=oid, member=call.member)
        stored = self.engine.select(query).rows[0].values["ContentType"]
        if call.request.method == "POST":
            self._write(oid, call.request.body)
            return Response(200)
        kind = stored if isinstance(stored, str) and _MEDIA_TYPE.fullmatch(stored) else UNKNOWN
        return Response(200, self.engine.read_blob(oid) or b"", kind)

    def _write(self, oid: str, content: bytes) -> None:
        if len(content) > self.limit:
            text = f"The file has {len(content)} bytes, more than the {self.limit} allowed"
            raise Problem(413, "Request Entity Too Large", (Cause("VersionOne.HttpException", text),))
        self.engine.write_blob(oid, content)
