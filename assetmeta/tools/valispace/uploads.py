"""New files: `files/` takes a form. (The bytes of a file that exists are `inspect(file).upload(...)`.)"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, BinaryIO

from assetmeta.backends.valispace.files import upload_new
from assetmeta.core.asset import Asset
from assetmeta.core.context import SessionContext
from assetmeta.core.state import forget
from assetmeta.model.errors import BadValue, InvalidResponse
from assetmeta.model.scalars import shown
from assetmeta.model.values import Oid
from assetmeta.tools.valispace.dialect import require_context, valispace


def upload(
    project: Any,
    content: bytes | BinaryIO | Path,
    name: str | None = None,
    *,
    folder: Any = None,
    attached_to: Any = None,
) -> Any:
    """Make a file in a project and return the File. One request, streamed from an open binary file or a Path.

    *name* is needed unless a Path is given. *folder* is a FileFolder, *attached_to* any asset that the file belongs to.
    Raises BadValue for what cannot be sent, Rejected when the server turns it down.
    """
    context = require_context(project, "Project")
    called = content.name if name is None and isinstance(content, Path) else name
    if not called:
        raise BadValue("A new file needs a name.", type_name="File")
    fields = _fields(context, project, folder, attached_to)
    if isinstance(content, Path):
        with content.open("rb") as source:
            made = _sent(context, fields, called, source)
    elif isinstance(content, bytes):
        made = _sent(context, fields, called, io.BytesIO(content))
    elif hasattr(content, "read"):
        made = _sent(context, fields, called, content)
    else:
        raise BadValue(f"A file is given as bytes, an open binary file or a Path, not {shown(content, 40)}.")
    with context.lock:
        forget(project, ["files"])
    return made


def _fields(context: SessionContext, project: Any, folder: Any, attached_to: Any) -> dict[str, str]:
    fields = {"project": str(project.intid)}
    if folder is not None:
        require_context(folder, "FileFolder")
        fields["folder"] = str(folder.intid)
    if attached_to is not None:
        if not isinstance(attached_to, Asset):
            raise BadValue(f"A file is attached to an asset, not to {shown(attached_to)}.", type_name="File")
        require_context(attached_to, attached_to._type.name)
        fields["content_type"] = str(valispace(context.backend).content_type(context.schema, attached_to._state.oid))
        fields["object_id"] = str(attached_to.intid)
    return fields


def _sent(context: SessionContext, fields: dict[str, str], name: str, source: BinaryIO) -> Any:
    item = context.run(upload_new(fields, name, source, valispace(context.backend)))
    key = item.get("id")
    if not isinstance(key, int):
        raise InvalidResponse("The answer to the upload does not contain the id of the new file.", type_name="File")
    return context.asset(Oid("File", key))
