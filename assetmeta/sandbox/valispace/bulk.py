"""The two bulk writes (section 5.5 of the protocol), each of them all or nothing."""

from __future__ import annotations

from assetmeta.sandbox.rest.refusals import Refused, missing_object
from assetmeta.sandbox.rest.values import as_object

from . import writes
from .catalogue import KINDS
from .derived import COMPONENT_VMS, REQUIREMENTS
from .model import Document
from .reader import document
from .workspace import Workspace


def requirements(space: Workspace, body: object) -> list[Document]:
    """`{"<id>": {"<field>": value}}`: change each requirement. Errors stand under its id."""
    body = as_object(body)
    return _each(space, REQUIREMENTS, [(key, changes) for key, changes in body.items()])


def component_vms(space: Workspace, body: object) -> list[Document]:
    """`{"ids": [...], "data": {...}}`: the same change of all."""
    body = as_object(body)
    errors: dict[str, object] = {name: ["This field is required."] for name in ("ids", "data") if name not in body}
    if errors:
        raise Refused(errors)
    ids = body["ids"]
    if not isinstance(ids, list):
        raise Refused.of("ids", f'Expected a list of items but got type "{type(ids).__name__}".')
    return _each(space, COMPONENT_VMS, [(id, body["data"]) for id in ids])


def _each(space: Workspace, endpoint: str, changes: list[tuple[object, object]]) -> list[Document]:
    kind = KINDS[endpoint]
    errors: dict[str, object] = {}
    done = []
    for key, data in changes:
        text = str(key)
        if (
            isinstance(key, bool)
            or not (text.isascii() and text.isdigit())
            or space.store.get(endpoint, int(text)) is None
        ):
            errors[text] = [missing_object(text)]
            continue
        try:
            writes.update(space, kind, int(text), data)
        except Refused as refused:
            errors[text] = refused.errors
        done.append(int(text))
    if errors:
        raise Refused(errors)
    return [document(space, kind, id) for id in dict.fromkeys(done)]
