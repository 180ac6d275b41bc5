"""Where this package keeps a user's files: folders that the system has for such files, or that a variable names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from assetmeta.model import optional
from assetmeta.model.errors import BadValue

CACHE_VARIABLE = "ASSETMETA_CACHE"
STATE_VARIABLE = "ASSETMETA_STATE"


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
