"""The bytes of attachments and embedded images (attachments and embedded images)."""

from __future__ import annotations

from typing import BinaryIO

from assetmeta.backends.responses import answered, check, check_file, is_page
from assetmeta.backends.versionone.errors import parse_error
from assetmeta.backends.versionone.identities import place, require_key
from assetmeta.backends.versionone.options import Settings
from assetmeta.backends.versionone.rest_response import XML, read_asset
from assetmeta.model.errors import Unsupported
from assetmeta.model.http import Flow, Request
from assetmeta.model.values import Oid

TYPES = frozenset({"Attachment", "EmbeddedImage"})
"""The types whose assets keep bytes."""


def download(oid: Oid, sink: BinaryIO, settings: Settings) -> Flow[str]:
    """Write the bytes of an Attachment or EmbeddedImage to *sink*, in one request, and return their media type.

    An HTML page takes a second request, which reads whether the attachment is one: sign-in pages are HTML, too. Raises
    NotFound for an unknown id, Unsupported for other types, InvalidResponse for a sign-in page.
    """
    request = Request("GET", _place(oid, settings), headers=(("Accept", "*/*"),), sink=sink, idempotent=True)
    response = answered((yield request))
    page = False
    if response.ok and response.body and is_page(response) and oid.type == "Attachment":
        page = yield from _is_stored_page(oid, settings)
    return check_file(response, parse_error, page=page).media_type


def upload(oid: Oid, source: BinaryIO, settings: Settings) -> Flow[None]:
    """Replace the bytes by those of *source*, streamed, in one request.

    The server keeps the ContentType that was written with the asset, whatever the request says. A body that is too
    large raises Rejected with status 413 or 400.
    """
    headers = (("Content-Type", "application/octet-stream"), ("Accept", "text/xml"))
    request = Request("POST", _place(oid, settings), headers=headers, body=source, writes=True)
    check(answered((yield request)), parse_error)


def _is_stored_page(oid: Oid, settings: Settings) -> Flow[bool]:
    """True when the attachment is HTML by its own ContentType. One request."""
    path = f"{settings.rest}/Data/{place(oid)}"
    response = answered((yield Request("GET", path, (("sel", "ContentType"),), XML, idempotent=True)))
    return "html" in (read_asset(check(response, parse_error)).findtext("Attribute") or "").lower()


def _place(oid: Oid, settings: Settings) -> str:
    if oid.type not in TYPES:
        raise Unsupported(f"Only an Attachment or an EmbeddedImage keeps bytes, {oid} does not.", oid=oid.token)
    return f"{settings.attachments if oid.type == 'Attachment' else settings.images}/{require_key(oid).key}"
