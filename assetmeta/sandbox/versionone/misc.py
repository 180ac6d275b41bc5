"""The small read-only endpoints: meta.v1, loc.v1, loc-2.v1, config.v1 and the page of one asset."""

from __future__ import annotations

import json
from html import escape
from urllib.parse import unquote_plus

from assetmeta.sandbox.messages import Response

from .call import Call, no_such_path, whole_token
from .engine import Engine
from .json_out import CONTENT_TYPE as JSON
from .localization import Localizer
from .meta import MetaDocuments
from .problems import Cause, Problem, bad_parameter, missing
from .requests import Query, RowOut
from .tokens import equality, parse_token
from .xml_out import CONTENT_TYPE as XML
from .xml_out import DECLARATION, quoted


class Meta:
    """meta.v1/[{Type}[/{attribute, path or operation}]]."""

    def __init__(self, documents: MetaDocuments) -> None:
        self.documents = documents

    def __call__(self, call: Call) -> Response:
        """Answer one request; 404 for a name that is not in the schema."""
        call.only("GET")
        call.known(())
        rest = [*call.rest[:1], *whole_token(call.rest[1:])]
        if len(rest) > 2:
            raise no_such_path(call.request.path)
        if not rest:
            document: bytes | None = self.documents.whole(as_json=call.as_json)
        elif len(rest) == 1:
            document = self.documents.of_type(rest[0], as_json=call.as_json)
        else:
            document = self.documents.of_member(rest[0], rest[1], as_json=call.as_json)
        if document is None:
            text = f"Unknown token: {'.'.join(rest)}"
            raise Problem(404, "Not Found", (Cause("VersionOne.MetaException", text),))
        if call.as_json:
            return Response(200, document, JSON)
        return Response(200, styled(document, call.parameters.get("xsl")), XML)


def styled(document: bytes, stylesheet: str | None) -> bytes:
    """An XML document that names a stylesheet for browsers."""
    if not stylesheet:
        return document
    body = document.partition(b"?>")[2] if document.startswith(b"<?xml ") else document
    href = quoted(stylesheet).replace("?>", "?&gt;")
    return f'{DECLARATION}<?xml-stylesheet type="text/xsl" href={href}?>\n'.encode() + body.lstrip()


class Localization:
    """loc.v1/?{tag} as plain text, and loc-2.v1?[{tag},{tag}] as a JSON map."""

    def __init__(self, localizer: Localizer) -> None:
        self.localizer = localizer

    def one(self, call: Call) -> Response:
        """The text of one tag."""
        tag = self._query(call)
        return Response(200, self.localizer.text(tag).encode(), "text/plain; charset=utf-8")

    def many(self, call: Call) -> Response:
        """The texts of several tags."""
        tags = self._query(call).strip()
        if not (tags.startswith("[") and tags.endswith("]")):
            raise bad_parameter("TAG", f"Not a list of tags in brackets: {tags}")
        names = [tag.strip() for tag in tags[1:-1].split(",") if tag.strip()]
        return Response(200, json.dumps({tag: self.localizer.text(tag) for tag in names}).encode(), JSON)

    def _query(self, call: Call) -> str:
        call.only("GET")
        if call.rest:
            raise no_such_path(call.request.path)
        return unquote_plus(call.request.query)


class Configuration:
    """config.v1: the server's settings."""

    def __init__(self, version: str, limit: int) -> None:
        self.version = version
        self.settings = {
            "EffortTracking": "True",
            "StoryTrackingLevel": "Mix",
            "DefectTrackingLevel": "Mix",
            "CapacityPlanning": "On",
            "MaximumAttachmentSize": str(limit),
        }

    def __call__(self, call: Call) -> Response:
        """Answer one request, in XML."""
        call.only("GET")
        call.known(())
        if call.rest:
            raise no_such_path(call.request.path)
        settings = "".join(
            f"<Setting key={quoted(key)} value={quoted(value)} />" for key, value in self.settings.items()
        )
        text = f"{DECLARATION}<Configuration version={quoted(self.version)}>{settings}</Configuration>"
        return Response(200, text.encode(), XML)


class AssetDetail:
    """assetdetail.v1?oid={oid} or ?number={number}: the page of one asset, for people."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def __call__(self, call: Call) -> Response:
        """Answer one request; 404 where no such asset exists."""
        call.only("GET")
        call.known({"oid", "number"})
        if call.rest:
            raise no_such_path(call.request.path)
        oid, number = call.parameters.get("oid"), call.parameters.get("number")
        if (oid is None) == (number is None):
            raise bad_parameter("OID", "Give either oid or number")
        asset = self._named(call, oid) if oid is not None else self._numbered(call, number or "")
        title = escape(asset)
        page = f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
        return Response(200, page.encode(), "text/html; charset=utf-8")

    def _named(self, call: Call, oid: str) -> str:
        name = parse_token("Name")
        type_name = oid.partition(":")[0]
        kind = self.engine.catalogue.find(type_name)
        if kind is None:
            raise missing(oid)
        select = (name,) if "Name" in kind.attributes else ()
        row = self.engine.select(Query(type_name, select, oid=oid, member=call.member)).rows[0]
        return titled(row)

    def _numbered(self, call: Call, number: str) -> str:
        query = Query("Workitem", (parse_token("Name"),), where=equality("Number", number), member=call.member)
        for row in self.engine.select(query).rows:
            return titled(row)
        raise missing(number)


def titled(row: RowOut) -> str:
    """The OID token and the name, where there is one."""
    return f"{row.asset} {row.values.get('Name') or ''!s}".strip()
