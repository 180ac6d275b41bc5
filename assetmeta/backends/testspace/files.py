"""The bytes behind a `download_url` (reference 7.5): suite files, which can be read and not written."""

from __future__ import annotations

from typing import BinaryIO

from assetmeta.backends.concurrency import send_one
from assetmeta.backends.responses import check, check_file
from assetmeta.backends.rest.urls import address_of
from assetmeta.backends.testspace.connection import Settings, resource_of
from assetmeta.backends.testspace.errors import parse_error
from assetmeta.backends.testspace.keys import is_file, item_path, require_key
from assetmeta.model.errors import Unsupported
from assetmeta.model.http import Flow, Request, Response
from assetmeta.model.values import Oid

TYPES = frozenset({"File"})
"""The types whose assets keep bytes."""

_ANY = (("Accept", "*/*"),)


def download(oid: Oid, sink: BinaryIO, settings: Settings) -> Flow[str]:
    """Write a file's bytes to *sink* and return their media type. One request."""
    if oid.type not in TYPES:
        raise Unsupported(f"Only a File keeps bytes, {oid} does not.", oid=oid.token)
    place = settings.endpoint_path(item_path(resource_of(oid.type), require_key(oid)))
    return (yield from _streamed(place, sink)).media_type


def fetched(link: str, sink: BinaryIO, settings: Settings) -> Flow[str]:
    """Write what is at a `download_url` to *sink* and return its media type. One request; credentials go along only to
    the session's own origin, and to the session's own URL goes what is a file of the server, whatever host it names.
    """
    return (yield from _streamed(address_of(link, settings.base, is_file), sink)).media_type


def body(link: str, settings: Settings) -> Flow[Response]:
    """Return what is at a `download_url`. One request, as `fetched`."""
    place = address_of(link, settings.base, is_file)
    return check((yield from send_one(Request("GET", place, headers=_ANY, idempotent=True))), parse_error)


def _streamed(place: str, sink: BinaryIO) -> Flow[Response]:
    request = Request("GET", place, headers=_ANY, sink=sink, idempotent=True)
    return check_file((yield from send_one(request)), parse_error)
