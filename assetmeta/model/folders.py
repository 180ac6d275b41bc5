"""Where this package keeps a user's files: folders that the system has for such files, or that a variable names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from assetmeta.model import optional

CACHE_VARIABLE = "ASSETMETA_CACHE"
STATE_VARIABLE = "ASSETMETA_STATE"


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder of what can be read again: what ASSETMETA_CACHE names, or the user's cache folder of the system."""
    return _folder(environment.get(CACHE_VARIABLE), "user_cache_dir")


def state_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder of what must not be lost: what ASSETMETA_STATE names, or the user's state folder of the system."""
    return _folder(environment.get(STATE_VARIABLE), "user_state_dir")


def _folder(given: str | None, system: str) -> Path:
    if given:
        return Path(given).expanduser()
    return Path(getattr(optional.load("platformdirs"), system)("assetmeta", appauthor=False))
