"""The bytes that a server keeps with some assets: `attachment.file_data`, and streaming to and from files."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

from assetmeta.core.checksums import Expected, Measured, ReadMeter, known_digest
from assetmeta.core.state import Instance, forget
from assetmeta.core.values import context_of
from assetmeta.core.whole_file import naming, write_whole
from assetmeta.model.contract import SupportsFiles
from assetmeta.model.errors import BadValue, ReadOnly, Unsupported, UsageError
from assetmeta.model.scalars import shown


def _get(asset: Any) -> bytes:
    sink = io.BytesIO()
    download(asset, sink, most=context_of(asset).max_bytes)
    return sink.getvalue()


def _set(asset: Any, content: bytes | BinaryIO) -> None:
    upload(asset, content)


file_data = property(
    _get,
    _set,
    doc="The asset's bytes. Reading it downloads them (one request, not remembered; more than the session's max_bytes= "
    "raise InvalidResponse); setting it uploads bytes, or an open binary file, at once (one request).",
)


def download(
    asset: Instance, sink: BinaryIO, progress: Callable[[int], None] | None = None, most: int | None = None
) -> str:
    """Write the asset's bytes to *sink* in chunks and return their media type. One request, or as many as the dialect
    needs to find them.

    *progress* is called with the number of bytes so far. They are compared with the size and checksum that are loaded
    of the asset, where the server keeps such. Raises InvalidResponse for bytes that are not these, and for more than
    *most*.
    """
    backend = _checked(asset)
    token = asset._state.oid.token
    expected = expected_of(asset)
    advice = (
        f"{token}: its file is larger than max_bytes={most}. Save it with inspect(asset).save(folder), or raise "
        "max_bytes=."
    )
    digest = expected.digest[0] if expected.digest else None
    measured = Measured(sink, digest, progress, most, advice)
    with naming(getattr(sink, "name", None)):
        found: str = context_of(asset).run(backend.download(asset._state.oid, cast(BinaryIO, measured)))
    measured.check(expected, token)
    return found


def expected_of(asset: Instance) -> Expected:
    """What is loaded of the size and the checksum of an asset's bytes. Sends nothing."""
    backend = cast(SupportsFiles, context_of(asset).backend)
    known = {kind: asset._state.cell(name) for kind, name in backend.file_facts.items()}
    size, sums = known.pop("size", None), {kind: cell for kind, cell in known.items() if isinstance(cell, str)}
    return Expected(int(size) if isinstance(size, int | str) and str(size).isdigit() else None, known_digest(sums))


def upload(asset: Instance, content: bytes | BinaryIO | Path, progress: object = None) -> None:
    """Replace the asset's bytes, streamed from a file where one is given. One request, at once. *progress* is True or
    a function (see assetmeta.features.progress).
    """
    backend = _checked(asset)
    oid = asset._state.oid
    if oid.moment is not None:
        raise ReadOnly(f"{oid.token} is seen as of {oid.moment!s}; upload to the asset as it is now.", oid=oid.token)
    if not isinstance(content, bytes | Path) and not hasattr(content, "read"):
        what = shown(content, 40)
        raise BadValue(
            f"{oid.token}: a file is given as bytes, an open binary file or a Path, not {what}.", oid=oid.token
        )
    if isinstance(content, Path):
        with content.open("rb") as opened:
            _send(asset, backend, opened, progress)
    else:
        _send(asset, backend, io.BytesIO(content) if isinstance(content, bytes) else content, progress)
    with context_of(asset).lock:
        forget(asset)


def _send(asset: Instance, backend: Any, source: BinaryIO, progress: object) -> None:
    context, oid = context_of(asset), asset._state.oid
    if not progress:
        context.run(backend.upload(oid, source))
        return
    reports: list[Callable[[int], None]] = []
    meter = ReadMeter(source, lambda size: reports[0](size))
    with context.features.progress.metered(progress, f"upload {oid.token}", meter.size, "bytes") as report:
        reports.append(report)
        context.run(backend.upload(oid, cast(BinaryIO, meter)))


def download_with(asset: Instance, sink: BinaryIO, progress: object) -> str:
    """Download as `download` does; *progress* is True or a function (see assetmeta.features.progress)."""
    if not progress:
        return download(asset, sink)
    _checked(asset)
    what, size = f"download {asset._state.oid.token}", expected_of(asset).size
    with context_of(asset).features.progress.metered(progress, what, size, "bytes") as report:
        return download(asset, sink, report)


def save(asset: Any, folder: Path, progress: object = None) -> Path:
    """Download into *folder* under a harmless form of the name that the server gives, and return the new file's path.

    The file appears when all of it has come (see assetmeta.core.whole_file); what a killed process left of it is
    continued, where the server sends the rest of the very same file. An existing file is never overwritten: a
    number is added to the name.
    """
    backend = _checked(asset)
    try:
        given = asset[backend.file_name_attribute] or asset._state.oid.token
    except Unsupported:
        # Some servers give a file's name with another asset alone.
        given = asset._state.oid.token
    source = source_of(asset)
    return write_whole(
        folder, backend.safe_name(str(given)), lambda sink: download_with(asset, sink, progress), source=source
    )


def source_of(asset: Instance) -> str:
    """Where an asset's bytes come from: its server, and its identity there."""
    return f"{context_of(asset).link('')} {asset._state.oid.token}"


def _checked(asset: Instance) -> Any:
    backend = context_of(asset).backend
    oid = asset._state.oid
    if oid.type not in backend.can.file_types:
        raise Unsupported(f"{oid.token}: {backend.name} keeps no file with a {oid.type}.", oid=oid.token)
    if oid.is_new:
        raise UsageError(f"{oid.token} does not exist yet: commit it, then send its file.", oid=oid.token)
    return backend
