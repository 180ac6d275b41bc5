"""Bytes of attachments and embedded images, and what the server suggests for a new asset (attachments and embedded
images; writing: new templates and context).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from lxml import etree

from assetmeta.backends.responses import answered, check, check_file
from assetmeta.backends.versionone.errors import parse_error
from assetmeta.backends.versionone.options import Settings
from assetmeta.backends.versionone.rest_response import XML, cell, read_asset
from assetmeta.backends.versionone.tokens import place, require_key
from assetmeta.model.errors import Unsupported
from assetmeta.model.http import Flow, Request
from assetmeta.model.plans import AttributeChange
from assetmeta.model.schema import Attribute, Schema
from assetmeta.model.values import Oid

TYPES = frozenset({"Attachment", "EmbeddedImage"})
"""The types whose assets hold bytes."""


def download(oid: Oid, sink: BinaryIO, settings: Settings) -> Flow[str]:
    """Write the bytes of an Attachment or EmbeddedImage to *sink*, in one request, and return their media type.

    An HTML page takes a second request, for the attachment's own ContentType: sign-in pages are HTML, too. Raises
    NotFound for an unknown id, Unsupported for other types, InvalidResponse for a sign-in page.
    """
    request = Request("GET", _place(oid, settings), headers=(("Accept", "*/*"),), sink=sink, idempotent=True)
    response = answered((yield request))
    kind = "" if oid.type == "Attachment" else "image/*"
    if response.ok and response.body and response.is_page and oid.type == "Attachment":
        kind = yield from _stored_kind(oid, settings)
    return check_file(response, parse_error, kind=kind).media_type


def upload(oid: Oid, source: BinaryIO, settings: Settings) -> Flow[None]:
    """Replace the bytes by those of *source*, streamed, in one request.

    The ContentType stays the one that was written with the asset, whatever the request declares. A body that is too
    large raises Rejected with status 413 or 400.
    """
    headers = (("Content-Type", "application/octet-stream"), ("Accept", "text/xml"))
    request = Request("POST", _place(oid, settings), headers=headers, body=source, writes=True)
    check(answered((yield request)), parse_error)


def _stored_kind(oid: Oid, settings: Settings) -> Flow[str]:
    """Return the attachment's own ContentType. One request."""
    path = f"{settings.rest}/Data/{place(oid)}"
    response = answered((yield Request("GET", path, (("sel", "ContentType"),), XML, idempotent=True)))
    return read_asset(check(response, parse_error)).findtext("Attribute") or ""


def _place(oid: Oid, settings: Settings) -> str:
    if oid.type not in TYPES:
        raise Unsupported(f"Only an Attachment or an EmbeddedImage holds bytes, {oid} does not.", oid=oid.token)
    return f"{settings.attachments if oid.type == 'Attachment' else settings.images}/{require_key(oid).key}"


def template(
    schema: Schema, type_name: str, context: Oid | None, settings: Settings
) -> Flow[tuple[AttributeChange, ...]]:
    """Return the suggested values of a new asset, in one request. Without *context* the server suggests little or
    nothing.

    Attributes that the schema does not have are left out, and so are those that the server only displays.
    """
    query = (("ctx", require_key(context).token),) if context is not None else ()
    request = Request("GET", f"{settings.rest}/New/{type_name}", query, XML, idempotent=True)
    asset = read_asset(check(answered((yield request)), parse_error))
    return tuple(_deltas(schema, type_name, asset))


def _deltas(schema: Schema, type_name: str, asset: etree._Element) -> Iterator[AttributeChange]:
    attributes = schema.type(type_name).attributes
    for element in asset:
        attribute = attributes.get(element.get("name", ""))
        suggested = element.get("act") == "set" or any(child.get("act") == "add" for child in element)
        if attribute is not None and suggested:
            yield _delta(attribute, element)


def _delta(attribute: Attribute, element: etree._Element) -> AttributeChange:
    value = cell(element, attribute.multi, None)
    if attribute.multi:
        several = value if isinstance(value, tuple) and not isinstance(value, Oid) else ()
        added = tuple(item if isinstance(item, Oid) else attribute.codec.decode(item) for item in several)
        return AttributeChange(attribute.name, (), added=added, is_multi=True)
    if isinstance(value, tuple):
        return AttributeChange(attribute.name, None, value if isinstance(value, Oid) else None)
    return AttributeChange(attribute.name, None, attribute.codec.decode(value))
