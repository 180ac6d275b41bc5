"""Optional packages: loaded when first needed, with an error that says how to install them."""

from __future__ import annotations

import importlib
from types import ModuleType

from assetmeta.model.errors import Unsupported


def load_extra(module: str, extra: str) -> ModuleType:
    """Import an optional package. Raises Unsupported, naming the extra, when it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise Unsupported(
            f"This needs the package {module.partition('.')[0]}, which cannot be imported ({error})."
            f" Install it: pip install assetmeta[{extra}]"
        ) from error
