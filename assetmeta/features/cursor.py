"""The file that keeps how far a watch has come: a line with the whole state, and a line for each change that was
finished since. Private, replaced in one step; a last line that was not written whole does not count.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assetmeta.model.errors import BadValue
from assetmeta.model.folders import READING, is_private

_FORMAT = 1


class CursorFile:
    """The cursor of one watch in *path*; *about* distinguishes watches. Without a path nothing is kept."""

    def __init__(self, path: str | Path | None, about: Mapping[str, Any]) -> None:
        self._path = None if path is None else Path(path).expanduser()
        self._about = {"format": _FORMAT, **about}

    def load(self) -> tuple[Any, list[Any]] | None:
        """Return the state and what was finished since; None where there is no file. Raises BadValue for a file of
        another watch, of a later version, and for one that others can write or that is no cursor.
        """
        if self._path is None:
            return None
        try:
            with open(os.open(self._path, READING), encoding="utf-8") as file:
                if not is_private(os.fstat(file.fileno())):
                    raise BadValue(f"{self._path} belongs to another user, or others can write it. Name another file.")
                *lines, _ = file.read().split("\n")
        except FileNotFoundError:
            return None
        try:
            head, *finished = map(json.loads, lines)
            about = head["about"]
            state = head["state"]
        except (ValueError, KeyError, TypeError) as error:
            raise BadValue(f"{self._path} is no cursor file that can be read ({error}).") from None
        for name, expected in self._about.items():
            if about.get(name) != expected:
                raise BadValue(
                    f"{self._path} is the cursor of another watch: its {name} is {about.get(name)!r:.200}, not"
                    f" {expected!r:.200}. Name another file for this one."
                )
        return state, finished

    def save(self, state: Any) -> None:
        """Replace the file by one that holds *state*. Raises OSError."""
        if self._path is None:
            return
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(dir=self._path.parent, prefix=".", suffix=".part")
        try:
            with os.fdopen(number, "w", encoding="utf-8") as file:
                file.write(json.dumps({"about": self._about, "state": state}) + "\n")
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, self._path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def add(self, finished: Any) -> None:
        """Note a change that was finished since the last save(). Raises OSError."""
        if self._path is not None:
            with open(os.open(self._path, os.O_WRONLY | os.O_APPEND), "a", encoding="utf-8") as file:
                file.write(json.dumps(finished) + "\n")
