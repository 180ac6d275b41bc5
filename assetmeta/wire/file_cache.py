"""A text kept on disk for the next session: private, replaced in one step, and no text at all when anything is odd."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from assetmeta.model.folders import READING, is_private

MAX_BYTES = 64 * 1024 * 1024

KEPT = 50
"""Files that a folder holds; the oldest go."""

_NAME = 32
"""Letters of a file's name."""


class FileCache:
    """One file in *folder*, named after *key* without showing it; it counts for *age* seconds after it was written.
    A folder holds no more than KEPT of them.
    """

    def __init__(self, folder: str | Path, key: str, age: float, clock: Callable[[], float] = time.time) -> None:
        self._folder = Path(folder)
        self._file = self._folder / f"{hashlib.sha256(key.encode()).hexdigest()[:_NAME]}.json"
        self._age = age
        self._clock = clock

    def load(self) -> str | None:
        """Return the text; None when there is none, or it is too old, too large, or cannot be read, when the file is no
        regular one, and when anybody but this user owns, or can write, the file or its folder.
        """
        try:
            if not is_private(self._folder.stat()):
                return None
            with open(os.open(self._file, READING), "rb") as file:
                about = os.fstat(file.fileno())
                if not stat.S_ISREG(about.st_mode) or not is_private(about):
                    return None
                if about.st_size > MAX_BYTES or not 0 <= self._clock() - about.st_mtime <= self._age:
                    return None
                return file.read(MAX_BYTES).decode()
        except (OSError, ValueError):
            return None

    def save(self, text: str) -> None:
        """Keep a text, readable by this user only. A disk that does not let us is no reason to fail, and neither is a
        folder that others can write, from which nothing would be loaded.
        """
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not is_private(self._folder.stat()):
                return
            number, name = tempfile.mkstemp(dir=self._folder, prefix=".", suffix=".part")
        except (OSError, ValueError):
            return
        try:
            with os.fdopen(number, "wb") as file:
                file.write(text.encode())
            Path(name).replace(self._file)
            self._drop_oldest()
        except OSError:
            Path(name).unlink(missing_ok=True)

    def _drop_oldest(self) -> None:
        files = sorted(self._folder.glob(f"{'[0-9a-f]' * _NAME}.json"), key=lambda file: file.stat().st_mtime)
        for file in files[: max(len(files) - KEPT, 0)]:
            file.unlink(missing_ok=True)
