"""Files and their bytes (section 2.9 of the protocol)."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from typing import NamedTuple

from assetmeta.sandbox.rest.refusals import Missing, Refused

from . import writes
from .catalogue import KINDS
from .model import Document, Kind
from .reader import document, row_of
from .workspace import Workspace

FILES = KINDS["files"]
VERSIONS = "files/versions"
ANY = "application/octet-stream"


class Upload(NamedTuple):
    """The part `file` of a multipart body. *type* is "" where the part names none."""

    name: str
    content: bytes
    type: str = ""


class Content(NamedTuple):
    """The bytes of an object, as they are to be handed out."""

    name: str
    mimetype: str
    content: bytes


def upload(space: Workspace, fields: Mapping[str, object], given: Upload | None) -> Document:
    """POST to `files/`: a file with its bytes and its first version."""
    if given is None:
        raise Refused.of("file", "No file was submitted.")
    body = {"file_type": 1, **fields, "name": fields.get("name") or given.name}
    id = writes.create(space, FILES, body)
    _keep(space, id, given)
    return document(space, FILES, id)


def replace(space: Workspace, kind: Kind, id: int, given: Upload | None) -> Document:
    """New bytes for a file, as a new version of it, or for an image block."""
    row_of(space, kind, id)
    if given is None:
        raise Refused.of("file", "No file was submitted.")
    if kind.endpoint == FILES.endpoint:
        _keep(space, id, given)
    else:
        space.store.write_blob(kind.endpoint, id, given.name, given.type or ANY, given.content)
    return document(space, kind, id)


def create_empty(space: Workspace, body: object) -> Document:
    """`files/create-empty/`: a file without bytes, such as a link."""
    if isinstance(body, Mapping) and body.get("file_type", 2) in (2, "2") and not body.get("link"):
        raise Refused.of("link", "This field is required.")
    given = {"file_type": 2, **body} if isinstance(body, Mapping) else body
    return document(space, FILES, writes.create(space, FILES, given))


def content(space: Workspace, kind: Kind, id: int) -> Content:
    """The bytes of an object. Raises Missing where there are none."""
    found = space.store.read_blob(kind.endpoint, id) if space.store.get(kind.endpoint, id) is not None else None
    if found is None:
        raise Missing(kind.title)
    return Content(*found)


def _keep(space: Workspace, id: int, given: Upload) -> None:
    type = given.type or mimetypes.guess_type(given.name)[0] or ANY
    number = len(space.store.pointing(VERSIONS, "file", id)) + 1
    space.store.put(FILES.endpoint, id, {"mimetype": type})
    space.store.write_blob(FILES.endpoint, id, given.name, type, given.content)
    space.store.insert(VERSIONS, {"version": str(number), "file": id, "created": space.now, "size": len(given.content)})
