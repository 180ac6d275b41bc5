"""The bytes of files: streamed to a sink, and sent as a form."""

from __future__ import annotations

from collections.abc import Container
from typing import BinaryIO, cast

from assetmeta.backends.error_documents import parse_error
from assetmeta.backends.multipart import Form
from assetmeta.backends.responses import ErrorParser, answered, check_file
from assetmeta.backends.rest.http import JSON
from assetmeta.model.errors import Unsupported
from assetmeta.model.http import Flow, Request, Response
from assetmeta.model.values import Oid

ANY = (("Accept", "*/*"),)
"""The headers of a request for bytes of any kind."""


def require_file(oid: Oid, types: Container[str], word: str) -> None:
    """Raise Unsupported for an asset that keeps no bytes; *word* names what does."""
    if oid.type not in types:
        raise Unsupported(f"Only a {word} keeps bytes, {oid} does not.", oid=oid.token)


def download(
    path: str, sink: BinaryIO, explain: ErrorParser = parse_error, *, kind: str = "", name: str = ""
) -> Flow[Response]:
    """Write the bytes at *path* to *sink*, and return the answer. One request. *kind* and *name* describe the file (see
    `check_file`).
    """
    response = answered((yield Request("GET", path, headers=ANY, sink=sink, idempotent=True)))
    return check_file(response, explain, kind=kind, name=name)


def upload(method: str, path: str, form: Form) -> Flow[Response]:
    """Send a form, streamed, and return the answer of any status. One request."""
    headers = (*JSON, ("Content-Type", form.media_type))
    return answered((yield Request(method, path, headers=headers, body=cast(BinaryIO, form), writes=True)))
