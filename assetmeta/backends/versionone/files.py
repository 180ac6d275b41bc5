"""The bytes of attachments and embedded images (attachments and embedded images)."""

from __future__ import annotations

import re
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

_LONGEST_NAME = 120
_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"|?*\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]')
_RESERVED = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?\Z", re.IGNORECASE | re.DOTALL
)


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


def safe_name(text: str | None, otherwise: str = "attachment") -> str:
    """Return a harmless local file name for a Filename that a server gave.

    It has no separator, drive letter, control or direction-changing character, leading dot or trailing dot or blank; it
    is no reserved device name and at most 120 characters long, its extension kept. *otherwise* stands in for nothing.
    """
    last = re.split(r"[/\\]", text or "")[-1]
    name = _UNSAFE.sub("_", re.sub(r"\A[A-Za-z]:", "", last)).strip().lstrip(".").rstrip(". ")
    if not name.strip("_ "):
        name = otherwise
    if len(name) > _LONGEST_NAME:
        stem, dot, extension = name.rpartition(".")
        if not stem or len(extension) > 20:
            stem, dot, extension = name, "", ""
        name = stem[: _LONGEST_NAME - len(dot + extension)].rstrip(". ") + dot + extension
    return f"_{name}" if _RESERVED.match(name) else name


def _place(oid: Oid, settings: Settings) -> str:
    if oid.type not in TYPES:
        raise Unsupported(f"Only an Attachment or an EmbeddedImage keeps bytes, {oid} does not.", oid=oid.token)
    return f"{settings.attachments if oid.type == 'Attachment' else settings.images}/{checked(oid).key}"
