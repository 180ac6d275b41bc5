"""The bytes behind a `download_url` (reference 7.5): suite files, which can be read and not written."""

from __future__ import annotations

from typing import BinaryIO

from assetmeta.backends.concurrency import send_one
from assetmeta.backends.responses import check
from assetmeta.backends.rest import files
from assetmeta.backends.rest.urls import address_of
from assetmeta.backends.testspace.connection import Settings, parse_error, resource_of
from assetmeta.backends.testspace.keys import is_file, item_path, require_key
from assetmeta.model.http import Flow, Request, Response
from assetmeta.model.values import Oid

TYPES = frozenset({"File"})
"""The types whose assets keep bytes."""


def download(oid: Oid, sink: BinaryIO, settings: Settings) -> Flow[str]:
    """Write a file's bytes to *sink* and return their media type. One request."""
    files.require_file(oid, TYPES, "File")
    path = settings.endpoint_path(item_path(resource_of(oid.type), require_key(oid)))
    return (yield from files.download(path, sink, parse_error)).media_type


def download_link(link: str, sink: BinaryIO, settings: Settings) -> Flow[str]:
    """Write what is at a `download_url` to *sink* and return its media type. One request. Credentials are sent only to
    the session's own origin; a file of the server is requested at the session's URL, whatever host the link names.
    """
    return (yield from files.download(address_of(link, settings.base, is_file), sink, parse_error)).media_type


def body(link: str, settings: Settings) -> Flow[Response]:
    """Return what is at a `download_url`. One request, to where `download_link` sends it."""
    path = address_of(link, settings.base, is_file)
    return check((yield from send_one(Request("GET", path, headers=files.ANY, idempotent=True))), parse_error)
