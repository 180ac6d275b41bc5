"""Modules that are imported when they are first needed; every other import is at the top of its file.

    frames = optional.load("narwhals", extra="frames")       # a package of an extra
    dialect = optional.load("assetmeta.backends.valohai")    # a part that not every session needs
    zones = optional.load("zoneinfo")                        # a slow module of the standard library

Type checkers learn what an optional package holds from an import under TYPE_CHECKING. tests/test_layers.py checks that
nothing else imports inside a function, and that what is loaded here by its full name is of a lower layer, too.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from assetmeta.model.errors import Unsupported


def load(module: str, extra: str | None = None) -> ModuleType:
    """Return the *module* of this full name, imported now if it was not yet.

    *extra* names the extra of this package that installs what the module needs (several: "cli,sandbox"). With it,
    raises Unsupported with the command that installs it when a package is missing or broken. Without, an ImportError
    passes.
    """
    try:
        return import_module(module)
    except ImportError as error:
        missing = error.name or module
        if extra is None or missing.startswith("assetmeta"):
            raise
        raise Unsupported(
            f"This needs the package {missing.partition('.')[0]}, which cannot be imported ({error})."
            f" Install it: {install_command(extra)}"
        ) from error


def install_command(extra: str) -> str:
    """Return the command that installs the packages of an *extra*."""
    return f'pip install "assetmeta[{extra}]"'
