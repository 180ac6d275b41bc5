"""What functions remember is bounded, wherever their arguments come from outside."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import assetmeta

FEW = {
    # By the name of a dialect's package, of which there are four.
    "assetmeta.backends.rest.spec.bundled",
    # Without arguments.
    "assetmeta.sandbox.versionone.catalogue.catalogue",
    # By classes of the library's own codecs, and of the HTTP library's connections.
    "assetmeta.core.values._reads_text",
    "assetmeta.sandbox.data.vocabulary",
    "assetmeta.wire.connections._pool",
    "assetmeta.wire.connections._timed",
}
"""Functions that remember all that they were called with: that is little."""

MOST = 100_000


def modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(assetmeta.__path__, "assetmeta."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def remembering() -> dict[str, Any]:
    """The functions that remember what they returned, by name."""
    return {
        f"{module.__name__}.{name}": value
        for module in modules()
        for name, value in vars(module).items()
        if hasattr(value, "cache_parameters") and getattr(value, "__module__", module.__name__) == module.__name__
    }


def test_what_functions_remember_is_bounded() -> None:
    found = remembering()
    assert len(found) > 10
    unbounded = {
        name for name, function in found.items() if (function.cache_parameters()["maxsize"] or MOST + 1) > MOST
    }
    assert unbounded == FEW
