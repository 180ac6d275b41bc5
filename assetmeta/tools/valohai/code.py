"""Code that is in no repository: a folder or a package of it as an ad-hoc commit."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from assetmeta.backends.valohai import acts
from assetmeta.core.state import forget
from assetmeta.model.errors import BadValue
from assetmeta.tools.valohai.dialect import met, valohai, workspace_of

MOST_FILES = 10_000
"""Files in one package; more are data rather than code."""

_IN_MEMORY = 16 * 1024 * 1024
_CHUNK = 1024 * 1024


def upload_code(
    project: Any,
    source: str | Path | bytes | BinaryIO,
    *,
    files: Iterable[str] | None = None,
    description: str = "",
    yaml_path: str | None = None,
) -> Any:
    """Make an ad-hoc commit of code in a project and return the Commit, which executions can be created of.

    *source* is a folder, or a package that exists: a gzipped tar file as a path, bytes or an open binary file that can
    seek. Of a folder *files* are packed (paths below it), or all but those whose name, or a folder of theirs, begins
    with a dot. *yaml_path* is where the configuration is in the code; the project's own unless given.

    A package that the project has already is not uploaded again, so that it is safe to do this twice: one request then,
    two for a new one, and one more where the project's yaml_path is not loaded. Raises BadValue for a folder without
    the configuration, and for too many files.
    """
    workspace = workspace_of(project, "Project")
    path = yaml_path or project.yaml_path or "valohai.yaml"
    with _package(source, files, path) as package:
        oid, settings = project._state.oid, valohai(workspace.backend)
        start = package.tell()
        identifier = f"~{_sha256(package)}"
        found = workspace.run(acts.known_code(identifier, oid, settings))
        if found is None:
            package.seek(start)
            fields = {"description": description, "yaml_path": path}
            found = workspace.run(acts.imported(oid, package, fields, settings))
            with workspace.lock:
                forget(project, ["commits"])
        return met(workspace, "Commit", found, oid.key)


class _Kept(io.BufferedIOBase):
    """A file of somebody else's, left open when a `with` block ends."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source

    def __enter__(self) -> BinaryIO:  # type: ignore[override]
        return self._source

    def __exit__(self, *_: object) -> None:
        return


def _package(source: str | Path | bytes | BinaryIO, files: Iterable[str] | None, yaml_path: str) -> Any:
    """The package as an open file, in a `with` block."""
    if isinstance(source, bytes):
        return io.BytesIO(source)
    if isinstance(source, str | Path):
        place = Path(source)
        if place.is_dir():
            return pack(place, files, yaml_path)
        if place.is_file():
            return place.open("rb")
        raise BadValue(f"{place} is neither a folder nor a package of code.")
    if not hasattr(source, "read") or not hasattr(source, "seek"):
        raise BadValue(f"Code is a folder, a package as a path or bytes, or an open binary file, not {source!r:.40}.")
    return _Kept(source)


def pack(folder: Path, files: Iterable[str] | None = None, yaml_path: str = "valohai.yaml") -> BinaryIO:
    """Return a gzipped tar file of a folder, which stands at its start. The same files make the same bytes: order,
    times and owners are left out. Sends nothing. Raises BadValue.
    """
    names = sorted(set(_walked(folder) if files is None else _checked(folder, files)))
    if len(names) > MOST_FILES:
        raise BadValue(f"{folder} has more than {MOST_FILES} files; name those that are code in files=.")
    if yaml_path not in names:
        raise BadValue(f"{folder} has no {yaml_path}: name the configuration in yaml_path=, or put it into files=.")
    made = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - the caller closes it
    with (
        gzip.GzipFile("", "wb", fileobj=cast(Any, made), mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as package,
    ):
        for name in names:
            with (folder / name).open("rb") as content:
                package.addfile(_entry(folder / name, name), content)
    made.seek(0)
    return cast(BinaryIO, made)


def _walked(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        if path.is_file() and not path.is_symlink() and not any(part.startswith(".") for part in parts):
            yield "/".join(parts)


def _checked(folder: Path, files: Iterable[str]) -> Iterator[str]:
    for name in files:
        path = folder / name
        if Path(name).is_absolute() or ".." in Path(name).parts or not path.is_file():
            raise BadValue(f"{name!r} is no file below {folder}.")
        yield Path(name).as_posix()


def _entry(path: Path, name: str) -> tarfile.TarInfo:
    """The head of one file: its name, its size, and whether it can be executed."""
    about = path.stat()
    entry = tarfile.TarInfo(name)
    entry.size = about.st_size
    entry.mode = 0o755 if about.st_mode & 0o100 else 0o644
    return entry


def _sha256(source: BinaryIO) -> str:
    found = hashlib.sha256()
    while piece := source.read(_CHUNK):
        found.update(piece)
    return found.hexdigest()
