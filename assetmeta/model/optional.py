"""Modules that are imported when they are first needed; every other import is at the top of its file.

    frames = optional.load("narwhals", extra="frames")       # a package of an extra
    dialect = optional.load("assetmeta.backends.valohai")    # a part that not every session needs
    jobs = optional.later("assetmeta.features.jobs")         # a part that is imported when one of its names is used
    zones = optional.load("zoneinfo")                        # a slow module of the standard library

Type checkers learn what such a module holds from an import under TYPE_CHECKING. tests/test_layers.py checks that
nothing else imports inside a function, and that what is loaded here by its full name is of a lower layer, too.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from types import ModuleType
from typing import Any

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


class _Later:
    """A module that is imported when one of its names is used first."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(load(self._module), name)

    def __repr__(self) -> str:
        return f"<{self._module}, imported when it is used>"


def later(module: str) -> Any:
    """Return a stand-in for the *module* of this full name, which imports it when one of its names is used first."""
    return _Later(module)


def lazy_names(
    package: str, modules: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the `__getattr__` and the `__dir__` of a package that hands on names of other modules, each imported when
    it is used first. *modules* are the names by module.
    """
    homes = {name: module for module, names in modules.items() for name in names}

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}", name=name, obj=sys.modules[package])
        found = getattr(load(homes[name]), name)
        setattr(sys.modules[package], name, found)
        return found

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *homes})

    return get, names


def install_command(extra: str) -> str:
    """Return the command that installs the packages of an *extra*."""
    return f'pip install "assetmeta[{extra}]"'
