"""The bytes of files (reference 2.9): a file object contains their address; new ones are sent as a form."""

from __future__ import annotations

from typing import BinaryIO

from assetmeta.backends.error_documents import parse_error
from assetmeta.backends.multipart import Form
from assetmeta.backends.responses import check
from assetmeta.backends.rest import files
from assetmeta.backends.rest.http import Object, fetch_object, read_object
from assetmeta.backends.rest.urls import address_of
from assetmeta.backends.valispace.connection import Settings
from assetmeta.backends.valispace.keys import require_key
from assetmeta.model.errors import Unsupported
from assetmeta.model.http import Flow
from assetmeta.model.values import Oid

TYPES = frozenset({"File"})
"""The types whose assets keep bytes."""

_LINK, _REFERENCE = 2, 3


def download(oid: Oid, sink: BinaryIO, settings: Settings) -> Flow[str]:
    """Write a file's bytes to *sink* and return their media type. Two requests: the object, then its address.

    Raises Unsupported for a link and for a file that is a reference to another: they have no bytes of their own.
    """
    item = yield from _object(oid, settings)
    link = item.get("download_url")
    if item.get("file_type") in (_LINK, _REFERENCE) or not isinstance(link, str) or not link:
        where = item.get("link") or link or item.get("reference_file") or "nothing"
        raise Unsupported(f"{oid.token} has no bytes of its own; it leads to {where}.", oid=oid.token)
    path = address_of(link, settings.base, settings.is_own)
    kind, name = str(item.get("mimetype") or ""), str(item.get("name") or "")
    return (yield from files.download(path, sink, kind=kind, name=name)).media_type


def upload(oid: Oid, source: BinaryIO, settings: Settings) -> Flow[None]:
    """Replace a file's bytes by those of *source*, streamed. Two requests: the object, for its name, and the form."""
    item = yield from _object(oid, settings)
    form = Form("file", str(item.get("name") or "file"), source)
    check((yield from files.upload("PATCH", settings.endpoint_path("files", oid.key), form)), parse_error)


def upload_new(fields: dict[str, str], name: str, source: BinaryIO, settings: Settings) -> Flow[Object]:
    """Make a file of the bytes of *source*, streamed, and return the new object. *fields* are `project`, `folder` and
    other fields as text. One request.
    """
    form = Form("file", name, source, fields)
    return read_object((yield from files.upload("POST", settings.endpoint_path("files"), form)))


def _object(oid: Oid, settings: Settings) -> Flow[Object]:
    files.require_file(oid, TYPES, "File")
    return fetch_object(settings.endpoint_path("files", require_key(oid.type, oid.key)))
