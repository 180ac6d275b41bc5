"""The bytes of attachments and embedded images (attachments and embedded images)."""

from __future__ import annotations

from typing import BinaryIO

from assetmeta.backends.base import answered, check
from assetmeta.backends.versionone.complaints import explain
from assetmeta.backends.versionone.identities import checked
from assetmeta.backends.versionone.settings import Settings
from assetmeta.model.errors import Unsupported
from assetmeta.model.flows import Flow, Request
from assetmeta.model.values import Oid

TYPES = frozenset({"Attachment", "EmbeddedImage"})
"""The types whose assets keep bytes."""


def download(oid: Oid, sink: BinaryIO, settings: Settings) -> Flow[str]:
    """Write the bytes of an Attachment or EmbeddedImage to *sink*, in one request, and return their media type.

    Raises NotFound for an unknown id, Unsupported for other types.
    """
    request = Request("GET", _place(oid, settings), headers=(("Accept", "*/*"),), sink=sink, idempotent=True)
    return check(answered((yield request)), explain).media_type


def upload(oid: Oid, source: BinaryIO, settings: Settings) -> Flow[None]:
    """Replace the bytes by those of *source*, streamed, in one request.

    The server keeps the ContentType that was written with the asset, whatever the request says. A body that is too
    large raises Refused with status 413 or 400.
    """
    headers = (("Content-Type", "application/octet-stream"), ("Accept", "text/xml"))
    request = Request("POST", _place(oid, settings), headers=headers, body=source, writes=True)
    check(answered((yield request)), explain)


def _place(oid: Oid, settings: Settings) -> str:
    if oid.type not in TYPES:
        raise Unsupported(f"Only an Attachment or an EmbeddedImage keeps bytes, {oid} does not.", oid=oid.token)
    return f"{settings.attachments if oid.type == 'Attachment' else settings.images}/{checked(oid).key}"
