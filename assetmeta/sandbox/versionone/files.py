"""attachment.img, attachment.v1, attachments.img, embedded.img and Image.mvc: the bytes of attachments and images."""

from __future__ import annotations

import re

from assetmeta.sandbox.messages import Response
from assetmeta.sandbox.rest.bodies import read_body
from assetmeta.sandbox.rest.refusals import Refusal

from .call import Call, no_such_path
from .engine import Engine
from .literals import parse_oid
from .problems import Cause, Problem, invalid_oid, missing
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
        return self._answer(call, call.request.body)

    def form(self, call: Call) -> Response:
        """The same, where a POST is a form of the type multipart/form-data with one file."""
        return self._answer(call, uploaded(call) if call.request.method == "POST" else b"")

    def shown(self, call: Call) -> Response:
        """GET Image.mvc/Show?imageOid={oid}: the bytes for a page that shows them."""
        call.only("GET")
        call.known({"imageoid"})
        if [part.lower() for part in call.rest] != ["show"]:
            raise no_such_path(call.request.path)
        text = call.parameters.get("imageoid", "")
        try:
            parsed = parse_oid(text)
        except ValueError:
            parsed = None
        if parsed is None:
            raise invalid_oid(text)
        if parsed[0] != self.type_name:
            raise missing(text)
        oid = f"{self.type_name}:{parsed[1]}"
        kind = self._media_type(oid, call.member)
        return Response(200, self.engine.read_blob(oid) or b"", kind)

    def _answer(self, call: Call, content: bytes) -> Response:
        if len(call.rest) != 1 or not _ID.fullmatch(call.rest[0]):
            raise no_such_path(call.request.path)
        call.known(())
        oid = f"{self.type_name}:{int(call.rest[0])}"
        kind = self._media_type(oid, call.member)
        if call.request.method != "POST":
            return Response(200, self.engine.read_blob(oid) or b"", kind)
        self._write(oid, content)
        return Response(200)

    def _media_type(self, oid: str, member: str) -> str:
        """The media type kept for an asset. Raises a 404 problem where there is no such asset."""
        query = Query(self.type_name, (parse_token("ContentType"),), oid=oid, member=member)
        stored = self.engine.select(query).rows[0].values["ContentType"]
        return stored if isinstance(stored, str) and _MEDIA_TYPE.fullmatch(stored) else UNKNOWN

    def _write(self, oid: str, content: bytes) -> None:
        if len(content) > self.limit:
            text = f"The file has {len(content)} bytes, more than the {self.limit} allowed"
            raise Problem(413, "Request Entity Too Large", (Cause("VersionOne.HttpException", text),))
        self.engine.write_blob(oid, content)


def uploaded(call: Call) -> bytes:
    """The bytes of the only file of a form. Raises a 400 problem where there is none, or more than one."""
    try:
        files = read_body(call.request).files
    except Refusal:
        files = {}
    if len(files) != 1:
        cause = Cause("VersionOne.HttpException", "The body is no multipart/form-data with one file")
        raise Problem(400, "Bad Request", (cause,))
    (file,) = files.values()
    return file.content
