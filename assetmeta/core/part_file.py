"""A file that is not whole yet, beside its target. One process writes to it at a time, and when that is killed, the
next one that wants the same content goes on with it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from assetmeta.model import optional
from assetmeta.model.folders import READING, is_own, is_private
from assetmeta.model.http import Earlier

CHUNK = 64 * 1024

_SLOTS = 100
"""Part files of one content at most; each but the first belongs to another download at the same time."""

_LONGEST_HEAD = 64 * 1024

_NEW_OR_OLD = sum(getattr(os, flag, 0) for flag in ("O_RDWR", "O_CREAT", "O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC"))

_CAN_LOCK = sys.platform != "win32"


class PartFile(io.FileIO):
    """The bytes on their way into a file (model.http.ResumableSink), and beside them, in a file of their own, the head
    of the answer that they came with.

    What an earlier process left is dropped by the first write, unless `resume` was called before.
    """

    def __init__(self, path: Path, number: int, *, is_shared: bool) -> None:
        super().__init__(number, "r+b")
        self.path = path
        self._is_shared = is_shared
        self._is_begun = False
        self._head = path.with_name(f"{path.name}.head")

    def earlier(self) -> Earlier | None:
        """What an earlier process left, and the head of its answer; None where that is nothing to build upon."""
        about = os.fstat(self.fileno())
        head = self._read_head() if self._is_shared and about.st_size and is_private(about) else None
        return None if self._is_begun or head is None else Earlier(about.st_size, head)

    def pieces(self, size: int) -> Iterator[bytes]:
        """Yield the first *size* bytes."""
        self.seek(0)
        while size and (piece := self.read(min(size, CHUNK))):
            size -= len(piece)
            yield piece

    def resume(self, size: int) -> None:
        """Go on after the first *size* bytes."""
        self.seek(size)
        super().truncate()
        self._is_begun = True

    def begin(self, head: Mapping[str, str]) -> None:
        """Begin again, with the bytes of an answer with this *head*; an empty one cannot be continued."""
        self.seek(0)
        self.truncate()
        if head and self._is_shared:
            # A disk that does not take it will not take the file either.
            with suppress(OSError):
                self._write_head(head)

    def truncate(self, size: int | None = None) -> int:
        """Cut off what is after the present place, and forget the head."""
        self._is_begun = True
        self._head.unlink(missing_ok=True)
        return super().truncate(size)

    def write(self, data: object) -> int:
        """Write all of the bytes."""
        if not self._is_begun:
            self.begin({})
        left = memoryview(data).cast("B")  # type: ignore[arg-type]
        size = len(left)
        while left:
            left = left[super().write(left) :]
        return size

    def finish(self) -> None:
        """Write everything to the disk. The file may be renamed then."""
        if not self._is_begun:
            self.begin({})
        os.fsync(self.fileno())
        self._head.unlink(missing_ok=True)
        if not self._is_shared:
            # Some systems rename no open file; where this one is locked, it stays so until it has its name.
            self.close()

    def remove(self) -> None:
        """Remove what has got no other name."""
        for path in (self.path, self._head):
            path.unlink(missing_ok=True)
        self.close()

    def _read_head(self) -> dict[str, str] | None:
        try:
            with open(os.open(self._head, READING), "rb") as file:
                about = os.fstat(file.fileno())
                if not stat.S_ISREG(about.st_mode) or not is_private(about):
                    return None
                found = json.loads(file.read(_LONGEST_HEAD))
        except (OSError, ValueError, RecursionError):
            return None
        return {str(name): str(text) for name, text in found.items()} if isinstance(found, dict) else None

    def _write_head(self, head: Mapping[str, str]) -> None:
        number = os.open(self._head, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
        with open(number, "wb") as file:
            file.write(json.dumps(dict(head)).encode())


def open_part(folder: Path, source: str) -> PartFile:
    """Open a file in *folder* for the bytes of *source*, which names where they come from; without it, for any bytes.

    What a killed process left of the same source is in it. Files that another process or thread writes to, links, and
    files of other users are not touched: the next name is taken then. Raises OSError.
    """
    if source and _CAN_LOCK:
        stem = hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        for number in range(1, _SLOTS + 1):
            path = folder / (f".{stem}.part" if number == 1 else f".{stem}-{number}.part")
            if (found := _shared(path)) is not None:
                return found
    path = folder / f".{secrets.token_hex(8)}.part"
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    return PartFile(path, os.open(path, flags, 0o666), is_shared=False)


def _shared(path: Path) -> PartFile | None:
    """Open *path* for this process alone; None where that cannot be."""
    try:
        part = PartFile(path, os.open(path, _NEW_OR_OLD, 0o666), is_shared=True)
    except OSError:
        return None
    if _locks(part):
        # Only now it is not renamed any more, as its last owner did if it has become a whole file meanwhile.
        about, there = os.fstat(part.fileno()), _stat(path)
        if stat.S_ISREG(about.st_mode) and is_own(about) and there is not None and os.path.samestat(about, there):
            if about.st_nlink == 1:
                return part
            # Its process was killed between giving it its name and removing this one.
            with suppress(OSError):
                path.unlink()
    part.close()
    return None


def _locks(file: io.FileIO) -> bool:
    """Keep all others from *file* until it is closed, also by a kill; False where another process has it."""
    locking = optional.load("fcntl")
    try:
        locking.flock(file, locking.LOCK_EX | locking.LOCK_NB)
    except OSError:
        return False
    return True


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except OSError:
        return None
