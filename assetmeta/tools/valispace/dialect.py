"""The Valispace dialect of a session or of an asset's session, or a clear word that it is another server."""

from __future__ import annotations

from assetmeta.backends.valispace import Valispace
from assetmeta.core.workspace import Workspace
from assetmeta.model.contract import Backend
from assetmeta.model.errors import Unsupported
from assetmeta.tools.given import existing


def valispace(backend: Backend) -> Valispace:
    """Return *backend* as what it is. Raises Unsupported for another dialect than Valispace."""
    if not isinstance(backend, Valispace):
        raise Unsupported(f"This is for Valispace, and the session speaks {backend.name}.")
    return backend


def workspace_of(asset: object, type_name: str) -> Workspace:
    """Return what *asset*'s session shares. Raises BadValue for anything but a *type_name* that exists, Unsupported
    for another server.
    """
    workspace = existing(asset, type_name)
    valispace(workspace.backend)
    return workspace
