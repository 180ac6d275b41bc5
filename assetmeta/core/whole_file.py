"""Files that appear whole or not at all: written beside, saved, and only then given their names."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import BinaryIO, cast

from assetmeta.core.part_file import PartFile, open_part

_DISK = frozenset(
    getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EFBIG", "EIO", "EROFS") if hasattr(errno, name)
)
"""Errors of the place that is written to, which do not name the file by themselves."""


def write_whole(
    folder: Path, name: str, fill: Callable[[BinaryIO], object], *, replace: bool = False, source: str = ""
) -> Path:
    """Let *fill* write a new file in *folder* and return its path, once all of it is on the disk.

    Until then its bytes are in a file beside it, whose name begins with a dot and ends in `.part`; it is removed when
    *fill* raises, and is all that a killed process leaves behind, with the head of the answer that the bytes came with.
    *source* names where the bytes come from: whoever next writes those of the same source here goes on with what is
    there, where *fill* can (model.http.ResumableSink), and otherwise begins it again.

    A file that exists is never overwritten, also one that appears meanwhile: a number is added to the name, which has
    to be a harmless one. With *replace* it is replaced, in one step. Raises OSError, which names the file, where it
    cannot be written.
    """
    target = folder / Path(name)
    with naming(target):
        part = _opened(folder, source, target)
        try:
            fill(cast(BinaryIO, part))
            part.finish()
            return part.path.replace(target) if replace else _named(part.path, target)
        finally:
            part.remove()


def numbered(target: Path) -> Iterator[Path]:
    """Yield *target*, and then the names that replace it where it is taken: `name-2.txt`, `name-3.txt` ..."""
    for number in count(1):
        yield target if number == 1 else target.with_name(f"{target.stem}-{number}{target.suffix}")


@contextmanager
def naming(target: object) -> Iterator[None]:
    """Let errors of the disk in a block name the file that was written to, where *target* is its path."""
    try:
        yield
    except OSError as error:
        if error.errno not in _DISK or error.filename is not None or not isinstance(target, str | Path):
            raise
        raise OSError(error.errno, error.strerror, str(target)) from error


def _opened(folder: Path, source: str, target: Path) -> PartFile:
    try:
        return open_part(folder, source)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(target)) from error


def _named(part: Path, target: Path) -> Path:
    for path in numbered(target):
        with suppress(FileExistsError):
            _rename(part, path)
            return path
    raise AssertionError("there is always one more number")


def _rename(part: Path, path: Path) -> None:
    """Give a file its name. Raises FileExistsError where that is taken."""
    try:
        # A second name for the same bytes: the one step that never replaces what is there.
        os.link(part, path)
    except FileExistsError:
        raise
    except (OSError, AttributeError, NotImplementedError):
        # File systems without such names, FAT for one: what appears between these two lines is replaced.
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
        part.rename(path)
