"""The bytes that a server keeps with some assets: `attachment.file_data`, and streaming to and from files."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from assetmeta.core.access import workspace_of
from assetmeta.core.state import Tracked, forget
from assetmeta.model.errors import BadValue, Misuse, ReadOnly, Unsupported


def _get(asset: Any) -> bytes:
    sink = io.BytesIO()
    download(asset, sink)
    return sink.getvalue()


def _set(asset: Any, content: bytes | BinaryIO) -> None:
    upload(asset, content)


file_data = property(
    _get,
    _set,
    doc="The asset's bytes. Reading it downloads them (one request, not remembered); setting it uploads bytes, or an "
    "open binary file, at once (one request).",
)


def download(asset: Tracked, sink: BinaryIO) -> str:
    """Write the asset's bytes to *sink* in chunks and return their media type. One request."""
    backend = _checked(asset)
    found: str = workspace_of(asset).run(backend.download(asset._state.oid, sink))
    return found


def upload(asset: Tracked, content: bytes | BinaryIO | Path) -> None:
    """Replace the asset's bytes, streamed from a file where one is given. One request, at once."""
    backend = _checked(asset)
    workspace, oid = workspace_of(asset), asset._state.oid
    if oid.moment is not None:
        raise ReadOnly(f"{oid.token} is seen as of {oid.moment!s}; upload to the asset as it is now.", oid=oid.token)
    if not isinstance(content, bytes | Path) and not hasattr(content, "read"):
        raise BadValue(f"{oid.token}: a file is given as bytes, an open binary file or a Path, not {content!r:.40}.")
    if isinstance(content, Path):
        with content.open("rb") as opened:
            workspace.run(backend.upload(asset._state.oid, opened))
    else:
        source = io.BytesIO(content) if isinstance(content, bytes) else content
        workspace.run(backend.upload(asset._state.oid, source))
    with workspace.lock:
        forget(asset)


def save(asset: Any, folder: Path) -> Path:
    """Download into *folder* under a harmless form of the name that the server gives, and return the new file's path.

    An existing file is never overwritten: a number is added to the name.
    """
    backend = _checked(asset)
    given = asset[backend.file_name_attribute] or asset._state.oid.token
    return stored(folder, backend.safe_name(str(given)), lambda sink: download(asset, sink))


def stored(folder: Path, name: str, fill: Callable[[BinaryIO], object]) -> Path:
    """Let *fill* write a new file in *folder*, and return its path; nothing is left of it when that fails.

    An existing file is never overwritten: a number is added to the name, which has to be a harmless one.
    """
    plain = Path(name)
    target, number = folder / plain, 1
    while True:
        try:
            sink = target.open("xb")
        except FileExistsError:
            number += 1
            target = folder / f"{plain.stem}-{number}{plain.suffix}"
            continue
        try:
            with sink:
                fill(sink)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        return target


def _checked(asset: Tracked) -> Any:
    backend = workspace_of(asset).backend
    oid = asset._state.oid
    if oid.type not in backend.can.file_types:
        raise Unsupported(f"{oid.token}: {backend.name} keeps no file with a {oid.type}.", oid=oid.token)
    if oid.is_new:
        raise Misuse(f"{oid.token} does not exist yet: commit it, then send its file.", oid=oid.token)
    return backend
