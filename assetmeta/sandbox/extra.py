"""Modules that need the extra "sandbox": loaded when something is run, so that importing the package costs nothing."""

from __future__ import annotations

import importlib
from types import ModuleType


def load(module: str, extras: str = "sandbox") -> ModuleType:
    """The module *module*. Raises ImportError that names the *extras* where a library it needs is not installed."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        message = f"the sandbox needs {error.name}: pip install 'assetmeta[{extras}]'"
        raise ImportError(message, name=error.name) from error
