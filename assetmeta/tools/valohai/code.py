"""Code that is in no repository: a folder or a package of it as an ad-hoc commit."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from assetmeta.backends.valohai import actions
from assetmeta.core.state import forget
from assetmeta.model.errors import BadValue
from assetmeta.model.scalars import shown
from assetmeta.tools.valohai.dialect import merge_object, require_context, valohai
from assetmeta.tools.valohai.working_copy import code_files

MOST_FILES = 10_000
"""Files in one package; more are data rather than code. This and the sizes below are those of valohai-cli."""

MEBIBYTE = 1024 * 1024
LARGE_FILE = 50 * MEBIBYTE
LARGE_PACKAGE = 150 * MEBIBYTE
"""Bytes of one file, and of all files, from which on a warning recommends inputs for data."""

MOST_BYTES = 2000 * MEBIBYTE
MOST_PACKED = 1000 * MEBIBYTE
"""Bytes of all files, and of the package, from which on nothing is packed."""

_NAMED = 5
_ADVICE = "Data belong into inputs; name what is no code in .vhignore or .gitignore, or choose by files=."

_IN_MEMORY = 16 * 1024 * 1024
_CHUNK = 1024 * 1024


def upload_code(
    project: Any,
    source: str | Path | bytes | BinaryIO,
    *,
    files: Iterable[str] | None = None,
    description: str = "",
    yaml_path: str | None = None,
    validate: bool = True,
) -> Any:
    """Make an ad-hoc commit of code in a project and return the Commit, which executions can be created of.

    *source* is a folder, or a package that exists: a gzipped tar file as a path, bytes or an open binary file that can
    seek. Of a folder *files* are packed (paths below it), or the files that valohai-cli chooses, too: in a Git working
    copy those that are tracked or not ignored, elsewhere those that .gitignore does not name; in either without what
    .vhignore names, and without hidden files (of tracked ones those at the top). *yaml_path* is where the configuration
    is in the code; the project's own unless given.

    A package that the project has already is not uploaded again, so that it is safe to do this twice: one request then,
    two for a new one, and one more where the project's yaml_path is not loaded. Warns of large files and packages.
    Raises BadValue for a folder without the configuration, for too many files and for too many bytes, unless *validate*
    is False. Raises Unsupported where the extra `valohai` is needed to read .vhignore, or .gitignore without Git.
    """
    context = require_context(project, "Project")
    path = yaml_path or project.yaml_path or "valohai.yaml"
    with _package(source, files, path, validate) as package:
        oid, settings = project._state.oid, valohai(context.backend)
        start = package.tell()
        identifier = f"~{_sha256(package)}"
        found = context.run(actions.known_code(identifier, oid, settings))
        if found is None:
            package.seek(start)
            fields = {"description": description, "yaml_path": path}
            found = context.run(actions.import_code(oid, package, fields, settings))
            with context.lock:
                forget(project, ["commits"])
        return merge_object(context, "Commit", found, oid.key)


class _Kept(io.BufferedIOBase):
    """A file of the caller's, left open when a `with` block ends."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source

    def __enter__(self) -> BinaryIO:  # type: ignore[override]
        return self._source

    def __exit__(self, *_: object) -> None:
        return


def _package(source: str | Path | bytes | BinaryIO, files: Iterable[str] | None, yaml_path: str, validate: bool) -> Any:
    """The package as an open file, in a `with` block."""
    if isinstance(source, bytes):
        return io.BytesIO(source)
    if isinstance(source, str | Path):
        place = Path(source)
        if place.is_dir():
            return pack(place, files, yaml_path, validate=validate)
        if place.is_file():
            return place.open("rb")
        raise BadValue(f"{place} is neither a folder nor a package of code.")
    if not hasattr(source, "read") or not hasattr(source, "seek"):
        raise BadValue(
            f"Code is a folder, a package as a path or bytes, or an open binary file, not {shown(source, 40)}."
        )
    return _Kept(source)


def pack(
    folder: Path, files: Iterable[str] | None = None, yaml_path: str = "valohai.yaml", *, validate: bool = True
) -> BinaryIO:
    """Return a gzipped tar file of a folder, which stands at its start. The same files make the same bytes: order,
    times and owners are left out. Sends nothing. Chooses, warns and raises as `upload_code`.
    """
    names = sorted(set(code_files(folder) if files is None else _checked(folder, files)))
    if validate:
        _validate(folder, names, yaml_path)
    made = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - the caller closes it
    with (
        gzip.GzipFile("", "wb", fileobj=cast(Any, made), mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as package,
    ):
        for name in names:
            with (folder / name).open("rb") as content:
                package.addfile(_entry(folder / name, name), content)
    if validate and made.tell() >= MOST_PACKED:
        size = made.tell()
        made.close()
        raise BadValue(f"The package of {folder} has {_shown(size)}, and {_shown(MOST_PACKED)} are too many. {_ADVICE}")
    made.seek(0)
    return cast(BinaryIO, made)


def _validate(folder: Path, names: list[str], yaml_path: str) -> None:
    """Raise BadValue for what is no package of code, and warn of what is large for one."""
    if len(names) > MOST_FILES:
        raise BadValue(f"{folder} has more than {MOST_FILES} files of code. {_ADVICE}")
    if yaml_path not in names:
        raise BadValue(
            f"{folder} has no {yaml_path}, or it is ignored: name the configuration in yaml_path=, or put it into "
            "files=."
        )
    sizes = {name: (folder / name).stat().st_size for name in names}
    total = sum(sizes.values())
    if total >= MOST_BYTES:
        raise BadValue(f"The files of {folder} have {_shown(total)}, and {_shown(MOST_BYTES)} are too many. {_ADVICE}")
    largest = sorted((name for name in names if sizes[name] >= LARGE_FILE), key=lambda name: -sizes[name])
    if largest or total >= LARGE_PACKAGE:
        about = "".join(f"; {name}: {_shown(sizes[name])}" for name in largest[:_NAMED])
        text = f"{folder} makes a large package of code: {_shown(total)} in {len(names)} files{about}. {_ADVICE}"
        warnings.warn(text, stacklevel=3)


def _shown(size: int) -> str:
    return f"{size / MEBIBYTE:.0f} MiB"


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
