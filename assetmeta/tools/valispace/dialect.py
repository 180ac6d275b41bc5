"""The Valispace dialect of a session or of an asset's session, or a clear word that it is another server."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

from assetmeta.backends.valispace import Valispace
from assetmeta.core.context import SessionContext
from assetmeta.model.contract import Backend
from assetmeta.model.errors import Unsupported
from assetmeta.tools.common import existing


def valispace(backend: Backend) -> Valispace:
    """Return *backend* as what it is. Raises Unsupported for another dialect than Valispace."""
    if not isinstance(backend, Valispace):
        raise Unsupported(f"This function needs a Valispace session; this one is {backend.name}.")
    return backend


def require_context(asset: object, type_name: str) -> SessionContext:
    """Return what *asset*'s session shares. Raises BadValue for anything but a *type_name* that exists, Unsupported
    for another server.
    """
    context = existing(asset, type_name)
    valispace(context.backend)
    return context


def warn_of_references(pairs: Iterable[tuple[Any, object]]) -> None:
    """Warn (UserWarning) when a number takes the place of a formula that refers to other valis: *pairs* are valis and
    their new formulas. Loads the formulas that are missing, all together.
    """
    numbers = [vali for vali, value in pairs if value is not None and not isinstance(value, str)]
    found = [f"{vali.idref} ({vali['formula']})" for vali in numbers if "$" in (vali["formula"] or "")]
    if found:
        more = f" and {len(found) - 5} more" if len(found) > 5 else ""
        warnings.warn(
            f"Numbers take the place of formulas with references: {', '.join(found[:5])}{more}. To keep the formulas, "
            "revert these valis before the commit.",
            stacklevel=3,
        )
