"""The Valispace dialect of a session or of an asset's session, or a clear word that it is another server."""

from __future__ import annotations

from assetmeta.backends.valispace import Valispace
from assetmeta.core.asset import Asset
from assetmeta.core.workspace import Workspace
from assetmeta.model.contract import Backend
from assetmeta.model.errors import BadValue, Unsupported


def valispace(backend: Backend) -> Valispace:
    """Return *backend* as what it is. Raises Unsupported for another dialect than Valispace."""
    if not isinstance(backend, Valispace):
        raise Unsupported(f"This is for Valispace, and the session speaks {backend.name}.")
    return backend


def workspace_of(asset: object, type_name: str) -> Workspace:
    """Return what *asset*'s session shares. Raises BadValue for anything but a *type_name* that exists, Unsupported
    for another server.
    """
    if not isinstance(asset, Asset) or asset._type.name != type_name:
        raise BadValue(f"This takes a {type_name}, not {asset!r:.80}.", type_name=type_name)
    if asset._state.oid.is_new:
        raise BadValue(f"{asset.idref} does not exist yet: commit it first.", oid=asset.idref)
    valispace(asset._workspace.backend)
    return asset._workspace
