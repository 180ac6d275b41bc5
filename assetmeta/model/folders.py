"""Where this package keeps a user's files: folders that the system has for such files, or that a variable names; and
which files on the disk may be trusted, one rule for whatever is kept for the next session or the next process.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from assetmeta.model import optional
from assetmeta.model.errors import BadValue

CACHE_VARIABLE = "ASSETMETA_CACHE"
STATE_VARIABLE = "ASSETMETA_STATE"

READING = sum(getattr(os, flag, 0) for flag in ("O_RDONLY", "O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))
"""Flags to open a file to be read. No link is followed, and the other end of a pipe is not waited for, where the
system knows such flags.
"""

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder of what can be read again: what ASSETMETA_CACHE names, or the user's cache folder of the system.

    Raises BadValue where there is no home folder.
    """
    return _folder(CACHE_VARIABLE, environment.get(CACHE_VARIABLE), "user_cache_dir")


def state_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder of what must not be lost: what ASSETMETA_STATE names, or the user's state folder of the system.

    Raises BadValue where there is no home folder.
    """
    return _folder(STATE_VARIABLE, environment.get(STATE_VARIABLE), "user_state_dir")


def expanded(path: str | Path) -> Path:
    """A path with `~` replaced by the user's home folder. Raises BadValue where there is none."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise BadValue(f"There is no home folder for {str(path)!r}; give a whole path.") from None


def _folder(variable: str, given: str | None, system: str) -> Path:
    if given:
        return expanded(given)
    try:
        return Path(getattr(optional.load("platformdirs"), system)("assetmeta", appauthor=False))
    except RuntimeError:
        # A user without a name and without HOME, as in containers.
        raise BadValue(f"This user has no home folder; set {variable} to a folder, or HOME.") from None


def is_own(about: os.stat_result) -> bool:
    """True for what this user owns, on systems that know users."""
    return not hasattr(os, "getuid") or about.st_uid == os.getuid()


def is_private(about: os.stat_result) -> bool:
    """True for what this user owns and no other user can write, on systems that know users."""
    return not hasattr(os, "getuid") or (is_own(about) and not about.st_mode & _OTHERS_WRITE)
